# SPDX-License-Identifier: Apache-2.0
"""A recording of 200,000 touchpoints and requests, decided with `clock: event` by one, two and
three processes, and judged by what the oracle makes of the same recording.

One process that nobody disturbs decides exactly as the oracle. Where members come and go, it
matters what decisions don't tell (docs/semantics.md, Coming back): that a message was deferred
again, and which permits there were when a touchpoint spoke of one without a receipt. The oracle
names the customers of whom this is so; all others must be told the same.
"""

import argparse
import collections
import pathlib
import subprocess
import sys
import tempfile
import unittest
from dataclasses import replace

from crowd import WAIT_MAX_S, Crowd
from gateway import ROOT, TOUCHGATE
from judge_kafka import judge_topics
from kafka_topics import read_topics
from oracle import judge
from recording import Datum
from test_run import PARTITIONS

import policy as policies

POLICY = ROOT / "bench" / "ten-rules.yaml"
# So that a run takes long enough for others to come in between.
SLOWLY = {"batch": 256, "commit": "0ms", "shards": 1, "idle": "2s"}


def touchgate(*arguments):
    done = subprocess.run([TOUCHGATE, *map(str, arguments)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=WAIT_MAX_S, check=False)
    if done.returncode:
        raise AssertionError(done.stdout)


class Recorded(Crowd):
    clock = "event"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.recording = pathlib.Path(folder.name) / "recording"
        touchgate("generate", "--events", "200k", "--customers", "20k", "--days", "4",
                  "--duplicates", "0.5%", "--late", "1%", "--output", cls.recording)
        cls.verdict = judge(policies.load(POLICY), [cls.recording], PARTITIONS)

    def setUp(self):
        super().setUp()
        self.policy = POLICY

    def write(self, prefix):
        self.prefix, self.served = prefix, self.broker.bootstrap
        self.create_topics(prefix)
        path = self.folder / "writer.yaml"
        path.write_text(self.configure({}))
        touchgate("replay", "--to-kafka", "--config", path, self.recording)
        self.say("written")
        self.decisions = self.reader(f"{prefix}decisions")

    def come(self, name, **options):
        return super().come(name, "--exit-at-end", **{**SLOWLY, **options})

    def wait_for_share(self, share):
        wanted = share * len(self.verdict.decisions)
        self.assertTrue(self.decisions.read_until(
            lambda read: len(read.messages) >= wanted, WAIT_MAX_S), self.logs())

    def wait_for_the_end(self, *gateways):
        for gateway in gateways:
            self.assert_ended_well(gateway, gateway.wait(WAIT_MAX_S))
            self.say(f"{gateway.log_path.stem} has come to the end")

    def test_one_process_decides_exactly_as_the_oracle(self):
        self.write("one.")
        # One shard: a second is a member of its own, and may join only when the first has begun.
        self.wait_for_the_end(self.come("a", batch=4096, shards=1))
        self.assert_told_as_the_oracle_says(self.read(), but_for=set())

    def test_two_processes_that_come_and_go_decide_as_the_oracle(self):
        self.write("two.")
        a = self.come("a")
        self.wait_for_share(0.1)
        b = self.come("b")
        self.wait_for_share(0.3)
        self.leave(a)
        self.wait_for_share(0.5)
        a = self.come("a")
        self.wait_for_share(0.7)
        self.kill(b)
        self.wait_for_the_end(a, self.come("b"))
        self.assert_interrupted_and_told_the_same()

    def test_three_processes_that_come_and_go_decide_as_the_oracle(self):
        self.write("three.")
        a, b = self.come("a"), self.come("b")
        self.wait_for_share(0.1)
        c = self.come("c")
        self.wait_for_share(0.3)
        self.kill(a)
        self.wait_for_share(0.4)
        self.leave(b)
        a = self.come("a")
        self.wait_for_share(0.6)
        b = self.come("b")
        self.wait_for_share(0.7)
        self.kill(c)
        self.wait_for_the_end(a, b)
        self.assert_interrupted_and_told_the_same()

    def assert_interrupted_and_told_the_same(self):
        written = self.read()
        self.assert_told_as_the_oracle_says(written, but_for=self.verdict.untold)
        told = collections.Counter(
            place for place, customer, repeat in map(self.place, written["decisions"])
            if customer in self.verdict.untold and not repeat)
        asked = {(each["request"]["partition"], each["request"]["offset"])
                 for each in self.verdict.decisions
                 if each["customer"] in self.verdict.untold and not each["repeat"]}
        self.assertEqual({place for place, _ in told}, asked, "each of the others is decided")
        self.assertEqual(set(told.values()), {1}, "and none twice")

    @staticmethod
    def place(message, datum=Datum("decision")):
        """((request, whether it is final), customer, whether it is a repeat)."""
        decision = datum.decode(message.value()[5:])
        request = decision["request"]["partition"], decision["request"]["offset"]
        return (request, decision["final"]), decision["customer"], decision["repeat"]

    def read(self):
        """topic -> its messages."""
        return read_topics(self.broker.bootstrap, self.prefix)

    def assert_told_as_the_oracle_says(self, written, but_for):
        keys = {customer.encode() for customer in but_for}
        verdict = replace(
            self.verdict,
            decisions=[each for each in self.verdict.decisions if each["customer"] not in but_for],
            permitted=[each for each in self.verdict.permitted if each["customer"] not in but_for])
        written = {topic: [each for each in messages if each.key() not in keys]
                   for topic, messages in written.items()}
        arguments = argparse.Namespace(topics_prefix=self.prefix, partitions=PARTITIONS,
                                       at_least_once=False)
        self.say(f"{len(but_for)} customers are left out")
        self.assertTrue(judge_topics(verdict, written, arguments, sys.stdout))
        self.say("all others are told the same")


if __name__ == "__main__":
    unittest.main()
