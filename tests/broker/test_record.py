# SPDX-License-Identifier: Apache-2.0
"""`touchgate record`, `replay --to-kafka` and `rejected` on a real Kafka broker.

A run with `clock: event` is recorded while nobody disturbs it, replayed, and compared decision by
decision; then what must not be in a recording (what was aborted, what can't be read) is written
beside; dead letters are submitted again.
"""

import json
import pathlib
import signal
import subprocess
import sys
import time
import unittest

from confluent_kafka import Producer

from gateway import TOUCHGATE, Gateway, configuration
from same_decisions import difference, read_files
from test_run import PARTITIONS, RECORDING, RUN_TIMEOUT_S, BrokerCase
from wire import IDS, Encoder, frame

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))
from recording import parse_schema, partition_of, schema_json  # noqa: E402

POLICY = """\
policy: small
rules:
  - rule: one-ad
    for: {channel: ads}
    cap: {count: permit, at_most: 1, per: 1h}
"""
NEWER_ID = 77  # of a touchpoint schema with a field that ours has not
START_MS = 1_500_000_000_000


def newer_schema():
    schema = json.loads(json.dumps(schema_json("touchpoint")))
    schema["fields"].append({"name": "mood", "type": "string", "default": "fine"})
    return schema


class Record(BrokerCase):
    properties = ""  # the groups here have one member: nobody to wait for

    def configure(self, prefix, policy, **options):
        options.setdefault("idle", "4s")
        self.text = configuration(self.broker.bootstrap, policy, prefix, "event", **options)
        self.config = self.folder / f"{prefix}yaml"
        self.config.write_text(self.text)
        self.prefix = prefix

    def small_policy(self):
        path = self.folder / "policy.yaml"
        path.write_text(POLICY)
        return path

    def touchgate(self, *arguments, status=0):
        done = subprocess.run(
            [TOUCHGATE, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=RUN_TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def record(self, name, *arguments):
        """Records into NAME; returns the folder and what recording.json says."""
        folder = self.folder / name
        done = self.touchgate("record", "--config", self.config, "--output", folder, "--json",
                              *arguments)
        manifest = json.loads((folder / "recording.json").read_text())
        self.assertEqual(json.loads(done.stdout), manifest)
        return folder, manifest

    def replay(self, folder, policy):
        output = self.folder / f"{folder.name}-replayed"
        self.touchgate("replay", "--policy", policy, "--output", output, folder)
        return output

    def gate(self, *arguments):
        return Gateway(self.folder, f"{self.prefix}gate", self.text, *arguments)

    def run_gate(self):
        with self.gate("--exit-at-end") as gateway:
            self.assert_ended_well(gateway, gateway.wait(RUN_TIMEOUT_S))

    def transaction(self, topic, values, commit):
        producer = Producer({"bootstrap.servers": self.broker.bootstrap, "log_level": 2,
                             "transactional.id": f"{topic}-{commit}"})
        producer.init_transactions(30)
        producer.begin_transaction()
        for value in values:
            producer.produce(topic, key=b"ada", value=value, partition=0)
        producer.flush(30)
        (producer.commit_transaction if commit else producer.abort_transaction)(30)

    def letters(self, *arguments):
        done = self.touchgate("rejected", "list", "--config", self.config, "--json", *arguments)
        return [json.loads(line) for line in done.stdout.splitlines()]


    def run_live(self):
        """A gate decides while the recording is being written."""
        self.create_topics("same.")
        self.configure("same.", RECORDING / "policy.yaml", shards=2)
        with self.gate("--exit-at-end") as gateway:
            time.sleep(2)  # the group has formed
            self.touchgate("replay", "--to-kafka", "--config", self.config, "--speed", "4000000",
                           RECORDING)
            self.assert_ended_well(gateway, gateway.wait(RUN_TIMEOUT_S))

    def test_a_recorded_live_run_replays_to_the_same_decisions(self):
        self.run_live()
        folder, manifest = self.record("same", "--decisions")
        self.assertEqual(manifest["partitions"], PARTITIONS)
        self.assertEqual(manifest["run"], {
            "aborted_decisions": 0, "clock_went_back": 0, "restarts": None, "idle_ms": 4000,
            "late_after_idle": 0, "future_skew_ms": 600_000, "future": 0})
        self.assertIsNone(difference(folder, self.replay(folder, RECORDING / "policy.yaml")))
        self.assert_the_same_records(folder)
        self.assert_same_again(folder)
        self.assert_traces_of_another_run(read_files(folder, "decisions-recorded-*.avro"))
        self.assert_difference_is_seen(folder)

    def assert_the_same_records(self, folder):
        """What `replay --to-kafka` wrote is what came out of the topics."""
        for stem in ("touchpoints", "requests"):
            written = read_files(RECORDING, f"{stem}.avro")
            recorded = read_files(folder, f"{stem}-*.avro")
            self.assertEqual(len(recorded), len(written))
            for partition in range(PARTITIONS):
                self.assertEqual(*([each for each in records
                                    if partition_of(each["customer"], PARTITIONS) == partition]
                                   for records in (written, recorded)))

    def assert_same_again(self, folder):
        """The same stretch is the same bytes."""
        again, _ = self.record("again", "--decisions")
        for path in folder.glob("*.avro"):
            self.assertEqual((again / path.name).read_bytes(), path.read_bytes(), path.name)

    def assert_traces_of_another_run(self, decisions):
        """A transaction that was taken back, and a decision made once more, are told."""
        encoder = Encoder("decision")
        first = next(each for each in decisions if each["request"]["partition"] == 0)
        values = [encoder.encode(first)] * 3
        self.transaction("same.decisions", values, commit=False)
        self.transaction("same.decisions", values[:1], commit=True)
        _, manifest = self.record("traces", "--decisions", "--codec", "deflate")
        self.assertEqual(manifest["run"]["aborted_decisions"], 3)
        self.assertEqual(manifest["run"]["clock_went_back"], 1)
        self.assertEqual(manifest["decisions"]["records"], len(decisions) + 1)

    def assert_difference_is_seen(self, folder):
        """The comparison itself: another policy decides otherwise."""
        self.assertIsNotNone(difference(folder, self.replay(folder, self.small_policy())))

    def prepare(self, prefix, folder=True):
        self.schemas = self.folder / "schemas"
        self.schemas.mkdir()
        (self.schemas / f"{NEWER_ID}.avsc").write_text(json.dumps(newer_schema()))
        self.create_topics(prefix)
        self.configure(prefix, self.small_policy(), idle="1s",
                       schemas={"folder": str(self.schemas)} if folder else {})
        self.touchpoint, self.request = Encoder("touchpoint"), Encoder("request")

    def fact(self, number, newer=False):
        record = {"id": f"t{number}", "customer": "ada", "time": START_MS + number,
                  "type": "impression", "channel": "ads"}
        if not newer:
            return self.touchpoint.encode(record)
        encoder = Encoder("touchpoint")
        record = encoder.defaults.resolve(record)
        encoder.writer = type(encoder.writer)(parse_schema(newer_schema()))
        encoder.defaults = type("Whole", (), {"resolve": staticmethod(lambda each: each)})
        value = encoder.encode({**record, "mood": "curious"})
        return b"\0" + NEWER_ID.to_bytes(4, "big") + value[5:]

    def ask(self, number, channel="email"):
        return self.request.encode({"id": f"r{number}", "customer": "ada", "channel": channel,
                                    "time": START_MS + number, "kind": "promotion"})

    def test_other_schemas_and_what_cannot_be_read_are_recorded_as_they_were_written(self):
        self.prepare("odd.")
        facts = [self.fact(1), self.fact(2), self.fact(3, newer=True), self.fact(4, newer=True),
                 b"no frame at all", frame("touchpoint", b"\x02"), self.fact(5)]
        writer = self.writer().send("odd.touchpoints", [(b"ada", fact) for fact in facts])
        writer.send("odd.requests", [(b"ada", self.ask(i, "ads")) for i in range(10)]).flush()
        self.transaction("odd.requests", [self.ask(100 + i) for i in range(5)], commit=False)
        self.run_gate()
        folder, manifest = self.record("odd", "--decisions")
        self.assertEqual(sorted(path.name for path in folder.glob("*.avro")), [
            "decisions-recorded-00001.avro", "rejected.avro", "requests-00001.avro",
            "touchpoints-00001.avro", "touchpoints-00002.avro", "touchpoints-00003.avro"])
        self.assertEqual([each["id"] for each in read_files(folder, "touchpoints-*.avro")],
                         ["t1", "t2", "t3", "t4", "t5"])
        self.assertEqual(read_files(folder, "touchpoints-00002.avro")[0]["mood"], "curious")
        self.assertIn(facts[2][5:] + facts[3][5:],
                      (folder / "touchpoints-00002.avro").read_bytes())
        rejected = read_files(folder, "rejected.avro")
        self.assertEqual([(each["reason"], each["value"]) for each in rejected],
                         [("unframed", facts[4]), ("undecodable", facts[5])])
        self.assertEqual(manifest["streams"]["touchpoints"]["rejected"], 2)
        self.assertEqual(manifest["streams"]["requests"]["records"], 10)
        self.assertIsNone(difference(folder, self.replay(folder, self.small_policy())))
        self.assert_it_goes_back_to_topics(folder)

    def assert_it_goes_back_to_topics(self, folder):
        """With the schema ids it had, where its customers belong."""
        self.create_topics("back.")
        self.configure("back.", self.small_policy(), schemas={"folder": str(self.schemas)})
        self.touchgate("replay", "--to-kafka", "--config", self.config, folder)
        reader = self.reader("back.touchpoints")
        reader.read_until(lambda read: len(read.messages) >= 5, 30)
        self.assertEqual([int.from_bytes(message.value()[1:5], "big")
                          for message in reader.messages],
                         [IDS["touchpoint"]] * 2 + [NEWER_ID] * 2 + [IDS["touchpoint"]])
        self.assertEqual({message.partition() for message in reader.messages},
                         {partition_of("ada", PARTITIONS)})
        self.assertEqual({message.key() for message in reader.messages}, {b"ada"})

    def test_from_and_until_cut_by_time_and_by_what_is_committed(self):
        self.prepare("cut.")
        self.writer().send("cut.touchpoints", [(b"ada", self.fact(1))]).send(
            "cut.requests", [(b"ada", self.ask(i)) for i in range(10)]).flush()
        self.run_gate()
        time.sleep(0.1)
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
        time.sleep(1.1)
        self.writer().send("cut.requests", [(b"ada", self.ask(i)) for i in range(10, 14)]).flush()
        counts = {}
        for name, arguments in {"before": ("--until", now), "after": ("--from", now),
                                "rest": ("--from", "committed"), "all": ()}.items():
            _, manifest = self.record(name, *arguments)
            counts[name] = [manifest["streams"][stem]["records"]
                            for stem in ("touchpoints", "requests")]
        self.assertEqual(counts, {"before": [1, 10], "after": [0, 4], "rest": [1, 4],
                                  "all": [1, 14]})

    def test_what_is_written_meanwhile_is_recorded_until_a_signal_comes(self):
        self.prepare("live.")
        folder = self.folder / "live"
        self.writer().send("live.requests", [(b"ada", self.ask(0))]).flush()
        process = subprocess.Popen(
            [TOUCHGATE, "record", "--config", str(self.config), "--output", str(folder),
             "--until", "SIGINT"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        time.sleep(2)
        self.writer().send("live.requests", [(b"ada", self.ask(i)) for i in range(1, 2000)]).send(
            "live.touchpoints", [(b"ada", self.fact(2**42))]).flush()  # 139 years ahead
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=30)[1]
        self.assertEqual(process.returncode, 0, told)
        manifest = json.loads((folder / "recording.json").read_text())
        self.assertEqual([manifest["streams"][stem]["records"]
                          for stem in ("touchpoints", "requests")], [1, 2000])
        self.assertEqual(len(read_files(folder, "requests-00001.avro")), 2000)
        self.assertEqual(manifest["run"]["future"], 1)

    def test_a_signal_ends_writing_to_topics_and_what_was_written_is_told(self):
        self.prepare("slow.")
        process = subprocess.Popen(
            [TOUCHGATE, "replay", "--to-kafka", "--config", str(self.config), "--speed", "86400",
             "--json", str(RECORDING)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        time.sleep(4)  # four days
        process.send_signal(signal.SIGINT)
        said = json.loads(process.communicate(timeout=30)[0])
        self.assertEqual(process.returncode, 130)
        self.assertFalse(said["whole"])
        first = read_files(RECORDING, "touchpoints.avro")
        days = [each for each in first if each["time"] < first[0]["time"] + 5 * 86_400_000]
        self.assertTrue(0 < said["touchpoints"] <= len(days), (said, len(days)))
        _, manifest = self.record("slow")
        self.assertEqual([manifest["streams"][stem]["records"]
                          for stem in ("touchpoints", "requests")],
                         [said["touchpoints"], said["requests"]])

    def test_dead_letters_go_back_untouched_once_their_cause_is_gone(self):
        self.prepare("dead.", folder=False)
        producer = self.writer().producer
        newer = self.fact(1, newer=True)
        headers = [("trace", b"\xff\x00binary"), ("trace", b"twice"), ("empty", b"")]
        producer.produce("dead.touchpoints", key=b"ada", value=newer, headers=headers, partition=1)
        producer.produce("dead.requests", key=None, value=b"hopeless", partition=2)
        producer.flush(30)
        self.run_gate()
        letters = self.letters("--show")
        self.assertEqual(
            sorted((each["reason"], each["origin"]["topic"], each["origin"]["partition"],
                    each["origin"]["offset"], bytes.fromhex(each["value"])) for each in letters),
            [("unframed", "dead.requests", 2, 0, b"hopeless"),
             ("unknown schema", "dead.touchpoints", 1, 0, newer)])
        self.configure("dead.", self.small_policy(), idle="1s",
                       schemas={"folder": str(self.schemas)})
        self.resubmit("--reason", "unknown schema", "--dry-run")
        self.resubmit("--reason", "unknown schema")
        self.run_gate()
        self.assertEqual([each["reason"] for each in self.letters() if not each["again"]].count(
            "unknown schema"), 1, "it was read after all")
        reader = self.reader("dead.touchpoints")
        reader.read_until(lambda read: len(read.messages) >= 2, 30)
        back = reader.messages[1]
        self.assertEqual((back.partition(), back.key(), back.value(), back.headers()),
                         (1, b"ada", newer, headers + [("touchgate.resubmitted", b"1")]))
        self.assert_letters_are_as_they_came(headers)
        self.assert_loops_end()

    def assert_letters_are_as_they_came(self, headers):
        """In their topic: key, value and own headers, in front of ours."""
        reader = self.reader("dead.rejected")
        reader.read_until(lambda read: len(read.messages) >= 2, 30)
        found = {message.value(): message for message in reader.messages}
        self.assertIsNone(found[b"hopeless"].key())
        known = next(message for message in reader.messages if message.key() == b"ada")
        self.assertEqual(known.headers()[:3], headers)
        self.assertEqual({name for name, _ in known.headers()[3:]},
                         {f"touchgate.{name}" for name in ("topic", "partition", "offset",
                                                           "timestamp", "reason", "detail")})

    def resubmit(self, *arguments, status=0):
        return self.touchgate("rejected", "resubmit", "--config", self.config, *arguments,
                              status=status).stderr

    def assert_loops_end(self):
        """What is rejected again and again is refused after the third time."""
        for turn in range(1, 4):
            letter = self.hopeless(turn - 1)
            self.resubmit("--partition", letter["partition"], "--offset", letter["offset"])
            self.run_gate()
        letter = self.hopeless(3)
        place = ("--partition", letter["partition"], "--offset", letter["offset"])
        self.assertIn("refused", self.resubmit(*place, status=65))
        self.assertIn("1 dead letter submitted again", self.resubmit(*place, "--force"))
        self.resubmit("--partition", 0, "--offset", 4711, status=66)

    def hopeless(self, resubmitted):
        found = [each for each in self.letters("--reason", "unframed")
                 if each["resubmitted"] == resubmitted]
        self.assertEqual(len(found), 1, found)
        return found[0]


if __name__ == "__main__":
    unittest.main()
