# SPDX-License-Identifier: Apache-2.0
"""What is denied because there is no room for it."""

import unittest

from by_hand import AD_CAP, ONE_A_SECOND, T0, H, S, names, request, run, told, touchpoint

SEEN = touchpoint(0, channel="ads")  # AD_CAP defers until 10 s


class DeferralFull(unittest.TestCase):
    def outcomes(self, gate):
        return [(d["outcome"], names(d)) for d in gate.decisions]

    def test_when_as_many_wait_as_may_a_message_that_would_wait_is_denied(self):
        gate = run(AD_CAP, [SEEN], [request(1), request(2), request(3)], pending_max=2)
        self.assertEqual(
            self.outcomes(gate),
            [("defer", ["cap"]), ("defer", ["cap"]), ("deny", ["cap", "deferral full"])],
        )
        reason = gate.decisions[2]["reasons"][1]
        said = (reason["family"], reason["counter"], reason["limit"])
        self.assertEqual(said, ("gate", None, None))
        self.assertEqual(gate.decisions[2]["until"], None)

    def test_what_need_not_wait_is_permitted_beside_it(self):
        wishes = [request(1), request(2, channel="email")]
        gate = run(AD_CAP, [SEEN], wishes, pending_max=1)
        self.assertEqual([d["outcome"] for d in gate.decisions], ["defer", "permit"])

    def test_queues_and_deferrals_share_the_bound(self):
        text = "{" + AD_CAP + ", throttles: [{for: {channel: email}, rate: 1/h}]}"
        wishes = [request(1, channel="email"), request(2, channel="email"), request(3)]
        gate = run(text, [SEEN], wishes, pending_max=1)
        self.assertEqual(
            self.outcomes(gate)[1:],
            [("defer", ["throttle-1"]), ("deny", ["cap", "deferral full"])],
        )
        wishes = [wishes[2], wishes[0], request(4, channel="email")]
        gate = run(text, [SEEN], wishes, pending_max=1)
        self.assertEqual(self.outcomes(gate)[2], ("deny", ["throttle-1", "deferral full"]))

    def test_what_is_decided_anew_has_its_place(self):
        facts = [SEEN, touchpoint(9 * S, channel="ads"), touchpoint(20 * S, channel="email")]
        gate = run(AD_CAP, facts, [request(1), request(2)], pending_max=1)
        self.assertEqual(told(gate)[2], ("r1", 19 * S, "permit", None))
        wishes = [request(0), request(1), request(2)]
        gate = run(ONE_A_SECOND, [touchpoint(H)], wishes, pending_max=2)
        self.assertEqual([d["outcome"] for d in gate.decisions][3:], ["permit", "permit"])

    def test_a_place_that_has_become_free_can_be_taken(self):
        wishes = [request(0), request(1), request(2), request(1001)]
        gate = run(ONE_A_SECOND, [], wishes, pending_max=1)
        self.assertEqual(
            [d["outcome"] for d in gate.decisions], ["permit", "defer", "deny", "permit", "defer"]
        )

    def test_what_expires_before_its_moment_is_denied_for_that(self):
        gate = run(AD_CAP, [SEEN], [request(1), request(2, expires=T0 + S)], pending_max=1)
        self.assertEqual(names(gate.decisions[1]), ["cap", "expires first"])

    def test_each_partition_has_its_share_and_one_place_at_least(self):
        wishes = [request(time) for time in range(1, 6)]
        for bound, partitions, places in ((8, 3, 2), (9, 3, 3), (2, 3, 1), (3, 1, 3)):
            gate = run(AD_CAP, [SEEN], wishes, partitions=partitions, pending_max=bound)
            outcomes = [d["outcome"] for d in gate.decisions]
            self.assertEqual(outcomes.count("defer"), places, (bound, partitions))

    def test_it_is_remembered_and_no_variant_is_tried(self):
        general = {"campaign": None, "topic": None, "payload": b"all"}
        text = AD_CAP.replace("}}", "}, instead: general}")
        wishes = [request(1), request(2, "full", general=general), request(3, "full")]
        gate = run(text, [SEEN], wishes, pending_max=1)
        self.assertEqual(gate.decisions[1]["variant"], "as_requested")
        self.assertEqual([d["repeat"] for d in gate.decisions], [False, False, True])


class StateIncomplete(unittest.TestCase):
    """Whose state is, is touchgate's affair: it is taken over, at the time it was said."""

    def test_it_is_denied_where_touchgate_said_so_and_nowhere_else(self):
        gate = run("{}", [], [request(1), request(2), request(3)], incomplete=[(1, 2, False)])
        self.assertEqual([d["outcome"] for d in gate.decisions], ["permit", "deny", "permit"])
        self.assertEqual(names(gate.decisions[1]), ["state incomplete"])
        self.assertEqual(gate.decisions[1]["reasons"][0]["family"], "gate")

    def test_what_waited_can_be_denied_for_it_when_it_falls_due(self):
        gate = run(AD_CAP, [SEEN, touchpoint(H)], [request(1)], incomplete=[(0, 10 * S, False)])
        self.assertEqual([d["outcome"] for d in gate.decisions], ["defer", "deny"])
        self.assertEqual(names(gate.decisions[1]), ["state incomplete"])

    def test_a_permit_that_finds_no_room_is_denied_after_the_rules_and_charges_no_throttle(self):
        shadow = "rules: [{rule: s, mode: shadow, retarget: {after: view, within: 1h}}]"
        text = "{" + shadow + ", " + ONE_A_SECOND + "}"
        wishes = [request(1), request(2), request(3)]
        gate = run(text, [], wishes, incomplete=[(0, 1, True), (2, 3, True)])
        self.assertEqual([d["outcome"] for d in gate.decisions], ["deny", "permit", "defer"])
        self.assertEqual(names(gate.decisions[0]), ["s", "state incomplete"])

    def test_the_other_reasons_of_the_gate_come_before_it(self):
        wishes = [request(1, expires=T0), request(2, channel="unknown"), request(3, "r1")]
        gate = run("{}", [], wishes, incomplete=[(0, 1, False), (1, 2, False), (2, 3, False)])
        self.assertEqual([names(d) for d in gate.decisions[:2]], [["expired"], ["unknown channel"]])
        self.assertTrue(gate.decisions[2]["repeat"])


if __name__ == "__main__":
    unittest.main()
