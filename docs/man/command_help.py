# SPDX-License-Identifier: Apache-2.0
"""What `touchgate --help` says, as data: the tables in src/cli/*_options.c are the one declaration.

Manual pages and completion are made of it, so neither can forget an option.
"""

import dataclasses
import os
import re
import subprocess

_OPTION = re.compile(r" {2,6}(?:(-\S), )?(?:    )?(--[\w-]+)(?:=(\S+))?(?: {2,}(\S.*))?$")
_SHORT_ONLY = re.compile(r" {2}(-\S)(?: (\S+))?(?: {2,}(\S.*))?$")
_ARGP_NOTE = "Mandatory or optional arguments to long options"


@dataclasses.dataclass
class Option:
    short: str  # "-c", or ""
    long: str  # "--config", or ""
    value: str  # "FILE", "max|N", or "": takes none
    text: str
    group: str  # the heading above it, or ""


@dataclasses.dataclass
class Command:
    name: str
    summary: str  # of the table in `touchgate --help`
    usage: list  # lines behind "Usage:"
    arguments: str  # "POLICY", "SCENARIO...", or "": takes none
    before: str  # what is said above the options
    options: list
    after: str  # what is said below them


def _printed(touchgate, *words):
    # One line a paragraph: where a line ends is for the page to say.
    environment = {**os.environ, "ARGP_HELP_FMT": "rmargin=9999", "LC_ALL": "C"}
    return subprocess.run([touchgate, *words, "--help"], env=environment, check=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          timeout=60).stdout


def summaries(touchgate):
    """(name, summary) of each command, in the order in which --help has them."""
    return re.findall(r"^  (\w[\w-]*) {2,}(.*)$", _printed(touchgate), re.MULTILINE)


def _take_option(line, group):
    match = _OPTION.match(line)
    if match:
        short, long, value, text = match.groups()
        return Option(short or "", long, value or "", text or "", group)
    match = _SHORT_ONLY.match(line)
    if match:
        short, value, text = match.groups()
        return Option(short, "", value or "", text or "", group)
    return None


def _read_options(lines):
    options, group = [], ""
    for line in lines:
        option = _take_option(line, group)
        if option:
            if option.long == "--help": # what every command has, behind all groups
                option.group = group = ""
            options.append(option)
        elif re.match(r" {8,}\S", line) and options:
            options[-1].text = f"{options[-1].text} {line.strip()}".strip()
        elif re.match(r" \S", line):
            group = line.strip().rstrip(":")
        elif line.strip():
            raise ValueError(f"not understood in --help: {line!r}")
    return options


def read_help(name, summary, text):
    """Takes apart what `touchgate NAME --help` printed."""
    head, _, rest = text.partition("\n\n")
    usage = [re.sub(r"^(Usage:|  or:) +", "", line) for line in head.splitlines()
             if re.match(r"Usage:|  or:", line)]
    before = "\n".join(line for line in head.splitlines() if not re.match(r"Usage:|  or:", line))
    options, _, after = re.sub(f"^{_ARGP_NOTE}.*$", "\v", rest, flags=re.MULTILINE).partition("\v")
    arguments = usage[0].partition("[OPTION...]")[2].strip()
    return Command(name, summary, usage, arguments, before, _read_options(options.splitlines()),
                   after.strip("\n"))


def read_command(touchgate, name):
    return read_help(name, dict(summaries(touchgate))[name], _printed(touchgate, name))


def read_commands(touchgate):
    return [read_help(name, summary, _printed(touchgate, name))
            for name, summary in summaries(touchgate)]
