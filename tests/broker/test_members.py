# SPDX-License-Identifier: Apache-2.0
"""One, two and three processes on four partitions that come and go while traffic flows.

All that was told is read `read_committed` and followed by the oracle, decision by decision: each
request has one final decision, none was permitted while by the facts read a cap was full, and each
permitted message is there once.
"""

import unittest

from broker import VERSIONS
from crowd import Crowd

SMALL, SMALL_PER_S = 20_000, 800


class Members(Crowd):
    def come_and_go(self, prefix, count, per_s, **options):
        """From one to three, with every way to go: asked to, or killed; and to come back."""
        self.flow(prefix, count, per_s)
        a = self.come("a", **options)
        self.wait_for_share(0.15)
        b = self.come("b", **options)
        self.wait_for_share(0.3)
        c = self.come("c", **options)
        self.wait_for_share(0.4)
        self.leave(b)
        self.wait_for_share(0.5)
        b = self.come("b", **options)
        self.kill(c)
        self.wait_for_share(0.6)
        c = self.come("c", **options)
        self.wait_for_share(0.7)
        self.kill(a)
        self.wait_for_share(0.8)
        a = self.come("a", **options)
        self.leave(c)
        self.finish(a, b)

    def test_members_come_and_go_while_200000_touchpoints_and_requests_pass(self):
        self.come_and_go("full.", 200_000, 3_000)

    def test_static_members_come_back(self):
        self.come_and_go("static.", SMALL, SMALL_PER_S, static=True)

    def test_partitions_are_handed_over_one_by_one(self):
        self.come_and_go("sticky.", SMALL, SMALL_PER_S, properties={
            "partition.assignment.strategy": "cooperative-sticky"})


class OlderBroker(Crowd):
    version = VERSIONS[1]

    def test_members_come_and_go(self):
        Members.come_and_go(self, "older.", SMALL, SMALL_PER_S)


if __name__ == "__main__":
    unittest.main()
