# SPDX-License-Identifier: Apache-2.0
"""What the oracle's own tests share: records and runs on one line, times from T0."""

import policy as policies
from following import Inputs
from gate import SKEW_MS, Gate, has_calendar
from history import message_id_of

S, H, D = 1000, 3_600_000, 86_400_000
T0 = 1_700_000_000_000

AD_CAP = "rules: [{rule: cap, for: {channel: ads}, cap: {count: impression, at_most: 1, per: 10s}}]"
PERMIT_CAP = "rules: [{rule: cap, cap: {count: permit, at_most: 1, per: 10s}}]"
ONE_A_SECOND = "throttles: [{rate: 1/s}]"


def touchpoint(time, kind="impression", **fields):
    record = dict.fromkeys(
        ("channel", "campaign", "subject", "topic", "message_id", "receipt", "consent")
    )
    record.update(id=f"{kind}@{time}", customer="c", time=T0 + time, type=kind, bot=False)
    return {**record, **fields}


def request(time, name=None, **fields):
    record = dict.fromkeys(
        ("expires", "campaign", "subject", "category", "topic", "segment", "purpose", "about")
        + ("general",)
    )
    record.update(
        id=name or f"r{time}", customer="c", time=T0 + time, channel="ads", kind="promotion"
    )
    record.update({"class": "none"}, priority=0, payload=b"hello")
    return {**record, **fields}


def run(text, touchpoints, requests, latest=None, partitions=1, incomplete=(), **bounds):
    gate = Gate(policies.parse(text), 0, partitions, **bounds)
    gate.incomplete = {(offset, T0 + time): late for offset, time, late in incomplete}
    end = {} if latest is None else {"latest": T0 + latest}
    gate.run(list(enumerate(touchpoints)), list(enumerate(requests)), **end)
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


class Live:
    """A gate with a wall clock: in a batch the facts, then what is due, then the requests."""

    def __init__(self, policy, partitions=1):
        self.gate = Gate(policy, 0, partitions)
        self.inputs = Inputs()
        self.said = []

    def batch(self, clock, facts=(), requests=()):
        gate = self.gate
        gate.clock = clock
        for offset, fact in facts:
            gate.order += 1
            gate.next_touchpoint = offset + 1
            if self.is_taken("touchpoints", self.inputs.facts, offset, fact):
                gate.apply(offset, fact)
        self.decide_due(clock)
        for offset, wish in requests:
            gate.order += 1
            if self.is_taken("requests", self.inputs.requests, offset, wish):
                gate.request(offset, wish)

    def is_taken(self, stream, taken, offset, record):
        taken.append((offset, record))
        if not has_calendar(record["time"]):
            return False
        if record["time"] > self.gate.clock + SKEW_MS:
            self.inputs.future.add((stream, offset))
            return False
        return True

    def decide_due(self, t):
        gate = self.gate
        for throttle in gate.throttles:
            while throttle.queue and throttle.conforms(t):
                gate.decide(throttle.queue.pop(0)[-1], t)
        due = sorted(place[1:] for place in gate.waiting if place[0] <= t)
        gate.waiting = [place for place in gate.waiting if place[0] > t]
        for *_, wish in due:
            gate.decide(wish, t)


def live(text, *batches):
    """Batches of (clock, facts, requests); facts and requests are numbered in their order."""
    made = Live(policies.parse(text))
    facts = requests = 0
    for clock, new_facts, new_requests in batches:
        made.batch(
            T0 + clock, enumerate(new_facts, facts), list(enumerate(new_requests, requests))
        )
        facts += len(new_facts)
        requests += len(new_requests)
    return made
