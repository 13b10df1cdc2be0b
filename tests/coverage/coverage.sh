#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# make coverage: builds the tree a second time with line counters, in coverage/ of the build folder, runs there what of make
# check can add a line (UNCOUNTED in tests/local.mk cannot) and prints, file by file, how many lines ran, which did not, and
# why (tests/coverage/reasons.txt). Plugins count as what they are linked from. Fails below 95 %, for a file under 80 % without
# a reason, and for a reason that no longer applies.
# tests/coverage/coverage.sh --report FOLDER only reads what an earlier run left in FOLDER.
set -eu
top_srcdir=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
top_builddir=${top_builddir:-.}
least=95 least_file=80
folder=$top_builddir/coverage

if [ "${1:-}" = --report ]; then
	folder=$2
else
	command -v gcovr > /dev/null || { echo "make coverage needs gcovr: apt install gcovr" >&2; exit 77; }
	mkdir -p "$folder"
	cd "$folder"
	top_srcdir=$(cd "$top_srcdir" 2> /dev/null && pwd)
	"$top_srcdir/configure" -q --enable-coverage CC=gcc CFLAGS='-g -O2'
	find . -name '*.gcda' -delete
	make -s -j"$(nproc)" > make.log 2>&1 || { cat make.log >&2; exit 1; }
	make -s check-counted -j"$(nproc)" > check.log 2>&1 || {
		find tests -name '*.log' -exec grep -HE -A 4 '^not ok' {} + | sed 's/^/FAILED: /' >&2
		sed -nE 's/^(FAIL|XPASS|ERROR): /FAILED: &/p' check.log >&2
		echo "tests failed, and what they ran does not count: $folder/check.log" >&2
		exit 1
	}
	folder=.
fi

gcovr --root "$top_srcdir" --object-directory "$folder" --filter "$top_srcdir/runtime/" --filter "$top_srcdir/backends/" \
	--filter "$top_srcdir/tools/" --exclude-unreachable-branches --gcov-ignore-parse-errors \
	--txt "$folder/lines.txt" --csv "$folder/lines.csv" "$folder" > "$folder/gcovr.log" 2>&1 || {
	cat "$folder/gcovr.log" >&2
	exit 1
}

# reasons.txt: FILE, white space, the reason. lines.txt names the lines that did not run.
awk -F, -v least=$least -v least_file=$least_file -v reasons="$top_srcdir/tests/coverage/reasons.txt" -v names="$folder/lines.txt" '
	BEGIN {
		while ((getline line < reasons) > 0)
			if (line !~ /^#|^$/) { split(line, word, /[ \t]+/); reason[word[1]] = substr(line, length(word[1]) + 2) }
		while ((getline line < names) > 0)
			if (split(line, word, " ") >= 5 && word[1] ~ /\.[ch]$/) missing[word[1]] = word[5]
			else if (line ~ /^ +[0-9,-]+$/) { gsub(/ /, "", line); missing[last] = missing[last] line }
			else if (word[1] ~ /\.[ch]$/) last = word[1]
	}
	NR > 1 {
		lines += $2; ran += $3; percent = 100 * $3 / ($2 ? $2 : 1)
		printf "%-44s %5d of %5d  %5.1f %%", $1, $3, $2, percent
		if ($3 < $2) printf "  not: %s", missing[$1]
		if ($1 in reason) printf "  (%s)", reason[$1]
		printf "\n"
		if (percent < least_file && !($1 in reason)) { printf "  below %d %% without a reason in tests/coverage/reasons.txt\n", least_file; bad = 1 }
		if ($3 == $2 && $1 in reason) { print "  all of it ran: take its reason away"; bad = 1 }
		known[$1] = 1
	}
	END {
		for (file in reason) if (!(file in known)) { print file ": in reasons.txt, but not measured"; bad = 1 }
		printf "lines: %d of %d, %.2f %% (at least %d %%)\n", ran, lines, 100 * ran / lines, least
		exit bad || ran * 100 < lines * least
	}' "$folder/lines.csv"
