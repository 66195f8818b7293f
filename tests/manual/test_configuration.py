# SPDX-License-Identifier: Apache-2.0
"""docs/configuration.md has the keys that `touchgate run` reads, all of them and no others, as
they are declared."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOUCHGATE = pathlib.Path(os.environ.get("TOUCHGATE", str(ROOT / "build" / "touchgate")))
PAGE = (ROOT / "docs" / "configuration.md").read_text()
NEEDED = {"policy": "p.yaml", "kafka": {"bootstrap.servers": "127.0.0.1:9092", "group.id": "g"}}
POLICY = "policy: p\nrules: []\n"
UNKNOWN = "qqqqqqqqqqqq"  # near no key

ROWS = dict(re.findall(r"^\| `([a-z_.]+)` \| (?:`([^`]*)`|[^|`]*) \|", PAGE, re.MULTILINE))


def nested(path, value, root):
    """Puts VALUE under the dotted PATH of ROOT: no key of the tables has a dot in itself."""
    *folders, last = path.split(".")
    for name in folders:
        root = root.setdefault(name, {})
    root[last] = value


class Configuration(unittest.TestCase):
    def check(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "touchgate.yaml"
            path.write_text(text)
            for name in ("p.yaml", "policy.yaml"):
                path.with_name(name).write_text(POLICY)
            done = subprocess.run([TOUCHGATE, "check", "--json", "--config", str(path)],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                  env={}, timeout=30, check=False)
            return json.loads(done.stdout)

    def mistakes(self, text):
        return [one for one in self.check(text)["mistakes"] if one["severity"] == "error"]

    def keys_of(self, section):
        """The keys that the reader of SECTION knows, as it lists them; "" is the whole file."""
        tree = json.loads(json.dumps(NEEDED))
        nested(f"{section}.{UNKNOWN}" if section else UNKNOWN, 1, tree)
        advice, = [one["advice"] for one in self.mistakes(json.dumps(tree))
                   if UNKNOWN in one["message"]]
        self.assertNotIn("...", advice)
        known = re.fullmatch("known keys: (.*)", advice).group(1).split(", ")
        return {f"{section}.{key}" if section else key for key in known}

    def known_keys(self):
        """All of them, those of mappings by their paths; kafka's are librdkafka's."""
        found, sections = set(), [""]
        mappings = {path.rpartition(".")[0] for path in ROWS} | {"kafka"}
        mappings |= {path.rpartition(".")[0] for path in mappings}
        while sections:
            for key in self.keys_of(sections.pop()):
                if key in mappings and key != "kafka":
                    sections.append(key)
                elif key != "kafka":
                    found.add(key)
        return found

    def test_the_tables_are_what_the_declarations_say(self):
        printed = subprocess.run([TOUCHGATE, "settings"], stdout=subprocess.PIPE, text=True,
                                 timeout=30, check=True).stdout
        tables = re.compile(r"^## (.*)\n(?:[^#|\n].*\n|\n)*((?:\|.*\n)+)", re.MULTILINE)
        self.assertEqual(tables.findall(PAGE), tables.findall(printed))
        self.assertEqual(PAGE.count("\n|"), printed.count("\n|"))

    def test_the_page_has_every_key_and_no_other(self):
        self.assertEqual(set(ROWS), self.known_keys())

    def test_each_default_is_a_value_that_may_be_written(self):
        for path, default in ROWS.items():
            if not default or path.startswith("schema_registry"):
                continue
            with self.subTest(path):
                tree = json.loads(json.dumps(NEEDED))
                nested(path, "@", tree)
                self.assertEqual(self.mistakes(json.dumps(tree).replace('"@"', f" {default}\n")),
                                 [])

    def test_the_examples_are_configurations(self):
        examples = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
        self.assertGreaterEqual(len(examples), 2)
        for example in examples:
            self.assertEqual(self.mistakes(example), [], example)

    def test_variables_are_named_and_not_looked_up(self):
        larger = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
        self.assertEqual(self.check(larger)["environment"], [
            {"name": "BROKERS", "optional": False}, {"name": "REGION", "optional": True},
            {"name": "HOSTNAME", "optional": False}])


if __name__ == "__main__":
    unittest.main()
