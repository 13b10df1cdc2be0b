# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds a document against the rules of the Trace Event format: trace_rules.py FILE. Prints what is wrong; 1 if anything is."""
import json
import sys

PHASES = {"B": set(), "E": set(), "X": {"dur", "name"}, "i": {"name", "s"}, "C": {"name", "args"}, "M": {"name", "args"}}


def check(events):
    """Every phase with its keys, times that rise, ends that match their beginnings, counters that are numbers."""
    last, open_spans = 0.0, {}
    for number, e in enumerate(events):
        phase = e.get("ph")
        if phase not in PHASES:
            yield f"event {number}: ph is {phase}"
            continue
        missing = (PHASES[phase] | {"pid", "tid"}) - e.keys()
        if missing:
            yield f"event {number} ({phase}) has no {missing}"
        if phase == "M":
            continue
        if not isinstance(e.get("ts"), (int, float)) or e["ts"] < last:
            yield f"event {number}: ts {e.get('ts')} comes after {last}"
        last = max(last, e.get("ts", 0))
        spans = open_spans.setdefault((e["pid"], e["tid"]), [])
        if phase == "B":
            spans.append(e["name"])
        elif phase == "E" and not spans:
            yield f"event {number} ends what nobody began"
        elif phase == "E":
            spans.pop()
        elif phase == "X" and e["dur"] < 0:
            yield f"event {number} lasts {e['dur']}"
        elif phase == "C" and not all(isinstance(v, (int, float)) for v in e["args"].values()):
            yield f"event {number} counts {e['args']}"
    for track, names in open_spans.items():
        if names:
            yield f"{track}: {names} never end"


with open(sys.argv[1], encoding="utf-8") as file:
    document = json.load(file)
problems = list(check(document["traceEvents"]))
print("\n".join(problems[:20]))
sys.exit(bool(problems))
