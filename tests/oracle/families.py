# SPDX-License-Identifier: Apache-2.0
"""What each rule answers, and which permits it keeps: docs/semantics.md, sentence by sentence."""

import math

from history import end_of, same_scope
from policy import RESERVING, selects

NEVER = math.inf


def earliest(policy, rule, customer, request, moment):
    """(the earliest moment >= `moment` at which it permits, or NEVER; counter; limit)."""
    if rule.family == "cap":
        return cap(policy, rule, customer, request, moment)
    if rule.family == "cooldown":
        return cooldown(rule, customer, request, moment)
    answer = {"gap": gap, "retarget": retarget, "wait": wait, "consent": consent}[rule.family]
    return answer(rule, customer, request, moment), None, None


def cap(policy, rule, customer, request, moment):
    if lacks(request, rule.each):
        return moment, None, None
    ends = [time + rule.window_ms for time, *_ in counted(rule, customer, request)]
    if rule.reserves:
        ends += [lapse(policy, permit) for permit in reservations(rule, customer, request)]
    ends = sorted((end for end in ends if end > moment), reverse=True)
    if len(ends) < rule.at_most:
        answer = moment
    else:
        answer = ends[rule.at_most - 1] if rule.at_most else NEVER
    return answer, min(len(ends), rule.at_most), rule.at_most


def gap(rule, customer, request, moment):
    if lacks(request, rule.each):
        return moment
    latest_permit = max((time for time, *_ in counted(rule, customer, request)), default=None)
    return moment if latest_permit is None else max(moment, latest_permit + rule.window_ms)


def retarget(rule, customer, request, moment):
    if lacks(request, rule.each):
        return NEVER
    interest = latest(rule, customer, request, rule.types)
    if interest is None or interest < moment - rule.window_ms:
        return NEVER
    end = latest(rule, customer, request, rule.until)
    return moment if end is None or end < interest else NEVER


def wait(rule, customer, request, moment):
    about = request["about"]
    if about is not None and about["type"] in rule.types:
        x = about["time"]
    elif lacks(request, rule.each):
        return NEVER
    else:
        x = latest(rule, customer, request, rule.types)
    if x is None or moment > x + rule.most_ms:
        return NEVER
    return max(moment, x + rule.least_ms)


def cooldown(rule, customer, request, moment):
    if lacks(request, rule.each):
        return moment, None, None
    reset = latest(rule, customer, request, rule.until)
    times = [time for time, *_ in counted(rule, customer, request)]
    times = sorted((time for time in times if reset is None or time > reset), reverse=True)
    if len(times) < rule.times or times[0] - times[rule.times - 1] > rule.window_ms:
        return moment, None, None
    return max(moment, times[0] + rule.window_ms), rule.times, rule.times


def consent(_rule, customer, request, moment):
    if request["purpose"] is None:
        return NEVER
    value = customer.consent(request["purpose"], request["channel"])
    return moment if value and value["granted"] and moment < end_of(value) else NEVER


# Which touches


def counted(rule, customer, request):
    """The touches that a cap, gap or cooldown counts, whenever they were: equal in all is one."""
    touches = [touch for touch in customer.touches if touch["type"] in rule.types]
    if rule.counts_permits:
        touches += customer.permits_not_refunded(rule.each)
    return {
        (touch["time"], touch["type"], touch["tag"])
        for touch in touches
        if belongs(rule, request, touch)
    }


def latest(rule, customer, request, types):
    """The time of the latest touch of these types by `each` and `where` alone."""
    permits = customer.permits_not_refunded(rule.each) if "permit" in types else []
    times = [
        touch["time"]
        for touch in customer.touches + permits
        if touch["type"] in types
        and same_scope(rule.each, request, touch)
        and selects(rule.where, touch)
    ]
    return max(times, default=None)


def belongs(rule, request, touch):
    """Whether a touch or permit is of the counter of a rule that this request meets."""
    return (
        (rule.family == "cooldown" or selects(rule.words, touch))
        and selects(rule.where, touch)
        and same_scope(rule.each, request, touch)
    )


def lacks(request, each):
    return each != "customer" and request[each] is None


# Permits that are kept


def reservations(rule, customer, request):
    """The permits of the counter that are neither confirmed nor refunded, lapsed or not."""
    settling = RESERVING.intersection(rule.types) | {"bounce"}
    return [
        permit
        for permit in customer.permits
        if belongs(rule, request, permit) and not customer.settled(permit, rule.each, settling)
    ]


def lapse(policy, permit):
    return permit["time"] + policy.confirm_within_ms(permit["channel"])


def history_full(policy, customer, request, t):
    """(how many permits are kept, the bound) of a rule that can keep no more; or None."""
    for rule in policy.rules + policy.keep:
        if not rule.shadow and belongs(rule, request, request):
            count = kept(policy, rule, customer, request, t)
            if count >= policy.permits_per_customer:
                return count, policy.permits_per_customer
    return None


def kept(policy, rule, customer, request, t):
    """How many earlier permits the rule keeps."""
    if rule.counts_permits:
        times = [time for time, kind, _ in counted(rule, customer, request) if kind == "permit"]
        return sum(time > t - rule.kept_ms for time in times)
    if rule.reserves:
        within = policy.confirm_within_ms
        return sum(
            t < lapse(policy, permit) and within(permit["channel"]) == within(request["channel"])
            for permit in reservations(rule, customer, request)
        )
    return 0


def is_kept_beside(policy, request, permit):
    """Whether a rule counts this permit in a scope that the request shares."""
    return any(
        (rule.reserves or rule.counts_permits) and belongs(rule, request, permit)
        for rule in policy.rules + policy.keep
    )
