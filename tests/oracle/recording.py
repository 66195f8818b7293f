# SPDX-License-Identifier: Apache-2.0
"""Recordings: Avro container files, their two streams, and how these are split by partition."""

import functools
import glob
import json
import os

from containers import Cursor, Malformed, read_file, reader_of, write_file

SCHEMAS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "schemas")


class RecordingError(Exception):
    """A recording or an output that cannot be read."""


@functools.lru_cache(maxsize=None)
def schema_json(name):
    with open(os.path.join(SCHEMAS, name + ".avsc"), encoding="utf-8") as file:
        return json.load(file)


def plain(node):
    """The schema without logical types: times stay the integers they are."""
    if isinstance(node, dict):
        return {key: plain(value) for key, value in node.items() if key != "logicalType"}
    return [plain(item) for item in node] if isinstance(node, list) else node


def parse_schema(node):
    """For those who want to use python-avro itself."""
    import avro.schema

    return avro.schema.parse(json.dumps(plain(node)))


class Defaults:
    """Gives a record read with its writer's schema the fields and words of ours."""

    def __init__(self, name):
        self.fields = schema_json(name)["fields"]

    def resolve(self, record):
        return {field["name"]: self.value(field, record) for field in self.fields}

    @staticmethod
    def value(field, record):
        if field["name"] not in record:
            if "default" not in field:
                raise RecordingError(f"no field {field['name']!r} and no default for it")
            default = field["default"]
            return default.encode("latin-1") if field["type"] == "bytes" else default
        value = record[field["name"]]
        kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
        for kind in kinds:
            if (
                isinstance(kind, dict)
                and kind["type"] == "enum"
                and value is not None
                and value not in kind["symbols"]
            ):
                return kind["default"]
        return value


def read_container(path, name):
    """All records of a container file, as dictionaries with the fields of schemas/<name>.avsc."""
    try:
        schema, records = read_file(path)
        if schema == schema_json(name):
            return records
        defaults = Defaults(name)
        return [defaults.resolve(record) for record in records]
    except RecordingError as error:
        raise RecordingError(f"{path}: {error}") from None
    except (Malformed, ValueError, LookupError, TypeError, ArithmeticError) as error:
        raise RecordingError(f"{path}: {type(error).__name__}: {error}") from error


def write_container(path, name, records, codec="null"):
    write_file(path, schema_json(name), records, codec)


class Datum:
    """Reads single values of one schema."""

    def __init__(self, name):
        self.read = reader_of(schema_json(name))

    def decode(self, value):
        cursor = Cursor(value)
        record = self.read(cursor)
        if cursor.at != len(value):
            raise Malformed(f"{len(value) - cursor.at} bytes too many")
        return record


def read_streams(directories):
    """(touchpoints, requests): the files of each stem, by folder as given, then by name."""
    streams = []
    for name in ("touchpoint", "request"):
        paths = []
        for directory in directories:
            paths += sorted(glob.glob(os.path.join(glob.escape(directory), name + "s*.avro")))
        streams.append([record for path in paths for record in read_container(path, name)])
    if not any(streams):
        raise RecordingError(f"no records in {', '.join(directories)}")
    return streams


def murmur2(data):
    """The hash of Kafka's Java clients, as a signed 32-bit integer."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = h * m & mask ^ k
    if whole < len(data):
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    h ^= h >> 15
    return h - (1 << 32) if h >> 31 else h


def partition_of(customer, partitions):
    return (murmur2(customer.encode()) & 0x7FFFFFFF) % partitions


def split(stream, records, partitions):
    """(per partition its (offset, record) pairs, the dead letters: records without a customer)."""
    parts = [[] for _ in range(partitions)]
    rejected = []
    for record in records:
        if record["customer"] == "":
            letter = {"stream": stream, "partition": -1, "offset": len(rejected)}
            rejected.append(dict(letter, time=record["time"], reason="no customer", value=record))
        else:
            part = parts[partition_of(record["customer"], partitions)]
            part.append((len(part), record))
    return parts, rejected
