# SPDX-License-Identifier: Apache-2.0
"""The oracle over a whole recording: each partition by itself, then all in the order of writing."""

import math
from dataclasses import dataclass, field

from gate import Gate
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
    untold: set = field(default_factory=set)  # customers; see Gate

    def take(self, gate):
        """Adds what the gate of one partition says."""
        self.decisions += gate.decisions
        self.permitted += gate.permitted
        self.rejected += gate.rejected
        self.pending += gate.pending()
        self.repeats += gate.repeats
        self.repeats_differing += gate.repeats_differing
        self.untold |= gate.untold


def judge(policy, directories, partitions, **more):
    touchpoints, requests = read_streams(directories)
    return judge_records(policy, touchpoints, requests, partitions, **more)


def judge_records(
    policy, touchpoints, requests, partitions, latest=math.inf, incomplete=(), **bounds
):
    """`bounds` are those of Gate: skew, pending_max.

    `incomplete`: (partition, offset, time, how) of every request that is to be denied as one whose
    customer's state is incomplete, as comparing.incomplete_of. Whose is, touchgate alone knows.
    """
    facts, no_customer = split("touchpoints", touchpoints, partitions)
    wishes, no_customer_too = split("requests", requests, partitions)
    moments = []
    verdict = Verdict([], [], no_customer + no_customer_too, 0, len(requests), len(touchpoints))
    for partition in range(partitions):
        gate = Gate(policy, partition, partitions, **bounds)
        gate.incomplete = {
            (offset, t): how for number, offset, t, how in incomplete if number == partition
        }
        gate.run(facts[partition], wishes[partition], latest)
        moments += gate.moments
        verdict.take(gate)
    order = sorted(range(len(moments)), key=moments.__getitem__)  # stable: by partition, in order
    verdict.decisions = [verdict.decisions[i] for i in order]
    verdict.permitted.sort(key=lambda record: record["time"])
    return verdict
