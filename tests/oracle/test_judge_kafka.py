#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The judge of a run, tested with a broker inside the client library and the oracle's own words."""

import argparse
import io
import time
import unittest

from confluent_kafka import Producer

import policy as policies
from containers import writer_of
from judge_kafka import SCHEMA_IDS, judge_topics, read_topics
from oracle import judge_records
from random_case import make_case
from recording import RecordingError, schema_json

PREFIX = "tg."
SEED = 3
START_UP_S = 30


def framed(name, record):
    out = bytearray(b"\0" + SCHEMA_IDS[name].to_bytes(4, "big"))
    writer_of(schema_json(name))(out, record)
    return bytes(out)


class Run(unittest.TestCase):
    def setUp(self):
        case = make_case(SEED)
        self.partitions = 4  # of the mock broker's topics
        policy = policies.parse(case.text)
        self.verdict = judge_records(policy, case.touchpoints, case.requests, self.partitions)
        self.producer = Producer({"test.mock.num.brokers": 1, "partitioner": "murmur2_random"})
        deadline = time.monotonic() + START_UP_S
        while not self.producer.list_topics(timeout=1).brokers and time.monotonic() < deadline:
            time.sleep(0.01)
        broker = next(iter(self.producer.list_topics(timeout=1).brokers.values()))
        self.bootstrap = f"{broker.host}:{broker.port}"

    def send(self, topic, name, record):
        record = dict(record, policy_hash="0" * 32)
        value = framed(name, record)
        self.producer.produce(PREFIX + topic, key=record["customer"].encode(), value=value)

    def send_all(self):
        for decision in self.verdict.decisions:
            self.send("decisions", "decision", decision)
        for message in self.verdict.permitted:
            self.send("permitted." + message["channel"], "permitted", message)
        self.producer.flush()

    def judged(self, at_least_once=False):
        arguments = argparse.Namespace(
            topics_prefix=PREFIX, partitions=self.partitions, at_least_once=at_least_once
        )
        out = io.StringIO()
        equal = judge_topics(self.verdict, read_topics(self.bootstrap, PREFIX), arguments, out)
        self.assertIn("judged", out.getvalue())
        return equal

    def test_what_is_equal_is_equal_and_a_repeat_is_not(self):
        self.send_all()
        self.assertTrue(self.judged())
        self.send("decisions", "decision", self.verdict.decisions[-1])
        self.producer.flush()
        self.assertFalse(self.judged())
        self.assertTrue(self.judged(at_least_once=True))

    def test_a_dead_letter_that_nobody_expected_is_seen(self):
        self.send_all()
        headers = {"stream": PREFIX + "requests", "partition": "0", "offset": "5"}
        headers["reason"] = "undecodable"
        self.producer.produce(PREFIX + "rejected", value=b"?", headers=headers)
        self.producer.flush()
        self.assertFalse(self.judged())

    def test_another_schema_id_cannot_be_read(self):
        self.producer.produce(PREFIX + "decisions", key=b"c", value=b"\0\0\0\0\x03")
        self.producer.flush()
        with self.assertRaises(RecordingError):
            self.judged()


if __name__ == "__main__":
    unittest.main()
