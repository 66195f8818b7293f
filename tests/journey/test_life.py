# SPDX-License-Identifier: Apache-2.0
"""A run that is asked to change its policy, or to leave, while it works: on the embedded broker."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOUCHGATE = os.environ.get("TOUCHGATE", str(ROOT / "build" / "touchgate"))
JOURNEY = ROOT / "deploy" / "journey"
PARTITIONS = 4

POLICY = """\
policy: {name}
rules:
  - rule: {name}-ads
    for: {{channel: ads}}
    cap: {{count: impression, at_most: {at_most}, per: 7d}}
throttles:
  - name: {name}-all
    rate: {rate}/h
    burst: 4
"""

CONFIGURATION = """\
policy: policy.yaml
clock: event
kafka:
  bootstrap.servers: 127.0.0.1:9
  group.id: touchgate
"""


def policy(name, at_most=2, rate=400):
    return POLICY.format(name=name, at_most=at_most, rate=rate)


class Life(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "run.yaml").write_text(CONFIGURATION)

    def put_policy(self, text):
        """In one step, as a careful editor does: the file is always whole."""
        fresh = self.folder / "fresh.yaml"
        fresh.write_text(text)
        fresh.rename(self.folder / "policy.yaml")

    def hash_of(self, text):
        path = self.folder / "hashed.yaml"
        path.write_text(text)
        said = subprocess.run([TOUCHGATE, "check", "--json", str(path)], stdout=subprocess.PIPE,
                              timeout=20, check=True).stdout
        return json.loads(said)["policy"]["hash"]

    def start(self, pace=500, shards=2):
        (self.folder / "out" / "decisions.jsonl").unlink(missing_ok=True)
        with open(self.folder / "log", "wb") as log:
            process = subprocess.Popen(
                [TOUCHGATE, "run", "--config", str(self.folder / "run.yaml"), "--embedded",
                 str(JOURNEY), "--partitions", str(PARTITIONS), "--output",
                 str(self.folder / "out"), "--pace", str(pace), "--log", "json",
                 "--shards", str(shards)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)

        def end():
            if process.poll() is None:
                process.kill()
            process.wait()
        self.addCleanup(end)
        return process

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def await_log(self, process, text, times=1, timeout_s=30):
        deadline = time.monotonic() + timeout_s
        while self.log().count(text) < times:
            self.assertIsNone(process.poll(), self.log()[-3000:])
            self.assertLess(time.monotonic(), deadline, f"no {text!r} in:\n{self.log()[-3000:]}")
            time.sleep(0.02)

    def start_deciding(self, **options):
        """A process that has decided something in each partition."""
        process = self.start(**options)
        self.await_everywhere(process)
        return process

    def await_everywhere(self, process, name="", timeout_s=40):
        """Until each partition has a decision, of the policy NAME if one is given."""
        deadline = time.monotonic() + timeout_s
        while not self.has_decided_everywhere(name):
            self.assertIsNone(process.poll(), self.log()[-3000:])
            self.assertLess(time.monotonic(), deadline, self.log()[-3000:])
            time.sleep(0.05)

    def has_decided_everywhere(self, name):
        path = self.folder / "out" / "decisions.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        by_name = [line for line in lines if f'"policy":"{name}' in line]
        return all(any(f'"request":{{"topic":"requests","partition":{i},' in line
                       for line in by_name) for i in range(PARTITIONS))

    def await_last(self, name, process, timeout_s=30):
        """Until the last decision is one of the policy NAME."""
        deadline = time.monotonic() + timeout_s
        path = self.folder / "out" / "decisions.jsonl"
        while f'"policy":"{name}"' not in path.read_text(encoding="utf-8")[-400:]:
            self.assertIsNone(process.poll(), self.log()[-3000:])
            self.assertLess(time.monotonic(), deadline, self.log()[-3000:])
            time.sleep(0.1)

    def decisions(self):
        with open(self.folder / "out" / "decisions.jsonl", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def hashes_by_partition(self):
        """The policies of each partition's decisions, in their order, without repeats."""
        found = {}
        for decision in self.decisions():
            row = found.setdefault(decision["request"]["partition"], [])
            if not row or row[-1] != decision["policy_hash"]:
                row.append(decision["policy_hash"])
        return found

    def leave(self, process):
        """The recording must not be over: what was asked is to meet a run at work."""
        self.assertIsNone(process.poll(), "the recording ended too early for this test")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0, self.log()[-3000:])

    def test_a_good_policy_is_taken_up_by_every_partition_and_a_bad_one_by_none(self):
        first, second = policy("first"), policy("second", at_most=1)
        bad = policy("third").replace("cap:", "cpa:")
        unknown = policy("fourth", at_most=7)  # needs more history than is kept
        self.put_policy(first)
        process = self.start_deciding()
        self.put_policy(second)
        process.send_signal(signal.SIGHUP)
        self.await_log(process, "decides now")
        for times, text in enumerate((bad, unknown), 1):
            self.put_policy(text)
            process.send_signal(signal.SIGHUP)
            self.await_log(process, "is not taken up", times)
        self.await_everywhere(process, "second")
        self.leave(process)
        hashes = [self.hash_of(first), self.hash_of(second)]
        self.assertEqual(self.hashes_by_partition(), {i: hashes for i in range(PARTITIONS)})
        log = self.log()
        self.assertIn(f"policy second with hash {hashes[1]} decides now, after hash {hashes[0]}",
                      log)
        self.assertIn('policy.yaml:5:5: unknown key \\"cpa\\"', log)
        self.assertIn("needs the latest 7 of impression", log)
        self.assertIn(f"policy second with hash {hashes[1]} goes on", log)

    def test_a_storm_of_reloads_gives_decisions_of_one_policy_each(self):
        texts = [policy("even"), policy("odd")]
        names = {self.hash_of(text): name for text, name in zip(texts, ("even", "odd"))}
        self.put_policy(texts[0])
        process = self.start_deciding()
        for i in range(100):
            self.put_policy(texts[(i + 1) % 2])
            process.send_signal(signal.SIGHUP)
            time.sleep(0.01 * (i % 4))
        self.put_policy(texts[1])
        process.send_signal(signal.SIGHUP)
        self.await_last("odd", process)
        self.leave(process)
        seen = set()
        for decision in self.decisions():
            name = names[decision["policy_hash"]]
            seen.add(name)
            self.assertEqual(decision["policy"], name)
            for reason in decision["reasons"]:
                if reason["rule"].startswith(("even", "odd")):
                    self.assertTrue(reason["rule"].startswith(name), decision)
        self.assertEqual(seen, {"even", "odd"})

    def test_one_signal_leaves_cleanly_and_a_second_at_once(self):
        self.put_policy(policy("first"))
        process = self.start_deciding(shards=1)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0, self.log()[-3000:])
        self.assertIn('"message":"summary"', self.log())
        process = self.start(shards=1)
        self.await_log(process, f"shard 0: partitions 0-{PARTITIONS - 1} came; it has")
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        self.assertIn(process.wait(5), (128 + signal.SIGTERM, 128 + signal.SIGINT))
        last = json.loads(self.log().splitlines()[-1])
        self.assertEqual(last["level"], "error")
        self.assertIn("second signal: leaving at once", last["message"])


if __name__ == "__main__":
    unittest.main()
