/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Live reload, in this process: what changes, what stays, what is refused without changing anything, and what a pin, a
 * rollback and a stricter rule mean for the backend.
 */
#include "build.h"

#define TENON_TEST_HOOKS
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "runtime/publish.c" /* instead of the library's, for its hook */
#include "runtime/log.h"
#include "runtime/reload.h"
#include "runtime/runtime.h"
#include "tests/leave.h"
#include "tests/live.h"

static char home[] = "/tmp/tenon-reload-XXXXXX", file[64];
static char events[8192]; /* under the lock: the thread that unloads has events, too */
static pthread_mutex_t events_lock = PTHREAD_MUTEX_INITIALIZER;

static void hear_event(enum tenon_log_level level, const char *line, void *user)
{
	(void)user;
	pthread_mutex_lock(&events_lock);
	size_t used = strlen(events);
	snprintf(events + used, sizeof events - used, "%d %s\n", (int)level, line);
	pthread_mutex_unlock(&events_lock);
}

static bool heard(const char *text)
{
	pthread_mutex_lock(&events_lock);
	bool found = strstr(events, text) != NULL;
	pthread_mutex_unlock(&events_lock);
	return found;
}

static void write_file(const char *text)
{
	FILE *out = fopen(file, "we");
	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static int make_home(void **state)
{
	(void)state;
	if (!mkdtemp(home))
		return -1;
	snprintf(file, sizeof file, "%s/tenon.ini", home);
	tenon_log_set(hear_event, NULL);
	return 0;
}

static int remove_home(void **state)
{
	(void)state;
	return unlink(file) || rmdir(home);
}

/* Opened on scalar, by the test's own file. */
static int open_runtime(void **state)
{
	(void)state;
	pthread_mutex_lock(&events_lock);
	events[0] = '\0';
	pthread_mutex_unlock(&events_lock);
	write_file("[runtime]\nbackend = scalar\n");
	return tenon_open(file);
}

static int close_runtime(void **state)
{
	(void)state;
	return tenon_close();
}

static struct reload_report get_report(void)
{
	struct reload_report report;
	report_reload(&report);
	return report;
}

/* ---- What changes ------------------------------------------------------------------------------------------------ */

static void test_settings_change(void **state)
{
	(void)state;
	write_file("[runtime]\nbackend = scalar\nlabel = renamed\n[arena]\nsize = 64KiB\n[log]\nlevel = debug\n");
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_string_equal(get_status().label, "renamed");
	assert_true(heard("2 configuration reloaded: 3 keys changed: [runtime] label, [arena] size, [log] level\n"));
	log_event(TENON_LOG_DEBUG, FACTS(EVENT_found), "now heard");
	assert_true(heard("now heard"));
	struct reload_report report = get_report();
	assert_int_equal(report.reloads, 1);
	assert_int_equal(report.failures, 0);
	assert_string_equal(report.error, "");
	assert_string_equal(report.pending, "");
	assert_int_equal(get_status().generation, 0);
}

static void test_nothing_changes(void **state)
{
	(void)state;
	char text[128];
	assert_int_equal(tenon_reload(), TENON_OK);
	describe_reload(text, sizeof text);
	assert_string_equal(text, "nothing changed");
	assert_false(heard("reloaded"));
}

static void test_removed_keys_return_to_defaults(void **state)
{
	(void)state;
	write_file("[runtime]\nbackend = scalar\nlabel = renamed\n");
	assert_int_equal(tenon_reload(), TENON_OK);
	write_file("[runtime]\nbackend = scalar\n");
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_string_equal(get_status().label, "");
}

static void test_invalid_file_changes_nothing(void **state)
{
	(void)state;
	write_file("[runtime]\nbackend = scalar\nlabel = renamed\n[arena]\nsize = 12\n");
	assert_int_equal(tenon_reload(), TENON_ECONFIG);
	assert_string_equal(get_status().label, "");
	struct reload_report report = get_report();
	assert_int_equal(report.failures, 1);
	assert_non_null(strstr(report.error, "tenon.ini:5: [arena] size = 12: expected 64KiB to 1GiB"));
	assert_true(heard("0 configuration not reloaded, nothing changed: "));
	assert_string_equal(tenon_error_detail(), report.error);
	write_file("[runtime]\nbackend = scalar\n");
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_string_equal(get_report().error, "");
}

static void test_missing_file_changes_nothing(void **state)
{
	(void)state;
	unlink(file);
	assert_int_equal(tenon_reload(), TENON_ECONFIG);
	assert_non_null(strstr(get_report().error, "there is no such file"));
	write_file("");
}

static void test_fixed_keys_are_reported(void **state)
{
	(void)state;
	write_file("[runtime]\nbackend = scalar\nstate_dir = /elsewhere\nlabel = new\n[control]\nsocket = "
		   "/tmp/x.sock\nwatch = on\n");
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_string_equal(get_report().pending, "[runtime] state_dir, [control] socket, [control] watch");
	assert_true(heard("1 configuration: a running process keeps its value of [runtime] state_dir, "));
	assert_string_equal(get_status().label, "new");
	static struct runtime copy;
	assert_int_equal(copy_runtime(&copy, NULL), TENON_OK);
	assert_string_equal(copy.config.socket, "off");
	assert_string_equal(config_origin(&copy.config, "control", "socket"), "the default");
	write_file("[runtime]\nbackend = scalar\n");
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_string_equal(get_report().pending, "");
}

static void test_environment_stays(void **state)
{
	(void)state;
	tenon_close();
	setenv("TENON_ARENA_SIZE", "64KiB", 1);
	assert_int_equal(tenon_open(file), TENON_OK);
	setenv("TENON_ARENA_SIZE", "nonsense", 1);
	write_file("[runtime]\nbackend = scalar\nlabel = x\n[arena]\nsize = 2MiB\n");
	assert_int_equal(tenon_reload(), TENON_OK);
	unsetenv("TENON_ARENA_SIZE");
	static struct runtime copy;
	assert_int_equal(copy_runtime(&copy, NULL), TENON_OK);
	assert_int_equal(copy.config.arena_size, 65536);
	assert_string_equal(config_origin(&copy.config, "arena", "size"), "environment TENON_ARENA_SIZE");
}

static void test_folder_may_change(void **state)
{
	(void)state;
	char before[PATH_MAX];
	assert_non_null(getcwd(before, sizeof before));
	tenon_close();
	assert_int_equal(chdir(home), 0);
	assert_int_equal(tenon_open("tenon.ini"), TENON_OK);
	assert_int_equal(chdir(before), 0);
	write_file("[runtime]\nbackend = scalar\nlabel = found\n");
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_string_equal(get_status().label, "found");
}

/* ---- The backend ------------------------------------------------------------------------------------------------- */

static void write_backend(const char *backend, const char *more)
{
	char text[2 * PATH_MAX];
	snprintf(text, sizeof text, "[runtime]\nbackend = %s\n%s", backend, more);
	write_file(text);
}

static void test_backend_changes(void **state)
{
	(void)state;
	write_backend(HOOKED_PLUGIN, "");
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_true(serves("hooked"));
	assert_true(calls_work());
	assert_false(get_status().pinned);
	assert_true(heard("1 key changed: [runtime] backend; backend scalar replaced by hooked"));
}

static void test_refused_backend_changes_nothing(void **state)
{
	(void)state;
	write_backend("nosuch", "label = renamed\n");
	assert_int_equal(tenon_reload(), TENON_ENOENT);
	assert_string_equal(get_status().label, "");
	assert_true(serves("scalar"));
	assert_non_null(strstr(get_report().error, "there is no backend 'nosuch'"));
}

static void test_kernel_changes(void **state)
{
	(void)state;
	char *usual = strdup(getenv("TENON_BACKEND_PATH"));
	tenon_close();
	setenv("TENON_BACKEND_PATH", built("tests/plugins/.libs"), 1);
	assert_int_equal(tenon_open(file), TENON_OK);
	setenv("TENON_BACKEND_PATH", usual, 1);
	free(usual);
	write_backend("scalar", "[kernels]\ninner_product = hooked\n");
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_true(serves("hooked"));
	write_backend("scalar", "");
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_true(serves("scalar"));
}

static void test_pin_outlasts_reload(void **state)
{
	(void)state;
	assert_int_equal(tenon_swap("scalar", 0), TENON_OK);
	write_backend(HOOKED_PLUGIN, "label = renamed\n");
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_true(serves("scalar"));
	assert_string_equal(get_status().label, "renamed");
	assert_true(heard("backend scalar stays: it is pinned; after `tenon unpin`, reload again"));
	assert_int_equal(tenon_unpin(), TENON_OK);
	assert_true(serves("scalar"));
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_true(serves("hooked"));
	assert_false(is_adrift());
}

static void test_rollback_outlasts_reload(void **state)
{
	(void)state;
	write_backend(HOOKED_PLUGIN, "");
	assert_int_equal(tenon_reload(), TENON_OK);
	tenon_rollback(TENON_ROLLBACK_SCALAR);
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_true(serves("scalar"));
	assert_int_equal(tenon_unpin(), TENON_OK);
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_true(serves("hooked"));
}

/* An order that comes while the new backend is loaded: it wins, and the rest of the file applies. */
static void roll_back_once(const char *step)
{
	if (strcmp(step, "prepared") == 0) {
		publish_hook = NULL;
		tenon_rollback(TENON_ROLLBACK_SCALAR);
	}
}

static void test_rollback_wins_over_reload(void **state)
{
	(void)state;
	write_backend(HOOKED_PLUGIN, "label = renamed\n");
	publish_hook = roll_back_once;
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_true(serves("scalar"));
	assert_string_equal(get_status().label, "renamed");
	assert_true(get_status().pinned);
	assert_true(heard("backend scalar stays: swap: a rollback came while"));
}

static void test_missing_backend_hinders_nothing_else(void **state)
{
	(void)state;
	tenon_close();
	write_backend("nosuch", "");
	assert_int_equal(tenon_open(file), TENON_OK);
	assert_true(get_status().degraded);
	write_backend("nosuch", "label = renamed\n");
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_string_equal(get_status().label, "renamed");
	assert_true(get_status().degraded);
	write_backend("scalar", "");
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_false(get_status().degraded);
}

/* A stricter rule: what was loaded under the old one is judged again, though the file is the same. */
static void test_new_rules_judge_again(void **state)
{
	(void)state;
	write_backend(SCALAR_PLUGIN, "");
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_int_equal(get_status().images_loaded, 1);
	write_backend("scalar", "");
	assert_int_equal(tenon_reload(), TENON_OK);
	write_backend(SCALAR_PLUGIN, "");
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_int_equal(get_status().images_loaded, 1);
	uint64_t generation = get_status().generation;
	write_backend(SCALAR_PLUGIN, "numerics = bounded\n");
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_true(get_status().generation > generation);
	assert_true(wait_until(get_status().images_unloaded >= 1 || get_status().images_loaded == 2));
	write_backend(SCALAR_PLUGIN, "max_isa = scalar\nnumerics = exact\n");
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_true(calls_work());
}

/* ---- All at once ------------------------------------------------------------------------------------------------- */

static atomic_bool storm_over;
static atomic_int wrong;
static char hooked[PATH_MAX]; /* its path; the storm's threads only read it */

static void *call(void *unused)
{
	(void)unused;
	while (!atomic_load(&storm_over))
		atomic_fetch_add(&wrong, !calls_work());
	return NULL;
}

/* From several threads: an order may be refused, but never for what only a torn configuration would say. */
static void *order(void *unused)
{
	(void)unused;
	for (unsigned i = 0; !atomic_load(&storm_over); i++) {
		int status = i % 7 == 0   ? tenon_swap(i % 2 ? hooked : "scalar", 0)
			     : i % 7 == 3 ? tenon_unpin()
			     : i % 7 == 5 ? (tenon_rollback(TENON_ROLLBACK_PREVIOUS), TENON_OK)
					  : tenon_reload();
		atomic_fetch_add(&wrong, status != TENON_OK && status != TENON_EROLLEDBACK && status != TENON_EAGAIN);
		struct reload_report report = get_report();
		atomic_fetch_add(&wrong, *report.error != '\0');
	}
	return NULL;
}

static void replace_file(const char *backend, const char *label)
{
	char text[2 * PATH_MAX], next[80];
	snprintf(next, sizeof next, "%s.next", file);
	snprintf(text, sizeof text, "[runtime]\nbackend = %s\nlabel = %s\n", backend, label);
	FILE *out = fopen(next, "we");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	assert_int_equal(rename(next, file), 0);
}

static void test_storm(void **state)
{
	(void)state;
	pthread_t threads[4];
	atomic_store(&storm_over, false);
	snprintf(hooked, sizeof hooked, "%s", HOOKED_PLUGIN);
	tenon_log_set(NULL, NULL);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, i < 2 ? call : order, NULL), 0);
	for (int i = 0; i < 150; i++) {
		replace_file(i % 3 ? hooked : "scalar", i % 2 ? "odd" : "even");
		sleep_ms(2);
	}
	atomic_store(&storm_over, true);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	tenon_log_set(hear_event, NULL);
	assert_int_equal(atomic_load(&wrong), 0);
	tenon_unpin();
	replace_file("scalar", "calm");
	assert_int_equal(tenon_reload(), TENON_OK);
	assert_string_equal(get_status().label, "calm");
	assert_true(serves("scalar"));
}

/* ---- When there is nothing to reload ------------------------------------------------------------------------------ */

static void test_not_open(void **state)
{
	(void)state;
	assert_int_equal(tenon_reload(), TENON_ENOTOPEN);
	static struct runtime copy;
	assert_int_equal(copy_runtime(&copy, NULL), TENON_ENOTOPEN);
}

static void test_forked_child(void **state)
{
	(void)state;
#ifdef __SANITIZE_THREAD__
	print_message("ThreadSanitizer has no threads in a forked child\n");
	skip();
#endif
	pid_t child = fork();
	if (child == 0) {
		static struct runtime copy;
		bool refused = tenon_reload() == TENON_EFORKED && copy_runtime(&copy, NULL) == TENON_EFORKED;
		bool mended = tenon_after_fork() == TENON_OK && tenon_reload() == TENON_OK;
		leave(refused && mended ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

#define OPEN_TEST(function) cmocka_unit_test_setup_teardown(function, open_runtime, close_runtime)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OPEN_TEST(test_settings_change),
		OPEN_TEST(test_nothing_changes),
		OPEN_TEST(test_removed_keys_return_to_defaults),
		OPEN_TEST(test_invalid_file_changes_nothing),
		OPEN_TEST(test_missing_file_changes_nothing),
		OPEN_TEST(test_fixed_keys_are_reported),
		OPEN_TEST(test_environment_stays),
		OPEN_TEST(test_folder_may_change),
		OPEN_TEST(test_backend_changes),
		OPEN_TEST(test_refused_backend_changes_nothing),
		OPEN_TEST(test_kernel_changes),
		OPEN_TEST(test_pin_outlasts_reload),
		OPEN_TEST(test_rollback_outlasts_reload),
		OPEN_TEST(test_rollback_wins_over_reload),
		OPEN_TEST(test_missing_backend_hinders_nothing_else),
		OPEN_TEST(test_new_rules_judge_again),
		OPEN_TEST(test_storm),
		OPEN_TEST(test_forked_child),
		cmocka_unit_test(test_not_open),
	};
	return cmocka_run_group_tests(tests, make_home, remove_home);
}
