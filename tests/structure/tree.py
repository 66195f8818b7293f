# SPDX-License-Identifier: Apache-2.0
"""What the checks share: the files of the source tree, C text without comments, a test case.

Each check is a function from the root of a tree to the list of what is wrong in it. So it is run
on this tree, where it must find nothing, and on a small one with a planted mistake, which it must
find.
"""

import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What a person edits; everything else in the tree is made or fetched.
SKIPPED = {".git", ".cache", "__pycache__", "out"}

_TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)


def _blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def code_of(text):
    """TEXT with comments and literals blanked out; lines and columns stay where they are."""
    return _TOKEN.sub(_blank, text)


def files(root, *suffixes):
    """The files below ROOT with one of SUFFIXES (none: all), sorted."""
    found = []
    for path in sorted(pathlib.Path(root).rglob("*")):
        parts = path.relative_to(root).parts
        if SKIPPED & set(parts) or parts[0].startswith("build"):
            continue
        if path.is_file() and (not suffixes or path.suffix in suffixes):
            found.append(path)
    return found


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def library_flags():
    """What the compiler needs to find the headers of the libraries."""
    names = ["avro-c", "jansson", "libfyaml", "libmicrohttpd", "libsodium", "libxxhash", "rdkafka", "zlib"]
    printed = subprocess.run(
        ["pkg-config", "--cflags", *names], stdout=subprocess.PIPE, text=True, check=True)
    return shlex.split(printed.stdout)


class TreeCase(unittest.TestCase):
    """A test with a scratch tree of its own in self.root."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def plant(self, name, text):
        """Writes a file below the scratch tree, for a check to stumble over."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def assert_none(self, found):
        if found:
            self.fail("\n" + "\n".join(found).replace(f"{ROOT}/", ""))

    def assert_one(self, found, pattern):
        self.assertEqual(len(found), 1, found)
        self.assertRegex(found[0], pattern)
