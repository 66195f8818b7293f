# SPDX-License-Identifier: Apache-2.0
"""The schemas are Avro to another implementation too, and say what every field is for."""

import json
import pathlib
import unittest

import avro.errors
import avro.schema

from tree import ROOT, TreeCase, files


def described(schema, where):
    """The records, enums and fields below SCHEMA that have no doc."""
    if isinstance(schema, list):
        return sum((described(each, where) for each in schema), [])
    if not isinstance(schema, dict):
        return []
    found = []
    if schema["type"] in ("record", "enum"):
        where = f"{where}: {schema['name']}"
        if not schema.get("doc", "").strip():
            found.append(f"{where} has no doc")
    for field in schema.get("fields", []):
        if not field.get("doc", "").strip():
            found.append(f"{where}.{field['name']} has no doc")
        found += described(field["type"], where)
    for inner in ("type", "items", "values"):
        if isinstance(schema.get(inner), (dict, list)):
            found += described(schema[inner], where)
    return found


def definitions(schema, found):
    """Collects every named type below SCHEMA, its docs and defaults included."""
    if isinstance(schema, list):
        for each in schema:
            definitions(each, found)
    elif isinstance(schema, dict):
        if "name" in schema and schema.get("type") in ("record", "enum", "fixed"):
            found.append((schema["name"], json.dumps(schema, sort_keys=True)))
        for inner in (*schema.get("fields", []), schema.get("items"), schema.get("values")):
            definitions(inner, found)
        if isinstance(schema.get("type"), (dict, list)):
            definitions(schema["type"], found)


def violations(root):
    found, types = [], []
    for path in files(pathlib.Path(root) / "schemas", ".avsc"):
        text = path.read_text()
        try:
            avro.schema.parse(text)
        except (avro.errors.AvroException, ValueError) as error:
            found.append(f"{path}: {error}")
            continue
        found += described(json.loads(text), path)
        definitions(json.loads(text), types)
    for name in sorted({name for name, _ in types}):
        if len({text for each, text in types if each == name}) > 1:
            found.append(f"{root}/schemas: {name} is defined in more than one way")
    return found


class Schemas(TreeCase):
    def test_there_are_five_schemas(self):
        stems = [path.stem for path in files(ROOT / "schemas", ".avsc")]
        self.assertEqual(stems, ["decision", "permitted", "rejected", "request", "touchpoint"])

    def test_every_schema_parses_every_field_has_a_doc_and_shared_types_agree(self):
        self.assert_none(violations(ROOT))

    def test_a_schema_that_does_not_parse_is_found(self):
        self.plant("schemas/a.avsc", '{"type": "record", "name": "A"}')
        self.assertEqual(len(violations(self.root)), 1)

    def test_a_field_without_a_doc_is_found_at_any_depth(self):
        inner = {"type": "record", "name": "In", "doc": "d",
                 "fields": [{"name": "x", "type": "int"}]}
        schema = {"type": "record", "name": "Out", "doc": "d",
                  "fields": [{"name": "in", "type": ["null", {"type": "array", "items": inner}],
                              "doc": "d"}]}
        self.plant("schemas/a.avsc", json.dumps(schema))
        self.assert_one(violations(self.root), "In.x has no doc")

    def test_a_type_that_two_schemas_define_differently_is_found(self):
        for name, symbol in (("a", "x"), ("b", "y")):
            kind = {"type": "enum", "name": "Kind", "doc": "d", "symbols": [symbol]}
            schema = {"type": "record", "name": name.upper(), "doc": "d",
                      "fields": [{"name": "kind", "type": kind, "doc": "d"}]}
            self.plant(f"schemas/{name}.avsc", json.dumps(schema))
        self.assert_one(violations(self.root), "Kind is defined in more than one way")


if __name__ == "__main__":
    unittest.main()
