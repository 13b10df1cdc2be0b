#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tenon config: valid and invalid files, the merged view, and which line won.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
for variable in BACKEND BACKEND_PATH MAX_ISA ARENA_SIZE ARENA_OVERFLOW LOG CONFIG; do unset TENON_$variable; done

printf '[runtime]\nbackend = avx2\nfork = scalar\ntrusted_owners = root, 7\n[arena]\nsize = 2MiB\n[kernels]\ntop_k = scalar\n' > good.ini
run tenon config check good.ini
is "a valid file is valid" exits 0
is "... and named" says out "^valid: .*/good.ini\$"
run tenon config show good.ini
is "show succeeds" exits 0
is "... with the value" says out '^backend = avx2$'
is "... and its line above it" sh -c "grep -B1 '^backend = avx2$' out | grep -q '^; good.ini:2$'"
is "... a choice as its word" says out '^fork = scalar$'
is "... a size as a person would write it" says out '^size = 2MiB$'
is "... users as numbers" says out '^trusted_owners = 0,7$'
is "... kernels" says out '^top_k = scalar$'
is "... and nothing else" test "$(grep -c ' = ' out)" = 5
cp out shown.ini
run tenon config check shown.ini
is "what it shows is a valid file" exits 0
run tenon config show shown.ini
sed '/^;/d' out > again
is "... that says the same" sh -c 'sed /^\;/d shown.ini | cmp -s - again'
run tenon config show good.ini --defaults
is "--defaults shows the rest" says out '^overflow = error$'
is "... as defaults" sh -c "grep -B1 '^overflow = error$' out | grep -q '^; the default$'"
cp out all.ini
run tenon config check all.ini
is "... which is a valid file, too" exits 0
TENON_BACKEND=scalar
export TENON_BACKEND
run tenon config show good.ini
is "the environment wins" says out '^backend = scalar$'
is "... and is named" says out '^; environment TENON_BACKEND$'
run tenon config show good.ini --json
is_json "--json has the keys of each entry" \
	'd["schema"] == "tenon.config/1" and d["valid"] and [k for k in d["keys"] if k["key"] == "backend"][0]["origin"] == "environment TENON_BACKEND"'
unset TENON_BACKEND
: > empty.ini
run tenon config show empty.ini
is "an empty file sets nothing" says out '^; nothing is set'

printf '[runtime]\nbackend = avx2\n\n[arena]\nsize = huge\n' > bad.ini
run tenon config check bad.ini
is "an invalid file exits 2" exits 2
is "... with file, line, value and what was expected" says err 'bad.ini:5: \[arena\] size = huge: expected 64KiB to 1GiB'
is "... and nothing on stdout" empty out
run tenon config check bad.ini --json
is_json "... as an object with --json" 'd["error"]["code"] == 2 and "bad.ini:5" in d["error"]["message"]'
run tenon config show bad.ini
is "show refuses it, too" exits 2
TENON_ARENA_SIZE=1KiB tenon config check empty.ini > out 2> err
is "an invalid variable is named" says err 'environment TENON_ARENA_SIZE: \[arena\] size = 1KiB'
run tenon config check missing.ini
is "a missing file exits 2" exits 2
run tenon config
is "without a word it exits 2" exits 2
run tenon config print
is "another word exits 2" exits 2
is "... and the two are named" says err 'none of check, show and reload'
run tenon config check good.ini --program ../x
is "a program is a name" exits 2
finish
