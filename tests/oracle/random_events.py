# SPDX-License-Identifier: Apache-2.0
"""Makes the two streams of a small random recording, for a policy."""

import functools

import policy as policies
from gate import FIRST_MS, LAST_MS, SKEW_MS
from history import message_id_of, permit_tag_of, touch_tag_of
from oracle import judge_records
from random_policy import CHANNELS, COUNTED, INTERESTS, KINDS

START_MS = 1_772_323_200_000  # 2026-03-01
CLASSES = ("none", "none", "none", "housing")
WORD_VALUES = {
    "campaign": ("spring-a", "spring-b", "autumn"),
    "subject": ("p1", "p2"),
    "topic": ("garden", "sport"),
}
PURPOSES = (None, "marketing", "marketing", "service")
TIME_FIELDS = ("time", "expires", "about", "receipt", "consent")
BORDERS = (
    *(-(1 << 63), 1 - (1 << 63), (1 << 63) - 1, -1, 0, 1 << 62),
    *(FIRST_MS - 1, FIRST_MS, LAST_MS, LAST_MS + 1),
)
YEAR_MS = 31_556_952_000
OTHER_ERAS_MS = (200 * YEAR_MS, -300 * YEAR_MS, 7000 * YEAR_MS, -2020 * YEAR_MS)
# Whoever keeps the low bits of a time alone takes what is so long ago for what is now.
LONG_AGO_MS = (1 << 40, 1 << 40, 1 << 41, 1 << 39, 1 << 32, 1 << 31)
END_FIRST_MS = FIRST_MS + 2 * YEAR_MS  # before the year 1 Python has no times
SETTLING = ("impression", "delivered", "survey_invited", "bounce", "bounce", "click")


class Events:
    """Makes the two streams of a recording for a policy."""

    def __init__(self, rng, policy, partitions, features):
        self.rng = rng
        self.features = features
        self.rules = policy.rules
        self.families = {rule.family for rule in policy.rules}
        self.customers = [f"c{rng.randrange(100)}" for _ in range(rng.randint(1, 5))]
        self.spans = self.spans_of(policy, partitions)
        self.horizon = 3 * max(self.spans)
        self.times = [START_MS]
        self.touchpoints = []
        self.requests = []
        self.used_ids = set()
        often = (0.3, 0.6) if features else ()
        # How often a permit's tag meets another's
        self.collisions = rng.choice((0, 0, 0.05, 0.3) + often)
        self.consents = "consent" in features and rng.choice((0.1, 0.4))
        self.purposes = PURPOSES if self.consents else PURPOSES[:2]
        self.variants = "general" in features and rng.choice((0.4, 0.9))
        self.repeating = "repeats" in features and rng.choice((0, 0.1, 0.5))
        self.erasures = "erasure" in features and rng.choice((0, 0.02, 0.1))
        self.twins = []  # (customer, request id, time) still to be used, beside one of equal tag

    @staticmethod
    def spans_of(policy, partitions):
        """The lengths of time that matter to this policy."""
        spans = {policy.confirm_within_ms(channel) for channel in CHANNELS if policy.confirm_ms}
        if policy.dedupe_for_ms != policies.Policy.dedupe_for_ms:
            spans.add(policy.dedupe_for_ms)
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
            "purpose": rng.choice(self.purposes),
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
            "general": self.general(),
            "fallback_channels": [],
            "payload": rng.randbytes(rng.choice((0, 3, 40))),
        }

    def general(self):
        rng = self.rng
        if not self.variants or rng.random() > self.variants:
            return None
        return {
            "campaign": self.word("campaign", 0.5),
            "topic": self.word("topic", 0.5),
            "payload": rng.randbytes(rng.choice((0, 5))),
        }

    def consent(self):
        """Often in answer to another: at its very moment, or as its end nears."""
        rng = self.rng
        touchpoint = self.touchpoint(("consent",))
        touchpoint["consent"] = {
            "purpose": rng.choice(("marketing", "marketing", "service")),
            "channel": rng.choice(CHANNELS + (None, None)),
            "granted": rng.random() < 0.7,
            "until": self.time() if rng.random() < 0.5 else None,
            "implied": rng.random() < 0.3,
        }
        others = [other for other in self.touchpoints if other["consent"] is not None]
        if others and rng.random() < 0.3:
            other = rng.choice(others)
            touchpoint.update(customer=other["customer"], time=other["time"])
            for word in ("purpose", "channel", "implied"):
                touchpoint["consent"][word] = other["consent"][word]
        if rng.random() < 0.03:
            touchpoint["consent"] = None
        return touchpoint

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
        if "cooldown" in self.families:
            types += ("complaint", "complaint", "open")
        for _ in range(total):
            if "consent" in self.families and rng.random() < self.consents:
                self.touchpoints.append(self.consent())
                continue
            kind = rng.random()
            if rng.random() < self.erasures:
                self.touchpoints.append(self.touchpoint(("erasure",)))
            elif kind < 0.45:
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

    def crowd(self):
        """So many customers that a small table overflows, all before the others are heard of."""
        types = {kind for rule in self.rules for kind in rule.types + rule.until} - {"permit"}
        common = dict(self.touchpoint(("view",)), time=START_MS, bot=False, consent=None)
        common.update(channel="ads", campaign="spring-a", subject="p1", topic="garden")
        return [
            dict(common, id=f"x{i}", customer=f"x{i}", type=self.rng.choice(sorted(types)))
            for i in range(self.rng.choice((8000, 16_000, 24_000)) if types else 0)
        ]

    def some_end(self):
        """So that of some record it is a matter of a millisecond whether it is too late."""
        times = [record["time"] for record in self.touchpoints + self.requests]
        times = [time for time in times if END_FIRST_MS <= time <= LAST_MS]
        if not times:
            return None
        return self.rng.choice(times) - SKEW_MS + self.rng.choice((-1, 0, 0, 1))

    def change_eras(self):
        """All in another century; or the first of both streams long before the others."""
        rng = self.rng
        if rng.random() < 0.5:
            by, part = rng.choice(OTHER_ERAS_MS), 1
        else:
            by, part = -rng.choice(LONG_AGO_MS) + rng.choice((-1, 0, 0, 1)), rng.random()
        for records in (self.touchpoints, self.requests):
            end = round(part * len(records))
            records[:end] = [moved(record, by) for record in records[:end]]

    def break_times(self):
        """Gives some records times that no calendar has, or just still has."""
        rng = self.rng
        for records in (self.touchpoints, self.requests):
            for i, record in enumerate(records):
                if rng.random() < 0.05:
                    field = rng.choice(TIME_FIELDS)
                    time = rng.choice(BORDERS)
                    if field != "time" or time != LAST_MS or rng.random() < 0.1:  # it ends all
                        records[i] = with_time(record, field, time)

    def repeat_requests(self, policy, partitions):
        """Asks the oracle what is decided when, and asks again around those moments."""
        rng = self.rng
        verdict = judge_records(policy, self.touchpoints, self.requests, partitions)
        first = {(record["customer"], record["id"]): record for record in self.requests}
        for decision in verdict.decisions:
            if rng.random() < self.repeating:
                record = first[decision["customer"], decision["request_id"]]
                moment = decision["time"]
                if decision["until"] is not None and rng.random() < 0.5:
                    moment = decision["until"]
                elif rng.random() < 0.5:
                    moment += policy.dedupe_for_ms
                self.insert(self.requests, *self.repeated(record, moment))

    def repeated(self, record, moment):
        """(the request again, the time of the place it takes): the same or not, late or not."""
        rng = self.rng
        moment += rng.choice((-1, 0, 0, 0, 1, rng.choice(self.spans)))
        kind = rng.random()
        if kind < 0.3:
            return dict(record), moment
        if kind < 0.6:
            return dict(record, time=moment), moment
        other = dict(self.request(), id=record["id"], customer=record["customer"], time=moment)
        if kind < 0.8:
            return other, moment
        word = rng.choice(("campaign", "topic", "payload", "priority", "expires", "purpose"))
        return dict(record, **{word: other[word]}), moment

    def settle_by_receipt(self, policy, partitions):
        """Asks the oracle what is permitted, and adds touchpoints that echo the receipts."""
        rng = self.rng
        verdict = judge_records(policy, self.touchpoints, self.requests, partitions)
        for message in verdict.permitted:
            if rng.random() < 0.6:
                self.insert_touchpoint(self.settlement_by_receipt(message))
                if rng.random() < 0.2:
                    self.insert_touchpoint(self.settlement_by_receipt(message))

    def settlement_by_receipt(self, message):
        rng = self.rng
        touchpoint = self.touchpoint(SETTLING)
        touchpoint["message_id"] = message["message_id"]
        touchpoint["receipt"] = dict(message["receipt"])
        self.take_words(touchpoint, message)
        self.change_a_word(touchpoint)
        step = rng.choice((0, 0, 1, -1, rng.choice(self.spans), -rng.choice(self.spans)))
        touchpoint["time"] = message["time"] + step
        if rng.random() < 0.1:  # names no permit
            touchpoint["receipt"][rng.choice(("time", "tag"))] += rng.choice((-1, 1, 1 << 16))
        if rng.random() < 0.1:
            touchpoint["message_id"] = rng.choice((None, "another"))  # the receipt tells which
        return touchpoint

    def insert_touchpoint(self, touchpoint):
        self.insert(self.touchpoints, touchpoint, touchpoint["time"])

    def insert(self, stream, record, time):
        """Where the time belongs; sometimes anywhere."""
        places = [i for i, other in enumerate(stream) if other["time"] > time]
        place = places[0] if places else len(stream)
        if self.rng.random() < 0.1:
            place = self.rng.randint(0, len(stream))
        stream.insert(place, record)

    def correct_receipts(self, policy, partitions):
        """What was added may have moved permits: most receipts are made right again."""
        verdict = judge_records(policy, self.touchpoints, self.requests, partitions)
        receipts = {message["message_id"]: message["receipt"] for message in verdict.permitted}
        for touchpoint in self.touchpoints:
            right = receipts.get(touchpoint["message_id"])
            if touchpoint["receipt"] is not None and right is not None and self.rng.random() < 0.9:
                touchpoint["receipt"] = dict(right)


def with_time(record, field, time):
    """The record with another time in this field, if it has it."""
    if field in ("about", "receipt", "consent"):
        name = "until" if field == "consent" else "time"
        body = record.get(field)
        return record if body is None else dict(record, **{field: dict(body, **{name: time})})
    return dict(record, **{field: time}) if field in record else record


def time_in(record, field):
    """The time in this field; None: there is none."""
    value = record.get(field)
    if isinstance(value, dict):
        return value["until" if field == "consent" else "time"]
    return value


def moved(record, by):
    """The record with all its times so much later."""
    for field in TIME_FIELDS:
        time = time_in(record, field)
        if time is not None:
            record = with_time(record, field, time + by)
    return record


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
