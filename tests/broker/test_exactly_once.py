# SPDX-License-Identifier: Apache-2.0
"""Exactly once, whatever happens to the process, its neighbours and the broker.

Requests by hand, decided by the wall clock while processes are killed, come and go, and the broker
stands still. The topics are then read as any consumer would, `read_committed`, and judged by what
must hold whenever a request was decided: one final decision each, one message for each permit, no
more permits within a window than its cap, no more on a throttle than its rate.

    test_exactly_once.py [--version 3.9.1] [--seed N] [--kills N] [--long] [unittest's arguments]

Tests of minutes run with --long, or with TOUCHGATE_TESTS=long in the environment.
"""

import argparse
import atexit
import collections
import json
import os
import pathlib
import random
import signal
import sys
import tempfile
import threading
import time
import unittest

from broker import VERSIONS, Broker
from gateway import Gateway, configuration
from wire import Encoder, Reader, Writer, topics

PARTITIONS = 4
CUSTOMERS = 60
CAP, WINDOW_MS = 2, 4000
RATE_PER_S = 40  # of e-mails: what is above waits in a queue
FAILPOINTS = ("before_begin", "after_begin", "after_produce", "before_offsets", "after_offsets",
              "after_commit")

POLICY = f"""\
policy: exactly-once
rules:
  - rule: few
    for: {{channel: ads}}
    cap: {{count: permit, at_most: {CAP}, per: {WINDOW_MS}ms}}
  - rule: once
    for: {{channel: push}}
    cap: {{count: permit, at_most: 1, per: 1h, each: campaign}}
throttles:
  - {{name: mail, for: {{channel: email}}, rate: {RATE_PER_S}/s}}
"""

OPTIONS = argparse.Namespace(version=VERSIONS[0], seed=None, kills=10)


def now_ms():
    return time.time_ns() // 1_000_000


class Load(threading.Thread):
    """Asks at an even pace until it is told to end; every id once, some of them twice."""

    def __init__(self, bootstrap, topic, seed, per_s=120):
        super().__init__()
        self.writer, self.topic, self.encoder = Writer(bootstrap), topic, Encoder("request")
        self.random, self.pause_s = random.Random(seed), 1 / per_s
        self.asked, self.sent, self.done = {}, 0, threading.Event()

    def run(self):
        while not self.done.is_set():
            number = len(self.asked)
            if number > 50 and self.random.random() < 0.05:
                number -= self.random.randrange(1, 50)
            request = self.asked.get(f"r{number}") or self.request(number)
            self.asked[request["id"]] = request
            self.writer.send(self.topic,
                             [(request["customer"].encode(), self.encoder.encode(request))])
            self.sent += 1
            time.sleep(self.pause_s)
        self.writer.flush()

    def request(self, number):
        channel = self.random.choice(("ads", "push", "push", "email"))
        return {"id": f"r{number}", "customer": f"c{self.random.randrange(CUSTOMERS)}",
                "time": now_ms(), "channel": channel, "kind": "promotion",
                "expires": now_ms() + 600_000, "campaign": f"k{self.random.randrange(3)}"}

    def end(self):
        self.done.set()
        self.join()


takes_long = unittest.skipUnless(
    "--long" in sys.argv or os.environ.get("TOUCHGATE_TESTS") == "long", "takes minutes: --long")


class ExactlyOnce(unittest.TestCase):
    def setUp(self):
        self.seed = OPTIONS.seed if OPTIONS.seed is not None else random.randrange(1 << 30)
        self.random = random.Random(self.seed)
        print(f"\n{self.id().rpartition('.')[2]}: --seed {self.seed}", flush=True)
        self.broker = Broker.start(version=OPTIONS.version)
        self.addCleanup(self.broker.stop)
        atexit.register(self.broker.stop)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "policy.yaml").write_text(POLICY)
        self.broker.create_topics(topics(""), PARTITIONS)
        self.reader = Reader(self.broker.bootstrap, "decisions", "permitted.ads",
                             "permitted.push", "permitted.email", "rejected")
        self.addCleanup(self.reader.close)

    def gateway(self, name="gate", instance=True, **options):
        """A process that a successor of the same name replaces at once, if INSTANCE."""
        properties = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500,
                      **({"group.instance.id": name} if instance else {})}
        text = configuration(self.broker.bootstrap, self.folder / "policy.yaml", "", "wall",
                             properties=properties, shards=2,
                             http={"listen": "off"}, **options)
        return Gateway(self.folder, name, text, "--log=json", "--verbose")

    def load(self, **options):
        load = Load(self.broker.bootstrap, "requests", self.seed, **options)
        load.start()
        self.addCleanup(load.end)
        return load

    def read(self, enough, timeout_s, gateways=()):
        self.assertTrue(self.reader.read_until(enough, timeout_s),
                        "\n".join(gateway.log() for gateway in gateways))

    def finish(self, load, *gateways, timeout_s=120):
        """Ends the load, waits for the last final decision, ends the processes, judges."""
        load.end()
        if not self.reader.read_until(lambda read: self.count_final() >= len(load.asked),
                                      timeout_s):
            self.fail(self.missing(load) + "\n".join(gateway.log() for gateway in gateways))
        for gateway in gateways:
            self.assertEqual(gateway.stop(), 0, gateway.log())
        self.reader.read_until(lambda read: False, 2)
        try:
            self.judge(load)
        except AssertionError:
            for log in sorted(self.folder.glob("*.log")):
                print(f"{log.name}:\n{log.read_text()[-20000:]}", flush=True)
            raise

    def decisions(self):
        """Every decision with the partition that it was read from."""
        fresh = self.reader.messages[getattr(self, "seen", 0):]
        self.seen = len(self.reader.messages)
        self.decided = getattr(self, "decided", [])
        for message in fresh:
            if message.topic() == "decisions":
                record = self.reader.datums["decision"].decode(message.value()[5:])
                self.decided.append((message.partition(), record))
        return self.decided

    def count_final(self):
        return len({record["request_id"] for _, record in self.decisions()
                    if record["final"] and not record["repeat"]})

    def missing(self, load):
        """What has no final decision, with what was told last of it."""
        last = {}
        for partition, record in self.decisions():
            if not record["repeat"]:
                last[record["request_id"]] = (partition, record)
        lines = [f"now {now_ms()}"]
        for name, request in load.asked.items():
            partition, record = last.get(name, (None, None))
            if not record or not record["final"]:
                said = record and (partition, record["outcome"], record["until"],
                                   [reason["rule"] for reason in record["reasons"]])
                lines.append(f"{name} {request['customer']} {request['channel']}: {said}")
        return f"{len(lines) - 1} without an answer\n" + "\n".join(lines[:20]) + "\n"

    def judge(self, load):
        decided = self.decisions()
        final = collections.Counter(record["request_id"] for _, record in decided
                                    if record["final"] and not record["repeat"])
        deferred = collections.Counter(record["request_id"] for _, record in decided
                                       if not record["final"] and not record["repeat"])
        told = sum(1 for _, record in decided if record["repeat"])
        print(f"{len(load.asked)} requests, asked {load.sent} times; {sum(final.values())} final "
              f"decisions, {sum(deferred.values())} deferrals, {told} repeats", flush=True)
        self.assertEqual([], [
            (partition, record["request_id"], record["outcome"], record["time"], record["request"])
            for partition, record in decided if final[record["request_id"]] > 1])
        self.assertEqual(set(final), set(load.asked))
        self.assertEqual([name for name, count in deferred.items() if count > 1], [])
        self.assertEqual(told, load.sent - len(load.asked), "one repeat for each that came again")
        self.judge_messages(decided)
        self.judge_caps(decided)
        self.judge_throttle(decided)

    def judge_messages(self, decided):
        sent = collections.Counter(record["request_id"]
                                   for record in self.reader.records("permitted"))
        self.assertEqual(sent, collections.Counter(
            record["request_id"] for _, record in decided
            if record["outcome"] == "permit" and not record["repeat"]))

    @staticmethod
    def permits(decided, channel):
        return [(partition, record) for partition, record in decided
                if record["outcome"] == "permit" and not record["repeat"]
                and record["channel"] == channel]

    def judge_caps(self, decided):
        for channel, cap, window_ms in (("ads", CAP, WINDOW_MS), ("push", 1, 3_600_000)):
            times = collections.defaultdict(list)
            for _, record in self.permits(decided, channel):
                campaign = record["campaign"] if channel == "push" else None
                times[record["customer"], campaign].append(record["time"])
            for who, found in times.items():
                found.sort()
                for first, after in zip(found, found[cap:]):
                    self.assertGreaterEqual(after - first, window_ms, f"{who}: {found}")

    def judge_throttle(self, decided):
        interval_ms = PARTITIONS * 1000 / RATE_PER_S
        for partition in range(PARTITIONS):
            times = sorted(record["time"] for each, record in self.permits(decided, "email")
                           if each == partition)
            for i, time_ms in enumerate(times[1:]):
                self.assertGreaterEqual(time_ms - times[i], interval_ms - 1, partition)

    def test_killed_at_random_moments_and_started_again(self):
        load = self.load()
        for number in range(OPTIONS.kills):
            with self.gateway() as gateway:
                seen = len(self.reader.messages)
                self.read(lambda read: len(read.messages) > seen + 20, 60, [gateway])
                time.sleep(self.random.random() * 1.0)
                gateway.kill()
        with self.gateway() as gateway:
            self.finish(load, gateway)

    def test_killed_at_each_step_of_a_transaction(self):
        load = self.load()
        for place in FAILPOINTS:
            os.environ["TOUCHGATE_FAILPOINT"] = f"{place}:{self.random.randrange(1, 9)}:kill"
            self.addCleanup(os.environ.pop, "TOUCHGATE_FAILPOINT", None)
            with self.gateway() as gateway:
                self.assertEqual(gateway.wait(60), -signal.SIGKILL, f"{place}: {gateway.log()}")
        del os.environ["TOUCHGATE_FAILPOINT"]
        with self.gateway() as gateway:
            self.finish(load, gateway)

    def test_processes_come_and_go(self):
        load = self.load()
        with self.gateway("a", instance=False) as first:
            self.read(lambda read: self.count_final() > 100, 60, [first])
            with self.gateway("b", instance=False) as second:
                time.sleep(6)
                with self.gateway("c", instance=False) as third:
                    time.sleep(6)
                    self.assertEqual(second.stop(), 0, second.log())
                    time.sleep(3)
                    third.kill()
            time.sleep(8)
            self.finish(load, first)

    @takes_long
    def test_the_broker_stands_still_for_longer_than_a_transaction(self):
        load = self.load(per_s=60)
        with self.gateway(transaction_timeout="4s") as gateway:
            self.read(lambda read: self.count_final() > 50, 60, [gateway])
            for pause_s in (3, 9):
                time.sleep(self.random.random())
                os.kill(self.broker.pid, signal.SIGSTOP)
                time.sleep(pause_s)
                os.kill(self.broker.pid, signal.SIGCONT)
                time.sleep(4)
            self.finish(load, gateway)
            summary = [line for line in gateway.log().splitlines() if '"doubts"' in line][-1]
            print(f"{json.loads(summary)['doubts']} transactions were in doubt", flush=True)

    @takes_long
    def test_a_process_that_stood_still_commits_nothing_that_another_decided(self):
        load = self.load()
        with self.gateway("zombie", instance=False) as zombie:
            self.read(lambda read: self.count_final() > 50, 60, [zombie])
            zombie.process.send_signal(signal.SIGSTOP)
            with self.gateway("other", instance=False) as other:
                before = self.count_final()
                self.read(lambda read: self.count_final() > before + 100, 60, [other])
                zombie.process.send_signal(signal.SIGCONT)
                time.sleep(8)
                self.finish(load, zombie, other)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--version", choices=VERSIONS, default=VERSIONS[0])
    parser.add_argument("--seed", type=int)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--long", action="store_true")
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
