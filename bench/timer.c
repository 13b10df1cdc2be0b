/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Races and their statistics; see timer.h.
 */
#define _GNU_SOURCE
#include "bench/timer.h"

#include <math.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double rounds[CONTENDERS_MAX][ROUNDS]; /* of the last race, in the order of time */

void pin_thread(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof set, &set);
}

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* Sorts values. */
static double median(double values[ROUNDS])
{
	qsort(values, ROUNDS, sizeof *values, by_value);
	return values[ROUNDS / 2];
}

static double time_run(const struct contender *contender, size_t times)
{
	double start = now();
	contender->run(contender->context, times);
	return now() - start;
}

static size_t calibrate(const struct contender *contender, double nanoseconds)
{
	size_t times = 1;
	while (time_run(contender, times) < nanoseconds && times < (size_t)1 << 40)
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

static void take_statistics(struct timing *timing, const double samples[ROUNDS])
{
	double values[ROUNDS];
	memcpy(values, samples, sizeof values);
	timing->median = median(values);
	for (int round = 0; round < ROUNDS; round++)
		values[round] = fabs(values[round] - timing->median);
	timing->deviation = median(values);
}

void time_contenders(const struct contender *list, size_t count, double nanoseconds, struct timing *timings)
{
	size_t times[CONTENDERS_MAX], order[CONTENDERS_MAX];
	uint64_t seed = 1;
	for (size_t i = 0; i < count; i++) {
		times[i] = calibrate(&list[i], nanoseconds);
		order[i] = i;
	}
	for (int round = 0; round < ROUNDS; round++) {
		shuffle(order, count, &seed);
		for (size_t i = 0; i < count; i++) {
			size_t c = order[i];
			rounds[c][round] = time_run(&list[c], times[c]) / (double)times[c];
		}
	}
	for (size_t i = 0; i < count; i++)
		take_statistics(&timings[i], rounds[i]);
}

double compare_contenders(size_t one, size_t other)
{
	double values[ROUNDS];
	for (int round = 0; round < ROUNDS; round++)
		values[round] = rounds[other][round] / rounds[one][round];
	return median(values);
}
