#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Peers of the bench: each library is opened or named with the package that has it; one that computes something else, or
# that this CPU cannot run, is named and not timed. tools/fetch-peers without a network.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
fetch=$top_srcdir/tools/fetch-peers
mkdir peers cache
TENON_PEERS=$directory/peers
export TENON_PEERS
bench() { tenon bench --topic "$@"; }

run bench peers
is "the topic runs" exits 0
is "... and agrees with somebody" says out 'libm  *agrees'
is "... and counts" says out '^[1-9][0-9]* results of peers checked, 0 of them wrong; [1-9][0-9]* times a library'
verdicts=' agrees| conforms| leaves |\(.*(package|library).*\)$'
is "... nobody without a verdict" [ -z "$(grep -E '^  (without )?[A-Z]' out | grep -vE "$verdicts")" ]
isa=$(sed -n 's/^  without SimSIMD \([a-z]*\): no .*/\1/p' out | head -n 1)
case $isa in
haswell) needs=x86-64-v3 ;;
skylake) needs=x86-64-v4 ;;
*) needs=asimd ;;
esac
if [ -z "$isa" ]; then
	skip "peers that are built" "no peer of this kind for this CPU"
	finish
	exit
fi
is "a missing library is named with its package" \
	says out "without SimSIMD $isa: no $directory/peers/simsimd-$isa.so (npm package simsimd: tools/fetch-peers)"

# build COSINE NEEDS: a library of the kind that fetch-peers builds, whose cosine is that expression.
build() {
	cat > peer.c <<-END
		#include <math.h>
		#include <stddef.h>
		const char peer_needs[] = "$2", peer_version[] = "made up";
		static double dot(const float *a, const float *b, size_t n)
		{
			double sum = 0;
			for (size_t i = 0; i < n; i++)
				sum += (double)a[i] * b[i];
			return sum;
		}
		#define ROWS const float *q, const float *rows, size_t count, size_t n, size_t stride, float *scores
		void peer_cosine(ROWS)
		{
			for (size_t r = 0; r < count; r++) {
				const float *c = rows + r * stride;
				scores[r] = $1;
			}
		}
		void peer_inner_product(ROWS)
		{
			for (size_t r = 0; r < count; r++)
				scores[r] = dot(q, rows + r * stride, n);
		}
		void peer_squared_distance(ROWS)
		{
			for (size_t r = 0; r < count; r++) {
				const float *c = rows + r * stride;
				scores[r] = dot(q, q, n) + dot(c, c, n) - 2 * dot(q, c, n);
			}
		}
	END
	# shellcheck disable=SC2086 # TEST_CFLAGS are several words
	${CC:-cc} ${TEST_CFLAGS-} -shared -fPIC -o "peers/simsimd-$isa.so" peer.c -lm
}
cosine='dot(q, c, n) / sqrt(dot(q, q, n) * dot(c, c, n))'

is "a right peer builds" build "$cosine" $needs
run bench peers
is "... and agrees" says out "^  SimSIMD $isa  *agrees"
is "... with its version" says out "with SimSIMD $isa: made up"
build "1 - $cosine" $needs
run bench peers
is "a peer that computes something else is named" \
	says out "without SimSIMD $isa: it computes something else: element 0 is"
is "... and counted" says out ', 1 of them wrong'
is "... and is not timed, but where it is right" \
	[ "$(grep -c "^  SimSIMD $isa  *agrees" out)" = "$(grep -c '^inner_product\|^squared_dist' out)" ]
is "... which is no failure of ours" exits 0
build "dot(q, c, n) * (1 + 1e-4) / sqrt(dot(q, q, n) * dot(c, c, n))" $needs
run bench peers
is "... even where it is nearly right" says out "SimSIMD $isa: it computes something else"
if [ "$isa" != haswell ] || ! grep -qw xgetbv1 /proc/cpuinfo; then
	skip "a peer without vzeroupper is cleared up after" "this CPU cannot tell"
else
	build "0; __asm__ volatile(\"vpcmpeqd %ymm1, %ymm1, %ymm1\"); scores[r] = $cosine" $needs
	run bench peers
	is "a peer without vzeroupper is cleared up after" says out "SimSIMD haswell leaves the upper halves"
fi
build "$cosine" "leaf=7.0.ebx.31"
run bench peers
is "a peer for another CPU is not run" says out "without SimSIMD $isa: "
# shellcheck disable=SC2086 # as above
: | ${CC:-cc} ${TEST_CFLAGS-} -shared -fPIC -x c -o "peers/simsimd-$isa.so" -
run bench peers
is "a foreign file is not called" says out "simsimd-$isa.so is not of tools/fetch-peers"

run "$fetch" --help
is "fetch-peers --help succeeds" exits 0
is "... and says where the peers go" says out 'TENON_PEERS'
run "$fetch" --frob
is "an unknown option exits 2" exits 2
run "$fetch" --dir
is "--dir without a folder exits 2" exits 2
(unset HOME XDG_CACHE_HOME TENON_PEERS; "$fetch" > out 2> err)
code=$?
is "no folder at all exits 2" exits 2
run "$fetch" --dir "$directory/none" --no-install
is "without the headers it exits 1" exits 1
is "... and says what is missing" says out 'simsimd: missing; from the npm package simsimd'
is "... and builds what it can" [ -e none/plain-gcc.so -o -n "$(grep 'no gcc here' err)" ]
finish
