/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Worker threads that come and go: each place is always taken, by a thread that lives a short random number of steps and
 * is then replaced. Called by one thread, the one that started them; steps run on theirs.
 */
#ifndef TOOLS_WORKERS_H
#define TOOLS_WORKERS_H

#include <stdatomic.h>
#include <stdint.h>

struct worker {
	unsigned place;  /* 0 ... count-1; data of a place belongs to the thread that has it */
	uint64_t random; /* state of next_random(); depends on seed, place and how many had the place before */
	void *context;
};

struct workers;

/* A step must return soon: stop_workers() waits for it. most_steps: the longest life; 0: they live until the end. */
struct workers *start_workers(unsigned count, uint64_t seed, unsigned most_steps, void (*step)(struct worker *worker),
			      void *context);

/* Replaces the threads whose lives have ended, until ms milliseconds have passed. */
void tend_workers(struct workers *workers, unsigned ms);

/* Lets the steps end, and returns how many threads there were in all. */
uint64_t stop_workers(struct workers *workers);

#endif
