#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# `make check-abi`: docs/ABI.md against the headers; plugins and hosts of other versions, built from the frozen header of 1.0
# and from simulated later ones; abidiff against what was recorded. Most of a minute, so not part of make check.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
# shellcheck source=tests/abi/lib.sh
. "$top_srcdir/tests/abi/lib.sh"
cd "$directory" || exit 99
compiler="${CC:-cc} -O1 -ffp-contract=off"
here=$top_srcdir/tests/abi
frozen=$here/1.0
export STATE_DIRECTORY="$directory/state" # a verdict of another run must not stand in
mkdir "$STATE_DIRECTORY"

# ---- The document ----------------------------------------------------------------------------------------------------

# What docs/ABI.md says, in the order of list-header.sh: KIND STRUCT FIELD; and the same as assertions.
awk '
	/^### struct tenon_/ {
		kind = "struct"; name = $3; sub(/,$/, "", name)
		print "_Static_assert(sizeof(struct " name ") == " $4 ", \"size of " name "\");" > "asserts.c"
		next
	}
	/^### enum tenon_/ { kind = "enum"; name = $3; next }
	/^#/ { kind = "" }
	kind == "struct" && /^\| [0-9]/ {
		split($0, cell, " *\\| *"); type = cell[3]; field = cell[4]; gsub(/`/, "", type); gsub(/`/, "", field)
		print kind, name, field
		print "_Static_assert(offsetof(struct " name ", " field ") == " cell[2] ", \"offset of " name "." field "\");" > "asserts.c"
		print "_Static_assert(__builtin_types_compatible_p(__typeof__(((struct " name " *)0)->" field "), " \
			"__typeof__(" type ")), \"type of " name "." field "\");" > "asserts.c"
	}
	kind == "enum" && /^    / {
		n = split($0, constant, ",")
		for (i = 1; i <= n; i++) {
			if (constant[i] !~ /=/) continue
			split(constant[i], part, "="); gsub(/ /, "", part[1])
			print kind, name, part[1]
			print "_Static_assert(" part[1] " ==" part[2] ", \"value of " part[1] "\");" > "asserts.c"
		}
	}' "$top_srcdir/docs/ABI.md" | LC_ALL=C sort > documented
sh "$here/list-header.sh" "$top_srcdir/include" | LC_ALL=C sort > declared
is 'the headers have structs and constants' test "$(wc -l < declared)" -gt 200
diff declared documented > out
is 'docs/ABI.md has what the headers have (< header only, > document only)' empty out
{ printf '#include <tenon/tenon.h>\n'; cat asserts.c; } > document.c
run sh -c "$compiler -std=c11 -Wno-pedantic -I'$top_srcdir/include' -fsyntax-only document.c"
case $($compiler -dumpmachine) in
x86_64* | aarch64*) is 'each size, offset, type and number in it is the compiler'\''s' exits 0 ;;
*) skip 'each size, offset, type and number in it is the compiler'\''s' 'they are those of 64-bit machines' ;;
esac
sed 's/== 48/== 56/' document.c > wrong.c
run sh -c "$compiler -std=c11 -I'$top_srcdir/include' -fsyntax-only wrong.c"
is '... and a wrong one would be found' test "$code" != 0
: > err

# ---- Headers of other versions ---------------------------------------------------------------------------------------

# later_headers FOLDER OLDEST NEWEST: the current headers as a later version might have them: each struct that grows is
# longer, and there is a kernel more.
later_headers() {
	mkdir -p "$1"
	cp -R "$top_srcdir/include/tenon" "$1/"
	chmod -R u+w "$1"
	sed -e "s/^#define TENON_ABI_CURRENT .*/#define TENON_ABI_CURRENT TENON_ABI($3)/" \
		-e "s/^#define TENON_ABI_OLDEST .*/#define TENON_ABI_OLDEST TENON_ABI($2)/" \
		-e '/^	tenon_kernel_fn \*function;/a uint64_t later_cost;' \
		-e '/^	uint32_t kernel_size;/a const char *later_url;' \
		-e '/^	const char \*host_version;/a const void *later_service;' \
		-e '/^	char uses\[128\];/a char later_text[64];' \
		"$top_srcdir/include/tenon/backend.h" > "$1/tenon/backend.h"
	printf 'TENON_KERNEL(50000, later, 0, TENON_ARG(uint32_t, value) TENON_ARG(uint32_t *, result))\n' >> "$1/tenon/kernels.def"
	test "$(grep -c later_ "$1/tenon/backend.h")" = 4
}

plugin() { # FOLDER INCLUDE [FLAGS [NAME]]: FOLDER/NAME.so
	name=${4-acme}
	mkdir -p "$1"
	sh -c "$compiler -w -shared -fPIC -fvisibility=hidden -nostartfiles -Wl,--build-id=sha1 -I'$2' ${3-} -DNAME='\"$name\"' \
		-o '$1/$name.so' '$here/plugin.c'" 2> err
}

is 'a header of 1.1, which speaks 1.0, is made' later_headers newer '1, 0' '1, 1'
is 'one of 1.1 that does not' later_headers newer-only '1, 1' '1, 1'
is 'one of 2.0' later_headers major '2, 0' '2, 0'
is 'a plugin is built with the frozen header of 1.0' plugin old "$frozen"
is '... with that of 1.1' plugin new newer -DNEWER
is '... with that of 1.1 alone' plugin new-only newer-only -DNEWER
is '... and with that of 2.0' plugin next major -DNEWER

# ---- This Tenon ------------------------------------------------------------------------------------------------------

sh -c "$compiler -I'$frozen' -o host '$here/host.c' -L'$top_builddir/.libs' -ltenon" 2> err
is 'a host is built with the frozen header of 1.0' test -x host
# serve LIBRARIES HOST PLUGIN: a path, or auto, which takes what ships without a proof
serve() { run env TENON_BACKEND_PATH='' LD_LIBRARY_PATH="$1" TENON_BACKEND="$3" "$2"; }

if is_sanitized; then
	skip 'pairs of plugins and hosts' 'a sanitizer'\''s library would have to be linked into hosts and plugins'
else
	serve "$top_builddir/.libs" ./host "$directory/old/acme.so"
	is 'that old host calls this library, and an old plugin serves it' says out '^inner_product 10 8 by acme$'
	is '... not degraded' test "$(wc -l < out)" = 1
	serve "$top_builddir/.libs" ./host "$directory/new/acme.so"
	is 'new plugin, old host: known kernels are served, what is longer or unknown is passed over' \
		says out '^inner_product 10 8 by acme$'
	run tenon verify ./new/acme.so
	is '... and it conforms' exits 0

	serve "$top_builddir/.libs" ./host "$directory/new-only/acme.so"
	is 'a plugin that needs 1.1 is refused, by field and both values' says out 'abi_min is 1\.1, but the newest ABI .* is 1\.0'
	is '... and scalar serves' says out '^inner_product 10 8 by scalar$'
	serve "$top_builddir/.libs" ./host "$directory/next/acme.so"
	is 'a plugin of 2.0 is refused, by field and both values' says out 'abi_min is 2\.0, but the newest ABI .* is 1\.0'
	run tenon explain ./next/acme.so
	is '... with exit status 3 in the tool' exits 3
	is '... which says the same' says out 'abi_min is 2\.0, but the newest ABI .* is 1\.0'
fi

# ---- A later Tenon ---------------------------------------------------------------------------------------------------

# What ships with a Tenon needs no helper, and a helper of that version is not built here.
case $(uname -m) in x86_64) shipped=avx2 ;; *) shipped=neon ;; esac

# later_runtime FOLDER HEADERS: today's runtime, compiled with later headers, as FOLDER/libtenon.so.1.
later_runtime() {
	mkdir -p "$1"
	awk '/^(POLICY|RUNTIME|SCALAR)_FILES/, /^$/' "$top_srcdir/sources.mk" | grep -o '[^ 	]*\.c' > sources
	{ sed "s|^|$top_srcdir/|" sources; echo "$here/later.c"; } |
		xargs -P "$(nproc)" -I FILE sh -c "name=\$(echo FILE | tr '/.' '__'); $compiler -w -fPIC -fvisibility=hidden \
			-fno-math-errno -ftls-model=initial-exec -DHAVE_CONFIG_H -DTENON_BACKENDDIR='\"$directory/shipped\"' \
			-DTENON_SYSCONFDIR='\"/nonexistent\"' -DTENON_PROVE_PROGRAM='\"/nonexistent\"' \
			-DTENON_MODULEDIR='\"/nonexistent\"' -I'$2' -I'$top_srcdir' \
			-I'$top_builddir' $TEST_CFLAGS -c FILE -o '$1'/\$name.o" 2> err &&
		sh -c "$compiler -shared -Wl,-soname,libtenon.so.1 -Wl,-z,nodelete -Wl,--version-script='$top_srcdir/runtime/libtenon.map' \
			-o '$1/libtenon.so.1' '$1'/*.o $TEST_LIBS -lm -lpthread" 2> err && ln -sf libtenon.so.1 "$1/libtenon.so"
}

if is_sanitized; then
	skip 'a later Tenon' 'a sanitizer build'
else
	is 'a Tenon of 1.1 is built' later_runtime later newer
	sh -c "$compiler -DNEWER -Inewer -o later-host '$here/host.c' -Llater -ltenon" 2> err
	is '... and a host of it' test -x later-host
	is 'a plugin of 1.0 that ships with it' plugin shipped "$frozen" '' $shipped
	serve later ./later-host auto
	is 'old plugin, new host: it serves what it has' says out "^inner_product 10 8 by $shipped\$"
	is '... and scalar the kernel that came later' says out '^later 42 by scalar$'
	serve later ./host auto
	is 'a host of 1.0 calls that Tenon, too' says out "^inner_product 10 8 by $shipped\$"
	is 'a plugin that needs 1.1 ships with it' plugin shipped newer-only -DNEWER $shipped
	serve later ./later-host auto
	is '... it serves' says out "^inner_product 10 8 by $shipped\$"
	is '... the later kernel as well' says out "^later 42 by $shipped\$"
	is 'a Tenon of 2.0 is built' later_runtime dropped major
	serve dropped ./host "$directory/old/acme.so"
	is '... it refuses a plugin of 1.0, by field and both values' says out 'abi_max is 1\.0, but the oldest ABI .* is 2\.0'
fi

# ---- What was recorded -----------------------------------------------------------------------------------------------

# is_as_recorded NAME [INCLUDE]: a failure shows what changed, a success what is new.
is_as_recorded() {
	write_abi "$1" now.abi "${2-}" > out 2>&1 || return 1
	if against "$1" now.abi; then
		if [ -s added ]; then sed 's/^/# /' added; fi
		return 0
	fi
	sed 's/^/# /' changed
	return 1
}

if ! command -v abidiff > /dev/null; then
	skip 'libtenon and the plugin interface are as recorded' 'abidiff is missing (Debian package abigail-tools)'
elif [ "$($compiler -dumpmachine | sed 's/-.*//')" != x86_64 ] || is_sanitized; then
	skip 'libtenon and the plugin interface are as recorded' 'they were recorded of a plain build for x86-64'
else
	is 'libtenon is as recorded, or has more' is_as_recorded libtenon
	is 'the plugin interface is as recorded, or has more' is_as_recorded plugin
	mkdir changed-headers
	cp -R "$top_srcdir/include/tenon" changed-headers/
	chmod -R u+w changed-headers
	sed 's/^	uint32_t abi_min;  .*/&\n	uint32_t inserted;/' "$top_srcdir/include/tenon/backend.h" > changed-headers/tenon/backend.h
	is '... and a field in the middle of a descriptor' says changed-headers/tenon/backend.h inserted
	is_as_recorded plugin changed-headers > out
	is '... would be found' test $? != 0
	: > out
	sed "/elf-symbol name='tenon_swap'/d" "$here/libtenon.abi" > fewer.abi
	abidiff --no-added-syms "$here/libtenon.abi" fewer.abi > changed
	is '... as would a function that is gone' says changed tenon_swap
fi
: > out
finish
[ "$failures" = 0 ]
