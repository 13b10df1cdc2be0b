/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The per-thread record and the public functions over it: made late, given up at the end, made again by a late
 * destructor, left behind at a fork, and read by others without a lock.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "build.h"
#include "runtime/thread.h"
#include "tests/leave.h"

struct totals {
	struct tenon_arena_stats stats;
	uint64_t live, ended;
};

static struct totals read_totals(void)
{
	struct totals totals;
	if (tenon_arena_stats_all(&totals.stats, &totals.live, &totals.ended) != TENON_OK)
		memset(&totals, 0xff, sizeof totals);
	return totals;
}

static void run_thread(void *(*body)(void *), void *argument)
{
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, body, argument), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* The exit code of body(), run in a forked child. */
static int run_child(int (*body)(void))
{
	int status = 0;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		leave(body());
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static void bad_arguments_are_named(void **state)
{
	(void)state;
	struct tenon_arena_stats stats;
	uint64_t count;
	assert_int_equal(tenon_arena_alloc(1, NULL), TENON_EINVAL);
	assert_string_equal(tenon_error_detail(), "tenon_arena_alloc: memory is NULL");
	assert_int_equal(tenon_arena_stats_get(NULL), TENON_EINVAL);
	assert_string_equal(tenon_error_detail(), "tenon_arena_stats_get: stats is NULL");
	assert_int_equal(tenon_arena_stats_all(NULL, &count, &count), TENON_EINVAL);
	assert_int_equal(tenon_arena_stats_all(&stats, NULL, &count), TENON_EINVAL);
	assert_int_equal(tenon_arena_stats_all(&stats, &count, NULL), TENON_EINVAL);
	assert_string_equal(tenon_error_detail(), "tenon_arena_stats_all: an argument is NULL");
}

static void *use_nothing(void *result)
{
	struct tenon_arena_stats *stats = result;
	tenon_arena_reset();
	tenon_arena_stats_get(stats);
	stats->overflows += strlen(tenon_error_detail()) + (this_thread != NULL);
	return NULL;
}

static void reading_makes_no_record(void **state)
{
	(void)state;
	static const struct tenon_arena_stats zeros;
	struct tenon_arena_stats stats;
	memset(&stats, 0xff, sizeof stats);
	run_thread(use_nothing, &stats);
	assert_memory_equal(&stats, &zeros, sizeof zeros);
}

static void a_thread_sees_its_own_figures(void **state)
{
	(void)state;
	void *memory;
	struct tenon_arena_stats stats;
	assert_int_equal(tenon_arena_alloc(100, &memory), TENON_OK);
	assert_int_equal(tenon_arena_stats_get(&stats), TENON_OK);
	assert_int_equal(stats.size, ARENA_SIZE_DEFAULT);
	assert_int_equal(stats.current, 128);
	tenon_arena_reset();
	assert_int_equal(tenon_arena_stats_get(&stats), TENON_OK);
	assert_int_equal(stats.current, 0);
	assert_int_equal(stats.high_water, 128);
	assert_int_equal(stats.resets, 1);
}

static void a_full_arena_is_reported(void **state)
{
	(void)state;
	void *memory = NULL;
	assert_int_equal(tenon_arena_alloc(ARENA_SIZE_DEFAULT + 1, &memory), TENON_EARENA);
	assert_null(memory);
	assert_non_null(strstr(tenon_error_detail(), "1048577 bytes asked"));
}

static void *use_arena(void *stats)
{
	void *memory;
	for (int i = 0; i < 3; i++) {
		tenon_arena_alloc(5000, &memory);
		tenon_arena_reset();
	}
	tenon_arena_alloc(ARENA_SIZE_DEFAULT + 1, &memory);
	tenon_arena_stats_get(stats);
	return NULL;
}

static void ended_threads_are_counted(void **state)
{
	(void)state;
	struct totals before = read_totals();
	for (int i = 0; i < 10; i++) {
		struct tenon_arena_stats stats;
		run_thread(use_arena, &stats);
		assert_int_equal(stats.resets, 3);
		assert_int_equal(stats.overflows, 1);
		assert_int_equal(stats.high_water, 5056);
	}
	struct totals after = read_totals();
	assert_int_equal(after.live, before.live);
	assert_int_equal(after.ended, before.ended + 10);
	assert_int_equal(after.stats.resets, before.stats.resets + 30);
	assert_int_equal(after.stats.overflows, before.stats.overflows + 10);
	assert_int_equal(after.stats.current, before.stats.current);
	assert_true(after.stats.high_water >= 5056);
}

static void *give_record(void *result)
{
	*(struct thread **)result = get_thread();
	return NULL;
}

static void records_are_used_again(void **state)
{
	(void)state;
	struct thread *first = NULL, *next = NULL;
	run_thread(give_record, &first);
	assert_non_null(first);
	for (int i = 0; i < 100; i++) {
		run_thread(give_record, &next);
		assert_ptr_equal(next, first);
	}
}

static void *fail_once(void *result)
{
	*(int *)result = tenon_arena_alloc(1, NULL) == TENON_EINVAL && strlen(tenon_error_detail()) > 0;
	return NULL;
}

static void *read_detail(void *result)
{
	get_thread();
	*(size_t *)result = strlen(tenon_error_detail());
	return NULL;
}

static void the_detail_belongs_to_the_thread(void **state)
{
	(void)state;
	int failed = 0;
	size_t length = 1;
	void *memory;
	assert_int_equal(tenon_arena_alloc(ARENA_SIZE_DEFAULT + 1, &memory), TENON_EARENA);
	run_thread(fail_once, &failed);
	assert_true(failed);
	assert_non_null(strstr(tenon_error_detail(), "thread arena"));
	run_thread(read_detail, &length);
	assert_int_equal(length, 0);
}

/* A destructor of the host that calls us in every round that the C library grants. */
static pthread_key_t late_key;
static _Atomic int late_calls, late_failures;

static void call_late(void *argument)
{
	void *memory;
	int call = atomic_fetch_add(&late_calls, 1);
	if (tenon_arena_alloc(64, &memory) != TENON_OK)
		atomic_fetch_add(&late_failures, 1);
	else
		memset(memory, 1, 64);
	if (call % 3 != 2)
		pthread_setspecific(late_key, argument);
}

static void *end_late(void *argument)
{
	void *memory;
	tenon_arena_alloc(64, &memory);
	pthread_setspecific(late_key, argument);
	return NULL;
}

static void late_destructors_may_call(void **state)
{
	(void)state;
	assert_int_equal(pthread_key_create(&late_key, call_late), 0);
	struct totals before = read_totals();
	run_thread(end_late, &late_calls);
	assert_int_equal(pthread_key_delete(late_key), 0);
	assert_int_equal(late_calls, 3);
	assert_int_equal(late_failures, 0);
	struct totals after = read_totals();
	assert_int_equal(after.live, before.live);
	assert_true(after.ended > before.ended);
}

static pthread_barrier_t barrier;

static void *hold_arena(void *unused)
{
	void *memory;
	(void)unused;
	tenon_arena_alloc(4096, &memory);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return NULL;
}

static struct totals at_fork;

/* TSan ends a child that starts a thread, and qemu-user trips over one. */
static bool threads_work_after_fork(void)
{
#ifdef __SANITIZE_THREAD__
	return false;
#endif
	const char *emulator = getenv("EMULATOR");
	return !emulator || !*emulator;
}

static int look_around_after_fork(void)
{
	void *memory;
	struct tenon_arena_stats mine;
	struct totals totals = read_totals();
	if (totals.live != 1 || totals.ended != at_fork.ended + at_fork.live - 1)
		return 1;
	if (tenon_arena_stats_get(&mine) != TENON_OK || totals.stats.current != mine.current)
		return 2;
	if (tenon_arena_alloc(64, &memory) != TENON_OK)
		return 3;
	memset(memory, 1, 64);
	pthread_t thread;
	struct thread *record = NULL;
	if (threads_work_after_fork() &&
	    (pthread_create(&thread, NULL, give_record, &record) || pthread_join(thread, NULL) || !record))
		return 4;
	return 0;
}

static void a_forked_child_goes_on_alone(void **state)
{
	(void)state;
	void *memory;
	pthread_t threads[3];
	assert_int_equal(tenon_arena_alloc(64, &memory), TENON_OK);
	pthread_barrier_init(&barrier, NULL, 4);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hold_arena, NULL), 0);
	pthread_barrier_wait(&barrier);
	at_fork = read_totals();
	int code = run_child(look_around_after_fork);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
	assert_int_equal(at_fork.live, 4);
	assert_int_equal(code, 0);
	tenon_arena_reset();
}

enum { HELD, WRONG, UNLIMITED };

static void *need_record(void *result)
{
	void *memory = &barrier;
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	if (mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		*(int *)result = UNLIMITED;
	else if (get_thread() == NULL && tenon_arena_alloc(1, &memory) == TENON_ENOMEM && memory == &barrier &&
		 tenon_arena_alloc(1, NULL) < 0 && tenon_error_detail()[0] == '\0')
		*(int *)result = HELD;
	return NULL;
}

/* In a child, and in a fresh thread, since it takes all address space away. */
static int run_short_of_memory(void)
{
	pthread_t thread;
	int result = WRONG;
	struct rlimit limit;
	getrlimit(RLIMIT_AS, &limit);
	limit.rlim_cur = 0;
	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, need_record, &result) != 0)
		return WRONG;
	pthread_barrier_wait(&barrier);
	setrlimit(RLIMIT_AS, &limit);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	return result;
}

static void without_memory_there_is_no_record(void **state)
{
	(void)state;
#ifdef TENON_SANITIZED
	skip(); /* a sanitizer's shadow memory needs the address space that this takes away */
#endif
	int result = run_child(run_short_of_memory);
	if (result == UNLIMITED)
		skip(); /* qemu-user does not limit its guest */
	assert_int_equal(result, HELD);
}

static atomic_bool stop_churning;
static _Atomic uint64_t churned;

static void *use_arena_briefly(void *unused)
{
	void *memory;
	(void)unused;
	for (int i = 0; i < 100; i++) {
		tenon_arena_alloc(64 * (size_t)(i + 1), &memory);
		tenon_arena_reset();
	}
	return NULL;
}

static void *churn(void *unused)
{
	pthread_t thread;
	(void)unused;
	while (!atomic_load(&stop_churning))
		if (pthread_create(&thread, NULL, use_arena_briefly, NULL) == 0) {
			pthread_join(thread, NULL);
			atomic_fetch_add(&churned, 1);
		}
	return NULL;
}

static void figures_can_be_read_while_others_allocate(void **state)
{
	(void)state;
	pthread_t threads[3];
	struct totals before = read_totals(), last = before;
	bool sane = true;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn, NULL), 0);
	for (int i = 0; i < 5000 || atomic_load(&churned) < 20; i++) {
		struct totals now = read_totals();
		sane = sane && now.stats.resets >= last.stats.resets && now.ended >= last.ended && now.live <= 5 &&
		       now.stats.high_water >= last.stats.high_water && now.stats.current <= 4 * 6400;
		last = now;
	}
	atomic_store(&stop_churning, true);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_true(sane);
	struct totals after = read_totals();
	assert_int_equal(after.live, before.live);
	assert_int_equal(after.ended, before.ended + churned);
	assert_int_equal(after.stats.resets, before.stats.resets + 100 * churned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_memory_there_is_no_record),
		cmocka_unit_test(bad_arguments_are_named),
		cmocka_unit_test(reading_makes_no_record),
		cmocka_unit_test(a_thread_sees_its_own_figures),
		cmocka_unit_test(a_full_arena_is_reported),
		cmocka_unit_test(ended_threads_are_counted),
		cmocka_unit_test(records_are_used_again),
		cmocka_unit_test(the_detail_belongs_to_the_thread),
		cmocka_unit_test(late_destructors_may_call),
		cmocka_unit_test(a_forked_child_goes_on_alone),
		cmocka_unit_test(figures_can_be_read_while_others_allocate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
