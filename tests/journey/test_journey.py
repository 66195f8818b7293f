# SPDX-License-Identifier: Apache-2.0
"""The sample recording in deploy/journey, through the executable as a newcomer uses it."""

import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOUCHGATE = os.environ.get("TOUCHGATE", str(ROOT / "build" / "touchgate"))
JOURNEY = ROOT / "deploy" / "journey"
POLICY = JOURNEY / "policy.yaml"
JUDGE = ROOT / "tests" / "oracle" / "judge_replay.py"
SHARDS = (1, 2, 3, 8)
PARTITIONS = 4

sys.path.insert(0, str(ROOT / "tests" / "oracle"))
from recording import read_container  # noqa: E402


def moment(ms):
    """A time as people read it: 2017-10-04T00:00:00.000Z; nothing for none."""
    if ms is None:
        return ""
    at = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}Z"


def of_avro(decision):
    """What two ways of deciding must agree in, of a record in a container file."""
    return (decision["request_id"], decision["outcome"], decision["final"],
            moment(decision["time"]), moment(decision["until"]), decision["message_id"],
            [(reason["rule"], reason["counter"] or 0, moment(reason["until"]))
             for reason in decision["reasons"]])


def of_json(decision):
    """The same of a line that is written for people."""
    return (decision["request_id"], decision["outcome"], decision["final"],
            decision["time"], decision["until"] or "", decision["message_id"],
            [(reason["rule"], reason["counter"] or 0, reason["until"] or "")
             for reason in decision["reasons"]])


def contents(folder):
    """What the files of an output folder hold, by name; how long it took is left out."""
    found = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    summary = json.loads(found["summary.json"])
    for name in ("shards", "replay"):
        del summary[name]
    return {**found, "summary.json": summary}


class Journey(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def touchgate(self, *arguments):
        done = subprocess.run(
            [TOUCHGATE, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=200, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:])
        return done.stdout

    def replay(self, name, *options, policy=POLICY):
        output = self.folder / name
        self.touchgate("replay", "--policy", policy, "--output", output, *options, JOURNEY)
        return output

    def judge(self, output, *options):
        done = subprocess.run(
            [sys.executable, str(JUDGE), "--policy", str(POLICY), "--recording", str(JOURNEY),
             "--output", str(output), *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
        print(done.stdout[-2000:], end="", flush=True)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:])

    def test_a_replay_decides_every_request_once_as_the_oracle_does(self):
        self.judge(self.replay("judged"))

    def test_a_replay_writes_the_same_bytes_with_1_2_3_and_8_shards(self):
        first, *others = [contents(self.replay(f"{shards}", "--shards", shards))
                          for shards in SHARDS]
        self.assertIn("decisions.avro", first)
        for shards, other in zip(SHARDS[1:], others):
            self.assertEqual(first.keys(), other.keys())
            differing = [name for name in first if first[name] != other[name]]
            self.assertEqual(differing, [], f"1 shard and {shards} shards differ")

    def test_a_smaller_cap_permits_fewer_messages(self):
        text = POLICY.read_text()
        self.assertIn("at_most: 4, per: 30d", text)
        changed = self.folder / "policy.yaml"
        changed.write_text(text.replace("at_most: 4, per: 30d", "at_most: 1, per: 30d"))
        usual, less = self.replay("usual"), self.replay("less", policy=changed)
        ads = "permitted.ads.avro"
        self.assertLess((less / ads).stat().st_size, (usual / ads).stat().st_size)

    def test_a_run_on_the_embedded_broker_decides_as_the_replay_does(self):
        output = self.folder / "embedded"
        said = self.touchgate(
            "run", "--embedded", JOURNEY, "--config", ROOT / "deploy" / "quickstart.yaml",
            "--partitions", PARTITIONS, "--output", output, "--exit-at-end")
        print(said[-3000:], flush=True)
        lines = (output / "decisions.jsonl").read_text().splitlines()
        replayed = self.replay("replayed", "--partitions", PARTITIONS)
        self.assertEqual(
            sorted(map(of_json, map(json.loads, lines))),
            sorted(map(of_avro, read_container(replayed / "decisions.avro", "decision"))))


if __name__ == "__main__":
    unittest.main()
