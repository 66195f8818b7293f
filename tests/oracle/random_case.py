#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a small random case from a seed: policy.yaml, a recording, and case.json (how to run it).

Few customers, so that things collide; times chosen at other times plus or minus the policy's own
windows and one millisecond, so that boundaries are met from both sides; duplicates, late events,
bots, settlements of every sort.
"""

import argparse
import json
import os
import random
import sys
from dataclasses import dataclass

import yaml

import policy as policies
from gate import SKEW_MS
from oracle import judge_records
from random_events import Events
from random_policy import FEATURES, SLOW_FEATURES, Policies
from recording import write_container


class WithoutAliases(yaml.SafeDumper):
    """Writes what is shared once for each place, as a person would."""

    def ignore_aliases(self, data):
        return True


@dataclass
class Case:
    """A policy as the mapping that its file holds, both streams, and how to run it."""

    policy: dict
    touchpoints: list
    requests: list
    partitions: int
    title: str
    pending_max: int | None = None
    memory_mib: int | None = None
    end_ms: int | None = None  # later than this, and the skew, is a dead letter

    @property
    def text(self):
        return yaml.dump(self.policy, Dumper=WithoutAliases, sort_keys=False)


def make_case(seed, features=FEATURES):
    rng = random.Random(seed)
    partitions = rng.choice((1, 1, 2, 3, 16))
    case = Case(Policies(rng, features).policy(), [], [], partitions, f"Seed {seed}")
    policy = policies.parse(case.text)
    events = Events(rng, policy, partitions, features)
    events.make(20 + int(380 * rng.random() ** 3))
    events.put_in_order(rng.choice((0, 0, 0.05, 0.2)))
    if events.repeating:
        events.repeat_requests(policy, partitions)
    if rng.random() < 0.7:
        events.settle_by_receipt(policy, partitions)
        events.correct_receipts(policy, partitions)
        events.correct_receipts(policy, partitions)
    if "eras" in features and rng.random() < 0.2:
        events.change_eras()
    if "borders" in features and rng.random() < 0.15:
        events.break_times()
    case.touchpoints, case.requests = events.touchpoints, events.requests
    if "borders" in features and rng.random() < 0.15:
        case.end_ms = events.some_end()
    if "bounds" in features and rng.random() < 0.2:
        case.pending_max = partitions * rng.randint(1, 4) + rng.randrange(partitions)
    if "overflow" in features:
        case.memory_mib = 1
        case.touchpoints = events.crowd() + case.touchpoints
    return case


def verdict_of(case, incomplete=()):
    """What the oracle says of the case."""
    bounds = {"pending_max": case.pending_max} if case.pending_max else {}
    if case.end_ms is not None:
        bounds["latest"] = case.end_ms + SKEW_MS
    return judge_records(
        policies.parse(case.text),
        case.touchpoints,
        case.requests,
        case.partitions,
        incomplete=incomplete,
        **bounds,
    )


def write_case(case, directory):
    """policy.yaml, case.json and the recording, in pieces that the case alone decides."""
    os.makedirs(directory, exist_ok=True)
    for name in os.listdir(directory):
        if name.endswith(".avro"):
            os.remove(os.path.join(directory, name))
    with open(os.path.join(directory, "policy.yaml"), "w", encoding="utf-8") as file:
        file.write(f"# {case.title}, {case.partitions} partitions\n{case.text}")
    with open(os.path.join(directory, "case.json"), "w", encoding="utf-8") as file:
        bounds = {"partitions": case.partitions, "pending_max": case.pending_max}
        json.dump({"title": case.title, **bounds, "end_ms": case.end_ms}, file)
    rng = random.Random(case.title)
    for name, records in (("touchpoint", case.touchpoints), ("request", case.requests)):
        write_in_pieces(rng, directory, name, records)


def write_in_pieces(rng, directory, name, records):
    """One file or two, whose names put them in order."""
    cut = rng.choice((0, rng.randint(0, len(records))))
    pieces = [("-1", records[:cut]), ("-2", records[cut:])] if cut else [("", records)]
    for suffix, piece in pieces:
        path = os.path.join(directory, f"{name}s{suffix}.avro")
        write_container(path, name, piece, rng.choice(("null", "null", "deflate")))


def parse_features(text):
    """`all`, `basic`, or some of FEATURES with commas."""
    features = {"all": FEATURES, "basic": frozenset()}.get(text)
    if features is None:
        features = frozenset(text.split(","))
    if not features <= FEATURES | SLOW_FEATURES:
        known = ", ".join(sorted(FEATURES | SLOW_FEATURES))
        raise argparse.ArgumentTypeError(f"{text!r} is neither all, basic nor of {known}")
    return features


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seed", type=int)
    parser.add_argument("directory")
    parser.add_argument("--features", type=parse_features, default=FEATURES)
    arguments = parser.parse_args()
    case = make_case(arguments.seed, arguments.features)
    write_case(case, arguments.directory)
    print(f"{case.title}: {arguments.directory}, for {case.partitions} partitions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
