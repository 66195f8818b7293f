# SPDX-License-Identifier: Apache-2.0
"""`touchgate run` on a broker that wants TLS and a password, and on one that stops answering."""

import atexit
import json
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import tempfile
import time
import unittest

from confluent_kafka import libversion
from confluent_kafka.admin import ConfigResource, NewTopic

from broker import VERSIONS, Broker, free_ports
from gateway import TOUCHGATE, Gateway, configuration
from wire import CHANNELS, Encoder, Reader, Writer, topics

# Kafka 4 refuses what older librdkafkas send for SCRAM, whatever the password.
SOUND = libversion()[1] >= 0x020601ff
VERSION = VERSIONS[0] if SOUND else "3.9.1"
USER, PASSWORD = "gate", "open-sesame-4711"
PARTITIONS = 3
RUN_TIMEOUT_S = 30
NOT_ALLOWED, NOT_IN_TIME, MISCONFIGURED = 77, 75, 78  # of sysexits.h

SECURITY = """\
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.client.auth=none
"""

POLICY = """\
policy: secure
rules:
  - rule: one-ad
    for: {channel: ads}
    cap: {count: permit, at_most: 1, per: 1h}
"""


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30, check=True)


def make_authority(folder, name):
    """A certificate authority: NAME.key and NAME.pem."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem", "-days", "2",
            "-subj", f"/CN={name}")


def make_certificate(folder, authority):
    """broker.pem: the key and the certificate of localhost, signed by AUTHORITY."""
    request, signed, key = folder / "request", folder / "signed", folder / "key"
    names = folder / "names"
    names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", key, "-out", request, "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", request, "-CA", folder / f"{authority}.pem", "-CAkey",
            folder / f"{authority}.key", "-CAcreateserial", "-out", signed, "-days", "2",
            "-extfile", names)
    (folder / "broker.pem").write_text(key.read_text() + signed.read_text())


class Security(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        keys = tempfile.TemporaryDirectory()
        cls.addClassCleanup(keys.cleanup)
        cls.keys = pathlib.Path(keys.name)
        for name in ("ours", "theirs"):
            make_authority(cls.keys, name)
        make_certificate(cls.keys, "ours")
        port, = free_ports(1)
        cls.address = f"localhost:{port}"
        cls.broker = Broker.start(VERSION, secure_port=port, users=[(USER, PASSWORD)],
                                  properties=SECURITY.format(folder=cls.keys))
        cls.addClassCleanup(cls.broker.stop)
        atexit.register(cls.broker.stop)  # unittest skips its cleanups when it is interrupted

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "policy.yaml").write_text(POLICY)
        secret = self.folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(PASSWORD + "\n")

    def configuration(self, prefix, kafka=None, **options):
        properties = {
            "security.protocol": "SASL_SSL", "ssl.ca.location": str(self.keys / "ours.pem"),
            "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": USER,
            "sasl.password_file": "password", **(kafka or {})}
        return configuration(self.address, self.folder / "policy.yaml", prefix, "event",
                             properties=properties, http={"listen": "off"}, **options)

    def gateway(self, prefix, *arguments, kafka=None, terminal=None, **options):
        text = self.configuration(prefix, kafka, **options)
        return Gateway(self.folder, f"{prefix}gate", text, "-v", *arguments, terminal=terminal)

    def touchgate(self, status, command, prefix, *arguments, kafka=None):
        """Runs `touchgate COMMAND` on the topics of PREFIX; what it said, never the password."""
        path = self.folder / f"{prefix}{command}.yaml"
        path.write_text(self.configuration(prefix, kafka))
        done = subprocess.run(
            [TOUCHGATE, command, *arguments, "--config", str(path)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=90, check=False)
        self.assertEqual(done.returncode, status, done.stdout)
        self.assertNotIn(PASSWORD, done.stdout)
        return done.stdout

    def ends(self, gateway, status, *parts):
        """It ends with STATUS, its last line has PARTS, and no line has the password."""
        ended = gateway.wait(RUN_TIMEOUT_S)
        log = gateway.log_path.read_text(errors="replace")
        self.assertEqual(ended, status, log[-4000:])
        self.assertNotIn(PASSWORD, log)
        last = json.loads(log.splitlines()[-1])["message"]
        for part in parts:
            self.assertIn(part, last)
        return log

    def ask(self, prefix, count, name="ask"):
        encoder, now_ms = Encoder("request"), time.time_ns() // 1_000_000
        writer = Writer(self.broker.bootstrap)
        writer.send(f"{prefix}requests", [
            (f"c{i}".encode(), encoder.encode(
                {"id": f"{name}-{i}", "customer": f"c{i}", "time": now_ms, "channel": "ads",
                 "kind": "promotion"})) for i in range(count)])
        writer.flush()

    def test_with_the_right_password_topics_are_created_and_requests_decided(self):
        with self.gateway("right.", "--create-topics", "--partitions", str(PARTITIONS),
                          "--replication", "1", "--exit-at-end") as gateway:
            log = self.ends(gateway, 0)
        self.assertEqual("brokers of Kafka 4 refuse every password" in log, not SOUND)
        for topic in topics("right."):
            self.assertIn(f"created topic {topic}", log)
        known = self.broker.admin().list_topics(timeout=10).topics
        self.assertEqual({topic: len(known[topic].partitions) for topic in topics("right.")},
                         dict.fromkeys(topics("right."), PARTITIONS))
        self.ask("right.", 50)
        with self.gateway("right.", "--create-topics", "--exit-at-end") as gateway:
            self.ends(gateway, 0)
        reader = Reader(self.broker.bootstrap, "right.decisions")
        self.addCleanup(reader.close)
        self.assertTrue(reader.read_until(lambda read: len(read.messages) >= 50, 20))
        self.assertEqual({record["request_id"] for record in reader.records("decision")},
                         {f"ask-{i}" for i in range(50)})

    def messages(self, topic, count):
        reader = Reader(self.broker.bootstrap, topic)
        self.addCleanup(reader.close)
        self.assertTrue(reader.read_until(lambda read: len(read.messages) >= count, 20))
        self.assertEqual(len(reader.messages), count)
        return reader.messages

    def test_what_is_recorded_with_the_right_password_is_written_back_with_it(self):
        for prefix in ("taped.", "played."):
            self.broker.create_topics(topics(prefix), PARTITIONS)
        self.ask("taped.", 50)
        folder = self.folder / "tape"
        self.touchgate(0, "record", "taped.", "--output", str(folder))
        self.touchgate(0, "replay", "played.", "--to-kafka", str(folder))
        self.assertEqual(*({(message.partition(), message.key(), message.value())
                            for message in self.messages(f"{prefix}requests", 50)}
                           for prefix in ("taped.", "played.")))
        (self.folder / "password").write_text("guess")
        for command, arguments in {"record": ("--output", str(self.folder / "none")),
                                   "replay": ("--to-kafka", str(folder))}.items():
            said = self.touchgate(NOT_ALLOWED, command, "played.", *arguments)
            self.assertIn("check sasl.username", said)

    def test_a_wrong_password_is_said_to_be_one(self):
        (self.folder / "password").write_text("guess")
        with self.gateway("wrong.") as gateway:
            self.ends(gateway, NOT_ALLOWED, "check sasl.username", "sasl.password")

    def test_a_broker_that_an_unknown_authority_vouches_for_is_not_believed(self):
        with self.gateway("unknown.", kafka={
                "ssl.ca.location": str(self.keys / "theirs.pem")}) as gateway:
            self.ends(gateway, NOT_ALLOWED, "check ssl.ca.location")

    def test_missing_topics_are_told_with_commands_for_them(self):
        with self.gateway("none.") as gateway:
            log = self.ends(gateway, MISCONFIGURED, "--create-topics")
        for name in ["touchpoints", "requests", "decisions", "rejected"] + [
                f"permitted.{channel}" for channel in CHANNELS]:
            self.assertIn(f"kafka-topics.sh --bootstrap-server {self.address} --command-config "
                          f"client.properties --create --topic none.{name} --partitions 4", log)

    def configs(self, topic):
        """What the broker has TOPIC configured with."""
        asked = ConfigResource(ConfigResource.Type.TOPIC, topic)
        admin = self.broker.admin()
        answer, = admin.describe_configs([asked]).values()
        return {name: entry.value for name, entry in answer.result(30).items()}

    def test_created_topics_keep_what_is_needed_and_one_that_keeps_less_is_warned_of(self):
        short = {"retention.ms": "60000", "cleanup.policy": "compact,delete"}
        admin = self.broker.admin()
        made, = admin.create_topics([NewTopic("kept.decisions", 4, 1, config=short)],
                                    operation_timeout=30).values()
        made.result()
        with self.gateway("kept.", "--create-topics", "--replication", "1",
                          "--exit-at-end") as gateway:
            log = self.ends(gateway, 0)
        requests = self.configs("kept.requests")
        self.assertEqual((requests["cleanup.policy"], requests["retention.ms"],
                          requests["retention.bytes"]), ("delete", str(3 * 86_400_000), "-1"))
        warned = [each["message"] for each in map(json.loads, log.splitlines())
                  if each["level"] == "warning" and "retention" in each["message"]]
        self.assertEqual(len(warned), 1, log)
        self.assertIn("topic kept.decisions has cleanup.policy=compact,delete, "
                      "retention.ms=60000 (1m) and needs cleanup.policy=delete, "
                      "retention.ms=259200000 (3d)", warned[0])
        self.assertIn(f"kafka-configs.sh --bootstrap-server {self.address} --command-config "
                      "client.properties --alter --topic kept.decisions --add-config "
                      "cleanup.policy=delete,retention.ms=259200000", warned[0])

    def test_a_broker_that_hangs_does_not_hold_who_was_asked_to_leave(self):
        self.broker.create_topics(topics("hangs."), PARTITIONS)
        with self.gateway("hangs.", stop_wait_max="2s", idle="100ms") as gateway:
            gateway.wait_for_log("; it has partitions")
            os.kill(self.broker.pid, signal.SIGSTOP)
            try:
                self.ask_nobody_answers(gateway)
            finally:
                os.kill(self.broker.pid, signal.SIGCONT)

    def test_between_two_transactions_another_policy_is_taken_up(self):
        self.broker.create_topics(topics("other."), PARTITIONS)
        reader = Reader(self.broker.bootstrap, "other.decisions")
        self.addCleanup(reader.close)
        policies = {}
        with self.gateway("other.") as gateway:
            for name in ("before", "after"):
                if policies:
                    (self.folder / "policy.yaml").write_text(POLICY.replace("secure", name))
                    gateway.process.send_signal(signal.SIGHUP)
                    gateway.wait_for_log("decides now")
                self.ask("other.", 20, name)
                wanted = len(reader.messages) + 20
                self.assertTrue(reader.read_until(
                    lambda read: len(read.messages) >= wanted, RUN_TIMEOUT_S), gateway.log())
                policies[name] = {record["policy_hash"] for record in reader.records("decision")
                                  if record["request_id"].startswith(name)}
            self.assertEqual(gateway.stop(), 0, gateway.log())
        self.assertEqual([len(hashes) for hashes in policies.values()], [1, 1])
        self.assertNotEqual(policies["before"], policies["after"])

    def test_on_a_terminal_a_line_says_how_it_goes(self):
        self.broker.create_topics(topics("seen."), PARTITIONS)
        self.ask("seen.", 20)
        terminal, inner = pty.openpty()
        self.addCleanup(os.close, terminal)
        line = re.compile(rb"\r\x1b\[K\d+ touchpoints/s  \d+ requests/s  permitted 20  "
                          rb"denied 0  waiting 0  unread \d+")
        shown = b""
        with self.gateway("seen.", terminal=inner) as gateway:
            os.close(inner)
            deadline = time.monotonic() + RUN_TIMEOUT_S
            while not line.search(shown) and time.monotonic() < deadline:  # it comes in pieces
                if select.select([terminal], [], [], 0.2)[0]:
                    shown += os.read(terminal, 65536)
            self.assertEqual(gateway.stop(), 0)
        self.assertRegex(shown, line)
        self.assertRegex(shown, rb"\r\x1b\[K\d\d:\d\d:\d\d info ")
        self.assertNotIn(PASSWORD.encode(), shown)

    def ask_nobody_answers(self, gateway):
        started = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        self.ends(gateway, NOT_IN_TIME, "not done 2s after it was asked to stop")
        self.assertLess(time.monotonic() - started, 10)


if __name__ == "__main__":
    unittest.main()
