#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges `touchgate replay` on random cases, one a seed; stops at the first that differs.

It makes that case as small as it can, keeps it, shows it, and says how to run it by itself.

Exit status: 0 if all is equal, 1 if a case differs or touchgate fails.
"""

import argparse
import datetime
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter

import policy as policies
from judge_replay import incomplete_in, judge_output
from random_case import make_case, parse_features, verdict_of, write_case
from shrinking import shrink

TIMEOUT_S = 60


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--touchgate", required=True, metavar="PATH", help="the executable")
    parser.add_argument(
        "--seeds", required=True, type=parse_seeds, metavar="FROM..TO", help="both included"
    )
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument(
        "--features",
        type=parse_features,
        default="all",
        help="all, basic (caps, retarget, wait), or basic and some of: gap, cooldown, consent, "
        "general, repeats, bounds, erasure, borders, shadow, keep, eras, with commas; and overflow",
    )
    parser.add_argument("--go-on", action="store_true", help="judge the seeds after it, too")
    arguments = parser.parse_args()
    runner = Runner(arguments.touchgate, arguments.shards)
    differing = []
    for seed in arguments.seeds:
        case = make_case(seed, arguments.features)
        kind = runner.judge(case)
        if kind != EQUAL:
            differing.append(seed)
            keep_smallest(runner, case, kind, seed)
            if not arguments.go_on:
                return 1
        if seed % 100 == 0:
            print(f"up to seed {seed}: {told_of(differing)}", flush=True)
    seeds = arguments.seeds
    print(
        f"judged seeds {seeds[0]}..{seeds[-1]}, {runner.decisions} decisions: "
        f"{told_of(differing)}"
    )
    for line in told_counts(runner.counts):
        print(line)
    return 1 if differing else 0


def told_of(differing):
    return f"different: {differing}" if differing else "all equal"


def parse_seeds(text):
    first, dots, last = text.partition("..")
    if not first.isdigit() or (dots and not last.isdigit()) or (dots and int(last) < int(first)):
        raise argparse.ArgumentTypeError(f"{text!r} is not FROM..TO")
    return range(int(first), int(last if dots else first) + 1)


def time_text(time_ms):
    """As touchgate reads times."""
    moment = EPOCH + datetime.timedelta(milliseconds=time_ms)
    return moment.isoformat(timespec="milliseconds") + "Z"


EPOCH = datetime.datetime(1970, 1, 1)
EQUAL, DIFFERS, FAILS = "equal", "differs", "fails"


class Runner:
    """Runs touchgate on cases and judges what it writes."""

    def __init__(self, touchgate, shards):
        self.touchgate = touchgate
        self.shards = shards
        self.directory = tempfile.TemporaryDirectory(prefix="touchgate-random-")
        self.decisions = 0  # judged equal
        self.counts = Counter()  # of what was judged equal: (what it is, which one) -> how many
        self.told = ""  # of the last case

    def command(self, case, directory):
        return [
            *(self.touchgate, "replay", "--policy", os.path.join(directory, "policy.yaml")),
            *("--output", os.path.join(directory, "output")),
            *("--partitions", str(case.partitions), "--shards", str(self.shards)),
            *(("--pending-max", str(case.pending_max)) if case.pending_max else ()),
            *(("--memory", str(case.memory_mib)) if case.memory_mib else ()),
            *(("--end", time_text(case.end_ms)) if case.end_ms is not None else ()),
            directory,
        ]

    def judge(self, case, directory=None):
        """Whether it is equal, differs, or touchgate fails on it."""
        directory = directory or self.directory.name
        write_case(case, directory)
        output = os.path.join(directory, "output")
        shutil.rmtree(output, ignore_errors=True)
        done = subprocess.run(
            self.command(case, directory),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            self.told = f"touchgate ended with {done.returncode}\n{done.stdout}{done.stderr}"
            return FAILS
        try:
            incomplete = incomplete_in(output) if case.memory_mib else ()
            out = io.StringIO()
            verdict = verdict_of(case, incomplete)
            equal = judge_output(verdict, output, out)
        except Exception as error:  # most likely of what touchgate wrote
            self.told = f"cannot judge the output: {type(error).__name__}: {error}"
            return FAILS
        self.told = out.getvalue()
        if not equal:
            return DIFFERS
        self.decisions += len(verdict.decisions)
        self.counts.update(kinds_judged(verdict))
        return EQUAL


def kinds_judged(verdict):
    """(what it is, which one) of all that was judged: what is not among them was not."""
    for decision in verdict.decisions:
        yield "decisions", "repeat" if decision["repeat"] else decision["outcome"]
        if decision["variant"] == "general":
            yield "decisions", "of a general variant"
        for reason in decision["reasons"]:
            yield "reasons", reason["rule"] if reason["family"] == "gate" else reason["family"]
            if reason["shadow"]:
                yield "reasons", "in shadow mode"
    for letter in verdict.rejected:
        yield "dead letters", letter["reason"]


def told_counts(counts):
    """A line for each sort of things that were judged: how often what."""
    for sort in dict.fromkeys(sort for sort, _ in sorted(counts)):
        told = (f"{which} {counts[sort, which]}" for of, which in sorted(counts) if of == sort)
        yield f"{sort}: {', '.join(told)}"


def keep_smallest(runner, case, kind, seed):
    """Shrinks the case, keeps it in a folder, and shows it.

    One of so many customers that a table overflows is kept as it is: shrinking would take hours.
    """
    crowded = case.memory_mib is not None
    small = case if crowded else shrink(case, lambda smaller: fails_as(runner, smaller, kind))
    directory = tempfile.mkdtemp(prefix=f"touchgate-seed-{seed}-")
    runner.judge(small, directory)
    how = "as it is" if crowded else "made small"
    print(f"seed {seed} {kind}, with {runner.shards} shards; the case, {how}:")
    print(small.text)
    for name, records in (("touchpoint", small.touchpoints), ("request", small.requests)):
        for record in () if crowded else records:
            print(f"{name} {json.dumps(brief(record), default=bytes.hex)}")
    print(runner.told)
    print(f"It is kept in {directory}. Again, by itself:")
    print(f"  {shlex.join(runner.command(small, directory))}", flush=True)


def fails_as(runner, case, kind):
    try:
        return bool(case.touchpoints or case.requests) and runner.judge(case) == kind
    except (policies.PolicyError, KeyError, TypeError, AttributeError):
        return False  # what is left is no policy


def brief(record):
    return {
        name: value
        for name, value in record.items()
        if value not in (None, "unknown", "first_party", "none", 0, False, b"", [], {})
        or name == "time"
    }


if __name__ == "__main__":
    sys.exit(main())
