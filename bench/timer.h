/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Timing that survives a noisy machine: contenders take turns in one pinned thread, so that a slow moment hits all of
 * them, and are compared by the median of each round's ratio. One thread, one race at a time.
 */
#ifndef BENCH_TIMER_H
#define BENCH_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/statistics.h"

#define CONTENDERS_MAX 24
#define ROUNDS_MAX 41

/* One thing to time: run(context, times) does it that often. */
struct contender {
	const char *name;
	void (*run)(void *context, size_t times);
	void *context;
};

/* Nanoseconds for once: median over rounds, median absolute deviation, 95 % interval of the median. */
struct timing {
	double median, deviation;
	struct interval interval;
	size_t rounds;
};

/* What single calls took, or batches of as many as take 2 us together where one call is too short for the clock. */
struct latency {
	size_t calls, batch;   /* how many were timed, and of how many calls each was */
	double p50, p99, p999; /* ns for one call; NAN without 100 and 1000 of them */
};

/* How many times as fast one is as another: the median ratio over rounds and its 95 % interval. */
struct comparison {
	double ratio;
	struct interval interval;
};

/* What the CPU counted during one call, on average. NAN: not counted. */
struct counts {
	double cycles, instructions, cache_misses;
};

/* Keeps this thread on the CPU it runs on, and returns its number. */
int pin_thread(void);

/* Fewer and shorter rounds: enough to see that everything works, not to quote a figure. */
void make_timing_quick(void);

/* Times the contenders in turn, round by round, each round at least `nanoseconds` long. */
void time_contenders(const struct contender *list, size_t count, double nanoseconds, struct timing *timings);

/* Of the last race, by index: how many times as fast `one` was as `other`. */
struct comparison compare_timings(size_t one, size_t other);
double compare_contenders(size_t one, size_t other);

/* Times single calls of one that takes about median nanoseconds, for some milliseconds. */
struct latency time_calls(const struct contender *contender, double median);

/* Runs it once more under the hardware counters. */
struct counts count_events(const struct contender *contender, double median);

/* "" if there are counters, or why not. */
const char *explain_counters(void);

/*
 * For the gate: what new takes over what old takes, in each of `rounds` rounds. Within a round the order is new, old,
 * old, new, or the other way round, by lot, so that a drift of the machine's speed cancels out.
 */
void time_pair(const struct contender *new, const struct contender *old, double nanoseconds, size_t rounds,
	       double *ratios);

#endif
