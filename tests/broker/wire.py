# SPDX-License-Identifier: Apache-2.0
"""What a client of touchgate does: writes touchpoints and requests to Kafka, reads the answers.

Values are Avro in Confluent's framing; keys are customers, placed as Kafka's Java clients place
them; timestamps are the present. Written with Debian's clients, not with touchgate's code.
"""

import io
import pathlib
import sys
import time

import avro.io
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))
from recording import (  # noqa: E402
    Datum,
    Defaults,
    parse_schema,
    partition_of,
    read_streams,
    schema_json,
)

IDS = {"touchpoint": 1, "request": 2, "permitted": 3, "decision": 4, "rejected": 5}
CHANNELS = ("ads", "email", "push", "sms", "call", "messenger", "web", "app", "post", "store")


def topics(prefix):
    """All topics of one run, whose names begin with PREFIX."""
    names = ["touchpoints", "requests", "decisions", "rejected", "customers"]
    return [prefix + name for name in names + [f"permitted.{channel}" for channel in CHANNELS]]


def frame(name, value):
    return b"\0" + IDS[name].to_bytes(4, "big") + value


class Encoder:
    """Dictionaries, whose missing fields get their defaults, to framed records of one schema."""

    def __init__(self, name):
        self.name = name
        self.defaults = Defaults(name)
        self.writer = avro.io.DatumWriter(parse_schema(schema_json(name)))

    def encode(self, record):
        scratch = io.BytesIO()
        self.writer.write(self.defaults.resolve(record), avro.io.BinaryEncoder(scratch))
        return frame(self.name, scratch.getvalue())


def encode_recording(folder):
    """[(key, value)] of the touchpoints and of the requests of a recording."""
    return [
        [(record["customer"].encode(), encoder.encode(record)) for record in stream]
        for encoder, stream in zip((Encoder("touchpoint"), Encoder("request")),
                                   read_streams([str(folder)]))
    ]


class Writer:
    """Sends (key, value) pairs; flush() says when the broker has them all."""

    def __init__(self, bootstrap):
        self.failed = []
        self.producer = Producer({
            "bootstrap.servers": bootstrap, "partitioner": "murmur2_random",
            "enable.idempotence": True, "linger.ms": 5, "log_level": 2,
            "queue.buffering.max.messages": 1000000})

    def send(self, topic, pairs):
        for key, value in pairs:
            self.producer.produce(topic, key=key, value=value, on_delivery=self._delivered)
            self.producer.poll(0)
        return self

    def _delivered(self, error, _message):
        if error:
            self.failed.append(error)

    def flush(self):
        if self.producer.flush(60) or self.failed:
            raise KafkaException(self.failed[0] if self.failed else "not delivered in 60 s")


class Reader:
    """Everything that some topics hold, read as it comes."""

    def __init__(self, bootstrap, *names):
        self.messages = []
        self.datums = {name: Datum(name) for name in ("decision", "permitted")}
        self.consumer = Consumer({
            "bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False,
            "isolation.level": "read_committed", "fetch.wait.max.ms": 50})
        known = self.consumer.list_topics(timeout=30).topics
        self.consumer.assign([TopicPartition(name, partition, OFFSET_BEGINNING)
                              for name in names for partition in known[name].partitions])

    def close(self):
        self.consumer.close()

    def read_until(self, enough, timeout_s):
        """Reads until enough(self) is true; returns whether it became so in time."""
        deadline = time.monotonic() + timeout_s
        while not enough(self):
            if time.monotonic() > deadline:
                return False
            for message in self.consumer.consume(num_messages=10000, timeout=0.1):
                if message.error():
                    raise KafkaException(message.error())
                self.messages.append(message)
        return True

    def records(self, name):
        """The messages that are records of the schema NAME, decoded."""
        head = frame(name, b"")
        return [self.datums[name].decode(message.value()[5:]) for message in self.messages
                if message.value()[:5] == head]
