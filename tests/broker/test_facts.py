# SPDX-License-Identifier: Apache-2.0
"""Touchpoints that were there before a request are known when it is decided, on a real broker.

A process stands still, or reads slowly, while touchpoints that fill a cap are written, a backlog
before them, and then requests. Those must find their caps full, however late the touchpoints are
read; and who waits too long for that is told so.
"""

import signal
import subprocess
import sys
import time
import unittest

from confluent_kafka import Producer

from broker import fetch_jars, java
from gateway import Gateway, configuration
from test_run import IMPATIENT, JUDGE, PARTITIONS, BrokerCase, now_ms
from wire import Encoder

CUSTOMERS = 200
BYTES_PER_S = 100_000

POLICY = """\
policy: facts
rules:
  - rule: once
    for: {channel: email}
    cap: {count: click, at_most: 1, per: 1d}
"""


class Facts(BrokerCase):
    properties = ""  # members need not start together

    def setUp(self):
        super().setUp()
        self.policy = self.folder / "policy.yaml"
        self.policy.write_text(POLICY)
        self.touchpoint, self.request = Encoder("touchpoint"), Encoder("request")

    def click(self, customer, **fields):
        record = {"id": f"click-of-{customer}", "customer": customer, "time": now_ms(),
                  "type": "click", "channel": "email", **fields}
        return customer.encode(), self.touchpoint.encode(record)

    def ask(self, name, customer):
        record = {"id": name, "customer": customer, "time": now_ms(), "channel": "email",
                  "kind": "promotion", "expires": now_ms() + 3_600_000}
        return customer.encode(), self.request.encode(record)

    def write(self, prefix, backlog):
        """A backlog of touchpoints, then one click and one request of each customer."""
        others = [self.click(f"other-{i}", campaign="c" * 60) for i in range(500)]
        self.writer().send(f"{prefix}touchpoints", others * (backlog // len(others))).flush()
        customers = [f"c{i}" for i in range(CUSTOMERS)]
        self.writer().send(f"{prefix}touchpoints", map(self.click, customers)).flush()
        self.writer().send(f"{prefix}requests", [
            self.ask(f"r-{name}", name) for name in customers]).flush()

    def start(self, prefix, properties=(), **options):
        """A process that decides, and a reader of what it tells."""
        self.create_topics(prefix)
        reader = self.reader(f"{prefix}decisions", f"{prefix}permitted.email")
        text = configuration(self.broker.bootstrap, self.policy, prefix, "wall",
                             properties={**IMPATIENT, **dict(properties)}, shards=2, **options)
        gateway = Gateway(self.folder, f"{prefix}gate", text)
        self.addCleanup(gateway.__exit__)
        self.writer().send(f"{prefix}requests", [
            self.ask(f"first-{i}", f"first-{i}") for i in range(50)]).flush()
        self.assertTrue(reader.read_until(lambda read: len(read.messages) >= 100, 60),
                        gateway.log())
        return gateway, reader

    def final(self, reader):
        return [each for each in reader.records("decision")
                if each["final"] and each["request_id"].startswith("r-")]

    def finish(self, gateway, reader):
        """Waits for all answers; they must be denials by the cap."""
        self.assertTrue(reader.read_until(lambda read: len(self.final(read)) >= CUSTOMERS, 90),
                        gateway.log())
        reader.read_until(lambda read: False, 1)
        self.assert_ended_well(gateway, gateway.stop())
        answers = {(each["outcome"], *(reason["rule"] for reason in each["reasons"]))
                   for each in self.final(reader)}
        self.assertEqual(answers, {("deny", "once", "expires first")})
        self.assertEqual(len(self.final(reader)), CUSTOMERS)

    def judge(self, prefix, facts_wait_ms=30_000):
        done = subprocess.run(
            [sys.executable, str(JUDGE), "--bootstrap", self.broker.bootstrap, "--clock", "wall",
             "--policy", str(self.policy), "--partitions", str(PARTITIONS),
             "--topics-prefix", prefix, "--facts-wait", str(facts_wait_ms)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:])

    def throttle(self, change):
        """What a consumer of touchgate may read in a second, by a quota of the broker."""
        subprocess.run(
            java(fetch_jars(), "kafka.admin.ConfigCommand", "--bootstrap-server",
                 self.broker.bootstrap, "--alter", "--entity-type", "clients", "--entity-name",
                 "touchgate", *change),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60, check=True)

    def answer(self, gateway, reader, prefix, name, customer):
        """Asks, and returns what is decided and the first reason."""
        def told():
            return [each for each in reader.records("decision") if each["request_id"] == name]

        self.writer().send(f"{prefix}requests", [self.ask(name, customer)]).flush()
        self.assertTrue(reader.read_until(lambda read: told(), 60), gateway.log())
        return told()[0]["outcome"], [each["rule"] for each in told()[0]["reasons"]][:1]

    def test_touchpoints_of_a_transaction_are_known_once_it_is_committed(self):
        gateway, reader = self.start("once.", facts_wait_max="1h")
        writer = Producer({"bootstrap.servers": self.broker.bootstrap, "log_level": 2,
                           "transactional.id": "touchpoints", "partitioner": "murmur2_random"})
        writer.init_transactions(30)
        writer.begin_transaction()
        key, value = self.click("ada")
        writer.produce("once.touchpoints", key=key, value=value)
        writer.flush(30)
        self.assertEqual(self.answer(gateway, reader, "once.", "open", "ada"), ("permit", []))
        writer.commit_transaction(30)
        self.assertEqual(self.answer(gateway, reader, "once.", "committed", "ada"),
                         ("deny", ["once"]))
        self.assert_ended_well(gateway, gateway.stop())

    def test_a_process_that_stood_still_reads_the_touchpoints_before_it_decides(self):
        gateway, reader = self.start("still.")
        gateway.process.send_signal(signal.SIGSTOP)
        self.write("still.", 40_000)
        gateway.process.send_signal(signal.SIGCONT)
        self.finish(gateway, reader)
        self.judge("still.")

    def test_a_process_that_was_away_reads_the_touchpoints_before_it_decides(self):
        gateway, reader = self.start("away.")
        self.assert_ended_well(gateway, gateway.stop())
        self.write("away.", 20_000)
        with Gateway(self.folder, "away-again", self.folder.joinpath("away.gate.yaml").read_text()
                     ) as gateway:
            self.finish(gateway, reader)
        self.judge("away.")

    def test_who_waits_long_for_touchpoints_is_told_and_decided_once_they_are_read(self):
        self.throttle(["--add-config", f"consumer_byte_rate={BYTES_PER_S}"])
        self.addCleanup(self.throttle, ["--delete-config", "consumer_byte_rate"])
        gateway, reader = self.start("slow.", {"fetch.message.max.bytes": 10_000},
                                     facts_wait_max="1s")
        gateway.process.send_signal(signal.SIGSTOP)
        self.write("slow.", 15_000)
        gateway.process.send_signal(signal.SIGCONT)
        self.finish(gateway, reader)
        told = [each for each in reader.records("decision") if each["outcome"] == "defer"
                and [reason["rule"] for reason in each["reasons"]] == ["facts behind"]]
        self.assertGreater(len(told), 0)
        self.assertEqual({each["until"] - each["time"] for each in told}, {1000})
        self.judge("slow.", 1000)


if __name__ == "__main__":
    unittest.main()
