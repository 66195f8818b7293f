# SPDX-License-Identifier: Apache-2.0
"""Caps, reservations, retarget and wait: small cases, worked out by hand from docs/semantics.md."""

import unittest

import policy as policies
from by_hand import AD_CAP, PERMIT_CAP, T0, D, H, S, names, request, run, settles, told, touchpoint
from families import cap
from gate import Gate
from history import message_id_of, permit_tag_of
from random_events import colliding_request_ids


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

    def counter(self, text, facts, wishes):
        gate = run(text, facts, wishes[:-1])
        return cap(
            gate.policy, gate.policy.rules[0], gate.customer("c"), wishes[-1], T0 + 4 * S
        )[1]

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


if __name__ == "__main__":
    unittest.main()
