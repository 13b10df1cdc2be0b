/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Probation: which side serves, what is counted and timed, what a tripped kernel does, who owns a slot and how long. The
 * sides are functions of this test; tests/unit/candidate.c has a real backend.
 */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/load.h"
#include "runtime/probe.h"

enum { KERNEL = KERNEL_inner_product };

static __thread uint64_t served[2];

static int call_plain(const void *args, void *scratch)
{
	served[SIDE_PLAIN]++;
	return scalar_inner_product(args, scratch);
}

static int call_candidate(const void *args, void *scratch)
{
	served[SIDE_CANDIDATE]++;
	return scalar_inner_product(args, scratch);
}

static struct table plain, candidate, table;
static float query[4] = {1, 2, 3, 4}, rows[2][4] = {{1, 1, 1, 1}, {0, 0, 0, 2}}, scores[2];
static struct tenon_inner_product_args args = {query, rows[0], 2, 4, 4, scores};

static struct probe *make(uint32_t shadow, unsigned share)
{
	struct why why;
	struct probe_plan plan = {.shadow = shadow, .timing = true};
	plain = candidate = scalar_table;
	plain.function[KERNEL] = call_plain;
	candidate.function[KERNEL] = call_candidate;
	assert_int_equal(make_probe(&plain, &candidate, &plan, &table, &why), TENON_OK);
	set_probe_share(table.probe, share);
	served[0] = served[1] = 0;
	return table.probe;
}

static void call(size_t times)
{
	for (size_t i = 0; i < times; i++) {
		scores[0] = scores[1] = -1;
		assert_int_equal(table.function[KERNEL](&args, NULL), TENON_OK);
		assert_true(scores[0] == 10 && scores[1] == 8);
	}
}

static struct probe_counts read_counts(const struct probe *probe)
{
	struct probe_counts counts;
	read_probe(probe, KERNEL, &counts);
	return counts;
}

/* ---- Sides ------------------------------------------------------------------------------------------------------- */

static void a_share_of_calls_goes_to_the_candidate(void **state)
{
	(void)state;
	static const unsigned shares[] = {0, 5, 50, 100};
	enum { CALLS = 200000 };
	for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
		struct probe *probe = make(0, shares[i]);
		call(CALLS);
		struct probe_counts counts = read_counts(probe);
		assert_true(counts.watched);
		assert_int_equal(counts.calls[SIDE_PLAIN], served[SIDE_PLAIN]);
		assert_int_equal(counts.calls[SIDE_CANDIDATE], served[SIDE_CANDIDATE]);
		assert_int_equal(served[SIDE_PLAIN] + served[SIDE_CANDIDATE], CALLS);
		/* 3500 bursts: 4 % is beyond 4 standard deviations of a fair coin */
		assert_true(fabs((double)served[SIDE_CANDIDATE] / CALLS - shares[i] / 100.0) < 0.04);
		release_probe(probe);
	}
}

static void a_changed_share_counts_within_a_burst(void **state)
{
	(void)state;
	struct probe *probe = make(0, 0);
	call(1000);
	assert_int_equal(served[SIDE_CANDIDATE], 0);
	set_probe_share(probe, 100);
	assert_int_equal(probe_share(probe), 100);
	call(BURST_MAX);
	uint64_t before = served[SIDE_PLAIN];
	call(1000);
	assert_int_equal(served[SIDE_PLAIN], before);
	release_probe(probe);
}

static void what_is_scalar_on_both_sides_is_not_watched(void **state)
{
	(void)state;
	struct probe_counts counts;
	struct probe *probe = make(0, 50);
	for (int i = 0; i < KERNEL_COUNT; i++) {
		read_probe(probe, i, &counts);
		assert_int_equal(counts.watched, i == KERNEL);
		assert_int_equal(table.function[i] == kernels[i].scalar, i != KERNEL);
	}
	release_probe(probe);
}

/* A thread that makes one call counts, too: of many of them a share comes by the candidate. */
static void *call_once(void *unused)
{
	table.function[KERNEL](&args, NULL);
	return (void *)(uintptr_t)served[SIDE_CANDIDATE];
	(void)unused;
}

static void threads_of_one_call_get_their_share(void **state)
{
	(void)state;
	struct probe *probe = make(0, 50);
	uint64_t candidates = 0;
	for (int i = 0; i < 400; i++) {
		pthread_t thread;
		void *result;
		served[0] = served[1] = 0;
		assert_int_equal(pthread_create(&thread, NULL, call_once, NULL), 0);
		pthread_join(thread, &result);
		candidates += (uintptr_t)result;
	}
	struct probe_counts counts = read_counts(probe);
	assert_int_equal(counts.calls[SIDE_CANDIDATE], candidates);
	assert_int_equal(counts.calls[SIDE_PLAIN], 400 - candidates);
	assert_true(candidates > 0 && candidates < 400);
	release_probe(probe);
}

/* ---- Tripped ----------------------------------------------------------------------------------------------------- */

static void a_tripped_kernel_goes_to_plain_at_once(void **state)
{
	(void)state;
	int signal;
	char text[256];
	struct probe *probe = make(0, 100);
	uint32_t seen = count_probe_events();
	assert_int_equal(read_first_cause(probe, &signal, text, sizeof text), -1);
	assert_string_equal(text, "");
	call(10);
	trip_probe(probe, KERNEL);
	uint64_t before = served[SIDE_CANDIDATE];
	call(1000);
	assert_int_equal(served[SIDE_CANDIDATE], before);
	assert_int_equal(served[SIDE_PLAIN], 1000);
	assert_true(read_counts(probe).tripped);
	assert_int_equal(count_probe_events(), seen + 1);
	wait_probe_event(seen, 1000000);
	assert_int_equal(read_first_cause(probe, &signal, text, sizeof text), -1);
	release_probe(probe);
}

static void a_wait_for_events_ends(void **state)
{
	(void)state;
	struct timespec start, end;
	clock_gettime(CLOCK_MONOTONIC, &start);
	wait_probe_event(count_probe_events(), 20);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true((end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000 >= 19);
}

/* ---- Time -------------------------------------------------------------------------------------------------------- */

static int call_slowly(const void *a, void *scratch)
{
	struct timespec start, now;
	clock_gettime(CLOCK_MONOTONIC, &start);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - start.tv_sec) * 1000000000 + now.tv_nsec - start.tv_nsec < 20000);
	return scalar_inner_product(a, scratch);
}

static void latency_is_sampled_and_in_nanoseconds(void **state)
{
	(void)state;
	struct latencies latencies;
	struct why why;
	struct probe_plan plan = {.timing = true};
	plain = candidate = scalar_table;
	candidate.function[KERNEL] = call_slowly;
	plain.function[KERNEL] = call_plain;
	assert_int_equal(make_probe(&plain, &candidate, &plan, &table, &why), TENON_OK);
	read_latencies(table.probe, KERNEL, SIDE_CANDIDATE, &latencies);
	assert_true(find_quantile(&latencies, 0.99) == 0);
	set_probe_share(table.probe, 100);
	call(BURST_MAX * 40);
	read_latencies(table.probe, KERNEL, SIDE_CANDIDATE, &latencies);
	assert_true(latencies.count >= 39 && latencies.count <= 60);
	assert_true(find_quantile(&latencies, 0.01) >= 20000 && find_quantile(&latencies, 0.01) < 30000);
	assert_true(find_quantile(&latencies, 0.5) <= find_quantile(&latencies, 1));
	read_latencies(table.probe, KERNEL, SIDE_PLAIN, &latencies);
	assert_int_equal(latencies.count, 0);
	release_probe(table.probe);
}

/* The copies of a comparison leave other things in the caches than a host's call finds: its time would be an unfair one. */
static void a_compared_call_is_not_sampled(void **state)
{
	(void)state;
	static const uint32_t intervals[] = {0, 1};
	for (size_t i = 0; i < sizeof intervals / sizeof *intervals; i++) {
		struct probe *probe = make(intervals[i], 100);
		struct latencies latencies;
		call(100000);
		read_latencies(probe, KERNEL, SIDE_CANDIDATE, &latencies);
		assert_int_equal(latencies.count > 0, intervals[i] == 0);
		assert_int_equal(read_counts(probe).shadow_checks > 0, intervals[i] == 1);
		release_probe(probe);
	}
}

/* ---- Slots ------------------------------------------------------------------------------------------------------- */

static void slots_are_few_and_come_back(void **state)
{
	(void)state;
	struct why why;
	struct probe_plan plan = {0};
	struct table tables[PROBE_SLOTS + 1];
	make(0, 0);
	release_probe(table.probe);
	for (int i = 0; i < PROBE_SLOTS; i++)
		assert_int_equal(make_probe(&plain, &candidate, &plan, &tables[i], &why), TENON_OK);
	assert_int_equal(make_probe(&plain, &candidate, &plan, &tables[PROBE_SLOTS], &why), TENON_EAGAIN);
	assert_non_null(strstr(why.text, "4 places"));
	keep_probe(tables[1].probe);
	release_probe(tables[1].probe);
	assert_int_equal(make_probe(&plain, &candidate, &plan, &tables[PROBE_SLOTS], &why), TENON_EAGAIN);
	release_probe(tables[1].probe);
	assert_int_equal(make_probe(&plain, &candidate, &plan, &tables[1], &why), TENON_OK);
	for (int i = 0; i < PROBE_SLOTS; i++)
		release_probe(tables[i].probe);
}

static void a_probe_over_a_probe_is_over_its_candidate(void **state)
{
	(void)state;
	struct why why;
	struct probe_plan plan = {0};
	struct table again;
	struct probe *probe = make(0, 100);
	assert_true(table.is_trial);
	assert_int_equal(make_probe(&table, &table, &plan, &again, &why), TENON_OK);
	assert_false(again.is_trial);
	assert_ptr_equal(plain_of(&again)->function[KERNEL], call_candidate);
	assert_null(plain_of(&again)->probe);
	assert_ptr_equal(plain_of(&plain), &plain);
	release_probe(probe);
	release_probe(again.probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_share_of_calls_goes_to_the_candidate),
		cmocka_unit_test(a_changed_share_counts_within_a_burst),
		cmocka_unit_test(what_is_scalar_on_both_sides_is_not_watched),
		cmocka_unit_test(threads_of_one_call_get_their_share),
		cmocka_unit_test(a_tripped_kernel_goes_to_plain_at_once),
		cmocka_unit_test(a_wait_for_events_ends),
		cmocka_unit_test(latency_is_sampled_and_in_nanoseconds),
		cmocka_unit_test(a_compared_call_is_not_sampled),
		cmocka_unit_test(slots_are_few_and_come_back),
		cmocka_unit_test(a_probe_over_a_probe_is_over_its_candidate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
