# SPDX-License-Identifier: Apache-2.0
"""Customers whose requests come in bursts: with eight threads, no cap lets one more through."""

import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOUCHGATE = os.environ.get("TOUCHGATE", str(ROOT / "build" / "touchgate"))
JUDGE = ROOT / "tests" / "oracle" / "judge_replay.py"
HOUR_MS = 3600_000
AT_MOST = 2

sys.path.insert(0, str(ROOT / "tests" / "oracle"))
from recording import read_container  # noqa: E402

POLICY = """\
policy: two-an-hour
rules:
  - rule: two-an-hour
    cap: {count: permit, at_most: 2, per: 1h}
  - rule: three-shown-a-day
    for: {channel: ads}
    cap: {count: impression, at_most: 3, per: 24h, each: campaign}
"""


class Bursts(unittest.TestCase):
    """Of all events 30 % are one customer's; some come twice, some late."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "policy.yaml").write_text(POLICY)
        cls.touchgate("generate", "--seed", "7", "--events", "2k", "--customers", "60",
                      "--days", "2", "--touchpoints-per-request", "1", "--burst", "30%",
                      "--duplicates", "2%", "--late", "2%", "--late-max", "2h",
                      "--output", "recording")
        cls.output = cls.replay("eight", "--shards", "8")

    @classmethod
    def run_tool(cls, *command):
        done = subprocess.run(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=100, check=False, cwd=cls.folder)
        if done.returncode != 0:
            raise AssertionError(f"{command}: exit code {done.returncode}\n{done.stdout[-4000:]}")
        return done.stdout

    @classmethod
    def touchgate(cls, *arguments):
        return cls.run_tool(TOUCHGATE, *arguments)

    @classmethod
    def replay(cls, output, *options):
        cls.touchgate("replay", "--policy", "policy.yaml", "--output", output, *options,
                      "recording")
        return cls.folder / output

    def permits(self):
        """The times of the permits of each customer, in order."""
        times = collections.defaultdict(list)
        for decision in read_container(self.output / "decisions.avro", "decision"):
            if decision["outcome"] == "permit" and not decision["repeat"]:
                times[decision["customer"]].append(decision["time"])
        return {customer: sorted(of_one) for customer, of_one in times.items()}

    def test_two_an_hour_never_lets_a_third_through(self):
        permits = self.permits()
        self.assertGreater(len(permits), 40)
        for customer, times in permits.items():
            for first, third in zip(times, times[AT_MOST:]):
                self.assertGreaterEqual(third - first, HOUR_MS, customer)

    def test_the_busiest_customer_gets_all_that_may_be_sent_to_her(self):
        times = self.permits()["customer-1"]
        self.assertGreater(len(times), 50, "two an hour of two days, but for the quiet ones")
        requests = read_container(self.folder / "recording" / "requests.avro", "request")
        self.assertGreater(
            sum(request["customer"] == "customer-1" for request in requests), 3 * len(times))

    def test_one_thread_decides_the_same(self):
        one = self.replay("one", "--shards", "1")
        for path in sorted(self.output.glob("*.avro")):
            self.assertEqual(path.read_bytes(), (one / path.name).read_bytes(), path.name)

    def test_the_judge_finds_every_decision_right(self):
        said = self.run_tool(sys.executable, JUDGE, "--policy", "policy.yaml",
                             "--recording", "recording", "--output", self.output)
        self.assertIn("all equal", said)

    def test_the_summary_counts_what_was_told(self):
        summary = json.loads((self.output / "summary.json").read_text())
        outcomes = collections.Counter(
            decision["outcome"] for decision in read_container(self.output / "decisions.avro", "decision")
            if decision["final"] and not decision["repeat"])
        self.assertEqual(summary["permitted"], outcomes["permit"])
        self.assertEqual(summary["denied"], outcomes["deny"])
        self.assertEqual(
            summary["requests"],
            sum(summary[key] for key in ("permitted", "denied", "pending", "repeats")))


if __name__ == "__main__":
    unittest.main()
