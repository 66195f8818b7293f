#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The judge of a run, tested with a broker inside the client library and the oracle's own words."""

import argparse
import io
import time
import unittest

from confluent_kafka import Producer

import policy as policies
from by_hand import PERMIT_CAP, T0, Live, request, touchpoint
from containers import writer_of
from gate import FACTS_WAIT_MS, SKEW_MS
from judge_kafka import judge_live, judge_topics
from kafka_topics import SCHEMA_IDS, is_any, read_topics
from oracle import judge_records
from random_case import make_case
from recording import Defaults, RecordingError, schema_json

PREFIX = "tg."
SEED = 3
START_UP_S = 30


def framed(name, record):
    out = bytearray(b"\0" + SCHEMA_IDS[name].to_bytes(4, "big"))
    writer_of(schema_json(name))(out, record)
    return bytes(out)


class Broker(unittest.TestCase):
    """A broker inside the client library."""

    partitions = 4  # of its topics

    def setUp(self):
        self.producer = Producer({"test.mock.num.brokers": 1, "partitioner": "murmur2_random"})
        deadline = time.monotonic() + START_UP_S
        while not self.producer.list_topics(timeout=1).brokers and time.monotonic() < deadline:
            time.sleep(0.01)
        broker = next(iter(self.producer.list_topics(timeout=1).brokers.values()))
        self.bootstrap = f"{broker.host}:{broker.port}"

    def send(self, topic, name, record, **place):
        record = dict(record, policy_hash="0" * 32)
        key, value = record["customer"].encode(), framed(name, record)
        self.producer.produce(PREFIX + topic, key=key, value=value, **place)

    def send_letter(self, topic, partition, offset):
        fields = {"topic": PREFIX + topic, "partition": partition, "offset": offset}
        fields["reason"] = "unframed"
        headers = {f"touchgate.{name}": str(value) for name, value in fields.items()}
        self.producer.produce(PREFIX + "rejected", value=b"?", headers=headers)

    def told(self, judging, subject, **more):
        """(whether all was equal, what was said)."""
        arguments = argparse.Namespace(
            topics_prefix=PREFIX, partitions=self.partitions, skew=SKEW_MS,
            facts_wait=FACTS_WAIT_MS, **more
        )
        self.producer.flush()
        out = io.StringIO()
        equal = judging(subject, read_topics(self.bootstrap, PREFIX, is_any), arguments, out)
        self.assertIn("judged", out.getvalue())
        return equal, out.getvalue()


class Recorded(Broker):
    def setUp(self):
        super().setUp()
        case = make_case(SEED)
        policy = policies.parse(case.text)
        self.verdict = judge_records(policy, case.touchpoints, case.requests, self.partitions)

    def send_all(self):
        for decision in self.verdict.decisions:
            self.send("decisions", "decision", decision)
        for message in self.verdict.permitted:
            self.send("permitted." + message["channel"], "permitted", message)
        self.producer.flush()

    def judged(self, at_least_once=False):
        return self.told(judge_topics, self.verdict, at_least_once=at_least_once)[0]

    def test_what_is_equal_is_equal_and_a_repeat_is_not(self):
        self.send_all()
        self.assertTrue(self.judged())
        self.send("decisions", "decision", self.verdict.decisions[-1])
        self.producer.flush()
        self.assertFalse(self.judged())
        self.assertTrue(self.judged(at_least_once=True))

    def test_a_dead_letter_that_nobody_expected_is_seen(self):
        self.send_all()
        self.send_letter("requests", 0, 5)
        self.producer.flush()
        self.assertFalse(self.judged())

    def test_another_schema_id_cannot_be_read(self):
        self.producer.produce(PREFIX + "decisions", key=b"c", value=b"\0\0\0\0\x03")
        self.producer.flush()
        with self.assertRaises(RecordingError):
            self.judged()


class Alive(Broker):
    """Partition 2 of a live run: a fact that nobody can read, and two requests."""

    def setUp(self):
        super().setUp()
        self.send_all("touchpoints", "touchpoint", [touchpoint(0, "view", topic="x")])
        self.producer.produce(PREFIX + "touchpoints", value=b"?", partition=2)
        self.send_all("requests", "request", [request(1), request(2)])
        self.gate = Live(policies.parse(PERMIT_CAP), self.partitions).gate
        self.gate.partition, self.gate.next_touchpoint = 2, 2
        for offset, wish in enumerate((request(1), request(2))):
            self.gate.clock = T0 + 5
            self.gate.request(offset, wish)
        self.send_all("permitted.ads", "permitted", self.gate.permitted)

    def send_all(self, topic, name, records):
        defaults = Defaults(name)
        for record in records:
            record = dict(record, policy_hash="0" * 32)
            self.send(topic, name, defaults.resolve(record), partition=2)

    def judged(self):
        return self.told(judge_live, self.gate.policy, at_least_once=False)

    def test_what_is_right_is_equal(self):
        self.send_all("decisions", "decision", self.gate.decisions)
        self.send_letter("touchpoints", 2, 1)
        equal, told = self.judged()
        self.assertTrue(equal, told)
        self.assertIn("1 pending, 1 rejected", told)

    def test_a_dead_letter_that_is_missing_and_a_request_that_is_lost_are_seen(self):
        self.send_all("decisions", "decision", self.gate.decisions[:1])
        equal, told = self.judged()
        self.assertFalse(equal)
        self.assertIn("request 'r2' of customer 'c', offset 1: never decided", told)
        self.assertIn("dead letter ('touchpoints', 2, 1): missing", told)

    def test_decisions_of_which_nobody_knows_the_order_cannot_be_judged(self):
        self.send_all("decisions", "decision", self.gate.decisions[:1])
        self.send("decisions", "decision", self.gate.decisions[1], partition=3)
        with self.assertRaises(RecordingError):
            self.judged()


if __name__ == "__main__":
    unittest.main()
