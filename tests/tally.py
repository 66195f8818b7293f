#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the single tests in the log of a step: tally.py LOG STATUS prints PASSED FAILED SKIPPED.

Understands the closing lines of Criterion, of Python's unittest and the plain `N passed, N failed`.
A step without such a line is one test. One that ended with a failure has at least one failed test,
and one whose runner found no test at all has failed.
"""

import re
import sys

_CRITERION = re.compile(r"Synthesis: Tested: \d+ \| Passing: (\d+) \| Failing: (\d+)")
_UNITTEST = re.compile(r"^Ran (\d+) tests? in .*\n\n?(?:OK|FAILED)(?: \((.*)\))?$", re.MULTILINE)
_PLAIN = re.compile(
    r"^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)


def count(log, status):
    """Returns (passed, failed, skipped) of a step that printed LOG and ended with STATUS."""
    log = re.sub(r"\x1b\[[0-9;]*m", "", log)
    counts = [(int(passed), int(failed), 0) for passed, failed in _CRITERION.findall(log)]
    counts += [tuple(int(each or 0) for each in found) for found in _PLAIN.findall(log)]
    for ran, outcome in _UNITTEST.findall(log):
        named = {name: int(number) for name, number in re.findall(r"([\w ]+)=(\d+)", outcome)}
        named = {name.strip(): number for name, number in named.items()}
        failed = named.get("failures", 0) + named.get("errors", 0)
        failed += named.get("unexpected successes", 0)
        skipped = named.get("skipped", 0)
        counts.append((max(0, int(ran) - failed - skipped), failed, skipped))
    if not counts:
        counts = [(1, 0, 0)] if status == 0 else [(0, 1, 0)]
    passed, failed, skipped = (sum(column) for column in zip(*counts))
    if failed == 0 and (status != 0 or passed + skipped == 0):
        failed = 1
    return passed, failed, skipped


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8", errors="replace") as opened:
        print(*count(opened.read(), int(sys.argv[2])))
