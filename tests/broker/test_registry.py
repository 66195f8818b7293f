# SPDX-License-Identifier: Apache-2.0
"""`touchgate run` with a real Schema Registry, on a real Kafka broker.

Touchpoints and requests are written by the registry's own Avro serialiser (Java), decisions and
permitted messages read back by its deserialiser; in between stands what can happen to a registry:
passwords, certificates, being away at the start and later, schemas that change.
"""

import atexit
import base64
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from broker import Broker
from gateway import ROOT, TOUCHGATE, Gateway, configuration
from registry import Gatekeeper, Registry, make_certificates
from wire import Reader, Writer, topics

sys.path.insert(0, str(ROOT / "tests" / "oracle"))
from containers import read_file  # noqa: E402

PARTITIONS = 2
POLICY = """\
policy: registered
rules:
  - rule: one-ad
    for: {channel: ads}
    cap: {count: permit, at_most: 1, per: 1h}
  - rule: seen-and-not-bought
    for: {kind: retarget}
    retarget: {after: [view], within: 30d, each: subject, until: purchase}
"""


def now_ms():
    return time.time_ns() // 1_000_000


def touchpoint(customer, kind, **fields):
    return {"id": f"{customer}-{kind}", "customer": customer, "time": now_ms(), "type": kind,
            **fields}


def request(name, customer, kind="promotion", **fields):
    return {"id": name, "customer": customer, "time": now_ms(), "channel": "ads", "kind": kind,
            **fields}


class Registered(unittest.TestCase):
    """Each test has its own topics, told apart by a prefix."""

    @classmethod
    def setUpClass(cls):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        cls.broker = Broker.start()
        cls.addClassCleanup(cls.broker.stop)
        atexit.register(cls.broker.stop)  # unittest skips its cleanups when it is interrupted
        cls.registry = Registry()
        cls.addClassCleanup(cls.registry.stop)
        atexit.register(cls.registry.stop)
        print(f"\nKafka on {cls.broker.bootstrap}, registry on {cls.registry.url}", flush=True)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.policy = self.folder / "policy.yaml"
        self.policy.write_text(POLICY)

    def gateway(self, prefix, url=None, **section):
        text = configuration(self.broker.bootstrap, self.policy, prefix, "wall",
                             schema_registry={"url": url or self.registry.url, **section})
        return Gateway(self.folder, f"{prefix}gate", text)

    def gatekeeper(self, **options):
        keeper = Gatekeeper(self.registry, **options)
        self.addCleanup(keeper.stop)
        return keeper

    def reader(self, *names):
        reader = Reader(self.broker.bootstrap, *names)
        self.addCleanup(reader.close)
        return reader

    def send(self, topic, records, schema=None):
        """Writes RECORDS with the registry's own serialiser, which registers their schema."""
        name = "request" if topic.endswith("requests") else "touchpoint"
        self.registry.client("produce", self.broker.bootstrap, topic,
                             str(schema or ROOT / "schemas" / f"{name}.avsc"),
                             lines="".join(json.dumps(each) + "\n" for each in records))

    def read_back(self, count, *names):
        """What the registry's own deserialiser makes of the topics: {topic: [record]}."""
        found = {name: [] for name in names}
        printed = self.registry.client("consume", self.broker.bootstrap, str(count), *names)
        for line in printed.splitlines():
            record = json.loads(line)
            self.assertEqual(record["key"], record["value"]["customer"])
            found[record["topic"]].append(record["value"])
        return found

    def wait_for(self, gateway, reader, count, timeout_s=40):
        self.assertTrue(reader.read_until(lambda read: len(read.messages) >= count, timeout_s),
                        f"{len(reader.messages)} of {count} messages; the log:\n{gateway.log()}")

    def assert_ends_well(self, gateway):
        self.assertEqual(gateway.stop(), 0, gateway.log())

    def schema_with(self, stem, **field):
        """The shipped schema STEM with one more field, in a file."""
        schema = json.loads((ROOT / "schemas" / f"{stem}.avsc").read_text())
        schema["fields"].insert(1, field)
        path = self.folder / f"{stem}.avsc"
        path.write_text(json.dumps(schema))
        return path

    def test_records_of_the_registrys_own_serialiser_come_back_through_its_deserialiser(self):
        self.broker.create_topics(topics("own."), PARTITIONS)
        self.send("own.touchpoints", [touchpoint("bea", "view", subject="shoes"),
                                      touchpoint("eve", "erasure")])
        newer = self.schema_with("touchpoint", name="device", type=["null", "string"],
                                 default=None)
        self.send("own.touchpoints",
                  [touchpoint("cem", "view", subject="shoes", device="phone"),
                   touchpoint("cem", "purchase", subject="shoes", device="phone")], newer)
        reader = self.reader("own.decisions", "own.permitted.ads")
        with self.gateway("own.", auto_register=True) as gateway:
            self.send("own.requests",
                      [request("first", "ada"), request("second", "ada"),
                       request("seen", "bea", "retarget", subject="shoes"),
                       request("bought", "cem", "retarget", subject="shoes")])
            self.wait_for(gateway, reader, 6)
            self.assert_ends_well(gateway)
        found = self.read_back(6, "own.decisions", "own.permitted.ads")
        outcomes = {each["request_id"]: each["outcome"] for each in found["own.decisions"]}
        self.assertEqual(outcomes, {"first": "permit", "second": "defer", "seen": "permit",
                                    "bought": "deny"})
        self.assertEqual(sorted(each["request_id"] for each in found["own.permitted.ads"]),
                         ["first", "seen"])
        lasting = self.reader("own.customers")
        self.assertTrue(lasting.read_until(lambda read: read.messages, 20))
        self.assert_ids_are_the_registrys(reader.messages + lasting.messages, "own.")

    def assert_ids_are_the_registrys(self, messages, prefix):
        for topic, name in (("decisions", "decision"), ("permitted.ads", "permitted"),
                            ("customers", "touchpoint")):
            version = self.registry.ask(f"/subjects/{prefix}{topic}-value/versions/latest")
            self.assertEqual(json.loads(version["schema"]),
                             json.loads((ROOT / "schemas" / f"{name}.avsc").read_text()))
            heads = {message.value()[:5] for message in messages
                     if message.topic() == prefix + topic}
            self.assertEqual(heads, {b"\0" + version["id"].to_bytes(4, "big")}, topic)

    def test_an_id_that_nobody_registered_is_a_dead_letter_and_asked_for_once(self):
        self.broker.create_topics(topics("bogus."), PARTITIONS)
        keeper = self.gatekeeper().start()
        letters = self.reader("bogus.rejected")
        answers = self.reader("bogus.decisions")
        bogus = [(b"eve", b"\0\0\1\2\3" + bytes([i])) for i in range(200)]
        with self.gateway("bogus.", keeper.url) as gateway:
            Writer(self.broker.bootstrap).send("bogus.requests", bogus).flush()
            self.send("bogus.requests", [request("good", "eve")])
            self.wait_for(gateway, letters, len(bogus))
            self.wait_for(gateway, answers, 1)
            self.assert_ends_well(gateway)
        self.assertEqual(keeper.paths.count("/schemas/ids/66051"), 1)
        self.assertEqual([message.value() for message in letters.messages],
                         [value for _, value in bogus])
        headers = dict(letters.messages[0].headers())
        self.assertEqual(headers["touchgate.reason"], b"unknown schema")
        self.assertIn(b"66051", headers["touchgate.detail"])

    def test_password_and_certificates_open_a_guarded_registry(self):
        self.broker.create_topics(topics("tls."), PARTITIONS)
        certificates = make_certificates(self.folder)
        (self.folder / "password").write_text("open sesame\n")
        known = "Basic " + base64.b64encode(b"ali:open sesame").decode()
        keeper = self.gatekeeper(authorization=known, certificates=certificates).start()
        reader = self.reader("tls.decisions")
        section = {
            "ca_file": "ca.pem", "basic_auth": {"user": "ali", "password_file": "password"},
            "client_certificate": {"file": "client.pem", "key_file": "client.key"}}
        nobody = "https://127.0.0.1:1"
        with self.gateway("tls.", f"{nobody},{keeper.url}", **section) as gateway:
            self.send("tls.requests", [request("one", "ada")])
            self.wait_for(gateway, reader, 1)
            self.assert_ends_well(gateway)
            self.assertNotIn("sesame", gateway.log())
        (self.folder / "password").write_text("open barley\n")
        self.assert_refused(self.gateway("tls.", keeper.url, **section), 77, "basic_auth")
        section.pop("ca_file")
        self.assert_refused(self.gateway("tls.", keeper.url, **section), 77, "ca_file")

    def assert_refused(self, started, status, text):
        with started as gateway:
            self.assertEqual(gateway.wait(60), status, gateway.log())
            self.assertIn(text, gateway.log())

    def test_a_registry_that_is_away_is_waited_for_at_the_start_and_not_missed_later(self):
        self.broker.create_topics(topics("away."), PARTITIONS)
        keeper = self.gatekeeper()
        reader = self.reader("away.decisions", "away.rejected")
        with self.gateway("away.", keeper.url, record_wait_max="2s") as gateway:
            gateway.wait_for_log("trying on for at most 1m")
            keeper.start()
            self.send("away.requests", [request("known", "ada")])
            self.wait_for(gateway, reader, 1)
            keeper.stop()
            self.send("away.requests", [request("still-known", "bea")])
            self.wait_for(gateway, reader, 2)
            newer = self.schema_with("request", name="device", type="string", default="none")
            self.send("away.requests", [request("lost", "ada", device="tv")], newer)
            self.wait_for(gateway, reader, 3)
            self.assert_ends_well(gateway)
        self.assertEqual([message.topic() for message in reader.messages],
                         ["away.decisions", "away.decisions", "away.rejected"])
        headers = dict(reader.messages[-1].headers())
        self.assertEqual(headers["touchgate.reason"], b"unknown schema")
        self.assertIn(b"connect", headers["touchgate.detail"])
        self.assert_refused(self.gateway("away.", keeper.url, start_wait_max="1s"), 69, "connect")

    def touchgate(self, command, prefix, *arguments):
        """Runs `touchgate COMMAND` on the topics of PREFIX."""
        path = self.folder / f"{prefix}{command}.yaml"
        path.write_text(configuration(self.broker.bootstrap, self.policy, prefix, "event",
                                      schema_registry={"url": self.registry.url}))
        done = subprocess.run(
            [TOUCHGATE, command, *arguments, "--config", str(path)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=90, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_what_its_serialiser_wrote_is_recorded_and_written_back_for_its_deserialiser(self):
        for prefix in ("taped.", "played."):
            self.broker.create_topics(topics(prefix), PARTITIONS)
        plain = [touchpoint("ada", "view", subject="shoes"), touchpoint("bea", "click")]
        newer = self.schema_with("touchpoint", name="device", type="string", default="none")
        self.send("taped.touchpoints", plain)
        self.send("taped.touchpoints", [touchpoint("cem", "view", device="phone")], newer)
        self.send("taped.requests", [request("one", "ada"), request("two", "bea")])
        folder = self.folder / "tape"
        self.touchgate("record", "taped.", "--output", str(folder))
        recorded = [each for path in sorted(folder.glob("touchpoints-*.avro"))
                    for each in read_file(path)[1]]
        self.assertEqual({each["id"]: each.get("device") for each in recorded},
                         {"ada-view": None, "bea-click": None, "cem-view": "phone"})
        self.touchgate("replay", "played.", "--to-kafka", str(folder))
        found = self.read_back(5, "played.touchpoints", "played.requests")
        self.assertEqual({each["id"]: each.get("device") for each in found["played.touchpoints"]},
                         {"ada-view": None, "bea-click": None, "cem-view": "phone"})
        self.assertEqual({each["id"] for each in found["played.requests"]}, {"one", "two"})
        self.assertEqual(
            len(self.registry.ask("/subjects/played.touchpoints-value/versions")), 2)

    def test_without_auto_register_the_schemas_must_be_there(self):
        self.broker.create_topics(topics("by-hand."), PARTITIONS)
        self.assert_refused(self.gateway("by-hand.", auto_register=False), 78,
                            "register schemas/decision.avsc under subject by-hand.decisions-value")
        for topic in topics("by-hand."):
            name = ("permitted" if ".permitted" in topic else
                    "touchpoint" if topic.endswith("customers") else "decision")
            text = (ROOT / "schemas" / f"{name}.avsc").read_text()
            self.registry.ask(f"/subjects/{topic}-value/versions", {"schema": text})
        subjects = self.registry.ask("/subjects")
        reader = self.reader("by-hand.decisions")
        with self.gateway("by-hand.", auto_register=False) as gateway:
            self.send("by-hand.requests", [request("one", "ada")])
            self.wait_for(gateway, reader, 1)
            self.assert_ends_well(gateway)
        self.assertEqual(set(self.registry.ask("/subjects")) - set(subjects),
                         {"by-hand.requests-value"} - set(subjects))


if __name__ == "__main__":
    unittest.main()
