# SPDX-License-Identifier: Apache-2.0
"""The gate of one partition, told the plain way: docs/semantics.md, sentence by sentence.

Everything that ever happened stays in a list, and every question is answered by going through that
list. Nothing is compiled, counted ahead or forgotten. Records are dictionaries with the fields of
schemas/*.avsc.
"""

import bisect
import math
from collections import deque

import xxhash

from policy import RESERVING, TOUCH_WORDS, selects

NEVER = math.inf
EXPIRY_MS = 72 * 3_600_000
NS_PER_MS = 1_000_000
LONG_AGO_NS = -(10**30)
TOUCH_TAG_MASK = (1 << 18) - 1
PERMIT_TAG_MASK = (1 << 16) - 1

COPIED_TO_DECISION = (
    "channel",
    "kind",
    "class",
    "campaign",
    "subject",
    "category",
    "topic",
    "priority",
)
COPIED_TO_PERMITTED = COPIED_TO_DECISION + ("segment", "purpose", "payload")


def message_id_of(customer, request_id):
    return xxhash.xxh3_128(customer.encode() + b"\0" + request_id.encode()).hexdigest()


def touch_tag_of(event_id):
    return xxhash.xxh3_64(event_id.encode()).intdigest() & TOUCH_TAG_MASK


def permit_tag_of(message_id):
    return xxhash.xxh3_64(message_id.encode()).intdigest() & PERMIT_TAG_MASK


class Customer:
    """All that is known of one customer."""

    def __init__(self):
        self.touches = []  # what touchpoints left, in the order read
        self.permits = []  # our own, in the order given
        self.settlements = []  # touchpoints that name a message, in the order read

    def settled(self, permit, each, types):
        """Whether a touchpoint of one of these types settles the permit in the scope of `each`."""
        return any(
            touchpoint["type"] in types
            and names(touchpoint, permit)
            and same_scope(each, permit, touchpoint)
            for touchpoint in self.settlements
        )

    def permits_not_refunded(self, each):
        return [p for p in self.permits if not self.settled(p, each, ("bounce",))]


class Gcra:
    """The state of one throttle in one partition, in integer nanoseconds."""

    def __init__(self, throttle, partitions):
        self.name = throttle.name
        self.words = throttle.words
        self.step_ns = -(-partitions * throttle.period_ms * NS_PER_MS // throttle.count)
        self.burst = max(1, throttle.burst // partitions)
        self.tat_ns = LONG_AGO_NS
        self.queue = []  # (-priority, age, request), sorted

    def first_ns(self):
        """The first moment at which it conforms."""
        return self.tat_ns - (self.burst - 1) * self.step_ns

    def first_ms(self):
        return -(-self.first_ns() // NS_PER_MS)

    def conforms(self, t):
        return t * NS_PER_MS >= self.first_ns()

    def charge(self, t):
        self.tat_ns = max(self.tat_ns, t * NS_PER_MS) + self.step_ns


SKEW_MS = 600_000  # future_skew_max: 10 min


class Gate:
    """One partition, from its first record to its last."""

    def __init__(self, policy, partition, partitions, skew=SKEW_MS):
        self.policy = policy
        self.skew = skew
        self.partition = partition
        self.throttles = [Gcra(throttle, partitions) for throttle in policy.throttles]
        self.customers = {}
        self.clock = -math.inf
        self.order = 0  # records read and decisions made: who came first
        self.next_touchpoint = 0  # its offset
        self.waiting = []  # (until, -priority, age, request), sorted
        self.decisions = []
        self.permitted = []
        self.rejected = []

    # Reading, in merged order

    def run(self, touchpoints, requests, latest=math.inf):
        """Takes (offset, record) pairs of both streams; later than `latest` is a dead letter."""
        end = len(touchpoints)
        touchpoints = self.without_dead_letters("touchpoints", touchpoints, latest)
        requests = self.without_dead_letters("requests", requests, latest)
        while touchpoints or requests:
            self.next_touchpoint = touchpoints[0][0] if touchpoints else end
            if not requests or (
                touchpoints and touchpoints[0][1]["time"] <= requests[0][1]["time"]
            ):
                take, (offset, record) = self.apply, touchpoints.popleft()
            else:
                take, (offset, record) = self.request, requests.popleft()
            self.decide_due_until(record["time"])
            self.clock = max(self.clock, record["time"])
            self.order += 1
            take(offset, record)

    def without_dead_letters(self, stream, records, latest):
        """A dead letter has its place in the stream, but moves no clock and holds nothing back."""
        self.rejected += [
            dead_letter(stream, self.partition, offset, record)
            for offset, record in records
            if record["time"] > latest
        ]
        return deque(pair for pair in records if pair[1]["time"] <= latest)

    def pending(self):
        """What still waits."""
        return len(self.waiting) + sum(len(throttle.queue) for throttle in self.throttles)

    def customer(self, name):
        return self.customers.setdefault(name, Customer())

    def apply(self, _offset, touchpoint):
        if touchpoint["bot"]:
            return
        customer = self.customer(touchpoint["customer"])
        touch = {
            word: touchpoint[word]
            for word in ("type", "time", "channel", "campaign", "subject", "topic")
        }
        customer.touches.append(dict(touch, tag=touch_tag_of(touchpoint["id"])))
        receipt = touchpoint["receipt"]
        if receipt is not None and receipt["time"] > self.clock + self.skew:
            return
        if touchpoint["message_id"] is not None:
            settlement = {word: touchpoint[word] for word in ("type", "receipt") + TOUCH_WORDS}
            tag = permit_tag_of(touchpoint["message_id"])
            customer.settlements.append(dict(settlement, tag=tag, order=self.order))

    def request(self, offset, record):
        expires = record["expires"]
        request = dict(record)
        request["offset"] = offset
        request["age"] = self.order
        request["expires"] = record["time"] + EXPIRY_MS if expires is None else expires
        request["deferred"] = False
        self.decide(request, self.clock)

    # What falls due

    def decide_due_until(self, limit):
        while True:
            moments = [self.waiting[0][0]] if self.waiting else []
            moments += [throttle.first_ms() for throttle in self.throttles if throttle.queue]
            if not moments or min(moments) > limit:
                return
            self.decide_due(min(moments))

    def decide_due(self, d):
        for throttle in self.throttles:
            while throttle.queue and throttle.conforms(d):
                self.decide(throttle.queue.pop(0)[-1], d)
        due = [entry for entry in self.waiting if entry[0] == d]
        self.waiting = [entry for entry in self.waiting if entry[0] != d]
        for *_, request in due:  # sorted: by priority, then by age
            self.decide(request, d)

    # The decision

    def decide(self, request, t):
        self.order += 1
        if t >= request["expires"]:
            return self.record(request, t, "deny", [gate_reason("expired")])
        if request["channel"] == "unknown":
            return self.record(request, t, "deny", [gate_reason("unknown channel")])
        outcome, reasons, moment = self.ask_rules(request, t)
        if outcome == "deny":
            return self.record(request, t, "deny", reasons)
        if outcome == "defer":
            self.defer(request, t, reasons, moment)
            bisect.insort(self.waiting, (moment, -request["priority"], request["age"], request))
            return None
        full = self.history_full(request, t)
        if full:
            return self.record(request, t, "deny", [full])
        return self.pass_throttles(request, t)

    def ask_rules(self, request, t):
        """(outcome, reasons, the moment at which it stands still)."""
        rules = [rule for rule in self.policy.rules if selects(rule.words, request)]
        spoken = {}
        moment = t
        while True:
            answers = [self.earliest(rule, request, moment) for rule in rules]
            for i, (rule, (answer, counter, limit)) in enumerate(zip(rules, answers)):
                if answer > moment and i not in spoken:
                    spoken[i] = reason(rule.name, rule.family, counter, limit, answer)
            reasons = [spoken[i] for i in sorted(spoken)]
            largest = max([answer for answer, _, _ in answers], default=moment)
            if largest == NEVER:
                return "deny", reasons, None
            if largest == moment:
                return ("permit" if moment == t else "defer"), reasons, moment
            moment = largest
            if moment >= request["expires"]:
                return "deny", reasons + [gate_reason("expires first")], None

    def pass_throttles(self, request, t):
        throttles = [throttle for throttle in self.throttles if selects(throttle.words, request)]
        last = max(throttles, key=Gcra.first_ns, default=None)  # the first of equals
        if last is None or last.conforms(t):
            for throttle in throttles:
                throttle.charge(t)
            return self.permit(request, t)
        until = last.first_ms()
        spoken = reason(last.name, "throttle", None, None, until)
        if until >= request["expires"]:
            return self.record(request, t, "deny", [spoken, gate_reason("expires first")])
        self.defer(request, t, [spoken], until)
        bisect.insort(last.queue, (-request["priority"], request["age"], request))
        return None

    def defer(self, request, t, reasons, until):
        """Only the first deferral leaves a record."""
        if not request["deferred"]:
            self.record(request, t, "defer", reasons, until)
        request["deferred"] = True

    def permit(self, request, t):
        customer = self.customer(request["customer"])
        message_id = message_id_of(request["customer"], request["id"])
        taken = {
            permit["tag"]
            for permit in customer.permits
            if permit["time"] == t and self.is_kept_beside(request, permit)
        }
        tag = permit_tag_of(message_id)
        while tag in taken:
            tag = (tag + 1) & PERMIT_TAG_MASK
        permit = {
            word: request[word]
            for word in ("channel", "kind", "class", "campaign", "subject", "topic")
        }
        permit.update(type="permit", time=t, tag=tag, message_id=message_id, order=self.order)
        customer.permits.append(permit)
        receipt = {"time": t, "tag": tag}
        message = {word: request[word] for word in COPIED_TO_PERMITTED}
        message.update(
            message_id=message_id, request_id=request["id"], customer=request["customer"], time=t
        )
        message.update(
            receipt=receipt, expires=request["expires"], variant="as_requested", arm=None
        )
        message.update(policy=self.policy.name)
        self.permitted.append(message)
        self.record(request, t, "permit", [], message_id=message_id, receipt=receipt)

    def record(self, request, t, outcome, reasons, until=None, message_id=None, receipt=None):
        decision = {word: request[word] for word in COPIED_TO_DECISION}
        decision.update(
            request_id=request["id"], customer=request["customer"], time=t, outcome=outcome
        )
        decision.update(final=outcome != "defer", repeat=False, until=until, reasons=reasons)
        decision.update(message_id=message_id, receipt=receipt, expires=request["expires"])
        decision.update(variant="as_requested", arm=None, policy=self.policy.name)
        decision["request"] = position("requests", self.partition, request["offset"])
        decision["positions"] = [position("touchpoints", self.partition, self.next_touchpoint)]
        self.decisions.append(decision)

    # Rules

    def earliest(self, rule, request, moment):
        """(the earliest moment >= `moment` at which it permits, or NEVER; what counted; n)."""
        if rule.family == "cap":
            return self.cap(rule, request, moment)
        if rule.family == "retarget":
            return self.retarget(rule, request, moment), None, None
        return self.wait(rule, request, moment), None, None

    def cap(self, rule, request, moment):
        if lacks(request, rule.each):
            return moment, None, None
        customer = self.customer(request["customer"])
        ends = [time + rule.window_ms for time, *_ in self.counted(rule, request)]
        if rule.reserves:
            ends += [self.lapse(permit) for permit in self.reservations(rule, request)]
        ends = sorted((end for end in ends if end > moment), reverse=True)
        if len(ends) < rule.at_most:
            answer = moment
        else:
            answer = ends[rule.at_most - 1] if rule.at_most else NEVER
        return answer, min(len(ends), rule.at_most), rule.at_most

    def reservations(self, rule, request):
        """The permits of the counter that are neither confirmed nor refunded, lapsed or not."""
        customer = self.customer(request["customer"])
        settling = RESERVING.intersection(rule.types) | {"bounce"}
        return [
            permit
            for permit in customer.permits
            if self.belongs(rule, request, permit)
            and not customer.settled(permit, rule.each, settling)
        ]

    def counted(self, rule, request):
        """The touches that a cap counts, whenever they were: equal in all is one."""
        customer = self.customer(request["customer"])
        touches = [touch for touch in customer.touches if touch["type"] in rule.types]
        if "permit" in rule.types:
            touches += customer.permits_not_refunded(rule.each)
        return {
            (touch["time"], touch["type"], touch["tag"])
            for touch in touches
            if self.belongs(rule, request, touch)
        }

    def retarget(self, rule, request, moment):
        if lacks(request, rule.each):
            return NEVER
        interest = self.latest(rule, request, rule.types)
        if interest is None or interest < moment - rule.window_ms:
            return NEVER
        end = self.latest(rule, request, rule.until)
        return moment if end is None or end < interest else NEVER

    def wait(self, rule, request, moment):
        about = request["about"]
        if about is not None and about["type"] in rule.types:
            x = about["time"]
        elif lacks(request, rule.each):
            return NEVER
        else:
            x = self.latest(rule, request, rule.types)
        if x is None or moment > x + rule.most_ms:
            return NEVER
        return max(moment, x + rule.least_ms)

    def latest(self, rule, request, types):
        """The time of the latest touch of these types that retarget or wait looks at."""
        customer = self.customer(request["customer"])
        touches = customer.touches + customer.permits_not_refunded(rule.each)
        times = [
            touch["time"]
            for touch in touches
            if touch["type"] in types
            and same_scope(rule.each, request, touch)
            and selects(rule.where, touch)
        ]
        return max(times, default=None)

    @staticmethod
    def belongs(rule, request, touch):
        """Whether a touch or permit is of the counter of a cap that this request meets."""
        return (
            selects(rule.words, touch)
            and selects(rule.where, touch)
            and same_scope(rule.each, request, touch)
        )

    # Permits that are kept

    def lapse(self, permit):
        return permit["time"] + self.policy.confirm_within_ms(permit["channel"])

    def history_full(self, request, t):
        """The reason to deny, if a cap that would count the permit can keep no more."""
        bound = self.policy.permits_per_customer
        for rule in self.policy.rules:
            if rule.family != "cap" or not self.belongs(rule, request, request):
                continue
            kept = self.kept(rule, request, t)
            if kept is not None and kept >= bound:
                return gate_reason("history full", kept, bound)
        return None

    def is_kept_beside(self, request, permit):
        """Whether a cap counts this permit in a scope that the request shares."""
        return any(
            rule.family == "cap"
            and (rule.reserves or "permit" in rule.types)
            and self.belongs(rule, request, permit)
            for rule in self.policy.rules
        )

    def kept(self, rule, request, t):
        """How many earlier permits the cap keeps; none, if it counts no permits."""
        if "permit" in rule.types:
            times = [time for time, kind, _ in self.counted(rule, request) if kind == "permit"]
            return sum(time > t - rule.window_ms for time in times)
        if rule.reserves:
            within = self.policy.confirm_within_ms
            return sum(
                t < self.lapse(permit) and within(permit["channel"]) == within(request["channel"])
                for permit in self.reservations(rule, request)
            )
        return None


def names(touchpoint, permit):
    """Whether a touchpoint with a message id means this permit."""
    if touchpoint["receipt"] is not None:
        return touchpoint["receipt"] == {"time": permit["time"], "tag": permit["tag"]}
    return touchpoint["order"] > permit["order"] and touchpoint["tag"] == permit["tag"]


def lacks(request, each):
    return each != "customer" and request[each] is None


def same_scope(each, request, touch):
    """A touch without the word does not count in that scope."""
    return each == "customer" or (touch[each] is not None and touch[each] == request[each])


def dead_letter(stream, partition, offset, record):
    letter = {"stream": stream, "partition": partition, "offset": offset, "time": record["time"]}
    return dict(letter, reason="future", value=record)


def position(topic, partition, offset):
    return {"topic": topic, "partition": partition, "offset": offset}


def gate_reason(name, counter=None, limit=None):
    return reason(name, "gate", counter, limit, None)


def reason(name, family, counter, limit, answer):
    return {
        "rule": name,
        "family": family,
        "counter": counter,
        "limit": limit,
        "until": None if answer in (None, NEVER) else answer,
        "shadow": False,
    }
