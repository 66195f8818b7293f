# SPDX-License-Identifier: Apache-2.0
"""Everybody around a gate that runs: who asks, what customers do, and who sends.

Traffic writes touchpoints and requests of the present at an even pace. Answers reads what is told
as it comes (`read_committed`), and does what senders do with what is permitted: most messages are
seen, some bounce, and a touchpoint says so by message id, with the receipt or without. All chance
comes from a seed; what comes of it does not, since the clock is the wall's.
"""

import collections
import pathlib
import random
import sys
import threading
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from wire import CHANNELS, IDS, Writer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))
from containers import writer_of  # noqa: E402
from recording import Datum, schema_json  # noqa: E402

# Whose moments are seconds, so that all of them come within a test; all families speak.
POLICY = """\
policy: busy-street
defaults:
  confirm_within: {ads: 3s, push: 2s, email: 4s, sms: 2s}
rules:
  - rule: marketing-consent
    for: {kind: newsletter}
    consent: {}
  - rule: few-ads
    for: {channel: ads}
    cap: {count: impression, at_most: 3, per: 12s}
  - rule: once-a-campaign
    for: {channel: push}
    cap: {count: permit, at_most: 1, per: 1h, each: campaign}
  - rule: not-too-much
    cap: {count: permit, at_most: 6, per: 10s}
  - rule: mail-delivered
    for: {channel: email}
    cap: {count: delivered, at_most: 4, per: 20s}
  - rule: mails-apart
    for: {channel: email}
    gap: {at_least: 2s}
  - rule: seen-and-not-bought
    for: {kind: retarget}
    retarget: {after: [view, cart], within: 20s, each: subject, until: purchase}
    instead: general
  - rule: let-them-breathe
    for: {kind: survey}
    wait: {after: interaction, at_least: 2s, at_most: 20s}
  - rule: after-a-complaint
    cooldown: {after: complaint, for: 6s}
throttles:
  - {name: mail, for: {channel: email}, rate: 240/s, burst: 40}
  - {name: ads-pace, for: {channel: ads}, rate: 800/s, burst: 80}
"""

TICK_S = 0.02
REPEATED = 0.02  # of the requests
ASKED = 0.4  # requests, of all that is written
HABITS = {"view": 30, "impression": 20, "click": 10, "cart": 10, "consent": 10, "purchase": 8,
          "interaction": 8, "complaint": 4}
KINDS = {"retarget": 35, "promotion": 30, "newsletter": 15, "survey": 10, "general": 10}
SENT_TO = {"ads": 40, "email": 25, "push": 25, "sms": 10}
SEEN_AS = {"ads": "impression"}  # what a message that arrived is; else delivered


def now_ms():
    return time.time_ns() // 1_000_000


class Framer:
    """Dictionaries, whose missing fields get their defaults, to framed records; quickly."""

    def __init__(self, name, schema_id=None):
        self.head = b"\0" + (schema_id or IDS[name]).to_bytes(4, "big")
        self.write = writer_of(schema_json(name))

    def encode(self, record):
        out = bytearray(self.head)
        self.write(out, record)
        return bytes(out)


class Traffic(threading.Thread):
    """Writes COUNT records to the topics of PREFIX, then ends by itself."""

    def __init__(self, bootstrap, prefix, seed, count, per_s, ids=IDS):
        super().__init__()
        self.random = random.Random(seed)
        self.prefix, self.count, self.per_tick = prefix, count, per_s * TICK_S
        self.customers = max(60, count // 50)
        self.writer = Writer(bootstrap)
        self.framers = {name: Framer(name, ids[name]) for name in ("touchpoint", "request")}
        self.written = collections.Counter()  # by topic
        self.asked = {}  # id -> request
        self.recent = {name: collections.deque(maxlen=200)
                       for name in ("request", "view", "interaction")}
        self.told = collections.deque()  # touchpoints that senders have to tell
        self.ended = threading.Event()

    def run(self):
        started, due, total = time.monotonic(), 0.0, 0
        while total < self.count and not self.ended.is_set():
            due = min(due + self.per_tick, self.count)
            for _ in range(int(due) - total):
                self.write_one()
            total = int(due)
            time.sleep(max(0, started + total / self.per_tick * TICK_S - time.monotonic()))
        self.writer.flush()
        self.ended.set()

    def write_one(self):
        if self.random.random() < ASKED:
            name, record = "request", self.request()
        else:
            name, record = "touchpoint", self.told.popleft() if self.told else self.touchpoint()
        self.writer.send(f"{self.prefix}{name}s",
                         [(record["customer"].encode(), self.framers[name].encode(record))])
        self.written[name] += 1

    def pick(self, shares):
        return self.random.choices(list(shares), shares.values())[0]

    def customer(self):
        """A few are busy, most are not."""
        return f"c{int(self.customers * self.random.random() ** 1.5)}"

    def touchpoint(self):
        kind = self.pick(HABITS)
        record = {"id": f"t{self.written['touchpoint']}", "customer": self.customer(),
                  "time": now_ms() - self.random.choice((0, 0, 0, 40, 700)), "type": kind,
                  "channel": "ads" if kind == "impression" else "web",
                  "campaign": f"k{self.random.randrange(20)}",
                  "subject": f"s{self.random.randrange(30)}"}
        if kind == "consent":
            record["consent"] = {"purpose": "marketing", "channel": None, "implied": False,
                                 "granted": self.random.random() < 0.8, "until": None}
        if kind in self.recent:
            self.recent[kind].append(record)
        return record

    def request(self):
        if self.recent["request"] and self.random.random() < REPEATED:
            return self.random.choice(self.recent["request"])
        kind = self.pick(KINDS)
        record = {"id": f"r{len(self.asked)}", "customer": self.customer(), "time": now_ms(),
                  "channel": self.pick(SENT_TO), "kind": kind,
                  "expires": now_ms() + self.random.randrange(2_000, 15_000),
                  "campaign": f"k{self.random.randrange(20)}",
                  "priority": self.random.randrange(4), "payload": b"a message"}
        if kind == "newsletter":
            record["purpose"] = "marketing"
        about = {"retarget": "view", "survey": "interaction"}.get(kind)
        if about and self.recent[about]:
            met = self.random.choice(self.recent[about])
            record.update(customer=met["customer"], subject=met["subject"])
        if kind == "retarget" and self.random.random() < 0.3:
            record["general"] = {"campaign": None, "topic": None, "payload": b"to everybody"}
        self.recent["request"].append(record)
        self.asked[record["id"]] = record
        return record

    def tell(self, message):
        """What becomes of a permitted message, told by who sent it."""
        chance = self.random.random()
        if chance > 0.8:
            return  # nothing: its place comes back when nobody confirms it
        self.told.append({
            "id": f"of-{message['message_id']}", "customer": message["customer"],
            "time": now_ms(), "channel": message["channel"], "campaign": message["campaign"],
            "type": "bounce" if chance < 0.1 else SEEN_AS.get(message["channel"], "delivered"),
            "message_id": message["message_id"],
            "receipt": message["receipt"] if self.random.random() < 0.7 else None})

    def end(self):
        self.ended.set()
        self.join()


class Answers(threading.Thread):
    """Reads decisions and permitted messages until it is told to end."""

    def __init__(self, bootstrap, prefix, traffic):
        super().__init__()
        self.traffic, self.closing = traffic, threading.Event()
        self.finals = collections.Counter()  # by request id
        self.deferred = collections.Counter()
        self.sent = collections.Counter()  # permitted messages
        self.repeats = 0
        self.outcomes = collections.Counter()
        self.failure = None
        self.decision, self.permitted = Datum("decision"), Datum("permitted")
        self.decisions = f"{prefix}decisions"
        self.consumer = Consumer({
            "bootstrap.servers": bootstrap, "group.id": "answers", "enable.auto.commit": False,
            "isolation.level": "read_committed", "fetch.wait.max.ms": 50, "log_level": 0})
        known = self.consumer.list_topics(timeout=30).topics
        names = [self.decisions] + [f"{prefix}permitted.{each}" for each in CHANNELS]
        self.consumer.assign([TopicPartition(name, partition, OFFSET_BEGINNING)
                              for name in names for partition in known[name].partitions])

    def run(self):
        try:
            while not self.closing.is_set():
                for message in self.consumer.consume(num_messages=1000, timeout=0.1):
                    if not message.error():  # what stands in the way passes, or is missed later
                        self.take(message)
        except Exception as error:  # a thread has nobody to tell it to
            self.failure = error
        self.consumer.close()

    def take(self, message):
        data = message.value()[5:]
        if message.topic() == self.decisions:
            self.take_decision(self.decision.decode(data))
        else:
            self.take_permitted(self.permitted.decode(data))

    def take_decision(self, record):
        if record["repeat"]:
            self.repeats += 1
        elif record["final"]:
            self.finals[record["request_id"]] += 1
            self.outcomes[record["outcome"]] += 1
        else:
            self.deferred[record["request_id"]] += 1

    def take_permitted(self, record):
        self.sent[record["message_id"]] += 1
        self.traffic.tell(record)

    def missing(self):
        return [name for name in list(self.traffic.asked) if name not in self.finals]

    def end(self):
        self.closing.set()
        self.join()
