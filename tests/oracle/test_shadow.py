# SPDX-License-Identifier: Apache-2.0
"""Rules in shadow mode: they say what they would have said, and change nothing."""

import unittest

import policy as policies
from by_hand import AD_CAP, ONE_A_SECOND, T0, S, names, request, run, told, touchpoint
from comparing import expected_summary
from oracle import judge_records

SEEN = touchpoint(0, "view")
CAP = "{rule: %s, %s cap: {count: view, at_most: 1, per: %s}}"
SHADOW = "rules: [" + CAP % ("a", "mode: shadow,", "10s") + "]"
NEEDS_CLICK = "{rule: click, %s retarget: {after: click, within: 3s}}"
VARIANT = {"campaign": None, "topic": None, "payload": b"all"}


def rules(*texts):
    return f"rules: [{', '.join(texts)}]"


def said(decision):
    return [
        (reason["rule"], reason["until"] and reason["until"] - T0, reason["shadow"])
        for reason in decision["reasons"]
    ]


class Kept(unittest.TestCase):
    """What `keep` says is counted and never asked."""

    TEXT = "{limits: {permits_per_customer: 1}, keep: [{%s gap: {at_least: 10s}}]}"

    def test_it_refuses_nothing_but_holds_its_permits_against_the_bound(self):
        for time, outcome in ((9_999, "deny"), (10_000, "permit")):
            gate = run(self.TEXT % "", [], [request(0), request(time)])
            self.assertEqual(told(gate)[1][2], outcome, time)
        gate = run(self.TEXT % "", [], [request(0), request(1)])
        self.assertEqual(names(gate.decisions[1]), ["history full"])
        gate = run(self.TEXT.replace("1}", "2}") % "", [], [request(0), request(1)])
        self.assertEqual([d["outcome"] for d in gate.decisions], ["permit", "permit"])

    def test_what_it_is_not_for_it_does_not_keep(self):
        gate = run(self.TEXT % "for: {channel: email},", [], [request(0), request(1)])
        self.assertEqual([d["outcome"] for d in gate.decisions], ["permit", "permit"])

    def test_it_has_neither_a_name_nor_a_mode(self):
        for word in ("rule: a", "mode: shadow", "cold: deny", "instead: general"):
            with self.assertRaises(policies.PolicyError):
                policies.parse(self.TEXT % (word + ","))

    def test_cold_has_no_effect_where_no_policy_follows_another(self):
        text = rules(CAP % ("a", "cold: deny,", "10s"))
        self.assertEqual(told(run(text, [SEEN], [request(1)])), [("r1", 1, "defer", 10_000)])
        with self.assertRaises(policies.PolicyError):
            policies.parse(text.replace("deny", "permit"))


class Shadow(unittest.TestCase):
    def test_alone_it_denies_nothing_as_history_full(self):
        shadow = "rules: [{rule: p, mode: shadow, cap: {count: permit, at_most: 9, per: 10s}}]"
        text = "{limits: {permits_per_customer: 1}, " + shadow + "}"
        gate = run(text, [], [request(0), request(1)])
        self.assertEqual([d["outcome"] for d in gate.decisions], ["permit", "permit"])

    def test_it_says_what_it_would_have_and_the_message_leaves(self):
        gate = run(SHADOW, [SEEN], [request(1)])
        self.assertEqual(told(gate), [("r1", 1, "permit", None)])
        reason = gate.decisions[0]["reasons"][0]
        self.assertEqual((reason["family"], reason["counter"], reason["limit"]), ("cap", 1, 1))
        self.assertEqual(said(gate.decisions[0]), [("a", 10_000, True)])

    def test_beside_others_it_stands_in_policy_order_and_moves_no_moment(self):
        for shadow, live in (("10s", "5s"), ("5s", "10s")):
            text = rules(CAP % ("a", "mode: shadow,", shadow), CAP % ("b", "", live))
            decision = run(text, [SEEN], [request(1)]).decisions[0]
            times = [policies.parse_duration_ms(each) for each in (shadow, live)]
            self.assertEqual((decision["outcome"], decision["until"]), ("defer", T0 + times[1]))
            self.assertEqual(said(decision), [("a", times[0], True), ("b", times[1], False)])

    def test_it_is_asked_at_the_time_of_the_decision_alone(self):
        text = rules(NEEDS_CLICK % "mode: shadow,", CAP % ("b", "", "5s"))
        decision = run(text, [SEEN, touchpoint(0, "click")], [request(1)]).decisions[0]
        self.assertEqual(said(decision), [("b", 5_000, False)])

    def test_its_never_denies_nothing_and_keeps_no_variant_back(self):
        shadow = NEEDS_CLICK % "for: {kind: promotion}, mode: shadow,"
        decision = run(rules(shadow), [], [request(1)]).decisions[0]
        self.assertEqual((decision["outcome"], said(decision)), ("permit", [("click", None, True)]))
        open_ = "{rule: o, for: {kind: promotion}, retarget: {after: open, within: 3s}%s}"
        text = rules(shadow, open_ % ", instead: general")
        decision = run(text, [], [request(1, general=VARIANT)]).decisions[0]
        self.assertEqual((decision["outcome"], decision["variant"]), ("permit", "general"))
        self.assertEqual(names(decision), ["click", "o"])

    def test_its_instead_opens_no_variant(self):
        never = NEEDS_CLICK % "mode: shadow, instead: general,"
        decision = run(rules(never), [], [request(1, general=VARIANT)]).decisions[0]
        self.assertEqual(decision["variant"], "as_requested")

    def test_it_counts_as_any_rule_does(self):
        text = "rules: [{rule: p, mode: shadow, cap: {count: permit, at_most: 1, per: 10s}}]"
        gate = run(text, [], [request(1), request(2)])
        self.assertEqual([said(d) for d in gate.decisions], [[], [("p", 10_001, True)]])

    def test_throttles_and_the_gate_are_as_they_are(self):
        text = "{" + SHADOW + ", " + ONE_A_SECOND + "}"
        gate = run(text, [SEEN], [request(1), request(2), request(3, expires=T0)])
        self.assertEqual([d["outcome"] for d in gate.decisions], ["permit", "defer", "deny"])
        self.assertEqual(names(gate.decisions[1]), ["a", "throttle-1"])
        self.assertEqual(names(gate.decisions[2]), ["expired"])

    def test_the_summary_says_what_it_would_have_denied_and_deferred(self):
        wishes = [request(1), request(2, expires=T0 + 10 * S), request(3, expires=T0 + 10_001)]
        verdict = judge_records(policies.parse(SHADOW), [SEEN], wishes, 1)
        counts = {"denied": 0, "deferred": 0, "would_deny": 1, "would_defer": 2}
        self.assertEqual(expected_summary(verdict)["by_rule"], {"a": counts})

    def test_a_rule_that_speaks_with_effect_is_not_marked(self):
        gate = run(AD_CAP, [touchpoint(0, channel="ads")], [request(1)])
        self.assertEqual(gate.decisions[0]["reasons"][0]["shadow"], False)


if __name__ == "__main__":
    unittest.main()
