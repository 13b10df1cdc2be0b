/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Decides what becomes of a backend on probation; see probation.h.
 *
 * Too slow is: the 99th percentile of what the candidate took is above that of what it replaces by more than the
 * limit, by more than a clock can tell and by more than chance (two standard errors of either); in three windows in a
 * row, and over the whole rollout (there by three). A window lasts at least a quarter of the hold, at most five
 * seconds, and until both sides have enough samples of that time: load changes, so what the old side took at another
 * time is no measure. At 100 % it gets no calls, and speed is not judged any more.
 */
#include "build.h"

#include "runtime/probation.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <tenon/tenon.h>

#define SAMPLES_LEAST 900 /* of each side in a window: with fewer, one outlier decides */
#define STRIKES_OUT 3
#define WINDOW_ERRORS 2 /* standard errors by which both sides are given the benefit of chance, in a window */
#define WHOLE_ERRORS 3  /* and over the whole rollout */
#define WINDOW_MOST_MS 5000
#define WINDOW_LEAST_MS 20
#define CLOCK_NOISE_NS 50.0

void plan_rollout(const struct config *config, struct rollout_plan *plan)
{
	*plan = (struct rollout_plan){
		.steps = config->steps,
		.hold_ms = config->hold_ms,
		.guard = config->guard,
		.shadow = config->shadow ? config->shadow : ROLLOUT_SHADOW,
		.max_p99_increase = config->max_p99_increase,
	};
}

void start_probation(struct probation *probation, const struct rollout_plan *plan, uint64_t now_ms)
{
	memset(probation, 0, sizeof *probation);
	probation->plan = *plan;
	probation->step_began = probation->window_began = now_ms;
}

unsigned probation_percent(const struct probation *probation)
{
	return probation->plan.steps.percent[probation->step];
}

/* ---- Right answers ---------------------------------------------------------------------------------------------- */

enum probation_move judge_probe(const struct probe *probe, int *kernel, struct why *why)
{
	int signal_number;
	char cause[sizeof why->text];
	*kernel = read_first_cause(probe, &signal_number, cause, sizeof cause);
	if (*kernel < 0)
		return PROBATION_WAIT;
	explain(why, TENON_EROLLEDBACK, "%s", cause);
	return PROBATION_ROLL_BACK;
}

enum rollback_cause find_cause(const struct probe *probe)
{
	int signal_number;
	char text[8];
	if (read_first_cause(probe, &signal_number, text, sizeof text) < 0)
		return ROLLBACK_slow;
	return signal_number ? ROLLBACK_fault : ROLLBACK_divergence;
}

/* ---- Speed ------------------------------------------------------------------------------------------------------ */

static void subtract_latencies(struct latencies *now, const struct latencies *begun)
{
	now->count -= begun->count;
	for (int i = 0; i < LATENCY_BUCKETS; i++)
		now->bucket[i] -= begun->bucket[i];
}

/* The 99th percentile, moved up, or down, by so many standard errors. */
static double find_p99(const struct latencies *latencies, int errors)
{
	double share = 0.99 + errors * sqrt(0.99 * 0.01 / (double)latencies->count);
	return find_quantile(latencies, share < 1 ? share : 1);
}

static bool is_slower(const struct probation *probation, const struct latencies latencies[2], int errors)
{
	double factor = 1 + probation->plan.max_p99_increase / 100.0;
	double limit = find_p99(&latencies[SIDE_PLAIN], errors) * factor + CLOCK_NOISE_NS;
	return find_p99(&latencies[SIDE_CANDIDATE], -errors) > limit;
}

/* Is the kernel out: slower in this window as in those before, and all in all? */
static bool judge_window(struct probation *probation, const struct probe *probe, int kernel, double p99[2])
{
	struct window *window = &probation->window[kernel];
	struct latencies whole[2], part[2];
	for (int side = 0; side < 2; side++) {
		read_latencies(probe, kernel, (enum probe_side)side, &whole[side]);
		part[side] = whole[side];
		subtract_latencies(&part[side], &window->begun[side]);
		p99[side] = find_quantile(&whole[side], 0.99);
	}
	if (part[SIDE_CANDIDATE].count < SAMPLES_LEAST || part[SIDE_PLAIN].count < SAMPLES_LEAST)
		return false; /* the window goes on */
	memcpy(window->begun, whole, sizeof whole);
	window->strikes = is_slower(probation, part, WINDOW_ERRORS) ? window->strikes + 1 : 0;
	return window->strikes >= STRIKES_OUT && is_slower(probation, whole, WHOLE_ERRORS);
}

static uint64_t window_length(const struct probation *probation)
{
	uint64_t length = probation->plan.hold_ms / 4;
	return length < WINDOW_LEAST_MS ? WINDOW_LEAST_MS : length > WINDOW_MOST_MS ? WINDOW_MOST_MS : length;
}

static enum probation_move judge_speed(struct probation *probation, const struct probe *probe, uint64_t now_ms,
				       int *kernel, struct why *why)
{
	double p99[2];
	if (now_ms - probation->window_began < window_length(probation))
		return PROBATION_WAIT;
	probation->window_began = now_ms;
	for (int i = 0; i < KERNEL_COUNT; i++) {
		if (!judge_window(probation, probe, i, p99))
			continue;
		*kernel = i;
		explain(why, TENON_EROLLEDBACK,
			"%s is too slow: its p99 is %.0f ns, that of what it replaces %.0f ns, and "
			"max_p99_increase is %u%%",
			kernels[i].name, p99[SIDE_CANDIDATE], p99[SIDE_PLAIN], probation->plan.max_p99_increase);
		return PROBATION_ROLL_BACK;
	}
	return PROBATION_WAIT;
}

/* ---- Steps ------------------------------------------------------------------------------------------------------ */

struct evidence {
	uint64_t calls, checks;
};

static struct evidence count_evidence(const struct probe *probe)
{
	struct evidence evidence = {0, 0};
	for (int i = 0; i < KERNEL_COUNT; i++) {
		struct probe_counts counts;
		read_probe(probe, i, &counts);
		evidence.calls += counts.calls[SIDE_CANDIDATE];
		evidence.checks += counts.shadow_checks;
	}
	return evidence;
}

/* "; no call came at 5 %, 25 %", or nothing */
static void describe_idle_steps(const struct probation *probation, char *text, size_t size)
{
	size_t used = 0;
	text[0] = '\0';
	for (unsigned i = 0; i < probation->plan.steps.count && used < size; i++)
		if (probation->idle_steps >> i & 1)
			used += (size_t)snprintf(text + used, size - used, "%s%d %%",
						 used ? ", " : "; no call came at ", probation->plan.steps.percent[i]);
}

static enum probation_move end_step(struct probation *probation, const struct evidence *evidence, uint64_t now_ms,
				    struct why *why)
{
	char idle[96];
	unsigned percent = probation_percent(probation);
	uint64_t calls = evidence->calls - probation->calls_before;
	if (!calls)
		probation->idle_steps |= 1u << probation->step;
	describe_idle_steps(probation, idle, sizeof idle);
	if (probation->step + 1 == probation->plan.steps.count) {
		explain(why, TENON_OK, "all steps held: %" PRIu64 " calls, %" PRIu64 " compared with scalar%s",
			evidence->calls, evidence->checks, idle);
		return PROBATION_PROMOTE;
	}
	probation->step++;
	probation->step_began = now_ms;
	probation->calls_before = evidence->calls;
	explain(why, TENON_OK,
		calls ? "%u %% held with %" PRIu64 " calls" : "%u %% ended with %" PRIu64 " calls, so it was not tried",
		percent, calls);
	return PROBATION_STEP;
}

static enum probation_move judge_step(struct probation *probation, const struct probe *probe, uint64_t now_ms,
				      struct why *why)
{
	uint64_t held = now_ms - probation->step_began;
	if (held < probation->plan.hold_ms)
		return PROBATION_WAIT;
	struct evidence evidence = count_evidence(probe);
	if (evidence.calls == probation->calls_before && held < 2 * probation->plan.hold_ms)
		return PROBATION_WAIT;
	return end_step(probation, &evidence, now_ms, why);
}

enum probation_move judge_probation(struct probation *probation, const struct probe *probe, uint64_t now_ms,
				    int *kernel, struct why *why)
{
	enum probation_move move = judge_probe(probe, kernel, why);
	if (move == PROBATION_WAIT)
		move = judge_speed(probation, probe, now_ms, kernel, why);
	if (move == PROBATION_WAIT)
		move = judge_step(probation, probe, now_ms, why);
	return move;
}
