/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Negotiation and self-test: each oddity of the odd plugin is refused by name, and leaves nothing behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dlfcn.h>

#include "runtime/public.h"
#include "tests/live.h"

/* Another file, which takes the place of the one that the runtime is about to map; NULL: none does. */
static const char *intruder;

/* Stands before libc's. */
TENON_PUBLIC void *dlopen(const char *path, int flags)
{
	void *(*next)(const char *path, int flags), *found = dlsym(RTLD_NEXT, "dlopen");
	memcpy(&next, &found, sizeof next);
	if (intruder && path)
		assert_int_equal(rename(intruder, path), 0);
	intruder = NULL;
	return next(path, flags);
}

static int close_everything(void **state)
{
	(void)state;
	unsetenv("TENON_TEST_ODD");
	while (tenon_close() == TENON_OK)
		;
	return 0;
}

static void oddities_are_refused_by_name(void **state)
{
	static const struct {
		const char *oddity, *said;
	} cases[] = {
		{"declines", "declined"},
		{"magic", "magic"},
		{"size", "size is 0x8"},
		{"kernel_size", "kernel_size is 0x8"},
		{"abi_min", "abi_min is 0x90000"},
		{"abi_max", "abi_max is 0x1"},
		{"range", "is not its note's"},
		{"name", "name is \"even\""},
		{"vendor", "vendor is \"(null)\""},
		{"kernels", "at NULL"},
		{"function", "its inner_product is NULL"},
		{"class", "unknown class 7"},
		{"bounded", "numerics = bounded"},
		{"needs", "three wishes"},
		{"bits", "inner_product: self-test"},
		{"float", "floating-point control state"},
	};
	(void)state;
	assert_int_equal(open_quietly(), TENON_OK);
	struct tenon_status_info before = get_status();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		setenv("TENON_TEST_ODD", cases[i].oddity, 1);
		assert_int_equal(tenon_swap(ODD_PLUGIN, 0), TENON_EREFUSED);
		if (!strstr(tenon_error_detail(), cases[i].said) || !strstr(tenon_error_detail(), "odd.so"))
			fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].oddity, tenon_error_detail(),
				 cases[i].said);
		struct tenon_status_info after = get_status();
		assert_memory_equal(&before, &after, sizeof before);
		assert_int_equal(count_mappings("/odd-"), 0);
	}
}

static void what_is_mapped_is_what_was_vetted(void **state)
{
	(void)state;
	char copy[] = "/tmp/tenon-test-XXXXXX", bytes[1 << 16];
	int file = mkstemp(copy);
	FILE *source = fopen(HOOKED_PLUGIN, "re");
	assert_true(file >= 0 && source);
	for (size_t got; (got = fread(bytes, 1, sizeof bytes, source)) > 0;)
		assert_int_equal(write(file, bytes, got), got);
	fclose(source);
	close(file);
	assert_int_equal(open_quietly(), TENON_OK);
	intruder = copy;
	assert_int_equal(tenon_swap(ODD_PLUGIN, 0), TENON_EREFUSED);
	if (!strstr(tenon_error_detail(), "was vetted, ") || !strstr(tenon_error_detail(), " was mapped"))
		fail_msg("\"%s\" does not say what was vetted and what was mapped", tenon_error_detail());
	assert_true(serves("scalar") && calls_work());
	assert_int_equal(count_mappings("/odd-"), 0);
	assert_int_equal(tenon_swap(ODD_PLUGIN, 0), TENON_OK);
}

#ifdef __x86_64__
static void float_state_is_put_back(void **state)
{
	(void)state;
	assert_int_equal(open_quietly(), TENON_OK);
	unsigned before = __builtin_ia32_stmxcsr();
	setenv("TENON_TEST_ODD", "float", 1);
	assert_int_equal(tenon_swap(ODD_PLUGIN, 0), TENON_EREFUSED);
	assert_int_equal(__builtin_ia32_stmxcsr() & ~0x3fu, before & ~0x3fu);
}
#endif

/* Unknown ids, unmet needs, longer structs of a newer minor version: none of them is in the way. */
static void what_is_unknown_is_skipped(void **state)
{
	(void)state;
	assert_int_equal(open_quietly(), TENON_OK);
	assert_int_equal(tenon_swap(ODD_PLUGIN, 0), TENON_OK);
	assert_true(serves("odd"));
	assert_true(calls_work());
}

static void bounded_serves_where_it_is_allowed(void **state)
{
	(void)state;
	assert_int_equal(open_with("[runtime]\nbackend = scalar\nnumerics = bounded\n"), TENON_OK);
	setenv("TENON_TEST_ODD", "bounded", 1);
	assert_int_equal(tenon_swap(ODD_PLUGIN, 0), TENON_OK);
	assert_true(serves("odd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(oddities_are_refused_by_name, close_everything),
		cmocka_unit_test_teardown(what_is_mapped_is_what_was_vetted, close_everything),
#ifdef __x86_64__
		cmocka_unit_test_teardown(float_state_is_put_back, close_everything),
#endif
		cmocka_unit_test_teardown(what_is_unknown_is_skipped, close_everything),
		cmocka_unit_test_teardown(bounded_serves_where_it_is_allowed, close_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
