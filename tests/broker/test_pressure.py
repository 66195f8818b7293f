# SPDX-License-Identifier: Apache-2.0
"""A stream that is far ahead of the other is held up at the broker, not in memory."""

import re
import time
import unittest

from gateway import Gateway, configuration
from test_run import PARTITIONS, BrokerCase, now_ms
from wire import Encoder, partition_of

REQUESTS, PAYLOAD = 24_000, b"x" * 5000  # 120 MB; fewer than what a shard may hold by number
CUSTOMERS = 400
MEMORY = {"fetch": "16MiB", "produce": "8MiB", "customers": "1MiB", "waiting": "1MiB"}
# What the process, its libraries and what MEMORY allows take; a fraction of what there is to read.
FLAT_KIB = 96 * 1024
WAIT_S = 120
# A member that does not poll, or is not heard of, for so long is put out of the group.
PROPERTIES = {"max.poll.interval.ms": 6000, "session.timeout.ms": 6000}
POLICY = "policy: pressure\nrules: [{rule: agreed, consent: {}}]\n"


class Pressure(BrokerCase):
    def setUp(self):
        super().setUp()
        self.policy = self.folder / "policy.yaml"
        self.policy.write_text(POLICY)
        self.began_ms = now_ms()

    def write_requests(self):
        encoder, writer = Encoder("request"), self.writer()
        for i in range(REQUESTS):
            customer = f"c{i % CUSTOMERS}"
            record = {"id": f"r{i}", "time": self.began_ms + i, "customer": customer,
                      "channel": "email", "kind": "newsletter", "class": "marketing",
                      "purpose": "news", "payload": PAYLOAD}
            writer.send("ahead.requests", [(customer.encode(), encoder.encode(record))])
        writer.flush()

    def write_touchpoints(self):
        """One in each partition, later than all requests."""
        encoder, writer = Encoder("touchpoint"), self.writer()
        for partition in range(PARTITIONS):
            customer = next(name for name in (f"c{i}" for i in range(CUSTOMERS))
                            if partition_of(name, PARTITIONS) == partition)
            record = {"id": f"t{partition}", "type": "click", "time": self.began_ms + REQUESTS,
                      "customer": customer}
            writer.send("ahead.touchpoints", [(customer.encode(), encoder.encode(record))])
        writer.flush()

    def resident_kib(self, gateway):
        with open(f"/proc/{gateway.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1))

    def test_requests_that_wait_for_touchpoints_are_paused_and_their_member_stays(self):
        self.create_topics("ahead.")
        self.write_requests()
        text = configuration(self.broker.bootstrap, self.policy, "ahead.", "event",
                             properties=PROPERTIES, idle="1h", memory=MEMORY,
                             http={"listen": "off"})
        with Gateway(self.folder, "ahead", text, "--log=json") as gateway:
            gateway.wait_for_log("came; it has partition")
            deadline, most_kib = time.monotonic() + 15, 0
            while time.monotonic() < deadline:
                most_kib = max(most_kib, self.resident_kib(gateway))
                time.sleep(0.1)
            print(f"\n  {most_kib // 1024} MiB at most, of "
                  f"{REQUESTS * len(PAYLOAD) // 1_000_000} MB to read", flush=True)
            self.assertLess(most_kib, FLAT_KIB)
            decisions = self.reader("ahead.decisions")
            self.assertFalse(decisions.read_until(lambda read: read.messages, 1))
            self.write_touchpoints()
            self.assertTrue(
                decisions.read_until(lambda read: len(read.messages) >= REQUESTS, WAIT_S),
                gateway.log())
            log = gateway.log_path.read_text()
            self.assertEqual((log.count(" came; "), log.count(" went; ")), (1, 0), log)
            self.assert_ended_well(gateway, gateway.stop())
        self.assertEqual(len(decisions.messages), REQUESTS)


if __name__ == "__main__":
    unittest.main()
