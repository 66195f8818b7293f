# SPDX-License-Identifier: Apache-2.0
"""tests/run counts what its steps report, and takes nothing for a success that is none."""

import sys
import unittest

from tree import ROOT

sys.path.insert(0, str(ROOT / "tests"))
from tally import count  # noqa: E402


class Tally(unittest.TestCase):
    def test_the_suites_of_criterion_add_up(self):
        log = ("\x1b[0;34m====\x1b[0m Synthesis: Tested: \x1b[0;34m3\x1b[0m | Passing: 1 | "
               "Failing: 2 | Crashing: 1\n[====] Synthesis: Tested: 5 | Passing: 5 | Failing: 0 |")
        self.assertEqual(count(log, 1), (6, 2, 0))

    def test_failures_errors_and_skips_of_unittest_are_told_apart(self):
        log = "Ran 9 tests in 0.1s\n\nFAILED (failures=1, errors=2, skipped=3)\n"
        self.assertEqual(count(log, 1), (3, 3, 3))
        self.assertEqual(count("Ran 1 test in 0.1s\n\nOK\n", 0), (1, 0, 0))

    def test_plain_closing_lines_are_read(self):
        self.assertEqual(count("a\nscenario: 7 passed, 0 failed\n", 0), (7, 0, 0))
        self.assertEqual(count("4 passed, 1 failed, 2 skipped\n", 1), (4, 1, 2))

    def test_a_step_without_a_count_is_one_test(self):
        self.assertEqual(count("built\n", 0), (1, 0, 0))
        self.assertEqual(count("no\n", 3), (0, 1, 0))

    def test_a_runner_that_ended_badly_has_failed_whatever_it_counted(self):
        self.assertEqual(count("7 passed, 0 failed\n", 124), (7, 1, 0))

    def test_a_runner_that_found_no_test_has_failed(self):
        self.assertEqual(count("Ran 0 tests in 0.0s\n\nOK\n", 0), (0, 1, 0))


if __name__ == "__main__":
    unittest.main()
