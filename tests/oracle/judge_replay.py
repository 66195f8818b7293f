#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges the output of `touchgate replay` by the oracle.

Every request must be decided once, and everything that the oracle knows must be equal.

Exit status: 0 if all is equal, 1 if anything differs, 2 if something could not be read.
"""

import argparse
import datetime
import glob
import json
import math
import os
import sys

import policy as policies
from comparing import (
    Report,
    by_channel,
    compare_decisions,
    compare_order,
    compare_permitted,
    compare_rejected,
    compare_summary,
    decision_key,
    incomplete_of,
    judged_line,
    message_key,
)
from gate import PENDING_MAX, SKEW_MS
from oracle import judge
from recording import Datum, RecordingError, read_container


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--policy", required=True)
    parser.add_argument("--recording", required=True, action="append", metavar="DIR")
    parser.add_argument(
        "--output", required=True, metavar="DIR", help="what touchgate replay wrote"
    )
    parser.add_argument("--partitions", type=int, default=16)
    parser.add_argument(
        "--end", type=parse_time_ms, metavar="TIME", help="milliseconds, or as 2026-03-01T00:00:00Z"
    )
    parser.add_argument("--skew", type=int, default=SKEW_MS, metavar="MS", help="future_skew_max")
    parser.add_argument("--pending-max", type=int, default=PENDING_MAX, metavar="N")
    parser.add_argument(
        "--incomplete",
        action="store_true",
        help="take it over when it denies as `state incomplete`: all else must be equal",
    )
    arguments = parser.parse_args()
    latest = math.inf if arguments.end is None else arguments.end + arguments.skew
    try:
        incomplete = incomplete_in(arguments.output) if arguments.incomplete else ()
        policy = policies.load(arguments.policy)
        verdict = judge(
            policy,
            arguments.recording,
            arguments.partitions,
            latest=latest,
            incomplete=incomplete,
            skew=arguments.skew,
            pending_max=arguments.pending_max,
        )
        equal = judge_output(verdict, arguments.output, sys.stdout)
    except (RecordingError, policies.PolicyError, OSError) as error:
        print(f"judge_replay: {error}", file=sys.stderr)
        return 2
    return 0 if equal else 1


def parse_time_ms(text):
    if text.lstrip("-").isdigit():
        return int(text)
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (moment - epoch) // datetime.timedelta(milliseconds=1)


def judge_output(verdict, output, out):
    """Compares everything in the output folder; True if all is equal."""
    report = Report(out)
    decisions = read_container(os.path.join(output, "decisions.avro"), "decision")
    compare_decisions(report, verdict.decisions, decisions)
    compare_order(
        report,
        "decisions",
        list(map(decision_key, verdict.decisions)),
        map(decision_key, decisions),
    )
    judge_permitted(report, verdict, output, {decision["policy_hash"] for decision in decisions})
    compare_rejected(report, verdict.rejected, read_rejected(os.path.join(output, "rejected.avro")))
    with open(os.path.join(output, "summary.json"), encoding="utf-8") as file:
        compare_summary(report, verdict, json.load(file))
    return report.close(judged_line(verdict))


def incomplete_in(output):
    return incomplete_of(read_container(os.path.join(output, "decisions.avro"), "decision"))


def judge_permitted(report, verdict, output, hashes):
    expected = by_channel(verdict.permitted)
    paths = glob.glob(os.path.join(glob.escape(output), "permitted.*.avro"))
    found = {os.path.basename(path).split(".")[1]: path for path in paths}
    for channel in sorted(set(expected) | set(found)):
        oracle = expected.get(channel, [])
        if not oracle:
            report.mismatch(
                f"permitted.{channel}.avro: not expected, as nothing was permitted there"
            )
        messages = read_container(found[channel], "permitted") if channel in found else []
        compare_permitted(report, channel, oracle, messages)
        keys = list(map(message_key, oracle))
        compare_order(report, f"permitted.{channel}", keys, map(message_key, messages))
        if not {message["policy_hash"] for message in messages} <= hashes:
            report.mismatch(f"permitted.{channel}: policy_hash differs from that of the decisions")


def read_rejected(path):
    """Dead letters, their value decoded: encodings of one record may differ."""
    data = {"touchpoints": Datum("touchpoint"), "requests": Datum("request")}
    letters = read_container(path, "rejected")
    for letter in letters:
        if letter["stream"] in data and letter["reason"] != "undecodable":
            letter["value"] = data[letter["stream"]].decode(letter["value"])
    return letters


if __name__ == "__main__":
    sys.exit(main())
