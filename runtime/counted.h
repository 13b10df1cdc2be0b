/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The inside of counting, for count.c, which keeps what was counted, counted.c, which is what a call goes through, and
 * probe.c, whose calls are counted by its own trampolines.
 *
 * RCU rule: a slot belongs to its image until no kept table uses that image, a grace period ago; no call is in one of its
 * trampolines when it passes to another.
 */
#ifndef RUNTIME_COUNTED_H
#define RUNTIME_COUNTED_H

#include "build.h"

#include <stdatomic.h>
#include <stdint.h>

#include "runtime/cells.h"
#include "runtime/count.h"
#include "runtime/name.h"

/* Durations of a kernel's calls. Several, so that many threads seldom write to the same line. */
#define STRIPES 8
struct stripe {
	_Alignas(64) _Atomic uint64_t bucket[DURATION_BUCKETS];
	_Atomic uint64_t nanoseconds;
};

/* What is counted of a kernel beside its threads' cells. */
struct shared_counts {
	struct stripe stripe[STRIPES];
	_Atomic uint64_t strays; /* calls of threads that could not have a record */
};

/* What a call needs, found without a load: a kernel's function gets no table. */
struct count_slot {
	_Atomic(tenon_kernel_fn *) route[KERNEL_COUNT];
	_Atomic(struct shared_counts *)
		shared;            /* of each kernel; made with the slot's first image, kept for the next */
	const struct image *image; /* NULL: free; under count.c's lock */
	struct total *total;
};
extern struct count_slot count_slots[COUNT_SLOTS];
extern const struct table counted_scalar_table;
extern tenon_kernel_fn *const count_entries[KERNEL_COUNT][COUNT_SLOTS];

/* ---- Totals ------------------------------------------------------------------------------------------------------ */

/* One a name, made when that is first counted and never freed; all under count.c's lock but the name. */
struct total {
	struct total *next;
	unsigned id; /* from 1, of the first 255; 0 for others: what traces have for the name */
	char backend[BACKEND_NAME_SIZE];
	struct counted ended[KERNEL_COUNT]; /* of slots and probes that are gone */
	struct counted now[KERNEL_COUNT];   /* for the reader: and of those that are not */
};

/* Where what a backend of that name does is counted; NULL without memory. */
struct total *find_total(const char *backend);

/* A line for each: name, id. */
struct text;
void add_backend_names(struct text *answer);

void lock_totals(void);
void unlock_totals(void);

static inline unsigned find_duration_bucket(uint64_t nanoseconds)
{
	if (nanoseconds <= DURATION_FIRST)
		return 0;
	unsigned bucket = 64u - (unsigned)__builtin_clzll((nanoseconds - 1) / DURATION_FIRST);
	return bucket < DURATION_BUCKETS ? bucket : DURATION_BUCKETS - 1;
}

/* Under the lock: so many calls that took so long. */
void add_ticks(struct counted *counted, uint64_t ticks, uint64_t samples);

/* With the clock of the CPU as it was measured when counting was first turned on; before that, 0. */
uint64_t convert_ticks(uint64_t ticks);

#endif
