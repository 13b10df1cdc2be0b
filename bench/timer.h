/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Timing that survives a noisy machine: contenders take turns in one pinned thread, so that a slow moment hits all of
 * them, and are compared by the median of each round's ratio. One thread, one race at a time.
 */
#ifndef BENCH_TIMER_H
#define BENCH_TIMER_H

#include <stddef.h>

#define CONTENDERS_MAX 24
#define ROUNDS 41

/* One thing to time: run(context, times) does it that often. */
struct contender {
	const char *name;
	void (*run)(void *context, size_t times);
	void *context;
};

/* Nanoseconds for once: the median over rounds, and the median absolute deviation from it. */
struct timing {
	double median, deviation;
};

/* Keeps this thread on the CPU it runs on. */
void pin_thread(void);

/* Times the contenders in turn, round by round, each round at least `nanoseconds` long. */
void time_contenders(const struct contender *list, size_t count, double nanoseconds, struct timing *timings);

/* Of the last race, by index: how many times as fast `one` was as `other`. */
double compare_contenders(size_t one, size_t other);

#endif
