# SPDX-License-Identifier: Apache-2.0
"""What an erasure takes away, and times that no calendar has."""

import unittest

from by_hand import AD_CAP, ONE_A_SECOND, PERMIT_CAP, T0, H, S, live, names, request, run, settles
from by_hand import told, touchpoint
from gate import FIRST_MS, LAST_MS
from history import message_id_of, permit_tag_of

SEEN = touchpoint(0, channel="ads")  # AD_CAP defers until 10 s
CONSENT = "rules: [{rule: consent, consent: {}}]"
BOUND_OF_1 = "{limits: {permits_per_customer: 1}, %s}"


def erasure(time, **fields):
    return touchpoint(time, "erasure", **fields)


def consent(time, granted=True):
    body = {"purpose": "news", "channel": None, "granted": granted, "until": None}
    return touchpoint(time, "consent", consent=dict(body, implied=False))


class Erasure(unittest.TestCase):
    def outcome(self, text, facts, *wishes, **fields):
        """That of the last request; facts come in the order given."""
        gate = run(text, facts, list(wishes) or [request(5 * S, **fields)])
        return gate.decisions[-1]["outcome"]

    def test_touches_up_to_its_time_count_no_more_whenever_they_are_read(self):
        for time, outcome in ((0, "permit"), (1, "permit"), (2, "defer")):
            touch = touchpoint(time, channel="ads")
            for facts in ([touch, erasure(1)], [erasure(1), touch]):
                self.assertEqual(self.outcome(AD_CAP, facts), outcome, time)

    def test_it_leaves_no_touch_itself(self):
        text = "rules: [{rule: c, cap: {count: erasure, at_most: 1, per: 1h}}]"
        self.assertEqual(self.outcome(text, [erasure(1)]), "permit")

    def test_the_latest_holds_in_whatever_order_they_are_read(self):
        for facts in ([erasure(1), erasure(3)], [erasure(3), erasure(1)]):
            touch = touchpoint(2, channel="ads")
            self.assertEqual(self.outcome(AD_CAP, facts + [touch]), "permit")

    def test_a_bots_erases_nothing_and_nobody_elses_does(self):
        for fields in ({"bot": True}, {"customer": "d"}):
            self.assertEqual(self.outcome(AD_CAP, [SEEN, erasure(1, **fields)]), "defer")

    def test_permits_and_their_reservations_are_gone_and_not_kept(self):
        full = BOUND_OF_1 % PERMIT_CAP.replace("at_most: 1", "at_most: 9")
        for text, outcome in ((PERMIT_CAP, "defer"), (AD_CAP, "defer"), (full, "deny")):
            wishes = [request(1), request(3)]
            self.assertEqual(self.outcome(text, [erasure(0)], *wishes), outcome)
            self.assertEqual(self.outcome(text, [erasure(2)], *wishes), "permit")

    def test_a_consent_of_before_was_never_given_and_a_later_one_was(self):
        news = {"purpose": "news"}
        for facts, outcome in (
            ([consent(1), erasure(0)], "permit"),
            ([consent(1), erasure(1)], "deny"),
            ([erasure(1), consent(1)], "deny"),
            ([erasure(1), consent(2)], "permit"),
            ([consent(2), consent(0, False), erasure(1)], "permit"),
        ):
            self.assertEqual(self.outcome(CONSENT, facts, **news), outcome)

    def test_a_request_made_by_then_is_denied_however_late_it_is_decided(self):
        for made, outcome in ((4_999, "deny"), (5_000, "deny"), (5_001, "permit")):
            facts = [erasure(5 * S), touchpoint(9 * S, "view")]
            gate = run("{}", facts, [request(10 * S), request(made)])
            self.assertEqual(told(gate)[1][1:3], (10 * S, outcome), made)
        early = run("{}", facts, [request(10 * S), request(0)]).decisions[1]
        self.assertEqual([(r["rule"], r["family"]) for r in early["reasons"]], [("erased", "gate")])

    def test_a_request_decided_by_then_is_denied_though_made_later(self):
        """With a wall clock, that is: a record may be ahead of it."""
        for time, outcome in ((4, "permit"), (5, "deny"), (9, "deny")):
            gate = live("{}", (5, [erasure(time)], [request(20)])).gate
            self.assertEqual(gate.decisions[0]["outcome"], outcome, time)

    def test_what_waits_is_denied_when_it_falls_due_or_its_turn_comes(self):
        gate = run(AD_CAP, [SEEN, erasure(6 * S), touchpoint(H)], [request(5 * S)])
        self.assertEqual(told(gate)[1], ("r5000", 10 * S, "deny", None))
        self.assertEqual(names(gate.decisions[1]), ["erased"])
        gate = run(ONE_A_SECOND, [erasure(5), touchpoint(H)], [request(0), request(1)])
        self.assertEqual(told(gate)[2], ("r1", S, "deny", None))

    def test_throttles_stay_charged_and_the_refused_charges_none(self):
        gate = run(ONE_A_SECOND, [erasure(5)], [request(0), request(6)])
        self.assertEqual(told(gate)[1], ("r6", 6, "defer", S))
        wishes = [request(0, "early"), request(6, customer="d")]
        gate = run(ONE_A_SECOND, [erasure(0)], wishes)
        self.assertEqual([d["outcome"] for d in gate.decisions], ["deny", "permit"])

    def test_the_gates_own_reasons_come_first_and_no_variant_is_tried(self):
        general = {"campaign": None, "topic": None, "payload": b"all"}
        wishes = [request(1, expires=T0), request(2, channel="unknown")]
        wishes.append(request(3, general=general))
        gate = run("{}", [erasure(4), touchpoint(5, "view")], [request(6)] + wishes)
        self.assertEqual(
            [names(d) for d in gate.decisions], [[], ["expired"], ["unknown channel"], ["erased"]]
        )
        self.assertEqual(gate.decisions[3]["variant"], "as_requested")

    def test_what_was_answered_is_repeated(self):
        gate = run("{}", [erasure(5)], [request(0, "r"), request(9, "r")])
        self.assertEqual([d["repeat"] for d in gate.decisions], [False, True])
        self.assertEqual(len(gate.permitted), 1)

    def test_what_a_request_says_of_the_past_stands(self):
        text = "rules: [{rule: w, wait: {after: interaction, at_least: 1s}}]"
        about = {"id": None, "type": "interaction", "time": T0}
        self.assertEqual(self.outcome(text, [erasure(S)], about=about), "permit")
        facts = [touchpoint(0, "interaction"), erasure(S)]
        self.assertEqual(self.outcome(text, facts), "deny")

    def test_a_settlement_is_of_the_time_of_its_permit(self):
        tag = permit_tag_of(message_id_of("c", "r5000"))
        receipt = {"time": T0 + 5 * S, "tag": tag}
        bounce = settles("bounce", "r5000", 0, receipt)
        for facts in ([bounce, erasure(1)], [erasure(1), bounce]):
            gate = run(PERMIT_CAP, facts, [request(5 * S), request(6 * S)])
            self.assertEqual([d["outcome"] for d in gate.decisions], ["permit", "permit"])


class Times(unittest.TestCase):
    """Outside of the years 0 to 9999."""

    OUTSIDE = (FIRST_MS - 1, LAST_MS + 1, 1 - (1 << 63), (1 << 63) - 1)

    def letters(self, gate):
        return [(letter["stream"], letter["offset"], letter["reason"]) for letter in gate.rejected]

    def test_a_record_of_such_a_time_moves_no_clock_and_holds_nothing_back(self):
        for time in self.OUTSIDE + (-(1 << 63),):
            odd = dict(touchpoint(0, channel="ads"), time=time)
            gate = run(AD_CAP, [odd, SEEN], [request(1)])
            self.assertEqual(told(gate), [("r1", 1, "defer", 10 * S)])
            self.assertEqual(self.letters(gate), [("touchpoints", 0, "no time")])
            told_time = None if time == -(1 << 63) else time  # as it is read where it may be null
            self.assertEqual(gate.rejected[0]["time"], told_time)

    def test_an_expiry_or_about_outside_is_a_dead_letter_that_moved_the_clock(self):
        for time in self.OUTSIDE:
            about = {"id": None, "type": "view", "time": time}
            for fields in ({"expires": time}, {"about": about}):
                wishes = [request(1), request(12 * S, "odd", **fields), request(2, "late")]
                gate = run(AD_CAP, [SEEN], wishes)
                self.assertEqual(self.letters(gate), [("requests", 1, "no time")])
                said = [(name, t) for name, t, *_ in told(gate)]
                self.assertEqual(said, [("r1", 1), ("r1", 10 * S), ("late", 12 * S)])

    def test_the_least_number_is_null_where_null_may_be(self):
        gate = run("{}", [], [request(0, expires=-(1 << 63))])
        self.assertEqual(gate.decisions[0]["expires"], T0 + 72 * H)
        odd = {"id": None, "type": "view", "time": -(1 << 63)}
        self.assertEqual(run("{}", [], [request(0, about=odd)]).decisions, [])
        given = consent(0)
        given["consent"]["until"] = -(1 << 63)
        gate = run(CONSENT, [given], [request(1, purpose="news")])
        self.assertEqual(told(gate)[0][2], "permit")

    def test_the_borders_are_inside(self):
        for time in (FIRST_MS, LAST_MS):
            gate = run("{}", [], [dict(request(0), time=time, expires=LAST_MS)])
            self.assertEqual((len(gate.decisions), gate.rejected), (1, []))

    def test_a_receipt_of_such_a_time_names_no_permit(self):
        for time in self.OUTSIDE:
            bounce = settles("bounce", "r0", 1, {"time": time, "tag": 0})
            gate = run(PERMIT_CAP, [bounce], [request(0), request(2)])
            self.assertEqual(told(gate)[1][2], "defer")


if __name__ == "__main__":
    unittest.main()
