#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tenon list and explain: this build's plugins, broken ones, what the configuration chooses, exit codes and JSON.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
unset TENON_BACKEND TENON_MAX_ISA TENON_CONFIG
: > empty.ini
plugins=$directory/plugins
mkdir "$plugins"
cp "${top_builddir:?}"/backends/.libs/*.so "$plugins"
mkdir -m 700 runtime
export TENON_BACKEND_PATH="$plugins" XDG_RUNTIME_DIR="$directory/runtime"

# plugin NAME NEEDS [FLAG]...: the example, built under another name.
plugin() {
	sed "s/\"acme\"/\"$1\"/; s/\"Acme Inc.\", \"\"/\"Acme Inc.\", \"$2\"/" "${top_srcdir:?}/examples/plugin.c" > "$1.c"
	built=$1
	shift 2
	# shellcheck disable=SC2086 # CC may carry options
	$CC -O1 -fPIC -fvisibility=hidden -shared -Wl,--build-id=sha1 -I"$top_srcdir/include" "$@" -o "$plugins/$built.so" "$built.c"
}
is "a plain plugin builds" plugin acme "" -nostartfiles
is "one for no CPU builds" plugin future "hwcap:8000000000000000,cpuid:7fffffff.0.eax=1" -nostartfiles
is "one with constructors builds" plugin crt ""
cp "$plugins/acme.so" "$plugins/stranger.so"
cp "$plugins/acme.so" "$plugins/open.so"
chmod 646 "$plugins/open.so"
echo junk > "$plugins/junk.so"

run tenon list --config empty.ini
is "list succeeds" exits 0
is "... with scalar, linked in" says out '^[* ] scalar  *usable  *baseline .*(linked in)$'
is "... and its kernels" says out '^      kernels .*inner_product'
is "... and the plugin" says out '^  acme  *usable .*/plugins/acme.so$'
is "... and what it brings" says out '^      kernels inner_product$'
is "... and a refusal with its remedy" says out "open.so: anyone may write to it; run: chmod o-w '"
is "... and one file that is something else" says out 'junk.so: is not an ELF file'
is "... and one that lies about its name" says out 'stranger.so: its note says that it is acme; rename it to acme.so'
is "... and what nobody asked" says out 'kernels unknown: it was not loaded'
is "... marks one" test "$(grep -c '^\*' out)" = 1
is "... and says which line chose it" says out '^\[runtime\] backend = auto (the default) takes [a-z0-9]*$'
is "... and where it looked" says out "^looked in $plugins, "

run tenon list --config empty.ini --json
is_json "--json has the keys of the contract" 'd["schema"] == "tenon.list/1" and all(
	set(b) >= {"name", "path", "state", "reason", "isa", "version", "kernels"} for b in d["backends"])'
is_json "... and three states" '{b["state"] for b in d["backends"]} == {"usable", "unsupported", "refused"}'
is_json "... reasons just where it is not usable" 'all((b["state"] == "usable") == (b["reason"] is None) for b in d["backends"])'
is_json "... every kernel of every backend" 'len({tuple(k["name"] for k in b["kernels"]) for b in d["backends"]}) == 1'
is_json "... who serves them, where somebody was asked" 'all(
	k["source"] in (b["name"], "scalar") and k["class"] == "exact" if b["state"] == "usable" else k["source"] is None
	for b in d["backends"] for k in b["kernels"])'
is_json "... acme has one" '[k["source"] for b in d["backends"] if b["name"] == "acme" for k in b["kernels"]
	if k["name"] == "inner_product"] == ["acme"] and [b for b in d["backends"] if b["name"] == "acme"][0]["path"] == "'"$plugins"'/acme.so"'
is_json "... the best shipped one is selected" 'd["selection"]["degraded"] is False and [b["name"] for b in d["backends"]
	if b["selected"]] == [d["selection"]["name"]] and d["selection"]["name"] != "acme"'

printf '[runtime]\nbackend = acme\n' > acme.ini
run tenon list --config acme.ini
is "a configured backend is selected" says out '^\* acme '
is "... and the line is named" says out "backend = acme ($directory/acme.ini:2) takes acme\|backend = acme (acme.ini:2) takes acme"
printf '[runtime]\nbackend = nobody\n' > nobody.ini
run tenon list --config nobody.ini
is "one that does not exist degrades to scalar" says out '^\* scalar '
is "... and the valid names are listed" says out "there is no backend 'nobody'; there are scalar, acme, "
printf '[runtime]\nbackend = auto\nallow = acme\nbackend_path = /nonexistent\nlabel = "x"\n' > bad.ini
run tenon list --config bad.ini
is "a bad configuration exits 2" exits 2
is "... with its line" says err 'bad.ini:5: this line has a quoted value'

run tenon explain acme --config empty.ini
is "explain of a usable backend exits 0" exits 0
is "... and says so" says out '^acme: usable$'
is "... rule by rule" test "$(grep -c '^  passed ' out)" -ge 15
is "... why auto does not take it" says out 'set \[runtime\] allow = acme to'
run tenon explain --config empty.ini ./plugins/acme.so --json
is_json "... by file as well" "$code == 0"
is_json "... with every rule passed but that nothing was proven" 'd["state"] == "usable" and {r["verdict"] for r in d["rules"]
	if r["rule"] != "proof"} <= {"passed", "exempt"} and [r["verdict"] for r in d["rules"] if r["rule"] == "proof"] == ["open"]'
is_json "... in the order of its life" '[r["rule"] for r in d["rules"]][-3:] == ["proof", "load", "quarantine"]'
is_json "... without asking for signatures" '"signature" not in [r["rule"] for r in d["rules"]]'
is_json "... and the keys of the contract" 'd["schema"] == "tenon.explain/1" and all(set(r) == {"rule", "verdict", "text"}
	for r in d["rules"]) and d["path"] == "./plugins/acme.so"'
run tenon explain --config empty.ini scalar
is "scalar is always usable" exits 0
run tenon explain --config empty.ini future
is "one for another CPU exits 77" exits 77
is "... and names the missing bits" says out 'future: unsupported'
is "... in the rule" says out '^  unsupported  needs  *.*plugins/future.so: needs '
run tenon explain --config empty.ini open
is "a refused one exits 3" exits 3
is "... with the remedy" says out '^  refused  *permissions .*chmod o-w'
run tenon explain --config empty.ini plugins/junk.so
is "a file that is no backend exits 3" exits 3
is "... and nothing else was judged" says out '^  open  *needs '
run tenon explain --config empty.ini crt
if is_sanitized; then
	is "constructors are exempt in a sanitizer's build, and it says so" says out '^  exempt  *constructors'
else
	is "constructors are refused" exits 3
	is "... with the remedy" says out '^  refused  *constructors .*-nostartfiles'
fi
run tenon explain --config empty.ini nobody
is "an unknown name exits 3" exits 3
is "... and lists the valid ones" says err "there is no backend 'nobody'; there are scalar, acme"
run tenon explain --config empty.ini ./nobody.so --json
is_json "... a file that is not there, too" "$code == 3"
is_json "... as an object" 'd["error"]["code"] == 3'

# ---- Proofs ----------------------------------------------------------------------------------------------------------

# kept_verdict: the file of the one verdict that was kept.
kept_verdict() { ls state/verdicts/*.verdict 2> /dev/null; }

export STATE_DIRECTORY="$directory/state"
mkdir -m 700 state
run tenon explain --config empty.ini acme
is "a backend that was never proven is open" says out '^  open  *proof  *not yet proven; it would be when it is swapped to'
is "... and explain does not prove it" test -z "$(kept_verdict)"
printf '[runtime]\ntrust = signature\ntrusted_keys = %s/keys\n' "$directory" > signed.ini
mkdir -m 700 keys
if ! built_with HAVE_SODIUM; then
	skip "signatures and kept verdicts" "built without libsodium"
else
	# shellcheck disable=SC2046 # a word or none
	run tenon explain --config signed.ini acme $(json)
	is_json "where a signature is demanded, none is refused" '[(r["rule"], r["verdict"]) for r in d["rules"]][-4:-1] == [
		("signature", "refused"), ("proof", "open"), ("load", "open")] and d["state"] == "refused"'
	is "... with the exit code" exits 3
	run tenon explain --config signed.ini plugins/future.so
	is "... and what vetting refused is not looked at" says out '^  open  *signature  '
	printf '#include <tenon/tenon.h>\nint main(int argc, char **argv) { return !argc || tenon_open("empty.ini") || tenon_swap(argv[1], 0); }\n' > swap.c
	# shellcheck disable=SC2086 # flags
	is "a host builds" $CC $TEST_CFLAGS -I"$top_srcdir/include" -I"$top_builddir/include" -o swap swap.c -L"$top_builddir/.libs" -ltenon $TEST_LIBS
	# shellcheck disable=SC2086
	run env TENON_BACKEND=scalar LD_LIBRARY_PATH="$top_builddir/.libs" ${EMULATOR-} ./swap "$plugins/acme.so"
	is "it has the backend proven" exits 0
	run tenon explain --config empty.ini acme
	is "explain finds the kept verdict" says out '^  passed  *proof  *proven, says a kept verdict'
	kept=$(kept_verdict)
	sed -i 's/verdict=pass/verdict=fail reason="does not conform: a trial"/' "$kept"
	run tenon explain --config empty.ini acme
	is "a kept refusal is refused" exits 3
	is "... with its reason and the remedy" says out "^  refused  *proof  .*does not conform: a trial (so it was found earlier; to prove it again, remove .*$kept"
	is "... and not loaded" says out '^  open  *load '
fi
# shellcheck disable=SC2086
run env TENON_PROVE=/no/such/helper "LD_LIBRARY_PATH=$top_builddir/.libs" ${EMULATOR-} "$top_builddir/tools/.libs/tenon" explain --config empty.ini acme
is "without a helper no swap would get it" exits 3
is "... which the rule says, with the remedy" says out '^  refused  *proof  .*install .*, or point TENON_PROVE to it'

mkdir -m 700 held
printf '[runtime]\nmax_isa = scalar\nstate_dir = %s/held\n[kernels]\ninner_product = acme\n' "$directory" > held.ini
run tenon explain --config held.ini acme
is "nothing in quarantine is said, too" says out '^  passed  *quarantine  *no kernel of this build is quarantined'
is "a kernel that is to have it" says out '^  *\[kernels\] inner_product = acme (held.ini:5)'
is "a cap" says out '^  cap  *\[runtime\] max_isa = scalar (held.ini:2)'
tenon quarantine add acme inner_product --state-dir held > out 2> err
run tenon explain --config held.ini acme
is "what is in quarantine is a warning" says out '^  warning  *quarantine  *1 kernels stay with scalar .*tenon quarantine clear acme'
is "... and why its kernel is not its own" says out '^  inner_product  *inherited from scalar: .*quarantine'
chmod 777 held
run tenon explain --config held.ini acme
is "a state directory of everybody is not believed" says out '^  open  *quarantine  *unknown: .*held'
run tenon explain
is "no operand exits 2" exits 2
export TENON_MAX_ISA=scalar
run tenon explain --config empty.ini acme
is "a cap is shown" says out 'max_isa = scalar (environment TENON_MAX_ISA)'
is "no staged copy is left behind" test -z "$(ls runtime)"
finish
