# SPDX-License-Identifier: Apache-2.0
"""Containers, held against python-avro in both directions."""

import os
import tempfile
import unittest

import avro.datafile
import avro.io

from random_case import make_case
from recording import RecordingError, parse_schema, read_container, schema_json, write_container


def parsed(name):
    return parse_schema(schema_json(name))


class Containers(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.directory.name, "records.avro")
        case = make_case(3)
        self.streams = (("touchpoint", case.touchpoints), ("request", case.requests))

    def tearDown(self):
        self.directory.cleanup()

    def test_what_we_write_python_avro_reads(self):
        for codec in ("null", "deflate"):
            for name, records in self.streams:
                write_container(self.path, name, records, codec)
                with open(self.path, "rb") as file:
                    reader = avro.datafile.DataFileReader(file, avro.io.DatumReader())
                    reader.datum_reader.writers_schema = parsed(name)
                    reader.datum_reader.readers_schema = parsed(name)
                    self.assertEqual(list(reader), records)

    def test_what_python_avro_writes_we_read(self):
        for codec in ("null", "deflate"):
            for name, records in self.streams:
                with open(self.path, "wb") as file:
                    writer = avro.datafile.DataFileWriter(
                        file, avro.io.DatumWriter(), parsed(name), codec=codec
                    )
                    for record in records:
                        writer.append(record)
                    writer.close()
                self.assertEqual(read_container(self.path, name), records)

    def test_a_file_cut_anywhere_but_between_blocks_is_refused(self):
        write_container(self.path, *self.streams[1])
        with open(self.path, "rb") as file:
            whole = file.read()
        for size in (0, 3, 40, len(whole) // 2, len(whole) - 1):
            with open(self.path, "wb") as file:
                file.write(whole[:size])
            with self.assertRaises(RecordingError):
                read_container(self.path, "request")


if __name__ == "__main__":
    unittest.main()
