# SPDX-License-Identifier: Apache-2.0
"""Following a live run, decision by decision: of batches made by hand, and of random ones."""

import copy
import io
import random
import unittest

import policy as policies
from by_hand import AD_CAP, ONE_A_SECOND, T0, H, Live, S, live, request, touchpoint
from comparing import Report
from following import Follower
from gate import FACTS_WAIT_MS, SKEW_MS, Gate, gate_reason, has_calendar, reason
from random_case import make_case
from random_events import START_MS
from recording import split

SEEDS = range(1, 41)


def follow(policy, inputs, decisions, partitions=1):
    out = io.StringIO()
    report = Report(out)
    follower = Follower(report, Gate(policy, 0, partitions), inputs)
    follower.follow_all([dict(decision, policy_hash="") for decision in decisions])
    return follower, report.mismatches, out.getvalue()


class ByHand(unittest.TestCase):
    def judged(self, made, decisions=None):
        decisions = made.gate.decisions if decisions is None else decisions
        return follow(made.gate.policy, made.inputs, decisions)

    def assert_equal(self, made, decisions=None):
        follower, mismatches, told = self.judged(made, decisions)
        self.assertEqual(mismatches, 0, told)
        return follower

    def assert_told(self, text, made, decisions=None):
        _, mismatches, told = self.judged(made, decisions)
        self.assertGreater(mismatches, 0)
        self.assertIn(text, told)

    SEEN = touchpoint(0, channel="ads")

    def test_each_is_decided_at_its_own_time_with_the_facts_read_before(self):
        made = live(AD_CAP, (1, [], [request(0)]), (2, [self.SEEN], [request(1)]))
        self.assertEqual([d["outcome"] for d in made.gate.decisions], ["permit", "defer"])
        self.assert_equal(made)
        decisions = copy.deepcopy(made.gate.decisions)
        decisions[0]["positions"][0]["offset"] = 1  # then it was seen before
        self.assert_told("oracle: t=1700000000001 defer", made, decisions)

    def test_what_waited_is_decided_when_it_was_told_and_its_delay_is_counted(self):
        made = live(AD_CAP, (1, [self.SEEN], [request(0)]), (12 * S, [], []))
        follower = self.assert_equal(made)
        self.assertEqual(follower.waits, [2 * S])
        early = copy.deepcopy(made.gate.decisions)
        early[1]["time"] = T0 + 9_999
        self.assert_told("before its moment", made, early)
        self.assert_told("it must wait on", made, early)

    def test_it_must_not_leave_while_the_rules_say_no(self):
        facts = [touchpoint(9 * S, channel="ads")]
        made = live(AD_CAP, (1, [self.SEEN], [request(0)]), (11 * S, facts, []), (20 * S, [], []))
        self.assert_equal(made)
        early = copy.deepcopy(made.gate.decisions)
        early[1]["time"] = T0 + 11 * S
        self.assert_told("it must wait on", made, early)

    def test_who_waits_for_facts_is_deferred_for_so_long_and_then_decided(self):
        made = live("{}", (1, [], [request(0)]), (2, [], []))
        permit = made.gate.decisions[0]
        until = T0 + 1 + FACTS_WAIT_MS
        why = reason("facts behind", "gate", None, None, until)
        behind = dict(permit, outcome="defer", until=until, final=False, reasons=[why],
                      message_id=None, receipt=None)
        later = dict(permit, time=until, receipt=dict(permit["receipt"], time=until))
        follower = self.assert_equal(made, [behind, later])
        self.assertEqual(follower.counts["waiting for facts"], 1)
        self.assert_told("before its moment", made, [behind, permit])
        longer = dict(behind, until=until + 1)
        self.assert_told(f"until={until}", made, [longer, dict(later, time=until + 1)])

    def test_who_would_wait_for_facts_beyond_its_expiry_is_denied(self):
        asked = dict(request(0), expires=T0 + 1 + FACTS_WAIT_MS)
        made = live("{}", (1, [], [asked]))
        why = reason("facts behind", "gate", None, None, T0 + 1 + FACTS_WAIT_MS)
        denial = dict(made.gate.decisions[0], outcome="deny", message_id=None, receipt=None,
                      reasons=[why, gate_reason("expires first")])
        self.assert_equal(made, [denial])
        made.inputs.requests[0][1]["expires"] += 1
        denial["expires"] += 1
        self.assert_told("oracle: t=1700000000001 defer", made, [denial])

    def test_time_and_positions_never_go_back(self):
        made = live("{}", (5, [self.SEEN], [request(0)]), (6, [], [request(1)]))
        for field, text in (("time", "the clock goes back"), ("positions", "facts were unread")):
            decisions = copy.deepcopy(made.gate.decisions)
            decisions[1][field] = T0 if field == "time" else [dict(topic="", partition=0, offset=0)]
            self.assert_told(text, made, decisions)

    def test_every_request_is_decided_once(self):
        made = live("{}", (1, [], [request(i) for i in range(3)]))
        first, second, third = made.gate.decisions
        self.assert_equal(made)
        lost = "request '%s' of customer 'c', offset %d: never decided"
        self.assert_told(lost % ("r1", 1), made, [first, third])
        self.assert_told(lost % ("r2", 2), made, [first, second])
        self.assert_told("decided once more", made, [first, second, second, third])
        self.assert_told("'r1'", made, [first, third, second])

    def test_a_request_that_waits_for_ever_is_no_difference(self):
        made = live(AD_CAP, (1, [self.SEEN], [request(0)]))
        self.assertEqual(self.assert_equal(made).gate.pending(), 1)

    def test_what_leaves_a_queue_out_of_turn_is_counted(self):
        asked = [request(0), request(0, "second"), request(0, "third")]
        made = live(ONE_A_SECOND, (0, [], asked), (S, [], []), (2 * S, [], []))
        self.assertEqual(self.assert_equal(made).counts["passed in a queue"], 0)
        swapped = copy.deepcopy(made.gate.decisions)
        for word in ("request_id", "request", "message_id", "receipt", "expires"):
            swapped[3][word], swapped[4][word] = swapped[4][word], swapped[3][word]
        for i in (3, 4):
            swapped[i]["receipt"]["time"] = swapped[i]["time"]
        self.assertEqual(self.assert_equal(made, swapped).counts["passed in a queue"], 1)

    def test_a_new_request_may_join_a_queue_that_a_batch_did_not_work_off(self):
        asked = [request(0), request(0, "second")]
        made = live(ONE_A_SECOND, (0, [], asked), (2 * S, [], []))
        decisions = copy.deepcopy(made.gate.decisions)
        third = dict(decisions[1], time=T0 + S, until=T0 + S, request_id="third")
        third.update(request=dict(third["request"], offset=2), expires=T0 + 72 * H)
        third["reasons"] = [dict(third["reasons"][0], until=T0 + S)]
        made.inputs.requests.append((2, request(0, "third")))
        self.assert_equal(made, decisions[:2] + [third] + decisions[2:])
        late = dict(third, time=T0 + 3 * S, until=T0 + 3 * S)
        self.assert_told("oracle: t=1700000003000 permit", made, decisions + [late])

    def test_a_throttle_is_never_faster_than_its_rate(self):
        asked = [request(0), request(0, "second"), request(0, "third")]
        made = live(ONE_A_SECOND, (0, [], asked), (S, [], []), (2 * S, [], []))
        decisions = copy.deepcopy(made.gate.decisions)
        decisions[4]["time"] = decisions[4]["receipt"]["time"] = T0 + S + 999
        self.assert_told("it must wait on", made, decisions)

    def test_a_repeat_moves_no_clock_and_may_tell_of_a_deferral_that_left_no_record(self):
        later = touchpoint(9 * S, channel="ads")
        made = live(
            *(AD_CAP, (1, [self.SEEN], [request(0, "r")]), (11 * S, [later], [])),
            *((12 * S, [], [request(0, "r")]), (20 * S, [], [request(0, "s")])),
        )
        self.assertEqual([d["repeat"] for d in made.gate.decisions], [False, True, False, False])
        follower = self.assert_equal(made)
        self.assertEqual(follower.counts["deferred again, as a repeat tells"], 1)
        decisions = copy.deepcopy(made.gate.decisions)
        decisions[1]["until"] = decisions[1]["time"]
        self.assert_told("r", made, decisions)

    def test_what_is_in_the_future_is_known_from_the_dead_letters_and_checked(self):
        far = touchpoint(SKEW_MS + 11, channel="ads")
        made = live(AD_CAP, (10, [far], [request(0)]))
        self.assertEqual([d["outcome"] for d in made.gate.decisions], ["permit"])
        self.assert_equal(made)
        made.inputs.future.clear()
        self.assert_told("in the future", made)
        made = live(AD_CAP, (11, [], [request(0)]), (12, [far], []))
        made.inputs.future.add(("touchpoints", 0))
        self.assert_told("not in the future", made)


class AtRandom(unittest.TestCase):
    """Random cases in random batches; each is equal, and not when it is changed."""

    def case(self, seed):
        rng = random.Random(seed)
        case = make_case(seed)
        made = Live(policies.parse(case.text), case.partitions)
        streams = (("touchpoints", case.touchpoints), ("requests", case.requests))
        facts, wishes = (split(stream, records, 1)[0][0] for stream, records in streams)
        clock = START_MS
        while facts or wishes:
            some, many = rng.randint(0, 9), rng.randint(0, 5)
            times = [record["time"] for _, record in facts[:some] + wishes[:many]]
            now = max((time for time in times if has_calendar(time)), default=clock)
            clock = max(clock + rng.choice((0, 1, 500)), now - rng.choice((0, 1, 2 * SKEW_MS)))
            made.batch(clock, facts[:some], wishes[:many])
            facts, wishes = facts[some:], wishes[many:]
        made.batch(clock + 100_000_000)
        return rng, made, case.partitions

    def test_what_is_right_is_equal_and_a_changed_record_is_not(self):
        for seed in SEEDS:
            with self.subTest(seed=seed):
                rng, made, partitions = self.case(seed)
                policy, decisions = made.gate.policy, made.gate.decisions
                follower, mismatches, told = follow(policy, made.inputs, decisions, partitions)
                self.assertEqual(mismatches, 0, told)
                self.assertEqual(follower.gate.permitted, made.gate.permitted)
                if decisions:
                    i = rng.randrange(len(decisions))
                    for other in ([dict(decisions[i], outcome="unknown")], 2 * [decisions[i]]):
                        changed = decisions[:i] + other + decisions[i + 1 :]
                        wrong = follow(policy, made.inputs, changed, partitions)[1]
                        self.assertGreater(wrong, 0)


if __name__ == "__main__":
    unittest.main()
