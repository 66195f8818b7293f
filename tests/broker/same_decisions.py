# SPDX-License-Identifier: Apache-2.0
"""Whether a replay decided as the recorded run did: decision by decision, each partition in order.

    tests/broker/same_decisions.py RECORDING REPLAYED

RECORDING was made by `touchgate record --decisions`, REPLAYED is the output of a replay of it.
Every field is compared. Only how places are called differs by nature: a topic has a name where a
recording has the stem of its files; and where the recording left something out (dead letters,
marks of transactions, what is before its beginning), the offsets behind it are not the ordinals
that a replay counts, and are left out.
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))
from containers import read_file  # noqa: E402


def read_files(folder, pattern):
    return [record for path in sorted(pathlib.Path(folder).glob(pattern))
            for record in read_file(path)[1]]


def in_order(decisions, names, offsets):
    """The decisions of each partition, with places as a recording calls them."""
    partitions = {}
    for each in decisions:
        places = [each["request"], *each["positions"]]
        for place in places:
            place["topic"] = names.get(place["topic"], place["topic"])
            if not offsets:
                del place["offset"]
        partitions.setdefault(each["request"]["partition"], []).append(each)
    return partitions


def difference(recording, replayed):
    """None if both are the same, otherwise where they first differ."""
    manifest = json.loads((pathlib.Path(recording) / "recording.json").read_text())
    streams = manifest["streams"]
    names = {stream["topic"]: name for name, stream in streams.items()}
    offsets = all(stream["gaps"] == 0 and stream["rejected"] == 0 and
                  not any(part["from"] for part in stream["partitions"])
                  for stream in streams.values())
    live = in_order(read_files(recording, "decisions-recorded-*.avro"), names, offsets)
    again = in_order(read_files(replayed, "decisions.avro"), {}, offsets)
    for partition in sorted(live.keys() | again.keys()):
        one, other = live.get(partition, []), again.get(partition, [])
        for number, (left, right) in enumerate(zip(one, other)):
            if left != right:
                return (f"partition {partition}, decision {number}:\n"
                        f"  live   {left}\n  replay {right}")
        if len(one) != len(other):
            return f"partition {partition}: {len(one)} decisions live, {len(other)} in the replay"
    return None


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    found = difference(sys.argv[1], sys.argv[2])
    print(found or "the same decisions")
    sys.exit(1 if found else 0)
