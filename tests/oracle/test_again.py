# SPDX-License-Identifier: Apache-2.0
"""What is decided or asked once more: the general variant, and the same request twice."""

import io
import unittest

import policy as policies
from by_hand import AD_CAP, ONE_A_SECOND, PERMIT_CAP, T0, H, S, names, request, run, settles, told
from by_hand import touchpoint
from comparing import Report, compare_summary, expected_summary
from history import message_id_of, permit_tag_of
from oracle import judge_records

NEEDS_VIEW = "{rule: view, %s retarget: {after: view, within: 1h}, instead: general}"
VARIANT = {"campaign": None, "topic": None, "payload": b"all"}


def ask(time, name=None, **fields):
    usual = {"kind": "retarget", "subject": "p", "category": "q", "segment": "s", "topic": "t"}
    return request(time, name, **{**usual, "campaign": "a", "general": VARIANT, **fields})


def rules(*texts):
    return f"rules: [{', '.join(texts)}]"


class General(unittest.TestCase):
    RETARGET = NEEDS_VIEW % "for: {kind: retarget},"
    ALL = NEEDS_VIEW % ""
    CAP = "{rule: general-cap, for: {kind: general}, cap: {count: permit, at_most: 1, per: 10s}}"

    def test_what_rules_refuse_leaves_as_its_general_variant(self):
        gate = run(rules(self.RETARGET), [], [ask(0, purpose="news", priority=3)])
        decision = gate.decisions[0]
        self.assertEqual((decision["outcome"], decision["variant"]), ("permit", "general"))
        self.assertEqual(names(decision), ["view"])
        words = ("kind", "channel", "campaign", "topic", "subject", "category", "priority")
        decided = [decision[word] for word in words]
        self.assertEqual(decided, ["general", "ads", "a", "t", None, None, 3])
        message = gate.permitted[0]
        self.assertEqual([message[word] for word in words], decided)
        self.assertEqual((message["payload"], message["variant"]), (b"all", "general"))
        self.assertEqual((message["segment"], message["purpose"]), (None, "news"))
        self.assertEqual(message["message_id"], message_id_of("c", "r0"))

    def test_campaign_and_topic_are_the_variants_where_it_has_them(self):
        for word, other in (("campaign", "topic"), ("topic", "campaign")):
            gate = run(rules(self.RETARGET), [], [ask(0, general={**VARIANT, word: "z"})])
            self.assertEqual(gate.permitted[0][word], "z")
            self.assertEqual(gate.permitted[0][other], ask(0)[other])

    def test_without_a_variant_or_without_instead_it_is_refused_as_requested(self):
        for text, fields in (
            (self.RETARGET, {"general": None}),
            (self.RETARGET.replace(", instead: general", ""), {}),
        ):
            decision = run(rules(text), [], [ask(0, **fields)]).decisions[0]
            self.assertEqual((decision["outcome"], decision["variant"]), ("deny", "as_requested"))
            self.assertEqual((decision["kind"], names(decision)), ("retarget", ["view"]))

    def test_every_rule_that_says_never_must_carry_it(self):
        never = "{rule: none, for: {kind: retarget}, cap: {count: permit, at_most: 0, per: 1h}%s}"
        for instead, outcome in (("", "deny"), (", instead: general", "permit")):
            gate = run(rules(self.RETARGET, never % instead), [], [ask(0)])
            self.assertEqual(told(gate)[0][2], outcome)
            self.assertEqual(names(gate.decisions[0]), ["view", "none"])

    def test_one_that_only_deferred_need_not_carry_it(self):
        cap = "{rule: cap, for: {kind: retarget}, cap: {count: permit, at_most: 1, per: 10s}}"
        gate = run(rules(cap, self.RETARGET), [touchpoint(0, "view")], [ask(0), ask(1)])
        self.assertEqual(told(gate)[1], ("r1", 1, "defer", 10_000))
        late = self.RETARGET.replace("1h", "5s")  # never, but only at the moment the cap asks for
        gate = run(rules(cap, late), [touchpoint(0, "view")], [ask(0), ask(1)])
        self.assertEqual(told(gate)[1], ("r1", 1, "permit", None))
        self.assertEqual(names(gate.decisions[1]), ["cap", "view"])
        self.assertEqual(gate.decisions[1]["reasons"][0]["until"], T0 + 10 * S)

    def test_a_variant_that_is_refused_names_the_reasons_of_both(self):
        gate = run(rules(self.ALL), [], [ask(0)])
        decision = gate.decisions[0]
        self.assertEqual((decision["outcome"], decision["variant"]), ("deny", "general"))
        self.assertEqual((decision["kind"], decision["subject"]), ("general", None))
        self.assertEqual(names(decision), ["view", "view"])

    def test_the_gate_a_throttle_and_the_expiry_refuse_as_requested(self):
        cap = AD_CAP[len("rules: [") : -1].replace("}}", "}, instead: general}")
        facts = [touchpoint(0, channel="ads")]
        for text, fields, said in (
            (rules(self.RETARGET), {"channel": "unknown"}, ["unknown channel"]),
            (rules(self.RETARGET), {"expires": T0 + 5}, ["expired"]),
            (rules(cap), {"expires": T0 + 10 * S}, ["cap", "expires first"]),
        ):
            decision = run(text, facts, [ask(5, **fields)]).decisions[0]
            self.assertEqual((decision["outcome"], decision["variant"]), ("deny", "as_requested"))
            self.assertEqual(names(decision), said)

    def test_rules_are_selected_anew_and_count_the_variant(self):
        gate = run(rules(self.CAP, self.RETARGET), [], [ask(0), ask(1)])
        self.assertEqual(
            told(gate),
            [
                ("r0", 0, "permit", None),
                ("r1", 1, "defer", 10_000),
            ],
        )
        self.assertEqual(names(gate.decisions[1]), ["view", "general-cap"])
        self.assertEqual(gate.decisions[1]["variant"], "general")

    def test_a_deferred_variant_falls_due_as_requested(self):
        facts = [touchpoint(9 * S, "view"), touchpoint(11 * S)]
        gate = run(rules(self.CAP, self.RETARGET), facts, [ask(0), ask(1)])
        final = gate.decisions[2]
        self.assertEqual(told(gate)[2], ("r1", 10_000, "permit", None))
        self.assertEqual((final["variant"], final["kind"]), ("as_requested", "retarget"))
        self.assertEqual((final["reasons"], gate.permitted[1]["payload"]), ([], b"hello"))

    def test_throttles_are_selected_anew(self):
        throttle = "throttles: [{for: {kind: general}, rate: 1/s, name: slow}]"
        text = "{" + rules(self.RETARGET) + ", " + throttle + "}"
        gate = run(text, [touchpoint(1500)], [ask(0), ask(1), ask(2, expires=T0 + 1000)])
        self.assertEqual(told(gate)[1], ("r1", 1, "defer", 1000))
        self.assertEqual(names(gate.decisions[1]), ["view", "slow"])
        self.assertEqual(names(gate.decisions[2]), ["view", "slow", "expires first"])
        self.assertEqual(told(gate)[3], ("r1", 1000, "permit", None))
        self.assertEqual(names(gate.decisions[3]), ["view"])

    def test_consent_of_the_request_is_that_of_its_variant(self):
        text = rules("{rule: consent, for: {kind: general}, consent: {}}", self.RETARGET)
        body = {"purpose": "news", "channel": None, "granted": True, "until": None}
        fact = touchpoint(0, "consent", consent=dict(body, implied=False))
        for purpose, outcome in (("news", "permit"), (None, "deny")):
            gate = run(text, [fact], [ask(1, purpose=purpose)])
            self.assertEqual(told(gate)[0][2], outcome)

    def test_the_variant_can_find_the_history_full(self):
        cap = "{rule: g, for: {kind: general}, cap: {count: permit, at_most: 9, per: 10s}}"
        text = "{limits: {permits_per_customer: 1}, " + rules(cap, self.RETARGET) + "}"
        decision = run(text, [], [ask(0), ask(1)]).decisions[1]
        self.assertEqual((decision["outcome"], decision["variant"]), ("deny", "general"))
        self.assertEqual(names(decision), ["view", "history full"])


class SameRequest(unittest.TestCase):
    def again(self, text, facts, wishes):
        """The records that repeat, as (time, outcome, final, until), and the gate."""
        gate = run(text, facts, wishes)
        repeats = [
            (d["time"] - T0, d["outcome"], d["final"], d["until"] and d["until"] - T0)
            for d in gate.decisions
            if d["repeat"]
        ]
        return repeats, gate

    def test_a_permit_is_repeated_with_its_receipt_and_nothing_is_sent(self):
        repeats, gate = self.again(PERMIT_CAP, [], [request(0, "r"), request(5 * S, "r")])
        self.assertEqual(repeats, [(0, "permit", True, None)])
        self.assertEqual(len(gate.permitted), 1)
        first, second = gate.decisions
        self.assertEqual((first["repeat"], second["repeat"]), (False, True))
        message_id = message_id_of("c", "r")
        self.assertEqual(second["message_id"], message_id)
        self.assertEqual(second["receipt"], {"time": T0, "tag": permit_tag_of(message_id)})
        self.assertEqual((second["reasons"], second["request"]["offset"]), ([], 1))
        self.assertEqual(second["expires"], T0 + 5 * S + 72 * H)

    def test_a_denial_is_repeated_without_reasons_whatever_holds_now(self):
        text = rules(NEEDS_VIEW % "")
        view = touchpoint(1, "view")
        repeats, gate = self.again(text, [view], [request(0, "r"), request(5, "r")])
        self.assertEqual(repeats, [(0, "deny", True, None)])
        self.assertEqual(gate.decisions[1]["reasons"], [])
        self.assertEqual((gate.repeats, gate.repeats_differing), (1, 1))

    def test_while_it_waits_the_deferral_is_repeated(self):
        facts = [touchpoint(0, channel="ads"), touchpoint(20 * S)]
        wishes = [request(5 * S, "r"), request(6 * S, "r"), request(9_999, "r")]
        repeats, gate = self.again(AD_CAP, facts, wishes)
        self.assertEqual(repeats, [(5000, "defer", False, 10_000)] * 2)
        self.assertEqual(told(gate)[-1], ("r", 10_000, "permit", None))
        repeats, _ = self.again(AD_CAP, facts, [request(5 * S, "r"), request(10 * S, "r")])
        self.assertEqual(repeats, [(10_000, "permit", True, None)])  # what is due comes first

    def test_a_second_deferral_is_not_written_but_repeated(self):
        facts = [touchpoint(0, channel="ads"), touchpoint(9 * S, channel="ads")]
        repeats, _ = self.again(AD_CAP, facts, [request(5 * S, "r"), request(11 * S, "r")])
        self.assertEqual(repeats, [(10_000, "defer", False, 19_000)])

    def test_what_waits_in_a_queue_is_repeated(self):
        wishes = [request(0), request(1, "r"), request(2, "r"), request(1000, "r")]
        repeats, gate = self.again(ONE_A_SECOND, [], wishes)
        self.assertEqual(repeats, [(1, "defer", False, 1000), (1000, "permit", True, None)])
        self.assertEqual(len(gate.permitted), 2)

    def test_it_is_forgotten_at_the_final_decision_plus_dedupe_for(self):
        text = "limits: {dedupe_for: 1h}"
        for time, outcomes in ((H - 1, [False, True]), (H, [False, False])):
            gate = run(text, [], [request(0, "r"), request(time, "r")])
            self.assertEqual([d["repeat"] for d in gate.decisions], outcomes)
        self.assertEqual([m["time"] - T0 for m in gate.permitted], [0, H])
        self.assertEqual(gate.permitted[0]["message_id"], gate.permitted[1]["message_id"])

    def test_it_is_72_hours_without_a_word(self):
        for time, repeat in ((72 * H - 1, True), (72 * H, False)):
            gate = run("{}", [], [request(0, "r"), request(time, "r")])
            self.assertEqual(gate.decisions[1]["repeat"], repeat)

    def test_the_time_runs_from_the_final_decision_not_from_the_deferral_or_a_repeat(self):
        text = "{limits: {dedupe_for: 1h}, " + AD_CAP + "}"
        facts = [touchpoint(0, channel="ads")]
        wishes = [request(5 * S, "r"), request(H, "r"), request(H + 9_999, "r")]
        _, gate = self.again(text, facts, wishes + [request(H + 10_000, "r")])
        self.assertEqual([d["repeat"] for d in gate.decisions], [False, False, True, True, False])

    def test_the_key_is_customer_and_id(self):
        gate = run("{}", [], [request(0, "r"), request(1, "r", customer="d"), request(2, "s")])
        self.assertEqual([d["repeat"] for d in gate.decisions], [False] * 3)

    def test_the_other_fields_are_those_of_what_came_now(self):
        second = request(5, "r", channel="email", kind="survey", campaign="b", priority=7)
        second["expires"] = T0 + 9
        repeats, gate = self.again("{}", [], [request(0, "r"), second])
        self.assertEqual(repeats, [(0, "permit", True, None)])
        decision = gate.decisions[1]
        said = [decision[w] for w in ("channel", "kind", "campaign", "priority", "expires")]
        self.assertEqual(said, ["email", "survey", "b", 7, T0 + 9])
        self.assertEqual((gate.repeats, gate.repeats_differing), (1, 1))

    def test_the_same_content_does_not_differ(self):
        _, gate = self.again("{}", [], [request(0, "r"), request(0, "r")])
        self.assertEqual((gate.repeats, gate.repeats_differing), (1, 0))

    def test_it_is_looked_at_before_anything_else(self):
        late = request(5, "r", expires=T0 + 5, channel="unknown")
        repeats, _ = self.again("{}", [], [request(0, "r"), late])
        self.assertEqual(repeats, [(0, "permit", True, None)])
        repeats, _ = self.again("{}", [], [dict(late), request(6, "r")])
        self.assertEqual(repeats, [(5, "deny", True, None)])

    def test_a_repeat_of_a_general_variant_says_as_requested(self):
        text = rules(NEEDS_VIEW % "for: {kind: retarget},")
        repeats, gate = self.again(text, [], [ask(0, "r"), ask(1, "r")])
        self.assertEqual(repeats, [(0, "permit", True, None)])
        self.assertEqual([d["variant"] for d in gate.decisions], ["general", "as_requested"])
        self.assertEqual([d["kind"] for d in gate.decisions], ["general", "retarget"])

    def test_a_repeat_after_a_bounce_is_still_no_second_message(self):
        wishes = [request(0, "r"), request(5, "r")]
        repeats, gate = self.again(PERMIT_CAP, [settles("bounce", "r", 1)], wishes)
        self.assertEqual((repeats, len(gate.permitted)), ([(0, "permit", True, None)], 1))

    def test_when_too_many_are_remembered_a_new_one_is_denied_and_not_remembered(self):
        text = "{limits: {dedupe_per_partition: 2, dedupe_for: 1h}}"
        wishes = [request(0), request(1), request(2, "x"), request(3, "x"), request(4, "r0")]
        wishes += [request(5, "y", expires=T0, channel="unknown")]
        wishes += [request(H, "x"), request(H, "z")]
        gate = run(text, [], wishes)
        self.assertEqual(
            [(d["request_id"], d["outcome"], d["repeat"]) for d in gate.decisions],
            [
                ("r0", "permit", False),
                ("r1", "permit", False),
                ("x", "deny", False),
                ("x", "deny", False),
                ("r0", "permit", True),
                ("y", "deny", False),
                ("x", "permit", False),
                ("z", "deny", False),
            ],
        )
        for i in (2, 3, 5, 7):
            self.assertEqual(names(gate.decisions[i]), ["dedupe full"])
        self.assertEqual(gate.decisions[2]["reasons"][0]["family"], "gate")

    def test_what_waits_is_remembered_too(self):
        text = "{limits: {dedupe_per_partition: 1, dedupe_for: 1s}, " + AD_CAP + "}"
        facts = [touchpoint(0, channel="ads")]
        wishes = [request(5 * S), request(9 * S), request(10_999), request(11_000)]
        gate = run(text, facts, wishes)
        self.assertEqual(
            [names(d) for d in gate.decisions],
            [["cap"], ["dedupe full"], [], ["dedupe full"], ["cap"]],
        )

    def test_the_summary_counts_repeats_apart(self):
        wishes = [request(0, "r"), request(0, "r"), request(1, "r"), request(2, "s", expires=T0)]
        verdict = judge_records(policies.parse("{}"), [], wishes + [dict(wishes[3])], 1)
        summary = expected_summary(verdict)
        counts = [summary[name] for name in ("requests", "permitted", "denied", "deferred")]
        self.assertEqual(counts, [5, 1, 1, 0])
        self.assertEqual((summary["repeats"], summary["repeats_differing"]), (3, 1))
        self.assertEqual(summary["by_rule"], {"expired": {"denied": 1, "deferred": 0}})
        report = Report(io.StringIO())
        compare_summary(report, verdict, dict(summary, by_channel={"ads": 1}))
        self.assertEqual(report.mismatches, 0)
        compare_summary(report, verdict, dict(summary, by_channel={"ads": 1}, repeats=2))
        self.assertEqual(report.mismatches, 1)

    def test_records_stand_where_they_were_said_not_at_the_time_they_tell(self):
        wishes = [request(0, "r"), request(1, "s"), request(2, "r")]
        verdict = judge_records(policies.parse("{}"), [], wishes, 1)
        self.assertEqual([d["time"] - T0 for d in verdict.decisions], [0, 1, 0])


if __name__ == "__main__":
    unittest.main()
