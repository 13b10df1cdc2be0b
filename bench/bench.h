/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the topics of the bench share: the backends of this machine, contenders that are timed in turn, and the report.
 * Every figure is the median of interleaved rounds in one pinned thread, so that contenders can be compared by ratio.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/kernels.h"

#define CONTENDERS_MAX 12
#define ROUNDS 41

struct backend {
	char name[32];
	tenon_kernel_fn *function[KERNEL_COUNT];
};

/* scalar first, then every usable plugin by rising ISA level. */
extern struct backend backends[CONTENDERS_MAX];
extern size_t backend_count;

/* One thing to time: run(context, times) does it that often. median and deviation (MAD) are nanoseconds for once. */
struct contender {
	const char *name;
	void (*run)(void *context, size_t times);
	void *context;
	double median, deviation;
};

/* Times the contenders in turn, round by round, each round at least `nanoseconds` long. */
void time_contenders(struct contender *list, size_t count, double nanoseconds);

/* A kernel call, as a context of run_call(). */
struct call {
	tenon_kernel_fn *function;
	const void *args;
	void *scratch;
};
void run_call(void *context, size_t times);

/* The physical limit: reads bytes from memory and computes nothing, prefetching 2 KiB ahead, with the widest registers. */
struct reading {
	const void *memory;
	size_t bytes;
};
void run_reading(void *context, size_t times);

/*
 * The physical limit of one that reads two buffers and writes a third: like run_reading, with non-temporal stores.
 * All are aligned to 64 bytes, and count is a multiple of 16.
 */
struct streaming {
	const float *values;
	const uint64_t *more;
	float *out;
	size_t count;
};
void run_streaming(void *context, size_t times);

/* The topics; each prints its table. False: a kernel's bits differ from scalar's, and it was not timed. */
bool bench_dispatch(void);
bool bench_decay(void);
bool bench_similarity(void);
bool bench_spread(void);
bool bench_swap(void);

#endif
