#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The code of the README is that of examples/, which installcheck compiles and runs.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99

for example in host plugin; do
	# A code block follows a comment that names its file.
	awk -v mark="<!-- examples/$example.c -->" '
		$0 == mark {found = 1; next}
		found && /^```/ {if (inside) exit; inside = 1; next}
		inside' "$top_srcdir/README.md" > "$example.c"
	diff "$top_srcdir/examples/$example.c" "$example.c" > out
	is "README.md shows examples/$example.c as it is" empty out
done
finish
