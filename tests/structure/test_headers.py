# SPDX-License-Identifier: Apache-2.0
"""Each header of src/ stands alone: it compiles by itself, and warns of nothing."""

import concurrent.futures
import pathlib
import shutil
import subprocess
import unittest

from tree import ROOT, TreeCase, files, library_flags

FLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror",
         "-fsyntax-only"]


def complaint(compiler, header, source, flags):
    """What COMPILER says of a file that includes nothing but HEADER, twice; empty if nothing."""
    name = header.relative_to(source)
    done = subprocess.run(
        [compiler, *FLAGS, *flags, "-I", str(source), "-x", "c", "-"],
        input=f'#include "{name}"\n#include "{name}"\n', stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    return f"{compiler} on {name}:\n{done.stdout}" if done.returncode else ""


def violations(root, compiler):
    source = pathlib.Path(root) / "src"
    flags = library_flags()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        said = pool.map(lambda header: complaint(compiler, header, source, flags),
                        files(source, ".h"))
        return [text for text in said if text]


class Headers(TreeCase):
    def test_every_header_compiles_alone_with_gcc(self):
        self.assert_none(violations(ROOT, "gcc"))

    @unittest.skipUnless(shutil.which("clang"), "clang is not installed")
    def test_every_header_compiles_alone_with_clang(self):
        self.assert_none(violations(ROOT, "clang"))

    def test_a_header_that_needs_another_is_found(self):
        self.plant("src/base/needy.h", "#pragma once\nuint32_t needy(void);\n")
        self.assert_one(violations(self.root, "gcc"), "gcc on base/needy.h")

    def test_a_header_without_a_guard_is_found(self):
        self.plant("src/base/twice.h", "struct twice {\n        int x;\n};\n")
        self.assert_one(violations(self.root, "gcc"), "redefinition")


if __name__ == "__main__":
    unittest.main()
