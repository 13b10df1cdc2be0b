# SPDX-License-Identifier: LGPL-2.1-or-later
#
# TAP for the checks of documents: is_true() and same() print a line, finish() the plan. Imported by the checks.
import sys

count = 0


def is_true(name, good, *details):
    """One TAP line; what is wrong follows a failure as comments."""
    global count
    count += 1
    print(f"{'ok' if good else 'not ok'} {count} - {name}", flush=True)
    if not good:
        for detail in details:
            for line in str(detail).splitlines():
                print("#", line, flush=True)
    return good


def same(name, ours, theirs):
    """Two sets that must be equal: the difference is named in both directions."""
    ours, theirs = set(ours), set(theirs)
    return is_true(name, ours == theirs and ours,
                   *(f"only there: {x}" for x in sorted(theirs - ours)), *(f"only here: {x}" for x in sorted(ours - theirs)),
                   *([] if ours or theirs else ["nothing found"]))


def skip(name, reason):
    global count
    count += 1
    print(f"ok {count} - {name} # SKIP {reason}", flush=True)


def finish():
    print(f"1..{count}", flush=True)
    sys.exit(0)
