#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# docs/PERFORMANCE.md: tools/record-performance replaces what it quotes and nothing else, and every kernel that has a figure
# has its technique told.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
record=$top_srcdir/tools/record-performance
cat > fake <<'END'
#!/bin/sh
while [ $# -gt 0 ]; do
	if [ "$1" = --svg ]; then echo "<svg/>" > "$2"; fi
	shift
done
echo "a figure"
exit "${FAKE_EXIT-0}"
END
chmod +x fake
cp "$top_srcdir/docs/PERFORMANCE.md" .
chmod +w PERFORMANCE.md
rest() { sed '/^<!-- figures: /,/^<!-- end of figures -->/d' "$1"; }

run "$record"
is "without a folder it exits 2" exits 2
FAKE_EXIT=1 run "$record" . ./fake
is "a bench that fails is a failure" exits 1
is "... and leaves the document" cmp PERFORMANCE.md "$top_srcdir/docs/PERFORMANCE.md"
is "... and no picture" test ! -e performance.svg
run "$record" . ./fake
is "figures are recorded" exits 0
is "... quoted" says PERFORMANCE.md '^a figure$'
is "... once" test "$(grep -c '^a figure$' PERFORMANCE.md)" = 1
is "... with the pictures" says performance.svg '<svg/>'
rest PERFORMANCE.md > now
rest "$top_srcdir/docs/PERFORMANCE.md" > before
is "... and the rest stays" cmp now before
cp PERFORMANCE.md once
run "$record" . ./fake
is "again changes nothing" cmp PERFORMANCE.md once
echo '# nothing' > PERFORMANCE.md
run "$record" . ./fake
is "a document without a place for them is a failure" exits 1
is "... and stays" says PERFORMANCE.md '^# nothing$'

sed -n 's/^FIGURE("\([a-z_0-9]*\)".*/\1/p' "$top_srcdir/bench/figures.def" | sort -u > kernels
while read -r kernel; do
	is "the technique of $kernel is told" says "$top_srcdir/docs/PERFORMANCE.md" "^\*\*.*$kernel"
done < kernels
finish
