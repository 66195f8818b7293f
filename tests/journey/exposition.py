# SPDX-License-Identifier: Apache-2.0
"""A strict reader of Prometheus's text format 0.0.4: what is not exactly right raises a ValueError.

Stricter than the format: every metric has HELP and TYPE, in this order, before its samples, once;
its samples stand together; counters end in _total; histograms are whole and cumulative.
"""

import math
import re

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_HELP = re.compile(rf"# HELP ({_NAME}) (\S.*)")
_TYPE = re.compile(rf"# TYPE ({_NAME}) (counter|gauge|histogram)")
_SAMPLE = re.compile(rf"({_NAME})(?:\{{(.*)\}})? (\S+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
_ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


def _labels(text):
    found, at = {}, 0
    while at < len(text):
        match = _LABEL.match(text, at)
        if not match or (match.group(3) and match.end() == len(text)):
            raise ValueError(f"labels: {text}")
        if match.group(1) in found:
            raise ValueError(f"a label twice: {text}")
        found[match.group(1)] = re.sub(r'\\["\\n]', lambda m: _ESCAPES[m.group()], match.group(2))
        at = match.end()
    return found


def _check_histogram(name, samples):
    def of(suffix):
        return [(labels, value) for full, labels, value in samples if full == name + suffix]
    buckets = of("_bucket")
    bounds = [math.inf if labels["le"] == "+Inf" else float(labels["le"]) for labels, _ in buckets]
    counts = [value for _, value in buckets]
    if bounds != sorted(set(bounds)) or not bounds or bounds[-1] != math.inf:
        raise ValueError(f"{name}: bounds {bounds}")
    if counts != sorted(counts) or [value for _, value in of("_count")] != counts[-1:]:
        raise ValueError(f"{name}: counts {counts}")
    if len(of("_sum")) != 1 or len(samples) != len(buckets) + 2:
        raise ValueError(f"{name}: not whole")


def _check(name, kind, samples):
    if kind == "histogram":
        return _check_histogram(name, samples)
    if (kind == "counter") != name.endswith("_total"):
        raise ValueError(f"{name}: a {kind}")
    for full, _, value in samples:
        if full != name or value < 0:
            raise ValueError(f"{name}: {full} {value}")
    return None


def parse(text):
    """{name: (type, help, {(sample name, sorted labels): value})} of a whole page."""
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    metrics, samples, name = {}, [], None
    lines = text[:-1].split("\n")
    for i, line in enumerate(lines):
        help_, type_ = _HELP.fullmatch(line), _TYPE.fullmatch(line)
        if help_:
            name, samples = help_.group(1), []
            type_ = _TYPE.fullmatch(lines[i + 1]) if i + 1 < len(lines) else None
            if not type_ or type_.group(1) != name or name in metrics:
                raise ValueError(f"line {i + 1}: {line}")
            metrics[name] = (type_.group(2), help_.group(2), samples)
        elif type_:
            if i == 0 or not _HELP.fullmatch(lines[i - 1]):
                raise ValueError(f"line {i + 1}: {line}")
        else:
            match = _SAMPLE.fullmatch(line)
            if not match or not name or not match.group(1).startswith(name):
                raise ValueError(f"line {i + 1}: {line}")
            samples.append((match.group(1), _labels(match.group(2) or ""), float(match.group(3))))
    found = {}
    for name, (kind, help_, samples) in metrics.items():
        _check(name, kind, samples)
        values = {(full, tuple(sorted(labels.items()))): value for full, labels, value in samples}
        if len(values) != len(samples):
            raise ValueError(f"{name}: a sample twice")
        found[name] = (kind, help_, values)
    return found
