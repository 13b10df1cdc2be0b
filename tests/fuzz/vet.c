/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fuzzes the judgement of backend files. The first byte of an input chooses what the others are:
 *
 *     0   a file, as it is
 *     1   changes of a small plugin: in turn two bytes of where, one of how many bytes (0 to 8), and those bytes; what is
 *         left over, less than such an entry, cuts as many bytes off the end
 *
 * The plugin has one of everything that a rule reads, in as few bytes as possible: an input costs microseconds, not the
 * copying of a real one, and no file is touched. Whatever the bytes, every rule has a verdict, twice the same, a refusal
 * has a text, and what is accepted has a name, an entry and a build-id. The copy has just its size, so that the address
 * sanitizer sees what is read behind it.
 */
#include "tests/fuzz/fuzz.h"

#include <elf.h>
#include <string.h>

#define TENON_VETS_ALL
#include "runtime/vet.c" /* instead of the library's, which lets plugins of a sanitized build pass some rules */

enum { ADDRESS = 0x10000 }; /* of the second segment; in the first, addresses are offsets */

enum { STRING_ENTRY = 1, STRING_IMPORT = 21, STRING_LIBC = 28, STRING_SONAME = 38 };

/* ---- The plugin -------------------------------------------------------------------------------------------------- */

static struct plugin {
	Elf64_Ehdr header;
	Elf64_Phdr segment[6];
	struct {
		Elf64_Nhdr header;
		char owner[4];
		unsigned char id[20];
	} build_id;
	struct tenon_note note;
	Elf64_Sym symbol[4];
	char strings[48];
	uint32_t hash[2 + 1 + 4];
	struct {
		uint32_t buckets, first, words, shift;
		uint64_t bloom;
		uint32_t bucket, chain[3];
	} gnu_hash;
	Elf64_Rela relocation[3];
	unsigned char code[16];
	Elf64_Dyn dynamic[20];
} base;

static struct cpu cpu;

#define AT(member) offsetof(struct plugin, member)

static void fill_segments(void)
{
	const Elf64_Phdr segments[] = {
		{PT_LOAD, PF_R | PF_X, 0, 0, 0, sizeof base, sizeof base, 4096},
		{PT_LOAD, PF_R | PF_W, 0, ADDRESS, ADDRESS, 64, 4096, 4096},
		{PT_DYNAMIC, PF_R, AT(dynamic), AT(dynamic), AT(dynamic), sizeof base.dynamic, sizeof base.dynamic, 8},
		{PT_NOTE, PF_R, AT(build_id), AT(build_id), AT(build_id), sizeof base.build_id, sizeof base.build_id,
		 4},
		{PT_NOTE, PF_R, AT(note), AT(note), AT(note), sizeof base.note, sizeof base.note, 4},
		{PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16},
	};
	_Static_assert(sizeof segments == sizeof base.segment, "a segment each");
	memcpy(base.segment, segments, sizeof segments);
}

static void fill_symbols(void)
{
	static const char strings[sizeof base.strings] = "\0tenon_backend_entry\0memset\0libc.so.6\0tiny.so";
	memcpy(base.strings, strings, sizeof strings);
	base.symbol[1] = (Elf64_Sym){STRING_IMPORT, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, SHN_UNDEF, 0, 0};
	base.symbol[2] = (Elf64_Sym){STRING_ENTRY, ELF64_ST_INFO(STB_LOCAL, STT_OBJECT), 0, 1, AT(code), 4};
	base.symbol[3] = (Elf64_Sym){STRING_ENTRY, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, AT(code), 4};
	base.hash[0] = 1;
	base.hash[1] = 4;
	base.gnu_hash.buckets = base.gnu_hash.words = base.gnu_hash.first = base.gnu_hash.bucket = 1;
	base.gnu_hash.chain[2] = 1; /* its low bit ends the chain */
}

static void fill_dynamic(void)
{
	const Elf64_Dyn entries[] = {
		{DT_NEEDED, {STRING_LIBC}},
		{DT_SONAME, {STRING_SONAME}},
		{DT_HASH, {AT(hash)}},
		{DT_GNU_HASH, {AT(gnu_hash)}},
		{DT_STRTAB, {AT(strings)}},
		{DT_STRSZ, {sizeof base.strings}},
		{DT_SYMTAB, {AT(symbol)}},
		{DT_SYMENT, {sizeof(Elf64_Sym)}},
		{DT_RELA, {AT(relocation)}},
		{DT_RELASZ, {2 * sizeof(Elf64_Rela)}},
		{DT_RELAENT, {sizeof(Elf64_Rela)}},
		{DT_JMPREL, {AT(relocation[2])}},
		{DT_PLTRELSZ, {sizeof(Elf64_Rela)}},
		{DT_PLTREL, {DT_RELA}},
		{DT_FLAGS, {DF_BIND_NOW}},
		{DT_FLAGS_1, {DF_1_NOW}},
		{DT_DEBUG, {0}},
		{DT_NULL, {0}},
	};
	_Static_assert(sizeof entries <= sizeof base.dynamic, "room for the end");
	memcpy(base.dynamic, entries, sizeof entries);
}

static void fill_plugin(void)
{
	base.header = (Elf64_Ehdr){.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
				   .e_type = ET_DYN,
				   .e_version = EV_CURRENT,
				   .e_phoff = AT(segment),
				   .e_machine = cpu.source->arch == ARCH_AARCH64 ? EM_AARCH64 : EM_X86_64,
				   .e_ehsize = sizeof base.header,
				   .e_phentsize = sizeof base.segment[0],
				   .e_phnum = sizeof base.segment / sizeof base.segment[0]};
	base.build_id.header = (Elf64_Nhdr){4, sizeof base.build_id.id, NT_GNU_BUILD_ID};
	memcpy(base.build_id.owner, "GNU", 4);
	base.note = (struct tenon_note){sizeof TENON_NOTE_OWNER,
					sizeof base.note - offsetof(struct tenon_note, abi_min),
					TENON_NOTE_TYPE,
					TENON_NOTE_OWNER,
					TENON_ABI_OLDEST,
					TENON_ABI_CURRENT,
					"tiny",
					"1.0",
					"Tenon tests",
					"",
					"avx2,cpuid:7.0.ebx=20"};
	fill_segments();
	fill_symbols();
	fill_dynamic();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct why why = {0};
	struct vetted vetted;
	(void)argc;
	(void)argv;
	probe_cpu(&cpu);
	fill_plugin();
	int status = vet_bytes(&base, sizeof base, "tiny", &cpu, &vetted, &why);
	MUST(status == 0, "the plugin to change is refused: %s", why.text);
	return 0;
}

static size_t change(unsigned char *file, const uint8_t *data, size_t size)
{
	size_t length = sizeof base;
	memcpy(file, &base, length);
	while (size >= 3 && size - 3 >= data[2] % 9u) {
		size_t at = (size_t)data[0] << 8 | data[1], count = data[2] % 9u;
		if (at + count <= length)
			memcpy(file + at, data + 3, count);
		data += 3 + count;
		size -= 3 + count;
	}
	return length - size;
}

/* ---- What must hold ---------------------------------------------------------------------------------------------- */

struct verdicts {
	unsigned rules, refused;
	uint64_t hash;
};

static void note(void *user, const char *rule, int verdict, const char *text)
{
	struct verdicts *v = user;
	MUST(rule && *rule && text && *text, "a verdict %d without a word", verdict);
	v->rules++;
	v->refused += verdict < 0;
	for (const char *c = text; *c; c++)
		v->hash = v->hash * 31 + (unsigned char)*c;
}

static int judge(const unsigned char *bytes, size_t size, struct vetted *vetted, struct verdicts *v)
{
	struct why why = {0};
	*v = (struct verdicts){0};
	int status = vet_every_rule(bytes, size, "it", &cpu, vetted, note, v, &why);
	MUST(!status == !v->refused, "status %d, but %u rules refused", status, v->refused);
	MUST(!status || (why.status == status && *why.text), "a refusal without a reason");
	MUST(!status || status == TENON_EREFUSED || status == TENON_EUNSUPPORTED, "status %d", status);
	return status;
}

static void judge_twice(const unsigned char *bytes, size_t size)
{
	struct vetted vetted, again;
	struct verdicts one, two;
	struct why why;
	int status = judge(bytes, size, &vetted, &one);
	MUST(judge(bytes, size, &again, &two) == status && one.hash == two.hash && one.rules == two.rules,
	     "two verdicts differ");
	int quick = vet_bytes(bytes, size, "it", &cpu, &again, &why);
	MUST(!quick == !status, "all rules say %d, the first that refuses %d", status, quick);
	MUST(status || (*vetted.name && *vetted.build_id && vetted.abi_min <= vetted.abi_max),
	     "accepted, but it is nobody");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || !(data[0] & 1)) {
		judge_twice(size ? data + 1 : data, size ? size - 1 : 0);
		return 0;
	}
	unsigned char *file = malloc(sizeof base);
	if (!file)
		return 0;
	size_t length = change(file, data + 1, size - 1);
	unsigned char *exact = length == sizeof base ? file : realloc(file, length);
	if (exact)
		judge_twice(exact, length);
	free(exact ? exact : file);
	return 0;
}
