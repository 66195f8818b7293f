# SPDX-License-Identifier: Apache-2.0
"""librdkafka costs two to three times as much with another allocator, and a linker may drop this
one without a word."""

import os
import pathlib
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOUCHGATE = os.environ.get("TOUCHGATE", str(ROOT / "build" / "touchgate"))


class Allocator(unittest.TestCase):
    def test_memory_is_jemalloc_s(self):
        said = subprocess.run([TOUCHGATE, "--version"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, timeout=20, check=True,
                              env=dict(os.environ, MALLOC_CONF="stats_print:true")).stderr
        self.assertIn("Begin jemalloc statistics", said)


if __name__ == "__main__":
    unittest.main()
