# SPDX-License-Identifier: Apache-2.0
"""What the oracle's own tests share: records and runs on one line, times from T0."""

import policy as policies
from gate import Gate
from history import message_id_of

S, H, D = 1000, 3_600_000, 86_400_000
T0 = 1_700_000_000_000

AD_CAP = "rules: [{rule: cap, for: {channel: ads}, cap: {count: impression, at_most: 1, per: 10s}}]"
PERMIT_CAP = "rules: [{rule: cap, cap: {count: permit, at_most: 1, per: 10s}}]"
ONE_A_SECOND = "throttles: [{rate: 1/s}]"


def touchpoint(time, kind="impression", **fields):
    record = dict.fromkeys(
        ("channel", "campaign", "subject", "topic", "message_id", "receipt", "consent")
    )
    record.update(id=f"{kind}@{time}", customer="c", time=T0 + time, type=kind, bot=False)
    return {**record, **fields}


def request(time, name=None, **fields):
    record = dict.fromkeys(
        ("expires", "campaign", "subject", "category", "topic", "segment", "purpose", "about")
        + ("general",)
    )
    record.update(
        id=name or f"r{time}", customer="c", time=T0 + time, channel="ads", kind="promotion"
    )
    record.update({"class": "none"}, priority=0, payload=b"hello")
    return {**record, **fields}


def run(text, touchpoints, requests, latest=None, partitions=1, incomplete=(), **bounds):
    gate = Gate(policies.parse(text), 0, partitions, **bounds)
    gate.incomplete = {(offset, T0 + time) for offset, time in incomplete}
    end = {} if latest is None else {"latest": T0 + latest}
    gate.run(list(enumerate(touchpoints)), list(enumerate(requests)), **end)
    return gate


def told(gate):
    """Each record as (request, time, outcome, until), times from T0."""
    return [
        (
            d["request_id"],
            d["time"] - T0,
            d["outcome"],
            None if d["until"] is None else d["until"] - T0,
        )
        for d in gate.decisions
    ]


def names(decision):
    return [reason["rule"] for reason in decision["reasons"]]


def settles(kind, request_id, time, receipt=None, **fields):
    return touchpoint(
        time,
        kind,
        channel="ads",
        message_id=message_id_of("c", request_id),
        receipt=receipt,
        **fields,
    )
