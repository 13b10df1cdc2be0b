/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Counting and timing of calls, [metrics] calls. A table whose calls are counted has trampolines (counted.c) instead of
 * the backends' functions; where counting is off nothing of this is on a call's way. Each image that a kept table uses
 * has a slot meanwhile; what was counted there goes to the totals of its backend's name, which last as long as the process.
 *
 * Thread rule: set_counting() under the runtime's lock, count_table() and end_counting() under retire.c's; the rest from
 * any thread, with a lock of its own that is taken last.
 */
#ifndef RUNTIME_COUNT_H
#define RUNTIME_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/kernels.h"
#include "runtime/table.h"
#include "runtime/why.h"

struct image;

/* ---- For tables -------------------------------------------------------------------------------------------------- */

/* From now on tables are counted, or not; scalar's at once, others with the next publication. TENON_ENOMEM. */
int set_counting(bool on, struct why *why);
bool is_counting(void);

/* Puts trampolines into a plain table that is to be published. TENON_EAGAIN: too many images are kept; TENON_ENOMEM. */
int count_table(struct table *table, struct why *why);

/* Takes them out again. */
void uncount_table(struct table *table);

/* The same for a kernel that scalar serves, which needs nothing that could fail. */
tenon_kernel_fn *counted_scalar(int kernel);

/* No kept table uses the image any more, a grace period ago: its slot is for others. */
void end_counting(const struct image *image);

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

/* Bucket i is up to 32 << i nanoseconds, the last one is for what took longer. */
#define DURATION_BUCKETS 27
#define DURATION_FIRST 32

struct durations {
	uint64_t bucket[DURATION_BUCKETS]; /* not cumulative */
	uint64_t nanoseconds;              /* of all of them */
};

/* What one backend did for one kernel, whether it is still there or not. Probes compare without counting, too. */
struct counted {
	const char *backend; /* valid for ever */
	int kernel;
	uint64_t calls;
	uint64_t divergences; /* compared calls of it that were wrong */
	struct durations durations;
};
typedef void visit_counted_fn(const struct counted *counted, void *user);

/*
 * Every backend that had a call, in the order in which they came, and every kernel. Calls that have ended are all in it,
 * those of probes, too. Under the locks: visit may call nothing here.
 */
void visit_counts(visit_counted_fn *visit, void *user);

/* ---- A forked child ---------------------------------------------------------------------------------------------- */

/* From tenon_after_fork(), when probes have been restarted: its counts begin at zero. */
void restart_counting(void);

#endif
