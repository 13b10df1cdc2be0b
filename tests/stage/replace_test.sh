#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The file that a plugin was loaded from, overwritten, cut, deleted and replaced under a host that serves from it: nothing
# happens until somebody swaps, and then the new file serves.
if [ $# = 0 ]; then
	exec "${top_builddir:?}/libtool" --mode=execute sh "$0" "$top_builddir/tools/tenon" "$top_builddir/tests/hosts/host"
fi
tool=$1
program=$2
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
# shellcheck source=tests/hosts/hosts.sh
. "${top_srcdir:?}/tests/hosts/hosts.sh"
mkdir -m 700 runtime plugins
export RUNTIME_DIRECTORY="$directory/runtime" TENON_BACKEND=scalar
old=$top_builddir/tests/plugins/before/.libs/slow.so new=$top_builddir/tests/plugins/after/.libs/slow.so
plugin=$directory/plugins/slow.so

# shellcheck disable=SC2086 # EMULATOR is several words
tenon() { ${EMULATOR-} "$tool" "$@"; }
build_id() { readelf -n "$1" | sed -n 's/.*Build ID: //p'; }
serves() { # BUILD-ID: is it what every call of a tenth of a second was served by?
	tenon status "$host" > out 2> err && says out "^  build-id *$1" && sleep 0.1
}

is 'two builds of one plugin differ' test "$(build_id "$old")" != "$(build_id "$new")"
start load on 2
host=$pid
cp "$old" "$plugin"
run tenon swap "$host" "$plugin"
is 'a host loads a plugin' exits 0
is '... and says which build of it serves' serves "$(build_id "$old")"
run tenon explain "$plugin"
is 'explain says the same of the file' says out "build-id *$(build_id "$old")"

dd if=/dev/zero of="$plugin" bs=4096 count=8 conv=notrunc 2> /dev/null
is 'overwriting the file in place disturbs nobody' serves "$(build_id "$old")"
: > "$plugin"
is 'nor does cutting it' serves "$(build_id "$old")"
run tenon swap "$host" "$plugin"
is 'a swap to what is left of it is refused' exits 3
is '... and what served serves' serves "$(build_id "$old")"
rm "$plugin"
is 'nor does deleting it' serves "$(build_id "$old")"

cp "$new" "$plugin.new"
mv "$plugin.new" "$plugin"
is 'a new file under its name changes nothing by itself' serves "$(build_id "$old")"
run tenon explain "$plugin"
is 'explain sees the new file' says out "build-id *$(build_id "$new")"
run tenon swap "$host" "$plugin"
is 'a swap loads it' exits 0
is '... and it serves' serves "$(build_id "$new")"
is_json_status() { tenon status "$host" --json > out && python3 -c 'import json, sys
d = json.load(open("out")); sys.exit(sys.argv[1] not in json.dumps(d))' "$1"; }
if built_with HAVE_JANSSON && command -v python3 > /dev/null; then
	is '... and JSON says so' is_json_status "\"build_id\": \"$(build_id "$new")\""
else
	skip '... and JSON says so' 'no jansson or no python3'
fi
run tenon swap "$host" scalar
is 'scalar serves' exits 0
run tenon status "$host"
is '... which is no file' test "$(grep -c build-id out)" = 0
is 'not one call of all that was wrong or failed' stop load "$host"
finish
