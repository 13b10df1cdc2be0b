/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the topics of the bench share. A topic, bench/<name>.c with a line in topics.def, describes races; run_race()
 * checks that every backend gives scalar's bits, times all contenders in turn in one pinned thread, prints the table
 * and records the results. One thread. run.h is for those who run topics.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/timer.h"
#include "runtime/kernels.h"

/* ---- Races ------------------------------------------------------------------------------------------------------- */

/*
 * One kernel at one shape: every backend that brings it, the plain loop, the physical limit and the peers.
 *
 * The output of a call is compared byte for byte, and its status, with scalar's; what is not covered by one buffer goes
 * into one struct. For inout kernels `initial` is copied to output before that call; later calls go on from what the
 * last one left, so their parameters must keep the values in the range that is to be timed. Inputs hold no NaN.
 * Contenders without a function (run NULL) are left out. Peers need not agree bit for bit: topics check their results.
 */
struct race {
	const char *kernel, *shape; /* "vector_similarity", "1 x 1000 x 768" */
	const void *args;
	void *scratch; /* of the call; NULL where the kernel takes none */
	void *output;
	size_t size;
	const void *initial;
	unsigned renew; /* copies initial anew every so many calls, for kernels that leave the range; 0: never */
	double bytes;   /* that a call moves, for GB/s; 0: not given */
	struct contender limit;        /* what the machine can do at all: the same bytes, nothing computed */
	struct contender strict;       /* the plain sequential loop, for ratio_scalar; without it scalar itself */
	const struct contender *peers; /* beside those of bench/peers/, which are found by the kernel's name */
	size_t peer_count;
	bool untimed;                /* check everybody, time nobody */
	const struct contender *own; /* instead of backends, where `kernel` is no kernel but something of ours */
	size_t own_count;
};

/*
 * False: a backend's result differs from scalar's, so that it was not timed; the others were. A race that was not asked
 * for is passed over; one that is costly to prepare can find that out first.
 */
bool run_race(const struct race *race);
bool is_wanted(const char *kernel, const char *shape);

/* A time that is no contender's: of single events, or a difference. Printed and recorded like a race of one. */
void record_time(const char *kernel, const char *shape, const char *what, double median, double deviation);

/* printf() into the report; nothing with --json. Topics print only what no race shows. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* ---- Limits: contenders that only move memory, or only compute ------------------------------------------------------ */

/* Reads bytes, prefetching 2 KiB ahead, with the widest registers. */
struct reading {
	const void *memory;
	size_t bytes;
};
void run_reading(void *context, size_t times);

/*
 * Reads two buffers and writes a third, with non-temporal stores. All are aligned to 64 bytes, and count is a multiple
 * of 16.
 */
struct streaming {
	const float *values;
	const uint64_t *more;
	float *out;
	size_t count;
};
void run_streaming(void *context, size_t times);

/* Copies with the C library's memcpy. */
struct copying {
	const void *source;
	void *target;
	size_t bytes;
};
void run_copying(void *context, size_t times);

/* Reads and writes back every byte, in place, with the widest registers. */
struct updating {
	void *memory;
	size_t bytes;
};
void run_updating(void *context, size_t times);

/* Multiplies and adds that many floats, without memory, with the widest registers. */
struct computing {
	size_t products;
};
void run_computing(void *context, size_t times);

/* ---- Data -------------------------------------------------------------------------------------------------------- */

/* Zeros, aligned to 64 bytes, with 4 KiB to spare, freed with free(); the bench ends, with a message, without memory. */
void *make_memory(size_t bytes);

/* Floats in [-1, 1) and words, the same for the same seed. */
float *make_floats(size_t count, uint64_t seed);
uint32_t next_random(uint64_t *state);

#define TOPIC(name) bool bench_##name(void);
#include "bench/topics.def"
#undef TOPIC

#endif
