/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finding and choosing backends: search order, names and paths, what auto takes and passes over. The folders hold
 * copies of the scalar plugin whose notes say what a test needs.
 */
#include "build.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/plugin.h"

#include "runtime/find.h"

static char home[] = "/tmp/tenon-find-XXXXXX";
static char one[64], two[64];
static struct config config;
static struct candidate found;
static struct why why;

static int make_home(void **state)
{
	if (!mkdtemp(home))
		return -1;
	snprintf(one, sizeof one, "%s/one", home);
	snprintf(two, sizeof two, "%s/two", home);
	return read_plugin(state);
}

static int remove_home(void **state)
{
	char command[128];
	free_plugin(state);
	snprintf(command, sizeof command, "rm -rf %s", home);
	return system(command);
}

/*
 * Before each test: two empty folders, searched in this order, and a machine without any feature, so that backends
 * installed on the real one are out of the running.
 */
static int empty_home(void **state)
{
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s/*", home);
	if (system(command) || mkdir(one, 0755) || mkdir(two, 0755))
		return -1;
	probe_cpu(&cpu);
	memset(cpu.has, 0, sizeof cpu.has);
	default_config(&config);
	snprintf(config.backend_path, sizeof config.backend_path, "%s:%s", one, two);
	memset(&found, 0, sizeof found);
	memset(&why, 0, sizeof why);
	return copy_plugin(state);
}

static void write_file(const char *folder, const char *name, const void *bytes, size_t size)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0755), 0);
}

/* A plugin that calls itself name, needs that, and is a file of its own name or another. */
static void write_plugin(const char *folder, const char *name, const char *needs, const char *file)
{
	char own[64];
	snprintf(note()->name, sizeof note()->name, "%s", name);
	memset(note()->needs, 0, sizeof note()->needs);
	snprintf(note()->needs, sizeof note()->needs, "%s", needs);
	snprintf(own, sizeof own, "%s.so", name);
	write_file(folder, file ? file : own, image, plugin.size);
}

static void assert_says(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' does not say '%s'", text, part);
}

static void assert_resolves(const char *name, const char *folder)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s.so", folder, name);
	if (resolve_backend(&config, &cpu, name, &found, &why))
		fail_msg("%s: %s", name, why.text);
	assert_string_equal(found.path, path);
}

/* The installed one, which is searched when no other is named. */
static const char *backenddir(void)
{
	static char folder[PATH_MAX];
	struct config plain;
	default_config(&plain);
	assert_true(backend_directory(&plain, 0, folder));
	assert_int_equal(folder[0], '/');
	return folder;
}

/* A requirement that this machine does not meet. */
static const char *impossible(void)
{
	return cpu.source->arch == ARCH_AARCH64 ? "hwcap2:8000000000000000" : "cpuid:7fffffff.0.eax=1";
}

/* ---- Names and paths --------------------------------------------------------------------------------------------- */

static void has_scalar_without_files(void **state)
{
	(void)state;
	assert_int_equal(resolve_backend(&config, &cpu, "scalar", &found, &why), 0);
	assert_string_equal(found.name, "scalar");
	assert_string_equal(found.path, "");
	assert_string_equal(found.vetted.version, PACKAGE_VERSION);
	assert_int_equal(resolve_backend(&config, &cpu, "auto", &found, &why), 0);
	assert_string_equal(found.name, "scalar");
	assert_string_equal(why.text, "");
}

static void searches_in_order(void **state)
{
	(void)state;
	write_plugin(two, "acme", "", NULL);
	assert_resolves("acme", two);
	assert_string_equal(found.vetted.name, "acme");
	assert_string_equal(found.vetted.vendor, "Tenon");
	write_plugin(one, "acme", "", NULL);
	assert_resolves("acme", one);
	/* The first file of a name counts, usable or not: a broken one does not quietly give way. */
	write_file(one, "acme.so", "broken", 6);
	assert_int_equal(resolve_backend(&config, &cpu, "acme", &found, &why), TENON_EREFUSED);
	assert_says(why.text, "/one/acme.so: is not an ELF file");
}

static void takes_any_file_by_path(void **state)
{
	(void)state;
	char path[128];
	write_plugin(one, "acme", "", "build-17.so");
	snprintf(path, sizeof path, "%s/build-17.so", one);
	assert_int_equal(resolve_backend(&config, &cpu, path, &found, &why), 0);
	assert_string_equal(found.name, "acme");
	assert_string_equal(found.path, path);
	snprintf(path, sizeof path, "%s/none.so", one);
	assert_int_equal(resolve_backend(&config, &cpu, path, &found, &why), TENON_ENOENT);
	assert_says(why.text, "none.so: cannot be opened");
	assert_int_equal(resolve_backend(&config, &cpu, one, &found, &why), TENON_EREFUSED);
	assert_says(why.text, "is a directory");
	assert_int_equal(resolve_backend(&config, &cpu, "/dev/zero", &found, &why), TENON_EREFUSED);
	assert_says(why.text, "not a regular file");
	char endless[PATH_MAX + 10];
	memset(endless, '/', sizeof endless);
	endless[sizeof endless - 1] = '\0';
	assert_int_equal(resolve_backend(&config, &cpu, endless, &found, &why), TENON_EREFUSED);
	assert_says(why.text, "longer than paths may be");
}

static void lists_the_names_for_an_unknown_one(void **state)
{
	(void)state;
	write_plugin(one, "acme", "", NULL);
	write_plugin(two, "beta", impossible(), NULL);
	assert_int_equal(resolve_backend(&config, &cpu, "acne", &found, &why), TENON_ENOENT);
	assert_says(why.text, "there is no backend 'acne'");
	assert_says(why.text, "scalar, acme, beta");
	assert_says(why.text, one);
	assert_says(why.text, two);
	static const char *const never[] = {"", "..", "a b", "ac,me", "\033[31m", "12345678901234567890123456789012"};
	for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
		assert_int_equal(resolve_backend(&config, &cpu, never[i], &found, &why), TENON_ENOENT);
}

static void holds_a_file_to_its_name(void **state)
{
	(void)state;
	write_plugin(one, "acme", "", "avx2.so");
	assert_int_equal(resolve_backend(&config, &cpu, "avx2", &found, &why), TENON_EREFUSED);
	assert_says(why.text, "its note says that it is acme; rename it to acme.so");
	assert_int_equal(resolve_backend(&config, &cpu, "acme", &found, &why), TENON_ENOENT);
}

static void refuses_a_file_that_anyone_may_write(void **state)
{
	(void)state;
	char path[128];
	write_plugin(one, "acme", "", NULL);
	snprintf(path, sizeof path, "%s/acme.so", one);
	assert_int_equal(chmod(path, 0757), 0);
	assert_int_equal(resolve_backend(&config, &cpu, "acme", &found, &why), TENON_EREFUSED);
	assert_says(why.text, "chmod o-w '");
	assert_string_equal(found.vetted.name, "acme"); /* still known, for those who list it */
	assert_int_equal(resolve_backend(&config, &cpu, path, &found, &why), TENON_EREFUSED);
	assert_int_equal(chmod(path, 0755), 0);
	assert_resolves("acme", one);
}

static void applies_every_check_to_a_forced_one(void **state)
{
	(void)state;
	write_plugin(one, "acme", impossible(), NULL);
	assert_int_equal(resolve_backend(&config, &cpu, "acme", &found, &why), TENON_EUNSUPPORTED);
	assert_says(why.text, impossible());
	segment(PT_GNU_STACK)->p_flags |= PF_X;
	write_plugin(one, "acme", "", NULL);
	assert_int_equal(resolve_backend(&config, &cpu, "acme", &found, &why), TENON_EREFUSED);
	assert_says(why.text, "executable stack");
}

/* ---- Listing ----------------------------------------------------------------------------------------------------- */

static const struct candidate *listed(const struct candidate *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	fail_msg("%s is not listed", name);
	return NULL;
}

static void lists_everything(void **state)
{
	(void)state;
	struct candidate *list;
	size_t count;
	write_plugin(one, "zeta", "", NULL);
	write_plugin(one, "acme", "", NULL);
	write_plugin(one, "wrong", "", "b.so");
	write_plugin(one, "x", "", "not a name.so");
	write_plugin(two, "acme", impossible(), NULL);
	write_plugin(two, "beta", impossible(), NULL);
	write_plugin(two, "scalar", "", NULL);
	write_file(two, "junk.so", "junk", 4);
	write_file(two, "readme.txt", "junk", 4);
	write_file(two, ".hidden.so", "junk", 4);
	assert_int_equal(find_backends(&config, &cpu, &list, &count, &why), 0);
	assert_string_equal(list[0].name, "scalar");
	assert_string_equal(list[0].path, "");     /* the linked-in one; a file cannot take its place */
	assert_string_equal(list[1].name, "acme"); /* by name within a folder */
	assert_string_equal(list[2].name, "b");
	assert_string_equal(list[3].name, "not a name");
	assert_string_equal(list[4].name, "zeta");
	assert_int_equal(listed(list, count, "acme")->status, 0);
	assert_int_equal(listed(list, count, "beta")->status, TENON_EUNSUPPORTED);
	assert_int_equal(listed(list, count, "b")->status, TENON_EREFUSED);
	assert_int_equal(listed(list, count, "not a name")->status, TENON_EREFUSED);
	assert_int_equal(listed(list, count, "junk")->status, TENON_EREFUSED);
	assert_says(listed(list, count, "junk")->why.text, "is not an ELF file");
	for (size_t i = 7; i < count; i++) /* what is installed, if anything */
		assert_memory_equal(list[i].path, backenddir(), strlen(backenddir()));
	free(list);
}

static void says_which_folder_it_could_not_read(void **state)
{
	(void)state;
	struct candidate *list;
	size_t count;
	write_file(one, "file", "", 0);
	write_plugin(two, "acme", "", NULL);
	snprintf(config.backend_path, sizeof config.backend_path, "%s/file:%s/none:%s", one, one, two);
	assert_int_equal(find_backends(&config, &cpu, &list, &count, &why), 0);
	assert_int_equal(why.status, 0);
	assert_says(why.text, "/file: passed over: Not a directory");
	assert_int_equal(listed(list, count, "acme")->status, 0);
	free(list);
}

static void knows_its_folders(void **state)
{
	(void)state;
	char folder[PATH_MAX];
	assert_true(backend_directory(&config, 0, folder));
	assert_string_equal(folder, one);
	assert_true(backend_directory(&config, 1, folder));
	assert_string_equal(folder, two);
	assert_true(backend_directory(&config, 2, folder));
	assert_string_equal(folder, backenddir());
	assert_false(backend_directory(&config, 3, folder));
	config.backend_path[0] = '\0';
	assert_true(backend_directory(&config, 0, folder));
	assert_string_equal(folder, backenddir());
	assert_false(backend_directory(&config, 1, folder));
}

/* ---- Auto -------------------------------------------------------------------------------------------------------- */

static void assert_auto(const char *name)
{
	int status = resolve_backend(&config, &cpu, "auto", &found, &why);
	assert_int_equal(status, 0);
	assert_int_equal(why.status, 0);
	assert_string_equal(found.name, name);
}

static void takes_the_best_isa(void **state)
{
	(void)state;
#ifdef __x86_64__
	/* Ranks come from what the note needs; on this made-up machine all of it is there. */
	memset(cpu.has, 1, sizeof cpu.has);
	write_plugin(one, "avx512", impossible(), NULL);
	write_plugin(one, "avx2", "x86-64-v3", NULL);
	assert_auto("avx2");
	write_plugin(one, "avx512", "x86-64-v4", NULL);
	assert_auto("avx512");
	assert_int_equal(cap_cpu(&cpu, "avx2", &why), 0);
	assert_auto("avx2");
	assert_string_equal(why.text, ""); /* a CPU that cannot is no reason to warn */
	assert_int_equal(cap_cpu(&cpu, "scalar", &why), 0);
	assert_auto("scalar");
#else
	write_plugin(one, "neon", "", NULL);
	assert_auto("neon");
#endif
}

static void chooses_only_what_it_may(void **state)
{
	(void)state;
	write_plugin(one, "acme", "", NULL);
	write_plugin(one, "acma", "", NULL);
	write_plugin(one, "neon", "", NULL);
	assert_auto("neon");
	assert_true(auto_may_choose(&config, "neon"));
	assert_true(auto_may_choose(&config, "scalar"));
	assert_false(auto_may_choose(&config, "acme"));
	strcpy(config.allow, "zeta,acme");
	assert_true(auto_may_choose(&config, "acme"));
	assert_false(auto_may_choose(&config, "acm"));
	assert_auto("acme"); /* the same rank: the first by name */
	strcpy(config.allow, "acme,acma");
	assert_auto("acma");
	write_plugin(one, "acma", impossible(), NULL);
	assert_auto("acme");
}

static void says_what_it_passed_over(void **state)
{
	(void)state;
	write_plugin(one, "neon", "", NULL);
	write_file(one, "avx512.so", "junk", 4);
	assert_auto("neon");
	assert_says(why.text, "auto passed over avx512: ");
	assert_says(why.text, "is not an ELF file");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, empty_home, free_copy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(has_scalar_without_files),
		TEST(searches_in_order),
		TEST(takes_any_file_by_path),
		TEST(lists_the_names_for_an_unknown_one),
		TEST(holds_a_file_to_its_name),
		TEST(refuses_a_file_that_anyone_may_write),
		TEST(applies_every_check_to_a_forced_one),
		TEST(lists_everything),
		TEST(says_which_folder_it_could_not_read),
		TEST(knows_its_folders),
		TEST(takes_the_best_isa),
		TEST(chooses_only_what_it_may),
		TEST(says_what_it_passed_over),
	};
	return cmocka_run_group_tests_name("find", tests, make_home, remove_home);
}
