#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges `touchgate replay` on random cases, one a seed; stops at the first that differs.

It then says how to rerun that case by itself.

Exit status: 0 if all is equal, 1 if a case differs or touchgate fails.
"""

import argparse
import io
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

import policy as policies
from judge_replay import judge_output
from oracle import judge
from random_case import write_case

TIMEOUT_S = 60


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--touchgate", required=True, metavar="PATH", help="the executable")
    parser.add_argument(
        "--seeds", required=True, type=parse_seeds, metavar="FROM..TO", help="both included"
    )
    parser.add_argument("--shards", type=int, default=1)
    arguments = parser.parse_args()
    directory = tempfile.mkdtemp(prefix="touchgate-random-")
    records = 0
    for seed in arguments.seeds:
        out = io.StringIO()
        judged = judge_seed(arguments, seed, directory, out)
        if judged is None:
            print(out.getvalue(), end="")
            print(f"seed {seed} differs; its case is kept in {directory}. Again, by itself:")
            print(f"  {shlex.join(rerun(arguments, seed))}")
            return 1
        records += judged
        if seed % 100 == 0:
            print(f"up to seed {seed}: all equal", flush=True)
    shutil.rmtree(directory)
    seeds = arguments.seeds
    print(f"judged seeds {seeds[0]}..{seeds[-1]}, {records} decisions: all equal")
    return 0


def parse_seeds(text):
    first, dots, last = text.partition("..")
    if not first.isdigit() or (dots and not last.isdigit()) or (dots and int(last) < int(first)):
        raise argparse.ArgumentTypeError(f"{text!r} is not FROM..TO")
    return range(int(first), int(last if dots else first) + 1)


def rerun(arguments, seed):
    return [
        sys.executable,
        os.path.abspath(__file__),
        *(
            "--touchgate",
            arguments.touchgate,
            "--shards",
            str(arguments.shards),
            "--seeds",
            f"{seed}..{seed}",
        ),
    ]


def judge_seed(arguments, seed, directory, out):
    """How many decisions were judged equal; none: something differs."""
    case = write_case(seed, directory)
    policy_path, output = os.path.join(directory, "policy.yaml"), os.path.join(directory, "output")
    shutil.rmtree(output, ignore_errors=True)
    command = [arguments.touchgate, "replay", "--policy", policy_path, "--output", output]
    command += [
        "--partitions",
        str(case["partitions"]),
        "--shards",
        str(arguments.shards),
        directory,
    ]
    print(shlex.join(command), file=out)
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode != 0:
        print(f"touchgate ended with {done.returncode}\n{done.stdout}{done.stderr}", file=out)
        return None
    verdict = judge(policies.load(policy_path), [directory], case["partitions"])
    try:
        equal = judge_output(verdict, output, out)
    except Exception as error:  # whatever touchgate wrote, this is its failure
        print(f"cannot judge the output: {type(error).__name__}: {error}", file=out)
        return None
    return len(verdict.decisions) if equal else None


if __name__ == "__main__":
    sys.exit(main())
