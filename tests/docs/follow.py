# SPDX-License-Identifier: LGPL-2.1-or-later
#
# follow.py DOCUMENT FOLDER: does in FOLDER what a document tells its reader to do, from top to bottom.
#
#     <!-- NAME -->          before a block: the block is the file NAME; <!-- append NAME -->: it goes to its end
#     ```diff                is applied
#     ```sh                  is run, all blocks in one shell; each command must succeed; ```sh fails: the last must not
#     ```output              is what the block before it prints; `...` stands for anything, alone on a line for any lines
#
# Other blocks are for the reader. The environment is the caller's.
import os
import re
import signal
import subprocess
import sys

from report import finish, is_true

DOCUMENT, FOLDER = sys.argv[1:3]
LIMIT = 900  # seconds for all of it, on a machine that is busy with other things


def blocks(text):
    """(comment before it, info string, content) of every fenced block."""
    for match in re.finditer(r"(?:^<!-- (.*) -->\n)?^```(.*)\n((?:(?!```).*\n)*)```$", text, re.M):
        yield match.group(1) or "", match.group(2).strip(), match.group(3)


def squeeze(text):
    return [" ".join(line.split()) for line in text.strip("\n").splitlines()]


def agrees(shown, printed):
    pattern = ""
    for line in squeeze(shown):
        pattern += r"(?:.*\n)*?" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + r"\n"
    return re.fullmatch(pattern, "".join(x + "\n" for x in squeeze(printed)))


def as_shell(number, comment, info, content):
    """What a block asks of the shell, or None."""
    log = f"$FOLLOWED/{number}"
    words = comment.split()
    if words:
        source = f"$FOLLOWED/{number}.file"
        operator, name = (">>", words[1]) if words[0] == "append" else (">", words[0])
        return f'mkdir -p "$(dirname {name})"; cat "{source}" {operator} {name}; echo 0 > "{log}.status"\n'
    if info == "diff":
        return f'patch -p1 < "{log}.file" > "{log}.out" 2>&1; echo 0 > "{log}.status"\n'
    if info == "sh":
        return f'{{\n{content}\n}} > "{log}.out" 2>&1; echo $? > "{log}.status"\n'
    if info == "sh fails":
        return f'set +e; {{\n{content}\n}} > "{log}.out" 2>&1; echo $? > "{log}.status"; set -e\n'
    return None


def run(script, followed):
    shell = subprocess.Popen(["sh", "-eu"], stdin=subprocess.PIPE, cwd=FOLDER, text=True, start_new_session=True,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "FOLLOWED": followed})
    try:
        shell.communicate(script, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        print(f"# not at its end after {LIMIT} s")
    try:
        os.killpg(shell.pid, signal.SIGKILL)  # what the document left running
    except ProcessLookupError:
        pass


def content_of(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def main():
    followed = os.path.join(FOLDER, ".followed")
    os.makedirs(followed)
    steps = list(enumerate(blocks(content_of(DOCUMENT))))
    script = ""
    for number, (comment, info, content) in steps:
        with open(f"{followed}/{number}.file", "w", encoding="utf-8") as file:
            file.write(content)
        script += as_shell(number, comment, info, content) or ""
    run(script, followed)
    printed = ""
    for number, (comment, info, content) in steps:
        what = comment or content.strip().splitlines()[0]
        if info == "output":
            is_true(f"it prints what is shown: {what}", agrees(content, printed), "shown:", content, "printed:", printed)
        elif as_shell(number, comment, info, content):
            printed = content_of(f"{followed}/{number}.out")
            status = content_of(f"{followed}/{number}.status").strip()
            good = status not in ("", "0") if info == "sh fails" else status == "0"
            is_true(f"step {number + 1}: {what}", good, f"exit status {status or 'none: it ended here'}", printed[-3000:])
    finish()


main()
