# SPDX-License-Identifier: Apache-2.0
"""The oracle over a whole recording: each partition by itself, then all in the order of writing."""

import math
from dataclasses import dataclass

from gate import SKEW_MS, Gate
from recording import read_streams, split


@dataclass
class Verdict:
    """What a replay must write."""

    decisions: list  # by moment, then partition, then the order of decisions in the partition
    permitted: list  # the same order, all channels together
    rejected: list
    pending: int
    requests: int
    touchpoints: int
    repeats: int = 0
    repeats_differing: int = 0


def judge(policy, directories, partitions, latest=math.inf, skew=SKEW_MS):
    touchpoints, requests = read_streams(directories)
    return judge_records(policy, touchpoints, requests, partitions, latest, skew)


def judge_records(policy, touchpoints, requests, partitions, latest=math.inf, skew=SKEW_MS):
    facts, no_customer = split("touchpoints", touchpoints, partitions)
    wishes, no_customer_too = split("requests", requests, partitions)
    moments = []
    verdict = Verdict([], [], no_customer + no_customer_too, 0, len(requests), len(touchpoints))
    for partition in range(partitions):
        gate = Gate(policy, partition, partitions, skew)
        gate.run(facts[partition], wishes[partition], latest)
        verdict.decisions += gate.decisions
        moments += gate.moments
        verdict.permitted += gate.permitted
        verdict.rejected += gate.rejected
        verdict.pending += gate.pending()
        verdict.repeats += gate.repeats
        verdict.repeats_differing += gate.repeats_differing
    order = sorted(range(len(moments)), key=moments.__getitem__)  # stable: by partition, in order
    verdict.decisions = [verdict.decisions[i] for i in order]
    verdict.permitted.sort(key=lambda record: record["time"])
    return verdict
