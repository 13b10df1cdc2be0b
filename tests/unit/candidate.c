/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A candidate that faults or is wrong, in a live runtime: its callers get scalar's answers, the kernel trips, and what goes
 * with it is kept as long as it is needed. The candidate is tests/plugins/faulty.c.
 */
#include "tests/unit/probation.h"

#include <pthread.h>
#include <signal.h>

#include "runtime/flights.h"
#include "runtime/thread.h"

/* ---- Causes ------------------------------------------------------------------------------------------------------ */

static void assert_cause(int kernel, int signal, const char *said)
{
	char text[256];
	int got;
	assert_int_equal(read_first_cause(probe, &got, text, sizeof text), kernel);
	assert_int_equal(got, signal);
	if (!strstr(text, said))
		fail_msg("'%s' does not say '%s'", text, said);
}

/* ---- Faults ------------------------------------------------------------------------------------------------------ */

struct fault {
	enum deed deed;
	int signal;
	const char *name;
};
static const struct fault faults[] = {
	{DEED_READ_NULL, SIGSEGV, "SEGV"}, {DEED_WRITE, SIGSEGV, "SEGV"},     {DEED_ILLEGAL, SIGILL, "ILL"},
	{DEED_JUMP_NULL, SIGSEGV, "SEGV"}, {DEED_COPY_NULL, SIGSEGV, "SEGV"}, {DEED_SPOIL, SIGSEGV, "SEGV"},
	{DEED_HALF, SIGSEGV, "SEGV"},
#ifdef __x86_64__
	{DEED_DIVIDE, SIGFPE, "FPE"},      {DEED_MISALIGN, SIGBUS, "BUS"},
#endif
};
#define FAULTS (sizeof faults / sizeof *faults)

static void a_fault_is_answered_by_scalar(void **state)
{
	(void)state;
	need_guard();
	for (size_t i = 0; i < FAULTS; i++) {
		begin(0, true);
		uint32_t seen = count_probe_events();
		ASSERT_ASKED(DEED_NONE);
		ASSERT_ASKED(faults[i].deed);
		struct probe_counts counts = counts_of(KERNEL_inner_product);
		assert_int_equal(counts.faults, 1);
		assert_true(counts.tripped);
		assert_int_equal(count_probe_events(), seen + 1);
		assert_cause(KERNEL_inner_product, faults[i].signal, faults[i].name);
		/* plain serves now: it would fault again */
		for (int j = 0; j < 100; j++)
			ASSERT_ASKED(faults[i].deed);
		assert_int_equal(counts_of(KERNEL_inner_product).faults, 1);
		assert_false(counts_of(KERNEL_binding_decay).tripped);
		end();
	}
}

/* The first call of a burst comes by another way than the others. */
static void every_call_of_a_burst_is_guarded(void **state)
{
	(void)state;
	need_guard();
	for (int calls = 0; calls < 2 * BURST_MAX; calls++) {
		begin(0, true);
		for (int i = 0; i < calls; i++)
			ASSERT_ASKED(DEED_NONE);
		ASSERT_ASKED(DEED_READ_NULL);
		assert_int_equal(counts_of(KERNEL_inner_product).faults, 1);
		end();
	}
}

static void a_batch_goes_on_after_a_fault(void **state)
{
	(void)state;
	need_guard();
	begin(0, true);
	float other[3] = {-1, -1, -1}, good[DEED_DIM] = {0, 1, 2, 3, 4, 5, 6};
	struct tenon_inner_product_args second = product;
	second.query = good;
	second.scores = other;
	struct tenon_call calls[] = {{TENON_ID_inner_product, 99, &product}, {TENON_ID_inner_product, 99, &second}};
	query[0] = DEED_BASE + DEED_SPOIL;
	assert_int_equal(tenon_batch(calls, 2, NULL), TENON_OK);
	assert_true(is_answered() && other[0] == 1 && other[1] == 2 && other[2] == 6);
	assert_int_equal(counts_of(KERNEL_inner_product).faults, 1);
	end();
}

static void a_share_of_a_call_is_guarded(void **state)
{
	(void)state;
	need_guard();
	begin(0, true);
	query[0] = DEED_BASE + DEED_HALF;
	for (size_t part = 0; part < 2; part++)
		assert_int_equal(tenon_call_part(TENON_ID_inner_product, &product, part, 2), TENON_OK);
	assert_true(is_answered());
	assert_int_equal(counts_of(KERNEL_inner_product).faults, 1);
	end();
}

/* Half of it is overwritten when the kernel faults; scalar needs what was there. */
static void what_is_changed_in_place_is_put_back(void **state)
{
	(void)state;
	need_guard();
	float got[100], want[100];
	struct tenon_binding_decay_args args = {got, 100, DEED_BASE + DEED_HALF, 0.0001f, TENON_FORGETTING_LINEAR};
	for (int shadow = 0; shadow < 2; shadow++) {
		begin((uint32_t)shadow, true);
		for (int i = 0; i < 100; i++)
			got[i] = want[i] = (float)i / 100;
		args.strengths = want;
		assert_int_equal(scalar_binding_decay(&args, NULL), TENON_OK);
		args.strengths = got;
		assert_int_equal(tenon_binding_decay(&args), TENON_OK);
		assert_memory_equal(got, want, sizeof want);
		assert_int_equal(counts_of(KERNEL_binding_decay).faults, 1);
		assert_cause(KERNEL_binding_decay, SIGSEGV, "binding_decay");
		end();
	}
}

static void too_large_to_save_goes_to_plain(void **state)
{
	(void)state;
	need_guard();
	size_t n = COPIES_MAX / sizeof(float) + 1;
	float *strengths = calloc(n, sizeof *strengths);
	assert_non_null(strengths);
	struct tenon_binding_decay_args args = {strengths, n, DEED_BASE + DEED_HALF, 0.0001f, TENON_FORGETTING_LINEAR};
	begin(1, true);
	assert_int_equal(tenon_binding_decay(&args), TENON_OK);
	assert_true(strengths[0] == 0 && strengths[n - 1] == 0);
	struct probe_counts counts = counts_of(KERNEL_binding_decay);
	assert_int_equal(counts.unguarded, 1);
	assert_int_equal(counts.shadow_skipped, 1);
	assert_int_equal(counts.faults, 0);
	end();
	free(strengths);
}

/* ---- Shadow ------------------------------------------------------------------------------------------------------ */

static void a_wrong_answer_is_scalars_for_the_caller(void **state)
{
	(void)state;
	static const enum deed deeds[] = {DEED_BIT, DEED_STATUS};
	static const char *const said[] = {"inner_product: scores[2] is 0x40c00001, scalar says 0x40c00000",
					   "returned"};
	for (int guard = 0; guard < 2; guard++)
		for (int i = 0; i < 2; i++) {
			begin(1, guard);
			ASSERT_ASKED(DEED_NONE);
			ASSERT_ASKED(deeds[i]);
			struct probe_counts counts = counts_of(KERNEL_inner_product);
			assert_int_equal(counts.shadow_checks, 2);
			assert_int_equal(counts.divergences, 1);
			assert_true(counts.tripped);
			assert_cause(KERNEL_inner_product, 0, said[i]);
			for (int j = 0; j < 100; j++)
				ASSERT_ASKED(DEED_BIT);
			end();
		}
}

static void a_wrong_answer_in_place_is_scalars(void **state)
{
	(void)state;
	float strengths[4] = {0.5f, 0.5f, 0.5f, 0.5f};
	struct tenon_binding_decay_args args = {strengths, 4, DEED_BASE + DEED_BIT, 0, TENON_FORGETTING_LINEAR};
	for (int guard = 0; guard < 2; guard++) {
		begin(1, guard);
		strengths[3] = 0.5f;
		assert_int_equal(tenon_binding_decay(&args), TENON_OK);
		assert_true(strengths[3] == 0.5f);
		assert_int_equal(counts_of(KERNEL_binding_decay).divergences, 1);
		assert_cause(KERNEL_binding_decay, 0, "strengths[3] is 0x3e800000, scalar says 0x3f000000");
		end();
	}
}

static void one_of_so_many_calls_is_compared(void **state)
{
	(void)state;
	static const unsigned intervals[] = {0, 1, 2, 10, 100};
	enum { CALLS = 40000 };
	for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++) {
		begin(intervals[i], false);
		for (int j = 0; j < CALLS; j++)
			assert_int_equal(ask(DEED_NONE), TENON_OK);
		double checks = (double)counts_of(KERNEL_inner_product).shadow_checks;
		double due = intervals[i] ? (double)CALLS / intervals[i] : 0;
		/* of 400 checks more than a third off is 6 standard deviations */
		assert_true(checks >= due * 2 / 3 && checks <= due * 4 / 3);
		end();
	}
}

/* The host's `shadow = 1/N` without a rollout: the same backend on both sides. What trips goes to scalar. */
static void a_serving_backend_is_watched(void **state)
{
	(void)state;
	struct why why;
	struct table table;
	struct probe_plan plan = {.shadow = 1};
	publish(&candidate);
	assert_int_equal(make_probe(&candidate, &candidate, &plan, &table, &why), TENON_OK);
	assert_false(table.is_trial);
	probe = table.probe;
	set_probe_share(probe, 100);
	publish(&table);
	assert_true(serves("faulty"));
	ASSERT_ASKED(DEED_NONE);
	set_probe_shadow(probe, 0);
	for (int i = 0; i < 2 * BURST_MAX; i++)
		ask(DEED_BIT);
	assert_false(is_answered());
	set_probe_shadow(probe, 1);
	for (int i = 0; i < 2 * BURST_MAX; i++)
		ask(DEED_BIT);
	ASSERT_ASKED(DEED_BIT);
	assert_int_equal(counts_of(KERNEL_inner_product).divergences, 1);
	assert_true(serves("faulty"));
	publish(&candidate); /* else it is what a rollback brings back, and stays */
	end();
}

/* BOUNDED has an order of its own: its bits are not scalar's, and nobody says so. */
static void bounded_answers_are_not_compared(void **state)
{
	(void)state;
	struct image bounded = *candidate.image[KERNEL_inner_product];
	struct table table = candidate;
	struct why why;
	struct probe_plan plan = {.shadow = 1};
	bounded.numeric_class[KERNEL_inner_product] = TENON_BOUNDED;
	table.image[KERNEL_inner_product] = &bounded;
	struct table composed;
	assert_int_equal(make_probe(&plain, &table, &plan, &composed, &why), TENON_OK);
	set_probe_share(composed.probe, 100);
	query[0] = DEED_BASE + DEED_BIT;
	for (int i = 0; i < 10; i++)
		assert_int_equal(composed.function[KERNEL_inner_product](&product, NULL), TENON_OK);
	probe = composed.probe;
	struct probe_counts counts = counts_of(KERNEL_inner_product);
	assert_int_equal(counts.shadow_skipped, 10);
	assert_int_equal(counts.shadow_checks, 0);
	assert_false(counts.tripped);
	release_probe(probe);
}

/* ---- Flight records ---------------------------------------------------------------------------------------------- */

/* The last record, as a call that can be made again. */
static struct flight read_last_flight(void)
{
	static uint64_t bytes[FLIGHT_ROOM / 8];
	struct flight flight;
	struct why why;
	size_t size = 0;
	assert_true(count_flights() > 0);
	size = copy_flight(count_flights() - 1, bytes, sizeof bytes);
	assert_int_equal(read_flight(bytes, size, &flight, &why), 0);
	assert_int_equal(judge_flight(&flight, &why), 0);
	return flight;
}

static void what_went_wrong_is_recorded(void **state)
{
	(void)state;
	struct why why;
	float strengths[4] = {0.5f, 0.5f, 0.5f, 0.75f}, before;
	struct tenon_binding_decay_args args = {strengths, 4, DEED_BASE + DEED_BIT, 0, TENON_FORGETTING_LINEAR};
	assert_int_equal(prepare_flights(FLIGHT_ROOM, "a CPU", &why), 0);
	begin(1, true);
	assert_int_equal(tenon_binding_decay(&args), TENON_OK);
	struct flight flight = read_last_flight();
	assert_int_equal(flight.kernel, KERNEL_binding_decay);
	assert_string_equal(flight.header->backend, "faulty");
	assert_int_equal(flight.header->signal, 0);
	assert_int_equal(flight.header->first_index, 3);
	const struct flight_region *region = &flight.region[flight.header->first_region];
	memcpy(&before, flight.bytes + region->before.at + 3 * sizeof before, sizeof before);
	assert_true(before == 0.75f);
	if (HAS_GUARD) {
		ASSERT_ASKED(DEED_SPOIL);
		flight = read_last_flight();
		assert_int_equal(flight.kernel, KERNEL_inner_product);
		assert_int_equal(flight.header->signal, SIGSEGV);
	}
	end();
}

/* ---- Publication ------------------------------------------------------------------------------------------------- */

static void a_trial_is_not_rolled_back_to(void **state)
{
	(void)state;
	begin(0, false);
	assert_true(atomic_load(&active_table)->is_trial);
	assert_true(serves("scalar"));
	publish(&candidate);
	assert_true(serves("faulty"));
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	assert_true(serves("scalar"));
	assert_null(atomic_load(&active_table)->probe);
	end();
}

static void watching_is_no_step(void **state)
{
	(void)state;
	struct why why;
	struct table table;
	struct probe_plan plan = {.shadow = 1};
	publish(&plain);
	publish(&candidate);
	assert_int_equal(make_probe(&candidate, &candidate, &plan, &table, &why), TENON_OK);
	publish(&table);
	release_probe(table.probe);
	assert_ptr_equal(atomic_load(&active_table)->probe, table.probe);
	publish(&candidate);
	assert_null(atomic_load(&active_table)->probe);
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	assert_true(serves("scalar"));
}

/* The image of a candidate that only a trial uses stays as long as the trial may be read, and no longer. */
static void both_sides_keep_their_images(void **state)
{
	(void)state;
	begin(0, false);
	const struct image *image = candidate.image[KERNEL_inner_product];
	drop_image(image);
	hold_images();
	release_images();
	sleep_ms(50);
	assert_true(count_mappings("/faulty-") > 0);
	ASSERT_ASKED(DEED_NONE);
	end();
	assert_true(wait_until((hold_images(), release_images(), count_mappings("/faulty-") == 0)));
	assert_int_equal(tenon_close(), TENON_OK);
	open_faulty(state);
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

/* Threads that have such memory, or ended without giving it back. */
static int count_copies(void)
{
	int count = 0;
	for (struct thread *thread = first_thread(); thread; thread = thread->next)
		count += atomic_load(&thread->copies.base) != NULL;
	return count;
}

static void *ask_once(void *unused)
{
	float mine[3] = {-1, -1, -1}, good[DEED_DIM] = {0, 1, 2, 3, 4, 5, 6};
	struct tenon_inner_product_args args = product;
	args.query = good;
	args.scores = mine;
	tenon_inner_product(&args);
	return unused;
}

static void copies_end_with_their_thread(void **state)
{
	(void)state;
	int before = count_copies();
	begin(1, false);
	for (int i = 0; i < 3; i++) {
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, ask_once, NULL), 0);
		pthread_join(thread, NULL);
	}
	assert_int_equal(counts_of(KERNEL_inner_product).shadow_checks, 3);
	assert_int_equal(count_copies(), before);
	end();
}

static void copies_end_with_the_last_probe(void **state)
{
	(void)state;
	int before = count_copies();
	begin(1, false);
	ASSERT_ASKED(DEED_NONE);
	assert_int_equal(count_copies(), before + 1);
	end();
	assert_true(wait_until(count_copies() == before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fault_is_answered_by_scalar),
		TEST(every_call_of_a_burst_is_guarded),
		TEST(a_batch_goes_on_after_a_fault),
		TEST(a_share_of_a_call_is_guarded),
		TEST(what_is_changed_in_place_is_put_back),
		TEST(too_large_to_save_goes_to_plain),
		TEST(a_wrong_answer_is_scalars_for_the_caller),
		TEST(a_wrong_answer_in_place_is_scalars),
		TEST(one_of_so_many_calls_is_compared),
		TEST(a_serving_backend_is_watched),
		TEST(bounded_answers_are_not_compared),
		TEST(what_went_wrong_is_recorded),
		TEST(a_trial_is_not_rolled_back_to),
		TEST(watching_is_no_step),
		TEST(both_sides_keep_their_images),
		TEST(copies_end_with_their_thread),
		TEST(copies_end_with_the_last_probe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
