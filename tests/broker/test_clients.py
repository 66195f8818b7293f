# SPDX-License-Identifier: Apache-2.0
"""Clients that nobody here wrote read what a gate writes, with the schemas of a real registry.

kcat brings the bytes, and Apache's avro makes records of them by the schema that the registry has
under the id before each; a Java consumer uses the registry's own deserialiser. Both must find what
our own reader finds: every decision and every permitted message, field by field.
"""

import atexit
import io
import json
import struct
import subprocess
import unittest

import avro.io

from crowd import Crowd
from gateway import ROOT
from kafka_topics import read_topics
from recording import Datum, parse_schema
from registry import Registry
from wire import IDS

COUNT, PER_S = 20_000, 2_000
HEAD_BYTES = 5  # Confluent's framing: a zero byte and the schema's id


def in_order(records):
    """In one order, whoever has read them; bytes as JSON can hold them."""
    return sorted(json.dumps(each, default=lambda value: value.decode("latin-1"), sort_keys=True)
                  for each in records)


class Clients(Crowd):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry()
        cls.addClassCleanup(cls.registry.stop)
        atexit.register(cls.registry.stop)

    def register_inputs(self, prefix):
        """The ids of touchpoints and requests, as their writers would get them."""
        ids = dict(IDS)
        for name in ("touchpoint", "request"):
            text = (ROOT / "schemas" / f"{name}.avsc").read_text()
            answer = self.registry.ask(f"/subjects/{prefix}{name}s-value/versions",
                                       {"schema": text})
            ids[name] = answer["id"]
        return ids

    def read_ourselves(self):
        """topic -> its records."""
        found = {}
        for topic, messages in read_topics(self.broker.bootstrap, self.prefix).items():
            datum = Datum("decision" if topic == "decisions" else "permitted")
            found[f"{self.prefix}{topic}"] = in_order(
                datum.decode(message.value()[HEAD_BYTES:]) for message in messages)
        return found

    def read_by_kcat(self, topic):
        printed = subprocess.run(
            ["kcat", "-C", "-b", self.broker.bootstrap, "-t", topic, "-o", "beginning", "-e", "-q",
             "-X", "isolation.level=read_committed", "-f", "%R%s"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=120, check=True).stdout
        stream, values = io.BytesIO(printed), []
        while head := stream.read(4):
            values.append(stream.read(struct.unpack(">i", head)[0]))
        return in_order(self.decode_with_the_registry(values))

    def decode_with_the_registry(self, values):
        readers = {}
        for value in values:
            zero, number = struct.unpack_from(">bi", value)
            self.assertEqual(zero, 0)
            if number not in readers:
                text = self.registry.ask(f"/schemas/ids/{number}")["schema"]
                readers[number] = avro.io.DatumReader(parse_schema(json.loads(text)))
            rest = io.BytesIO(value[HEAD_BYTES:])
            yield readers[number].read(avro.io.BinaryDecoder(rest))
            self.assertEqual(rest.read(), b"")

    def read_by_java(self, ours):
        """All topics that OURS names."""
        count = sum(map(len, ours.values()))
        printed = self.registry.client("consume", self.broker.bootstrap, str(count), *ours)
        found = {topic: [] for topic in ours}
        for line in printed.splitlines():
            record = json.loads(line)
            self.assertEqual(record["key"], record["value"]["customer"])
            found[record["topic"]].append(record["value"])
        return {topic: in_order(records) for topic, records in found.items()}

    def test_kcat_and_the_registrys_deserialiser_read_what_our_own_reader_reads(self):
        self.flow("read.", COUNT, PER_S, ids=self.register_inputs("read."))
        gate = self.come("a", schema_registry={"url": self.registry.url})
        self.wind_down(gate)
        ours = self.read_ourselves()
        self.say(f"{ {topic: len(records) for topic, records in ours.items()} }")
        for topic, records in ours.items():
            self.assertEqual(self.read_by_kcat(topic), records)
        self.say("kcat has read them")
        self.assertEqual(self.read_by_java(ours), ours)
        self.say("the registry's deserialiser has read them")


if __name__ == "__main__":
    unittest.main()
