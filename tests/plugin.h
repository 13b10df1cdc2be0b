/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A copy of scalar.so, the plugin that every build has, for a test to break: where its headers, tables and notes stand,
 * and what vetting says of it. Each test gets a fresh copy, exactly as long as it claims. All of it is static.
 */
#ifndef TESTS_PLUGIN_H
#define TESTS_PLUGIN_H

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/file.h"
#include "runtime/vet.h"

#define UNUSED __attribute__((unused)) /* not every test breaks everything */

#ifdef TENON_SANITIZED
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static struct cpu cpu;
static struct file plugin; /* as malloc() aligned it, so its headers are, too */
static char *image;        /* the copy that a test breaks */

static UNUSED const char *plugin_folder(void)
{
	const char *folder = getenv("TENON_BACKEND_PATH");
	return folder ? folder : "backends/.libs";
}

static UNUSED int read_plugin(void **state)
{
	(void)state;
	char path[4096];
	struct why why;
	probe_cpu(&cpu);
	snprintf(path, sizeof path, "%s/scalar.so", plugin_folder());
	return read_file(path, 64 << 20, TENON_EREFUSED, &plugin, &why);
}

static UNUSED int free_plugin(void **state)
{
	(void)state;
	free(plugin.bytes);
	return 0;
}

static UNUSED int copy_plugin(void **state)
{
	(void)state;
	image = malloc(plugin.size);
	return image ? memcpy(image, plugin.bytes, plugin.size), 0 : -1;
}

static UNUSED int free_copy(void **state)
{
	(void)state;
	free(image);
	return 0;
}

/* ---- Finding what to break --------------------------------------------------------------------------------------- */

static UNUSED Elf64_Ehdr *header(void)
{
	return (Elf64_Ehdr *)image;
}

static UNUSED Elf64_Phdr *segment(uint32_t type)
{
	Elf64_Phdr *segments = (Elf64_Phdr *)(image + header()->e_phoff);
	for (int i = 0; i < header()->e_phnum; i++)
		if (segments[i].p_type == type)
			return &segments[i];
	fail_msg("no segment of type %x", type);
	return NULL;
}

static UNUSED Elf64_Phdr *last_load(void)
{
	Elf64_Phdr *last = segment(PT_LOAD);
	for (Elf64_Phdr *s = last; s < (Elf64_Phdr *)(image + header()->e_phoff) + header()->e_phnum; s++)
		if (s->p_type == PT_LOAD)
			last = s;
	return last;
}

static UNUSED Elf64_Dyn *entry(int64_t tag)
{
	for (Elf64_Dyn *d = (Elf64_Dyn *)(image + segment(PT_DYNAMIC)->p_offset); d->d_tag != DT_NULL; d++)
		if (d->d_tag == tag)
			return d;
	fail_msg("no dynamic entry %llx", (unsigned long long)tag);
	return NULL;
}

/* In the first segment, where what these tests look for lives, addresses are file offsets. */
static UNUSED void *at(int64_t tag)
{
	return image + entry(tag)->d_un.d_ptr;
}

/* The bytes of text, which stand where the linker put them. */
static UNUSED char *find_bytes(const char *text, size_t size)
{
	char *found = memmem(image, plugin.size, text, size);
	assert_non_null(found);
	return found;
}

static UNUSED struct tenon_note *note(void)
{
	return (struct tenon_note *)(find_bytes("Tenon\0\0\0", 8) - offsetof(struct tenon_note, owner));
}

static UNUSED Elf64_Sym *export(void)
{
	const char *strings = at(DT_STRTAB);
	for (Elf64_Sym *s = (Elf64_Sym *)at(DT_SYMTAB);; s++)
		if (strcmp(strings + s->st_name, "tenon_backend_entry") == 0)
			return s;
}

/* A way to break it, and what must come of that. */
struct break_case {
	void (*destroy)(void);
	const char *rule; /* that refuses it, NULL for none */
	int status;       /* of the whole file */
	const char *says;
};

/* ---- Judging ----------------------------------------------------------------------------------------------------- */

/* What the rules said of one file. */
struct verdicts {
	const char *wanted;
	int verdict;
	char text[512];
	unsigned count, refused, exempt;
	char names[32][32];
};

static void observe(void *user, const char *rule, int verdict, const char *text)
{
	struct verdicts *verdicts = user;
	assert_true(verdicts->count < 32);
	snprintf(verdicts->names[verdicts->count++], 32, "%s", rule);
	verdicts->refused += verdict < 0;
	verdicts->exempt += verdict == VET_EXEMPT;
	assert_true(strlen(text) > 0);
	if (verdicts->wanted && strcmp(rule, verdicts->wanted) == 0) {
		verdicts->verdict = verdict;
		snprintf(verdicts->text, sizeof verdicts->text, "%s", text);
	}
}

static UNUSED struct verdicts judge(const char *wanted, int *status)
{
	struct verdicts verdicts = {.wanted = wanted, .verdict = VET_OPEN};
	struct vetted vetted, again;
	struct why why, other;
	*status = vet_every_rule(image, plugin.size, "x.so", &cpu, &vetted, observe, &verdicts, &why);
	/* The quick form, which stops at the first refusal, comes to the same end. */
	assert_int_equal(vet_bytes(image, plugin.size, "x.so", &cpu, &again, &other), *status);
	if (*status) {
		assert_string_equal(why.text, other.text);
		assert_int_equal(why.status, *status);
		assert_memory_equal(why.text, "x.so: ", 6);
	}
	return verdicts;
}

static bool is_exempt(const char *rule)
{
	static const char *const exempt[] = {"constructors", "libraries", "imports", "tls"};
	bool found = false;
	for (size_t i = 0; i < sizeof exempt / sizeof *exempt; i++)
		found = found || !strcmp(rule, exempt[i]);
	return SANITIZED && found;
}

/* Breaks the copy each way, and holds the verdict of the rule and of the whole against the case. */
static UNUSED void check_cases(const struct break_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct break_case *c = &cases[i];
		int status, expected = c->rule && is_exempt(c->rule) ? 0 : c->status;
		memcpy(image, plugin.bytes, plugin.size);
		c->destroy();
		struct verdicts verdicts = judge(c->rule, &status);
		if (status != expected)
			fail_msg("case %zu (%s): %d, '%s'", i, c->says ? c->says : "good", status, verdicts.text);
		if (expected == 0)
			continue;
		assert_true(verdicts.verdict < 0);
		if (!strstr(verdicts.text, c->says))
			fail_msg("'%s' does not say '%s'", verdicts.text, c->says);
	}
}

#define PLUGIN_TEST(function) cmocka_unit_test_setup_teardown(function, copy_plugin, free_copy)

#endif
