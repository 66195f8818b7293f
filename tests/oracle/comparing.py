# SPDX-License-Identifier: Apache-2.0
"""Compares what touchgate wrote with what the oracle says, and tells every difference."""

import re
from collections import Counter

SHOWN_MAX = 20
COUNTED = ("denied", "deferred", "would_deny", "would_defer")
HASH = re.compile(r"[0-9a-f]{32}")


class Report:
    """Collects mismatches; the first few are printed."""

    def __init__(self, out):
        self.out = out
        self.mismatches = 0

    def mismatch(self, what, oracle=None, actual=None):
        self.mismatches += 1
        if self.mismatches <= SHOWN_MAX:
            print(f"MISMATCH {what}", file=self.out)
            if oracle is not None:
                print(f"  oracle: {oracle}", file=self.out)
            if actual is not None:
                print(f"  actual: {actual}", file=self.out)
        elif self.mismatches == SHOWN_MAX + 1:
            print("(further mismatches are only counted)", file=self.out)

    def close(self, judged):
        """The closing line; True if all was equal."""
        verdict = "all equal" if self.mismatches == 0 else f"{self.mismatches} mismatches"
        print(f"judged {judged}: {verdict}", file=self.out)
        return self.mismatches == 0


def decision_key(decision):
    """Which record of which request: at the first deferral, at the end, or of a repeat."""
    request = decision["request"]
    return request["partition"], request["offset"], decision["final"]


def name_of(decision):
    request = decision["request"]
    return (
        f"request {decision['request_id']!r} of customer {decision['customer']!r} "
        f"(partition {request['partition']}, offset {request['offset']}), "
        f"{'repeat of ' * decision['repeat']}{'final' if decision['final'] else 'deferral'}"
    )


def name_of_message(message):
    request = f"request {message['request_id']!r} of customer {message['customer']!r}"
    return f"message {message['message_id']} ({request})"


def brief(decision):
    """A decision on one line."""
    text = f"t={decision['time']} {decision['outcome']}"
    text += " repeat" * decision["repeat"] + " general" * (decision["variant"] == "general")
    if decision["until"] is not None:
        text += f" until={decision['until']}"
    for reason in decision["reasons"]:
        text += f" [{reason['family']} {reason['rule']!r}"
        if reason["counter"] is not None:
            text += f" {reason['counter']}/{reason['limit']}"
        text += f" until={reason['until']}]"
    if decision["receipt"] is not None:
        text += f" receipt={decision['receipt']['time']}/{decision['receipt']['tag']}"
    return text


def incomplete_of(decisions):
    """(partition, offset, time, how) of the requests denied for a state that is incomplete.

    How: before the rules were asked, or (true) after, when the permit itself found no room.
    """
    return {
        (
            decision["request"]["partition"],
            decision["request"]["offset"],
            decision["time"],
            len(decision["reasons"]) > 1 or decision["variant"] == "general",
        )
        for decision in decisions
        if any(reason["rule"] == "state incomplete" for reason in decision["reasons"])
    }


def differences(oracle, actual):
    return [field for field in oracle if actual[field] != oracle[field]]


def compare_fields(report, what, oracle, actual, tell=None):
    fields = differences(oracle, actual)
    if not fields:
        return
    for field in fields:
        report.mismatch(f"{what}: {field}", oracle[field], actual[field])
    if tell:
        print(f"  (oracle: {tell(oracle)})\n  (actual: {tell(actual)})", file=report.out)


def index(report, records, key_of, name, doubles_allowed):
    """Records by key; a second one is a mismatch, unless identical and doubles are allowed."""
    found = {}
    for record in records:
        first = found.setdefault(key_of(record), record)
        if first is record or (doubles_allowed and first == record):
            continue
        report.mismatch(f"{name(record)}: written twice", actual=record)
    return found


def compare_decisions(report, oracle, actual, doubles_allowed=False):
    """Every record by its content; the order is compared apart."""
    expected = {decision_key(decision): decision for decision in oracle}
    found = index(report, actual, decision_key, name_of, doubles_allowed)
    compare_hashes(report, actual)
    for key, decision in expected.items():
        if key not in found:
            report.mismatch(f"{name_of(decision)}: missing", brief(decision))
        else:
            compare_decision(report, decision, found[key])
    for key, decision in found.items():
        if key not in expected:
            report.mismatch(f"{name_of(decision)}: not expected", actual=brief(decision))


def compare_hashes(report, decisions):
    hashes = {decision["policy_hash"] for decision in decisions}
    if len(hashes) > 1 or any(not HASH.fullmatch(value) for value in hashes):
        report.mismatch("policy_hash", "one value of 32 hexadecimal digits", sorted(hashes))


def compare_decision(report, oracle, actual):
    fields = differences(oracle, actual)
    if fields:
        report.mismatch(f"{name_of(oracle)}: {', '.join(fields)}", brief(oracle), brief(actual))
        if report.mismatches <= SHOWN_MAX:
            for field in fields:
                if field not in ("time", "outcome", "until", "reasons", "receipt"):
                    print(
                        f"    {field}: oracle {oracle[field]!r}, actual {actual[field]!r}",
                        file=report.out,
                    )


def compare_order(report, what, oracle_keys, actual_keys):
    """The same keys in the same order; a double counts where it first is."""
    actual_keys = list(dict.fromkeys(actual_keys))
    if sorted(oracle_keys) != sorted(actual_keys):
        return  # what is missing or too much has been told already
    for i, (oracle, actual) in enumerate(zip(oracle_keys, actual_keys)):
        if oracle != actual:
            report.mismatch(f"{what}: order, at record {i}", oracle, actual)
            return


def compare_permitted(report, channel, oracle, actual, doubles_allowed=False):
    expected = {message_key(message): message for message in oracle}
    found = index(report, actual, message_key, name_of_message, doubles_allowed)
    for key, message in expected.items():
        if key not in found:
            report.mismatch(f"permitted.{channel}: {name_of_message(message)}: missing", message)
        else:
            compare_fields(
                report, f"permitted.{channel}: {name_of_message(message)}", message, found[key]
            )
    for key, message in found.items():
        if key not in expected:
            report.mismatch(
                f"permitted.{channel}: {name_of_message(message)}: not expected", actual=message
            )


def message_key(message):
    """The same message may leave again, when its request has been forgotten."""
    return message["message_id"], message["time"]


def by_channel(messages):
    channels = {}
    for message in messages:
        channels.setdefault(message["channel"], []).append(message)
    return channels


def compare_rejected(report, oracle, actual):
    """Dead letters, in any order: where they were read, when, and why."""

    def place(letter):
        return letter["stream"], letter["partition"], letter["offset"]

    expected = {place(letter): letter for letter in oracle}
    found = index(report, actual, place, lambda letter: f"dead letter {place(letter)}", False)
    for key, letter in expected.items():
        if key not in found:
            report.mismatch(f"dead letter {key}: missing", letter)
        else:
            compare_fields(report, f"dead letter {key}", letter, found[key])
    for key, letter in found.items():
        if key not in expected:
            report.mismatch(f"dead letter {key}: not expected", actual=letter)


def expected_summary(verdict):
    """The counts that a summary must have."""
    decisions = [decision for decision in verdict.decisions if not decision["repeat"]]
    outcomes = Counter(decision["outcome"] for decision in decisions)
    dead = Counter(letter["stream"] for letter in verdict.rejected)
    rules = {}
    for decision in decisions:
        for reason in decision["reasons"]:
            counts = rules.setdefault(reason["rule"], {"denied": 0, "deferred": 0})
            if reason["shadow"]:
                never = reason["until"] is None or reason["until"] >= decision["expires"]
                word = "would_deny" if never else "would_defer"
                counts[word] = counts.get(word, 0) + 1
            elif decision["outcome"] != "permit":  # as requested refused, but sent as general
                counts["denied" if decision["final"] else "deferred"] += 1
    return {
        "requests": verdict.requests - dead["requests"],
        "touchpoints": verdict.touchpoints - dead["touchpoints"],
        "rejected": len(verdict.rejected),
        "pending": verdict.pending,
        "permitted": outcomes["permit"],
        "denied": outcomes["deny"],
        "deferred": outcomes["defer"],
        "repeats": verdict.repeats,
        "repeats_differing": verdict.repeats_differing,
        "by_rule": rules,
    }


def compare_summary(report, verdict, actual):
    for field, value in expected_summary(verdict).items():
        if field == "by_rule":
            compare_rule_counts(report, value, actual.get(field))
        elif actual.get(field) != value:
            report.mismatch(f"summary.json: {field}", value, actual.get(field, "nothing"))
    channels = Counter(message["channel"] for message in verdict.permitted)
    if actual.get("by_channel") != channels:
        report.mismatch("summary.json: by_channel", dict(channels), actual.get("by_channel"))


def compare_rule_counts(report, oracle, actual):
    """A name without any count may be absent or all zero."""
    actual = actual or {}
    for name in sorted(set(oracle) | set(actual)):
        expected = oracle.get(name, {})
        found = actual.get(name, {})
        for word in sorted(set(expected) | (set(found) & set(COUNTED))):
            if expected.get(word, 0) != found.get(word, 0):
                report.mismatch(
                    f"summary.json: by_rule: {name!r}: {word}",
                    expected.get(word, 0),
                    found.get(word, 0),
                )


def judged_line(verdict):
    finals = sum(d["final"] and not d["repeat"] for d in verdict.decisions)
    deferrals = len(verdict.decisions) - finals - verdict.repeats
    return (
        f"{verdict.requests} requests and {verdict.touchpoints} touchpoints: "
        f"{len(verdict.decisions)} decisions ({finals} final, {deferrals} deferrals, "
        f"{verdict.repeats} repeats), {len(verdict.permitted)} permitted, "
        f"{verdict.pending} pending, {len(verdict.rejected)} rejected"
    )
