# SPDX-License-Identifier: Apache-2.0
"""The policy as the oracle reads it: plain values, no compilation.

Only what docs/semantics.md gives a meaning is understood; anything else is refused, so that the
oracle never judges a policy that it understands only in part.
"""

import functools
import re
from dataclasses import dataclass, field

import yaml

UNIT_MS = {
    "ms": 1,
    "s": 1000,
    "min": 60_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
}
HOUR_MS = UNIT_MS["h"]

REQUEST_WORDS = ("channel", "kind", "class", "campaign", "subject", "topic")
TOUCH_WORDS = ("channel", "campaign", "subject", "topic")
PATTERN_WORDS = ("campaign", "subject", "topic")
SCOPES = ("customer",) + TOUCH_WORDS
RESERVING = frozenset(("impression", "delivered", "survey_invited"))
FOREVER_MS = 1 << 62


class PolicyError(Exception):
    """The policy says something that the oracle has no meaning for."""


@dataclass(frozen=True)
class Rule:
    """One rule, whatever its family; what a family does not use keeps its default."""

    name: str
    family: str
    words: dict  # `for`: word -> the values of which one must match
    where: dict  # the same, for the touches looked at
    each: str = "customer"
    types: tuple = ()  # cap: what counts; gap: permit; the others: `after`
    until: tuple = ()  # retarget: what ends it; cooldown: `reset_by`
    at_most: int = 0  # cap: n
    times: int = 1  # cooldown: n
    window_ms: int = 0  # cap: W; retarget: `within`; gap, cooldown: D
    least_ms: int = 0  # wait: A
    most_ms: int = FOREVER_MS  # wait: B
    general: bool = False  # `instead: general`
    shadow: bool = False  # `mode: shadow`: speaks without effect

    @property
    def reserves(self):
        return self.family == "cap" and not RESERVING.isdisjoint(self.types)

    @property
    def counts_permits(self):
        return self.family in ("cap", "gap", "cooldown") and "permit" in self.types

    @property
    def kept_ms(self):
        """How long a permit that it counts matters."""
        return 2 * self.window_ms if self.family == "cooldown" else self.window_ms


@dataclass(frozen=True)
class Throttle:
    name: str
    words: dict
    count: int
    period_ms: int
    burst: int = 1


@dataclass(frozen=True)
class Policy:
    name: str
    rules: list
    throttles: list = field(default_factory=list)
    keep: list = field(default_factory=list)  # rules that are never asked
    confirm_ms: dict = field(default_factory=dict)
    permits_per_customer: int = 256
    dedupe_for_ms: int = 72 * HOUR_MS
    dedupe_per_partition: int = 1_000_000

    def confirm_within_ms(self, channel):
        """How long a permit of this channel stays a reservation."""
        usual = HOUR_MS if channel == "ads" else 72 * HOUR_MS
        return self.confirm_ms.get(channel, usual)


def parse_duration_ms(text):
    """'90s', '7d', '1h30m', in milliseconds."""
    parts = re.findall(r"(\d+)\s*([a-z]+)", text)
    if not parts or re.sub(r"\d+\s*[a-z]+|\s", "", text):
        raise PolicyError(f"not a duration: {text!r}")
    try:
        return sum(int(number) * UNIT_MS[unit] for number, unit in parts)
    except KeyError as unit:
        raise PolicyError(f"unknown unit {unit} in {text!r}") from None


def parse_rate(text):
    """'500/s' as (count, period in milliseconds)."""
    count, slash, period = text.partition("/")
    if not slash or not count.strip().isdigit():
        raise PolicyError(f"not a rate: {text!r}")
    period = period.strip()
    return int(count), parse_duration_ms(period if period[:1].isdigit() else "1" + period)


@functools.lru_cache(maxsize=1 << 16)
def matches(value, allowed, word):
    """Whether a word's value is one of those allowed; in patterns `*` stands for any text."""
    if value is None:
        return False
    for pattern in allowed:
        if word in PATTERN_WORDS:
            if re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value, re.DOTALL):
                return True
        elif pattern == value:
            return True
    return False


def selects(words, thing):
    """Whether each word given matches the thing: a request, a touch or a permit."""
    return all(matches(thing.get(word), allowed, word) for word, allowed in words.items())


def load(path):
    with open(path, encoding="utf-8") as file:
        return parse(file.read())


def parse(text):
    # The base loader leaves scalars as text: nothing becomes a date, a boolean or base 60.
    document = yaml.load(text, Loader=yaml.BaseLoader) or {}
    known(document, ("policy", "defaults", "limits", "keep", "rules", "throttles"), "the policy")
    defaults = document.get("defaults") or {}
    confirm = {
        channel: parse_duration_ms(time)
        for channel, time in defaults.get("confirm_within", {}).items()
    }
    limits = document.get("limits") or {}
    known(limits, ("permits_per_customer", "dedupe_for", "dedupe_per_partition"), "limits")
    return Policy(
        name=document.get("policy", ""),
        rules=[parse_rule(entry) for entry in document.get("rules") or []],
        throttles=[
            parse_throttle(entry, i) for i, entry in enumerate(document.get("throttles") or [], 1)
        ],
        keep=[parse_kept(entry) for entry in document.get("keep") or []],
        confirm_ms=confirm,
        permits_per_customer=int(limits.get("permits_per_customer", 256)),
        dedupe_for_ms=parse_duration_ms(limits.get("dedupe_for", "72h")),
        dedupe_per_partition=int(limits.get("dedupe_per_partition", 1_000_000)),
    )


def parse_rule(entry):
    known(entry, ("rule", "for", "instead", "mode", "cold", *FAMILIES), "a rule")
    families = [family for family in FAMILIES if family in entry]
    if len(families) != 1:
        raise PolicyError(
            f"rule {entry.get('rule')!r} must have exactly one of {', '.join(FAMILIES)}"
        )
    if entry.get("instead", "general") != "general":
        raise PolicyError(f"instead: {entry['instead']!r} is not general")
    if entry.get("mode", "shadow") != "shadow":
        raise PolicyError(f"mode: {entry['mode']!r} is not shadow")
    if entry.get("cold", "deny") != "deny":  # without effect here: no policy follows another
        raise PolicyError(f"cold: {entry['cold']!r} is not deny")
    return FAMILIES[families[0]](entry, entry[families[0]])


def parse_kept(entry):
    known(entry, ("for", *FAMILIES), "an item of keep")
    return parse_rule(dict(entry, rule=""))


def common(entry, family, body):
    each = body.get("each", "customer")
    if each not in SCOPES:
        raise PolicyError(f"each: {each!r} is none of {SCOPES}")
    return {
        "name": entry["rule"],
        "family": family,
        "words": parse_words(entry.get("for"), REQUEST_WORDS),
        "where": parse_words(body.get("where"), TOUCH_WORDS),
        "each": each,
        "general": "instead" in entry,
        "shadow": "mode" in entry,
    }


def parse_cap(entry, body):
    known(body, ("count", "at_most", "per", "each", "where"), "cap")
    rule = Rule(
        types=as_list(body["count"]),
        at_most=int(body["at_most"]),
        window_ms=parse_duration_ms(body["per"]),
        **common(entry, "cap", body),
    )
    if not {"kind", "class"}.isdisjoint(rule.words) and rule.types != ("permit",):
        raise PolicyError(f"rule {rule.name!r}: with kind or class a cap must count permit")
    return rule


def parse_retarget(entry, body):
    known(body, ("after", "within", "until", "each", "where"), "retarget")
    return Rule(
        types=as_list(body["after"]),
        until=as_list(body.get("until", [])),
        window_ms=parse_duration_ms(body["within"]),
        **common(entry, "retarget", body),
    )


def parse_wait(entry, body):
    known(body, ("after", "at_least", "at_most", "each", "where"), "wait")
    bounds = {}
    if "at_least" in body:
        bounds["least_ms"] = parse_duration_ms(body["at_least"])
    if "at_most" in body:
        bounds["most_ms"] = parse_duration_ms(body["at_most"])
    return Rule(types=as_list(body["after"]), **bounds, **common(entry, "wait", body))


def parse_gap(entry, body):
    known(body, ("at_least", "each", "where"), "gap")
    return Rule(
        types=("permit",),
        window_ms=parse_duration_ms(body["at_least"]),
        **common(entry, "gap", body),
    )


def parse_cooldown(entry, body):
    known(body, ("after", "times", "for", "reset_by", "each", "where"), "cooldown")
    return Rule(
        types=as_list(body["after"]),
        until=as_list(body.get("reset_by", [])),
        times=int(body.get("times", 1)),
        window_ms=parse_duration_ms(body["for"]),
        **common(entry, "cooldown", body),
    )


def parse_consent(entry, body):
    known(body, (), "consent")
    return Rule(**common(entry, "consent", body))


FAMILIES = {
    "cap": parse_cap,
    "gap": parse_gap,
    "retarget": parse_retarget,
    "wait": parse_wait,
    "cooldown": parse_cooldown,
    "consent": parse_consent,
}


def parse_throttle(entry, position):
    known(entry, ("for", "rate", "burst", "name"), "a throttle")
    count, period_ms = parse_rate(entry["rate"])
    return Throttle(
        name=entry.get("name", f"throttle-{position}"),
        words=parse_words(entry.get("for"), REQUEST_WORDS),
        count=count,
        period_ms=period_ms,
        burst=int(entry.get("burst", 1)),
    )


def parse_words(mapping, allowed):
    known(mapping or {}, allowed, "for or where")
    return {word: as_list(value) for word, value in (mapping or {}).items()}


def as_list(value):
    return tuple(value) if isinstance(value, list) else (value,)


def known(mapping, allowed, what):
    strange = [key for key in mapping if key not in allowed]
    if strange:
        raise PolicyError(f"{what} has {strange}, which the oracle has no meaning for")
