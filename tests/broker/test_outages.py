# SPDX-License-Identifier: Apache-2.0
"""What stands between a gate and its broker fails, in the middle of transactions.

The broker is killed and comes back with its log; requests and answers get lost, break off, are
held up, all connections end at once. Judged as if nothing had been.
"""

import unittest

from broker import Broker
from crowd import WAIT_MAX_S, Crowd
from detour import Detour

# What a transaction consists of, and how each of it can fail. A gate takes an answer for doubtful
# that takes half as long as a transaction may take.
TRANSACTION_S = 4
ENDLESS = 1_000_000  # until all has gone wrong that can
PATIENCE_S = 60  # so long a gate asks how far partitions had come
FAULTS = [(api, kind, 0.0)
          for api in ("AddPartitionsToTxn", "Produce", "AddOffsetsToTxn", "TxnOffsetCommit",
                      "EndTxn")
          for kind in ("request lost", "answer lost")]
FAULTS += [("Produce", "request broken off", 0.0), ("EndTxn", "held up", 0.6 * TRANSACTION_S),
           ("EndTxn", "held up", 1.5 * TRANSACTION_S),
           ("TxnOffsetCommit", "held up", 1.5 * TRANSACTION_S)]


class Broken(Crowd):
    def test_a_broker_is_killed_and_comes_back_with_its_log(self):
        self.flow("killed.", 12_000, 400)
        gateways = [self.come("a"), self.come("b")]
        for share in (0.2, 0.5):
            self.wait_for_share(share)
            self.broker.kill()
            self.say("the broker is killed")
            self.broker.start_again()
            self.say("the broker is back")
        self.finish(*gateways)


class Detoured(Crowd):
    @classmethod
    def start_broker(cls):
        cls.detour = Detour()
        cls.addClassCleanup(cls.detour.stop)
        return Broker.start(properties=cls.properties, detour=cls.detour)

    def test_requests_and_answers_of_transactions_get_lost_and_held_up(self):
        self.flow("lost.", ENDLESS, 500, f"127.0.0.1:{self.detour.port}")
        gateways = [self.come("a"), self.come("b")]
        faults = self.random.sample(FAULTS, len(FAULTS))
        for api, kind, seconds in faults:
            happened = self.detour.arm(api, kind, seconds)
            self.wait_until(happened.is_set, f"{api} {kind}")
            self.say(f"{api} {kind}{f' for {seconds:.1f} s' if seconds else ''}")
            before = len(self.answers.finals)
            self.wait_until(lambda: len(self.answers.finals) > before + 100, "it goes on")
        self.detour.cut_all()
        self.say("all connections cut")
        before = len(self.answers.finals)
        self.wait_until(lambda: len(self.answers.finals) > before + 100, "it goes on")
        self.traffic.end()
        self.finish(*gateways)

    def test_a_stop_does_not_wait_for_an_answer_how_far_partitions_had_come(self):
        for strategy in ("range", "cooperative-sticky"):
            self.prefix = f"mute-{strategy}."
            self.served = f"127.0.0.1:{self.detour.port}"
            self.create_topics(self.prefix)
            happened = self.detour.arm("OffsetFetch", "held up", WAIT_MAX_S)
            gateway = self.begin("a", properties={"partition.assignment.strategy": strategy})
            self.wait_until(happened.is_set, f"{strategy}: committed offsets are asked for")
            self.assert_ended_well(gateway, gateway.stop(PATIENCE_S / 2))
            self.say(f"{strategy}: it has left")
            self.detour.cut_all()


if __name__ == "__main__":
    unittest.main()
