#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# list-header.sh INCLUDE: what the public headers in this folder define, one a line: `struct NAME FIELD`, `enum NAME
# CONSTANT`, in the order of the headers. CC preprocesses; the rest is this dialect of C, which style keeps simple.
set -eu
echo '#include <tenon/tenon.h>' | sh -c "${CC:-cc} -E -P -I'$1' -x c -" | tr '\n' ' ' | tr -s ' \t' '  ' |
	grep -oE '(struct|enum) tenon_[a-z0-9_]+ ?\{[^}]*\}' | awk '
	# What a declaration names: the last word of each declarator.
	{
		kind = $1
		name = $2
		sub(/\{.*/, "", name)
		body = $0
		sub(/^[^{]*\{/, "", body)
		sub(/\}$/, "", body)
		n = split(body, part, kind == "enum" ? "," : "[;,]")
		for (i = 1; i <= n; i++) {
			sub(/ *(=.*|\[.*)$/, "", part[i])
			sub(/ +$/, "", part[i])
			sub(/^.*[ *]/, "", part[i])
			if (part[i] != "") print kind, name, part[i]
		}
	}'
