# SPDX-License-Identifier: Apache-2.0
"""A run that is asked over HTTP while it plays the sample recording on the embedded broker."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from exposition import parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOUCHGATE = os.environ.get("TOUCHGATE", str(ROOT / "build" / "touchgate"))
JOURNEY = ROOT / "deploy" / "journey"
CONFIGURATION = f"""
policy: {JOURNEY / "policy.yaml"}
clock: event
kafka: {{bootstrap.servers: "127.0.0.1:9", group.id: test}}
shards: 2
http: {{ask: true}}
"""
DEADLINE_S = 60

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    text_string_to_metric_families = None


class Running(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.output = pathlib.Path(folder.name) / "output"
        self.log = pathlib.Path(folder.name) / "log"
        configuration = pathlib.Path(folder.name) / "run.yaml"
        configuration.write_text(CONFIGURATION)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [TOUCHGATE, "run", "--config", str(configuration), "--embedded", str(JOURNEY),
                 "--pace", "2500", "--partitions", "4", "--log", "json", "--output",
                 str(self.output), "--http", "127.0.0.1:0"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        self.addCleanup(self.end)
        self.address = self.await_(self.find_address)

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=DEADLINE_S)

    def await_(self, question):
        """What QUESTION answers once it is true."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            answer = question()
            if answer:
                return answer
            self.assertIsNone(self.process.poll(), self.log.read_text()[-3000:])
            time.sleep(0.05)
        self.fail("nothing came of it\n" + self.log.read_text()[-3000:])

    def find_address(self):
        match = re.search(r"HTTP on (http://[0-9.:]+)", self.log.read_text())
        return match and match.group(1)

    def ask(self, path, body=None):
        """Status and text."""
        request = urllib.request.Request(self.address + path)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def ask_patiently(self, path, body=None):
        """As who heeds Retry-After: a partition may be moving to the other shard."""
        def ask():
            status, text = self.ask(path, body)
            return None if status == 503 else (status, text)
        return self.await_(ask)

    def await_ready(self):
        self.await_(lambda: self.ask("/readyz")[0] == 200)

    def test_the_metrics_are_what_prometheus_reads_and_the_page_explains(self):
        self.await_ready()
        self.await_(lambda: "touchgate_consumer_lag_records{" in self.ask("/metrics")[1])
        status, text = self.ask("/metrics")
        self.assertEqual(status, 200)
        metrics = parse(text)
        page = (ROOT / "docs" / "metrics.md").read_text()
        self.assertEqual(set(re.findall(r"^### (\S+)$", page, re.MULTILINE)), set(metrics))
        for name, (kind, help_, _) in metrics.items():
            self.assertIn(f"### {name}\n\n**{help_}** A {kind} of ", page)
        if text_string_to_metric_families:
            families = list(text_string_to_metric_families(text))
            self.assertEqual(len(families), len(metrics))
            self.assertEqual(sum(len(family.samples) for family in families),
                             sum(len(values) for _, _, values in metrics.values()))
        if shutil.which("promtool"):
            checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            self.assertEqual((checked.returncode, checked.stdout), (0, ""))

    def test_counters_never_fall_and_come_to_what_was_decided(self):
        self.await_ready()
        before = {}
        for _ in range(20):
            now = {key: value for kind, _, values in parse(self.ask("/metrics")[1]).values()
                   if kind != "gauge" for key, value in values.items()}
            falls = [key for key, value in before.items() if now.get(key, 0) < value]
            self.assertEqual(falls, [])
            before = now
            time.sleep(0.05)
        self.assertGreater(before["touchgate_touchpoints_total", ()], 0)

    def test_what_is_decided_over_http_is_in_the_decisions_and_not_among_the_messages(self):
        self.await_ready()
        request = {"id": "asked", "customer": "somebody-new", "channel": "email",
                   "kind": "newsletter", "payload": "{}"}
        status, text = self.ask_patiently(
            "/explain?customer=somebody-new&channel=email&kind=newsletter")
        self.assertEqual(status, 200, text)
        self.assertIn("rules", json.loads(text))
        status, text = self.ask_patiently("/decide", request)
        self.assertEqual(status, 200, text)
        told = json.loads(text)
        self.assertTrue(told["final"])
        message = told.pop("message", None)
        self.assertEqual(self.process.wait(timeout=DEADLINE_S), 0, self.log.read_text()[-3000:])
        lines = (self.output / "decisions.jsonl").read_text().splitlines()
        written = [line for line in map(json.loads, lines) if line["request_id"] == "asked"]
        self.assertEqual(written, [told])
        self.assertEqual(written[0]["request"]["topic"], "http")
        self.assertEqual(message is not None, told["outcome"] == "permit")
        for path in self.output.glob("permitted*"):
            self.assertNotIn('"request_id":"asked"', path.read_text())


class Page(unittest.TestCase):
    def test_the_page_of_metrics_is_what_the_declarations_say(self):
        printed = subprocess.run([TOUCHGATE, "metrics"], stdout=subprocess.PIPE, text=True,
                                 check=True, timeout=20).stdout
        self.assertEqual((ROOT / "docs" / "metrics.md").read_text(), printed,
                         "docs/metrics.md is not current: touchgate metrics >docs/metrics.md")


class Strictness(unittest.TestCase):
    GOOD = '# HELP a_total A.\n# TYPE a_total counter\na_total{b="c\\"d"} 1\n'

    def test_what_is_right_is_read(self):
        self.assertEqual(parse(self.GOOD)["a_total"][2], {("a_total", (("b", 'c"d'),)): 1.0})

    def test_what_is_wrong_is_refused(self):
        for old, new in [("# TYPE a_total counter\n", ""), ("counter", "gauge"), (" 1\n", " x\n"),
                         (" 1\n", " -1\n"), (' 1\n', ' 1\na_total{b="c\\"d"} 2\n'),
                         ('b="c', 'b=c'), (" 1\n", " 1"), ("a_total{", "other{")]:
            self.assertIn(old, self.GOOD)
            with self.assertRaises(ValueError, msg=new):
                parse(self.GOOD.replace(old, new))


if __name__ == "__main__":
    unittest.main()
