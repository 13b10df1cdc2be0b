#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# trust = signature, from the vendor's minisign to the host's swap.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
build=$(cd "${top_builddir:?}" && pwd)
chmod 755 "$directory"
umask 022
cd "$directory" || exit 99
mkdir keys
printf '[runtime]\nbackend = scalar\ntrust = signature\ntrusted_keys = %s\n' "$directory/keys" > tenon.ini
cp "$build/tests/plugins/.libs/hooked.so" mine.so

# offer NAME EXPECTATION: what a live host says of mine.so.
offer() {
	printf '%s\t%s\n' "$2" "$directory/mine.so" > list
	# shellcheck disable=SC2086 # EMULATOR carries options
	TENON_CONFIG=$directory/tenon.ini XDG_RUNTIME_DIR=$directory LD_LIBRARY_PATH=$build/.libs ${EMULATOR-} \
		"$build/tests/hostile/.libs/serve" "$build/backends/.libs/scalar.so" < list > out 2> err
	is "$1" grep -q '^ok 1' out
}

if ! built_with HAVE_SODIUM; then
	offer 'without libsodium it is refused' 'built without libsodium; install libsodium-dev'
	finish
	exit
fi
offer 'no signature' 'has no signature, which [runtime] trust = signature demands'
if ! command -v minisign > /dev/null; then
	skip 'signatures by minisign' 'no minisign: install it'
	finish
	exit
fi
minisign -G -W -p ours.pub -s ours.key > /dev/null || exit 99
minisign -G -W -p other.pub -s other.key > /dev/null || exit 99
cp other.pub keys

minisign -S -s ours.key -m mine.so > /dev/null
offer 'a key that nobody trusts' 'which is none of the 1 in [runtime] trusted_keys'
cp ours.pub keys
offer 'a trusted key' loads
minisign -S -l -s ours.key -m mine.so > /dev/null 2>&1 && offer 'the legacy algorithm' loads
# The proof of the bytes is known by now; whose they are is asked every time.
rm keys/ours.pub
offer 'a key that is trusted no more' 'which is none of the 1'
cp ours.pub keys
sed -i 's/^trusted comment: /&x/' mine.so.minisig
offer 'a changed comment' 'the trusted comment in its .minisig'
minisign -S -s ours.key -m mine.so > /dev/null
printf x >> mine.so
offer 'other bytes' 'is of other bytes'
echo rubbish > mine.so.minisig
offer 'no signature at all' 'is not a minisign signature'
chmod o+w keys/ours.pub
minisign -S -s ours.key -m mine.so > /dev/null
chmod o-w keys/other.pub
offer 'a key that anyone may replace' 'anyone may write to it'
finish
