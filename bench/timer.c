/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Races and their statistics; see timer.h.
 */
#define _GNU_SOURCE
#include "bench/timer.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LATENCIES_MAX = 4000 };
#define CLOCKABLE_NS 2000.0 /* two readings of the clock are then about 1 % */
#define LATENCY_NS 40e6

static double samples[CONTENDERS_MAX][ROUNDS_MAX]; /* of the last race, in the order of time */
static size_t rounds = ROUNDS_MAX;
static double shortening = 1;

int pin_thread(void)
{
	cpu_set_t set;
	int number = sched_getcpu();
	CPU_ZERO(&set);
	CPU_SET(number, &set);
	sched_setaffinity(0, sizeof set, &set);
	return number;
}

void make_timing_quick(void)
{
	rounds = 9;
	shortening = 0.1;
}

/* ---- Rounds ------------------------------------------------------------------------------------------------------ */

static double now(clockid_t clock)
{
	struct timespec time;
	clock_gettime(clock, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/*
 * Rounds are timed in the thread's own CPU time. On a wall clock it is no matter of chance who is put aside for another
 * process most often: the scheduler's slices keep step with the rounds.
 */
static double time_run(const struct contender *contender, size_t times)
{
	double start = now(CLOCK_THREAD_CPUTIME_ID);
	contender->run(contender->context, times);
	return now(CLOCK_THREAD_CPUTIME_ID) - start;
}

static size_t calibrate(const struct contender *contender, double nanoseconds)
{
	size_t times = 1;
	while (time_run(contender, times) < nanoseconds * shortening && times < (size_t)1 << 40)
		times *= 2;
	return times;
}

/* A new order each round, so that nobody always runs after the same one. */
static void shuffle(size_t *order, size_t count, uint64_t *seed)
{
	for (size_t i = count; i > 1; i--) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		size_t j = (*seed >> 33) % i, other = order[j];
		order[j] = order[i - 1];
		order[i - 1] = other;
	}
}

static void take_statistics(struct timing *timing, const double *list)
{
	double values[ROUNDS_MAX];
	memcpy(values, list, rounds * sizeof *values);
	sort_values(values, rounds);
	timing->rounds = rounds;
	timing->median = find_median(values, rounds);
	timing->interval = find_interval(values, rounds, 0.95);
	timing->deviation = find_deviation(values, rounds);
}

void time_contenders(const struct contender *list, size_t count, double nanoseconds, struct timing *timings)
{
	size_t times[CONTENDERS_MAX], order[CONTENDERS_MAX];
	uint64_t seed = 1;
	for (size_t i = 0; i < count; i++) {
		times[i] = calibrate(&list[i], nanoseconds);
		order[i] = i;
	}
	for (size_t round = 0; round < rounds; round++) {
		shuffle(order, count, &seed);
		for (size_t i = 0; i < count; i++) {
			size_t c = order[i];
			samples[c][round] = time_run(&list[c], times[c]) / (double)times[c];
		}
	}
	for (size_t i = 0; i < count; i++)
		take_statistics(&timings[i], samples[i]);
}

struct comparison compare_timings(size_t one, size_t other)
{
	double values[ROUNDS_MAX];
	for (size_t round = 0; round < rounds; round++)
		values[round] = samples[other][round] / samples[one][round];
	sort_values(values, rounds);
	return (struct comparison){find_median(values, rounds), find_interval(values, rounds, 0.95)};
}

double compare_contenders(size_t one, size_t other)
{
	return compare_timings(one, other).ratio;
}

/* ---- Single calls ------------------------------------------------------------------------------------------------ */

struct latency time_calls(const struct contender *contender, double median)
{
	static double values[LATENCIES_MAX];
	struct latency latency = {.batch = median < CLOCKABLE_NS ? (size_t)ceil(CLOCKABLE_NS / fmax(median, 0.1)) : 1};
	double before = now(CLOCK_MONOTONIC), end = before + LATENCY_NS * shortening;
	while (latency.calls < LATENCIES_MAX && before < end) {
		contender->run(contender->context, latency.batch);
		double after = now(CLOCK_MONOTONIC);
		values[latency.calls++] = (after - before) / (double)latency.batch;
		before = after;
	}
	sort_values(values, latency.calls);
	latency.p50 = find_quantile(values, latency.calls, 0.5);
	latency.p99 = latency.calls < 100 ? NAN : find_quantile(values, latency.calls, 0.99);
	latency.p999 = latency.calls < 1000 ? NAN : find_quantile(values, latency.calls, 0.999);
	return latency;
}

/* ---- Pairs ------------------------------------------------------------------------------------------------------- */

void time_pair(const struct contender *new, const struct contender *old, double nanoseconds, size_t pair_rounds,
	       double *ratios)
{
	static uint64_t seed = 1;
	size_t times = calibrate(new, nanoseconds);
	for (size_t round = 0; round < pair_rounds; round++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		bool swapped = seed >> 63;
		const struct contender *outer = swapped ? old : new, *inner = swapped ? new : old;
		double around = time_run(outer, times), within = time_run(inner, times);
		within += time_run(inner, times);
		around += time_run(outer, times);
		ratios[round] = swapped ? within / around : around / within;
	}
}
