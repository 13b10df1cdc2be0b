/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The bump allocator of one thread: alignment, bounds, counters, and the three strategies for a full arena.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "build.h"
#include "runtime/arena.h"
#include "tests/leave.h"

#define ARENA_SIZE_LEAST ((size_t)64 << 10)

static struct arena arena;
static struct why why;

static int start(void **state)
{
	(void)state;
	memset(&arena, 0, sizeof arena);
	memset(&why, 0, sizeof why);
	configure_arena(ARENA_SIZE_LEAST, ARENA_ERROR);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	release_arena(&arena);
	return 0;
}

static struct tenon_arena_stats read_figures(void)
{
	struct tenon_arena_stats stats;
	read_arena(&arena, &stats);
	return stats;
}

static char *take(size_t size)
{
	void *memory = NULL;
	assert_int_equal(take_memory(&arena, size, &memory, &why), TENON_OK);
	assert_non_null(memory);
	assert_int_equal((uintptr_t)memory % ARENA_ALIGNMENT, 0);
	return memory;
}

static void nothing_is_mapped_before_first_use(void **state)
{
	(void)state;
	assert_int_equal(read_figures().size, 0);
	take(1);
	assert_int_equal(read_figures().size, ARENA_SIZE_LEAST);
}

static void addresses_are_aligned_and_apart(void **state)
{
	(void)state;
	static const size_t sizes[] = {1, 63, 64, 65, 127, 1000, 4096};
	char *last = take(0);
	size_t gap = 0;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		char *memory = take(sizes[i]);
		assert_ptr_equal(memory, last + gap);
		memset(memory, 0xa5, sizes[i]);
		last = memory;
		gap = (sizes[i] + 63) / 64 * 64;
	}
}

static void size_zero_takes_nothing(void **state)
{
	(void)state;
	assert_ptr_equal(take(0), take(0));
	assert_int_equal(read_figures().current, 0);
}

static void all_of_it_can_be_taken_but_no_more(void **state)
{
	(void)state;
	memset(take(ARENA_SIZE_LEAST), 1, ARENA_SIZE_LEAST);
	take(0);
	void *memory = &arena;
	assert_int_equal(take_memory(&arena, 1, &memory, &why), TENON_EARENA);
	assert_ptr_equal(memory, &arena);
	assert_int_equal(read_figures().current, ARENA_SIZE_LEAST);
	assert_int_equal(read_figures().overflows, 1);
}

static void a_size_that_is_no_multiple_is_rounded_down(void **state)
{
	(void)state;
	configure_arena(ARENA_SIZE_LEAST + 63, ARENA_ERROR);
	take(1);
	assert_int_equal(read_figures().size, ARENA_SIZE_LEAST);
}

static void an_error_says_what_was_asked_and_what_helps(void **state)
{
	(void)state;
	void *memory = NULL;
	take(100);
	assert_int_equal(take_memory(&arena, 70000, &memory, &why), TENON_EARENA);
	assert_int_equal(why.status, TENON_EARENA);
	assert_non_null(strstr(why.text, "70000 bytes asked, 65408 of 65536 free"));
	assert_non_null(strstr(why.text, "TENON_ARENA_SIZE"));
	assert_non_null(strstr(why.text, "overflow = fallback"));
}

static void absurd_sizes_do_not_wrap(void **state)
{
	(void)state;
	static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 62, SIZE_MAX - 63, SIZE_MAX / 2 + 1};
	void *memory = NULL;
	take(64);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		configure_arena(ARENA_SIZE_LEAST, ARENA_ERROR);
		assert_int_equal(take_memory(&arena, sizes[i], &memory, &why), TENON_EARENA);
		configure_arena(ARENA_SIZE_LEAST, ARENA_FALLBACK);
		assert_int_equal(take_memory(&arena, sizes[i], &memory, &why), TENON_ENOMEM);
		assert_null(memory);
	}
	assert_int_equal(read_figures().current, 64);
	assert_int_equal(read_figures().fallback_bytes, 0);
}

static void fallback_gives_heap_blocks_until_the_reset(void **state)
{
	(void)state;
	configure_arena(ARENA_SIZE_LEAST, ARENA_FALLBACK);
	char *inside = take(1000);
	char *first = take(ARENA_SIZE_LEAST), *second = take(3 * ARENA_SIZE_LEAST + 1);
	memset(first, 2, ARENA_SIZE_LEAST);
	memset(second, 3, 3 * ARENA_SIZE_LEAST + 1);
	assert_ptr_equal(take(1), inside + 1024);
	assert_int_equal(read_figures().overflows, 2);
	assert_int_equal(read_figures().fallback_bytes, 4 * ARENA_SIZE_LEAST + 64);
	reset_arena(&arena);
	assert_int_equal(read_figures().fallback_bytes, 0);
	assert_int_equal(read_figures().current, 0);
	assert_int_equal(read_figures().resets, 1);
	assert_int_equal(read_figures().overflows, 2);
	assert_ptr_equal(take(1), inside);
}

static void abort_says_why_and_ends_the_process(void **state)
{
	(void)state;
	int pipe_fds[2];
	assert_int_equal(pipe(pipe_fds), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		void *memory;
		signal(SIGABRT, SIG_DFL);
		dup2(pipe_fds[1], STDERR_FILENO);
		configure_arena(ARENA_SIZE_LEAST, ARENA_ABORT);
		take_memory(&arena, ARENA_SIZE_LEAST, &memory, &why);
		take_memory(&arena, 1, &memory, &why);
		leave(0);
	}
	close(pipe_fds[1]);
	char text[600] = "";
	ssize_t length = read(pipe_fds[0], text, sizeof text - 1);
	close(pipe_fds[0]);
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_true(length > 0);
	assert_non_null(strstr(text, "tenon: thread arena: 1 bytes asked, 0 of 65536 free"));
	assert_non_null(strstr(text, "overflow = abort"));
}

static void a_mark_gives_back_what_came_after_it(void **state)
{
	(void)state;
	configure_arena(ARENA_SIZE_LEAST, ARENA_FALLBACK);
	take(100);
	char *kept = take(ARENA_SIZE_LEAST);
	struct arena_mark mark = mark_arena(&arena);
	char *again = take(5000);
	take(ARENA_SIZE_LEAST);
	take(2 * ARENA_SIZE_LEAST);
	give_back_memory(&arena, mark);
	assert_int_equal(read_figures().current, 128);
	assert_int_equal(read_figures().fallback_bytes, ARENA_SIZE_LEAST);
	assert_int_equal(read_figures().resets, 0);
	kept[ARENA_SIZE_LEAST - 1] = 1;
	assert_ptr_equal(take(1), again);
}

static void high_water_stays(void **state)
{
	(void)state;
	take(1000);
	reset_arena(&arena);
	take(64);
	assert_int_equal(read_figures().high_water, 1024);
	assert_int_equal(read_figures().current, 64);
}

static void a_reset_of_nothing_counts_nothing(void **state)
{
	(void)state;
	reset_arena(&arena);
	assert_int_equal(read_figures().resets, 0);
	assert_int_equal(read_figures().size, 0);
}

static void a_size_that_cannot_be_mapped_is_an_error(void **state)
{
	(void)state;
	void *memory = NULL;
	configure_arena((size_t)1 << 62, ARENA_ERROR);
	assert_int_equal(take_memory(&arena, 1, &memory, &why), TENON_ENOMEM);
	assert_null(memory);
	assert_non_null(strstr(why.text, "lower [arena] size"));
	configure_arena(ARENA_SIZE_LEAST, ARENA_ERROR);
	take(1);
}

static void the_size_before_opening_is_the_configured_default(void **state)
{
	(void)state;
	struct config config;
	default_config(&config);
	assert_int_equal(config.arena_size, ARENA_SIZE_DEFAULT);
	assert_int_equal(config.arena_overflow, ARENA_ERROR);
}

static void an_arena_keeps_its_size(void **state)
{
	(void)state;
	take(1);
	configure_arena(2 * ARENA_SIZE_LEAST, ARENA_ERROR);
	reset_arena(&arena);
	take(1);
	assert_int_equal(read_figures().size, ARENA_SIZE_LEAST);
}

static void totals_outlive_the_owner(void **state)
{
	(void)state;
	configure_arena(2 * ARENA_SIZE_LEAST, ARENA_ERROR);
	take(1000);
	reset_arena(&arena);
	take(64);
	release_arena(&arena);
	configure_arena(ARENA_SIZE_LEAST, ARENA_ERROR);
	assert_int_equal(read_figures().size, 0);
	assert_int_equal(read_figures().resets, 0);
	take(128);
	reset_arena(&arena);
	take(64);
	assert_int_equal(read_figures().resets, 1);
	assert_int_equal(read_figures().high_water, 128);
	struct tenon_arena_stats total = {0};
	add_arena(&arena, &total);
	assert_int_equal(total.resets, 2);
	assert_int_equal(total.high_water, 1024);
	assert_int_equal(total.size, 2 * ARENA_SIZE_LEAST);
	assert_int_equal(total.current, 64);
}

#ifdef ARENA_WATCHED
static void free_space_is_watched(void **state)
{
	(void)state;
	char *memory = take(100);
	assert_false(__asan_address_is_poisoned(memory + 99));
	assert_true(__asan_address_is_poisoned(memory + 104));
	reset_arena(&arena);
	assert_true(__asan_address_is_poisoned(memory));
}
#else
static void free_space_is_watched(void **state)
{
	(void)state;
	skip(); /* needs --enable-sanitizer=address */
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_mapped_before_first_use, start, stop),
		cmocka_unit_test_setup_teardown(addresses_are_aligned_and_apart, start, stop),
		cmocka_unit_test_setup_teardown(size_zero_takes_nothing, start, stop),
		cmocka_unit_test_setup_teardown(all_of_it_can_be_taken_but_no_more, start, stop),
		cmocka_unit_test_setup_teardown(a_size_that_is_no_multiple_is_rounded_down, start, stop),
		cmocka_unit_test_setup_teardown(an_error_says_what_was_asked_and_what_helps, start, stop),
		cmocka_unit_test_setup_teardown(absurd_sizes_do_not_wrap, start, stop),
		cmocka_unit_test_setup_teardown(fallback_gives_heap_blocks_until_the_reset, start, stop),
		cmocka_unit_test_setup_teardown(abort_says_why_and_ends_the_process, start, stop),
		cmocka_unit_test_setup_teardown(a_mark_gives_back_what_came_after_it, start, stop),
		cmocka_unit_test_setup_teardown(high_water_stays, start, stop),
		cmocka_unit_test_setup_teardown(a_reset_of_nothing_counts_nothing, start, stop),
		cmocka_unit_test_setup_teardown(a_size_that_cannot_be_mapped_is_an_error, start, stop),
		cmocka_unit_test(the_size_before_opening_is_the_configured_default),
		cmocka_unit_test_setup_teardown(an_arena_keeps_its_size, start, stop),
		cmocka_unit_test_setup_teardown(totals_outlive_the_owner, start, stop),
		cmocka_unit_test_setup_teardown(free_space_is_watched, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
