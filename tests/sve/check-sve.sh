#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# examples/sve as a vendor has it: built from installed files alone, then under qemu, with vectors of 16, 32 and 64 bytes:
# verified, certified, with the same bits, and its instructions counted beside scalar and neon. Run by make check-sve.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
: "${libdir:?}" "${MAKE:=make}"
unset -f tenon # this machine's
unset TENON_BACKEND TENON_CONFIG TENON_MAX_ISA EMULATOR
calls=${CROSS:-/nonexistent}/bench/count/.libs/calls
reason=
command -v aarch64-linux-gnu-gcc > out || reason='no aarch64-linux-gnu-gcc'
command -v qemu-aarch64 > out || reason='no qemu-aarch64: install qemu-user'
[ -x "${CROSS:-/nonexistent}/tools/.libs/tenon" ] || reason='no build for aarch64: CROSS=FOLDER SYSROOT=ITS_LIBRARIES'
[ -x "$calls" ] || reason="${reason:-no bench/count/calls in that build: run its make check once}"
if [ "$reason" ]; then
	echo "1..0 # SKIP $reason"
	exit 0
fi

# The package's headers and tenon-backend.pc; nothing else of this tree but the example itself. A compiler of another
# machine must not be offered this one's libraries, so only the one file is copied.
root=$directory/root
"$MAKE" -s -C "${top_builddir:?}" install DESTDIR="$root" > installed 2>&1 || { cat installed; exit 99; }
cp -R "$top_srcdir/examples/sve" sve
chmod -R u+w sve
run env PKG_CONFIG_LIBDIR="$root$libdir/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root" \
	"$MAKE" -C sve CC=aarch64-linux-gnu-gcc CFLAGS='-O3 -g -Werror'
is "the example builds outside of the tree" exits 0
plugin=$directory/sve/sve.so
entries=$(grep -c '^	TENON_BACKEND_KERNEL' sve/backend.c)
mkdir state runtime
chmod 700 state runtime
: > empty.ini
export TENON_CONFIG="$directory/empty.ini" STATE_DIRECTORY="$directory/state" RUNTIME_DIRECTORY="$directory/runtime"
export LD_LIBRARY_PATH="$CROSS/.libs" TENON_MUTANTS="$CROSS/tests/mutants/.libs" TENON_PROVE="$CROSS/tools/tenon-prove"
export TENON_BACKEND_PATH="$CROSS/backends/.libs"
emulator() { echo "qemu-aarch64 -L $SYSROOT -cpu max,sve-max-vq=$1"; }

# on QUARTERS COMMAND...: with vectors of so many 16 bytes.
on() {
	quarters=$1
	shift
	# shellcheck disable=SC2046
	$(emulator "$quarters") "$@"
}
tool=$CROSS/tools/.libs/tenon

certified=yes
grep -q '^#define HAVE_SODIUM' "$CROSS/build.h" && grep -q '^#define HAVE_JANSSON' "$CROSS/build.h" || certified=
# Most of a certificate's time is the harness's own score; so all at once. The runner is in the report.
for quarters in 1 2 4; do
	(
		on $quarters "$tool" verify "$plugin" --runner "$(emulator $quarters)" \
			${certified:+--certificate $quarters.json} > $quarters.txt 2>&1
		echo $? > "$quarters".code
	) &
done
on 3 "$tool" verify "$plugin" > 3.txt 2>&1
code3=$?
wait
for quarters in 1 2 4; do
	cp $quarters.txt out
	is "vectors of $((16 * quarters)) bytes: it conforms" test "$(cat $quarters.code)" = 0
	is "... in all of its $entries kernels" says out "^$entries passed, 0 failed, .* 0 skipped"
	is "... with instructions that it declares" says out 'none beyond what is declared$'
	is "... under the emulator that it names" says out 'emulated by qemu-aarch64'
	[ "$certified" ] || continue
	is "... and has a certificate" test -s $quarters.json
	is "... for this length" says $quarters.json "\"model\": \".*SVE of $((16 * quarters)) bytes\""
	sed -n 's/^ *"\(name\|output_hash\)": \("[^"]*"\|null\).*/\2/p' $quarters.json > $quarters.hashes
done
cp 3.txt out
is "vectors whose length is no power of two: it conforms, too" test $code3 = 0
if [ "$certified" ]; then
	is "the bits are the same with 16 and 32 bytes" cmp 1.hashes 2.hashes
	is "... and with 64" cmp 1.hashes 4.hashes
	is "... as the certificates say of each kernel" test "$(grep -c '^"[0-9a-f]\{16\}"$' 1.hashes)" = "$entries"
	on 2 "$tool" verify --certificate 1.json --check "$plugin" > out 2>&1
	is "a certificate for one length is none for another" test $? = 1
	is "... and says so" says out 'cpu model: the certificate says'
else
	skip "certificates, and the bits that they compare" "the build for aarch64 is without libsodium or jansson"
fi
qemu-aarch64 -L "$SYSROOT" -cpu cortex-a53 "$tool" verify "$plugin" > out 2>&1
is "a CPU without SVE skips it" test $? = 77
is "... by name" says out 'needs sve'

# ---- Instructions ----------------------------------------------------------------------------------------------------

# count_for COLUMN BACKEND QUARTERS: KERNEL SCALAR COUNT BACKEND lines.
count_for() {
	# shellcheck disable=SC2046
	TENON_BACKEND=$2 TENON_LAUNCHER=$(emulator "$3") LD_LIBRARY_PATH="$CROSS/.libs" sh "$top_srcdir/bench/count/count-instructions" \
		"$top_srcdir/bench/count" "$calls" $(emulator "$3") > "$1.counts" 2> "$1.err"
}
count_for neon neon 1 &
count_for 16 "$plugin" 1 &
wait
count_for 32 "$plugin" 2 &
count_for 64 "$plugin" 4 &
wait
if grep -q 'it needs plugins' ./*.err; then
	skip "instructions are counted" "this qemu has no plugins"
	finish
	exit
fi
cat ./*.err > out
is "instructions are counted" test -s 64.counts -a -s neon.counts
awk '
	FNR == 1 {column++; next}
	column == 1 {neon[$1] = $3; scalar[$1] = $2}
	column > 1 && $5 == "sve" {sve[$1, column] = $3; if (column == 2) order[++n] = $1}
	END {
		printf "%-22s %12s %12s %12s %12s %12s\n", "instructions", "scalar", "neon", "sve 16", "sve 32", "sve 64"
		for (i = 1; i <= n; i++) {
			k = order[i]
			printf "%-22s %12d %12d %12d %12d %12d\n", k, scalar[k], neon[k], sve[k, 2], sve[k, 3], sve[k, 4]
		}
	}' neon.counts 16.counts 32.counts 64.counts > table
sed 's/^/# /' table
cp table out
is "... of each kernel" test "$(wc -l < table)" = $((entries + 1))
awk 'NR > 1 && !($6 < $5 && $5 < $4) {print $1}' table > out
is "longer vectors take fewer" empty out
awk 'NR > 1 && !($6 < $3 && $6 < $2) {print $1}' table > out
is "... and 64 bytes fewer than neon and scalar" empty out
finish
[ "$failures" = 0 ]
