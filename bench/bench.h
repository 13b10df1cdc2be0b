/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the topics of the bench share: the backends of this machine, contenders that are timed in turn, and the report.
 * Every figure is the median of interleaved rounds in one pinned thread, so that contenders can be compared by ratio.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/timer.h"
#include "runtime/kernels.h"

struct backend {
	char name[32];
	tenon_kernel_fn *function[KERNEL_COUNT];
};

/* scalar first, then every usable plugin by rising ISA level. */
extern struct backend backends[CONTENDERS_MAX];
extern size_t backend_count;

/* A kernel call, as a context of run_call(). */
struct call {
	tenon_kernel_fn *function;
	const void *args;
	void *scratch;
};
void run_call(void *context, size_t times);

/* The physical limit: reads bytes and computes nothing, prefetching 2 KiB ahead, with the widest registers. */
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

/*
 * A line of --json: a contender under its kernel and shape, and what it is compared with; NAN where that does not
 * apply.
 * ratio_scalar: times as fast as the plain sequential loop. ratio_limit: the share of what the machine can do at all.
 */
struct figure {
	const char *kernel, *shape;
	const struct contender *contender;
	double gb_per_s, ratio_scalar, ratio_limit;
};

/* Nothing without --json. */
void record_figure(const struct figure *figure);

/* With --json stdout is for the object, which end_json() prints; tables go to stderr. 0, or -1 with a message. */
int begin_json(void);
int end_json(const char *model, const char *level);

/* The topics; each prints its table. False: a kernel's bits differ from scalar's, and it was not timed. */
bool bench_arena(void);
bool bench_dispatch(void);
bool bench_decay(void);
bool bench_similarity(void);
bool bench_spread(void);
bool bench_swap(void);
bool bench_top_k(void);

#endif
