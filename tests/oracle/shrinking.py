# SPDX-License-Identifier: Apache-2.0
"""Makes a failing case small: removes what it can do without, as long as it still fails."""

import copy
from dataclasses import replace


def shrink(case, fails):
    """The smallest case found of which fails(case) is true, as it must be of the one given."""
    before = None
    while before != case:
        before = case
        for part in ("requests", "touchpoints"):
            case = without_records(case, part, fails)
        case = without_policy_parts(case, fails)
        case = with_simple_records(case, fails)
        alone = replace(case, partitions=1)
        if case.partitions > 1 and fails(alone):
            case = alone
        unbounded = replace(case, pending_max=None, end_ms=None)
        if unbounded != case and fails(unbounded):
            case = unbounded
    return case


def without_records(case, part, fails):
    """Halves first, then quarters, at last one by one."""
    step = max(1, len(getattr(case, part)) // 2)
    while True:
        start = 0
        while start < len(getattr(case, part)):
            records = getattr(case, part)
            smaller = replace(case, **{part: records[:start] + records[start + step :]})
            if fails(smaller):
                case = smaller
            else:
                start += step
        if step == 1:
            return case
        step = max(1, step // 2)


def without_policy_parts(case, fails):
    """Every rule, throttle, section and word that it fails without."""
    for path in sorted(paths_in(case.policy), key=len):
        policy = copy.deepcopy(case.policy)
        if remove(policy, path):
            smaller = replace(case, policy=policy)
            if fails(smaller):
                case = smaller
    return case


def paths_in(node, path=()):
    """The way to everything in it, the last of a list first, so that indices stay right."""
    if isinstance(node, dict):
        steps = list(node)
    else:
        steps = list(reversed(range(len(node)))) if isinstance(node, list) else []
    for step in steps:
        yield path + (step,)
        yield from paths_in(node[step], path + (step,))


def remove(policy, path):
    node = policy
    try:
        for step in path[:-1]:
            node = node[step]
        del node[path[-1]]
    except (KeyError, IndexError, TypeError):
        return False  # gone already
    return True


def with_simple_records(case, fails):
    """Nothing in a field, where nothing does as well."""
    for part in ("requests", "touchpoints"):
        for i, record in enumerate(getattr(case, part)):
            for field, value in record.items():
                simple = SIMPLE.get(field)
                if field not in SIMPLE or value == simple:
                    continue
                records = list(getattr(case, part))
                records[i] = dict(records[i], **{field: simple})
                smaller = replace(case, **{part: records})
                if fails(smaller):
                    case = smaller
    return case


SIMPLE = {
    "expires": None,
    "campaign": None,
    "subject": None,
    "category": None,
    "topic": None,
    "segment": None,
    "purpose": None,
    "about": None,
    "general": None,
    "message_id": None,
    "receipt": None,
    "class": "none",
    "priority": 0,
    "payload": b"",
    "bot": False,
}
