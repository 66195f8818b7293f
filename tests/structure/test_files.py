# SPDX-License-Identifier: Apache-2.0
"""What every file keeps: a licence line, 100 columns, a bounded length, one guard, clean ends."""

import pathlib
import re
import unittest

from tree import ROOT, TreeCase, code_of, files, line_of

LICENCE = "SPDX-License-Identifier: Apache-2.0"
# Lists (meson.build, packages) and formats without comments (JSON) need none.
LICENSED = {".c", ".h", ".py", ".sh", ".xml", ".yaml"}
COLUMNS_MAX = 100
LINES_MAX = 600
MARKS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def is_licensed(path):
    if path.suffix in LICENSED:
        return True
    return not path.suffix and path.read_bytes()[:2] == b"#!"


def without_licence(root):
    found = []
    for path in files(root):
        if is_licensed(path) and path.read_bytes().strip():
            head = path.read_text().splitlines()[:3]
            if not any(LICENCE in line for line in head):
                found.append(f"{path}: no line '{LICENCE}' at the top")
    return found


def too_long(root):
    found = []
    for path in files(root, ".c", ".h"):
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS_MAX:
                found.append(f"{path}:{number}: {len(line)} columns")
        if len(lines) > LINES_MAX:
            found.append(f"{path}: {len(lines)} lines")
    return found


def unguarded(root):
    return [f"{path}: no '#pragma once'" for path in files(root, ".h")
            if len(re.findall(r"^#pragma once$", path.read_text(), re.MULTILINE)) != 1]


def untidy(root):
    """Blanks at the end of lines, tabs, a missing last newline, marks of unfinished work."""
    found = []
    for path in files(root, ".c", ".h", ".py", ".build"):
        text = path.read_text()
        if text and not text.endswith("\n"):
            found.append(f"{path}: does not end with a newline")
        for match in re.finditer(r"[ \t]+$|\t", text, re.MULTILINE):
            found.append(f"{path}:{line_of(text, match.start())}: blanks or a tab")
        if path.suffix in (".c", ".h"):
            for match in MARKS.finditer(text):
                found.append(f"{path}:{line_of(text, match.start())}: {match.group()}")
    return found


def unqualified(root):
    """Functions that other folders see carry the prefix, so headers declare nothing without it."""
    found = []
    declared = re.compile(r"^(?!static|typedef|#)[a-z][\w \t*]*?\b(\w+)\(", re.MULTILINE)
    for path in files(pathlib.Path(root) / "src", ".h"):
        text = code_of(path.read_text())
        for match in declared.finditer(text):
            if not re.match(r"tg_|_Static_assert|__attribute__", match.group(1)):
                place = f"{path}:{line_of(text, match.start())}"
                found.append(f"{place}: {match.group(1)} has no prefix tg_")
    return found


class Files(TreeCase):
    def test_every_file_names_its_licence(self):
        self.assert_none(without_licence(ROOT))

    def test_no_line_of_c_is_longer_than_100_columns_and_no_file_than_600_lines(self):
        self.assert_none(too_long(ROOT))

    def test_every_header_is_guarded_once(self):
        self.assert_none(unguarded(ROOT))

    def test_every_file_is_tidy(self):
        self.assert_none(untidy(ROOT))

    def test_every_function_of_a_header_has_the_prefix(self):
        self.assert_none(unqualified(ROOT))

    def test_a_missing_licence_is_found(self):
        self.plant("src/base/a.c", "int x;\n")
        self.plant("tests/tool", "#!/bin/sh\n")
        self.plant("build/made.c", "int x;\n")
        self.assertEqual(len(without_licence(self.root)), 2)

    def test_a_long_line_and_a_long_file_are_found(self):
        self.plant("src/base/a.c", "x" * 100 + "\n" + "x" * 101 + "\n")
        self.plant("src/base/b.c", "\n" * 601)
        columns, lines = too_long(self.root)
        self.assertRegex(columns, "a.c:2: 101 columns")
        self.assertRegex(lines, "b.c: 601 lines")

    def test_a_missing_guard_is_found(self):
        self.plant("src/base/a.h", "// #pragma once, some day\n")
        self.assert_one(unguarded(self.root), "a.h")

    def test_untidiness_is_found(self):
        self.plant("src/base/a.c", "int x; \n\tint y;\n// TODO\nint z;")
        self.assertEqual(len(untidy(self.root)), 4)

    def test_a_function_without_the_prefix_is_found(self):
        self.plant("src/base/a.h", "int tg_fine(int x);\nstruct tg_a *bare(void);\n")
        self.assert_one(unqualified(self.root), "a.h:2: bare has no prefix")


if __name__ == "__main__":
    unittest.main()
