# SPDX-License-Identifier: Apache-2.0
"""Judges one partition of a live run (`clock: wall`) by following its decisions in their order.

Nobody can say from outside where a batch ended, so the moments are taken from the decisions: each
carries its time, the request's place and how far the facts had been read. Before each, the facts
up to there are applied; then the request, or the message that waited, is decided at that time, and
must be decided so. How soon a message that waits is told, and in which order those are told that
are due together, is counted and not judged. Whether facts are behind (`facts behind`), touchgate
alone knows: what is then decided is judged, and how often it is is counted.
"""

import math
from collections import Counter
from dataclasses import dataclass, field

from comparing import brief, compare_decision, name_of
from gate import fault_of, has_calendar


@dataclass
class Inputs:
    """What a partition was given: (offset, record) pairs, in order, without undecodable ones."""

    facts: list = field(default_factory=list)
    requests: list = field(default_factory=list)
    future: set = field(default_factory=set)  # (stream, offset) of what was rejected as future


class Follower:
    """Follows the decisions of one partition."""

    def __init__(self, report, gate, inputs):
        self.report = report
        self.gate = gate
        self.inputs = inputs
        self.next_fact = 0  # ordinals in inputs, not offsets
        self.next_request = 0
        # Between which the clock was when the records were read
        self.earliest = {"touchpoints": -math.inf, "requests": -math.inf}
        self.latest = -math.inf
        self.waiting = set()  # offsets
        self.waits = []  # ms between the `until` that was told and the end
        self.counts = Counter()

    def follow_all(self, decisions):
        for told in decisions:
            self.follow(told)
        self.finish()

    def follow(self, told):
        self.set_clock(told)
        self.read_facts(told)
        before = len(self.gate.decisions)
        self.gate.behind = waits_for_facts(told)
        self.counts["waiting for facts"] += self.gate.behind
        if not self.decide(told):
            self.mismatch(told, "decided once more, or never asked")
        elif len(self.gate.decisions) == before:
            self.mismatch(told, "it must wait on")
        else:
            self.compare(self.gate.decisions[-1], told)

    def set_clock(self, told):
        self.earliest["touchpoints"], self.latest = self.gate.clock, math.inf
        if told["repeat"]:  # it tells the time of what it repeats
            return
        if told["time"] < self.gate.clock:
            self.mismatch(told, "the clock goes back", self.gate.clock)
        self.latest = self.gate.clock = max(self.gate.clock, told["time"])

    def compare(self, expected, told):
        if self.told_silently(expected, told):
            self.counts["deferred again, as a repeat tells"] += 1
            self.gate.clock = max(self.gate.clock, told["time"])
            expected.update(time=told["time"], until=told["until"])
        compare_decision(self.report, expected, told)
        if not told["repeat"]:
            change = self.waiting.discard if expected["final"] else self.waiting.add
            change(told["request"]["offset"])

    def mismatch(self, told, what, oracle=None):
        self.report.mismatch(f"{name_of(told)}: {what}", oracle, brief(told))

    # Facts

    def read_facts(self, told):
        for place in told["positions"]:
            if place["offset"] < self.gate.next_touchpoint:
                self.mismatch(told, "facts were unread", self.gate.next_touchpoint)
            self.apply_facts(place["offset"])
            self.gate.next_touchpoint = place["offset"]

    def apply_facts(self, end):
        gate, facts = self.gate, self.inputs.facts
        while self.next_fact < len(facts) and facts[self.next_fact][0] < end:
            offset, fact = facts[self.next_fact]
            self.next_fact += 1
            gate.order += 1
            if not self.is_dead("touchpoints", offset, fact):
                gate.apply(offset, fact)

    def is_dead(self, stream, offset, record):
        reason = self.reason(stream, offset, record)
        if reason is not None:
            self.gate.reject(stream, offset, record, reason)
        return reason is not None

    def reason(self, stream, offset, record):
        """Why it is a dead letter; what was in the future when read, touchgate alone knows."""
        if not has_calendar(record["time"]):
            return "no time"
        if (stream, offset) in self.inputs.future:
            earliest = self.earliest[stream]
            if record["time"] <= earliest + self.gate.skew:
                self.report.mismatch(f"{stream} {offset}: not in the future", earliest, record)
            return "future"
        if record["time"] > self.latest + self.gate.skew:
            self.report.mismatch(f"{stream} {offset}: in the future", self.latest, record)
        return fault_of(stream, record)

    # Requests

    def decide(self, told):
        """Decides what was decided; False if that was not to be decided."""
        offset = told["request"]["offset"]
        self.gate.order += 1
        if offset in self.waiting:
            self.decide_waiting(told, self.take_out(offset))
            return True
        for place, request in self.new_requests(offset):
            if self.is_dead("requests", place, request):
                continue
            if place == offset:
                self.gate.joining = joined_by(told)
                self.gate.request(place, request)
                self.gate.joining = None
                self.earliest["requests"] = self.gate.clock
                return True
            self.tell_lost(place, request)
        return False

    def new_requests(self, end):
        """Those that are next, up to this offset."""
        requests = self.inputs.requests
        while self.next_request < len(requests) and requests[self.next_request][0] <= end:
            self.next_request += 1
            yield requests[self.next_request - 1]

    def tell_lost(self, offset, request):
        what = f"request {request['id']!r} of customer {request['customer']!r}, offset {offset}"
        self.report.mismatch(f"{what}: never decided")

    def decide_waiting(self, told, request):
        until = request["told_until"]
        if told["time"] < until:
            self.mismatch(told, "before its moment", until)
        self.waits.append(told["time"] - until)
        self.gate.decide(request, told["time"])

    def take_out(self, offset):
        """The message, from where it waits; it passes those before it in a throttle's queue."""
        for places in [self.gate.waiting] + [t.queue for t in self.gate.throttles]:
            for i, place in enumerate(places):
                if place[-1]["offset"] == offset:
                    if places is not self.gate.waiting:
                        self.counts["passed in a queue"] += i
                    return places.pop(i)[-1]
        raise AssertionError("looked for before")

    @staticmethod
    def told_silently(expected, told):
        """A repeat may tell of a deferral that left no record."""
        if not (expected["repeat"] and told["repeat"]):
            return False
        deferred = expected["outcome"] == told["outcome"] == "defer"
        return deferred and expected["time"] < told["time"] < told["until"]

    # The end

    def finish(self):
        """Every request must have been decided."""
        self.earliest["touchpoints"], self.latest = self.gate.clock, math.inf
        for offset, request in self.new_requests(math.inf):
            if not self.is_dead("requests", offset, request):
                self.tell_lost(offset, request)
        self.apply_facts(math.inf)


def waits_for_facts(told):
    return any(each["rule"] == "facts behind" for each in told["reasons"])


def joined_by(told):
    """The throttle whose queue a new request joined, though the throttle conforms."""
    if told["outcome"] == "defer" and told["until"] == told["time"] and told["reasons"]:
        return told["reasons"][-1]["rule"]
    return None


def told_waits(followers):
    """One line on how soon what waited was told, and what was counted."""
    waits = sorted(wait for follower in followers for wait in follower.waits)
    counts = sum((follower.counts for follower in followers), Counter())
    text = f"waited and told: {len(waits)}"
    if waits:
        text += f", {waits[len(waits) // 2]} ms after their moment (median), {waits[-1]} at most"
    return text + "".join(f"; {what}: {n}" for what, n in sorted(counts.items()) if n)
