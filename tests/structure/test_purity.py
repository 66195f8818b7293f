# SPDX-License-Identifier: Apache-2.0
"""Pure folders open nothing, read no clock, keep nothing between calls.

Judged by the symbols of the compiled files, so that neither a macro nor an inline function of a
header hides a call.
"""

import concurrent.futures
import pathlib
import subprocess
import tempfile
import unittest

from tree import ROOT, TreeCase, files, library_flags

PURE = ("avro", "records", "customer", "rules", "pacing")

FORBIDDEN = {
    "a clock": "tg_clock_monotonic_ms tg_clock_wall_ms time clock clock_gettime gettimeofday "
               "timespec_get localtime localtime_r gmtime strftime mktime nanosleep clock_nanosleep usleep sleep",
    "a file": "open open64 openat creat fopen fopen64 fdopen freopen read pread pread64 write "
              "pwrite fread fwrite fgets getline close fclose stat stat64 fstat fstat64 mmap "
              "mmap64 unlink rename fsync opendir readdir avro_file_reader avro_file_writer_create",
    "the terminal": "printf puts putchar vprintf fprintf vfprintf fputs fputc putc perror stdout "
                    "stderr stdin __printf_chk __fprintf_chk",
    "the network": "socket connect bind listen accept recv send poll epoll_wait select",
    "the environment": "getenv secure_getenv setenv",
    "chance": "rand random drand48 srand srandom getrandom arc4random randombytes_buf",
    "other threads": "pthread_create pthread_mutex_lock pthread_cond_wait",
    "the process": "exit _exit system fork execve signal sigaction",
}
# How nm marks variables that can change: data, data without content, common, local or global.
VARIABLE = set("dDbBCgGsS")

# What is meant: each with its reason.
EXCEPTIONS = {
    # Debian's libavro keeps the text of its last error in one global: it is used under this lock.
    "avro/schemas.c": "libavro_lock pthread_mutex_lock",
    # The table reserves anonymous memory, touched as it fills; no file is behind it.
    "customer/table.c": "mmap",
}


def symbols(path, source, flags):
    with tempfile.TemporaryDirectory() as scratch:
        made = pathlib.Path(scratch) / "made.o"
        done = subprocess.run(
            ["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-w", "-fno-pie", "-c", *flags,
             "-I", str(source), "-o", str(made), str(path)],
            stderr=subprocess.PIPE, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return subprocess.run(
            ["nm", "--format=posix", str(made)], stdout=subprocess.PIPE, text=True, check=True,
            timeout=60).stdout


def complaints(path, source, flags):
    found = []
    meant = EXCEPTIONS.get(str(path.relative_to(source)), "").split()
    for line in symbols(path, source, flags).splitlines():
        name, kind, *_ = line.split()
        if name in meant:
            continue
        if kind in VARIABLE:
            found.append(f"{path}: {name} is a variable that outlives its call")
        for what, names in FORBIDDEN.items():
            if kind == "U" and name in names.split():
                found.append(f"{path}: {name} reaches {what}")
    return found


def violations(root):
    source = pathlib.Path(root) / "src"
    flags = library_flags()
    pure = [path for folder in PURE for path in files(source / folder, ".c")]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return sum(pool.map(lambda path: complaints(path, source, flags), pure), [])


class Purity(TreeCase):
    def test_pure_folders_reach_nothing_outside_their_arguments(self):
        self.assert_none(violations(ROOT))

    def test_a_clock_read_through_a_header_is_found(self):
        self.plant("src/base/now.h",
              "#include <time.h>\n#define NOW() time(0)\n")
        self.plant("src/rules/cap.c",
              '#include "base/now.h"\nlong now(void);\nlong now(void) { return NOW(); }\n')
        self.assert_one(violations(self.root), "cap.c: time reaches a clock")

    def test_an_opened_file_is_found(self):
        self.plant("src/avro/a.c",
              '#include <stdio.h>\nvoid *f(void);\nvoid *f(void) { return fopen("x", "r"); }\n')
        self.assert_one(violations(self.root), "fopen reaches a file")

    def test_a_variable_kept_between_calls_is_found_and_a_constant_table_is_not(self):
        self.plant("src/pacing/a.c",
              "static const int table[] = {1, 2};\n"
              "int f(int i);\nint f(int i) { static int calls; calls += i; "
              "return table[calls & 1]; }\n")
        self.assertEqual(len(violations(self.root)), 1)

    def test_the_same_calls_elsewhere_are_allowed(self):
        self.plant("src/kafka/a.c",
              "#include <time.h>\nlong f(void);\nlong f(void) { return time(0); }\n")
        self.assertEqual(violations(self.root), [])


if __name__ == "__main__":
    unittest.main()
