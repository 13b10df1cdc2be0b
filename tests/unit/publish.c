/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The publication protocol, every interleaving of one swap and one rollback: the rollback begins after each step of the
 * swap, stops after each of its own steps, and goes on after each later step of the swap. publish.c is compiled in
 * here, with its hooks.
 */
#define TENON_TEST_HOOKS
#include "runtime/publish.c"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *const swap_steps[] = {"prepared", "checked", "based", "prior", "published", "yielding"};
static const char *const rollback_steps[] = {"begun", "loaded", "restored", "previous", "active"};
#define SWAP_STEPS (sizeof swap_steps / sizeof *swap_steps)
#define ROLLBACK_STEPS (sizeof rollback_steps / sizeof *rollback_steps)

/* older was replaced by base, which a swap replaces by fresh. */
static const struct table older = {.generation = 1}, base = {.generation = 2}, fresh = {.generation = 3};

static void reset(void)
{
	publish_hook = NULL;
	uint64_t vetoes;
	assert_true(reset_publication());
	roll_back(TENON_ROLLBACK_SCALAR); /* long over: what it chose must not matter to a later swap */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(begin_swap(&vetoes, NULL), TENON_OK);
		assert_int_equal(finish_swap(vetoes, i ? &base : &older, PUBLISH_STEP, NULL), TENON_OK);
	}
	set_pinned(false);
}

/* ---- One after the other ----------------------------------------------------------------------------------------- */

static void publishes_and_remembers(void **state)
{
	(void)state;
	reset();
	assert_ptr_equal(active_table, &base);
	roll_back(TENON_ROLLBACK_PREVIOUS);
	assert_ptr_equal(active_table, &older);
	assert_true(is_pinned());
}

static void second_rollback_is_no_op(void **state)
{
	(void)state;
	for (int first = 0; first < 2; first++) {
		reset();
		roll_back(first ? TENON_ROLLBACK_SCALAR : TENON_ROLLBACK_PREVIOUS);
		const struct table *after = active_table;
		assert_ptr_equal(after, first ? &scalar_table : &older);
		roll_back(TENON_ROLLBACK_PREVIOUS);
		assert_ptr_equal(active_table, after);
	}
}

static void repeated_swap_keeps_previous(void **state)
{
	(void)state;
	uint64_t vetoes;
	reset();
	begin_swap(&vetoes, NULL);
	assert_int_equal(finish_swap(vetoes, &base, PUBLISH_STEP, NULL), TENON_OK);
	roll_back(TENON_ROLLBACK_PREVIOUS);
	assert_ptr_equal(active_table, &older);
}

static void swap_after_rollback(void **state)
{
	(void)state;
	uint64_t vetoes;
	reset();
	roll_back(TENON_ROLLBACK_PREVIOUS);
	assert_int_equal(begin_swap(&vetoes, NULL), TENON_OK);
	assert_int_equal(finish_swap(vetoes, &fresh, PUBLISH_STEP, NULL), TENON_OK);
	assert_ptr_equal(active_table, &fresh);
	roll_back(TENON_ROLLBACK_PREVIOUS);
	assert_ptr_equal(active_table, &older);
}

/* A rollback that is stuck half way (its thread was stopped, say): swaps yield, nothing is garbage. */
static void half_a_rollback_stops_swaps(void **state)
{
	(void)state;
	uint64_t vetoes;
	struct why why;
	const struct table *reachable[2];
	reset();
	atomic_fetch_add(&begun, 1);
	assert_int_equal(begin_swap(&vetoes, &why), TENON_EROLLEDBACK);
	assert_false(find_reachable(reachable));
	forget_rollbacks_under_way();
	assert_true(find_reachable(reachable));
	assert_int_equal(begin_swap(&vetoes, &why), TENON_OK);
}

static bool was_published;

static void note_published(const char *step)
{
	was_published = was_published || strcmp(step, "published") == 0;
}

/* A rollback while the swap was preparing: the new table is never seen. */
static void vetoed_swap_is_not_published(void **state)
{
	(void)state;
	uint64_t vetoes;
	struct why why;
	reset();
	assert_int_equal(begin_swap(&vetoes, &why), TENON_OK);
	roll_back(TENON_ROLLBACK_PREVIOUS);
	was_published = false;
	publish_hook = note_published;
	assert_int_equal(finish_swap(vetoes, &fresh, PUBLISH_STEP, &why), TENON_EROLLEDBACK);
	publish_hook = NULL;
	assert_false(was_published);
	assert_ptr_equal(active_table, &older);
}

/* ---- Trials and the same backends again -------------------------------------------------------------------------- */

static const struct table trial = {.generation = 4, .is_trial = true}, watched = {.generation = 5};

static void publish(const struct table *table, enum publication publication)
{
	uint64_t vetoes;
	assert_int_equal(begin_swap(&vetoes, NULL), TENON_OK);
	assert_int_equal(finish_swap(vetoes, table, publication, NULL), TENON_OK);
	assert_ptr_equal(active_table, table);
}

static void rolls_back_to(const struct table *table)
{
	roll_back(TENON_ROLLBACK_PREVIOUS);
	assert_ptr_equal(active_table, table);
}

static void a_trial_is_rolled_back_but_never_to(void **state)
{
	(void)state;
	reset();
	publish(&trial, PUBLISH_STEP);
	rolls_back_to(&base);
	reset();
	publish(&trial, PUBLISH_STEP);
	publish(&fresh, PUBLISH_STEP); /* promoted */
	rolls_back_to(&base);
}

static void watching_leaves_previous_alone(void **state)
{
	(void)state;
	reset();
	publish(&watched, PUBLISH_SAME);
	publish(&base, PUBLISH_SAME);
	publish(&watched, PUBLISH_SAME);
	rolls_back_to(&older);
	reset();
	publish(&watched, PUBLISH_SAME);
	publish(&fresh, PUBLISH_STEP);
	rolls_back_to(&watched);
}

/* ---- Interleaved ------------------------------------------------------------------------------------------------- */

static struct schedule {
	enum tenon_rollback_target target;
	size_t begins, stops, resumes; /* after that step of the swap, of the rollback, of the swap */
	enum publication publication;
	bool over_trial; /* the swap promotes: a trial serves when it begins */
} schedule;

static pthread_mutex_t baton = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t passed = PTHREAD_COND_INITIALIZER;
static int turn; /* 0 the swap's, 1 the rollback's */
static bool rollback_over;
static __thread bool is_rollback;
static pthread_t rollback_thread;
static size_t swap_position;

static void pass_baton(int to)
{
	turn = to;
	pthread_cond_broadcast(&passed);
	while (turn == to && !rollback_over)
		pthread_cond_wait(&passed, &baton);
}

static void *run_rollback(void *unused)
{
	(void)unused;
	is_rollback = true;
	pthread_mutex_lock(&baton);
	roll_back(schedule.target);
	rollback_over = true;
	turn = 0;
	pthread_cond_broadcast(&passed);
	pthread_mutex_unlock(&baton);
	return NULL;
}

static void take_step(const char *step)
{
	if (is_rollback) {
		if (strcmp(step, rollback_steps[schedule.stops]) == 0)
			pass_baton(0);
		return;
	}
	while (strcmp(step, swap_steps[swap_position]) != 0)
		swap_position++;
	if (swap_position == schedule.begins) {
		assert_int_equal(pthread_create(&rollback_thread, NULL, run_rollback, NULL), 0);
		pass_baton(1);
	}
	if (swap_position == schedule.resumes && !rollback_over)
		pass_baton(1);
}

/* Runs one schedule; returns what the swap returned. */
static int run_schedule(void)
{
	uint64_t vetoes;
	struct why why;
	reset();
	if (schedule.over_trial)
		publish(&trial, PUBLISH_STEP);
	turn = 0;
	swap_position = 0;
	rollback_over = false;
	assert_int_equal(begin_swap(&vetoes, &why), TENON_OK);
	publish_hook = take_step;
	pthread_mutex_lock(&baton);
	int status = finish_swap(vetoes, &fresh, schedule.publication, &why);
	if (swap_position >= schedule.begins) {
		while (!rollback_over)
			pass_baton(1);
	}
	pthread_mutex_unlock(&baton);
	if (swap_position >= schedule.begins)
		pthread_join(rollback_thread, NULL);
	publish_hook = NULL;
	return status;
}

static void check_schedule(int status)
{
	const struct table *after = active_table;
	if (schedule.begins <= 4) /* before the swap's last look at the rollbacks */
		assert_int_equal(status, TENON_EROLLEDBACK);
	assert_ptr_not_equal(after, &fresh);
	if (schedule.target == TENON_ROLLBACK_SCALAR)
		assert_ptr_equal(after, &scalar_table);
	else if (schedule.over_trial)
		assert_ptr_equal(after, &base);
	else
		assert_true(after == &older || (after == &base && schedule.publication == PUBLISH_STEP));
	roll_back(TENON_ROLLBACK_PREVIOUS);
	assert_ptr_equal(active_table, after);
}

static void rollback_wins_everywhere(void **state)
{
	(void)state;
	size_t runs = 0, yielded = 0;
	for (int variant = 0; variant < 6; variant++)
		for (size_t begins = 0; begins < SWAP_STEPS - 1; begins++)
			for (size_t stops = 0; stops < ROLLBACK_STEPS; stops++)
				for (size_t resumes = begins; resumes < SWAP_STEPS; resumes++) {
					schedule = (struct schedule){(enum tenon_rollback_target)(variant % 2),
								     begins,
								     stops,
								     resumes,
								     variant / 2 == 1 ? PUBLISH_SAME : PUBLISH_STEP,
								     variant / 2 == 2};
					int status = run_schedule();
					check_schedule(status);
					runs++;
					yielded += status == TENON_EROLLEDBACK;
				}
	assert_int_equal(runs, 6 * ROLLBACK_STEPS * (6 + 5 + 4 + 3 + 2));
	assert_int_equal(yielded, runs);
}

/* The other way round: the whole swap falls into the rollback, after each of its steps. */
static size_t nested_at;
static int nested_status;

static void swap_inside(const char *step)
{
	uint64_t vetoes;
	struct why why;
	if (strcmp(step, rollback_steps[nested_at]) != 0)
		return;
	publish_hook = NULL;
	nested_status = begin_swap(&vetoes, &why);
	if (nested_status == TENON_OK)
		nested_status = finish_swap(vetoes, &fresh, PUBLISH_STEP, &why);
}

static void swap_inside_rollback_yields(void **state)
{
	(void)state;
	for (nested_at = 0; nested_at < ROLLBACK_STEPS; nested_at++) {
		reset();
		publish_hook = swap_inside;
		roll_back(TENON_ROLLBACK_PREVIOUS);
		assert_int_equal(nested_status, TENON_EROLLEDBACK);
		assert_ptr_equal(active_table, &older);
	}
}

/* ---- The retire thread's look ------------------------------------------------------------------------------------ */

/*
 * Between its two loads a whole rollback makes `older` the active table, and half of another one takes it out of
 * `previous`: neither load sees it, and it is active.
 */
static void roll_back_between_the_loads(const char *step)
{
	if (strcmp(step, "half seen") != 0)
		return;
	publish_hook = NULL;
	roll_back(TENON_ROLLBACK_PREVIOUS);
	atomic_fetch_add(&begun, 1);
	atomic_store(&previous, &scalar_table);
}

static void a_torn_look_proves_nothing(void **state)
{
	(void)state;
	const struct table *reachable[2];
	reset();
	assert_true(find_reachable(reachable));
	publish_hook = roll_back_between_the_loads;
	bool quiet = find_reachable(reachable);
	publish_hook = NULL;
	assert_ptr_equal(active_table, &older);
	assert_true(reachable[0] != &older && reachable[1] != &older);
	assert_false(quiet);
	forget_rollbacks_under_way();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(publishes_and_remembers),
		cmocka_unit_test(second_rollback_is_no_op),
		cmocka_unit_test(repeated_swap_keeps_previous),
		cmocka_unit_test(swap_after_rollback),
		cmocka_unit_test(half_a_rollback_stops_swaps),
		cmocka_unit_test(vetoed_swap_is_not_published),
		cmocka_unit_test(a_trial_is_rolled_back_but_never_to),
		cmocka_unit_test(watching_leaves_previous_alone),
		cmocka_unit_test(rollback_wins_everywhere),
		cmocka_unit_test(swap_inside_rollback_yields),
		cmocka_unit_test(a_torn_look_proves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
