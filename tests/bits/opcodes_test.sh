#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the compiler made of it: instructions of an ISA are in its own backend only, none fuses a multiplication with an
# addition, and a plugin has no constructor and one export.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
build=${top_builddir:?}
objdump=${OBJDUMP:-objdump}

if ! command -v "$objdump" > /dev/null || ! command -v readelf > /dev/null; then
	skip 'opcodes' "$objdump or readelf is missing (Debian package binutils)"
	finish
	exit
fi

# Prints KIND MNEMONIC for each instruction that matters. In 64-bit mode a first byte c4 or c5 is always VEX, 62 always
# EVEX; segment and address-size prefixes may stand before them.
scan() { # FILE
	"$objdump" -d -w "$1" | awk -F '\t' '
		NF < 3 { next }
		{ bytes = $2; sub(/^((26|2e|36|3e|64|65|67) )*/, "", bytes); split($3, word, " ") }
		x86 && bytes ~ /^c[45] / { kind["vex " word[1]]++ }
		x86 && bytes ~ /^62 / { kind["evex " word[1]]++ }
		x86 && $3 ~ /%[xy]mm(1[6-9]|2[0-9]|3[01])|%zmm|%k[0-7]/ { kind["evex " word[1]]++ }
		word[1] ~ /^(vfn?m(add|sub)|fn?m(add|sub)|fml[as])/ { kind["fma " word[1]]++ }
		word[1] ~ /^v(pdp|gf2p8|aes|pclmul|pmadd52|pcompress[bw]|pexpand[bw]|pshld|pshrd|popcnt|perm[it2]*b|cvtne)/ {
			kind["beyond " word[1]]++
		}
		{ kind["any"]++ }
		END { for (k in kind) print k, kind[k] }
	' x86="$is_x86" | sort
}

case $("$objdump" -f "$build/.libs/libtenon.so") in *x86-64*) is_x86=1 ;; *) is_x86=0 ;; esac

has() { grep -q "^$1 " "$directory/found"; }
lacks() {
	if grep "^$1 " "$directory/found" > out; then return 1; fi
}

cd "$directory" || exit 99
for file in "$build/.libs/libtenon.so" "$build"/backends/.libs/*.so; do
	object=$(basename "$file" .so)
	scan "$file" > found
	is "$object is disassembled" has any
	is "$object has no fused multiply-add" lacks fma
	[ $is_x86 = 1 ] || continue
	case $object in
	avx512) is "avx512 has EVEX instructions, so this test sees them" has evex ;;
	avx2)
		is "avx2 has VEX instructions, so this test sees them" has vex
		is "avx2 has no EVEX instruction" lacks evex
		;;
	*)
		is "$object has no VEX instruction" lacks vex
		is "$object has no EVEX instruction" lacks evex
		is "$object has nothing beyond its level" lacks beyond
		;;
	esac
done

# Instructions beyond the level are in the folders that are named for their feature, and nowhere else.
uses_only() { # PATTERN FOLDER: no object has another instruction beyond the level
	ls "$2"/.libs/*.o > out || return 1
	for file in "$2"/.libs/*.o; do scan "$file"; done | sed -n 's/^beyond //p' | grep -v -E "^($1) " > out
	empty out
}
[ $is_x86 = 0 ] || for folder in "$build"/backends/*/ "$build"/backends/*/*/; do
	[ -d "$folder/.libs" ] || continue # another machine's
	case $folder in
	*/*pclmulqdq/) allowed='vpclmul.*' ;;
	*/vbmi2/) allowed='vpcompressb|vpexpandb|vpsh[lr]d.*|vpopcnt[dq]' ;;
	*) allowed=nothing ;;
	esac
	is "${folder#"$build"/} has nothing beyond its level or feature" uses_only "$allowed" "$folder"
done

# A constructor would run before anybody could refuse the file; a second export could displace a symbol of the host.
for file in "$build"/backends/.libs/*.so; do
	object=$(basename "$file" .so)
	if is_sanitized; then
		skip "$object has no constructor" 'sanitizers add theirs'
		continue
	fi
	readelf -dW "$file" > dynamic
	is "$object has a dynamic section" grep -q '(SONAME)\|(STRTAB)' dynamic
	grep -E '\((INIT|FINI|(PRE)?INIT_ARRAY|FINI_ARRAY)\)' dynamic > out
	is "$object has no constructor or destructor" empty out
	readelf --dyn-syms -W "$file" | awk '$5 ~ /GLOBAL|WEAK|UNIQUE/ && $7 != "UND" { print $8 }' > out
	is "$object exports tenon_backend_entry and nothing else" test "$(cat out)" = tenon_backend_entry
done
finish
