#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# make check-docs [PARTS="links man reference tutorials change"]: what documents say, held against the code. Prints TAP; each part is a program of its own here.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
if ! command -v python3 > /dev/null; then
	skip 'documents' 'python3 is missing'
	finish
	exit
fi
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

# part NAME COMMAND...
part() {
	part=$1
	shift
	"$@" > "$directory/part" 2> "$directory/part.err" < /dev/null
	cd "$directory" && cp part.err err
	relay part "$part: "
}

# A copy of the tree as it ships, built and installed for the tutorials; the worked change is made in it afterwards.
tree=$directory/tree prefix=$directory/prefix
stage() {
	make -s -C "${top_builddir:?}" distdir distdir="$tree" && mkdir "$tree/build" && cd "$tree/build" &&
		../configure -q --prefix="$prefix" CC="${CC:-cc}" CFLAGS=-g0 && make -s -j2 && make -s install
}

# followed NAME DOCUMENT FOLDER: as a user has it who installed the package, and nothing else of ours.
followed() {
	mkdir -p "$3/home" "$3/sockets" "$3/state" && chmod 700 "$3/sockets"
	part "$1" env -i PATH="$prefix/bin:$PATH" LD_LIBRARY_PATH="$prefix/lib" PKG_CONFIG_PATH="$prefix/lib/pkgconfig" CC="${CC:-cc}" \
		HOME="$3/home" RUNTIME_DIRECTORY="$3/sockets" STATE_DIRECTORY="$3/state" MAKEFLAGS=-sj2 PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8 \
		python3 "$top_srcdir/tests/docs/follow.py" "$2" "$3"
}

# The reference must fail where a name is not explained, or its silence means nothing.
doxygen_complains() {
	cp -R "$top_srcdir/include" "$directory/spoiled" && chmod -R u+w "$directory/spoiled" && sed -i 's|/\*\*< rows \*/||' "$directory/spoiled/tenon/kernels.def" &&
		sed "s|$top_srcdir/include|$directory/spoiled|g; s|^OUTPUT_DIRECTORY = .*|OUTPUT_DIRECTORY = $directory/api|" \
			"$top_builddir/api/Doxyfile" > "$directory/Doxyfile" && mkdir -p "$directory/api" &&
		! doxygen "$directory/Doxyfile" > out 2>&1 && grep -q 'count.*not documented' out
}

# wants PART: the argument of `make check-docs PARTS="links man"`, all by default.
wants() {
	case " ${PARTS:-links man reference tutorials change} " in
	*" $1 "*) ;;
	*) return 1 ;;
	esac
}

cd "$directory" || exit 99
if wants links; then part links python3 "$top_srcdir/tests/docs/links.py"; fi
if wants man; then
	run make -s -C "$top_builddir" install DESTDIR="$directory/root"
	: > out
	is 'make install' exits 0
	part man python3 "$top_srcdir/tests/docs/man.py" "$top_builddir/tools/tenon" "$top_builddir/tests/docs/keys" \
		"$directory/root${MANDIR:?}"
fi
if wants reference && command -v doxygen > /dev/null; then
	run make -s -C "$top_builddir" doxygen
	is 'doxygen explains every public name' exits 0
	is '... without a word' empty err
	is '... and complains where one is not explained' doxygen_complains
elif wants reference; then
	skip 'the API reference' 'doxygen is missing'
fi
if wants tutorials || wants change; then
	(stage) > "$directory/stage.log" 2>&1
	code=$?
	tail -n 20 "$directory/stage.log" > err
	is 'the tree as it ships builds and installs' exits 0
	: > err
fi
for tutorial in "$top_srcdir"/docs/tutorials/*.md; do
	wants tutorials || break
	name=$(basename "$tutorial" .md)
	mkdir -p "$directory/$name"
	followed "$name" "$tutorial" "$directory/$name"
done
if wants change; then followed CONTRIBUTING "$top_srcdir/CONTRIBUTING.md" "$tree"; fi
finish
[ "$failures" = 0 ]
