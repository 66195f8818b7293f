#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The oracle's own tests: small cases, each worked out by hand from docs/semantics.md."""

import io
import unittest

import policy as policies
from by_hand import (
    AD_CAP,
    ONE_A_SECOND,
    T0,
    D,
    H,
    S,
    names,
    request,
    run,
    told,
    touchpoint,
)
from comparing import Report, compare_decisions, compare_order, compare_permitted, decision_key
from gate import Gcra
from history import message_id_of, permit_tag_of, touch_tag_of
from oracle import judge_records
from policy import PolicyError, Throttle, matches, parse_duration_ms, parse_rate
from random_case import make_case
from random_events import COLLIDING_EVENT_IDS
from recording import murmur2, partition_of, split


class Partitioning(unittest.TestCase):
    def test_murmur2_is_that_of_kafka(self):
        vectors = {
            "21": -973932308,
            "foobar": -790332482,
            "a-little-bit-long-string": -985981536,
            "a-little-bit-longer-string": -1486304829,
            "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
            "abc": 479470107,
        }
        for text, value in vectors.items():
            self.assertEqual(murmur2(text.encode()), value, text)

    def test_a_negative_hash_loses_its_sign_bit(self):
        self.assertEqual(partition_of("21", 16), (-973932308 & 0x7FFFFFFF) % 16)

    def test_the_offset_is_the_ordinal_in_the_partition(self):
        records = [
            touchpoint(i, customer=customer) for i, customer in enumerate(("21", "abc", "21", ""))
        ]
        parts, rejected = split("touchpoints", records, 16)
        self.assertNotEqual(partition_of("21", 16), partition_of("abc", 16))
        self.assertEqual(
            [(offset, r["time"] - T0) for offset, r in parts[partition_of("21", 16)]],
            [(0, 0), (1, 2)],
        )
        self.assertEqual(
            [(offset, r["time"] - T0) for offset, r in parts[partition_of("abc", 16)]], [(0, 1)]
        )
        self.assertEqual(
            [(r["partition"], r["offset"], r["reason"]) for r in rejected], [(-1, 0, "no customer")]
        )


class Reading(unittest.TestCase):
    def test_durations_and_rates(self):
        self.assertEqual(parse_duration_ms("7d"), 7 * D)
        self.assertEqual(parse_duration_ms("1h30m"), 5_400_000)
        self.assertEqual(parse_duration_ms("250ms"), 250)
        self.assertEqual(parse_rate("500/s"), (500, 1000))
        for wrong in ("7", "7x", "d", "1h?"):
            with self.assertRaises(PolicyError):
                parse_duration_ms(wrong)

    def test_a_star_stands_for_any_text_but_not_for_no_word(self):
        self.assertTrue(matches("spring-a", ("spring-*",), "campaign"))
        self.assertTrue(matches("spring-", ("spring-*",), "campaign"))
        self.assertFalse(matches("xspring-a", ("spring-*",), "campaign"))
        self.assertFalse(matches(None, ("*",), "campaign"))
        self.assertFalse(matches("axb", ("a.b",), "campaign"))

    def test_what_has_no_meaning_is_refused(self):
        for text in (
            "rules: [{rule: a, hint: {after: permit}}]",
            "rules: [{rule: a, consent: {purpose: x}}]",
            "rules: [{rule: a, instead: other, consent: {}}]",
            "limits: {history: 3}",
            "rules: [{rule: a, for: {kind: survey}, cap: {count: click, at_most: 1, per: 1h}}]",
            "rules: [{rule: a, mode: watch, cap: {count: click, at_most: 1, per: 1h}}]",
        ):
            with self.assertRaises(PolicyError):
                policies.parse(text)

    def test_throttles_without_a_name_are_numbered(self):
        throttles = policies.parse(
            "throttles: [{rate: 1/s, name: x}, {rate: 2/s, burst: 9}]"
        ).throttles
        self.assertEqual([(t.name, t.burst) for t in throttles], [("x", 1), ("throttle-2", 9)])


class Clock(unittest.TestCase):
    def test_a_late_request_is_decided_at_the_clock(self):
        gate = run("{}", [touchpoint(500)], [request(600), request(100)])
        self.assertEqual([t for _, t, _, _ in told(gate)], [600, 600])

    def test_on_a_tie_the_touchpoint_comes_first(self):
        gate = run(AD_CAP, [touchpoint(5 * S, channel="ads")], [request(5 * S)])
        self.assertEqual(told(gate), [("r5000", 5000, "defer", 15000)])
        self.assertEqual(gate.decisions[0]["positions"][0]["offset"], 1)

    def test_what_is_due_is_decided_before_the_record_that_moves_the_clock_there(self):
        purchase = touchpoint(15 * S, channel="ads")
        gate = run(AD_CAP, [touchpoint(5 * S, channel="ads"), purchase], [request(6 * S)])
        self.assertEqual(told(gate)[1], ("r6000", 15000, "permit", None))
        self.assertEqual(gate.decisions[1]["positions"][0]["offset"], 1)

    def test_what_waits_when_the_recording_ends_is_pending(self):
        gate = run(AD_CAP, [touchpoint(5 * S, channel="ads"), touchpoint(14_999)], [request(6 * S)])
        self.assertEqual((len(gate.decisions), gate.pending()), (1, 1))

    def test_a_dead_letter_moves_no_clock_but_takes_its_offset(self):
        gate = run(
            AD_CAP,
            [touchpoint(1, channel="ads"), touchpoint(99 * S)],
            [request(2), request(99 * S)],
            50 * S,
        )
        self.assertEqual(told(gate), [("r2", 2, "defer", 10001)])
        self.assertEqual(
            [(r["stream"], r["offset"]) for r in gate.rejected],
            [("touchpoints", 1), ("requests", 1)],
        )
        self.assertEqual(gate.decisions[0]["positions"][0]["offset"], 2)
        self.assertEqual(run("{}", [], [request(50 * S)], 50 * S).rejected, [])


class Touches(unittest.TestCase):
    def test_the_same_event_counts_once_and_another_of_equal_tag_too(self):
        one, other = COLLIDING_EVENT_IDS[0]
        self.assertEqual(touch_tag_of(one), touch_tag_of(other))
        cap = AD_CAP.replace("at_most: 1", "at_most: 2")
        ads = {"channel": "ads"}
        for second, outcome in ((one, "permit"), (other, "permit"), ("another", "defer")):
            facts = [touchpoint(1, id=one, **ads), touchpoint(1, id=second, **ads)]
            self.assertEqual(run(cap, facts, [request(2)]).decisions[0]["outcome"], outcome, second)

    def test_a_bot_has_no_effect(self):
        self.assertEqual(
            told(run(AD_CAP, [touchpoint(1, channel="ads", bot=True)], [request(2)]))[0][2],
            "permit",
        )

    def test_a_touch_without_the_word_is_in_no_such_scope(self):
        cap = AD_CAP.replace("per: 10s", "per: 10s, each: campaign")
        facts = [
            touchpoint(1, channel="ads", campaign=None),
            touchpoint(1, channel="ads", campaign="b"),
        ]
        for campaign, outcome in (("a", "permit"), ("b", "defer"), (None, "permit")):
            gate = run(cap, facts, [request(2, campaign=campaign)])
            self.assertEqual(gate.decisions[0]["outcome"], outcome, campaign)

    def test_for_selects_what_is_counted_and_where_narrows_it(self):
        facts = [touchpoint(1, channel="email", campaign="a")]
        self.assertEqual(told(run(AD_CAP, facts, [request(2)]))[0][2], "permit")
        cap = AD_CAP.replace("for: {channel: ads}, ", "").replace(
            "10s", "10s, where: {campaign: a}"
        )
        self.assertEqual(told(run(cap, facts, [request(2, campaign="b")]))[0][2], "defer")
        self.assertEqual(
            told(run(cap.replace("a}", "b}"), facts, [request(2, campaign="b")]))[0][2], "permit"
        )


class Decision(unittest.TestCase):
    def test_the_expiry_is_the_first_moment_too_late(self):
        for expires, outcome in ((5001, "permit"), (5000, "deny")):
            gate = run(
                "{}", [touchpoint(1), touchpoint(5000)], [request(5000, expires=T0 + expires)]
            )
            self.assertEqual(gate.decisions[0]["outcome"], outcome)
        self.assertEqual(names(gate.decisions[0]), ["expired"])

    def test_the_default_expiry_is_72_hours_after_the_request_not_the_decision(self):
        gate = run("{}", [touchpoint(72 * H)], [request(72 * H + 1, "x"), request(0)])
        self.assertEqual([names(decision) for decision in gate.decisions], [[], ["expired"]])

    def test_an_unknown_channel_is_denied_unless_expired(self):
        gate = run(
            AD_CAP, [], [request(0, channel="unknown"), request(1, channel="unknown", expires=T0)]
        )
        self.assertEqual(
            [names(decision) for decision in gate.decisions], [["unknown channel"], ["expired"]]
        )
        self.assertEqual(gate.decisions[0]["reasons"][0]["family"], "gate")

    def test_rules_are_asked_again_until_the_moment_stands_still(self):
        text = """rules:
        - {rule: month, cap: {count: permit, at_most: 2, per: 20s}}
        - {rule: view, retarget: {after: view, within: 18s}}
        - {rule: pause, wait: {after: interaction, at_least: 12s, at_most: 30s}}"""
        facts = [touchpoint(0, "view"), touchpoint(0, "interaction")]
        gate = run(text, facts, [request(5 * S)])
        self.assertEqual(told(gate), [("r5000", 5000, "defer", 12000)])
        self.assertEqual(names(gate.decisions[0]), ["pause"])
        late = run(text.replace("18s", "11s"), facts, [request(5 * S)])
        self.assertEqual(told(late), [("r5000", 5000, "deny", None)])
        self.assertEqual(
            names(late.decisions[0]), ["view", "pause"]
        )  # in policy order, not as they spoke
        self.assertEqual(
            [reason["until"] for reason in late.decisions[0]["reasons"]], [None, T0 + 12000]
        )

    def test_a_moment_that_reaches_the_expiry_denies(self):
        facts = [touchpoint(0, channel="ads")]
        gate = run(
            AD_CAP, facts, [request(5, expires=T0 + 10 * S), request(6, expires=T0 + 10 * S + 1)]
        )
        self.assertEqual(
            [names(decision) for decision in gate.decisions], [["cap", "expires first"], ["cap"]]
        )
        self.assertEqual([decision["outcome"] for decision in gate.decisions], ["deny", "defer"])

    def test_only_the_first_deferral_leaves_a_record(self):
        facts = [touchpoint(0, channel="ads"), touchpoint(9 * S, channel="ads"), touchpoint(30 * S)]
        gate = run(AD_CAP, facts, [request(5 * S)])
        self.assertEqual(
            told(gate), [("r5000", 5000, "defer", 10000), ("r5000", 19000, "permit", None)]
        )

    def test_a_permit_carries_the_message(self):
        message = run("policy: p", [], [request(7, campaign="a")]).permitted[0]
        self.assertEqual(
            (message["payload"], message["campaign"], message["policy"]), (b"hello", "a", "p")
        )
        self.assertEqual(message["message_id"], message_id_of("c", "r7"))
        self.assertEqual(
            message["receipt"], {"time": T0 + 7, "tag": permit_tag_of(message_id_of("c", "r7"))}
        )
        self.assertEqual(len(message["message_id"]), 32)


class Throttles(unittest.TestCase):
    def test_gcra_by_hand(self):
        gcra = Gcra(Throttle("t", {}, count=3, period_ms=1000, burst=5), partitions=2)
        self.assertEqual((gcra.step_ns, gcra.burst), (666_666_667, 2))
        self.assertTrue(gcra.conforms(0))
        gcra.charge(1000)  # TAT 1.666666667 s
        self.assertTrue(gcra.conforms(1000))
        gcra.charge(1000)  # TAT 2.333333334 s, conforms from 1.666666667 s
        self.assertEqual(gcra.first_ns(), 1_666_666_667)
        self.assertEqual(gcra.first_ms(), 1667)
        self.assertFalse(gcra.conforms(1666))
        self.assertTrue(gcra.conforms(1667))
        self.assertEqual(Gcra(Throttle("t", {}, 1, 1000, burst=3), partitions=16).burst, 1)

    def test_a_queue_goes_by_priority_then_age(self):
        wishes = [
            request(0, "a"),
            request(1, "b"),
            request(2, "c"),
            request(3, "d", priority=1),
            request(9 * S, "e"),
        ]
        gate = run(ONE_A_SECOND, [], wishes)
        finals = [(name, time) for name, time, outcome, _ in told(gate) if outcome == "permit"]
        self.assertEqual(finals, [("a", 0), ("d", 1000), ("b", 2000), ("c", 3000), ("e", 9000)])
        defers = [record for record in told(gate) if record[2] == "defer"]
        self.assertEqual(
            defers, [("b", 1, "defer", 1000), ("c", 2, "defer", 1000), ("d", 3, "defer", 1000)]
        )
        self.assertEqual(names(gate.decisions[1]), ["throttle-1"])

    def test_the_queue_goes_before_what_is_due_by_time_and_before_newcomers(self):
        text = (
            "{rules: [{rule: w, wait: {after: view, at_least: 1s, at_most: 9s}}], "
            + ONE_A_SECOND
            + "}"
        )
        then = {"about": {"id": None, "type": "view", "time": T0 - 5000}}
        wishes = [
            request(0, "first", **then),
            request(1, "timed", about={"id": None, "type": "view", "time": T0}, priority=9),
            request(2, "queued", **then),
            request(1000, "new", priority=9, **then),
        ]
        gate = run(text, [], wishes)
        self.assertEqual(
            told(gate)[3:5], [("queued", 1000, "permit", None), ("new", 1000, "defer", 2000)]
        )

    def test_all_conform_or_none_is_charged(self):
        text = "throttles: [{rate: 1/s, name: all}, {for: {channel: ads}, rate: 1/10s, name: ads}]"
        wishes = [
            request(0, "a"),
            request(2000, "b"),
            request(2001, "c", channel="email"),
            request(2002, "d"),
        ]
        gate = run(text, [], wishes)
        self.assertEqual(
            told(gate),
            [
                ("a", 0, "permit", None),
                ("b", 2000, "defer", 10000),
                ("c", 2001, "permit", None),
                ("d", 2002, "defer", 10000),
            ],
        )
        self.assertEqual(names(gate.decisions[1]), ["ads"])

    def test_the_one_that_conforms_last_does_so_to_the_nanosecond(self):
        text = """throttles:
        - {for: {channel: ads}, rate: 3/s, name: ads}
        - {for: {campaign: a}, rate: 10/s, name: campaign}"""
        wishes = [request(0, "x"), request(234, "y", channel="email", campaign="a")]
        gate = run(text, [], wishes + [request(235, "z", campaign="a")])
        self.assertEqual(told(gate)[2], ("z", 235, "defer", 334))  # 333.333334 ms and 334 ms
        self.assertEqual(names(gate.decisions[2]), ["campaign"])

    def test_one_that_conforms_after_the_expiry_denies(self):
        gate = run(
            ONE_A_SECOND,
            [],
            [request(0), request(1, expires=T0 + 1000), request(2, expires=T0 + 1001)],
        )
        told_of = [(decision["outcome"], names(decision)) for decision in gate.decisions[1:]]
        self.assertEqual(
            told_of, [("deny", ["throttle-1", "expires first"]), ("defer", ["throttle-1"])]
        )

    def test_what_expires_in_the_queue_charges_nothing(self):
        wishes = [
            request(0, "a"),
            request(1, "b", priority=1),
            request(2, "c", expires=T0 + 1500),
            request(3, "d"),
        ]
        gate = run(ONE_A_SECOND, [touchpoint(9000)], wishes)
        finals = [record[:3] for record in told(gate) if record[2] != "defer"]
        self.assertEqual(
            finals,
            [("a", 0, "permit"), ("b", 1000, "permit"), ("c", 2000, "deny"), ("d", 2000, "permit")],
        )


class Judging(unittest.TestCase):
    """The judge itself must see what is wrong."""

    def setUp(self):
        case = make_case(7)
        policy = policies.parse(case.text)
        self.verdict = judge_records(policy, case.touchpoints, case.requests, case.partitions)
        self.actual = [dict(decision, policy_hash="0" * 32) for decision in self.verdict.decisions]
        self.report = Report(io.StringIO())

    def mismatches(self, doubles_allowed=False):
        self.report.mismatches = 0
        compare_decisions(self.report, self.verdict.decisions, self.actual, doubles_allowed)
        keys = [decision_key(decision) for decision in self.verdict.decisions]
        compare_order(
            self.report, "decisions", keys, [decision_key(decision) for decision in self.actual]
        )
        return self.report.mismatches

    def test_equal_is_equal(self):
        self.assertEqual(self.mismatches(), 0)

    def test_one_millisecond_is_seen(self):
        self.actual[3]["time"] += 1
        self.assertEqual(self.mismatches(), 1)

    def test_a_missing_and_a_doubled_record_are_seen(self):
        gone = self.actual.pop(4)
        self.assertEqual(self.mismatches(), 1)
        self.actual += [gone, dict(gone)]
        self.assertGreaterEqual(self.mismatches(), 1)

    def test_a_double_is_tolerated_only_where_allowed_and_identical(self):
        self.actual.insert(5, dict(self.actual[4]))
        self.assertEqual(self.mismatches(), 1)
        self.assertEqual(self.mismatches(doubles_allowed=True), 0)
        self.actual[5]["time"] += 1
        self.assertEqual(self.mismatches(doubles_allowed=True), 1)

    def test_the_order_is_seen(self):
        self.actual[2], self.actual[3] = self.actual[3], self.actual[2]
        self.assertEqual(self.mismatches(), 1)

    def test_a_message_that_is_not_the_request_is_seen(self):
        messages = [dict(message) for message in self.verdict.permitted]
        self.assertTrue(messages)
        messages[0]["payload"] += b"!"
        self.report.mismatches = 0
        compare_permitted(self.report, "ads", self.verdict.permitted, messages)
        self.assertEqual(self.report.mismatches, 1)

    def test_a_case_depends_on_its_seed_alone(self):
        self.assertEqual(make_case(11), make_case(11))
        self.assertNotEqual(make_case(11).requests, make_case(12).requests)


if __name__ == "__main__":
    unittest.main()
