#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The shell of the command line tool: help, unknown words, --json, --output, and output that cannot be written.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99

absent() { [ -z "$(find . -name "$1")" ]; }
json() { python3 -c 'import json, sys; d = json.load(open("out")); sys.exit(not eval(sys.argv[1]))' "$1"; }

run tenon
is "no command is a usage error" exits 2
is "... that shows the list of commands" says err '^  help '
run tenon --help
is "--help succeeds" exits 0
is "... on stdout" says out '^Usage: tenon COMMAND'
is "... and nothing on stderr" empty err
is "... and explains exit codes" says out '77 nothing could run'
run tenon --version
is "--version prints the version" says out '^tenon [0-9]*\.[0-9]*\.[0-9]*$'

run tenon hlep
is "an unknown command exits 2" exits 2
is "... and names the nearest" says err "^tenon: unknown command 'hlep'; did you mean help?\$"
run tenon zzzzzzzz
is "a word like nothing gets the list" says err "unknown command 'zzzzzzzz'; there are help"
run tenon help zzzzzzzz
is "help for an unknown command exits 2" exits 2
run tenon --frob
is "an unknown option exits 2" exits 2
is "... and is called an option" says err "unknown option '--frob'"
run tenon help --output
is "--output without a name exits 2" exits 2
is "... and says so" says err 'output needs a file name'

commands=$(sed -n 's/^COMMAND(\([a-z_]*\),.*/\1/p' "$top_srcdir/tools/commands.def" | tr _ -)
for command in $commands; do
	run tenon "$command" --help
	is "$command --help succeeds" exits 0
	is "... and starts with its usage line" says out "^Usage: tenon $command"
	cp out once
	run tenon help "$command"
	is "help $command prints the same" cmp -s out once
	run tenon "$command" --no-such-option
	is "$command --no-such-option exits 2" exits 2
	is "... and names it" says err "^tenon $command: unknown option '--no-such-option'; "
done

run tenon help --output page
is "--output succeeds" exits 0
is "... leaves stdout empty" empty out
is "... writes the file" says page '^Usage: tenon'
is "... and no temporary one" absent '*.tmp.*'
chmod 640 page
ln -s page link
run tenon --version --output=link
is "--output through a link replaces its target" says page '^tenon '
is "... keeps the link" test -L link
is "... and the mode" test "$(stat -c %a page)" = 640
run tenon zzzzzzzz --output page
is "a failure leaves the file as it was" says page '^tenon '
is "... and no temporary one" absent '*.tmp.*'
run tenon help --output missing/page
is "--output in no directory exits 2" exits 2
is "... and says why" says err 'cannot create .*missing/page.*No such file or directory'
run tenon help --output /dev/null
is "--output to a device writes in place" exits 0
is "... and leaves the device" test -c /dev/null

if [ -w /dev/full ]; then
	tenon help > /dev/full 2> err
	code=$?
	is "a full disk exits 2" exits 2
	is "... and says so" says err 'cannot write standard output: No space left'
	run tenon help --output /dev/full
	is "a full disk under --output exits 2" exits 2
else
	skip "a full disk exits 2" "no /dev/full"
fi
rm -f closed
{
	while [ ! -e closed ]; do sleep 0.05; done
	tenon help 2> err
	echo $? > result
} | {
	exec <&-
	: > closed
}
code=$(cat result)
is "a closed pipe exits 2" exits 2
is "... and says so" says err 'cannot write standard output: Broken pipe'

if ! built_with HAVE_JANSSON; then
	run tenon help --json
	is "--json without jansson exits 2" exits 2
	is "... and says so" says err 'built without jansson'
elif ! command -v python3 > /dev/null; then
	skip "JSON" "no python3 to read it"
else
	run tenon help --json
	is "help --json lists the commands" json 'd["schema"] == "tenon.help/1" and type(d["commands"]) is list'
	is "... with the version" json 'd["tenon_version"].count(".") == 2'
	run tenon --json hlep
	is "a JSON error exits as a plain one" exits 2
	is "... is an object on stdout" json 'd["schema"] == "tenon.error/1" and d["error"]["code"] == 2'
	is "... with the same message" json '"did you mean help?" in d["error"]["message"]'
	is "... and nothing on stderr" empty err
	run tenon hlep --json --output page
	is "... also under --output" json 'd["error"]["code"] == 2'
	run tenon help --json --output /dev/full
	is "a full disk is a JSON error too" json '"No space left" in d["error"]["message"]'
fi
finish
