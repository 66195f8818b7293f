# SPDX-License-Identifier: Apache-2.0
"""The gate of one partition, told the plain way: docs/semantics.md, sentence by sentence.

Everything that ever happened stays in a list, and every question is answered by going through that
list. Nothing is compiled, counted ahead or, but by an erasure, forgotten. Records are dictionaries
with the fields of schemas/*.avsc.
"""

import bisect
import math
from collections import deque
from dataclasses import dataclass

import families
from families import NEVER
from history import NO_TIME, PERMIT_TAG_MASK, Customer, message_id_of, permit_tag_of, touch_tag_of
from policy import TOUCH_WORDS, selects

EXPIRY_MS = 72 * 3_600_000
NS_PER_MS = 1_000_000
LONG_AGO_NS = -(10**30)
SKEW_MS = 600_000  # future_skew_max: 10 min
FACTS_WAIT_MS = 30_000  # facts_wait_max
PENDING_MAX = 1_000_000  # messages that wait, in all partitions together
FIRST_MS = -62_167_219_200_000  # the year 0
LAST_MS = 253_402_300_799_999  # the last millisecond of the year 9999

COPIED_TO_DECISION = (
    "channel",
    "kind",
    "class",
    "campaign",
    "subject",
    "category",
    "topic",
    "priority",
    "variant",
)
COPIED_TO_PERMITTED = COPIED_TO_DECISION + ("segment", "purpose", "payload")
WITHOUT_IN_GENERAL = ("subject", "category", "segment", "about", "general")


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


@dataclass
class Memory:
    """A request that is remembered, with its latest outcome."""

    record: dict  # as it first came
    said: dict  # its latest decision, whether that was written or not


@dataclass
class Answer:
    """What the rules say of a message."""

    outcome: str
    reasons: list
    moment: int | None = None  # at which it stands still
    refusing: tuple = ()  # the rules that answered never


class Gate:
    """One partition, from its first record to its last."""

    def __init__(self, policy, partition, partitions, skew=SKEW_MS, pending_max=PENDING_MAX):
        self.policy = policy
        self.skew = skew
        self.pending_max = max(1, pending_max // partitions)
        self.facts_wait = FACTS_WAIT_MS
        self.behind = False  # live: facts are said to be behind what is decided now
        self.joining = None  # live: the throttle whose queue is said to hold up a new request
        # What is to be denied as `state incomplete`: (offset, time) -> whether the rules come first
        self.incomplete = {}
        self.partition = partition
        self.throttles = [Gcra(throttle, partitions) for throttle in policy.throttles]
        self.customers = {}
        self.clock = -math.inf
        self.order = 0  # records read and decisions made: who came first
        self.next_touchpoint = 0  # its offset
        self.waiting = []  # (until, -priority, age, request), sorted
        self.remembered = {}  # (customer, request id) -> Memory
        self.forgetting = deque()  # (when it is forgotten, its key), in this order
        self.decisions = []
        self.moments = []  # when each was made: a repeat tells an earlier time
        self.permitted = []
        self.rejected = []
        self.repeats = 0
        self.repeats_differing = 0
        # Customers for whom it matters whether the gate had to come back: decisions don't tell that
        # a message was deferred again.
        self.untold = set()

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
        good = deque()
        for offset, record in records:
            if not has_calendar(record["time"]):
                self.reject(stream, offset, record, "no time")
            elif record["time"] > latest:
                self.reject(stream, offset, record, "future")
            else:
                good.append((offset, record))
        return good

    def reject(self, stream, offset, record, reason):
        letter = {"stream": stream, "partition": self.partition, "offset": offset}
        time = None if record["time"] == NO_TIME else record["time"]
        self.rejected.append(dict(letter, time=time, reason=reason, value=record))

    def is_faulty(self, stream, offset, record):
        """Dead letters that show when it is their turn: they have moved the clock."""
        fault = fault_of(stream, record)
        if fault is not None:
            self.reject(stream, offset, record, fault)
        return fault is not None

    def pending(self):
        """What still waits."""
        return len(self.waiting) + sum(len(throttle.queue) for throttle in self.throttles)

    def customer(self, name):
        return self.customers.setdefault(name, Customer())

    def apply(self, offset, touchpoint):
        if self.is_faulty("touchpoints", offset, touchpoint) or touchpoint["bot"]:
            return
        customer = self.customer(touchpoint["customer"])
        if touchpoint["type"] == "erasure":
            customer.erase(touchpoint["time"])
        if touchpoint["time"] > customer.erased_at:
            touch = {word: touchpoint[word] for word in ("type", "time") + TOUCH_WORDS}
            customer.touches.append(dict(touch, tag=touch_tag_of(touchpoint["id"])))
            if touchpoint["type"] == "consent":
                customer.consents.append((touchpoint["time"], touchpoint["consent"]))
        self.settle(customer, touchpoint)

    def settle(self, customer, touchpoint):
        receipt = touchpoint["receipt"]
        if receipt is not None and receipt["time"] > self.clock + self.skew:
            return
        if touchpoint["message_id"] is not None:
            settlement = {word: touchpoint[word] for word in ("type", "receipt") + TOUCH_WORDS}
            tag = permit_tag_of(touchpoint["message_id"])
            customer.settlements.append(dict(settlement, tag=tag, order=self.order))

    def request(self, offset, record):
        if self.is_faulty("requests", offset, record):
            return
        request = dict(record, offset=offset, age=self.order, variant="as_requested")
        if record["expires"] in (None, NO_TIME):
            request["expires"] = record["time"] + EXPIRY_MS
        request["deferred"] = False
        request["memory"] = Memory(record, {})
        self.forget_until(self.clock)
        key = record["customer"], record["id"]
        if key in self.remembered:
            self.repeat(request, self.remembered[key])
        elif len(self.remembered) >= self.policy.dedupe_per_partition:
            self.record(request, self.clock, "deny", [gate_reason("dedupe full")])
        else:
            self.remembered[key] = request["memory"]
            self.decide(request, self.clock)

    # The same request twice

    def forget_until(self, t):
        while self.forgetting and self.forgetting[0][0] <= t:
            del self.remembered[self.forgetting.popleft()[1]]

    def repeat(self, request, memory):
        said = memory.said
        self.write(
            self.clock,
            request,
            dict(said, repeat=True, reasons=[], final=said["outcome"] != "defer"),
        )
        self.repeats += 1
        self.repeats_differing += request["memory"].record != memory.record

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
        if self.incomplete.get((request["offset"], t)) is False:  # also if an erasure was lost
            return self.record(request, t, "deny", [gate_reason("state incomplete")])
        if min(request["time"], t) <= self.customer(request["customer"]).erased_at:
            return self.record(request, t, "deny", [gate_reason("erased")])
        if self.behind:
            return self.await_facts(request, t)
        message = request
        answer = self.ask_rules(message, t)
        if request["general"] is not None and answer.refusing:
            if all(rule.general for rule in answer.refusing):
                message = general_variant(request)
                before = answer.reasons
                answer = self.ask_rules(message, t)
                answer.reasons = before + answer.reasons
        return self.follow(answer, request, message, t)

    def await_facts(self, request, t):
        until = t + self.facts_wait
        reasons = [reason("facts behind", "gate", None, None, until)]
        if until >= request["expires"]:
            return self.record(request, t, "deny", reasons + [gate_reason("expires first")])
        if self.defer(request, request, t, reasons, until):
            bisect.insort(self.waiting, (until, -request["priority"], request["age"], request))
        return None

    def follow(self, answer, request, message, t):
        """Does as the rules say with the message: the request itself or its general variant."""
        if answer.outcome == "deny":
            return self.record(message, t, "deny", answer.reasons)
        if answer.outcome == "defer":
            if self.defer(request, message, t, answer.reasons, answer.moment):
                place = (answer.moment, -request["priority"], request["age"], request)
                bisect.insort(self.waiting, place)
            return None
        customer = self.customer(request["customer"])
        full = families.history_full(self.policy, customer, message, t)
        if full:
            reasons = answer.reasons + [gate_reason("history full", *full)]
            return self.record(message, t, "deny", reasons)
        return self.pass_throttles(request, message, t, answer.reasons)

    def ask_rules(self, message, t):
        rules = [rule for rule in self.policy.rules if selects(rule.words, message)]
        shadows = self.ask_shadows(rules, message, t)
        customer = self.customer(message["customer"])
        spoken = dict(shadows)
        moment = t
        while True:
            answers = [
                (moment, None, None)
                if rule.shadow
                else families.earliest(self.policy, rule, customer, message, moment)
                for rule in rules
            ]
            for i, (rule, (answer, counter, limit)) in enumerate(zip(rules, answers)):
                if answer > moment and i not in spoken:
                    spoken[i] = reason(rule.name, rule.family, counter, limit, answer)
            reasons = [spoken[i] for i in sorted(spoken)]
            largest = max([answer for answer, _, _ in answers], default=moment)
            if largest == NEVER:
                never = [rule for rule, answer in zip(rules, answers) if answer[0] == NEVER]
                return Answer("deny", reasons, refusing=tuple(never))
            if largest == moment:
                return Answer("permit" if moment == t else "defer", reasons, moment)
            moment = largest
            if moment >= message["expires"]:
                return Answer("deny", reasons + [gate_reason("expires first")])

    def ask_shadows(self, rules, message, t):
        """The reasons of the rules that speak without effect, which are asked at t alone."""
        customer = self.customer(message["customer"])
        spoken = {}
        for i, rule in enumerate(rules):
            if rule.shadow:
                said = families.earliest(self.policy, rule, customer, message, t)
                if said[0] > t:
                    spoken[i] = reason(rule.name, rule.family, *said[1:], said[0])
                    spoken[i]["shadow"] = True
        return spoken

    def pass_throttles(self, request, message, t, before):
        throttles = [throttle for throttle in self.throttles if selects(throttle.words, message)]
        last = max(throttles, key=Gcra.first_ns, default=None)  # the first of equals
        if last is None or last.conforms(t):
            last = self.holding_up(throttles)
            if last is None and (request["offset"], t) in self.incomplete:
                reasons = before + [gate_reason("state incomplete")]
                return self.record(message, t, "deny", reasons)
            if last is None:
                for throttle in throttles:
                    throttle.charge(t)
                return self.permit(message, t, before)
        until = max(t, last.first_ms())
        reasons = before + [reason(last.name, "throttle", None, None, until)]
        if until >= request["expires"]:
            return self.record(message, t, "deny", reasons + [gate_reason("expires first")])
        if self.defer(request, message, t, reasons, until):
            bisect.insort(last.queue, (-request["priority"], request["age"], request))
        return None

    def holding_up(self, throttles):
        """Live, a queue that could not be worked off in this batch holds up new requests."""
        held = (th for th in throttles if th.name == self.joining and th.queue)
        return next(held, None)

    def defer(self, request, message, t, reasons, until):
        """Whether it may wait; only the first deferral leaves a record."""
        if self.pending() >= self.pending_max:
            self.record(message, t, "deny", reasons + [gate_reason("deferral full")])
            return False
        self.record(message, t, "defer", reasons, request["deferred"], until=until)
        request["deferred"] = True
        request.setdefault("told_until", until)
        return True

    def permit(self, message, t, reasons):
        customer = self.customer(message["customer"])
        message_id = message_id_of(message["customer"], message["id"])
        taken = {
            permit["tag"]
            for permit in customer.permits
            if permit["time"] == t and families.is_kept_beside(self.policy, message, permit)
        }
        tag = permit_tag_of(message_id)
        while tag in taken:
            tag = (tag + 1) & PERMIT_TAG_MASK
        permit = {
            word: message[word]
            for word in ("channel", "kind", "class", "campaign", "subject", "topic")
        }
        permit.update(type="permit", time=t, tag=tag, message_id=message_id, order=self.order)
        customer.permits.append(permit)
        receipt = {"time": t, "tag": tag}
        permitted = {word: message[word] for word in COPIED_TO_PERMITTED}
        permitted.update(
            message_id=message_id, request_id=message["id"], customer=message["customer"], time=t
        )
        permitted.update(receipt=receipt, expires=message["expires"], arm=None)
        permitted.update(policy=self.policy.name)
        self.permitted.append(permitted)
        self.record(message, t, "permit", reasons, message_id=message_id, receipt=receipt)

    def record(self, message, t, outcome, reasons, silently=False, **more):
        """Says what is decided at t, and remembers it."""
        said = {"time": t, "outcome": outcome, "until": None, "message_id": None, "receipt": None}
        said.update(more)
        message["memory"].said = said
        final = outcome != "defer"
        key = message["customer"], message["id"]
        if final and self.remembered.get(key) is message["memory"]:
            self.forgetting.append((t + self.policy.dedupe_for_ms, key))
        if silently:
            self.untold.add(message["customer"])
        else:
            self.write(t, message, dict(said, final=final, repeat=False, reasons=reasons))

    def write(self, moment, message, said):
        decision = {word: message[word] for word in COPIED_TO_DECISION}
        decision.update(request_id=message["id"], customer=message["customer"], **said)
        decision.update(expires=message["expires"], arm=None, policy=self.policy.name)
        decision["request"] = position("requests", self.partition, message["offset"])
        decision["positions"] = [position("touchpoints", self.partition, self.next_touchpoint)]
        self.decisions.append(decision)
        self.moments.append(moment)


def has_calendar(time):
    return FIRST_MS <= time <= LAST_MS


def fault_of(stream, record):
    if stream == "touchpoints":
        return "no body" if record["type"] == "consent" and record["consent"] is None else None
    expires, about = record["expires"], record["about"]
    times = [] if expires in (None, NO_TIME) else [expires]
    times += [] if about is None else [about["time"]]
    return None if all(map(has_calendar, times)) else "no time"


def general_variant(request):
    """Another message: for everybody, without a subject."""
    general = request["general"]
    message = dict(request, kind="general", variant="general", payload=general["payload"])
    message.update(dict.fromkeys(WITHOUT_IN_GENERAL))
    for word in ("campaign", "topic"):
        if general[word] is not None:
            message[word] = general[word]
    return message


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
