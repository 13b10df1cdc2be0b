#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# tools/flamegraph on a live host: the function of the plugin appears by its name.
if [ $# = 0 ]; then
	exec "${top_builddir:?}/libtool" --mode=execute sh "$0" "$top_builddir/tools/tenon" "$top_builddir/tests/hosts/host"
fi
tool=$1
program=$2
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
cd "$directory" || exit 99
plugins=$(cd "${top_builddir:?}" && pwd)/tests/plugins/.libs
flamegraph=$top_srcdir/tools/flamegraph
mkdir -m 700 runtime state
export RUNTIME_DIRECTORY="$directory/runtime" STATE_DIRECTORY="$directory/state"
# shellcheck source=tests/hosts/hosts.sh
. "$top_srcdir/tests/hosts/hosts.sh"

if ! command -v python3 > /dev/null; then
	skip "flame graphs" "no python3"
	finish
	exit
fi
run "$flamegraph" 99999999
case $code in
77) is "without perf it says what to install" says err 'install linux-perf' ;;
*) is "no process exits 4" exits 4 ;;
esac
run "$flamegraph" nonsense
is "no number exits 2" exits 2
mkdir fake
printf '#!/bin/sh\necho "no access" >&2\nexit 255\n' > fake/perf
chmod 755 fake/perf
PATH=$directory/fake:$PATH run "$flamegraph" $$
is "without permission it exits 77" exits 77
is "... and says why, and what to do" says err 'perf may not sample process [0-9]*: no access; run as its user or root, and with sysctl'

# What a machine with counters answers; this one may have none.
mkdir counting
cat > counting/perf <<'END'
#!/bin/sh
case $* in
record*) exit 0 ;;
*event,period*)
	echo "     1000 cycles:u:      7f0000001000 avx2_inner_product+0x10 (/tmp/$STAGED.so)"
	echo "     2500 instructions:u:      7f0000001000 avx2_inner_product+0x10 (/tmp/$STAGED.so)"
	echo "        5 cache-misses:u:      7f0000001000 avx2_inner_product+0x10 (/tmp/$STAGED.so)"
	echo "     3000 cycles:u:      7f0000001010 avx2_inner_product+0x20 (/tmp/$STAGED.so)"
	echo '     9000 cycles:u:      55d000001010 main+0x20 (/usr/bin/host)'
	;;
script*) printf 'host 1\n\t7f0000001000 avx2_inner_product+0x10 (/tmp/twin-0.so)\n\n' ;;
esac
END
chmod 755 counting/perf
count_of() { sed -n "s/^avx2_inner_product  *$STAGED.so  *//p" out | tr -s ' '; }

if [ "${EMULATOR-}" ]; then
	skip "a plugin's function has its name" "perf sees the emulator"
elif ! perf record -q -e cpu-clock -o probe.data -- true > perf.out 2>&1; then
	skip "a plugin's function has its name" "perf is missing or not permitted: $(head -n 1 perf.out)"
else
	start one on 1
	"$tool" swap "$pid" "$plugins/twin.so" > /dev/null
	tries=0
	# A busy machine may give the host few samples.
	while [ $tries -lt 5 ]; do
		run "$flamegraph" "$pid" --seconds 1 --output graph.svg --folded stacks
		grep -q "twin" graph.svg 2> /dev/null && break
		tries=$((tries + 1))
	done
	is "a running host can be drawn" exits 0
	is "a plugin's function has its name" grep -E -q '<title>[a-z_]*inner_product \(twin-[0-9]*\.so\): [0-9]+ samples' graph.svg
	is "... in the stacks, too" grep -E -q 'inner_product [0-9]+$' stacks
	is "the picture is well-formed and whole" python3 -c 'import sys, xml.etree.ElementTree as tree
svg = tree.parse("graph.svg").getroot()
rects = [r for r in svg.iter("{http://www.w3.org/2000/svg}rect") if "%" not in r.get("width")]
sys.exit(not rects or any(float(r.get("x")) + float(r.get("width")) > 1195 for r in rects) or "href" in open("graph.svg").read())'
	STAGED=$(grep -o 'twin-[0-9]*' "/proc/$pid/maps" | head -n 1)
	export STAGED
	PATH=$directory/counting:$PATH run "$flamegraph" "$pid" --seconds 0.1 --output counted.svg --counters
	is "counters are summed by function of a backend" test "$(count_of)" = '4000 2500 0.62 2.00 0.00'
	is "... and of nothing else" sh -c '! grep main out'
	run "$flamegraph" "$pid" --seconds 0.2 --output graph.svg --counters
	is "without counters the picture is drawn all the same" exits 0
	if ! perf stat -e cycles true 2>&1 | grep -q 'not supported'; then
		skip "... and a message says so" "this machine has counters"
	else
		is "... and a message says so" says err 'no hardware counters here: .*; what remains is the share of samples'
	fi
	is "... for everybody to read" test "$(stat -c %a graph.svg)" = 644
	run "$flamegraph" "$pid" --seconds 0.2 --output /nonexistent/graph.svg
	is "what cannot be written exits 2" exits 2
	is "the host's answers were right" stop one "$pid"
fi
finish
