#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges what `touchgate run` wrote to Kafka, of a recording read with `clock: event`.

Reads the topics decisions, permitted.<channel> and rejected to their ends (read_committed). Exit
status: 0 if all is equal, 1 if anything differs, 2 if something could not be read.
"""

import argparse
import sys

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

import policy as policies
from comparing import (
    Report,
    by_channel,
    compare_decisions,
    compare_order,
    compare_permitted,
    compare_rejected,
    decision_key,
    judged_line,
    message_key,
)
from oracle import judge
from recording import Datum, Defaults, RecordingError

SCHEMA_IDS = {"touchpoint": 1, "request": 2, "permitted": 3, "decision": 4, "rejected": 5}
STREAM_DATA = {"touchpoints": "touchpoint", "requests": "request"}
QUIET_S = 30.0


class Framed:
    """Reads Confluent-framed values of one schema."""

    def __init__(self, name):
        self.name = name
        self.datum = Datum(name)
        self.defaults = Defaults(name)

    def decode(self, value):
        head = b"\0" + SCHEMA_IDS[self.name].to_bytes(4, "big")
        if value is None or value[:5] != head:
            found = value and value[:5].hex()
            raise RecordingError(f"expected a {self.name} framed with {head.hex()}, found {found}")
        return self.defaults.resolve(self.datum.decode(value[5:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bootstrap", required=True, metavar="HOST:PORT")
    parser.add_argument("--policy", required=True)
    parser.add_argument("--recording", required=True, action="append", metavar="DIR")
    parser.add_argument(
        "--partitions", type=int, required=True, help="of the topics of touchpoints and requests"
    )
    parser.add_argument("--topics-prefix", default="", help="before each topic's name")
    parser.add_argument("--at-least-once", action="store_true", help="tolerate identical doubles")
    arguments = parser.parse_args()
    try:
        verdict = judge(policies.load(arguments.policy), arguments.recording, arguments.partitions)
        written = read_topics(arguments.bootstrap, arguments.topics_prefix)
        equal = judge_topics(verdict, written, arguments, sys.stdout)
    except (RecordingError, policies.PolicyError, OSError, KafkaException) as error:
        print(f"judge_kafka: {error}", file=sys.stderr)
        return 2
    return 0 if equal else 1


def read_topics(bootstrap, prefix):
    """topic without prefix -> its messages, by partition and offset."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "touchgate-judge",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
        }
    )
    try:
        topics = consumer.list_topics(timeout=QUIET_S).topics
        places = [
            TopicPartition(name, partition, 0)
            for name, topic in topics.items()
            if name.startswith(prefix) and is_output(name[len(prefix) :])
            for partition in topic.partitions
        ]
        messages = read_to_ends(consumer, places)
    finally:
        consumer.close()
    messages.sort(key=lambda message: (message.topic(), message.partition(), message.offset()))
    written = {}
    for message in messages:
        written.setdefault(message.topic()[len(prefix) :], []).append(message)
    return written


def is_output(topic):
    return topic in ("decisions", "rejected") or topic.startswith("permitted.")


def read_to_ends(consumer, places):
    if not places:
        raise RecordingError("none of the topics decisions, permitted.<channel>, rejected is there")
    consumer.assign(places)
    unfinished = {(place.topic, place.partition) for place in places}
    messages = []
    while unfinished:
        batch = consumer.consume(num_messages=1000, timeout=1.0) or consumer.consume(
            timeout=QUIET_S
        )
        if not batch:
            raise RecordingError(
                f"no answer for {QUIET_S:.0f} s; not read to the end: {sorted(unfinished)}"
            )
        for message in batch:
            if message.error() is None:
                messages.append(message)
            elif message.error().code() == KafkaError._PARTITION_EOF:
                unfinished.discard((message.topic(), message.partition()))
            else:
                raise KafkaException(message.error())
    return messages


def judge_topics(verdict, written, arguments, out):
    report = Report(out)
    prefix, doubles = arguments.topics_prefix, arguments.at_least_once
    decisions = decode_keyed(report, "decision", written.get("decisions", []))
    for decision in decisions:
        strip_prefix(decision, prefix)
    compare_decisions(report, verdict.decisions, decisions, doubles)
    for partition in range(arguments.partitions):
        compare_order(
            report,
            f"decisions of partition {partition}",
            [decision_key(d) for d in verdict.decisions if d["request"]["partition"] == partition],
            [decision_key(d) for d in decisions if d["request"]["partition"] == partition],
        )
    expected = by_channel(verdict.permitted)
    topics = {
        topic[len("permitted.") :]: topic for topic in written if topic.startswith("permitted.")
    }
    for channel in sorted(set(expected) | set(topics)):
        messages = decode_keyed(report, "permitted", written.get(topics.get(channel), []))
        compare_permitted(report, channel, expected.get(channel, []), messages, doubles)
        judge_permitted_order(report, channel, expected.get(channel, []), messages, decisions)
    letters = [dead_letter(message, prefix) for message in written.get("rejected", [])]
    compare_rejected(
        report,
        [{k: v for k, v in letter.items() if k != "time"} for letter in verdict.rejected],
        letters,
    )
    return report.close(judged_line(verdict))


def judge_permitted_order(report, channel, oracle, messages, decisions):
    """Messages of one partition keep the order of its decisions."""
    partitions = {
        d["message_id"]: d["request"]["partition"] for d in decisions if d["message_id"] is not None
    }
    for partition in sorted(set(partitions.values())):
        ours = [message_key(m) for m in oracle if partitions.get(m["message_id"]) == partition]
        theirs = [message_key(m) for m in messages if partitions.get(m["message_id"]) == partition]
        compare_order(report, f"permitted.{channel} of partition {partition}", ours, theirs)


def decode_keyed(report, name, messages):
    """The records, whose Kafka key must be their customer."""
    framed = Framed(name)
    records = []
    for message in messages:
        try:
            record = framed.decode(message.value())
        except Exception as error:  # python3-avro raises of every kind
            place = f"{message.topic()} {message.partition()}/{message.offset()}"
            raise RecordingError(f"{place}: {type(error).__name__}: {error}") from error
        if message.key() != record["customer"].encode():
            report.mismatch(
                f"{message.topic()}: key of {record['request_id']!r}",
                record["customer"],
                message.key(),
            )
        records.append(record)
    return records


def strip_prefix(decision, prefix):
    for place in [decision["request"], *decision["positions"]]:
        if place["topic"].startswith(prefix):
            place["topic"] = place["topic"][len(prefix) :]


def dead_letter(message, prefix):
    """A dead letter is the raw record; where and why stand in its headers."""
    headers = {name: (value or b"").decode() for name, value in message.headers() or []}
    stream = headers.get("stream", "")
    stream = stream[len(prefix) :] if stream.startswith(prefix) else stream
    value = message.value()
    if stream in STREAM_DATA and headers.get("reason") != "undecodable":
        value = Framed(STREAM_DATA[stream]).decode(value)
    return {
        "stream": stream,
        "partition": int(headers.get("partition", -1)),
        "offset": int(headers.get("offset", -1)),
        "reason": headers.get("reason"),
        "value": value,
    }


if __name__ == "__main__":
    sys.exit(main())
