#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Plugins that only a proof can refuse, because their crimes begin when they run: each is offered to a live host, which must
# refuse it for its own reason, keep serving, and have no process left over. Then helpers that cannot be believed.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
source=$(cd "$top_srcdir" && pwd)
build=$(cd "${top_builddir:?}" && pwd)
chmod 755 "$directory"
umask 022
cd "$directory" || exit 99
: > list
# What the proofs of these say is to be found now, not remembered.
export STATE_DIRECTORY="$directory/state"
# A sanitizer's report is not what is looked for here.
export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS-}"

# deed NAME EXPECTATION FLAGS...
deed() {
	name=$1 expectation=$2
	shift 2
	${CC:-cc} -I"$source/include" -O1 -fPIC -fvisibility=hidden -shared -nostartfiles -Wl,--build-id=sha1 \
		-Wl,-z,noexecstack "$@" -o "$name.so" "$source/tests/hostile/misdeeds.c" > log 2>&1 || {
		sed 's/^/# /' log
		echo "Bail out! $name.so does not build"
		exit 99
	}
	printf '%s\t%s\n' "$expectation" "$directory/$name.so" >> list
}

# confined NAME EXPECTATION REASON FLAGS...: what needs the kernel's help, which emulators do not pass on.
confined() {
	if [ "${EMULATOR-}" ]; then skip "$1" 'the emulator has no filters and no limits'
	else deed "$@"; fi
}

deed crash 'loading it faulted at 0x8' -DDEED=crash
deed trap 'loading it died of signal' -DDEED=trap
deed hang 'loading it made no progress until the deadline' -DDEED=hang
deed exit 'loading it ended the process with status 0' -DDEED=leave
deed lies 'loading it faulted' -DDEED=nothing -DKERNEL_COUNT=1000000
deed wrong 'does not conform: inner_product' -DDEED=nothing
deed forged 'does not conform: inner_product' -DDEED=forge
deed kernel-crash 'does not conform: inner_product faulted at 0x8' -DDEED=crash -DIN_KERNEL
deed kernel-trap 'does not conform: inner_product died of signal' -DDEED=trap -DIN_KERNEL
deed kernel-hang 'does not conform: inner_product made no progress' -DDEED=hang -DIN_KERNEL
deed kernel-exit 'does not conform: inner_product ended the process with status 0' -DDEED=leave -DIN_KERNEL
confined forks 'loading it made a system call that starts a process' -DDEED=multiply
confined escapes 'loading it made a system call that starts a process' -DDEED=escape
confined kernel-forks 'inner_product made a system call that starts a process' -DDEED=multiply -DIN_KERNEL
confined becomes-another 'loading it made a system call that runs a program' -DDEED=become_another
confined kills 'loading it made a system call that signals a process' -DDEED=kill_parent
if is_sanitized; then
	skip 'memory' 'a sanitizer needs more addresses than any limit'
else
	confined memory 'of the 256 MiB that it may' -DDEED=take_memory
	confined memory-crash 'of the 256 MiB that it may' -DDEED=take_memory_and_crash
	confined kernel-memory 'of the 256 MiB that it may' -DDEED=take_memory_and_crash -DIN_KERNEL
fi

# serve: the list is offered to a host.
serve() {
	# shellcheck disable=SC2086 # EMULATOR carries options
	TENON_BACKEND=scalar XDG_RUNTIME_DIR=$directory LD_LIBRARY_PATH=$build/.libs ${EMULATOR-} \
		"$build/tests/hostile/.libs/serve" "$build/backends/.libs/scalar.so" < list > tap 2> err
	code=$?
	relay tap "$1"
	is "$1the host lived, and every file was judged" test "$code $(tail -n 1 tap)" = "0 1..$(($(wc -l < list) + 1))"
}

serve ''
is '... nobody heard what they said' test -z "$(grep -h verdict tap err)"
is '... no process is left' test -z "$(grep -ls "$directory" /proc/[0-9]*/maps)"
is '... a wrong bit is remembered' test "$(grep -l 'verdict=fail' state/verdicts/* 2> /dev/null | wc -l)" -ge \
	"$(grep -c '^#define HAVE_SODIUM' "$build/build.h")"
is '... what may have been the machine is not' test -z "$(grep -ls 'deadline\|status 0\|MiB' state/verdicts/*)"

# The same again: now some verdicts are kept ones, and say where.
if built_with HAVE_SODIUM; then
	printf 'to prove it again, remove %s/state/verdicts/\t%s/wrong.so\n' "$directory" "$directory" > list
	serve 'again: '
else
	skip 'a kept verdict' 'built without libsodium'
fi

# ---- Helpers that cannot be believed ---------------------------------------------------------------------------------

good=$build/tests/plugins/.libs/hooked.so
# doubt NAME EXPECTATION: with the helper that is given.
doubt() {
	printf '%s\t%s\n' "$2" "$good" > list
	serve "$1: "
}

# An emulator starts, and cannot find it.
if [ "${EMULATOR-}" ]; then remedy='install the helper of this version, or point TENON_PROVE to it'; else
	remedy='install tenon-prove, or point TENON_PROVE to it'; fi
TENON_PROVE=$directory/none doubt 'no helper' "$remedy"
# helper LINE...: a helper that answers so.
helper() {
	{ echo '#!/bin/sh'; for line in "$@"; do printf "echo '%s' >&3\n" "$line"; done; } > helper
	chmod 755 helper
}
unset TENON_LAUNCHER
export TENON_PROVE="$directory/helper"
helper
doubt 'a silent helper' 'ended with status 0 and said ""'
helper 'hello'
doubt 'a helper of another kind' 'said "hello'
helper 'TENON-PROVE/0' 'features=""' 'verdict=pass' 'end'
doubt 'a helper of another version' 'install the helper of this version'
helper 'TENON-PROVE/1' 'features=x87' 'verdict=pass' 'end'
doubt 'a helper on another CPU' 'runs on another CPU than this process: it has "x87"'
helper 'TENON-PROVE/1' 'features=x87' 'verdict=pass'
doubt 'half an answer' 'cannot be proven'
echo 'kill -9 $$' > helper
sed -i '1i #!/bin/sh' helper
doubt 'a helper that dies' 'died of signal 9'
finish
