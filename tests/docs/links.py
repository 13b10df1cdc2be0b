# SPDX-License-Identifier: LGPL-2.1-or-later
#
# links.py: every relative link of every document leads to a file, and every anchor to a heading. No network.
import glob
import os
import re

from report import finish, is_true

TOP = os.environ["top_srcdir"]


def read(path):
    with open(path, encoding="utf-8") as file:
        return re.sub(r"^```.*?^```$", "", file.read(), flags=re.M | re.S)


def anchors(path):
    """As the usual renderers make them of headings."""
    found = set()
    for heading in re.findall(r"^#+ +(.*?)\s*$", read(path), re.M):
        heading = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")
        count = 1
        unique = slug
        while unique in found:
            unique = f"{slug}-{count}"
            count += 1
        found.add(unique)
    return found


def broken_links(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", read(path)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        if not os.path.exists(file):
            yield f"{target}: no such file"
        elif anchor and file.endswith(".md") and anchor not in anchors(file):
            yield f"{target}: no such heading"


documents = sorted(set(glob.glob(f"{TOP}/*.md") + glob.glob(f"{TOP}/docs/**/*.md", recursive=True)
                       + glob.glob(f"{TOP}/examples/**/*.md", recursive=True)))
is_true("there are documents", len(documents) > 5, *documents)
for document in documents:
    bad = list(broken_links(document))
    is_true(f"the links of {os.path.relpath(document, TOP)} lead somewhere", not bad, *bad)
finish()
