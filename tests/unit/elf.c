/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading hostile files: the rules about structure, and that nothing cut off or damaged does harm (run it under
 * AddressSanitizer).
 */
#include "build.h"

#include "tests/plugin.h"

/* ---- Breaking it ------------------------------------------------------------------------------------------------- */

static void break_magic(void)
{
	image[0] = 'e';
}
static void make_32_bit(void)
{
	image[EI_CLASS] = ELFCLASS32;
}
static void make_big_endian(void)
{
	image[EI_DATA] = ELFDATA2MSB;
}
static void make_future(void)
{
	header()->e_version = 2;
}
static void make_relocatable(void)
{
	header()->e_type = ET_REL;
}
static void make_executable(void)
{
	header()->e_type = ET_EXEC;
}
static void drop_segments(void)
{
	header()->e_phnum = 0;
}
static void multiply_segments(void)
{
	header()->e_phnum = 65;
}
static void resize_segments(void)
{
	header()->e_phentsize = 55;
}
static void displace_segments(void)
{
	header()->e_phoff = UINT64_MAX - 8;
}

static void make_program(void)
{
	segment(PT_GNU_EH_FRAME)->p_type = PT_INTERP;
}
static void double_dynamic(void)
{
	segment(PT_GNU_EH_FRAME)->p_type = PT_DYNAMIC;
}
static void drop_dynamic(void)
{
	segment(PT_DYNAMIC)->p_type = PT_NULL;
}
static void overrun_segment(void)
{
	last_load()->p_filesz = plugin.size;
}
static void wrap_segment(void)
{
	last_load()->p_offset = UINT64_MAX - 0x100;
}
static void swell_segment(void)
{
	last_load()->p_memsz = UINT64_MAX - 8;
}
static void shrink_segment(void)
{
	last_load()->p_memsz = last_load()->p_filesz - 1;
}
static void misalign_segment(void)
{
	last_load()->p_vaddr += 8;
}
static void unalign_segment(void)
{
	last_load()->p_align = 3;
}
static void overlap_segments(void)
{
	last_load()->p_vaddr = last_load()->p_offset = 0;
}
static void drop_loads(void)
{
	while (last_load() != segment(PT_LOAD))
		last_load()->p_type = PT_NULL;
	segment(PT_LOAD)->p_type = PT_NULL;
}

static void decoy_dynamic(void)
{
	segment(PT_DYNAMIC)->p_offset -= 16;
}
static void end_dynamic_never(void)
{
	segment(PT_DYNAMIC)->p_filesz = segment(PT_DYNAMIC)->p_memsz = 32;
}
static void drop_strings(void)
{
	entry(DT_STRTAB)->d_tag = DT_DEBUG;
}
static void double_strings(void)
{
	entry(DT_SONAME)->d_tag = DT_STRTAB;
}
static void displace_strings(void)
{
	entry(DT_STRTAB)->d_un.d_ptr = UINT64_MAX - 4;
}
static void swell_strings(void)
{
	entry(DT_STRSZ)->d_un.d_val = UINT64_MAX;
}
static void resize_symbols(void)
{
	entry(DT_SYMENT)->d_un.d_val = 16;
}
static void displace_symbols(void)
{
	entry(DT_SYMTAB)->d_un.d_ptr = 1ull << 40;
}
static void drop_hash(void) /* some linkers write both kinds */
{
	for (Elf64_Dyn *d = (Elf64_Dyn *)(image + segment(PT_DYNAMIC)->p_offset); d->d_tag != DT_NULL; d++)
		if (d->d_tag == DT_GNU_HASH || d->d_tag == DT_HASH)
			d->d_tag = DT_DEBUG;
}
static void displace_hash(void)
{
	entry(DT_GNU_HASH)->d_un.d_ptr = UINT64_MAX - 8;
}
static void swell_hash(void)
{
	*(uint32_t *)at(DT_GNU_HASH) = UINT32_MAX;
}
static void swell_bloom(void)
{
	((uint32_t *)at(DT_GNU_HASH))[2] = UINT32_MAX;
}
static void shift_hash(void)
{
	((uint32_t *)at(DT_GNU_HASH))[1] = UINT32_MAX;
}
static void aim_bucket(void)
{
	uint32_t *hash = at(DT_GNU_HASH);
	hash[4 + 2 * hash[2]] = 0x7fffffff;
}
static void swell_old_hash(void)
{
	Elf64_Dyn *hash = entry(DT_SONAME);
	hash->d_tag = DT_HASH;
	hash->d_un.d_ptr = entry(DT_GNU_HASH)->d_un.d_ptr;
	swell_hash();
}

static const struct break_case cases[] = {
	{break_magic, "elf", TENON_EREFUSED, "is not an ELF file"},
	{make_32_bit, "elf", TENON_EREFUSED, "64-bit"},
	{make_big_endian, "elf", TENON_EREFUSED, "little-endian"},
	{make_future, "elf", TENON_EREFUSED, "ELF version"},
	{make_relocatable, "elf", TENON_EREFUSED, "ET_DYN"},
	{make_executable, "elf", TENON_EREFUSED, "ET_DYN"},
	{drop_segments, "elf", TENON_EREFUSED, "program headers"},
	{multiply_segments, "elf", TENON_EREFUSED, "more than 64"},
	{resize_segments, "elf", TENON_EREFUSED, "program headers"},
	{displace_segments, "elf", TENON_EREFUSED, "cut off"},
	{make_program, "segments", TENON_EREFUSED, "PT_INTERP"},
	{double_dynamic, "segments", TENON_EREFUSED, "exactly one dynamic"},
	{drop_dynamic, "segments", TENON_EREFUSED, "exactly one dynamic"},
	{overrun_segment, "segments", TENON_EREFUSED, "cut off"},
	{wrap_segment, "segments", TENON_EREFUSED, "cut off"},
	{swell_segment, "segments", TENON_EREFUSED, "make no sense"},
	{shrink_segment, "segments", TENON_EREFUSED, "make no sense"},
	{misalign_segment, "segments", TENON_EREFUSED, "not aligned"},
	{unalign_segment, "segments", TENON_EREFUSED, "not aligned"},
	{overlap_segments, "segments", TENON_EREFUSED, "overlap"},
	{drop_loads, "segments", TENON_EREFUSED, "no loaded segment"},
	{decoy_dynamic, "dynamic", TENON_EREFUSED, "not where its address says"},
	{end_dynamic_never, "dynamic", TENON_EREFUSED, "does not end"},
	{drop_strings, "dynamic", TENON_EREFUSED, "string table"},
	{double_strings, "dynamic", TENON_EREFUSED, "string table"},
	{displace_strings, "dynamic", TENON_EREFUSED, "string table"},
	{swell_strings, "dynamic", TENON_EREFUSED, "string table"},
	{resize_symbols, "dynamic", TENON_EREFUSED, "symbol table"},
	{displace_symbols, "dynamic", TENON_EREFUSED, "symbol table"},
	{drop_hash, "dynamic", TENON_EREFUSED, "no symbol hash table"},
	{displace_hash, "dynamic", TENON_EREFUSED, "DT_GNU_HASH"},
	{swell_hash, "dynamic", TENON_EREFUSED, "DT_GNU_HASH"},
	{swell_bloom, "dynamic", TENON_EREFUSED, "DT_GNU_HASH"},
	{shift_hash, "dynamic", TENON_EREFUSED, "DT_GNU_HASH"},
	{aim_bucket, "dynamic", TENON_EREFUSED, "DT_GNU_HASH"},
	{swell_old_hash, "dynamic", TENON_EREFUSED, "DT_HASH"},
};
#define CASE_COUNT (sizeof cases / sizeof cases[0])

static void refuses_what_is_broken(void **state)
{
	(void)state;
	check_cases(cases, CASE_COUNT);
}

/* ---- Damage ------------------------------------------------------------------------------------------------------ */

static int vet_quietly(const char *bytes, size_t size)
{
	struct vetted vetted;
	int status = vet_bytes(bytes, size, "x", &cpu, &vetted, NULL);
	assert_true(status == 0 || status == TENON_EREFUSED || status == TENON_EUNSUPPORTED);
	return status;
}

/* Every length up to the end of the last segment is refused; behind it stand section headers, which nobody reads. */
static void refuses_what_is_cut_off(void **state)
{
	(void)state;
	size_t end = last_load()->p_offset + last_load()->p_filesz;
	assert_true(end <= plugin.size);
	for (size_t size = 0; size < end; size += size < 2048 ? 1 : 61) {
		char *part = malloc(size + !size);
		assert_non_null(part);
		memcpy(part, plugin.bytes, size);
		assert_int_equal(vet_quietly(part, size), TENON_EREFUSED);
		free(part);
	}
	assert_int_equal(vet_quietly(plugin.bytes, end), 0);
}

static void survives_damage(void **state)
{
	(void)state;
	static const unsigned char patterns[] = {0x01, 0x80, 0xff};
	size_t metadata = 4096, refused = 0, tried = 0;
	Elf64_Phdr *dynamic = segment(PT_DYNAMIC);
	size_t start = dynamic->p_offset, end = start + dynamic->p_filesz;
	for (size_t i = 0; i < plugin.size; i++) {
		if (i >= metadata && (i < start || i >= end))
			continue;
		for (size_t j = 0; j < sizeof patterns; j++) {
			image[i] ^= (char)patterns[j];
			refused += vet_quietly(image, plugin.size) != 0;
			tried++;
			image[i] ^= (char)patterns[j];
		}
	}
	assert_memory_equal(image, plugin.bytes, plugin.size);
	assert_true(refused > tried / 50); /* the damage was in what is read */
}

/* Words that break sums and products, at every aligned place. */
static void survives_huge_words(void **state)
{
	(void)state;
	static const uint64_t words[] = {UINT64_MAX,        UINT64_MAX - 7,      (uint64_t)1 << 63,
					 (uint64_t)1 << 32, 0xffffffff00000000u, 0};
	Elf64_Phdr *dynamic = segment(PT_DYNAMIC);
	size_t start = dynamic->p_offset, end = start + dynamic->p_filesz;
	for (size_t i = 0; i + 8 <= plugin.size; i += 4) {
		if (i >= 2048 && (i < start || i >= end))
			continue;
		for (size_t j = 0; j < sizeof words / sizeof words[0]; j++) {
			memcpy(image + i, &words[j], 8);
			vet_quietly(image, plugin.size);
			memcpy(image + i, plugin.bytes + i, 8);
		}
	}
}

/* The image need not be aligned. */
static void reads_at_any_address(void **state)
{
	(void)state;
	char *shifted = malloc(plugin.size + 1);
	assert_non_null(shifted);
	memcpy(shifted + 1, plugin.bytes, plugin.size);
	assert_int_equal(vet_quietly(shifted + 1, plugin.size), 0);
	free(shifted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLUGIN_TEST(refuses_what_is_broken), PLUGIN_TEST(refuses_what_is_cut_off), PLUGIN_TEST(survives_damage),
		PLUGIN_TEST(survives_huge_words),    PLUGIN_TEST(reads_at_any_address),
	};
	return cmocka_run_group_tests_name("elf", tests, read_plugin, free_plugin);
}
