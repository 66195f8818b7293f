# SPDX-License-Identifier: Apache-2.0
"""Avro data and container files, quickly: a schema becomes nested functions.

Says the same as python-avro, which test_containers.py compares it with, in a fraction of the time:
judging thousands of cases is reading and writing above all.
"""

import json
import os
import struct
import zlib

MAGIC = b"Obj\x01"
SYNC_BYTES = 16
META = {"type": "map", "values": "bytes"}


class Malformed(Exception):
    """Bytes that are not what the schema says."""


class Cursor:
    """A place in some bytes."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, count):
        start, self.at = self.at, self.at + count
        if count < 0 or self.at > len(self.data):
            raise Malformed(f"{count} bytes wanted at {start} of {len(self.data)}")
        return self.data[start : self.at]


def read_long(cursor):
    data, at = cursor.data, cursor.at
    byte = data[at]
    value, shift = byte & 0x7F, 7
    while byte & 0x80:
        at += 1
        byte = data[at]
        value |= (byte & 0x7F) << shift
        shift += 7
    cursor.at = at + 1
    return (value >> 1) ^ -(value & 1)


def write_long(out, value):
    value = (value << 1) ^ (value >> 63)
    while value & ~0x7F:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)


def read_bytes(cursor):
    return cursor.take(read_long(cursor))


def write_bytes(out, value):
    write_long(out, len(value))
    out += value


def read_boolean(cursor):
    return cursor.take(1) == b"\1"


READERS = {
    "null": lambda cursor: None,
    "boolean": read_boolean,
    "int": read_long,
    "long": read_long,
    "float": lambda cursor: struct.unpack("<f", cursor.take(4))[0],
    "double": lambda cursor: struct.unpack("<d", cursor.take(8))[0],
    "bytes": read_bytes,
    "string": lambda cursor: read_bytes(cursor).decode(),
}
WRITERS = {
    "null": lambda out, value: None,
    "boolean": lambda out, value: out.append(bool(value)),
    "int": write_long,
    "long": write_long,
    "float": lambda out, value: out.extend(struct.pack("<f", value)),
    "double": lambda out, value: out.extend(struct.pack("<d", value)),
    "bytes": write_bytes,
    "string": lambda out, value: write_bytes(out, value.encode()),
}


def reader_of(schema, known=None):
    """A function from a cursor to the value there."""
    known = {} if known is None else known
    if isinstance(schema, list):
        branches = [reader_of(branch, known) for branch in schema]
        return lambda cursor: branches[read_long(cursor)](cursor)
    if isinstance(schema, str):
        return READERS.get(schema) or known[schema.rpartition(".")[2]]
    kind = schema["type"]
    if kind == "record":
        fields = []
        known[schema["name"]] = lambda cursor: {name: read(cursor) for name, read in fields}
        fields += [(field["name"], reader_of(field["type"], known)) for field in schema["fields"]]
        return known[schema["name"]]
    if kind == "enum":
        symbols = schema["symbols"]
        known[schema["name"]] = lambda cursor: symbols[read_long(cursor)]
        return known[schema["name"]]
    if kind == "fixed":
        known[schema["name"]] = lambda cursor: cursor.take(schema["size"])
        return known[schema["name"]]
    if kind == "array":
        return array_reader(reader_of(schema["items"], known))
    if kind == "map":
        value = reader_of(schema["values"], known)
        pairs = array_reader(lambda cursor: (READERS["string"](cursor), value(cursor)))
        return lambda cursor: dict(pairs(cursor))
    return reader_of(kind, known)


def array_reader(item):
    def read(cursor):
        items = []
        while count := read_long(cursor):
            if count < 0:  # its size in bytes comes first
                count = -count
                read_long(cursor)
            items += [item(cursor) for _ in range(count)]
        return items

    return read


def writer_of(schema, known=None):
    """A function that appends a value to a bytearray."""
    known = {} if known is None else known
    if isinstance(schema, list):
        return optional_writer(schema, known)
    if isinstance(schema, str):
        return WRITERS.get(schema) or known[schema.rpartition(".")[2]]
    kind = schema["type"]
    if kind == "record":
        fields = []
        known[schema["name"]] = lambda out, value: [
            write(out, value[name] if name in value else defaults[name]) for name, write in fields
        ]
        defaults = {
            field["name"]: field["default"] for field in schema["fields"] if "default" in field
        }
        fields += [(field["name"], writer_of(field["type"], known)) for field in schema["fields"]]
        return known[schema["name"]]
    if kind == "enum":
        ordinals = {symbol: i for i, symbol in enumerate(schema["symbols"])}
        known[schema["name"]] = lambda out, value: write_long(out, ordinals[value])
        return known[schema["name"]]
    if kind == "array":
        return array_writer(writer_of(schema["items"], known))
    if kind == "map":
        value = writer_of(schema["values"], known)
        pair = lambda out, item: (WRITERS["string"](out, item[0]), value(out, item[1]))
        return lambda out, values, write=array_writer(pair): write(out, list(values.items()))
    return writer_of(kind, known)


def optional_writer(schema, known):
    """Of the unions, only those of null and one other are written."""
    null = schema.index("null")
    other = 1 - null
    write_other = writer_of(schema[other], known)

    def write(out, value):
        if value is None:
            write_long(out, null)
        else:
            write_long(out, other)
            write_other(out, value)

    return write


def array_writer(item):
    def write(out, items):
        if items:
            write_long(out, len(items))
            for value in items:
                item(out, value)
        out.append(0)

    return write


def read_file(path):
    """(the writer's schema, the records as it says)."""
    with open(path, "rb") as file:
        cursor = Cursor(file.read())
    if cursor.take(len(MAGIC)) != MAGIC:
        raise Malformed("not a container file")
    meta = reader_of(META)(cursor)
    sync = cursor.take(SYNC_BYTES)
    schema = json.loads(meta["avro.schema"])
    read = reader_of(schema)
    records = []
    while cursor.at < len(cursor.data):
        count = read_long(cursor)
        block = Cursor(decompress(meta.get("avro.codec", b"null").decode(), read_bytes(cursor)))
        records += [read(block) for _ in range(count)]
        if block.at != len(block.data) or cursor.take(SYNC_BYTES) != sync:
            raise Malformed(f"a block does not end where it should, before {cursor.at}")
    return schema, records


def write_file(path, schema, records, codec):
    out = bytearray()
    write = writer_of(schema)
    for record in records:
        write(out, record)
    data = compress(codec, bytes(out))
    meta = {"avro.schema": json.dumps(schema).encode(), "avro.codec": codec.encode()}
    sync = os.urandom(SYNC_BYTES)
    container = bytearray(MAGIC)
    writer_of(META)(container, meta)
    container += sync
    if records:
        write_long(container, len(records))
        write_bytes(container, data)
        container += sync
    with open(path, "wb") as file:
        file.write(container)


def decompress(codec, data):
    if codec == "deflate":
        try:
            return zlib.decompress(data, -15)
        except zlib.error as error:
            raise Malformed(str(error)) from None
    if codec == "snappy":
        import snappy  # only where it is needed

        return snappy.decompress(data[:-4])  # before its checksum
    if codec != "null":
        raise Malformed(f"codec {codec!r}")
    return data


def compress(codec, data):
    if codec == "deflate":
        deflate = zlib.compressobj(wbits=-15)
        return deflate.compress(data) + deflate.flush()
    return data
