#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# `make check-model`: spin explores every interleaving of publish.pml, cut into parts that fit into memory, and must find
# nothing; then it must find what is wrong with each broken variant. About two minutes, so not part of make check.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
model=$(cd "$top_srcdir" && pwd)/tests/model/publish.pml

# Each part of the protocol, with as many of everything as an exhaustive search can bear.
rollbacks='-DSWAPS=2 -DROLLBACKS=3 -DREADERS=0 -DRETIREMENTS=0'
freeing='-DSWAPS=2 -DROLLBACKS=2 -DREADERS=0 -DRETIREMENTS=2'
kinds='-DSWAPS=2 -DROLLBACKS=3 -DREADERS=0 -DRETIREMENTS=0 -DKINDS=1'
longer='-DSWAPS=3 -DROLLBACKS=1 -DREADERS=0 -DRETIREMENTS=0 -DKINDS=1'
dropping='-DSWAPS=2 -DROLLBACKS=1 -DREADERS=0 -DRETIREMENTS=2 -DKINDS=1'
reading='-DSWAPS=2 -DROLLBACKS=1 -DREADERS=1 -DCALLS=2 -DRETIREMENTS=1'

# explore DEFINITION...: leaves what pan said in out; fails if there was no complete search or a first error.
explore() {
	cd "$directory" || return 1
	# shellcheck disable=SC2086 # CC may carry options
	{ spin -a "$@" "$model" && ${CC:-cc} -O2 -w -DSAFETY -DCOLLAPSE -DMEMLIM=4000 -o pan pan.c; } > out 2> err || return 1
	timeout 400 ./pan -m100000 -w24 > out 2>> err || return 1
	states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' out)
	grep -q 'errors: [0-9]' out && ! grep -q -e 'max search depth too small' -e 'out of memory' out && [ -n "$states" ]
}

holds() { explore "$@" && grep -q 'errors: 0$' out && echo "# $states states"; }
breaks() { explore "$@" && grep -q 'errors: 1$' out && sed -n 's/^pan:1: /# found: /p' out; }

if ! command -v spin > /dev/null; then
	skip 'the protocol of publication' 'spin is missing (Debian package spin)'
	finish
	exit 0
fi

# shellcheck disable=SC2086
{
	is 'rollbacks win over swaps' holds $rollbacks
	is 'nothing reachable is freed' holds $freeing
	is 'nobody rolls back to a trial' holds $kinds
	is 'nobody rolls back to a trial of several in turn' holds $longer
	is 'nothing reachable is freed, trials and watched tables among it' holds $dropping
	is 'no call runs on a freed table (TSO)' holds $reading
	is 'no call runs on a freed table (loads may pass stores and loads)' holds $reading -DWEAK
	for variant in NO_RESTORED NO_PREVIOUS NO_REREAD PLAIN_STORE PREVIOUS_STAYS NO_QUIET; do
		is "finds BROKEN_$variant" breaks $rollbacks -DBROKEN_$variant
	done
	for variant in TRIAL_IS_PREVIOUS SAME_IS_A_STEP; do
		is "finds BROKEN_$variant" breaks $kinds -DBROKEN_$variant
	done
	for variant in MARK_UNQUIET MARK_TORN; do
		is "finds BROKEN_$variant" breaks $freeing -DBROKEN_$variant
	done
	for variant in NO_MEMBARRIER ONE_WAIT NO_GRACE EARLY_LEAVE; do
		is "finds BROKEN_$variant" breaks $reading -DBROKEN_$variant
	done
}
finish
[ "$failures" = 0 ]
