#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a small random case from a seed: policy.yaml, a recording, and case.json (how to run it).

Few customers, so that things collide; times chosen at other times plus or minus the policy's own
windows and one millisecond, so that boundaries are met from both sides; duplicates, late events,
bots, settlements of every sort.
"""

import functools
import json
import os
import random
import sys

import yaml

import policy as policies
from gate import message_id_of, permit_tag_of, touch_tag_of
from oracle import judge_records
from recording import write_container

START_MS = 1_772_323_200_000  # 2026-03-01
CHANNELS = ("ads", "email", "push")
KINDS = ("retarget", "survey", "promotion", "newsletter")
CLASSES = ("none", "none", "none", "housing")
WORD_VALUES = {
    "campaign": ("spring-a", "spring-b", "autumn"),
    "subject": ("p1", "p2"),
    "topic": ("garden", "sport"),
}
PATTERNS = {
    "campaign": ("spring-a", "spring-*", "*-a", "*", "s*g-b", "autumn", "a*b"),
    "subject": ("p1", "p*", "*2", "**"),
    "topic": ("garden", "*", "sp*"),
}
INTERESTS = ("search", "view", "cart", "click")
COUNTED = ("permit", "impression", "delivered", "survey_invited")
SETTLING = ("impression", "delivered", "survey_invited", "bounce", "bounce", "click")
DURATIONS = {
    "s": ("1s", "2s", "5s", "30s"),
    "h": ("1h", "2h", "5h", "24h"),
    "d": ("1d", "3d", "7d", "30d"),
}
UNITS = ("s", "h", "d")


class Policies:
    """Makes a random policy, as the mapping that the YAML file holds."""

    def __init__(self, rng):
        self.rng = rng
        self.unit = rng.choice(UNITS)
        self.durations = rng.sample(DURATIONS[self.unit], rng.randint(1, 3))
        self.caps = []
        self.bound = None  # permits_per_customer

    def policy(self):
        rng = self.rng
        document = {"policy": f"random-{rng.randrange(1000)}"}
        if rng.random() < 0.5:
            channels = rng.sample(CHANNELS, rng.randint(1, 3))
            document["defaults"] = {
                "confirm_within": {channel: self.duration() for channel in channels}
            }
        if rng.random() < 0.2:
            self.bound = rng.randint(1, 4)
            document["limits"] = {"permits_per_customer": self.bound}
        document["rules"] = [self.rule(i) for i in range(1, rng.choice((1, 2, 3, 4, 6, 8)) + 1)]
        throttles = rng.choice((0, 0, 1, 2, 3, 4))
        if throttles:
            document["throttles"] = [self.throttle() for _ in range(throttles)]
        return document

    def duration(self):
        return self.rng.choice(self.durations)

    def rule(self, number):
        family = self.rng.choice(("cap", "cap", "cap", "retarget", "wait"))
        words, body = {"cap": self.cap, "retarget": self.retarget, "wait": self.wait}[family]()
        rule = {"rule": f"{family}-{number}"}
        if words:
            rule["for"] = words
        rule[family] = body
        return rule

    def cap(self):
        rng = self.rng
        if self.caps and rng.random() < 0.35:  # shares its counter with an earlier one
            words, body = rng.choice(self.caps)
            return words, dict(
                body, at_most=body["at_most"] + rng.randint(0, 2), per=self.duration()
            )
        count = rng.choice(COUNTED)
        words = self.words(
            ("channel", "campaign", "subject", "topic")
            + (("kind", "class") if count == "permit" else ())
        )
        body = {"count": count, "at_most": rng.choice((1, 1, 2, 2, 3, 4)), "per": self.duration()}
        if words and rng.random() < 0.06:
            body["at_most"] = 0
        elif self.bound and rng.random() < 0.7:
            body["at_most"] += self.bound  # so that the bound is met before the cap
        self.scope(body)
        self.caps.append((words, body))
        return words, body

    def retarget(self):
        rng = self.rng
        after = rng.sample(INTERESTS, rng.randint(1, 3))
        body = {"after": after[0] if len(after) == 1 else after, "within": self.duration()}
        if rng.random() < 0.6:
            body["until"] = "purchase"
        self.scope(body)
        return self.words(("kind", "channel", "class"), {"kind": "retarget"}), body

    def wait(self):
        rng = self.rng
        least, most = sorted((self.duration(), self.duration()), key=policies.parse_duration_ms)
        body = {
            "after": rng.choice(("interaction", "purchase", "delivered")),
            "at_least": least,
            "at_most": most,
        }
        self.scope(body)
        return self.words(("kind", "channel", "class"), {"kind": "survey"}), body

    def scope(self, body):
        rng = self.rng
        if rng.random() < 0.6:
            body["each"] = rng.choice(("customer", "channel", "campaign", "subject", "topic"))
        if rng.random() < 0.2:
            word = rng.choice(("channel", "campaign", "topic"))
            body["where"] = {word: self.value(word)}

    def words(self, allowed, usual=None):
        rng = self.rng
        if usual and rng.random() < 0.6:
            return dict(usual)
        chosen = rng.sample(allowed, rng.choice((0, 0, 1, 1, 2)))
        return {word: self.value(word) for word in chosen}

    def value(self, word):
        rng = self.rng
        values = {"channel": CHANNELS, "kind": KINDS, "class": ("none", "housing"), **PATTERNS}[
            word
        ]
        if rng.random() < 0.3:
            return rng.sample(values, 2)
        return rng.choice(values)

    def throttle(self):
        rng = self.rng
        throttle = {}
        words = self.words(("channel", "kind", "campaign", "topic"))
        if words:
            throttle["for"] = words
        throttle["rate"] = f"{rng.choice((1, 2, 3, 7, 10))}/{self.unit}"
        if rng.random() < 0.6:
            throttle["burst"] = rng.choice((1, 2, 3, 5, 20))
        if rng.random() < 0.3:
            throttle["name"] = f"pace-{rng.randrange(10**6)}"
        return throttle


class Events:
    """Makes the two streams of a recording for a policy."""

    def __init__(self, rng, policy, partitions):
        self.rng = rng
        self.customers = [f"c{rng.randrange(100)}" for _ in range(rng.randint(1, 5))]
        self.spans = self.spans_of(policy, partitions)
        self.horizon = 3 * max(self.spans)
        self.times = [START_MS]
        self.touchpoints = []
        self.requests = []
        self.used_ids = set()
        self.collisions = rng.choice((0, 0, 0.05, 0.3))  # how often a permit's tag meets another's
        self.twins = []  # (customer, request id, time) still to be used, beside one of equal tag

    @staticmethod
    def spans_of(policy, partitions):
        """The lengths of time that matter to this policy."""
        spans = {policy.confirm_within_ms(channel) for channel in CHANNELS if policy.confirm_ms}
        for rule in policy.rules:
            spans |= {rule.window_ms, rule.least_ms, rule.most_ms} - {policies.FOREVER_MS, 0}
        for throttle in policy.throttles:
            spans.add(partitions * throttle.period_ms // throttle.count)
        return sorted(spans) or [1000]

    def time(self):
        rng = self.rng
        kind = rng.random()
        if kind < 0.45:
            sign = rng.choice((1, 1, 1, -1))
            time = (
                rng.choice(self.times) + sign * rng.choice(self.spans) + rng.choice((-1, 0, 0, 1))
            )
        elif kind < 0.6:
            time = rng.choice(self.times)
        else:
            time = START_MS + rng.randrange(self.horizon)
        time = min(max(time, START_MS), START_MS + self.horizon)
        self.times.append(time)
        return time

    def word(self, word, lacking=0.2):
        return None if self.rng.random() < lacking else self.rng.choice(WORD_VALUES[word])

    def touchpoint(self, types):
        rng = self.rng
        return {
            "id": f"e{rng.randrange(10**6)}",
            "customer": rng.choice(self.customers),
            "time": self.time(),
            "type": rng.choice(types),
            "channel": rng.choice(CHANNELS + (None,)),
            "campaign": self.word("campaign"),
            "subject": self.word("subject"),
            "category": None,
            "topic": self.word("topic"),
            "message_id": None,
            "receipt": None,
            "source": "first_party",
            "identity_level": "unknown",
            "shared_device": False,
            "bot": rng.random() < 0.05,
            "gift": False,
            "consent": None,
            "preference": None,
            "profile": None,
            "identity": None,
            "attributes": {},
        }

    def request(self):
        rng = self.rng
        customer, request_id, time = self.request_key()
        return {
            "id": request_id,
            "customer": customer,
            "time": time,
            "expires": self.expires(time),
            "channel": "unknown" if rng.random() < 0.02 else rng.choice(CHANNELS),
            "kind": rng.choice(KINDS),
            "class": rng.choice(CLASSES),
            "campaign": self.word("campaign", 0.1),
            "subject": self.word("subject", 0.1),
            "category": rng.choice((None, "tools")),
            "topic": self.word("topic", 0.1),
            "segment": rng.choice((None, "gardeners")),
            "purpose": rng.choice((None, "marketing")),
            "priority": rng.choice((0, 0, 0, 0, 1, 2, -1)),
            "about": self.about(),
            "identity_level": "unknown",
            "shared_device": False,
            "data": [],
            "personal": 0,
            "specific": 0,
            "insistent": 0,
            "pricing": "unknown",
            "price_scheme": None,
            "general": None,
            "fallback_channels": [],
            "payload": rng.randbytes(rng.choice((0, 3, 40))),
        }

    def request_key(self):
        """(customer, id, time); an id is used once for a customer, and tags may collide."""
        rng = self.rng
        if self.twins and rng.random() < 0.7:
            return self.twins.pop()
        customer, time = rng.choice(self.customers), self.time()
        names = [f"r{rng.randrange(10**6)}"]
        if rng.random() < self.collisions:
            names = rng.choice(colliding_request_ids(customer))
        if any((customer, name) in self.used_ids for name in names):
            return self.request_key()
        self.used_ids.update((customer, name) for name in names)
        self.twins += [(customer, name, rng.choice((time, self.time()))) for name in names[1:]]
        return customer, names[0], time

    def expires(self, time):
        rng = self.rng
        kind = rng.random()
        if kind < 0.5:
            return None
        if kind < 0.55:
            return time + rng.choice((-1000, -1, 0, 1))
        return time + rng.choice(self.spans) * rng.choice((1, 1, 2)) + rng.choice((-1, 0, 1))

    def about(self):
        rng = self.rng
        if rng.random() < 0.6:
            return None
        kind = rng.choice(("interaction", "interaction", "purchase", "view"))
        return {"id": rng.choice((None, "e1")), "type": kind, "time": self.time()}

    def make(self, total):
        rng = self.rng
        types = INTERESTS + ("purchase", "interaction", "delivered") + COUNTED[1:]
        for _ in range(total):
            kind = rng.random()
            if kind < 0.45:
                self.requests.append(self.request())
            elif kind < 0.85 or not self.requests:
                self.touchpoints.append(self.touchpoint(types))
            else:
                self.touchpoints.append(self.settlement_without_receipt())
            if self.touchpoints and rng.random() < 0.08:
                self.touchpoints.append(self.repeat_of(rng.choice(self.touchpoints)))
        if rng.random() < 0.1 and self.touchpoints:
            self.touchpoints.append(dict(rng.choice(self.touchpoints), customer=""))
            self.requests.append(dict(self.request(), customer=""))

    def settlement_without_receipt(self):
        """About the message of some request, which may not be permitted yet, or never."""
        rng = self.rng
        request = rng.choice(self.requests)
        touchpoint = self.touchpoint(SETTLING)
        touchpoint["message_id"] = message_id_of(request["customer"], request["id"])
        if rng.random() < 0.9:
            self.take_words(touchpoint, request)
            self.change_a_word(touchpoint)
        if rng.random() < 0.6:
            touchpoint["time"] = request["time"] + rng.choice((0, 1, 1000, rng.choice(self.spans)))
        return touchpoint

    def take_words(self, touchpoint, message):
        for word in ("customer", "channel", "campaign", "subject", "topic"):
            touchpoint[word] = message[word]

    def change_a_word(self, touchpoint):
        """Now and then it settles in some scopes only."""
        rng = self.rng
        if rng.random() < 0.4:
            word = rng.choice(policies.TOUCH_WORDS)
            values = CHANNELS if word == "channel" else WORD_VALUES[word]
            touchpoint[word] = rng.choice(values + (None, None))

    def repeat_of(self, touchpoint):
        """The same event again; or its id at another time; or another id whose tag is the same."""
        rng = self.rng
        repeat = dict(touchpoint)
        kind = rng.random()
        if kind < 0.15:
            repeat["time"] += rng.choice((-1, 1))
        elif kind < 0.3:
            touchpoint["id"], repeat["id"] = rng.choice(COLLIDING_EVENT_IDS)
        return repeat

    def put_in_order(self, disorder):
        """Each stream by time, but for a few that come late."""
        for stream in (self.touchpoints, self.requests):
            stream.sort(key=lambda record: record["time"])
            for i in range(len(stream)):
                if self.rng.random() < disorder:
                    stream.insert(min(i + self.rng.randint(1, 8), len(stream) - 1), stream.pop(i))

    def settle_by_receipt(self, policy, partitions):
        """Asks the oracle what is permitted, and adds touchpoints that echo the receipts."""
        rng = self.rng
        verdict = judge_records(policy, self.touchpoints, self.requests, partitions)
        for message in verdict.permitted:
            if rng.random() < 0.6:
                self.insert(self.settlement_by_receipt(message))
                if rng.random() < 0.2:
                    self.insert(self.settlement_by_receipt(message))

    def settlement_by_receipt(self, message):
        rng = self.rng
        touchpoint = self.touchpoint(SETTLING)
        touchpoint["message_id"] = message["message_id"]
        touchpoint["receipt"] = dict(message["receipt"])
        self.take_words(touchpoint, message)
        self.change_a_word(touchpoint)
        step = rng.choice((0, 0, 1, -1, rng.choice(self.spans), -rng.choice(self.spans)))
        touchpoint["time"] = message["time"] + step
        if rng.random() < 0.1:
            touchpoint["receipt"]["time"] += rng.choice((-1, 1))  # names no permit
        if rng.random() < 0.1:
            touchpoint["message_id"] = rng.choice((None, "another"))  # the receipt tells which
        return touchpoint

    def insert(self, touchpoint):
        """Where its time belongs; sometimes anywhere."""
        places = [
            i for i, other in enumerate(self.touchpoints) if other["time"] > touchpoint["time"]
        ]
        place = places[0] if places else len(self.touchpoints)
        if self.rng.random() < 0.1:
            place = self.rng.randint(0, len(self.touchpoints))
        self.touchpoints.insert(place, touchpoint)

    def correct_receipts(self, policy, partitions):
        """What was added may have moved permits: most receipts are made right again."""
        verdict = judge_records(policy, self.touchpoints, self.requests, partitions)
        receipts = {message["message_id"]: message["receipt"] for message in verdict.permitted}
        for touchpoint in self.touchpoints:
            right = receipts.get(touchpoint["message_id"])
            if touchpoint["receipt"] is not None and right is not None and self.rng.random() < 0.9:
                touchpoint["receipt"] = dict(right)


def pairs_of_equal_tag(names, tag_of):
    first = {}
    return [
        (first[tag_of(name)], name)
        for name in names
        if first.setdefault(tag_of(name), name) != name
    ]


COLLIDING_EVENT_IDS = pairs_of_equal_tag([f"e{i}" for i in range(3000)], touch_tag_of)


@functools.lru_cache(maxsize=None)
def colliding_request_ids(customer):
    """Pairs of request ids of this customer whose permits have one tag."""
    names = [f"r{i}" for i in range(1200)]
    return pairs_of_equal_tag(names, lambda name: permit_tag_of(message_id_of(customer, name)))


class WithoutAliases(yaml.SafeDumper):
    """Writes what is shared once for each place, as a person would."""

    def ignore_aliases(self, data):
        return True


def make_case(seed):
    """(the policy's text, touchpoints, requests, how to run it)."""
    rng = random.Random(seed)
    partitions = rng.choice((1, 1, 2, 3, 16))
    text = yaml.dump(Policies(rng).policy(), Dumper=WithoutAliases, sort_keys=False)
    policy = policies.parse(text)
    events = Events(rng, policy, partitions)
    events.make(20 + int(380 * rng.random() ** 3))
    events.put_in_order(rng.choice((0, 0, 0.05, 0.2)))
    if rng.random() < 0.7:
        events.settle_by_receipt(policy, partitions)
        events.correct_receipts(policy, partitions)
        events.correct_receipts(policy, partitions)
    return text, events.touchpoints, events.requests, {"seed": seed, "partitions": partitions}


def write_case(seed, directory):
    """Writes the case; returns how to run it."""
    text, touchpoints, requests, case = make_case(seed)
    os.makedirs(directory, exist_ok=True)
    for name in os.listdir(directory):
        if name.endswith(".avro"):
            os.remove(os.path.join(directory, name))
    with open(os.path.join(directory, "policy.yaml"), "w", encoding="utf-8") as file:
        file.write(f"# Seed {seed}, {case['partitions']} partitions\n{text}")
    with open(os.path.join(directory, "case.json"), "w", encoding="utf-8") as file:
        json.dump(case, file)
    rng = random.Random(seed)
    for name, records in (("touchpoint", touchpoints), ("request", requests)):
        write_in_pieces(rng, directory, name, records)
    return case


def write_in_pieces(rng, directory, name, records):
    """One file or two, whose names put them in order."""
    cut = rng.choice((0, rng.randint(0, len(records))))
    pieces = [("-1", records[:cut]), ("-2", records[cut:])] if cut else [("", records)]
    for suffix, piece in pieces:
        path = os.path.join(directory, f"{name}s{suffix}.avro")
        write_container(path, name, piece, rng.choice(("null", "null", "deflate")))


def main():
    if len(sys.argv) != 3 or not sys.argv[1].isdigit():
        print("usage: random_case.py SEED OUTDIR", file=sys.stderr)
        return 2
    case = write_case(int(sys.argv[1]), sys.argv[2])
    print(f"seed {case['seed']}: {sys.argv[2]}, for {case['partitions']} partitions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
