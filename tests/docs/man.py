# SPDX-License-Identifier: LGPL-2.1-or-later
#
# man.py TENON KEYS MANTREE: manual pages against --help, the option tables, runtime/keys.c and the public headers, each
# in both directions, and mandoc's opinion of them. $top_srcdir and $CC as make check has them.
import glob
import os
import re
import shutil
import subprocess
import sys

from report import finish, is_true, same, skip

TENON, KEYS, TREE = sys.argv[1:4]
TOP = os.environ["top_srcdir"]
PAGES = f"{TOP}/tools/man"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def macros(line):
    """What a reader sees of a line of mdoc that names options and operands."""
    words = []
    close = ""
    glue = ""
    for word in line.lstrip(".").split():
        if word == "Op":
            words.append("[")
            close = "]" + close
        elif word == "Fl":
            glue = "-"
        elif word not in ("Nm", "Cm", "Ar", "Li", "It", "Brq", "Ns", "No"):
            words.append(glue + word.replace(r"\&", ""))
            glue = ""
    return re.sub(r"\[ ", "[", " ".join(words)) + close


def sections(text):
    return {heading: body for heading, body in re.findall(r"^\.Sh (.*?)\n(.*?)(?=^\.Sh |\Z)", text, re.M | re.S)}


# What tenon verify tells a copy of itself under --runner; nobody else should.
INTERNAL = {"--emulated-by"}

# ---- Commands --------------------------------------------------------------------------------------------------------

def table_options(word):
    """The options that the program takes: it names them all when it gets one that resembles none."""
    options = set()
    for words in [[word], [word, "show"], [word, "reload"]] if word == "config" else [[word]]:
        error = subprocess.run([TENON, *words, "--zzzzzzzzzzzz"], capture_output=True, text=True, check=False).stderr
        options |= set(re.findall(r"-[a-z0-9-]+", error.partition("; there are ")[2]))
    return options - {"--json", "--output", "--help"} - INTERNAL


def help_terms(text):
    """What stands in the first column of the list of options: `--hold T`, `PID`."""
    terms = set()
    for line in re.findall(r"^  (?=\S)(.*)$", text, re.M):
        term = re.split(r"  +", line)[0]
        if not re.fullmatch(r"\S+( \S+)?(, -\S+( \S+)?)*", term):
            term = " ".join(term.split()[:2])  # one blank is enough behind a long option
        terms |= set(term.split(", ")) if ", -" in term else {term}
    return terms


def check_command(word):
    page = sections(read(f"{PAGES}/tenon-{word}.1"))
    text = output(TENON, "help", word).split("\nEvery command takes")[0]
    usage, _, rest = text.partition("\n\n")
    items = re.findall(r"^\.It (.*)$", page["DESCRIPTION"], re.M)
    documented = {macros(item) for item in items}
    same(f"{word}: the options of its page are those of --help", documented, help_terms(rest))
    same(f"{word}: ... and those it takes", {x.split()[0] for x in documented if x[0] == "-"} | {"-"},
         table_options(word) | {"-"})
    synopsis = re.sub(r"[{}\s]", "", "".join(macros(line) for line in page["SYNOPSIS"].splitlines())).replace("...]", "]...")
    usage = re.sub(r"[{}\s]|Usage:", "", usage).replace("...]", "]...")
    is_true(f"{word}: its synopsis is the usage of --help", synopsis == usage, synopsis, usage)
    codes = " ".join(rest.partition("Exit codes:")[2].split())
    same(f"{word}: the same exit codes", re.findall(r"^\.It (\d+)$", page["EXIT STATUS"], re.M),
         re.findall(r"(?:^|; ?)(\d+) ", codes))


def check_commands():
    names = [n.replace("_", "-") for n in re.findall(r"^COMMAND\w*\((\w+),", read(f"{TOP}/tools/commands.def"), re.M)]
    pages = [os.path.basename(p)[len("tenon-"):-2] for p in glob.glob(f"{PAGES}/tenon-*.1")]
    same("every command has a page, every page a command", pages, names)
    same("tenon(1) names them all", re.findall(r"^\.It Xr tenon-(\S+) 1", read(f"{PAGES}/tenon.1"), re.M), names)
    globals_ = set(re.findall(r"^  (--[a-z]+)", output(TENON, "help").partition("Every command takes")[2], re.M))
    same("tenon(1) has the options of every command",
         set(re.findall(r"^\.It Fl (-[a-z]+)", read(f"{PAGES}/tenon.1"), re.M)) - {"-version"}, {x[1:] for x in globals_})
    for word in sorted(set(names) & set(pages)):
        check_command(word)


# ---- Keys ------------------------------------------------------------------------------------------------------------

def page_keys():
    """(section, key, variable, default) as tenon.ini(5) has them."""
    keys = set()
    for section, body in re.findall(r"^\.Ss Section (\w+)\n(.*?)(?=^\.Ss |^\.Sh )", read(f"{PAGES}/tenon.ini.5"), re.M | re.S):
        for name, text in re.findall(r"^\.It Ic (\S+)\n(.*?)(?=^\.It |^\.El)", body, re.M | re.S):
            variable = re.search(r"^Environment:\n\.Ev (\S+)", text, re.M)
            default = re.search(r"^Default:\n\.Li (\S+)", text, re.M)
            keys.add((section, name, variable.group(1) if variable else "", default.group(1) if default else ""))
    return keys


def check_keys():
    table = {tuple(line.split("\t")) for line in output(KEYS).splitlines()}
    same("tenon.ini(5) has every key, its variable and its default", page_keys(), table)


def check_events():
    kinds = re.findall(r"^EVENT\((\w+),", read(f"{TOP}/runtime/events.def"), re.M)
    words = set(re.findall(r"\w+", sections(read(f"{PAGES}/tenon-history.1"))["EVENTS"]))
    is_true("tenon-history(1) has every kind of event", kinds and set(kinds) <= words, set(kinds) - words)


# ---- Public names ----------------------------------------------------------------------------------------------------

def public_names():
    """(what has a page of its own name, what some page must explain), from the headers as a compiler sees them."""
    headers = output(*os.environ.get("CC", "cc").split(), "-E", "-dD", f"-I{TOP}/include", f"{TOP}/include/tenon/tenon.h")
    ours = []
    inside = False
    for line in headers.splitlines():
        if line.startswith("# "):
            inside = "/tenon/" in line.split('"')[1]
        elif inside:
            ours.append(line)
    text = "\n".join(ours)
    undefined = set(re.findall(r"^#undef (\w+)", text, re.M))
    defined = set(re.findall(r"^#define (TENON_\w+)", text, re.M)) - undefined
    code = re.sub(r"^#.*$", "", text, flags=re.M)
    linked = set(re.findall(r"\b(tenon_\w+) ?\([^;{]*\)\s*[;{]", code))
    linked |= set(re.findall(r"\b(?:struct|enum) (tenon_\w+)\s*\{", code))
    linked |= set(re.findall(r"\btypedef [^;]*?\b(tenon_\w+)\(", code))
    linked |= set(re.findall(r"^#define (TENON_[A-Z_]+)\([^)]", text, re.M)) - undefined
    constants = set(re.findall(r"\b(TENON_\w+)\b\s*(?:=|,|\})", code)) | defined
    return linked, constants - linked - {"TENON_H", "TENON_BACKEND_H", "TENON_EXTERN_C"}


def check_names():
    linked, constants = public_names()
    is_true("the headers have public names", len(linked) > 60 and len(constants) > 40, linked, constants)
    found = {}
    for path in glob.glob(f"{TREE}/man[37]/*"):
        found[os.path.basename(path).rpartition(".")[0]] = path
    same("man finds every function, type and macro with arguments", found.keys() & linked, linked)
    silent = [n for n in sorted(linked & found.keys()) if not re.search(rf"^(?!\.\\\").*\b{n}\b", read(found[n]), re.M)]
    is_true("... in a page that speaks of it", not silent, silent)
    text = "".join(re.sub(r'^\.\\".*$', "", read(p), flags=re.M) for p in glob.glob(f"{PAGES}/*.[37]"))
    mentioned = set(re.findall(r"\bTENON_\w+", text))
    same("every constant is in a page", mentioned & constants, constants)
    links = set(re.findall(r"\.Fn (tenon_\w+)", text))
    is_true("no page speaks of a function that is not there", links <= linked | {"tenon_backend_entry"}, links - linked)


# ---- mandoc ----------------------------------------------------------------------------------------------------------

def check_lint():
    if not shutil.which("mandoc"):
        skip("mandoc -Tlint", "mandoc is missing")
        return
    for path in sorted(glob.glob(f"{PAGES}/*.[1-8]")):
        result = subprocess.run(["mandoc", "-Tlint", path], capture_output=True, text=True, check=False)
        # mandoc looks for the pages that a page refers to where the system has its own; check_references() does it here.
        lines = [x for x in (result.stdout + result.stderr).splitlines() if "referenced manual not found" not in x]
        is_true(f"mandoc has nothing to say about {os.path.basename(path)}", not lines, *lines)


def check_references():
    broken = []
    for path in glob.glob(f"{PAGES}/*.[1-8]"):
        for name, section in re.findall(r"^\.(?:.* )?Xr (?:\( )?(\S+) (\d)", read(path), re.M):
            if not os.path.exists(f"{TREE}/man{section}/{name}.{section}"):
                broken.append(f"{os.path.basename(path)}: {name}({section})")
    is_true("every page that a page refers to is installed", not broken, *broken)


check_commands()
check_keys()
check_events()
check_names()
check_references()
check_lint()
finish()
