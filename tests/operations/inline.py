# SPDX-License-Identifier: LGPL-2.1-or-later
#
# inline.py DOCUMENT: prints what stands between backticks in its text and begins with `tenon`, if there is no such command,
# or if its help does not know one of the options. The tenon of $PATH is asked.
import re
import subprocess
import sys

text = re.sub(r"```.*?```", "", open(sys.argv[1], encoding="utf-8").read(), flags=re.S)
found = 0
for words in (code.split() for code in re.findall(r"`(tenon [^`]*)`", text)):
    found += 1
    answer = subprocess.run(["tenon", "help", words[1]], capture_output=True, text=True)
    unknown = [word for word in words[2:] if word.startswith("-") and word.split("=")[0] not in answer.stdout]
    if answer.returncode or unknown:
        print(" ".join(words), *unknown)
if not found:
    print("no command is mentioned")
