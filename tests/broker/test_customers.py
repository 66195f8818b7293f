# SPDX-License-Identifier: Apache-2.0
"""Consents and erasures outlive their facts: they are kept in the topic `customers`.

What everybody agreed to is asked for again and again, while the topic of the facts is emptied, the
process is killed and the broker compacts `customers`; the answers are those that a few lines of
Python give who remember every fact.

    test_customers.py [--seed N] [unittest's arguments]
"""

import argparse
import os
import random
import re
import signal
import time
import unittest

from gateway import Gateway, configuration
from test_run import IMPATIENT, BrokerCase, now_ms
from wire import Datum, Encoder, topics

PARTITIONS = 4
TIMEOUT_S = 60
CUSTOMERS, PURPOSES = 24, ("news", "offers")
# What is deleted and compacted goes at once.
EAGER = """\
log.retention.check.interval.ms=200
log.segment.delete.delay.ms=0
log.cleaner.backoff.ms=200
log.initial.task.delay.ms=200
"""
EAGER_TOPIC = {"segment.ms": "50", "min.cleanable.dirty.ratio": "0.01", "delete.retention.ms": "0",
               "min.compaction.lag.ms": "0", "max.compaction.lag.ms": "1"}
CONSENTS = """\
policy: consents
rules:
  - rule: agreed
    for: {kind: newsletter}
    consent: {}
  - rule: few
    for: {channel: ads}
    cap: {count: click, at_most: 2, per: 1h}
"""
CAP = """\
policy: caps
rules:
  - rule: few
    cap: {count: click, at_most: 2, per: 1h}
"""
FAILPOINTS = ("after_begin", "after_produce", "before_offsets", "after_offsets", "after_commit")
OPTIONS = argparse.Namespace(seed=None)


class Memory:
    """What everybody has said, as somebody remembers it who forgets nothing."""

    def __init__(self):
        self.consents, self.erased = {}, {}

    def learn(self, fact):
        who = fact["customer"]
        if fact["type"] == "erasure":
            self.erased[who] = max(self.erased.get(who, 0), fact["time"])
            return
        body = fact["consent"]
        key = who, body["purpose"], body["channel"]
        said = fact["time"], not body["granted"]
        self.consents[key] = max(self.consents.get(key, (0, False)), said)

    def answer(self, who, purpose, channel):
        for about in (channel, None):
            at, withdrawn = self.consents.get((who, purpose, about), (0, False))
            if at > self.erased.get(who, 0):
                return "deny" if withdrawn else "permit"
        return "deny"


class Customers(BrokerCase):
    properties = EAGER

    def setUp(self):
        super().setUp()
        self.seed = OPTIONS.seed if OPTIONS.seed is not None else random.randrange(1 << 30)
        self.random = random.Random(self.seed)
        print(f"\n{self.id().rpartition('.')[2]}: --seed {self.seed}", flush=True)
        self.touchpoint, self.request = Encoder("touchpoint"), Encoder("request")
        self.memory, self.asked, self.told = Memory(), 0, 0
        self.policy = self.folder / "policy.yaml"
        self.policy.write_text(CONSENTS)

    def create(self, prefix, lasting=True):
        self.prefix = prefix
        names = set(topics(prefix)) - {f"{prefix}customers"}
        self.broker.create_topics(names, PARTITIONS)
        self.decisions = self.reader(f"{prefix}decisions")
        if lasting:
            self.create_customers()

    def create_customers(self):
        self.broker.create_topics([f"{self.prefix}customers"], PARTITIONS, EAGER_TOPIC)

    def gateway(self, **options):
        text = configuration(
            self.broker.bootstrap, self.policy, self.prefix, "wall",
            properties={**IMPATIENT, "group.instance.id": "gate"}, shards=2,
            http={"listen": "off"}, **options)
        return Gateway(self.folder, f"{self.prefix}gate", text, "--log=json", "--verbose")

    def tell(self, facts):
        for fact in facts:
            self.told += 1
            self.memory.learn(fact)
        self.writer().send(f"{self.prefix}touchpoints", [
            (fact["customer"].encode(), self.touchpoint.encode({"id": f"f{self.told}-{i}", **fact}))
            for i, fact in enumerate(facts)]).flush()

    def random_facts(self, count):
        """Of the last hour, in any order; what is erased is older, for the most part."""
        facts = []
        for _ in range(count):
            who = f"c/{self.random.randrange(CUSTOMERS)}"
            at = now_ms() - self.random.randrange(3_600_000)
            if self.random.random() < 0.05:
                facts.append({"customer": who, "time": at - 1_800_000, "type": "erasure"})
                continue
            facts.append({"customer": who, "time": at, "type": "consent", "consent": {
                "purpose": self.random.choice(PURPOSES), "granted": self.random.random() < 0.6,
                "channel": self.random.choice((None, "email")), "until": None,
                "implied": False}})
        return facts

    def check(self, gateway):
        """Asks about everybody, and compares with what is remembered."""
        self.asked += 1
        questions = {f"q{self.asked}-{who}-{purpose}-{channel}": (f"c/{who}", purpose, channel)
                     for who in range(CUSTOMERS) for purpose in PURPOSES
                     for channel in ("email", "push")}
        self.writer().send(f"{self.prefix}requests", [
            (who.encode(), self.request.encode({
                "id": name, "customer": who, "time": now_ms(), "channel": channel,
                "kind": "newsletter", "purpose": purpose}))
            for name, (who, purpose, channel) in questions.items()]).flush()

        def answers():
            return {each["request_id"]: each["outcome"]
                    for each in self.decisions.records("decision")
                    if each["request_id"] in questions}

        self.assertTrue(self.decisions.read_until(
            lambda read: len(answers()) == len(questions), TIMEOUT_S), gateway.log())
        expected = {name: self.memory.answer(*question) for name, question in questions.items()}
        self.assertEqual(answers(), expected, f"--seed {self.seed}\n{gateway.log()}")
        self.assertEqual(len(set(expected.values())), 2, "there are both answers")

    def marks(self, topic):
        """The first and the next offset of each partition."""
        from confluent_kafka import TopicPartition
        return [self.decisions.consumer.get_watermark_offsets(
            TopicPartition(self.prefix + topic, partition)) for partition in range(PARTITIONS)]

    def until(self, true, what):
        deadline = time.monotonic() + TIMEOUT_S
        while not true():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.1)

    def empty_facts(self):
        """The broker drops all facts there are, as it does when they are old."""
        from confluent_kafka.admin import ConfigResource
        admin = self.broker.admin()

        def keep(time_ms):
            resource = ConfigResource("topic", f"{self.prefix}touchpoints", {
                "retention.ms": str(time_ms), "segment.ms": "1000000000"})
            for done in admin.alter_configs([resource]).values():
                done.result()

        keep(1)
        self.until(lambda: all(low == high for low, high in self.marks("touchpoints")),
                   "the facts do not go")
        keep(-1)

    def settled(self, gateway):
        """Until all facts are committed: then they may go."""
        from confluent_kafka import Consumer, TopicPartition
        group = Consumer({"bootstrap.servers": self.broker.bootstrap,
                          "group.id": f"{self.prefix}gate"})
        self.addCleanup(group.close)
        ends = [high for _, high in self.marks("touchpoints")]
        wanted = [TopicPartition(f"{self.prefix}touchpoints", partition)
                  for partition in range(PARTITIONS)]
        self.until(lambda: all(end == 0 or each.offset >= end for each, end in
                               zip(group.committed(wanted, timeout=10), ends)), gateway.log())

    def outlive_facts(self, **options):
        """Everybody is asked about; killed and started again, without the facts, it says the
        same."""
        with self.gateway(**options) as gateway:
            self.check(gateway)
            self.settled(gateway)
            gateway.kill()
        self.empty_facts()
        with self.gateway(**options) as gateway:
            self.check(gateway)
            self.assertEqual(gateway.stop(), 0, gateway.log())

    def lasting(self):
        reader = self.reader(f"{self.prefix}customers")
        reader.read_until(lambda read: False, 2)
        return reader.messages

    def test_what_was_said_holds_when_the_facts_are_gone_and_the_process_was_killed(self):
        self.create("gone.")
        for count in (300, 30):
            self.tell(self.random_facts(count))
            self.outlive_facts()
        keys = [message.key().decode() for message in self.lasting()]
        self.assertTrue(all(key.startswith("c%2F") for key in keys), keys[:5])

    def live(self):
        """One life, in which everybody is asked about: (partition, where its facts are read from)
        as often as one came."""
        with self.gateway() as gateway:
            before = len(gateway.log_path.read_text())
            self.check(gateway)
            self.settled(gateway)
            self.assertEqual(gateway.stop(), 0, gateway.log())
        pattern = r"partition (\d+) comes: .* touchpoints had been .* are read from (-?\d+), decisi"
        return [(int(partition), int(start)) for partition, start in
                re.findall(pattern, gateway.log_path.read_text()[before:])]

    def test_facts_are_read_again_from_the_longest_window_ago(self):
        self.create("window.")
        old_ms = now_ms() - 7 * 86_400_000
        writer = self.writer()
        for i in range(400):  # seven days ago, one fact in ten still counts
            at = now_ms() if i % 10 == 0 else old_ms
            who = f"c/{i % CUSTOMERS}"
            writer.producer.produce(
                "window.touchpoints", key=who.encode(), timestamp=old_ms if i < 200 else now_ms(),
                value=self.touchpoint.encode({
                    "id": f"click-{i}", "customer": who, "type": "click",
                    "time": old_ms if i < 200 else at}))
        writer.flush()
        self.tell(self.random_facts(100))
        self.assertEqual({start for _, start in self.live()[:PARTITIONS]}, {-1})
        starts = self.live()
        self.assertEqual({partition for partition, _ in starts}, set(range(PARTITIONS)))
        self.assertGreater(min(start for _, start in starts), 0)

    def test_where_timestamps_say_nothing_all_facts_are_read(self):
        self.create("undated.")
        writer = self.writer()
        for i in range(40):  # seconds, taken for milliseconds
            who = f"c/{i % CUSTOMERS}"
            writer.producer.produce(
                "undated.touchpoints", key=who.encode(), timestamp=now_ms() // 1000,
                value=self.touchpoint.encode({"id": f"click-{i}", "customer": who, "type": "click",
                                              "time": now_ms()}))
        writer.flush()
        self.tell(self.random_facts(100))
        for _ in range(2):
            self.assertEqual({start for _, start in self.live()}, {-1})

    def test_a_topic_that_forgets_is_warned_of(self):
        self.create("forgets.", lasting=False)
        self.broker.create_topics(["forgets.customers"], PARTITIONS, {
            "cleanup.policy": "compact,delete", "retention.ms": "86400000"})
        with self.gateway() as gateway:
            self.until(lambda: "forgets.customers has cleanup.policy=compact,delete and needs "
                       "cleanup.policy=compact" in gateway.log(), gateway.log())

    def assert_erased(self):
        """The last record of each key is of nothing that was erased."""
        last = {message.key(): message.value() for message in self.lasting()}
        records = [Datum("touchpoint").decode(value[5:]) for value in last.values() if value]
        self.assertEqual([], [record for record in records if record["type"] == "consent" and
                              record["time"] <= self.memory.erased.get(record["customer"], 0)])
        self.assertIn(None, last.values())

    def test_compaction_changes_no_answer(self):
        self.create("compact.")
        with self.gateway() as gateway:
            for _ in range(6):
                self.tell(self.random_facts(200))
                self.check(gateway)
            self.settled(gateway)
            self.assert_erased()
            written = sum(high for _, high in self.marks("customers"))
            self.until(lambda: len(self.lasting()) < written / 2, "it is not compacted")
            self.assertEqual(gateway.stop(), 0, gateway.log())
        self.outlive_facts()

    def lives_and_deaths(self, **options):
        for place in FAILPOINTS:
            os.environ["TOUCHGATE_FAILPOINT"] = f"{place}:{self.random.randrange(2, 6)}:kill"
            self.addCleanup(os.environ.pop, "TOUCHGATE_FAILPOINT", None)
            with self.gateway(commit="20ms", **options) as gateway:
                for _ in range(300):
                    self.tell(self.random_facts(5))
                    if gateway.wait(0.1) is not None:
                        break
                self.assertEqual(gateway.wait(0), -signal.SIGKILL, f"{place}: {gateway.log()}")
        del os.environ["TOUCHGATE_FAILPOINT"]

    def test_killed_at_each_step_of_a_transaction_what_was_said_is_kept(self):
        self.create("steps.")
        self.lives_and_deaths()
        self.outlive_facts()

    def test_killed_without_transactions_what_was_said_is_kept(self):
        self.create("least.")
        for _ in range(4):
            with self.gateway(delivery="at_least_once", commit="20ms") as gateway:
                self.tell(self.random_facts(50))
                self.check(gateway)
                self.tell(self.random_facts(50))
                time.sleep(self.random.random() * 0.2)
                gateway.kill()
        self.outlive_facts(delivery="at_least_once")

    def test_whoever_asks_for_consents_needs_a_place_for_them_and_nobody_else_does(self):
        self.create("place.", lasting=False)
        with self.gateway() as gateway:
            self.assertEqual(gateway.wait(TIMEOUT_S), 78, gateway.log())
            self.assertIn("--create --topic place.customers --partitions 4", gateway.log())
            self.assertIn("--config cleanup.policy=compact", gateway.log())
        self.policy.write_text(CAP)
        self.tell(self.random_facts(100))
        with self.gateway() as gateway:

            self.settled(gateway)
            self.assertEqual(gateway.stop(), 0, gateway.log())
        self.create_customers()
        self.policy.write_text(CONSENTS)
        with self.gateway() as gateway:
            self.check(gateway)  # by all facts, which are kept now
            self.settled(gateway)
            gateway.kill()
        self.empty_facts()
        with self.gateway() as gateway:
            self.check(gateway)
            self.assertEqual(gateway.stop(), 0, gateway.log())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--seed", type=int)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[__file__, *rest])
