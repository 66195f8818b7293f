# SPDX-License-Identifier: Apache-2.0
"""What stands in the topics of Kafka, read to their ends and decoded."""

import time

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

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

    @staticmethod
    def is_framed(value):
        """Whether it begins as any framed value: with a schema's id, or with its fingerprint."""
        value = value or b""
        return (value[:1] == b"\0" and len(value) >= 5) or value[:2] == b"\xc3\x01"

    def decode(self, value):
        head = b"\0" + SCHEMA_IDS[self.name].to_bytes(4, "big")
        if value is None or value[:5] != head:
            found = value and value[:5].hex()
            raise RecordingError(f"expected a {self.name} framed with {head.hex()}, found {found}")
        return self.defaults.resolve(self.datum.decode(value[5:]))


def read_topics(bootstrap, prefix, is_wanted=None):
    """topic without prefix -> its messages, by partition and offset."""
    is_wanted = is_wanted or is_output
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "touchgate-judge",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.wait.max.ms": 50,
        }
    )
    try:
        topics = consumer.list_topics(timeout=QUIET_S).topics
        places = [
            TopicPartition(name, partition, 0)
            for name, topic in topics.items()
            if name.startswith(prefix) and is_wanted(name[len(prefix) :])
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


def is_any(topic):
    return topic in STREAM_DATA or is_output(topic)


def read_to_ends(consumer, places):
    if not places:
        raise RecordingError("no topic of that prefix is there")
    consumer.assign(places)
    unfinished = {(place.topic, place.partition) for place in places}
    messages = []
    deadline = time.monotonic() + QUIET_S
    while unfinished:
        batch = consumer.consume(num_messages=1000, timeout=0.1)
        if batch:
            deadline = time.monotonic() + QUIET_S
        elif time.monotonic() > deadline:
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
    stream = headers.get("touchgate.topic", "")
    stream = stream[len(prefix) :] if stream.startswith(prefix) else stream
    value, reason = message.value(), headers.get("touchgate.reason")
    if stream in STREAM_DATA and reason not in ("undecodable", "unframed"):
        value = Framed(STREAM_DATA[stream]).decode(value)
    return {
        "stream": stream,
        "partition": int(headers.get("touchgate.partition", -1)),
        "offset": int(headers.get("touchgate.offset", -1)),
        "reason": reason,
        "value": value,
    }
