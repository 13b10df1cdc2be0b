#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Certificates: the same bytes each time, the same output hashes from every backend, and what a check of one says.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
unset TENON_BACKEND TENON_MAX_ISA TENON_CONFIG TENON_MUTANT
: > empty.ini
verify() { tenon verify --config empty.ini "$@"; }
backends=${top_builddir:?}/backends/.libs
scalar=$backends/scalar.so

missing=
built_with HAVE_JANSSON || missing=jansson
built_with HAVE_SODIUM || missing=${missing:-libsodium}
if [ "$missing" ]; then
	run verify "$scalar" --certificate a.json
	is "without $missing there is no certificate" exits 2
	is "... and it says why" says err "built without $missing"
	skip "certificates" "built without $missing"
	finish
	exit
fi

run verify "$scalar" --certificate a.json
is "a backend that conforms gets a certificate" exits 0
run verify "$scalar" --certificate b.json --format tap
is "... whose bytes are the same in a second run" cmp a.json b.json
is "... without a path or a time" sh -c "! grep -q -e '$directory' -e '/.*\.so' -e '20[0-9][0-9]-' a.json"
cp a.json out
is_json "... bound to the plugin, the harness and its score" 'd["schema"] == "tenon.certificate/1" and
	len(d["plugin"]["sha256"]) == 64 and d["plugin"]["build_id"] and d["plugin"]["name"] == "scalar" and
	d["harness"]["build_id"] and d["score"]["mutants_killed"] + d["score"]["skipped"] >= d["score"]["mutants"] > 40 and
	d["verdict"] == "pass" and d["profile"] == "quick" and d["seed"] == "1" and d["opcodes"]["state"] and
	all(k["cases"] > 0 and k["output_hash"] for k in d["kernels"])'
is "... by what sha256sum says" grep -q "\"sha256\": \"$(sha256sum < "$scalar" | cut -d ' ' -f 1)\"" a.json

# Kernel and hash, once each: a wrong bit anywhere would be a second line.
hashes() { TMPDIR=$directory sh "$top_srcdir/tests/conform/print-hashes.sh" "$@"; }
hashes "$scalar" > want
is "every kernel has a hash" test "$(wc -l < want)" -ge 18
for backend in "$backends"/*.so; do
	hashes "$backend" > got
	[ -s got ] || continue # not on this CPU
	is "$(basename "$backend" .so) wrote the same bits in every case" test -z "$(comm -13 want got)"
done
hashes "$scalar" --seed 2 > got
is "... which other data changes" test -n "$(comm -13 want got)"

run verify --certificate a.json --check "$scalar"
is "a certificate is checked" exits 0
cp "$scalar" other.so
printf x >> other.so
run verify --certificate a.json --check ./other.so
is "another file is not certified" exits 1
is "... and it says what differs" says out '^differs: plugin sha256: the certificate says "'
sed 's/"build_id": "[0-9a-f]/"build_id": "z/; s/"stepping": /"stepping": 9/; s/"midr": "/"midr": "0/' a.json > moved.json
run verify --certificate moved.json --check "$scalar"
is "another harness or CPU is told" exits 1
is "... by name" says out '^differs: harness build_id: '
is "... the CPU, too" says out '^differs: cpu \(stepping\|midr\): '
run verify --certificate moved.json --check "$scalar" --json
is_json "... and as JSON" 'd["valid"] is False and any(e["what"] == "harness build_id" for e in d["differences"])'
sed 's/"features": \[\]/"features": [\n    "avx9000"\n  ]/' a.json > more.json
run verify --certificate more.json --check "$scalar"
is "a CPU without a feature that was used is told" says out '^differs: cpu feature: the certificate says "avx9000"'

sed 's/^  "seed"/   "seed"/' a.json > edited.json
run verify --certificate edited.json --check "$scalar"
is "a file that was edited is no certificate" exits 2
echo '{"schema": "tenon.verify/1"}' > report.json
run verify --certificate report.json --check "$scalar"
is "... nor is a report" exits 2
echo '{' > broken.json
run verify --certificate broken.json --check "$scalar"
is "... nor what is no JSON" exits 2
run verify --certificate nowhere.json --check "$scalar"
is "... nor what is not there" exits 2
run verify --certificate a.json --check ./nowhere.so
is "a plugin that cannot be read is refused" exits 3
echo junk > junk.so
run verify --certificate a.json --check ./junk.so
is "... as is what is no plugin" exits 3
run verify --check "$scalar"
is "a check needs a certificate" exits 2

mutants=${TENON_MUTANTS:?}
TENON_MUTANT=drops_tail run verify "$mutants/mutants.so" --certificate none.json
is "what does not conform fails as ever" exits 1
is "... and gets no certificate" test ! -e none.json
run verify scalar --certificate none.json
is "the linked-in scalar has no file to certify" exits 2
run verify "$scalar" --certificate none.json --profile nightly
is "nightly is never the same" exits 2
run verify "$scalar" --certificate none.json --kernel crc32c
is "a certificate is about all kernels" exits 2
run verify --all --certificate none.json
is "... of one backend" exits 2
run verify "$scalar" --certificate "$directory/no/where.json"
is "a certificate that cannot be written is an error" exits 2
TENON_MUTANTS=$directory run verify "$scalar" --certificate none.json
is "without mutants there is no score, so no certificate" exits 3
finish
