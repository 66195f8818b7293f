# SPDX-License-Identifier: Apache-2.0
"""src/README.md names every file of src/, and nothing that is not there; tests mirror folders."""

import pathlib
import re
import unittest

from tree import ROOT, TreeCase, files

# A module is named once: `cap.h` (or `cap.c`, where there is no header) stands for both.
_NAMED = re.compile(r"`([\w./-]+\.(?:[ch]|md))`")


def named_in(text):
    """Folder-qualified names of the map: a heading or a line that begins with `folder/` sets it."""
    folder, named = "", set()
    for line in text.splitlines():
        heading = re.match(r"[#*\-|\s]*`?(\w+)/`?", line)
        if heading:
            folder = heading.group(1) + "/"
        for name in _NAMED.findall(line):
            named.add(name if "/" in name else folder + name)
            named.add(name)
    return named


def unnamed(root):
    source = pathlib.Path(root) / "src"
    readme = source / "README.md"
    if not readme.is_file():
        return [f"{readme}: there is no map"]
    named = named_in(readme.read_text())
    found = []
    for path in files(source, ".c", ".h"):
        name = path.relative_to(source)
        if not {str(name), str(name.with_suffix(".h")), str(name.with_suffix(".c"))} & named:
            found.append(f"{readme}: does not name {name}")
    return found


def gone(root):
    """Names of the map that no file of src/ bears."""
    source = pathlib.Path(root) / "src"
    there = {path.name for path in files(source)}
    readme = source / "README.md"
    text = readme.read_text() if readme.is_file() else ""
    return [f"{readme}: there is no {name}" for name in sorted(set(_NAMED.findall(text)))
            if pathlib.PurePath(name).name not in there]


def unmirrored(root):
    """Folders of src/ with code that have no tests of their own."""
    root = pathlib.Path(root)
    folders = sorted({path.parent.name for path in files(root / "src", ".c")} - {"src"})
    return [f"src/{folder}: tests/unit/{folder} has no test" for folder in folders
            if not list((root / "tests/unit" / folder).glob("test_*.c"))]


class Map(TreeCase):
    def setUp(self):
        super().setUp()
        self.plant("src/base/time.c", "")
        self.plant("src/base/time.h", "")
        self.plant("src/rules/cap.c", "")

    def test_the_map_names_every_file(self):
        self.assert_none(unnamed(ROOT))

    def test_the_map_names_nothing_that_is_gone(self):
        self.assert_none(gone(ROOT))

    def test_every_folder_has_unit_tests(self):
        self.assert_none(unmirrored(ROOT))

    def test_a_file_that_the_map_forgets_is_found(self):
        self.plant("src/README.md", "## base/\n- `time.h`: time\n\n## rules/\n- none yet\n")
        self.assert_one(unnamed(self.root), "does not name rules/cap.c")

    def test_a_file_that_is_gone_is_found(self):
        self.plant("src/README.md", "`time.h` `cap.c` `gap.h`\n")
        self.assert_one(gone(self.root), "there is no gap.h")

    def test_a_folder_without_tests_is_found(self):
        self.plant("tests/unit/base/test_time.c", "")
        self.assertEqual(unmirrored(self.root), ["src/rules: tests/unit/rules has no test"])


if __name__ == "__main__":
    unittest.main()
