/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Forks: with and without hooks, quiet and under load, and what tenon_after_fork() brings back.
 */
#include "build.h"

#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/hazards/hazards.h"

static void *call_in_thread(void *unused)
{
	(void)unused;
	for (int i = 0; i < 100; i++)
		CHECK(calls_work());
	return NULL;
}

static void call_from_threads(void)
{
	pthread_t threads[3];
	for (int i = 0; i < 3; i++)
		CHECK(pthread_create(&threads[i], NULL, call_in_thread, NULL) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

static void check_untouched_child(void)
{
	struct tenon_status_info info = get_status();
	CHECK(calls_work());
	CHECK(info.forked && info.open && info.unload_disabled && strstr(info.unload_reason, "child"));
	CHECK(tenon_swap("scalar", 0) == TENON_EFORKED);
	CHECK(strstr(tenon_error_detail(), "tenon_after_fork"));
	CHECK(tenon_open(NULL) == TENON_EFORKED);
	CHECK(tenon_close() == TENON_EFORKED);
	call_from_threads();
	tenon_rollback(TENON_ROLLBACK_SCALAR);
	CHECK(serves("scalar"));
	CHECK(calls_work());
}

/* As often as needed: a rollback of the parent may have been half done at the fork. */
static void swap_in_child(const char *backend, unsigned flags)
{
	int status = tenon_swap(backend, flags);
	if (status == TENON_EFORKED && strstr(tenon_error_detail(), "when it forked"))
		_exit(0); /* the parent was inside the dynamic linker: refused, not hung */
	CHECK(status == TENON_OK);
}

static void check_repaired_child(void)
{
	CHECK(tenon_after_fork() == TENON_OK);
	struct tenon_status_info info = get_status();
	CHECK(!info.forked && info.open && info.unload_disabled && strstr(info.unload_reason, "child"));
	uint64_t unloaded = info.images_unloaded;
	swap_in_child(HOOKED_PLUGIN, TENON_SWAP_COLD);
	CHECK(serves("hooked"));
	call_from_threads();
	swap_in_child(ODD_PLUGIN, 0);
	swap_in_child("scalar", TENON_SWAP_COLD);
	swap_in_child(ODD_PLUGIN, TENON_SWAP_COLD);
	CHECK(serves("odd"));
	CHECK(calls_work());
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	CHECK(serves("scalar"));
	CHECK(get_status().images_unloaded == unloaded);
	CHECK(tenon_close() == TENON_OK);
	CHECK(calls_work());
	call_from_threads();
}

/* Children of a quiet process may exit(): that takes a lock of the dynamic linker, which under load a thread may have had. */
static void check_quiet_child(void)
{
	check_untouched_child();
	leave(0);
}

static void fork_child_of_child(void)
{
	check_repaired_child();
	CHECK(open_quietly() == TENON_OK);
	check_child(check_repaired_child);
	leave(0);
}

/* ---- Hazards ----------------------------------------------------------------------------------------------------- */

void hazard_fork_child_calls(void)
{
	need_threads_after_fork();
	CHECK(open_quietly() == TENON_OK);
	CHECK(tenon_swap(HOOKED_PLUGIN, 0) == TENON_OK);
	check_child(check_quiet_child);
	CHECK(serves("hooked"));
	CHECK(tenon_close() == TENON_OK);
}

void hazard_fork_under_load(void)
{
	need_threads_after_fork();
	need_no_asan("a thread may hold its allocator's lock at the fork");
	CHECK(open_quietly() == TENON_OK);
	start_load();
	for (int i = 0; i < 40; i++)
		check_child(check_untouched_child);
	stop_load();
	check_everything_unloads();
}

void hazard_after_fork(void)
{
	need_threads_after_fork();
	CHECK(open_quietly() == TENON_OK);
	for (int i = 0; i < 4; i++)
		CHECK(tenon_swap(i % 2 ? HOOKED_PLUGIN : ODD_PLUGIN, TENON_SWAP_COLD) == TENON_OK);
	check_child(fork_child_of_child);
	CHECK(tenon_after_fork() == TENON_OK); /* in the parent: nothing to do */
	CHECK(tenon_swap(ODD_PLUGIN, 0) == TENON_OK);
	CHECK(!get_status().unload_disabled);
	CHECK(tenon_close() == TENON_OK);
}

void hazard_after_fork_under_load(void)
{
	need_threads_after_fork();
	need_no_asan("a thread may hold its allocator's lock at the fork");
	CHECK(open_quietly() == TENON_OK);
	start_load();
	for (int i = 0; i < 40; i++)
		check_child(check_repaired_child);
	stop_load();
	CHECK(tenon_close() == TENON_OK);
}

static void check_scalar_child(void)
{
	CHECK(serves("scalar"));
	CHECK(calls_work());
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	CHECK(serves("scalar"));
	leave(0);
}

void hazard_fork_scalar(void)
{
	CHECK(open_with("[runtime]\nbackend = scalar\nfork = scalar\n") == TENON_OK);
	CHECK(tenon_swap(HOOKED_PLUGIN, 0) == TENON_OK);
	check_child(check_scalar_child);
	CHECK(serves("hooked"));
}

void hazard_raw_fork(void)
{
	CHECK(open_quietly() == TENON_OK);
	CHECK(tenon_swap(HOOKED_PLUGIN, 0) == TENON_OK);
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (child == 0) {
		CHECK(calls_work());
		CHECK(get_status().forked);
		CHECK(tenon_swap("scalar", 0) == TENON_EFORKED);
		_exit(0);
	}
	int status;
	CHECK(waitpid(child, &status, 0) == child && status == 0);
}
