# SPDX-License-Identifier: Apache-2.0
"""`touchgate run` on a real Kafka broker, judged from outside.

The recording in deploy/journey is written to Kafka and decided with `clock: event`; the oracle
says whether every request was decided once and as it must be. With `clock: wall`, requests made
by hand are decided at the present time, and a process is killed in the middle of its work.
"""

import atexit
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from broker import VERSIONS, Broker
from gateway import ROOT, Gateway, configuration
from wire import Encoder, Reader, Writer, encode_recording, topics

RECORDING = ROOT / "deploy" / "journey"
JUDGE = ROOT / "tests" / "oracle" / "judge_kafka.py"
PARTITIONS = 4
RUN_TIMEOUT_S = 120
OUTPUTS_MAX = 20_000  # of a transaction; then it is committed

# Members that start together share their first generation, as in a deployment.
PROPERTIES = "group.initial.rebalance.delay.ms=3000\n"
# A member that was killed is missed after the shortest time that a broker allows.
IMPATIENT = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 1000}

LIVE_POLICY = """\
policy: live
rules:
  - rule: one-ad
    for: {channel: ads}
    cap: {count: permit, at_most: 1, per: 1h}
  - rule: seen-and-not-bought
    for: {kind: retarget}
    retarget: {after: [view], within: 30d, each: subject, until: purchase}
  - rule: let-them-breathe
    for: {kind: survey}
    wait: {after: interaction, at_least: 3h, at_most: 72h}
  - rule: a-moment
    for: {kind: newsletter}
    wait: {after: click, at_least: 3s, at_most: 72h}
"""


def now_ms():
    return time.time_ns() // 1_000_000


class BrokerCase(unittest.TestCase):
    """Tests on one broker; each has its own topics, told apart by a prefix."""

    broker = None
    version = VERSIONS[0]
    properties = PROPERTIES

    @classmethod
    def setUpClass(cls):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        cls.broker = cls.start_broker()
        cls.addClassCleanup(cls.broker.stop)
        atexit.register(cls.broker.stop)  # unittest skips its cleanups when it is interrupted
        print(f"\nKafka on {cls.broker.bootstrap}", flush=True)

    @classmethod
    def start_broker(cls):
        return Broker.start(cls.version, properties=cls.properties)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def create_topics(self, prefix):
        self.broker.create_topics(topics(prefix), PARTITIONS)

    def reader(self, *names):
        reader = Reader(self.broker.bootstrap, *names)
        self.addCleanup(reader.close)
        return reader

    def writer(self):
        return Writer(self.broker.bootstrap)

    def assert_ended_well(self, gateway, status):
        self.assertEqual(status, 0, f"touchgate ended with {status}; its log:\n{gateway.log()}")


class Recorded(BrokerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.touchpoints, cls.requests = encode_recording(RECORDING)
        print(f"{len(cls.touchpoints)} touchpoints, {len(cls.requests)} requests", flush=True)

    def write_recording(self, prefix):
        self.create_topics(prefix)
        writer = self.writer()
        writer.send(f"{prefix}touchpoints", self.touchpoints)
        writer.send(f"{prefix}requests", self.requests)
        writer.flush()

    def configuration(self, prefix, **options):
        return configuration(
            self.broker.bootstrap, RECORDING / "policy.yaml", prefix, "event", **options)

    def assert_judged_right(self, prefix):
        done = subprocess.run(
            [sys.executable, str(JUDGE), "--bootstrap", self.broker.bootstrap,
             "--policy", str(RECORDING / "policy.yaml"), "--recording", str(RECORDING),
             "--partitions", str(PARTITIONS), "--topics-prefix", prefix],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
        print(done.stdout[-2000:], end="", flush=True)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:])

    def test_one_process_with_two_shards_decides_every_request_once_as_the_oracle_does(self):
        self.write_recording("one.")
        with Gateway(self.folder, "one", self.configuration("one.", shards=2),
                     "--exit-at-end") as gateway:
            self.assert_ended_well(gateway, gateway.wait(RUN_TIMEOUT_S))
        self.assert_judged_right("one.")
        self.assert_kcat_reads_all("one.decisions")

    def test_two_processes_with_static_members_share_the_work_and_decide_the_same(self):
        self.write_recording("two.")
        texts = [self.configuration("two.", shards=1, properties={"group.instance.id": name})
                 for name in ("left", "right")]
        with Gateway(self.folder, "left", texts[0], "--exit-at-end") as left, \
                Gateway(self.folder, "right", texts[1], "--exit-at-end") as right:
            self.assert_ended_well(left, left.wait(RUN_TIMEOUT_S))
            self.assert_ended_well(right, right.wait(RUN_TIMEOUT_S))
        self.assert_judged_right("two.")

    def assert_kcat_reads_all(self, topic):
        """A client that nobody here wrote finds as many decisions, each with its customer."""
        reader = self.reader(topic)
        self.assertTrue(reader.read_until(
            lambda read: len(read.messages) >= len(self.requests), 60))
        reader.read_until(lambda read: False, 1)
        printed = subprocess.run(
            ["kcat", "-C", "-b", self.broker.bootstrap, "-t", topic, "-e", "-q", "-f", r"%k %S\n"],
            stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout
        lines = [line.rpartition(" ") for line in printed.splitlines()]
        self.assertEqual(sorted((key, int(size)) for key, _, size in lines),
                         sorted((message.key().decode(), len(message.value()))
                                for message in reader.messages))


class Live(BrokerCase):
    def setUp(self):
        super().setUp()
        self.policy = self.folder / "policy.yaml"
        self.policy.write_text(LIVE_POLICY)
        self.touchpoint, self.request = Encoder("touchpoint"), Encoder("request")

    def fact(self, customer, kind, **fields):
        record = {"id": f"{customer}-{kind}", "customer": customer, "time": now_ms(),
                  "type": kind, **fields}
        return customer.encode(), self.touchpoint.encode(record)

    def ask(self, name, customer, kind, **fields):
        record = {"id": name, "customer": customer, "time": now_ms(), "channel": "email",
                  "kind": kind, **fields}
        return customer.encode(), self.request.encode(record)

    def gateway(self, prefix, **options):
        text = configuration(
            self.broker.bootstrap, self.policy, prefix, "wall", properties=IMPATIENT, **options)
        return Gateway(self.folder, f"{prefix}gate", text)

    def test_a_transaction_that_has_grown_large_is_committed_before_its_time(self):
        self.create_topics("large.")
        reader = self.reader("large.decisions")
        self.writer().send("large.requests", (
            self.ask(f"r{i}", f"c{i % 100}", "retarget", subject="shoes")
            for i in range(2 * OUTPUTS_MAX))).flush()
        with self.gateway("large.", shards=1, commit="1m", transaction_timeout="4m") as gateway:
            self.assertTrue(reader.read_until(
                lambda read: len(read.messages) > OUTPUTS_MAX, 50), gateway.log())
            self.assert_ended_well(gateway, gateway.stop())

    def test_topics_that_differ_in_their_partitions_are_told_and_nothing_begins(self):
        for wrong in ("touchpoints", "decisions", "customers"):
            with self.subTest(wrong):
                prefix = f"uneven-{wrong}."
                self.broker.create_topics(set(topics(prefix)) - {prefix + wrong}, PARTITIONS)
                self.broker.create_topics([prefix + wrong], PARTITIONS - 1)
                with self.gateway(prefix) as gateway:
                    self.assertEqual(gateway.wait(30), 78, gateway.log())
                self.assertIn(f"topic {prefix}{wrong} has 3 partitions and topic {prefix}requests "
                              "has 4: they must have the same number", gateway.log())

    def decide_by_hand(self, prefix):
        """Facts, then requests about them; returns what a reader finds after the last moment."""
        self.create_topics(prefix)
        reader = self.reader(f"{prefix}decisions", f"{prefix}rejected", f"{prefix}permitted.email",
                             f"{prefix}permitted.ads")
        with self.gateway(prefix, shards=2) as gateway:
            self.writer().send(f"{prefix}touchpoints", [
                self.fact("bea", "view", subject="shoes"),
                self.fact("cem", "view", subject="shoes"),
                self.fact("cem", "purchase", subject="shoes"),
                self.fact("dora", "interaction", channel="call"),
            ]).flush()
            time.sleep(6)  # the group forms and the facts are read
            self.writer().send(f"{prefix}requests", [
                self.ask("first-ad", "ada", "promotion", channel="ads"),
                self.ask("second-ad", "ada", "promotion", channel="ads"),
                self.ask("seen", "bea", "retarget", subject="shoes"),
                self.ask("bought", "cem", "retarget", subject="shoes"),
                self.ask("how-was-it", "dora", "survey"),
                self.ask("news", "emil", "newsletter",
                         about={"id": None, "type": "click", "time": now_ms()}),
                (b"fay", b"\0\0\0\0\2 this is not a request"),
            ]).flush()
            reader.read_until(lambda read: len(read.messages) >= 11, 30)
            reader.read_until(lambda read: False, 2)
            self.assert_ended_well(gateway, gateway.stop())
        return reader

    def test_requests_of_the_present_are_permitted_denied_deferred_and_rejected(self):
        reader = self.decide_by_hand("live.")
        decisions = {}
        for each in reader.records("decision"):
            decisions.setdefault(each["request_id"], []).append(each)
        outcomes = {name: [each["outcome"] for each in found]
                    for name, found in decisions.items()}
        self.assertEqual(outcomes, {
            "first-ad": ["permit"], "second-ad": ["defer"], "seen": ["permit"],
            "bought": ["deny"], "how-was-it": ["defer"], "news": ["defer", "permit"]})
        self.assertEqual(decisions["second-ad"][0]["until"],
                         decisions["first-ad"][0]["time"] + 3_600_000)
        self.assertEqual(decisions["bought"][0]["reasons"][0]["rule"], "seen-and-not-bought")
        deferred, permitted = decisions["news"]
        self.assertGreaterEqual(permitted["time"], deferred["until"])
        self.assertLess(permitted["time"], deferred["until"] + 2000)
        self.assertEqual(sorted(each["request_id"] for each in reader.records("permitted")),
                         ["first-ad", "news", "seen"])
        letters = [message for message in reader.messages if message.topic() == "live.rejected"]
        self.assertEqual([message.key() for message in letters], [b"fay"])

    def test_a_process_that_is_killed_and_started_again_loses_no_request(self):
        self.create_topics("kill.")
        asked = [self.ask(f"r{i}", f"customer-{i % 500}", "general") for i in range(6000)]
        reader = self.reader("kill.decisions", "kill.permitted.email")
        halted = threading.Event()

        def write():
            writer = self.writer()
            for i in range(0, len(asked), 50):
                if i == len(asked) - 1000:
                    halted.wait()  # however late the gateway began, it is killed before the last
                writer.send("kill.requests", asked[i:i + 50])
                writer.producer.flush(10)
                if not halted.is_set():
                    time.sleep(0.05)
            writer.flush()

        writing = threading.Thread(target=write)
        writing.start()
        self.addCleanup(writing.join)
        self.addCleanup(halted.set)
        with self.gateway("kill.", shards=2) as gateway:
            self.assertTrue(reader.read_until(lambda read: len(read.messages) > 500, 60),
                            gateway.log())
            gateway.kill()
        before = len({each["request_id"] for each in reader.records("decision")})
        self.assertLess(before, len(asked), "it was not killed in the middle")
        halted.set()
        with self.gateway("kill.", shards=2) as gateway:
            self.assertTrue(
                reader.read_until(lambda read: self.all_answered(read, len(asked)), 90),
                gateway.log())
            self.assert_ended_well(gateway, gateway.stop())
        decisions = reader.records("decision")
        print(f"killed after {before} of {len(asked)} requests; {len(decisions)} decisions in all")
        self.assertEqual({each["outcome"] for each in decisions}, {"permit"})

    @staticmethod
    def all_answered(reader, count):
        if len(reader.messages) < 2 * count:
            return False
        return all(len({each["request_id"] for each in reader.records(name)}) == count
                   for name in ("decision", "permitted"))


if __name__ == "__main__":
    unittest.main()
