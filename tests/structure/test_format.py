# SPDX-License-Identifier: Apache-2.0
"""clang-format would change nothing. Its versions differ, so one of them decides."""

import re
import shutil
import subprocess
import unittest

from tree import ROOT, TreeCase, files

VERSION = 14


def installed_version():
    if not shutil.which("clang-format"):
        return None
    printed = subprocess.run(
        ["clang-format", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return int(re.search(r"version (\d+)", printed).group(1))


def violations(root):
    """The places that clang-format would change, by the .clang-format of this project."""
    paths = [str(path) for path in files(root, ".c", ".h")]
    if not paths:
        return []
    done = subprocess.run(
        ["clang-format", "--dry-run", "-Werror", "--style=file:" + str(ROOT / ".clang-format"),
         *paths], stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    return [line for line in done.stderr.splitlines() if ": error: " in line]


@unittest.skipUnless(installed_version() == VERSION, f"clang-format {VERSION} is not installed")
class Format(TreeCase):
    def test_every_file_is_formatted(self):
        self.assert_none(violations(ROOT))

    def test_an_unformatted_file_is_found(self):
        self.plant("src/base/a.c", "int f(int x){return x;}\n")
        self.assertNotEqual(violations(self.root), [])


if __name__ == "__main__":
    unittest.main()
