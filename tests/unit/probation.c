/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The policy of a rollout, over counts and a clock that the test plays: every decision, and what must not lead to one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/probation.h"

/* ---- The probe that the test plays ------------------------------------------------------------------------------ */

#define SLOW KERNEL_top_k

static uint64_t calls;
static struct latencies times[2]; /* of SLOW; a bucket is a microsecond wide */
static const char *cause;

void read_probe(const struct probe *probe, int kernel, struct probe_counts *counts)
{
	(void)probe;
	*counts = (struct probe_counts){.watched = true};
	if (kernel == SLOW) {
		counts->calls[SIDE_CANDIDATE] = calls;
		counts->shadow_checks = calls / 10;
	}
}

void read_latencies(const struct probe *probe, int kernel, enum probe_side side, struct latencies *latencies)
{
	(void)probe;
	memset(latencies, 0, sizeof *latencies);
	if (kernel == SLOW)
		*latencies = times[side];
}

double find_quantile(const struct latencies *latencies, double share)
{
	uint64_t seen = 0;
	for (int i = 0; i < LATENCY_BUCKETS; i++) {
		seen += latencies->bucket[i];
		if (seen && (double)seen >= share * (double)latencies->count)
			return 1000.0 * (i + 1);
	}
	return 0;
}

int read_first_cause(const struct probe *probe, int *signal_number, char *text, size_t size)
{
	(void)probe;
	*signal_number = 0;
	snprintf(text, size, "%s", cause ? cause : "");
	return cause ? KERNEL_crc32c : -1;
}

static void take_time(enum probe_side side, int microseconds, uint64_t times_taken)
{
	times[side].bucket[microseconds - 1] += times_taken;
	times[side].count += times_taken;
}

/* ---- The rollout ------------------------------------------------------------------------------------------------ */

static struct probation probation;
static struct why why;
static int kernel;

static int begin(void **state)
{
	(void)state;
	const struct rollout_plan plan = {
		.steps = {3, {5, 50, 100}}, .hold_ms = 1000, .shadow = 1024, .max_p99_increase = 25};
	calls = 0;
	cause = NULL;
	memset(times, 0, sizeof times);
	memset(&why, 0, sizeof why);
	start_probation(&probation, &plan, 5000);
	return 0;
}

static enum probation_move judge_at(uint64_t now)
{
	return judge_probation(&probation, NULL, now, &kernel, &why);
}

static void expect_reason(const char *words)
{
	if (!strstr(why.text, words))
		fail_msg("\"%s\" is not in: %s", words, why.text);
}

static void steps_are_held_one_by_one(void **state)
{
	(void)state;
	assert_int_equal(probation_percent(&probation), 5);
	calls = 10;
	assert_int_equal(judge_at(5999), PROBATION_WAIT);
	assert_int_equal(judge_at(6000), PROBATION_STEP);
	expect_reason("5 % held with 10 calls");
	assert_int_equal(probation_percent(&probation), 50);
	calls = 40;
	assert_int_equal(judge_at(6999), PROBATION_WAIT);
	assert_int_equal(judge_at(7000), PROBATION_STEP);
	expect_reason("50 % held with 30 calls");
	calls = 90;
	assert_int_equal(judge_at(7999), PROBATION_WAIT);
	assert_int_equal(judge_at(8000), PROBATION_PROMOTE);
	assert_string_equal(why.text, "all steps held: 90 calls, 9 compared with scalar");
	assert_int_equal(judge_at(8100), PROBATION_PROMOTE); /* until somebody does it */
}

static void idle_step_is_held_twice_and_told(void **state)
{
	(void)state;
	assert_int_equal(judge_at(6000), PROBATION_WAIT);
	assert_int_equal(judge_at(6999), PROBATION_WAIT);
	assert_int_equal(judge_at(7000), PROBATION_STEP);
	expect_reason("5 % ended with 0 calls, so it was not tried");
	calls = 3;
	assert_int_equal(judge_at(8000), PROBATION_STEP);
	assert_int_equal(judge_at(9000), PROBATION_WAIT);
	assert_int_equal(judge_at(10000), PROBATION_PROMOTE);
	expect_reason("all steps held: 3 calls, 0 compared with scalar; no call came at 5 %, 100 %");
}

static void late_call_ends_an_idle_step(void **state)
{
	(void)state;
	assert_int_equal(judge_at(6000), PROBATION_WAIT);
	calls = 1;
	assert_int_equal(judge_at(6020), PROBATION_STEP);
	expect_reason("held with 1 calls");
}

static void wrong_answer_ends_it_at_once(void **state)
{
	(void)state;
	cause = "crc32c: crc is 1, scalar says 2";
	assert_int_equal(judge_at(5000), PROBATION_ROLL_BACK);
	assert_int_equal(kernel, KERNEL_crc32c);
	expect_reason(cause);
	assert_int_equal(judge_probe(NULL, &kernel, &why), PROBATION_ROLL_BACK);
}

/* A window a quarter of the hold long, with samples of both sides. */
static enum probation_move pass_window(int window, int plain_us, int candidate_us, uint64_t samples)
{
	take_time(SIDE_PLAIN, plain_us, samples);
	take_time(SIDE_CANDIDATE, candidate_us, samples);
	calls++;
	return judge_at(5000 + 250u * (unsigned)window);
}

static void slow_kernel_is_out_after_three_windows(void **state)
{
	(void)state;
	assert_int_equal(pass_window(1, 10, 20, 1000), PROBATION_WAIT);
	assert_int_equal(pass_window(2, 10, 20, 1000), PROBATION_WAIT);
	assert_int_equal(pass_window(3, 10, 20, 1000), PROBATION_ROLL_BACK);
	assert_int_equal(kernel, SLOW);
	expect_reason("top_k is too slow: its p99 is 20000 ns, that of what it replaces 10000 ns, and max_p99_increase "
		      "is 25%");
}

static void slower_within_the_limit_is_in(void **state)
{
	(void)state;
	for (int i = 1; i < 4; i++)
		assert_int_equal(pass_window(i, 20, 25, 1000), PROBATION_WAIT);
	assert_int_equal(probation.window[SLOW].strikes, 0);
}

static void good_window_forgives(void **state)
{
	(void)state;
	pass_window(1, 10, 20, 1000);
	pass_window(2, 10, 20, 1000);
	assert_int_equal(probation.window[SLOW].strikes, 2);
	assert_int_equal(pass_window(3, 10, 10, 1000), PROBATION_WAIT);
	assert_int_equal(probation.window[SLOW].strikes, 0);
}

static void few_samples_are_no_window(void **state)
{
	(void)state;
	for (int i = 1; i < 3; i++)
		assert_int_equal(pass_window(i, 10, 50, 30), PROBATION_WAIT);
	assert_int_equal(probation.window[SLOW].strikes, 0);
	take_time(SIDE_PLAIN, 10, 900);
	take_time(SIDE_CANDIDATE, 50, 900);
	judge_at(5750);
	assert_int_equal(probation.window[SLOW].strikes, 1); /* they were kept */
}

/* At 100 % nothing is left to compare with, and load may have changed since. */
static void one_side_alone_is_not_judged(void **state)
{
	(void)state;
	pass_window(1, 10, 10, 1000);
	for (unsigned i = 2; i < 4; i++) {
		take_time(SIDE_CANDIDATE, 90, 1000);
		assert_int_equal(judge_at(5000 + 250 * i), PROBATION_WAIT);
	}
	assert_int_equal(probation.window[SLOW].strikes, 0);
}

/* Two outliers in a hundred on one side, one on the other: that is what chance does. */
static void chance_is_no_slowness(void **state)
{
	(void)state;
	for (int i = 1; i < 4; i++) {
		take_time(SIDE_CANDIDATE, 100, 20);
		take_time(SIDE_PLAIN, 100, 5);
		assert_int_equal(pass_window(i, 10, 10, 980), PROBATION_WAIT);
	}
	assert_int_equal(probation.window[SLOW].strikes, 0);
}

static void configuration_makes_a_plan(void **state)
{
	(void)state;
	struct config config = {.steps = {1, {100}}, .hold_ms = 7, .guard = true, .max_p99_increase = 9};
	struct rollout_plan plan;
	plan_rollout(&config, &plan);
	assert_true(plan.steps.count == 1 && plan.hold_ms == 7 && plan.guard && plan.max_p99_increase == 9);
	assert_int_equal(plan.shadow, ROLLOUT_SHADOW);
	config.shadow = 64;
	plan_rollout(&config, &plan);
	assert_int_equal(plan.shadow, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(steps_are_held_one_by_one, begin),
		cmocka_unit_test_setup(idle_step_is_held_twice_and_told, begin),
		cmocka_unit_test_setup(late_call_ends_an_idle_step, begin),
		cmocka_unit_test_setup(wrong_answer_ends_it_at_once, begin),
		cmocka_unit_test_setup(slow_kernel_is_out_after_three_windows, begin),
		cmocka_unit_test_setup(slower_within_the_limit_is_in, begin),
		cmocka_unit_test_setup(good_window_forgives, begin),
		cmocka_unit_test_setup(few_samples_are_no_window, begin),
		cmocka_unit_test_setup(one_side_alone_is_not_judged, begin),
		cmocka_unit_test_setup(chance_is_no_slowness, begin),
		cmocka_unit_test(configuration_makes_a_plan),
	};
	return cmocka_run_group_tests_name("probation", tests, NULL, NULL);
}
