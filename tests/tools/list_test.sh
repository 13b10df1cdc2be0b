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
is_json "... with every rule passed" 'd["state"] == "usable" and {r["verdict"] for r in d["rules"]} <= {"passed", "exempt"}'
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
run tenon explain
is "no operand exits 2" exits 2
export TENON_MAX_ISA=scalar
run tenon explain --config empty.ini acme
is "a cap is shown" says out 'max_isa = scalar (environment TENON_MAX_ISA)'
is "no staged copy is left behind" test -z "$(ls runtime)"
finish
