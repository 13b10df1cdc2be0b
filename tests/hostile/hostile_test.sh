#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes every kind of file that must never be loaded, and offers each to a live host, which must refuse it for its own
# reason and keep serving. The sources are one plugin with one thing wrong at a time.
# shellcheck source=tests/tap.sh
. "${top_srcdir:?}/tests/tap.sh"
source=$(cd "$top_srcdir" && pwd)
build=$(cd "${top_builddir:?}" && pwd)
chmod 755 "$directory"
umask 022
cd "$directory" || exit 99
list=$directory/list
: > "$list"

expect() { printf '%s\t%s\n' "$1" "$directory/$2" >> "$list"; } # TEXT FILE
plain='-O1 -fPIC -fvisibility=hidden -shared -nostartfiles -Wl,--build-id=sha1 -Wl,-z,noexecstack'

# make_plugin NAME SOURCE FLAGS...: a plugin in NAME.so; a compiler that cannot is an error, not a skip.
make_plugin() {
	name=$1
	printf '%s\n' "$2" > "$name.c"
	shift 2
	# shellcheck disable=SC2086 # CC may carry options
	${CC:-cc} -I"${include:-$source/include}" $plain "$@" -o "$name.so" "$name.c" > log 2>&1 || {
		sed 's/^/# /' log
		echo "Bail out! $name.so does not build"
		exit 99
	}
}

# The example's plugin, of which WRONG makes the results wrong, and without its last line, which names it.
kernel="#ifndef WRONG
#define WRONG
#endif
#ifndef NEEDS
#define NEEDS \"\"
#endif
$(sed -e '/^TENON_BACKEND(/d' -e 's/= lane\[0\];/= lane[0] WRONG;/' "$source/examples/plugin.c")"
good="$kernel
TENON_BACKEND(\"hostile\", \"1.0\", \"Tenon tests\", NEEDS, \"\", kernels)"

# ---- The control: with nothing wrong it loads ------------------------------------------------------------------------

make_plugin good "$good" -ffp-contract=off
expect loads good.so

# ---- What the file says of itself ------------------------------------------------------------------------------------

make_plugin no-note "$kernel
__attribute__((visibility(\"default\"))) const void *tenon_backend_entry(const void *s) { return s ? kernels : 0; }"
expect 'has no Tenon note' no-note.so

make_plugin two-notes "$good
__attribute__((used, section(\".note.tenon\"), aligned(4))) static const struct tenon_note other = {
	sizeof TENON_NOTE_OWNER, sizeof(struct tenon_note) - 20, TENON_NOTE_TYPE, TENON_NOTE_OWNER,
	TENON_ABI_OLDEST, TENON_ABI_CURRENT, \"other\", \"1\", \"\", \"\", \"\"};"
expect 'has 2 Tenon notes' two-notes.so

make_plugin note-too-long "$kernel
__attribute__((used, section(\".note.tenon\"), aligned(4))) static const struct tenon_note note = {
	sizeof TENON_NOTE_OWNER, 0x7fffffff, TENON_NOTE_TYPE, TENON_NOTE_OWNER,
	TENON_ABI_OLDEST, TENON_ABI_CURRENT, \"hostile\", \"1\", \"\", \"\", \"\"};
__attribute__((visibility(\"default\"))) const void *tenon_backend_entry(const void *s) { return s ? kernels : 0; }"
expect 'has no Tenon note' note-too-long.so

mkdir future && cp -r "$source/include/tenon" future/ && chmod -R u+w future &&
	sed -i 's/TENON_ABI_\(CURRENT\|OLDEST\) TENON_ABI(1, 0)/TENON_ABI_\1 TENON_ABI(9, 0)/' future/tenon/backend.h
include=$directory/future make_plugin future-abi "$good"
expect 'its abi_min is 9.0' future-abi.so

make_plugin unknown-feature "$good" '-DNEEDS="avx1024"'
expect "'avx1024'" unknown-feature.so
make_plugin missing-feature "$good" '-DNEEDS="cpuid:7fffffff.0.eax=1,hwcap2:8000000000000000"'
expect 'needs' missing-feature.so
make_plugin no-build-id "$good" -Wl,--build-id=none
expect 'has 0 build-ids' no-build-id.so
make_plugin bad-name "$kernel
TENON_BACKEND(\"../hostile\", \"1.0\", \"\", NEEDS, \"\", kernels)"
expect 'a name that no backend may have' bad-name.so

# ---- What the dynamic linker would do --------------------------------------------------------------------------------

make_plugin extra-export "$good
__attribute__((visibility(\"default\"))) int helper(void) { return 1; }"
expect "exports 'helper'" extra-export.so
make_plugin rpath "$good" -Wl,-rpath,/opt/lib
expect 'would load libraries from a place of its own' rpath.so
make_plugin execstack "$good" -Wl,-z,execstack
expect 'executable stack' execstack.so
make_plugin nodelete "$good" -Wl,-z,nodelete
expect 'NODELETE' nodelete.so
make_plugin unique "$good
__asm__(\".pushsection .data\\n.globl unique\\n.type unique, %gnu_unique_object\\n.size unique, 4\\nunique: .long 0\\n.popsection\");" \
	-Wl,--export-dynamic
expect "'unique'" unique.so
make_plugin rwx "$good" -nostdlib -Wl,-N
expect 'segment' rwx.so
make_plugin ifunc "$good
static int one(void) { return 1; }
__attribute__((used)) static void *choose(void) { return (void *)one; }
extern int chosen(void) __attribute__((visibility(\"hidden\")));
__asm__(\".globl chosen\\n.hidden chosen\\n.type chosen, %gnu_indirect_function\\n.set chosen, choose\");
__attribute__((used)) static int use(void) { return chosen(); }"
expect 'has an ifunc' ifunc.so
if [ "$(uname -m)" = x86_64 ] && [ -z "${EMULATOR-}" ]; then
	make_plugin textrel "$good
int victim;
__asm__(\".pushsection .text\\nmovabs \$victim, %rax\\n.popsection\");" -Wl,-z,notext
	expect 'its code would be written to' textrel.so
fi

if is_sanitized; then
	skip 'constructors, libraries, imports, thread-local storage' 'a sanitizer build exempts plugins from these rules, and says so'
else
	make_plugin constructor "$good
static volatile int state;
__attribute__((constructor)) static void first(void) { state = 1; }"
	expect 'DT_INIT_ARRAY' constructor.so
	make_plugin destructor "$good
static volatile int state;
__attribute__((destructor)) static void last(void) { state = 1; }"
	expect 'DT_FINI_ARRAY' destructor.so
	# What gcc and clang add to the host's floating-point state with -ffast-math comes from a crt file.
	plain_kept=$plain
	plain=$(echo "$plain" | sed 's/-nostartfiles//')
	make_plugin fast-math "$good" -ffast-math
	expect 'code that would run on loading' fast-math.so
	plain=$plain_kept
	make_plugin tls "$good
static __thread int state __attribute__((tls_model(\"initial-exec\")));
__attribute__((used)) static int count(void) { return ++state; }"
	expect 'thread-local storage' tls.so
	make_plugin foreign-library "$good" -Wl,--no-as-needed -l:libresolv.so.2
	expect "needs the library 'libresolv.so.2'" foreign-library.so
	for import in pthread_create pthread_key_create __cxa_atexit signal sigaction fork exit dlopen mprotect setenv fesetround; do
		make_plugin "import-$import" "$good
extern int $import(void);
__attribute__((used)) static int use(void) { return $import(); }" -w -fno-builtin
		expect "imports $import:" "import-$import.so"
	done
fi

# ---- What only running it would show ---------------------------------------------------------------------------------

make_plugin wrong-bits "$good" '-DWRONG=* 1.0000001f' -ffp-contract=off
expect 'does not conform: inner_product' wrong-bits.so
make_plugin no-descriptor "$kernel
__attribute__((used, section(\".note.tenon\"), aligned(4))) static const struct tenon_note note = {
	sizeof TENON_NOTE_OWNER, sizeof(struct tenon_note) - 20, TENON_NOTE_TYPE, TENON_NOTE_OWNER,
	TENON_ABI_OLDEST, TENON_ABI_CURRENT, \"hostile\", \"1.0\", \"\", \"\", \"\"};
__attribute__((visibility(\"default\"))) const void *tenon_backend_entry(const void *s) { (void)s; return 0; }
__attribute__((used)) static const void *unused(void) { return kernels; }"
expect 'tenon_backend_entry' no-descriptor.so

# ---- What is no such file at all -------------------------------------------------------------------------------------

mkdir a-directory.so
expect 'a directory' a-directory.so
mkfifo a-fifo.so
expect 'a device, pipe or socket' a-fifo.so
: > empty.so
expect 'is not an ELF file' empty.so
echo 'not a plugin' > text.so
expect 'is not an ELF file' text.so
ln -s nowhere dangling.so
expect 'dangling.so' dangling.so
ln -s loop.so loop.so
expect 'loop.so' loop.so
ln -s . maze && ln -s maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/maze/good.so maze.so
expect 'maze.so' maze.so
truncate -s 1T sparse.so
expect 'more than the' sparse.so
truncate -s 60M hole.so
expect 'is not an ELF file' hole.so
cp good.so followed.so && truncate -s 1T followed.so
expect 'more than the' followed.so
printf '#include <sys/socket.h>\n#include <sys/un.h>\n#include <string.h>\nint main(int c, char **v)\n{\n\tstruct sockaddr_un a = {AF_UNIX, ""};\n\tstrcpy(a.sun_path, v[c - 1]);\n\treturn bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof a);\n}\n' > program.c
# shellcheck disable=SC2086 # CC and EMULATOR may carry options
${CC:-cc} -fPIE -pie -o a-program.so program.c && ${EMULATOR-} ./a-program.so a-socket.so
expect 'is a program' a-program.so
expect 'a-socket.so' a-socket.so
# shellcheck disable=SC2086
${CC:-cc} -c -o an-object.so program.c
expect 'is not a shared object' an-object.so
if [ "$(id -u)" != 0 ]; then
	cp good.so unreadable.so && chmod 0 unreadable.so
	expect 'cannot be opened' unreadable.so
else
	skip 'an unreadable file' 'root can read it'
fi
long=$(printf '%0255d' 7)
printf '%s\t%s\n' 'File name too long' "$directory/$long.so" >> "$list"
printf '%s\t%s\n' 'a device, pipe or socket' /dev/zero 'No such file' "$directory/missing.so" >> "$list"
# Says that it is empty, and is not; an emulator gives a copy that is what it says.
if [ -z "${EMULATOR-}" ]; then printf '%s\t%s\n' 'changed while it was read' /proc/self/maps >> "$list"; fi

# patch FILE OFFSET BYTES...: a copy of good.so with other bytes there.
patch() {
	cp good.so "$1" && printf %b "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2> /dev/null
}
patch class-32.so 4 '\0001'
expect 'not a 64-bit little-endian' class-32.so
patch big-endian.so 5 '\0002'
expect 'not a 64-bit little-endian' big-endian.so
patch sparc.so 18 '\0053\0000'
expect 'is built for ELF machine 43' sparc.so
if [ "$(uname -m)" = x86_64 ] && [ -z "${EMULATOR-}" ]; then
	patch aarch64.so 18 '\0267\0000'
	expect 'is built for aarch64' aarch64.so
fi
patch program.so 16 '\0002'
expect 'is not a shared object' program.so
patch no-segments.so 56 '\0000\0000'
expect 'no program headers' no-segments.so
patch segments-far.so 32 '\0377\0377\0377\0377\0377\0377\0377\0177'
expect 'its program headers are not in the file' segments-far.so
patch many-segments.so 56 '\0377\0377'
expect 'more than 64 program headers' many-segments.so
patch old-elf.so 6 '\0002'
expect 'an ELF version other than 1' old-elf.so

# ---- Whom it belongs to ----------------------------------------------------------------------------------------------

cp good.so world.so && chmod o+w world.so
expect 'anyone may write to it' world.so
cp good.so group.so && chmod g+w group.so
expect 'its group may write to it' group.so
mkdir open && cp good.so open/good.so && chmod 777 open
printf '%s\t%s\n' 'anyone may write to its directory' "$directory/open/good.so" >> "$list"
mkdir shared && cp good.so shared/good.so && chmod 775 shared
printf '%s\t%s\n' 'its group may write to its directory' "$directory/shared/good.so" >> "$list"
if [ "$(id -u)" = 0 ] && cp good.so foreign.so && chown 12345 foreign.so 2> /dev/null; then
	expect 'belongs to user 12345' foreign.so
	mkdir theirs && cp good.so theirs/good.so && chown 12345 theirs
	printf '%s\t%s\n' 'its directory belongs to user 12345' "$directory/theirs/good.so" >> "$list"
else
	skip 'files of other users' 'only root can make them'
fi

# ---- Offer them ------------------------------------------------------------------------------------------------------

offered=$(wc -l < "$list")
# shellcheck disable=SC2086 # EMULATOR carries options
TENON_BACKEND=scalar XDG_RUNTIME_DIR=$directory LD_LIBRARY_PATH=$build/.libs ${EMULATOR-} "$build/tests/hostile/.libs/serve" \
	"$build/backends/.libs/scalar.so" "$directory/cut.so" < "$list" > tap 2> err
code=$?
relay tap
is 'the host lived, and every file was judged' test "$code $(tail -n 1 tap)" = "0 1..$((offered + 2))"
finish
