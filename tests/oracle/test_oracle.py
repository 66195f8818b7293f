#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The oracle's own tests: small cases, each worked out by hand from docs/semantics.md."""

import io
import os
import tempfile
import unittest

import policy as policies
from comparing import Report, compare_decisions, compare_order, compare_permitted, decision_key
from gate import Gate, Gcra, message_id_of, permit_tag_of, touch_tag_of
from oracle import judge_records
from policy import PolicyError, Throttle, matches, parse_duration_ms, parse_rate
from random_case import COLLIDING_EVENT_IDS, colliding_request_ids, make_case
from recording import murmur2, partition_of, read_container, split, write_container

S, H, D = 1000, 3_600_000, 86_400_000
T0 = 1_700_000_000_000

AD_CAP = "rules: [{rule: cap, for: {channel: ads}, cap: {count: impression, at_most: 1, per: 10s}}]"
PERMIT_CAP = "rules: [{rule: cap, cap: {count: permit, at_most: 1, per: 10s}}]"
ONE_A_SECOND = "throttles: [{rate: 1/s}]"


def touchpoint(time, kind="impression", **fields):
    record = dict.fromkeys(("channel", "campaign", "subject", "topic", "message_id", "receipt"))
    record.update(id=f"{kind}@{time}", customer="c", time=T0 + time, type=kind, bot=False)
    return {**record, **fields}


def request(time, name=None, **fields):
    record = dict.fromkeys(
        ("expires", "campaign", "subject", "category", "topic", "segment", "purpose", "about")
    )
    record.update(
        id=name or f"r{time}", customer="c", time=T0 + time, channel="ads", kind="promotion"
    )
    record.update({"class": "none"}, priority=0, payload=b"hello")
    return {**record, **fields}


def run(text, touchpoints, requests, latest=None):
    gate = Gate(policies.parse(text), 0, 1)
    bound = {} if latest is None else {"latest": T0 + latest}
    gate.run(list(enumerate(touchpoints)), list(enumerate(requests)), **bound)
    return gate


def told(gate):
    """Each record as (request, time, outcome, until), times from T0."""
    return [
        (
            d["request_id"],
            d["time"] - T0,
            d["outcome"],
            None if d["until"] is None else d["until"] - T0,
        )
        for d in gate.decisions
    ]


def names(decision):
    return [reason["rule"] for reason in decision["reasons"]]


def settles(kind, request_id, time, receipt=None, **fields):
    return touchpoint(
        time,
        kind,
        channel="ads",
        message_id=message_id_of("c", request_id),
        receipt=receipt,
        **fields,
    )


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
            "rules: [{rule: a, gap: {at_least: 1h}}]",
            "rules: [{rule: a, for: {kind: survey}, cap: {count: click, at_most: 1, per: 1h}}]",
            "rules: [{rule: a, mode: shadow, cap: {count: click, at_most: 1, per: 1h}}]",
        ):
            with self.assertRaises(PolicyError):
                policies.parse(text)

    def test_throttles_without_a_name_are_numbered(self):
        throttles = policies.parse(
            "throttles: [{rate: 1/s, name: x}, {rate: 2/s, burst: 9}]"
        ).throttles
        self.assertEqual([(t.name, t.burst) for t in throttles], [("x", 1), ("throttle-2", 9)])

    def test_containers_keep_what_was_written(self):
        _, touchpoints, requests, _ = make_case(3)
        with tempfile.TemporaryDirectory() as directory:
            for name, records in (("touchpoint", touchpoints), ("request", requests)):
                path = os.path.join(directory, name + "s.avro")
                write_container(path, name, records, "deflate")
                self.assertEqual(read_container(path, name), records)


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


class Cap(unittest.TestCase):
    def test_a_touch_has_left_at_its_time_plus_the_window(self):
        facts = [touchpoint(0, channel="ads")]
        self.assertEqual(
            told(run(AD_CAP, facts, [request(9_999)]))[0], ("r9999", 9999, "defer", 10000)
        )
        self.assertEqual(
            told(run(AD_CAP, facts, [request(10_000)]))[0], ("r10000", 10000, "permit", None)
        )

    def test_one_from_the_future_counts(self):
        future = touchpoint(7 * S, channel="ads")
        gate = Gate(policies.parse(AD_CAP), 0, 1)
        gate.apply(0, future)
        gate.clock = T0
        gate.request(0, request(0))
        self.assertEqual(told(gate), [("r0", 0, "defer", 17000)])

    def test_it_answers_the_nth_largest_end(self):
        cap = AD_CAP.replace("at_most: 1", "at_most: 2")
        facts = [touchpoint(time, channel="ads") for time in (1000, 2000, 3000)]
        gate = run(cap, facts, [request(4000)])
        self.assertEqual(told(gate), [("r4000", 4000, "defer", 12000)])
        reason = gate.decisions[0]["reasons"][0]
        self.assertEqual((reason["counter"], reason["limit"], reason["until"]), (2, 2, T0 + 12000))

    def test_of_zero_it_never_permits(self):
        gate = run(AD_CAP.replace("at_most: 1", "at_most: 0"), [], [request(1)])
        self.assertEqual(told(gate), [("r1", 1, "deny", None)])
        self.assertEqual(gate.decisions[0]["reasons"][0]["until"], None)

    def test_of_permits_counts_our_own(self):
        gate = run(PERMIT_CAP, [], [request(0), request(9_999), request(10_000)])
        self.assertEqual(
            told(gate),
            [
                ("r0", 0, "permit", None),
                ("r9999", 9999, "defer", 10000),
                ("r9999", 10000, "permit", None),
                ("r10000", 10000, "defer", 20000),
            ],
        )

    def test_with_a_kind_counts_permits_of_that_kind(self):
        cap = (
            "rules: [{rule: cap, for: {kind: survey}, cap: {count: permit, at_most: 1, per: 10s}}]"
        )
        gate = run(cap, [], [request(0), request(1, kind="survey"), request(2, kind="survey")])
        self.assertEqual([record[2] for record in told(gate)], ["permit", "permit", "defer"])


class Reservations(unittest.TestCase):
    def ends(self, facts, **fields):
        """When a second ad may leave, the first having been permitted at 0."""
        return told(run(AD_CAP, facts, [request(0), request(5 * S, **fields)]))[1][2:]

    def receipt(self, time=0):
        return {"time": T0 + time, "tag": permit_tag_of(message_id_of("c", "r0"))}

    def test_one_counts_until_its_lapse_whatever_the_window(self):
        self.assertEqual(self.ends([]), ("defer", H))
        gate = run(AD_CAP, [], [request(0), request(H)])
        self.assertEqual(told(gate)[1], ("r3600000", H, "permit", None))
        gate = run(AD_CAP, [], [request(0), request(H - 1)])
        self.assertEqual(told(gate)[1], ("r3599999", H - 1, "defer", H))

    def test_the_lapse_is_of_the_permits_own_channel(self):
        cap = AD_CAP.replace("for: {channel: ads}, ", "")
        gate = run(cap, [], [request(0, channel="email"), request(1)])
        self.assertEqual(names(gate.decisions[1]), ["cap"])
        self.assertEqual(gate.decisions[1]["until"], T0 + 72 * H)
        gate = run(
            "{defaults: {confirm_within: {email: 2s}}, " + cap + "}",
            [],
            [request(0, channel="email"), request(1)],
        )
        self.assertEqual(gate.decisions[1]["until"], T0 + 2 * S)

    def test_the_counted_type_confirms_and_the_touch_counts_instead(self):
        self.assertEqual(self.ends([settles("impression", "r0", 3 * S)]), ("defer", 13 * S))

    def test_a_bounce_refunds_and_no_other_type_settles(self):
        self.assertEqual(self.ends([settles("bounce", "r0", 3 * S)]), ("permit", None))
        self.assertEqual(self.ends([settles("click", "r0", 3 * S)]), ("defer", H))
        self.assertEqual(self.ends([settles("bounce", "r0", 3 * S, bot=True)]), ("defer", H))

    def test_refund_beats_confirmation_but_takes_no_touchpoint_back(self):
        facts = [settles("bounce", "r0", 1 * S), settles("impression", "r0", 3 * S)]
        self.assertEqual(self.ends(facts), ("defer", 13 * S))
        gate = run(PERMIT_CAP, facts, [request(0), request(5 * S)])
        self.assertEqual(told(gate)[1][2], "permit")

    def test_without_a_receipt_a_settlement_does_not_wait_for_its_permit(self):
        early = settles("bounce", "r0", 0)  # a tie: read before the request
        self.assertEqual(self.ends([early]), ("defer", H))
        self.assertEqual(self.ends([dict(early, receipt=self.receipt())]), ("permit", None))

    def test_the_receipt_alone_tells_which_permit_is_meant(self):
        right = settles("bounce", "r0", 3 * S, self.receipt())
        self.assertEqual(self.ends([right]), ("permit", None))
        self.assertEqual(self.ends([dict(right, message_id="another")]), ("permit", None))
        self.assertEqual(self.ends([dict(right, receipt=self.receipt(1))]), ("defer", H))

    def test_without_a_receipt_every_permit_of_that_tag_is_meant(self):
        first, second = colliding_request_ids("c")[0]
        cap = PERMIT_CAP.replace("at_most: 1", "at_most: 2")
        wishes = [request(0, first), request(1, second), request(5 * S)]
        bounce = touchpoint(3 * S, "bounce", message_id=message_id_of("c", first))
        self.assertEqual(self.counter(cap, [bounce], wishes), 0)
        wishes[1]["time"] = T0  # at the same moment, the second has the next tag
        self.assertEqual(self.counter(cap, [bounce], wishes), 1)

    def counter(self, cap, facts, wishes):
        gate = run(cap, facts, wishes[:-1])
        return gate.cap(gate.policy.rules[0], wishes[-1], T0 + 4 * S)[1]

    def test_it_settles_in_the_scopes_that_the_touchpoint_has_the_word_of(self):
        cap = AD_CAP.replace("per: 10s", "per: 10s, each: campaign")
        wishes = [request(0, campaign="a"), request(5 * S, campaign="a")]
        for campaign, outcome in (("a", "permit"), ("b", "defer"), (None, "defer")):
            facts = [settles("bounce", "r0", 3 * S, campaign=campaign)]
            self.assertEqual(told(run(cap, facts, wishes))[1][2], outcome, campaign)
            self.assertEqual(told(run(AD_CAP, facts, wishes))[1][2], "permit", campaign)

    def test_without_a_message_id_nothing_is_settled(self):
        facts = [dict(settles("bounce", "r0", 3 * S, self.receipt()), message_id=None)]
        self.assertEqual(self.ends(facts), ("defer", H))

    def test_two_permits_of_one_moment_that_a_cap_counts_together_never_share_a_tag(self):
        first, second = colliding_request_ids("c")[0]
        cap = PERMIT_CAP.replace("at_most: 1", "at_most: 9")
        apart = cap.replace("per: 10s", "per: 10s, each: campaign")
        for text, time, step in ((cap, 0, 1), (cap, 1, 0), ("{}", 0, 0), (apart, 0, 0)):
            wishes = [request(0, first, campaign="a"), request(time, second, campaign="b")]
            gate = run("{" + text + "}" if text != "{}" else text, [], wishes)
            tags = [message["receipt"]["tag"] for message in gate.permitted]
            self.assertEqual(tags[1], (tags[0] + step) & 0xFFFF, text)

    def test_history_is_full_at_the_limit_and_not_before(self):
        cap = PERMIT_CAP.replace("at_most: 1", "at_most: 9")
        text = "{limits: {permits_per_customer: 2}, " + cap + "}"
        gate = run(text, [], [request(0), request(1), request(9_999), request(10_000)])
        self.assertEqual(
            [record[2] for record in told(gate)], ["permit", "permit", "deny", "permit"]
        )
        reason = gate.decisions[2]["reasons"][0]
        said = (reason["rule"], reason["family"], reason["counter"], reason["limit"])
        self.assertEqual(said, ("history full", "gate", 2, 2))

    def test_history_keeps_open_reservations_of_the_same_lapse(self):
        cap = AD_CAP.replace("for: {channel: ads}, ", "").replace("at_most: 1", "at_most: 9")
        text = "{limits: {permits_per_customer: 1}, " + cap + "}"
        for facts, channel, outcome in (
            ([], "ads", "deny"),
            ([settles("impression", "r0", 1 * S)], "ads", "permit"),
            ([settles("bounce", "r0", 1 * S)], "ads", "permit"),
            ([settles("click", "r0", 1 * S)], "ads", "deny"),
            ([], "email", "permit"),  # lapses after 72 h, not after 1 h
        ):
            gate = run(text, facts, [request(0), request(5 * S, channel=channel)])
            self.assertEqual(gate.decisions[1]["outcome"], outcome)


class Retarget(unittest.TestCase):
    TEXT = """rules:
    - {rule: r, retarget: {after: [search, view], within: 30d, each: subject, until: purchase}}"""

    def outcome(self, facts, time, **fields):
        facts = [touchpoint(at, kind, subject="p", **more) for at, kind, more in facts]
        return run(self.TEXT, facts, [request(time, **{"subject": "p", **fields})]).decisions[0][
            "outcome"
        ]

    def test_interest_may_be_exactly_as_old_as_the_window(self):
        self.assertEqual(self.outcome([(0, "view", {})], 30 * D), "permit")
        self.assertEqual(self.outcome([(0, "view", {})], 30 * D + 1), "deny")
        self.assertEqual(self.outcome([(0, "view", {}), (5, "search", {})], 30 * D + 1), "permit")

    def test_a_purchase_at_the_moment_of_interest_ends_it(self):
        self.assertEqual(self.outcome([(9, "view", {}), (9, "purchase", {})], 10), "deny")
        self.assertEqual(self.outcome([(9, "view", {}), (8, "purchase", {})], 10), "permit")

    def test_interest_in_another_subject_or_none_is_no_interest(self):
        self.assertEqual(self.outcome([(9, "view", {})], 10, subject="q"), "deny")
        self.assertEqual(self.outcome([(9, "view", {})], 10, subject=None), "deny")
        self.assertEqual(self.outcome([], 10), "deny")


class Wait(unittest.TestCase):
    TEXT = (
        "rules: [{rule: w, wait: {after: interaction, at_least: 3h, at_most: 72h, each: subject}}]"
    )

    def told(self, time, about=None, facts=(), **fields):
        if about is not None:
            about = {"id": None, "type": about, "time": T0}
        return told(
            run(
                self.TEXT, list(facts), [request(time, about=about, expires=T0 + 999 * H, **fields)]
            )
        )[0][2:]

    def test_both_ends_permit(self):
        self.assertEqual(self.told(3 * H - 1, "interaction"), ("defer", 3 * H))
        self.assertEqual(self.told(3 * H, "interaction"), ("permit", None))
        self.assertEqual(self.told(72 * H, "interaction"), ("permit", None))
        self.assertEqual(self.told(72 * H + 1, "interaction"), ("deny", None))

    def test_about_of_another_type_is_passed_over_for_the_latest_touch(self):
        facts = [
            touchpoint(0, "interaction", subject="p"),
            touchpoint(H, "interaction", subject="p"),
        ]
        self.assertEqual(self.told(3 * H, "view", facts, subject="p"), ("defer", 4 * H))
        self.assertEqual(self.told(3 * H, None, facts, subject="q"), ("deny", None))
        self.assertEqual(self.told(3 * H, None, facts), ("deny", None))


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
        text, touchpoints, requests, case = make_case(7)
        self.verdict = judge_records(
            policies.parse(text), touchpoints, requests, case["partitions"]
        )
        self.actual = [dict(decision, policy_hash="0" * 32) for decision in self.verdict.decisions]
        self.report = Report(io.StringIO())

    def mismatches(self, repeats_allowed=False):
        self.report.mismatches = 0
        compare_decisions(self.report, self.verdict.decisions, self.actual, repeats_allowed)
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

    def test_a_repeat_is_tolerated_only_where_allowed_and_identical(self):
        self.actual.insert(5, dict(self.actual[4]))
        self.assertEqual(self.mismatches(), 1)
        self.assertEqual(self.mismatches(repeats_allowed=True), 0)
        self.actual[5]["time"] += 1
        self.assertEqual(self.mismatches(repeats_allowed=True), 1)

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
        self.assertNotEqual(make_case(11), make_case(12))


if __name__ == "__main__":
    unittest.main()
