# SPDX-License-Identifier: Apache-2.0
"""Gap, cooldown and consent: small cases, worked out by hand from docs/semantics.md."""

import unittest

from by_hand import T0, S, names, request, run, settles, told, touchpoint
from history import message_id_of, permit_tag_of
from random_events import colliding_request_ids

BOUND_OF_1 = "{limits: {permits_per_customer: 1}, %s}"


class Gap(unittest.TestCase):
    TEXT = "rules: [{rule: gap, gap: {at_least: 10s}}]"
    EACH = "rules: [{rule: gap, gap: {at_least: 10s, each: campaign}}]"

    def test_the_latest_permit_plus_the_gap_permits(self):
        gate = run(self.TEXT, [], [request(0), request(9_999)])
        self.assertEqual(told(gate)[1], ("r9999", 9999, "defer", 10000))
        reason = gate.decisions[1]["reasons"][0]
        self.assertEqual((reason["counter"], reason["limit"]), (None, None))
        gate = run(self.TEXT, [], [request(0), request(10_000)])
        self.assertEqual(told(gate)[1], ("r10000", 10000, "permit", None))

    def test_the_first_message_waits_for_nothing(self):
        facts = [touchpoint(0, "impression"), touchpoint(0, "delivered")]
        self.assertEqual(told(run(self.TEXT, facts, [request(1)]))[0][2], "permit")

    def test_for_and_where_select_the_permits_that_count(self):
        first = request(0, kind="survey", channel="email")
        for text, outcome in (
            ("{rule: g, for: {kind: survey}, gap: {at_least: 10s}}", "defer"),
            ("{rule: g, for: {kind: [survey, promotion]}, gap: {at_least: 10s}}", "defer"),
            ("{rule: g, gap: {at_least: 10s, where: {channel: email}}}", "defer"),
            ("{rule: g, gap: {at_least: 10s, where: {channel: ads}}}", "permit"),
            ("{rule: g, for: {channel: ads}, gap: {at_least: 10s}}", "permit"),
        ):
            gate = run(f"rules: [{text}]", [], [first, request(1, kind="survey")])
            self.assertEqual(told(gate)[1][2], outcome, text)

    def test_each_campaign_has_its_own_and_without_one_it_does_not_apply(self):
        wishes = [request(0, campaign="a"), request(1), request(2, campaign="b")]
        gate = run(self.EACH, [], wishes + [request(3, campaign="a")])
        self.assertEqual([d[2] for d in told(gate)], ["permit", "permit", "permit", "defer"])

    def test_a_refunded_permit_does_not_count(self):
        wishes = [request(0, campaign="a"), request(5 * S, campaign="a")]
        for kind, campaign, outcome in (
            ("bounce", "a", "permit"),
            ("bounce", None, "defer"),
            ("impression", "a", "defer"),
        ):
            facts = [settles(kind, "r0", 1 * S, campaign=campaign)]
            self.assertEqual(told(run(self.EACH, facts, wishes))[1][2], outcome, kind)

    def test_history_keeps_a_permit_for_the_gap(self):
        text = BOUND_OF_1 % self.TEXT.replace("gap: {", "for: {channel: ads}, gap: {")
        gate = run(text, [], [request(0), request(9_999), request(10_000)])
        self.assertEqual(
            [(record[0], record[2]) for record in told(gate)],
            [("r0", "permit"), ("r9999", "defer"), ("r9999", "permit"), ("r10000", "defer")],
        )
        where = BOUND_OF_1 % "rules: [{rule: g, gap: {at_least: 10s, where: {channel: push}}}]"
        gate = run(where, [], [request(0, channel="push"), request(10 * S, channel="ads")])
        self.assertEqual([record[2] for record in told(gate)], ["permit", "permit"])


class Cooldown(unittest.TestCase):
    ONCE = "rules: [{rule: c, cooldown: {after: survey_invited, for: 10s}}]"
    THRICE = "rules: [{rule: c, cooldown: {after: complaint, times: 3, for: 10s}}]"
    RESET = ONCE.replace("for: 10s", "for: 10s, reset_by: [click, open]")
    PERMIT = "rules: [{rule: c, cooldown: {after: permit, times: 2, for: 10s}}]"

    def outcome(self, text, touches, time, **fields):
        facts = [touchpoint(at, kind) for at, kind in touches]
        return told(run(text, facts, [request(time, **fields)]))[-1][2:]

    def test_it_ends_at_the_latest_plus_its_length(self):
        self.assertEqual(self.outcome(self.ONCE, [], 1), ("permit", None))
        once = [(0, "survey_invited")]
        self.assertEqual(self.outcome(self.ONCE, once, 9_999), ("defer", 10_000))
        self.assertEqual(self.outcome(self.ONCE, once, 10_000), ("permit", None))

    def test_counter_and_limit_are_n(self):
        facts = [touchpoint(at, "complaint") for at in (0, 1, 2, 3)]
        reason = run(self.THRICE, facts, [request(5)]).decisions[0]["reasons"][0]
        self.assertEqual((reason["counter"], reason["limit"]), (3, 3))
        self.assertEqual(reason["until"], T0 + 3 + 10 * S)

    def test_the_n_latest_lie_within_its_length_of_each_other(self):
        def touches(*times):
            return [(time, "complaint") for time in times]

        two = touches(0, 10 * S)
        self.assertEqual(self.outcome(self.THRICE, two, 10 * S), ("permit", None))
        near = touches(0, 5 * S, 10 * S)
        self.assertEqual(self.outcome(self.THRICE, near, 10 * S), ("defer", 20_000))
        far = touches(0, 5 * S, 10_001)
        self.assertEqual(self.outcome(self.THRICE, far, 10_001), ("permit", None))
        later = far + touches(10_002)  # the three latest are within it again
        self.assertEqual(self.outcome(self.THRICE, later, 10_003), ("defer", 20_002))

    def test_only_what_is_later_than_the_last_reset_counts(self):
        for reset, outcome in ((4, "defer"), (5, "permit"), (6, "permit")):
            touches = sorted([(5, "survey_invited"), (reset, "open"), (1, "click")])
            self.assertEqual(self.outcome(self.RESET, touches, 7)[0], outcome, reset)

    def test_a_reset_leaves_those_after_it(self):
        text = self.THRICE.replace("times: 3", "times: 2, reset_by: click")
        touches = [(0, "complaint"), (1, "click"), (2, "complaint")]
        self.assertEqual(self.outcome(text, touches, 3), ("permit", None))
        self.assertEqual(self.outcome(text, touches + [(3, "complaint")], 3), ("defer", 10_003))

    def test_each_and_where_narrow_both_lists_and_for_does_not(self):
        base = "rules: [{rule: c, for: {channel: ads}, cooldown: {after: click, for: 10s, "
        base += "reset_by: open, %s}}]"
        for narrow, fields, outcome in (
            ("each: customer", {"channel": "email"}, "defer"),
            ("each: channel", {"channel": "email"}, "permit"),
            ("each: channel", {"channel": "ads"}, "defer"),
            ("where: {campaign: a}", {"campaign": "a"}, "defer"),
            ("where: {campaign: a}", {"campaign": "b"}, "permit"),
            ("where: {campaign: a}", {}, "permit"),
        ):
            gate = run(base % narrow, [touchpoint(0, "click", **fields)], [request(1)])
            self.assertEqual(told(gate)[0][2], outcome, (narrow, fields))
        reset = touchpoint(0, "open", channel="email")
        clicked = touchpoint(0, "click", channel="ads")
        for narrow, outcome in (("each: customer", "permit"), ("each: channel", "defer")):
            gate = run(base % narrow, [clicked, reset], [request(1)])
            self.assertEqual(told(gate)[0][2], outcome, narrow)

    def test_a_request_without_the_word_of_each_is_not_held(self):
        text = self.ONCE.replace("for: 10s", "for: 10s, each: topic")
        facts = [touchpoint(0, "survey_invited", topic="x")]
        for topic, outcome in (("x", "defer"), ("y", "permit"), (None, "permit")):
            gate = run(text, facts, [request(1, topic=topic)])
            self.assertEqual(told(gate)[0][2], outcome, topic)

    def test_after_permit_counts_permits_that_are_not_refunded(self):
        wishes = [request(0), request(1), request(5 * S)]
        self.assertEqual(told(run(self.PERMIT, [], wishes))[2][2:], ("defer", 10_001))
        bounce = settles("bounce", "r0", 2)
        self.assertEqual(told(run(self.PERMIT, [bounce], wishes))[2][2:], ("permit", None))
        confirmed = settles("impression", "r0", 2)
        self.assertEqual(told(run(self.PERMIT, [confirmed], wishes))[2][2:], ("defer", 10_001))

    def test_history_keeps_permits_for_twice_its_length_whatever_is_asked_for(self):
        text = BOUND_OF_1 % self.PERMIT.replace("cooldown: {", "for: {kind: survey}, cooldown: {")
        for time, outcome in ((19_999, "deny"), (20_000, "permit")):
            gate = run(text, [], [request(0), request(time)])  # neither is a survey
            self.assertEqual(told(gate)[1][2], outcome, time)
        self.assertEqual(names(gate.decisions[1]), [])
        full = run(text, [], [request(0), request(1)]).decisions[1]
        self.assertEqual(names(full), ["history full"])

    def test_two_permits_of_one_moment_that_it_counts_never_share_a_tag(self):
        first, second = colliding_request_ids("c")[0]
        wishes = [request(0, first), request(0, second)]
        tag = permit_tag_of(message_id_of("c", first))
        for text, step in ((self.PERMIT, 1), (self.ONCE, 0)):
            gate = run(text, [], wishes)
            self.assertEqual(gate.permitted[1]["receipt"]["tag"], (tag + step) & 0xFFFF)


def consent(time, granted=True, until=None, channel=None, implied=False, purpose="news"):
    body = {"purpose": purpose, "channel": channel, "granted": granted, "implied": implied}
    body["until"] = None if until is None else T0 + until
    return touchpoint(time, "consent", consent=body)


class Consent(unittest.TestCase):
    TEXT = "rules: [{rule: consent, consent: {}}]"

    def permitted(self, facts, time=5000, **fields):
        gate = run(self.TEXT, facts, [request(time, **{"purpose": "news", **fields})])
        (_, _, outcome, until) = told(gate)[0]
        self.assertEqual(until, None)
        reasons = [(r["counter"], r["limit"], r["until"]) for r in gate.decisions[0]["reasons"]]
        self.assertEqual(reasons, [] if outcome == "permit" else [(None, None, None)])
        return outcome == "permit"

    def test_unknown_is_no(self):
        self.assertFalse(self.permitted([]))
        self.assertFalse(self.permitted([consent(0, purpose="ads")]))
        self.assertTrue(self.permitted([consent(0)]))
        self.assertFalse(self.permitted([consent(0)], purpose=None))
        self.assertFalse(self.permitted([consent(0, channel="email")]))

    def test_its_end_is_the_first_moment_without(self):
        self.assertTrue(self.permitted([consent(0, until=5001)]))
        self.assertFalse(self.permitted([consent(0, until=5000)]))

    def test_the_channels_own_value_decides_and_an_ended_one_too(self):
        both = [consent(1), consent(0, granted=False, channel="ads")]
        self.assertFalse(self.permitted(both))
        self.assertTrue(self.permitted(both, channel="email"))
        self.assertFalse(self.permitted([consent(1), consent(0, until=9, channel="ads")]))
        self.assertTrue(self.permitted([consent(1, granted=False), consent(0, channel="ads")]))

    def test_the_latest_event_time_holds_whenever_it_is_read(self):
        self.assertFalse(self.permitted([consent(0), consent(1, granted=False)]))
        self.assertFalse(self.permitted([consent(1, granted=False), consent(0)]))
        self.assertTrue(self.permitted([consent(1), consent(0, granted=False)]))

    def test_on_a_tie_a_withdrawal_wins_then_the_earlier_end(self):
        for one, other, permitted in (
            (consent(0), consent(0, granted=False), False),
            (consent(0, until=4000), consent(0, until=6000), False),
            (consent(0), consent(0, until=5000), False),
            (consent(0), consent(0, until=6000), True),
            (consent(0, granted=False, until=6000), consent(0, until=9000), False),
        ):
            self.assertEqual(self.permitted([one, other]), permitted)
            self.assertEqual(self.permitted([other, one]), permitted)

    def test_implied_consent_is_read_only_without_any_explicit_value(self):
        implied = consent(9, implied=True)
        self.assertTrue(self.permitted([implied]))
        self.assertFalse(self.permitted([implied, consent(0, granted=False)]))
        self.assertFalse(self.permitted([implied, consent(0, until=10)]))
        self.assertTrue(self.permitted([implied, consent(0, granted=False, channel="email")]))
        own = consent(0, granted=False, channel="ads", implied=True)
        self.assertFalse(self.permitted([implied, own]))
        self.assertTrue(self.permitted([implied, own], channel="push"))
        self.assertTrue(self.permitted([consent(0), own]))

    def test_it_must_hold_at_the_moment_that_other_rules_ask_for(self):
        text = """rules:
        - {rule: gap, gap: {at_least: 10s}}
        - {rule: consent, consent: {}}"""
        news = {"purpose": "news"}
        for until, outcome in ((10_001, "deny"), (10_002, "defer")):
            facts = [consent(0, until=until)]
            gate = run(text, facts, [request(1, **news), request(2, **news)])
            self.assertEqual(told(gate)[1][2], outcome, until)

    def test_without_its_body_it_is_a_dead_letter_that_moved_the_clock(self):
        empty = touchpoint(5 * S, "consent", consent=None)
        text = "rules: [{rule: c, cap: {count: consent, at_most: 1, per: 1h}}]"
        gate = run(text, [touchpoint(0), empty], [request(6 * S), request(1, "late")])
        self.assertEqual(
            [(d["stream"], d["offset"], d["reason"]) for d in gate.rejected],
            [("touchpoints", 1, "no body")],
        )
        self.assertEqual(told(gate)[0], ("r6000", 6000, "permit", None))
        gate = run(text, [empty], [request(5001), request(1, "late")])
        self.assertEqual(told(gate)[1], ("late", 5001, "permit", None))
        gate = run(text, [dict(empty, bot=True)], [])
        self.assertEqual([d["reason"] for d in gate.rejected], ["no body"])
        clock = run("{}", [empty], [request(5 * S)])
        self.assertEqual(clock.clock, T0 + 5 * S)

    def test_another_type_leaves_no_consent(self):
        stray = dict(consent(0), type="click")
        self.assertFalse(self.permitted([stray]))


if __name__ == "__main__":
    unittest.main()
