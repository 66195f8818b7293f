# SPDX-License-Identifier: Apache-2.0
"""The order of the folders: who may include whom. EDGES is the one list; it has no cycle."""

import pathlib
import re
import unittest

from tree import ROOT, TreeCase, files, line_of

# Of each folder of src/, in the order of the flow, the folders whose headers it may include,
# beside its own. A new edge is a decision: it is made here first.
EDGES = {
    "base": "",
    "config": "base",
    "avro": "base",
    "records": "base avro",
    "recording": "base avro records",
    "customer": "base",
    "rules": "base config records customer",
    "pacing": "base config records",
    "telemetry": "base",
    "shard": "base config avro records customer rules pacing telemetry",
    "registry": "base config",
    "kafka": "base config avro records shard telemetry registry",
    "transfer": "base avro records recording registry kafka",
    "embedded": "base avro records kafka transfer",
    "replay": "base config avro records recording rules shard telemetry",
    "http": "base config avro records shard telemetry",
    "import": "base config avro records",
    "generate": "base avro records recording",
    "scenario": "base config avro records rules shard",
    "cli": "base config avro records recording rules shard telemetry registry kafka transfer "
           "embedded replay http import generate scenario",
    "main": "base cli",
}

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include\s*"([^"]+)"', re.MULTILINE)


def folder_of(path, source):
    parts = path.relative_to(source).parts
    return parts[0] if len(parts) > 1 else path.stem


def violations(root):
    """Includes in src/ that go against EDGES or do not name the folder."""
    source = pathlib.Path(root) / "src"
    found = []
    for path in files(source, ".c", ".h"):
        folder = folder_of(path, source)
        text = path.read_text()
        if folder not in EDGES:
            found.append(f"{path}: the folder {folder} is not in EDGES")
            continue
        allowed = {folder, *EDGES[folder].split()}
        for match in _INCLUDE.finditer(text):
            place = f"{path}:{line_of(text, match.start())}"
            target, slash, _ = match.group(1).partition("/")
            if not slash:
                found.append(f'{place}: "{match.group(1)}" does not name its folder')
            elif target not in allowed:
                found.append(f"{place}: {folder} may not include {target}")
            elif not (source / match.group(1)).is_file():
                found.append(f'{place}: there is no "{match.group(1)}"')
    return found


class Edges(TreeCase):
    def test_every_include_follows_an_allowed_edge(self):
        self.assert_none(violations(ROOT))

    def test_every_edge_leads_to_an_earlier_folder(self):
        earlier = set()
        for folder, allowed in EDGES.items():
            self.assertLessEqual(set(allowed.split()), earlier, folder)
            earlier.add(folder)

    def test_every_folder_is_listed(self):
        folders = {path.name for path in (ROOT / "src").iterdir() if path.is_dir()}
        self.assertEqual(folders, set(EDGES) - {"main"})

    def test_an_include_against_the_order_is_found(self):
        self.plant("src/rules/cap.h", "#pragma once\n")
        self.plant("src/base/time.c", '#include "rules/cap.h"\n')
        self.assert_one(violations(self.root), "time.c:1: base may not include rules")

    def test_an_include_without_its_folder_is_found(self):
        self.plant("src/base/span.h", "#pragma once\n")
        self.plant("src/base/time.c", '\n#include "span.h"\n')
        self.assert_one(violations(self.root), 'time.c:2: "span.h" does not name its folder')

    def test_an_include_of_nothing_is_found(self):
        self.plant("src/base/time.c", '#include "base/gone.h"\n')
        self.assert_one(violations(self.root), "there is no")


if __name__ == "__main__":
    unittest.main()
