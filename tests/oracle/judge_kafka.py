#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges what `touchgate run` wrote to Kafka.

With `clock: event` of a recording, which the oracle decides by itself: all must be equal. With
`clock: wall` of what stands in the topics touchpoints and requests: the decisions are followed in
their order (following.py), and each must be right at its moment. Reads the topics to their ends
(read_committed). Exit status: 0 if all is equal, 1 if anything differs, 2 if something could not
be read.
"""

import argparse
import sys

from confluent_kafka import KafkaException

import policy as policies
from comparing import (
    Report,
    by_channel,
    compare_decisions,
    compare_hashes,
    compare_order,
    compare_permitted,
    compare_rejected,
    decision_key,
    incomplete_of,
    judged_line,
    message_key,
)
from following import Follower, Inputs, told_waits
from gate import FACTS_WAIT_MS, SKEW_MS, Gate
from kafka_topics import (
    STREAM_DATA,
    Framed,
    dead_letter,
    decode_keyed,
    is_any,
    read_topics,
    strip_prefix,
)
from oracle import Verdict, judge
from recording import RecordingError


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bootstrap", required=True, metavar="HOST:PORT")
    parser.add_argument("--policy", required=True)
    parser.add_argument("--clock", choices=("event", "wall"), default="event")
    parser.add_argument(
        "--recording", action="append", metavar="DIR", help="with clock: event; may be repeated"
    )
    parser.add_argument(
        "--partitions", type=int, required=True, help="of the topics of touchpoints and requests"
    )
    parser.add_argument("--topics-prefix", default="", help="before each topic's name")
    parser.add_argument("--skew", type=int, default=SKEW_MS, metavar="MS", help="future_skew_max")
    parser.add_argument(
        "--facts-wait", type=int, default=FACTS_WAIT_MS, metavar="MS", help="facts_wait_max"
    )
    parser.add_argument("--at-least-once", action="store_true", help="tolerate identical doubles")
    arguments = parser.parse_args()
    if (arguments.clock == "event") != bool(arguments.recording):
        parser.error("--clock event needs a --recording, and --clock wall takes none")
    try:
        judging = judge_event if arguments.clock == "event" else judge_wall
        equal = judging(policies.load(arguments.policy), arguments, sys.stdout)
    except (RecordingError, policies.PolicyError, OSError, KafkaException) as error:
        print(f"judge_kafka: {error}", file=sys.stderr)
        return 2
    return 0 if equal else 1


def judge_event(policy, arguments, out):
    verdict = judge(policy, arguments.recording, arguments.partitions)
    written = read_topics(arguments.bootstrap, arguments.topics_prefix)
    return judge_topics(verdict, written, arguments, out)


def judge_topics(verdict, written, arguments, out):
    report = Report(out)
    decisions = decisions_in(report, written, arguments.topics_prefix)
    compare_decisions(report, verdict.decisions, decisions, arguments.at_least_once)
    for partition in range(arguments.partitions):
        compare_order(
            report,
            f"decisions of partition {partition}",
            [decision_key(d) for d in verdict.decisions if d["request"]["partition"] == partition],
            [decision_key(d) for d in decisions if d["request"]["partition"] == partition],
        )
    compare_the_rest(report, verdict, written, decisions, arguments)
    return report.close(judged_line(verdict))


def decisions_in(report, written, prefix):
    decisions = decode_keyed(report, "decision", written.get("decisions", []))
    for decision in decisions:
        strip_prefix(decision, prefix)
    return decisions


def compare_the_rest(report, verdict, written, decisions, arguments):
    """What stands in the other topics."""
    prefix, doubles = arguments.topics_prefix, arguments.at_least_once
    expected = by_channel(verdict.permitted)
    topics = {
        topic[len("permitted.") :]: topic for topic in written if topic.startswith("permitted.")
    }
    for channel in sorted(set(expected) | set(topics)):
        messages = decode_keyed(report, "permitted", written.get(topics.get(channel), []))
        compare_permitted(report, channel, expected.get(channel, []), messages, doubles)
        judge_permitted_order(report, channel, expected.get(channel, []), messages, decisions)
    letters = [dead_letter(message, prefix) for message in written.get("rejected", [])]
    compare_rejected(
        report,
        [{k: v for k, v in letter.items() if k != "time"} for letter in verdict.rejected],
        letters,
    )


def judge_permitted_order(report, channel, oracle, messages, decisions):
    """Messages of one partition keep the order of its decisions."""
    partitions = {
        d["message_id"]: d["request"]["partition"] for d in decisions if d["message_id"] is not None
    }
    for partition in sorted(set(partitions.values())):
        ours = [message_key(m) for m in oracle if partitions.get(m["message_id"]) == partition]
        theirs = [message_key(m) for m in messages if partitions.get(m["message_id"]) == partition]
        compare_order(report, f"permitted.{channel} of partition {partition}", ours, theirs)


def judge_wall(policy, arguments, out):
    written = read_topics(arguments.bootstrap, arguments.topics_prefix, is_any)
    return judge_live(policy, written, arguments, out)


def judge_live(policy, written, arguments, out):
    """Follows the decisions of every partition, then compares the other topics."""
    report = Report(out)
    decisions = decisions_in(report, written, arguments.topics_prefix)
    compare_hashes(report, decisions)
    check_places(decisions, written.get("decisions", []))
    verdict = Verdict([], [], [], 0, 0, 0)
    followers = []
    inputs = inputs_in(written, arguments, verdict)
    for partition, given in enumerate(inputs):
        gate = Gate(policy, partition, arguments.partitions, arguments.skew)
        gate.facts_wait = arguments.facts_wait
        gate.incomplete = {
            (offset, t): how
            for number, offset, t, how in incomplete_of(decisions)
            if number == partition
        }
        follower = Follower(report, gate, given)
        follower.follow_all([d for d in decisions if d["request"]["partition"] == partition])
        verdict.take(gate)
        followers.append(follower)
    compare_the_rest(report, verdict, written, decisions, arguments)
    print(told_waits(followers), file=out)
    return report.close(judged_line(verdict))


def check_places(decisions, messages):
    """The order in which decisions were made is known if those of a partition stand in one."""
    places = {}
    for decision, message in zip(decisions, messages):
        partition = decision["request"]["partition"]
        if places.setdefault(partition, message.partition()) != message.partition():
            raise RecordingError(
                f"the decisions of partition {partition} of the requests stand in several "
                "partitions: in which order they were made is not known"
            )


def inputs_in(written, arguments, verdict):
    """What each partition was given; what cannot be decoded is among the verdict's dead letters."""
    inputs = [Inputs() for _ in range(arguments.partitions)]
    for message in written.get("rejected", []):
        letter = dead_letter(message, arguments.topics_prefix)
        if letter["reason"] == "future":
            inputs[letter["partition"]].future.add((letter["stream"], letter["offset"]))
    for stream, name in STREAM_DATA.items():
        framed = Framed(name)
        for message in written.get(stream, []):
            given = inputs[message.partition()]
            records = given.facts if stream == "touchpoints" else given.requests
            take(framed, stream, message, records, verdict)
    verdict.touchpoints = sum(len(given.facts) for given in inputs)
    verdict.requests = sum(len(given.requests) for given in inputs)
    return inputs


def take(framed, stream, message, records, verdict):
    letter = {"stream": stream, "partition": message.partition(), "offset": message.offset()}
    try:
        record = framed.decode(message.value())
    except Exception:  # whatever is wrong with it
        reason = "undecodable" if framed.is_framed(message.value()) else "unframed"
        verdict.rejected.append(dict(letter, reason=reason, value=message.value()))
        return
    if record["customer"] == "":
        verdict.rejected.append(dict(letter, reason="no customer", value=record))
    else:
        records.append((message.offset(), record))


if __name__ == "__main__":
    sys.exit(main())
