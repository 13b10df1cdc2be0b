#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tenon tune: who may compete, who wins, the file that comes of it, and where that file counts.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
unset TENON_BACKEND TENON_MAX_ISA TENON_CONFIG
mkdir plugins etc
mkdir -m 700 runtime
export TENON_BACKEND_PATH="$directory/plugins" XDG_RUNTIME_DIR="$directory/runtime"
tuned=etc/tenon.ini.d/50-tuned.ini

# plugin NAME DECLARATION STATEMENTS: the example under another name, with something done before each call.
plugin() {
	sed "s/\"acme\"/\"$1\"/; s/^static int inner_product/$2 &/; s/^	(void)scratch;/&$3/" "${top_srcdir:?}/examples/plugin.c" > "$1.c"
	# shellcheck disable=SC2086 # CC may carry options
	$CC -O2 -ffp-contract=off -fPIC -fvisibility=hidden -shared -nostartfiles -Wl,--build-id=sha1 -I"$top_srcdir/include" \
		-o "plugins/$1.so" "$1.c"
}
is "a plugin builds" plugin acme '' ''
is "... its twin" plugin acmf '' ''
# In an instrumented build all that it competes with is slow as well.
waste=5 time=100ms
if is_sanitized; then waste=40 time=300ms; fi
# An emulator takes long for a sample, too, and a verdict needs twelve.
if [ "${EMULATOR-}" ]; then time=500ms; fi
is "... one that wastes time" plugin slow '' "volatile float waste; for (size_t i = 0; i < $waste * a->count * a->dim; i++) waste = 0;"
# What it was asked last it does not compute again: its answer is still there. So it is right in a loop, and the fastest.
is "... and one that cheats" plugin cheat 'static const void *last;' 'if (a->count > 99 \&\& args == last) return TENON_OK; last = args;'

printf '[runtime]\nbackend = slow\n' > etc/tenon.ini
tune() { run tenon tune --config etc --kernel inner_product --time $time "$@"; }
# shellcheck disable=SC2046 # a word or none
tune --backend slow,cheat $(json)
is "a backend that does not conform makes it exit 1" exits 1
is_json "... is named with its reason" '[b["conforms"] for b in d["backends"] if b["name"] == "cheat"] == [False] and
	"inner_product" in [b["reason"] for b in d["backends"] if b["name"] == "cheat"][0]'
is_json "... and does not compete" 'not any("cheat" in (u["backend"], u["against"]) for k in d["kernels"] for u in k["duels"])'
is_json "the fastest that conforms wins" '[(k["kernel"], k["untuned"], k["chosen"], k["written"]) for k in d["kernels"]] ==
	[("inner_product", "slow", "scalar", True)]'
is_json "... with confidence" 'all(u["low"] > 1.02 and u["verdict"] == "faster" and u["samples"] >= 12 for k in d["kernels"] for u in k["duels"])'
is_json "the document has its schema and the file" 'd["schema"] == "tenon.tune/1" and d["file"] == open("'$tuned'").read() and
	d["path"].endswith("'$tuned'")'
is "... which is written" says $tuned '^inner_product = scalar$'
is "... for everybody to read" test "$(stat -c %a $tuned)" = 644
is "... and nothing beside it" test "$(ls etc/tenon.ini.d)" = 50-tuned.ini
printf '[runtime]\nallow = cheat\n' > allow.ini
TENON_CONFIG=$directory/allow.ini run tenon bench --quick --kernel inner_product --backend scalar,cheat --json
is_json "the one that cheats would have been the fastest by far" 'min(r["ratio_scalar"] for r in d["results"] if r["backend"] == "cheat") >
	20 * max(r["ratio_scalar"] for r in d["results"] if r["backend"] == "scalar")'

# ---- Where it counts -------------------------------------------------------------------------------------------------

# What a file of that folder says elsewhere it says as $TENON_CONFIG.
cp $tuned here.ini
show() { TENON_CONFIG=$directory/$1 run tenon config show; }
show here.ini
is "the file counts here" says out '^inner_product = scalar$'
is "... and nothing is ignored" test "$(grep -c ignored out)" = 0
# elsewhere KEY VALUE WORDS
elsewhere() {
	sed "s/^$1 = .*/$1 = $2/" here.ini > there.ini
	show there.ini
	is "another $1 is no error" exits 0
	is "... is said" says out "^; .*there.ini is ignored: $3.*; run tenon tune here"
	is "... and nothing of the file counts" test "$(grep -c '^inner_product' out)" = 0
}
elsewhere vendor Nobody "it was measured with vendor 'Nobody', here it is "
elsewhere model 'Z80' "it was measured with model 'Z80'"
elsewhere features 0 'it was measured on a CPU without [a-z0-9_]*, which this one has'
elsewhere microcode 0x0 "it was measured with microcode '0x0'"
elsewhere tenon 0.0.1 "it was measured with tenon '0.0.1'"
elsewhere max_isa scalar 'max_isa is another one now than when it was measured'
sed 's/^vendor = .*/&\nhologram = yes/' here.ini > there.ini
show there.ini
is "a later Tenon's key is no error either" says out "ignored: its section .tuned. has a key 'hologram'"
sed 's/^inner_product.*/outer_product = scalar/; s/^vendor = .*/vendor = Nobody/' here.ini > there.ini
show there.ini
is "... nor are its kernels" exits 0
TENON_MAX_ISA=scalar TENON_CONFIG=$directory/here.ini run tenon config show
is "with a cap it does not count" says out 'here.ini is ignored: max_isa is another one now'
TENON_CONFIG=$directory/there.ini run tenon config check
is "check says so" says out '^valid: .*; .*there.ini is ignored: it was measured with vendor'
TENON_CONFIG=$directory/there.ini run tenon config show --json
is_json "... and JSON" '"there.ini is ignored" in d["ignored"]'
TENON_CONFIG=$directory/there.ini run tenon explain scalar
is "explain says so" says out '^  tuning  *.*there.ini is ignored'
TENON_CONFIG=$directory/there.ini run tenon explain scalar --json
is_json "... in JSON, too" '"there.ini is ignored" in d["ignored"]'
printf '[runtime]\nbackend = scalar\n[tuned]\nvendor = x\n' > late.ini
run tenon config check late.ini
is "the section comes first or not at all" exits 2
is "... with its line" says err "late.ini:3: \[tuned\] stands behind other sections; it must be the first"

cat > host.c <<'C'
#include <stdio.h>
#include <tenon/tenon.h>
static void tell(enum tenon_log_level level, const char *line, void *user) { (void)user; printf("%d %s\n", (int)level, line); }
int main(void)
{
	char name[32];
	tenon_log_set(tell, NULL);
	int status = tenon_open(NULL) || tenon_kernel_backend(TENON_ID_inner_product, name, sizeof name);
	printf("%d by %s\n", status, name);
	return tenon_close();
}
C
# shellcheck disable=SC2086 # flags
is "a host builds" $CC $TEST_CFLAGS -I"$top_srcdir/include" -I"$top_builddir/include" -o host host.c -L"$top_builddir/.libs" -ltenon $TEST_LIBS
# shellcheck disable=SC2086
live() { TENON_BACKEND=acme TENON_CONFIG=$directory/$1 run env LD_LIBRARY_PATH="$top_builddir/.libs" ${EMULATOR-} ./host; }
live here.ini
is "a process follows the file" says out '^0 by scalar$'
live there.ini
is "elsewhere it does not" says out '^0 by acme$'
is "... and its log says so" says out '^[0-9] configuration: .*there.ini is ignored: it was measured with vendor'

# ---- Ties, and what is left alone -------------------------------------------------------------------------------------

printf '[runtime]\nbackend = acmf\n' > etc/tenon.ini
rm -r etc/tenon.ini.d
# shellcheck disable=SC2046 # a word or none
tune --backend acme,acmf $(json)
is_json "of two of the same speed the one that serves stays" '[u["verdict"] in ("tie", "undecided") for k in d["kernels"] for u in k["duels"]
	if (u["backend"], u["against"]) == ("acme", "acmf")] == [True]'
is_json "... and is not written" '[(k["untuned"], k["chosen"] == "acme") for k in d["kernels"]] == [("acmf", False)]'
mkdir -p etc/tenon.ini.d
printf '[kernels]\ninner_product = acme\n' > etc/tenon.ini.d/20-mine.ini
rm -f $tuned
tune --backend acme --dry-run
is "what somebody configured is left alone" exits 0
is "... a dry run prints the file" says out '^\[tuned\]$'
is "... without the kernel" test "$(grep -c inner_product out)" = 0
is "... and writes nothing" test ! -e $tuned
tune --backend acme
is "... which the report says, with the line" says out 'inner_product  *left alone: inner_product = acme (.*20-mine.ini:2)'
rm -r etc/tenon.ini.d

# ---- In words --------------------------------------------------------------------------------------------------------

rm -f plugins/*.so
plugin slow '' "volatile float waste; for (size_t i = 0; i < $waste * a->count * a->dim; i++) waste = 0;"
printf '[runtime]\nbackend = slow\n' > etc/tenon.ini
tune --backend slow,scalar
is "what is better is in place of what served" says out '^  inner_product  *scalar  *in place of slow$'
printf '[runtime]\nbackend = scalar\n' > etc/tenon.ini
rm -r etc/tenon.ini.d
tune --backend slow
is "what serves may stay" says out '^  inner_product  *scalar  *serves it anyway$'
is "... and is a comment in the file" says $tuned '^; inner_product: scalar, which serves it anyway$'
rm -r etc/tenon.ini.d
if is_sanitized && ! is_coverage; then
	skip "a file that is wrong as a whole" "the opcodes of instrumented files are not looked at"
elif ! reads_opcodes; then
	skip "a file that is wrong as a whole" "built without libzydis"
else
	cp "${TENON_MUTANTS:?}/opcode_beyond_level.so" plugins
	printf '[runtime]\nbackend = opcode_beyond_level\n' > etc/tenon.ini
	tune --backend opcode_beyond_level,slow
	is "a file that is wrong as a whole exits 1" exits 1
	is "... and is told with the instruction" says out 'opcode_beyond_level does not conform: .* needs '
	is "... and gives way" says out '^  inner_product  *scalar  *in place of what does not conform$'
fi
rm -r etc/tenon.ini.d

# ---- Errors ----------------------------------------------------------------------------------------------------------

: > etc/tenon.ini.d
tune --backend acme
is "what cannot be written exits 2" exits 2
is "... with the path" says err '50-tuned.ini: cannot be written: Not a directory\|etc/tenon.ini.d: cannot be read'
rm etc/tenon.ini.d
printf '[runtime]\nbackend = nobody\n' > etc/tenon.ini
tune
is "what is configured and not there exits 3" exits 3
is "... with the line" says err 'backend = nobody (etc/tenon.ini:2) cannot be had, so there is nothing to tune'
printf '[runtime]\nbackend = scalar\nmax_isa = scalar\nbackend_path = /nonexistent\n' > etc/tenon.ini
TENON_BACKEND_PATH=/nonexistent tune --kernel top_k
is "without a choice it exits 77" exits 77
printf 'nonsense\n' > etc/tenon.ini
tune
is "an invalid configuration exits 2" exits 2
run tenon tune --config /nonexistent
is "no folder exits 2" exits 2
run tenon tune --kernel inner_produkt
is "an unknown kernel exits 2" says err "there is no 'inner_produkt'; did you mean inner_product?"
run tenon tune --time 3
is "a time without a unit exits 2" says err "\-\-time takes a number and a unit"
run tenon tune --backend nosuch
is "an unknown backend exits 2" says err "\-\-backend: there is no usable 'nosuch'"
finish
