/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Vetting: the plugins of this build pass, and each rule refuses what it is there for, and says so. The rules about the
 * file's structure are elf.c's.
 */
#include "build.h"

#include <dirent.h>

#include "tests/plugin.h"

/* ---- Breaking it ------------------------------------------------------------------------------------------------- */

static void drop_note(void)
{
	note()->owner[0] = 't';
}
static void double_note(void)
{
	Elf64_Phdr *other = segment(PT_GNU_EH_FRAME);
	uint64_t offset = (uint64_t)((char *)note() - image);
	*other = *segment(PT_LOAD);
	other->p_type = PT_NOTE;
	other->p_offset = other->p_vaddr = offset;
	other->p_filesz = other->p_memsz = sizeof(struct tenon_note);
	other->p_align = 4;
}
static void retype_note(void)
{
	note()->type = 2;
}
static void resize_note(void)
{
	note()->desc_size -= 4;
}
static void overrun_note(void)
{
	note()->desc_size = UINT32_MAX;
}
static void run_on_text(void)
{
	memset(note()->version, 'x', sizeof note()->version);
}
static void run_on_needs(void)
{
	memset(note()->needs, 'x', sizeof note()->needs);
}

static void empty_name(void)
{
	note()->name[0] = '\0';
}
static void climb_name(void)
{
	strcpy(note()->name, "../x");
}
static void reserve_name(void)
{
	strcpy(note()->name, "auto");
}
static void colour_version(void)
{
	strcpy(note()->version, "\033[31m");
}

static void raise_abi(void)
{
	note()->abi_min = note()->abi_max = TENON_ABI(9, 1);
}
static void lower_abi(void)
{
	note()->abi_min = note()->abi_max = TENON_ABI(0, 7);
}
static void invert_abi(void)
{
	note()->abi_max = note()->abi_min - 1;
}
static void widen_abi(void)
{
	note()->abi_min = 0, note()->abi_max = TENON_ABI(9, 1);
}

static char *build_id(void)
{
	return find_bytes("\3\0\0\0GNU\0", 8);
}
static void drop_build_id(void)
{
	build_id()[0] = 1;
}
static void empty_build_id(void)
{
	memset(build_id() - 4, 0, 4);
}

static void rename_export(void)
{
	find_bytes("tenon_backend_entry", 20)[0] = 'x';
}
static void unprint_export(void)
{
	find_bytes("tenon_backend_entry", 20)[0] = 7;
}
static void hide_export(void)
{
	export()->st_other = STV_HIDDEN;
}
static void make_data(void)
{
	export()->st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
}
static void make_ifunc(void)
{
	export()->st_info = ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC);
}
static void aim_at_data(void)
{
	export()->st_value = last_load()->p_vaddr;
}
static void displace_name(void)
{
	export()->st_name = UINT32_MAX;
}
static void make_unique(void)
{
	export()->st_info = ELF64_ST_INFO(STB_GNU_UNIQUE, STT_FUNC);
}
static void make_nodelete(void)
{
	entry(DT_FLAGS_1)->d_un.d_val |= DF_1_NODELETE;
}
static void make_pie(void)
{
	entry(DT_FLAGS_1)->d_un.d_val |= DF_1_PIE;
}

static void add_init(void)
{
	entry(DT_SONAME)->d_tag = DT_INIT;
}
static void add_fini(void)
{
	entry(DT_SONAME)->d_tag = DT_FINI;
}
static void add_init_array(void)
{
	entry(DT_SONAME)->d_tag = DT_INIT_ARRAY;
}
static void add_fini_array(void)
{
	entry(DT_SONAME)->d_tag = DT_FINI_ARRAY;
}
static void add_preinit_array(void)
{
	entry(DT_SONAME)->d_tag = DT_PREINIT_ARRAY;
}
static void need_itself(void)
{
	entry(DT_SONAME)->d_tag = DT_NEEDED;
}
static void need_nothing(void)
{
	entry(DT_SONAME)->d_un.d_val = UINT64_MAX;
	need_itself();
}
static void add_auxiliary(void)
{
	entry(DT_SONAME)->d_tag = DT_AUXILIARY;
}
static void add_filter(void)
{
	entry(DT_SONAME)->d_tag = DT_FILTER;
}
static void add_audit(void)
{
	entry(DT_SONAME)->d_tag = DT_AUDIT;
}
static void import_fork(void)
{
	memcpy(find_bytes("memset", 7), "fork", 5);
}
static Elf64_Rela *relocation(void)
{
	return at(DT_RELA);
}
static void add_ifunc(void)
{
	uint32_t type = header()->e_machine == EM_AARCH64 ? R_AARCH64_IRELATIVE : R_X86_64_IRELATIVE;
	relocation()->r_info = ELF64_R_INFO(0, type);
}
static void lose_relocations(void)
{
	entry(DT_RELA)->d_un.d_val = UINT64_MAX - 4;
}
static void add_rpath(void)
{
	entry(DT_SONAME)->d_tag = DT_RPATH;
}
static void add_runpath(void)
{
	entry(DT_SONAME)->d_tag = DT_RUNPATH;
}
static void add_textrel(void)
{
	entry(DT_SONAME)->d_tag = DT_TEXTREL;
}
static void flag_textrel(void)
{
	entry(DT_FLAGS)->d_un.d_val |= DF_TEXTREL;
}
static void add_tls(void)
{
	segment(PT_GNU_EH_FRAME)->p_type = PT_TLS;
}
static void execute_stack(void)
{
	segment(PT_GNU_STACK)->p_flags |= PF_X;
}
static void drop_stack(void)
{
	segment(PT_GNU_STACK)->p_type = PT_NULL;
}
static void write_code(void)
{
	last_load()->p_flags |= PF_X;
}

static void make_sparc(void)
{
	header()->e_machine = EM_SPARCV9;
}
static void swap_machine(void)
{
	header()->e_machine = header()->e_machine == EM_X86_64 ? EM_AARCH64 : EM_X86_64;
}
static void need_the_impossible(void)
{
	strcpy(note()->needs, "hwcap:8000000000000000,cpuid:7.0.ebx=4");
}
static void need_the_unknown(void)
{
	strcpy(note()->needs, "avx1024");
}
static void need_nonsense(void)
{
	strcpy(note()->needs, "avx2,,");
}
static void use_the_unknown(void)
{
	strcpy(note()->uses, "avx1024");
}
static void swap_machine_and_add_rpath(void)
{
	swap_machine(), add_rpath();
}
static void swap_machine_and_need_nonsense(void)
{
	swap_machine(), need_nonsense();
}

static const struct break_case cases[] = {
	{drop_note, "note", TENON_EREFUSED, "has no Tenon note"},
	{double_note, "note", TENON_EREFUSED, "has 2 Tenon notes"},
	{retype_note, "note", TENON_EREFUSED, "type 2"},
	{resize_note, "note", TENON_EREFUSED, "with 340 bytes"},
	{overrun_note, "note", TENON_EREFUSED, "has no Tenon note"},
	{run_on_text, "note", TENON_EREFUSED, "does not end"},
	{run_on_needs, "note", TENON_EREFUSED, "does not end"},
	{empty_name, "name", TENON_EREFUSED, "a name that no backend may have"},
	{climb_name, "name", TENON_EREFUSED, "a name that no backend may have"},
	{reserve_name, "name", TENON_EREFUSED, "auto"},
	{colour_version, "name", TENON_EREFUSED, "not printable"},
	{raise_abi, "abi", TENON_EREFUSED, "its abi_min is 9.1, but the newest ABI of this Tenon is 1.0"},
	{lower_abi, "abi", TENON_EREFUSED, "its abi_max is 0.7, but the oldest ABI of this Tenon is 1.0"},
	{invert_abi, "abi", TENON_EREFUSED, "is above its abi_max"},
	{widen_abi, NULL, 0, NULL},
	{drop_build_id, "build-id", TENON_EREFUSED, "has 0 build-ids"},
	{empty_build_id, "build-id", TENON_EREFUSED, "build-id of 0 bytes"},
	{rename_export, "exports", TENON_EREFUSED, "exports 'xenon_backend_entry'"},
	{unprint_export, "exports", TENON_EREFUSED, "exports '?'"},
	{hide_export, "exports", TENON_EREFUSED, "does not export tenon_backend_entry"},
	{make_data, "exports", TENON_EREFUSED, "not as a function"},
	{make_ifunc, "exports", TENON_EREFUSED, "not as a function"},
	{aim_at_data, "exports", TENON_EREFUSED, "not as a function"},
	{displace_name, "exports", TENON_EREFUSED, "exports ''"},
	{add_init, "constructors", TENON_EREFUSED, "has DT_INIT:"},
	{add_fini, "constructors", TENON_EREFUSED, "has DT_FINI:"},
	{add_init_array, "constructors", TENON_EREFUSED, "has DT_INIT_ARRAY:"},
	{add_fini_array, "constructors", TENON_EREFUSED, "has DT_FINI_ARRAY:"},
	{add_preinit_array, "constructors", TENON_EREFUSED, "has DT_PREINIT_ARRAY:"},
	{need_itself, "libraries", TENON_EREFUSED, "needs the library 'scalar.so'"},
	{need_nothing, "libraries", TENON_EREFUSED, "needs the library '?'"},
	{add_auxiliary, "libraries", TENON_EREFUSED, "DT_AUXILIARY"},
	{add_filter, "libraries", TENON_EREFUSED, "DT_FILTER"},
	{add_audit, "libraries", TENON_EREFUSED, "DT_AUDIT"},
	{import_fork, "imports", TENON_EREFUSED, "imports fork: it starts processes"},
	{add_ifunc, "ifuncs", TENON_EREFUSED, "has an ifunc"},
	{lose_relocations, "ifuncs", TENON_EREFUSED, "relocations that is not in the file"},
	{add_rpath, "search-path", TENON_EREFUSED, "has DT_RPATH"},
	{add_runpath, "search-path", TENON_EREFUSED, "has DT_RUNPATH"},
	{add_textrel, "text-relocations", TENON_EREFUSED, "has DT_TEXTREL"},
	{flag_textrel, "text-relocations", TENON_EREFUSED, "has DF_TEXTREL"},
	{make_nodelete, "unloading", TENON_EREFUSED, "NODELETE"},
	{make_pie, "unloading", TENON_EREFUSED, "DF_1_PIE"},
	{make_unique, "unloading", TENON_EREFUSED, "unique symbol"},
	{add_tls, "tls", TENON_EREFUSED, "PT_TLS"},
	{execute_stack, "stack", TENON_EREFUSED, "executable stack"},
	{drop_stack, "stack", TENON_EREFUSED, "PT_GNU_STACK"},
	{write_code, "writable-code", TENON_EREFUSED, "writable and executable"},
	{make_sparc, "machine", TENON_EUNSUPPORTED, "ELF machine 43"},
	{swap_machine, "machine", TENON_EUNSUPPORTED, "is built for "},
	{need_the_impossible, "needs", TENON_EUNSUPPORTED, "needs "},
	{need_the_unknown, "needs", TENON_EREFUSED, "'avx1024'"},
	{need_nonsense, "needs", TENON_EREFUSED, "do not parse"},
	{use_the_unknown, NULL, 0, NULL}, /* an entry that no host of today can use is skipped, no more */
	{swap_machine_and_add_rpath, "machine", TENON_EREFUSED,
	 "is built for "}, /* not only this machine is in the way */
	{swap_machine_and_need_nonsense, "needs", TENON_EREFUSED, "do not parse"},
};
#define CASE_COUNT (sizeof cases / sizeof cases[0])

/* ---- Judging ----------------------------------------------------------------------------------------------------- */

static void passes_the_plugins_of_this_build(void **state)
{
	(void)state;
	unsigned passed = 0;
	DIR *folder = opendir(plugin_folder());
	assert_non_null(folder);
	for (struct dirent *found; (found = readdir(folder));) {
		char path[4096];
		struct file file;
		struct vetted vetted;
		struct why why;
		size_t length = strlen(found->d_name);
		if (length < 4 || strcmp(found->d_name + length - 3, ".so") != 0)
			continue;
		snprintf(path, sizeof path, "%s/%s", plugin_folder(), found->d_name);
		assert_int_equal(read_file(path, 64 << 20, TENON_EREFUSED, &file, &why), 0);
		int status = vet_bytes(file.bytes, file.size, path, &cpu, &vetted, &why);
		free(file.bytes);
		if (status != 0 && status != TENON_EUNSUPPORTED)
			fail_msg("%s", why.text);
		found->d_name[length - 3] = '\0';
		assert_string_equal(vetted.name, found->d_name);
		assert_string_equal(vetted.version, PACKAGE_VERSION);
		assert_int_equal(strlen(vetted.build_id), 40);
		passed += status == 0;
	}
	closedir(folder);
	assert_true(passed > 0); /* scalar at least */
}

static void passes_an_unbroken_copy(void **state)
{
	(void)state;
	int status;
	struct verdicts verdicts = judge("needs", &status);
	assert_int_equal(status, 0);
	assert_int_equal(verdicts.refused, 0);
	assert_int_equal(verdicts.exempt, SANITIZED ? 4 : 0);
	assert_int_equal(verdicts.verdict, 0);
}

static void refuses_what_is_broken(void **state)
{
	(void)state;
	check_cases(cases, CASE_COUNT);
}

static void breaks_every_rule(void **state)
{
	(void)state;
	int status;
	struct verdicts verdicts = judge(NULL, &status);
	for (unsigned i = 0; i < verdicts.count; i++) {
		const char *rule = verdicts.names[i];
		bool broken =
			!strcmp(rule, "elf") || !strcmp(rule, "segments") || !strcmp(rule, "dynamic"); /* in elf.c */
		for (size_t j = 0; j < CASE_COUNT && !broken; j++)
			broken = cases[j].rule && strcmp(cases[j].rule, rule) == 0;
		if (!broken)
			fail_msg("no case breaks the rule '%s'", rule);
	}
}

static void goes_on_after_a_refusal(void **state)
{
	(void)state;
	int status;
	add_rpath();
	execute_stack();
	struct verdicts verdicts = judge("stack", &status);
	assert_int_equal(verdicts.refused, 2);
	assert_int_equal(verdicts.verdict, TENON_EREFUSED);
	verdicts = judge("needs", &status);
	assert_int_equal(verdicts.verdict, 0);
	drop_note();
	verdicts = judge("needs", &status); /* what the note would have said is open, not passed */
	assert_int_equal(verdicts.verdict, VET_OPEN);
	image[0] = 'e';
	verdicts = judge("stack", &status);
	assert_int_equal(verdicts.refused, 1);
	assert_int_equal(verdicts.verdict, VET_OPEN);
}

static void keeps_the_remedy_of_a_long_path(void **state)
{
	(void)state;
	char label[4000];
	struct vetted vetted;
	struct why why;
	memset(label, 'd', sizeof label);
	strcpy(label + sizeof label - 10, "/acme.so");
	add_rpath();
	assert_int_equal(vet_bytes(image, plugin.size, label, &cpu, &vetted, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "/acme.so: has DT_RPATH"));
	assert_non_null(strstr(why.text, "link it without -rpath"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLUGIN_TEST(passes_the_plugins_of_this_build), PLUGIN_TEST(passes_an_unbroken_copy),
		PLUGIN_TEST(refuses_what_is_broken),           PLUGIN_TEST(breaks_every_rule),
		PLUGIN_TEST(goes_on_after_a_refusal),          PLUGIN_TEST(keeps_the_remedy_of_a_long_path),
	};
	return cmocka_run_group_tests_name("vet", tests, read_plugin, free_plugin);
}
