/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Threads whose lives end are replaced, one at a time in a place; those whose lives have no end stay.
 */
#include "tools/workers.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define PLACES 3

struct visits {
	_Atomic unsigned steps, meetings, inside[PLACES];
};

static void visit(struct worker *worker)
{
	struct visits *visits = worker->context;
	visits->meetings += atomic_fetch_add(&visits->inside[worker->place], 1);
	visits->steps++;
	visits->inside[worker->place]--;
}

/* Until there were so many steps, for ten seconds at most; how many threads took them. */
static uint64_t run_workers(struct visits *visits, unsigned most_steps, unsigned steps)
{
	struct workers *workers = start_workers(PLACES, 1, most_steps, visit, visits);
	assert_non_null(workers);
	for (int turn = 0; turn < 1000 && visits->steps < steps; turn++)
		tend_workers(workers, 10);
	uint64_t created = stop_workers(workers);
	assert_true(visits->steps >= steps);
	assert_int_equal(visits->meetings, 0);
	return created;
}

static void threads_that_end_are_replaced(void **state)
{
	(void)state;
	struct visits visits = {0};
	uint64_t created = run_workers(&visits, 1, 10 * PLACES);
	assert_true(created >= visits.steps);
}

static void lives_have_an_end(void **state)
{
	(void)state;
	struct visits visits = {0};
	uint64_t created = run_workers(&visits, 4, 100 * PLACES);
	assert_true(created * 4 >= visits.steps);
	assert_true(created < visits.steps);
}

static void threads_without_an_end_stay(void **state)
{
	(void)state;
	struct visits visits = {0};
	assert_int_equal(run_workers(&visits, 0, 1000), PLACES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_that_end_are_replaced),
		cmocka_unit_test(lives_have_an_end),
		cmocka_unit_test(threads_without_an_end_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
