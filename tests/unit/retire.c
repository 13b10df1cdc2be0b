/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Retirement: what waits for a reader, what is said about the wait, where it is bounded, and that an unload is checked.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "runtime/public.h"
#include "runtime/retire.h"
#include "tests/live.h"
#include "tests/plugins/hooked.h"

static int close_everything(void **state)
{
	(void)state;
	while (tenon_close() == TENON_OK)
		;
	/* Closing waits a second; under an emulator 64 images take longer. */
	return wait_until(get_status().images_loaded == 0) ? 0 : -1;
}

/* ---- A reader that stands inside a kernel ------------------------------------------------------------------------ */

static struct {
	pthread_t thread;
	pthread_barrier_t inside, leave;
	long tid;
} reader;

static void stand_inside(void *unused)
{
	(void)unused;
	reader.tid = syscall(SYS_gettid);
	pthread_barrier_wait(&reader.inside);
	pthread_barrier_wait(&reader.leave);
}

static void *run_reader(void *unused)
{
	(void)unused;
	call_hooked(stand_inside, NULL);
	return NULL;
}

static void start_reader(void)
{
	pthread_barrier_init(&reader.inside, NULL, 2);
	pthread_barrier_init(&reader.leave, NULL, 2);
	assert_int_equal(tenon_swap(HOOKED_PLUGIN, 0), TENON_OK);
	assert_int_equal(pthread_create(&reader.thread, NULL, run_reader, NULL), 0);
	pthread_barrier_wait(&reader.inside);
}

static void stop_reader(void)
{
	pthread_barrier_wait(&reader.leave);
	pthread_join(reader.thread, NULL);
}

/* ---- A dynamic linker that takes its time ------------------------------------------------------------------------ */

static struct {
	_Atomic bool is_slow;
	pthread_barrier_t inside, leave;
} linker;

/* Stands before libc's. */
TENON_PUBLIC int dlclose(void *handle)
{
	int (*next)(void *handle);
	void *found = dlsym(RTLD_NEXT, "dlclose");
	memcpy(&next, &found, sizeof next);
	if (atomic_exchange(&linker.is_slow, false)) {
		pthread_barrier_wait(&linker.inside);
		pthread_barrier_wait(&linker.leave);
	}
	return next(handle);
}

/* ---- Tests ------------------------------------------------------------------------------------------------------- */

static void swaps_do_not_wait_for_readers(void **state)
{
	(void)state;
	assert_int_equal(open_quietly(), TENON_OK);
	start_reader();
	uint64_t unloaded = get_status().images_unloaded;
	for (int i = 0; i < 4; i++)
		assert_int_equal(tenon_swap(i % 2 ? HOOKED_PLUGIN : ODD_PLUGIN, TENON_SWAP_COLD), TENON_OK);
	assert_true(wait_until(get_status().grace_period_age_ms > 20 && get_status().grace_blocker_tid));
	struct tenon_status_info info = get_status();
	assert_int_equal(info.grace_blocker_tid, reader.tid);
	assert_int_equal(info.images_unloaded, unloaded);
	assert_true(info.images_pending > 0);
	assert_true(calls_work());
	stop_reader();
	assert_true(wait_until(get_status().images_pending == 0 && get_status().images_unloaded == unloaded + 3));
	assert_true(wait_until(get_status().grace_period_age_ms == 0));
	assert_int_equal(get_status().grace_blocker_tid, 0);
}

static void pending_images_are_bounded(void **state)
{
	(void)state;
	int swaps = 0, status;
	assert_int_equal(open_quietly(), TENON_OK);
	start_reader();
	while ((status = tenon_swap(swaps % 2 ? HOOKED_PLUGIN : ODD_PLUGIN, TENON_SWAP_COLD)) == TENON_OK)
		assert_true(++swaps < 200);
	assert_int_equal(status, TENON_EAGAIN);
	/* Once the grace period has begun, the refusal names who holds it up. */
	assert_true(wait_until(get_status().grace_blocker_tid != 0));
	assert_int_equal(tenon_swap(ODD_PLUGIN, TENON_SWAP_COLD), TENON_EAGAIN);
	char tid[32];
	snprintf(tid, sizeof tid, "thread %ld", reader.tid);
	assert_non_null(strstr(tenon_error_detail(), tid));
	assert_int_equal(get_status().images_pending, IMAGES_PENDING_MAX);
	/* What needs no new image goes on, and a rollback always does. */
	assert_int_equal(tenon_swap("scalar", 0), TENON_OK);
	assert_true(serves("scalar"));
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	assert_false(serves("scalar"));
	assert_true(calls_work());
	stop_reader();
	assert_true(wait_until(get_status().images_pending == 0));
	assert_int_equal(tenon_swap(ODD_PLUGIN, TENON_SWAP_COLD), TENON_OK);
}

static void kept_tables_are_bounded(void **state)
{
	(void)state;
	assert_int_equal(open_quietly(), TENON_OK);
	start_reader();
	assert_int_equal(tenon_swap(ODD_PLUGIN, 0), TENON_OK);
	for (int i = 0; i < 2 * TABLES_KEPT_MAX; i++)
		assert_int_equal(tenon_swap(i % 2 ? HOOKED_PLUGIN : ODD_PLUGIN, 0), TENON_OK);
	assert_true(serves("hooked"));
	assert_true(get_status().generation < 2 * TABLES_KEPT_MAX); /* kept tables served again */
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	assert_true(serves("odd"));
	stop_reader();
	assert_true(wait_until(get_status().grace_period_age_ms == 0));
	for (int i = 0; i < 4; i++)
		assert_int_equal(tenon_swap(i % 2 ? "scalar" : HOOKED_PLUGIN, 0), TENON_OK);
	assert_true(calls_work());
}

static void closing_does_not_wait_for_ever(void **state)
{
	(void)state;
	struct timespec before, after;
	assert_int_equal(open_quietly(), TENON_OK);
	start_reader();
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(tenon_close(), TENON_OK);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec < 4);
	assert_true(serves("scalar"));
	assert_true(get_status().images_loaded > 0);
	/* The runtime may be opened again meanwhile, and takes up what is still loaded. */
	assert_int_equal(open_quietly(), TENON_OK);
	assert_int_equal(tenon_swap(HOOKED_PLUGIN, 0), TENON_OK);
	assert_int_equal(get_status().images_loaded, 1);
	assert_int_equal(tenon_close(), TENON_OK);
	stop_reader();
	assert_true(wait_until(get_status().images_loaded == 0));
	assert_int_equal(count_mappings("tenon-stage-"), 0);
}

static void what_is_being_unloaded_is_still_loaded(void **state)
{
	(void)state;
	assert_int_equal(open_quietly(), TENON_OK);
	assert_int_equal(tenon_swap(HOOKED_PLUGIN, 0), TENON_OK);
	uint64_t unloaded = get_status().images_unloaded;
	pthread_barrier_init(&linker.inside, NULL, 2);
	pthread_barrier_init(&linker.leave, NULL, 2);
	atomic_store(&linker.is_slow, true);
	assert_int_equal(tenon_swap(ODD_PLUGIN, TENON_SWAP_COLD), TENON_OK);
	assert_int_equal(tenon_swap("scalar", 0), TENON_OK); /* what a rollback can reach is kept */
	pthread_barrier_wait(&linker.inside);
	struct tenon_status_info info = get_status();
	int mapped = count_mappings("/hooked-");
	pthread_barrier_wait(&linker.leave);
	assert_true(mapped > 0);
	assert_int_equal(info.images_loaded, 2);
	assert_int_equal(info.images_pending, 1);
	assert_int_equal(info.images_unloaded, unloaded);
	assert_true(wait_until(get_status().images_loaded == 1));
	assert_int_equal(get_status().images_pending, 0);
	assert_int_equal(get_status().images_unloaded, unloaded + 1);
	assert_int_equal(count_mappings("/hooked-"), 0);
}

static bool find_mapped_copy(char *path, size_t size)
{
	char line[PATH_MAX + 128];
	FILE *maps = fopen("/proc/self/maps", "r");
	bool found = false;
	while (!found && fgets(line, sizeof line, maps)) {
		char *start = strchr(line, '/');
		if (!start || !strstr(start, "/hooked-"))
			continue;
		start[strcspn(start, "\n")] = '\0';
		snprintf(path, size, "%s", start);
		found = true;
	}
	fclose(maps);
	return found;
}

/* Somebody else in the process holds the image: dlclose() cannot remove it, and we do not claim that it did. */
static void resident_image_is_reported(void **state)
{
	(void)state;
	char path[PATH_MAX];
	assert_int_equal(open_quietly(), TENON_OK);
	uint64_t resident = get_status().images_resident, unloaded = get_status().images_unloaded;
	assert_int_equal(tenon_swap(HOOKED_PLUGIN, 0), TENON_OK);
	assert_true(find_mapped_copy(path, sizeof path));
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	assert_non_null(handle);
	assert_int_equal(tenon_close(), TENON_OK);
	assert_true(wait_until(get_status().images_resident == resident + 1));
	assert_int_equal(get_status().images_unloaded, unloaded);
	dlclose(handle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(swaps_do_not_wait_for_readers, close_everything),
		cmocka_unit_test_teardown(pending_images_are_bounded, close_everything),
		cmocka_unit_test_teardown(kept_tables_are_bounded, close_everything),
		cmocka_unit_test_teardown(closing_does_not_wait_for_ever, close_everything),
		cmocka_unit_test_teardown(what_is_being_unloaded_is_still_loaded, close_everything),
		cmocka_unit_test_teardown(resident_image_is_reported, close_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
