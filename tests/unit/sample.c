/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What tenon top makes of the answers of a process, and of two of its samples.
 */
#include "tools/client.c"
#include "tools/top/sample.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* As it comes over a socket. */
static struct answer parse(const char *bytes)
{
	struct answer answer = {.bytes = strdup(bytes)};
	assert_non_null(answer.bytes);
	assert_true(parse_answer(&answer));
	return answer;
}

static struct sample take(void (*take_answer)(struct sample *sample, const struct answer *answer), const char *bytes)
{
	struct sample sample = {.process.pid = 7};
	struct answer answer = parse(bytes);
	take_answer(&sample, &answer);
	free_answer(&answer);
	return sample;
}

/* ---- status, history --------------------------------------------------------------------------------------------- */

static void takes_a_status(void **state)
{
	(void)state;
	struct sample sample = take(take_status, "TENON/1 0 ok\n"
						 "program=host label=web backend=avx2 generation=12 pinned=true\n"
						 "degraded=true degraded_reason=\"the port is taken\"\n"
						 "swaps=3 rollbacks=2 quarantined=1 grace_age_ms=1500 "
						 "grace_blocker_tid=4711\n"
						 "arena_size=1048576 arena_high_water=1000 arena_overflows=4 "
						 "threads_live=5\n"
						 "rollout=canary rollout_backend=avx512 rollout_percent=25 "
						 "rollout_step=2 rollout_steps=4\n"
						 "rollout_held_ms=100 rollout_hold_ms=30000 "
						 "rollout_reason=\"\"\n");
	assert_string_equal(sample.program, "host");
	assert_string_equal(sample.label, "web");
	assert_string_equal(sample.backend, "avx2");
	assert_string_equal(sample.degraded_reason, "the port is taken");
	assert_true(sample.degraded && sample.pinned);
	assert_int_equal(sample.generation, 12);
	assert_int_equal(sample.swaps, 3);
	assert_int_equal(sample.rollbacks, 2);
	assert_int_equal(sample.quarantined, 1);
	assert_int_equal(sample.grace_age_ms, 1500);
	assert_int_equal(sample.grace_blocker, 4711);
	assert_int_equal(sample.arena_size, 1048576);
	assert_int_equal(sample.arena_high_water, 1000);
	assert_int_equal(sample.arena_overflows, 4);
	assert_int_equal(sample.threads, 5);
	assert_string_equal(sample.rollout, "canary");
	assert_string_equal(sample.rollout_backend, "avx512");
	assert_int_equal(sample.rollout_percent, 25);
	assert_int_equal(sample.rollout_step, 2);
	assert_int_equal(sample.rollout_steps, 4);
	assert_int_equal(sample.rollout_held_ms, 100);
	assert_int_equal(sample.rollout_hold_ms, 30000);
}

static void what_a_status_lacks_is_empty(void **state)
{
	(void)state;
	struct sample sample = take(take_status, "TENON/1 0 ok\nbackend=scalar\n");
	assert_string_equal(sample.program, "");
	assert_string_equal(sample.rollout, "");
	assert_false(sample.degraded);
	assert_false(sample.pinned);
	assert_int_equal(sample.arena_size, 0);
}

static void the_last_events_stay(void **state)
{
	(void)state;
	char bytes[4096];
	size_t used = (size_t)snprintf(bytes, sizeof bytes, "TENON/1 0 ok\n");
	for (int i = 0; i < SAMPLE_EVENTS + 3; i++)
		used += (size_t)snprintf(bytes + used, sizeof bytes - used,
					 "event=%d time_ms=%d level=warn text=\"number %d\"\n", i + 1, i * 1000, i);
	struct sample sample = take(take_events, bytes);
	assert_int_equal(sample.events, SAMPLE_EVENTS);
	assert_string_equal(sample.event[0].text, "number 3");
	assert_string_equal(sample.event[0].moment, "1970-01-01T00:00:03.000Z");
	assert_string_equal(sample.event[0].level, "warn");
	assert_string_equal(sample.event[SAMPLE_EVENTS - 1].text, "number 14");
}

/* As long as a process can say it. */
static void nothing_that_is_said_is_cut(void **state)
{
	(void)state;
	static char bytes[16384];
	snprintf(bytes, sizeof bytes, "TENON/1 0 ok\nprogram=%0255d rollout_backend=/%04094d rollout_reason=%0255d\n",
		 1, 2, 3);
	struct sample sample = take(take_status, bytes);
	assert_int_equal(strlen(sample.program), 255);
	assert_int_equal(strlen(sample.rollout_backend), 4095);
	assert_int_equal(strlen(sample.rollout_reason), 255);
	snprintf(bytes, sizeof bytes, "TENON/1 0 ok\nevent=1 time_ms=1 level=info text=%0639d\n", 4);
	sample = take(take_events, bytes);
	assert_int_equal(strlen(sample.event[0].text), 639);
}

/* ---- metrics ----------------------------------------------------------------------------------------------------- */

#define LINE(text) "line=\"" text "\"\n"
#define CALLS(kernel, backend, value) \
	LINE("tenon_calls_total{kernel=\\\"" kernel "\\\",backend=\\\"" backend "\\\"} " value)
#define BUCKET(backend, bound, value)                                                                            \
	LINE("tenon_call_duration_seconds_bucket{kernel=\\\"top_k\\\",backend=\\\"" backend "\\\",le=\\\"" bound \
	     "\\\"} " value)
#define COUNTED LINE("tenon_calls_counted 1")

static void calls_add_up_over_kernels_and_backends(void **state)
{
	(void)state;
	struct sample sample =
		take(take_metrics, "TENON/1 0 metrics\n" CALLS("top_k", "scalar", "10") CALLS("top_k", "avx2", "32")
					   CALLS("crc32c", "avx2", "1e3") COUNTED);
	assert_true(sample.is_counted);
	assert_float_equal(sample.calls, 1042, 0);
}

static void totals_outlive_the_counting(void **state)
{
	(void)state;
	struct sample sample =
		take(take_metrics, "TENON/1 0 metrics\n" LINE("tenon_calls_counted 0") CALLS("top_k", "scalar", "10"));
	assert_false(sample.is_counted);
	assert_float_equal(sample.calls, 10, 0);
}

static void what_is_no_metric_of_ours_is_passed_over(void **state)
{
	(void)state;
	struct sample sample =
		take(take_metrics,
		     "TENON/1 0 metrics\n" LINE("# HELP tenon_calls_total Calls") LINE("tenon_calls_total_more 5")
			     LINE("tenon_calls_total{} ") LINE("tenon_calls_total") LINE("tenon_calls_total{} -1")
				     LINE("tenon_calls_total{} 5x") LINE("")
					     LINE("tenon_call_duration_seconds_bucket{kernel=\\\"top_k\\\"} 5"));
	assert_float_equal(sample.calls, 0, 0);
	assert_int_equal(sample.buckets, 0);
	assert_false(sample.is_counted);
}

static void buckets_are_sorted_and_added(void **state)
{
	(void)state;
	struct sample sample =
		take(take_metrics, "TENON/1 0 metrics\n" BUCKET("avx2", "0.002", "4") BUCKET("avx2", "+Inf", "5")
					   BUCKET("scalar", "0.001", "1") BUCKET("scalar", "0.002", "2")
						   BUCKET("scalar", "+Inf", "3"));
	assert_int_equal(sample.buckets, 3);
	assert_float_equal(sample.bound[0], 0.001, 0);
	assert_float_equal(sample.samples[0], 1, 0);
	assert_float_equal(sample.samples[1], 6, 0);
	assert_true(isinf(sample.bound[2]));
	assert_float_equal(sample.samples[2], 8, 0);
}

static void more_buckets_than_room_are_left_out(void **state)
{
	(void)state;
	struct sample sample = {0};
	for (int i = 0; i < SAMPLE_BUCKETS + 5; i++) {
		char line[64];
		snprintf(line, sizeof line, "tenon_call_duration_seconds_bucket{le=\"%d\"} 1", i);
		take_metric(&sample, line);
	}
	assert_int_equal(sample.buckets, SAMPLE_BUCKETS);
	assert_float_equal(sample.bound[SAMPLE_BUCKETS - 1], SAMPLE_BUCKETS - 1, 0);
}

/* ---- Two samples ------------------------------------------------------------------------------------------------- */

static struct sample sample_at(int64_t taken_ms, double calls)
{
	return (struct sample){.process.pid = 7, .taken_ms = taken_ms, .is_counted = true, .calls = calls};
}

static void a_rate_is_of_the_time_between(void **state)
{
	(void)state;
	struct sample before = sample_at(1000, 100), now = sample_at(1500, 350);
	compare_samples(&now, &before);
	assert_true(now.has_rate);
	assert_float_equal(now.calls_per_second, 500, 0);
	assert_true(now.p50 < 0 && now.p99 < 0); /* nothing was sampled */
}

static bool has_rate(struct sample now, const struct sample *before)
{
	compare_samples(&now, before);
	return now.has_rate;
}

static void two_that_cannot_be_compared_have_none(void **state)
{
	(void)state;
	struct sample before = sample_at(1000, 100), now = sample_at(2000, 200), other = now, odd;
	assert_true(has_rate(now, &before));
	assert_false(has_rate(now, NULL));
	other.process.pid = 8;
	assert_false(has_rate(other, &before));
	assert_false(has_rate(sample_at(1000, 200), &before));
	assert_false(has_rate(sample_at(2000, 99), &before)); /* it began anew */
	odd = now;
	odd.is_counted = false;
	assert_false(has_rate(odd, &before));
	odd = now;
	snprintf(odd.error, sizeof odd.error, "no answer");
	assert_false(has_rate(odd, &before));
	odd = before;
	odd.is_counted = false;
	assert_false(has_rate(now, &odd));
	odd = before;
	snprintf(odd.error, sizeof odd.error, "no answer");
	assert_false(has_rate(now, &odd));
}

static void fill_buckets(struct sample *sample, size_t count, const double *bounds, const double *samples)
{
	sample->buckets = count;
	memcpy(sample->bound, bounds, count * sizeof *bounds);
	memcpy(sample->samples, samples, count * sizeof *samples);
}

static void percentiles_are_of_what_came_since(void **state)
{
	(void)state;
	const double bounds[] = {1, 2, 4, INFINITY};
	struct sample before = sample_at(0, 0), now = sample_at(1000, 5);
	fill_buckets(&before, 4, bounds, (const double[]){1000, 1000, 1000, 1000});
	fill_buckets(&now, 4, bounds, (const double[]){1000, 1050, 1100, 1100});
	compare_samples(&now, &before);
	assert_float_equal(now.p50, 2, 1e-9);    /* the end of the second */
	assert_float_equal(now.p99, 3.96, 1e-9); /* 49 of the 50 in the third */
}

static void the_bucket_without_an_end_gives_its_beginning(void **state)
{
	(void)state;
	struct sample before = sample_at(0, 0), now = sample_at(1000, 5);
	fill_buckets(&now, 2, (const double[]){4, INFINITY}, (const double[]){1, 100});
	compare_samples(&now, &before);
	assert_float_equal(now.p50, 4, 0);
	assert_float_equal(now.p99, 4, 0);
}

/* A bucket is missing before its first call, and so are counts that a process lost. */
static void buckets_that_were_not_there_had_none(void **state)
{
	(void)state;
	struct sample before = sample_at(0, 0), now = sample_at(1000, 5);
	fill_buckets(&before, 1, (const double[]){INFINITY}, (const double[]){10});
	fill_buckets(&now, 2, (const double[]){8, INFINITY}, (const double[]){4, 14});
	compare_samples(&now, &before);
	assert_true(now.p50 > 0 && now.p50 <= 8);
	fill_buckets(&before, 2, now.bound, (const double[]){40, 140});
	compare_samples(&now, &before);
	assert_true(now.p50 < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_status),
		cmocka_unit_test(what_a_status_lacks_is_empty),
		cmocka_unit_test(the_last_events_stay),
		cmocka_unit_test(nothing_that_is_said_is_cut),
		cmocka_unit_test(calls_add_up_over_kernels_and_backends),
		cmocka_unit_test(totals_outlive_the_counting),
		cmocka_unit_test(what_is_no_metric_of_ours_is_passed_over),
		cmocka_unit_test(buckets_are_sorted_and_added),
		cmocka_unit_test(more_buckets_than_room_are_left_out),
		cmocka_unit_test(a_rate_is_of_the_time_between),
		cmocka_unit_test(two_that_cannot_be_compared_have_none),
		cmocka_unit_test(percentiles_are_of_what_came_since),
		cmocka_unit_test(the_bucket_without_an_end_gives_its_beginning),
		cmocka_unit_test(buckets_that_were_not_there_had_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
