/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Open, swap, rollback, close: what serves, what is said, and that a failure changes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/live.h"
#include "tests/plugins/hooked.h"

static char log_text[4096];

static void take_line(enum tenon_log_level level, const char *line, void *user)
{
	(void)level;
	(void)user;
	strncat(log_text, line, sizeof log_text - strlen(log_text) - 2);
	strcat(log_text, "\n");
}

static int close_everything(void **state)
{
	(void)state;
	while (tenon_close() == TENON_OK)
		;
	tenon_log_set(NULL, NULL);
	log_text[0] = '\0';
	return 0;
}

static void copy_file(const char *from, const char *to)
{
	char command[2 * PATH_MAX + 32];
	snprintf(command, sizeof command, "cp '%s' '%s.new' && mv '%s.new' '%s'", from, to, to, to);
	assert_int_equal(system(command), 0);
}

/* ---- Open and close ---------------------------------------------------------------------------------------------- */

static void unopened_runtime_serves_scalar(void **state)
{
	(void)state;
	assert_true(calls_work());
	assert_true(serves("scalar"));
	assert_int_equal(get_status().open, 0);
	assert_int_equal(tenon_swap("scalar", 0), TENON_ENOTOPEN);
	assert_non_null(strstr(tenon_error_detail(), "tenon_open"));
	assert_int_equal(tenon_close(), TENON_ENOTOPEN);
}

static void open_loads_what_is_configured(void **state)
{
	(void)state;
	char text[PATH_MAX + 64];
	snprintf(text, sizeof text, "[runtime]\nbackend = %s\nlabel = my-label\n", HOOKED_PLUGIN);
	assert_int_equal(open_with(text), TENON_OK);
	struct tenon_status_info info = get_status();
	assert_string_equal(info.backend, "hooked");
	assert_string_equal(info.label, "my-label");
	assert_true(info.open && !info.degraded && !info.pinned);
	assert_true(serves("hooked"));
	assert_true(calls_work());
	assert_int_equal(tenon_close(), TENON_OK);
	info = get_status();
	assert_true(!info.open && info.generation == 0);
	assert_true(wait_until(get_status().images_loaded == 0));
	assert_int_equal(count_mappings("tenon-stage-"), 0);
	assert_true(calls_work());
}

static void refused_backend_degrades(void **state)
{
	(void)state;
	tenon_log_set(take_line, NULL);
	assert_int_equal(open_with("[runtime]\nbackend = nosuch\n"), TENON_OK);
	struct tenon_status_info info = get_status();
	assert_true(info.degraded);
	assert_non_null(strstr(info.degraded_reason, "nosuch"));
	assert_non_null(strstr(info.degraded_reason, "scalar"));
	assert_non_null(strstr(log_text, "nosuch"));
	assert_null(strstr(strstr(log_text, "nosuch") + 1, "degraded"));
	assert_true(calls_work());
	assert_int_equal(tenon_swap(HOOKED_PLUGIN, 0), TENON_OK);
	assert_false(get_status().degraded);
}

static void fallback_fail_fails(void **state)
{
	(void)state;
	assert_int_equal(open_with("[runtime]\nbackend = nosuch\nfallback = fail\n"), TENON_ENOENT);
	assert_int_equal(get_status().open, 0);
	assert_int_equal(tenon_close(), TENON_ENOTOPEN);
	assert_true(calls_work());
}

static void invalid_configuration_opens_nothing(void **state)
{
	(void)state;
	assert_int_equal(open_with("[runtime]\nbackend = scalar\nnonsense = 1\n"), TENON_ECONFIG);
	assert_non_null(strstr(tenon_error_detail(), ":3"));
	assert_int_equal(get_status().open, 0);
	assert_true(calls_work());
}

static void opens_are_counted(void **state)
{
	(void)state;
	char path[] = "/tmp/tenon-test-XXXXXX";
	int file = mkstemp(path);
	assert_true(write(file, "[runtime]\nbackend = scalar\n", 27) == 27);
	close(file);
	assert_int_equal(tenon_open(path), TENON_OK);
	assert_int_equal(tenon_open(path), TENON_OK);
	assert_int_equal(open_quietly(), TENON_EBUSY);
	assert_non_null(strstr(tenon_error_detail(), path));
	assert_int_equal(tenon_close(), TENON_OK);
	assert_int_equal(get_status().open, 1);
	assert_int_equal(tenon_close(), TENON_OK);
	assert_int_equal(get_status().open, 0);
	unlink(path);
}

/* No thread, no child, no signal handler, nothing mapped but the backend. */
static void open_is_quiet(void **state)
{
	(void)state;
	int before = count_entries("/proc/self/task");
	assert_int_equal(open_with("[runtime]\nbackend = auto\n"), TENON_OK);
	assert_true(calls_work());
	assert_int_equal(count_entries("/proc/self/task"), before);
}

/* ---- Swap -------------------------------------------------------------------------------------------------------- */

static void swap_changes_what_serves(void **state)
{
	(void)state;
	assert_int_equal(open_quietly(), TENON_OK);
	uint64_t swaps = get_status().swaps, generation = get_status().generation;
	assert_int_equal(tenon_swap(HOOKED_PLUGIN, 0), TENON_OK);
	struct tenon_status_info info = get_status();
	assert_true(serves("hooked"));
	assert_true(calls_work());
	assert_true(info.generation > generation && info.swaps == swaps + 1 && info.pinned);
	assert_int_equal(tenon_unpin(), TENON_OK);
	assert_false(get_status().pinned);
}

static void failed_swap_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(open_quietly(), TENON_OK);
	assert_int_equal(tenon_swap(HOOKED_PLUGIN, 0), TENON_OK);
	struct tenon_status_info before = get_status();
	assert_int_equal(tenon_swap("nosuch", 0), TENON_ENOENT);
	assert_non_null(strstr(tenon_error_detail(), "scalar"));
	assert_int_equal(tenon_swap("/no/such/file.so", 0), TENON_ENOENT);
	assert_int_equal(tenon_swap("/dev/null", 0), TENON_EREFUSED);
	assert_int_equal(tenon_swap("", 0), TENON_EINVAL);
	assert_int_equal(tenon_swap(NULL, 0), TENON_EINVAL);
	assert_int_equal(tenon_swap("scalar", 0x80), TENON_EINVAL);
	struct tenon_status_info after = get_status();
	assert_memory_equal(&before, &after, sizeof before);
}

static void repeated_swap_is_a_no_op(void **state)
{
	(void)state;
	assert_int_equal(open_quietly(), TENON_OK);
	assert_int_equal(tenon_swap(HOOKED_PLUGIN, 0), TENON_OK);
	uint64_t generation = get_status().generation;
	assert_int_equal(tenon_swap(HOOKED_PLUGIN, 0), TENON_OK);
	assert_int_equal(get_status().generation, generation);
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	assert_true(serves("scalar"));
}

static void warm_swaps_reuse_and_cold_ones_reload(void **state)
{
	(void)state;
	assert_int_equal(open_quietly(), TENON_OK);
	uint64_t unloaded = get_status().images_unloaded;
	for (int i = 0; i < 6; i++)
		assert_int_equal(tenon_swap(i % 2 ? "scalar" : HOOKED_PLUGIN, 0), TENON_OK);
	assert_int_equal(get_status().images_loaded, 1);
	for (int i = 0; i < 6; i++)
		assert_int_equal(tenon_swap(i % 2 ? "scalar" : HOOKED_PLUGIN, TENON_SWAP_COLD), TENON_OK);
	/* Of four images that served, the last is what a rollback would need. */
	assert_true(wait_until(get_status().images_unloaded == unloaded + 3));
	assert_int_equal(get_status().images_loaded, 1);
	assert_int_equal(get_status().images_pending, 0);
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	assert_true(serves("hooked"));
	assert_true(calls_work());
}

static void replaced_file_is_a_new_image(void **state)
{
	(void)state;
	char directory[] = "/tmp/tenon-test-XXXXXX", path[64];
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/plugin.so", directory);
	copy_file(HOOKED_PLUGIN, path);
	assert_int_equal(open_quietly(), TENON_OK);
	assert_int_equal(tenon_swap(path, 0), TENON_OK);
	assert_true(serves("hooked"));
	copy_file(ODD_PLUGIN, path);
	assert_int_equal(tenon_swap(path, 0), TENON_OK);
	assert_true(serves("odd"));
	/* What serves is a private copy: overwriting the file in place is nothing to it. */
	assert_int_equal(truncate(path, 0), 0);
	assert_true(calls_work());
	assert_int_equal(tenon_swap(path, 0), TENON_EREFUSED);
	assert_true(serves("odd"));
	uint64_t unloaded = get_status().images_unloaded;
	assert_int_equal(tenon_swap("scalar", 0), TENON_OK);
	assert_int_equal(tenon_swap(HOOKED_PLUGIN, 0), TENON_OK);
	assert_true(wait_until(get_status().images_unloaded > unloaded)); /* both states of the file are history */
	unlink(path);
	rmdir(directory);
}

/* ---- Rollback ---------------------------------------------------------------------------------------------------- */

static void rollback_goes_back_and_sticks(void **state)
{
	(void)state;
	assert_int_equal(open_quietly(), TENON_OK);
	assert_int_equal(tenon_swap(HOOKED_PLUGIN, 0), TENON_OK);
	assert_int_equal(tenon_swap(ODD_PLUGIN, 0), TENON_OK);
	assert_int_equal(tenon_unpin(), TENON_OK);
	uint64_t rollbacks = get_status().rollbacks;
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	assert_true(serves("hooked"));
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	assert_true(serves("hooked"));
	tenon_rollback(TENON_ROLLBACK_SCALAR);
	assert_true(serves("scalar"));
	assert_true(calls_work());
	assert_int_equal(get_status().rollbacks, rollbacks + 3);
	assert_true(get_status().pinned);
	assert_int_equal(tenon_swap(ODD_PLUGIN, 0), TENON_OK);
	assert_true(serves("odd"));
}

/* ---- Composition ------------------------------------------------------------------------------------------------- */

static void kernels_are_composed(void **state)
{
	(void)state;
	char text[2 * PATH_MAX], name[32];
	snprintf(text, sizeof text, "[runtime]\nbackend = %s\n[kernels]\ninner_product = scalar\n", HOOKED_PLUGIN);
	assert_int_equal(open_with(text), TENON_OK);
	assert_true(serves("scalar"));
	assert_string_equal(get_status().backend, "mixed");
	assert_int_equal(tenon_swap(ODD_PLUGIN, 0), TENON_OK); /* the operator's choice for one kernel stays */
	assert_true(serves("scalar"));
	assert_int_equal(tenon_kernel_backend(65535, name, sizeof name), TENON_EINVAL);
	assert_int_equal(tenon_kernel_backend(TENON_ID_inner_product, NULL, 4), TENON_EINVAL);
	assert_int_equal(tenon_kernel_backend(TENON_ID_inner_product, name, 4), TENON_OK);
	assert_string_equal(name, "sca");
	assert_int_equal(tenon_status_get(NULL), TENON_EINVAL);
}

static void unusable_override_degrades(void **state)
{
	(void)state;
	assert_int_equal(open_with("[runtime]\nbackend = scalar\n[kernels]\ninner_product = nosuch\n"), TENON_OK);
	assert_true(get_status().degraded);
	assert_non_null(strstr(get_status().degraded_reason, "nosuch"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(unopened_runtime_serves_scalar, close_everything),
		cmocka_unit_test_teardown(open_is_quiet, close_everything),
		cmocka_unit_test_teardown(open_loads_what_is_configured, close_everything),
		cmocka_unit_test_teardown(refused_backend_degrades, close_everything),
		cmocka_unit_test_teardown(fallback_fail_fails, close_everything),
		cmocka_unit_test_teardown(invalid_configuration_opens_nothing, close_everything),
		cmocka_unit_test_teardown(opens_are_counted, close_everything),
		cmocka_unit_test_teardown(swap_changes_what_serves, close_everything),
		cmocka_unit_test_teardown(failed_swap_changes_nothing, close_everything),
		cmocka_unit_test_teardown(repeated_swap_is_a_no_op, close_everything),
		cmocka_unit_test_teardown(warm_swaps_reuse_and_cold_ones_reload, close_everything),
		cmocka_unit_test_teardown(replaced_file_is_a_new_image, close_everything),
		cmocka_unit_test_teardown(rollback_goes_back_and_sticks, close_everything),
		cmocka_unit_test_teardown(kernels_are_composed, close_everything),
		cmocka_unit_test_teardown(unusable_override_degrades, close_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
