#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tenon top of live hosts under load: once, as text and as JSON; and on screens of tmux, wide and narrow, with and without colour,
# through rollouts, a process that hangs and one that ends; what keys do without --control, and with it.
if [ $# = 0 ]; then
	exec "${top_builddir:?}/libtool" --mode=execute sh "$0" "$top_builddir/tools/tenon" "$top_builddir/tests/hosts/host"
fi
tool=$1
program=$2
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
plugins=$(cd "${top_builddir:?}" && pwd)/tests/plugins/.libs
mkdir -m 700 runtime state
export RUNTIME_DIRECTORY="$directory/runtime" STATE_DIRECTORY="$directory/state" TENON_BACKEND=scalar
# shellcheck source=tests/hosts/hosts.sh
. "$top_srcdir/tests/hosts/hosts.sh"
# shellcheck disable=SC2086 # EMULATOR is several words
tenon() { ${EMULATOR-} "$tool" "$@"; }
begin() { tenon swap "$1" "$plugins/$2.so" --canary 50,100 --hold 60s > /dev/null; } # PID PLUGIN

# ---- Once -------------------------------------------------------------------------------------------------------------
run tenon top --once
is "without processes top says what to do" says err 'no process answers: set .\[control\] socket = on'
is "... and exits 4" exits 4
start web on 1 '[metrics]\ncalls = on\n'
web=$pid
start db on 1
db=$pid
run tenon top --once
is "once it shows all processes" exits 0
is "... with the rate and the latency of one that counts its calls" \
	says out "^ *$web web  *scalar  *[0-9.]*[kMG]\{0,1\}  *[0-9.]*[num]s  *[0-9.]*[num]\{0,1\}s "
is "... and dashes for one that does not" says out "^ *$db db  *scalar  *-  *-  *- "
is "... then the details of each" says out "^process $web host, label web\$"
is "... and its events" says out '^  ..:..:.. control socket: listening at '
is "... and how calls come to be counted" says out "^  calls: not counted; .*tenon config reload $db\$"
run tenon top "$web,$db" --once --json
is_json "--json has the same" \
	'[p["label"] for p in d["processes"]] == (["web", "db"] if '"$web < $db"' else ["db", "web"])
	and all(p["calls_counted"] == (p["calls_per_second"] is not None) == (p["label"] == "web") for p in d["processes"])
	and all((p["p50_seconds"] or 0) <= (p["p99_seconds"] or 0) < 10 and p["rollout"] is None for p in d["processes"])
	and all("serving from scalar" in [e["text"] for e in p["events"]] for p in d["processes"])'
run tenon top --label db < /dev/null
is "without a terminal it shows the state once, and says so" says err '\(no terminal\|without ncurses .*\): the state is shown once'
is "... of those with the label" test "$(grep -c "^process $db host" out) $(grep -c "^process $web" out)" = '1 0'
run tenon top "runtime/tenon-$db.sock" --once
is "a process may be named by its socket" exits 0
for wrong in '--json' '--once --control' '--interval 0' 'web' '--all --label db'; do
	# shellcheck disable=SC2086 # several words
	run tenon top $wrong
	is "top $wrong is a mistake" exits 2
done
run tenon top --label nobody --once
is "a label that nobody has exits 4" exits 4

# ---- On a screen ------------------------------------------------------------------------------------------------------
reason=
command -v tmux > /dev/null || reason='tmux is missing'
built_with HAVE_NCURSES || reason='built without ncurses'
if [ "$reason" ]; then
	skip 'the screen, keys, resizing, colours, control' "$reason"
	is 'the hosts went on well' stop web "$web"
	finish
	exit
fi
# A leak checker that is hung up on at its work waits for ever; what is shown once is checked for leaks above.
export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS-}"
opened=0
# An account for builds may have a login shell that runs nothing.
screen() { SHELL=/bin/sh tmux -S "$directory/tmux$opened" -f /dev/null "$@"; }
trap 'screen kill-server 2> /dev/null; end_hosts' EXIT
# open COLUMNS LINES [ARGUMENT...]: tenon top on a terminal of its own; $look stands before it.
look=
open() {
	screen kill-server 2> /dev/null
	opened=$((opened + 1)) # a server that ends may still have its socket
	size="-x $1 -y $2"
	shift 2
	# shellcheck disable=SC2086
	screen new-session -d $size "trap : INT; $look ${EMULATOR-} '$tool' top $*; echo ended \$?; exec cat"
}
key() { screen send-keys "$@"; }
resize() { screen resize-window -x "$1" -y "$2"; }
drawn() { screen capture-pane -p > out && grep -q -e "$1" out; }
shows() { settled drawn "$1"; } # PATTERN, within a minute
coloured() { screen capture-pane -p -e | grep -q "$(printf '\033')\[[0-9;]*3[0-7]m"; }
colourless() { ! coloured; }
: > err

open 80 24
is "a screen has one line a process" shows "^[ >] *$db db  *scalar  *-  *-  *- "
is "... with a rate that is there after the second look" shows "^[ >] *$web web  *scalar  *[0-9.]*[kMG]\{0,1\}  *[0-9.]*[num]s"
if [ "$web" -lt "$db" ]; then first=$web second=$db forth=Down back=Up; else first=$db second=$web forth=Down back=Up; fi
is "... the first of which is chosen" shows "^> *$first "
is "... and described" shows "^process $first host, label"
is "... and the keys" shows '^h help, q quit$'
key $forth
is "down chooses the next" shows "^> *$second "
is "... and describes it" shows "^process $second host, label"
key $forth $forth $back
is "... but not one behind the last; up goes back" shows "^> *$first "
resize 40 15
is "on 40 columns a process has two lines" shows "^>$first [wd][eb]b* scalar\$"
is "... with its rate and latency" shows '^ [0-9.]*[kMG]\{0,1\}/s p50 [0-9.]*[num]s p99 [0-9.]*[num]\{0,1\}s mem -$'
is "... the keys" shows '^h help, q quit$'
is "... and what is too long for a line is broken" shows '^  [^ ].*'
resize 250 40
is "on a larger one it is a table again" shows "^> *$first .* scalar "
key h
is "h shows the keys" shows '^orders need tenon top --control:$'
key h b
is "without --control nothing can be ordered" shows '^rollback: needs tenon top --control$'
key y
begin "$web" twin
is "a rollout is seen" shows "^[ >] *$web web .* canary 50% 1/2\$"
[ "$first" = "$web" ] || key $forth
is "... with what it waits for" shows '^rollout: canary, step 1/2, 50% of calls, held [0-9.]* of 60.0 s, to .*twin'
is "... in colour" settled coloured
key q
is "q ends it" shows '^ended 0$'
run tenon status "$web"
is "... and all keys together have changed nothing" says out '^  changes  *0 swaps, 0 rollbacks$'

look='NO_COLOR=1'
open 80 24 --label web
is "with NO_COLOR a rollout is seen, too" shows '^rollout: canary'
is "... without colour" colourless
key C-c
is "an interrupt ends it like q" shows '^ended 0$'
look='TERM=dumb'
open 80 24 --label db
is "with TERM=dumb it shows the state once" shows "the terminal 'dumb' cannot be drawn on: the state is shown once"
is "... and ends" shows '^ended 0$'
look='TERM=no-such-terminal'
open 80 24 --label db
is "... and on a terminal that nobody knows" shows "the terminal 'no-such-terminal' cannot be drawn on"
# A thread's stack is as large as the limit says.
endless=200000000000
# shellcheck disable=SC3045 # dash and bash have it; without it the test is skipped
if [ "${EMULATOR-}" ] || is_sanitized || ! (ulimit -s $endless) 2> /dev/null; then
	skip 'a thread that cannot be had' 'under an emulator, with sanitizers, or with a hard limit for stacks'
else
	look="ulimit -s $endless;"
	open 80 24
	is "without a thread it cannot run" shows 'cannot start a thread'
	is "... and exits 3" shows '^ended 3$'
fi

# ---- Control ----------------------------------------------------------------------------------------------------------
look=
open 80 24 --control "$web"
is "with --control the keys are shown" shows '^p pause r resume m promote b rollback  h help, q quit$'
is "... and the rollout" shows 'canary 50% 1/2$'
key p
is "p asks first" shows "^pause process $web? y/n\$"
key n
is "... and does nothing without a y" shows '^pause: not done$'
is "... nothing at all" drawn 'canary 50% 1/2$'
key p y
is "p and y pause" shows 'paused 50% 1/2$'
is "... as the answer says" shows "^process $web: paused\$"
key r y
is "r resumes" shows 'canary 50% 1/2$'
key m y
is "m promotes" shows '^backend: twin, .*pinned'
key b y
is "b rolls back" shows '^backend: scalar, .*rollbacks 1$'
key m y
is "what is refused is said with the reason" shows "^process $web: promote: no rollout is under way"

# ---- Trouble ----------------------------------------------------------------------------------------------------------
tenon swap "$web" "$plugins/liar.so" --canary 50,100 --hold 60s --shadow 1/1 > /dev/null
is "a rollback is told with its reason" shows '^last rollout: rolled-back: inner_product: scores'
is "... and what is in quarantine" shows "^quarantined: 1; tenon quarantine list $web\$"
open 80 24 --timeout 500ms
shows "^[ >] *$db db  *scalar "
kill -STOP "$db"
is "who hangs is named" shows "^[ >] *$db db  *no answer within 0.5 s"
is "... while others are read on" shows "^[ >] *$web web  *scalar  *[0-9.]*[kMG]\{0,1\}  *[0-9.]*[num]s"
kill -CONT "$db"
is "... until he answers" shows "^[ >] *$db db  *scalar  *-"
key q
look=
open 80 24 --control --timeout 2s "runtime/tenon-$db.sock"
shows "^> *$db db  *scalar "
kill -STOP "$db"
key p y b
is "who was named by his socket and hangs is who he was" shows "^> *$db db  *no answer within 1 s"
is "... and the question about him stands" shows "^rollback process $db? y/n\$"
outcome() { drawn "^process $db: no answer within 2 s" && grep -q "^rollback process $db? y/n\$" out; }
is "... and leaves room for how the last order went" settled outcome
key n
is "... until it was seen" shows '^rollback: not done$'
is "... once" test -z "$(grep 'within 2 s' out)"
kill -CONT "$db"
key q
open 80 24
shows "^[ >] *$db db  *scalar "
is "his calls were right" stop db "$db"
gone() { drawn "^[ >] *$web web " && ! grep -q " $db db " out; }
is "who ends is gone" settled gone
resize 20 4
is "even a screen that is far too small shows who is chosen" shows "^>$web web"
key q
if unshare -Urpf true 2> /dev/null; then
	start other on 1
	look='unshare -Urpf'
	open 80 24 --control
	shows '^[ >] *0 other ' && shows '^> *0 ' && { drawn '^> *0 other ' || key Down; }
	is "processes of another PID namespace are told apart" shows '^> *0 other '
	key b
	is "... also for a question" shows '^rollback process 0? y/n$'
	is "... whose calls were right" stop other "$pid"
	is "... which is not about another one when he has ended" shows '^process 0 is gone$'
	is "... any more" test -z "$(grep 'y/n' out)"
	key q
	look=
else
	skip 'processes of another PID namespace' 'no user namespaces'
fi
open 80 24 "$web"
shows "^> *$web web  *scalar "
is "the host went on well" stop web "$web"
is "who was named stays, with what became of him" shows "^> *$web web  *nobody listens at "
key q
look='echo $$ > top.pid; exec'
open 80 24
is "without processes the screen says what to do" shows '^no process answers$'
top=$(cat top.pid)
screen kill-server
ended() { ! kill -0 "$top"; }
is "a terminal that goes away ends it" settled ended
finish
