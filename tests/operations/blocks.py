# SPDX-License-Identifier: LGPL-2.1-or-later
#
# blocks.py DOCUMENT FOLDER: writes the fenced blocks of a document, in order, as FOLDER/NN.LANGUAGE, and prints one line
# for each: its file, its line in the document, and the heading that it is under. A block without a language is an error.
import re
import sys

document, folder = sys.argv[1:3]
heading, fence, number = "", None, 0
for line, text in enumerate(open(document, encoding="utf-8"), 1):
    if text.startswith("```") and fence is None:
        fence = text[3:].strip()
        if not re.fullmatch(r"[a-z]+", fence):
            sys.exit(f"{document}:{line}: a block needs a language")
        number += 1
        name = f"{number:02d}.{fence}"
        out = open(f"{folder}/{name}", "w", encoding="utf-8")
        print(name, line, heading or "-")
    elif text.startswith("```"):
        out.close()
        fence = None
    elif fence is not None:
        out.write(text)
    elif text.startswith("#"):
        heading = text.lstrip("#").strip()
if fence is not None:
    sys.exit(f"{document}: the last block does not end")
