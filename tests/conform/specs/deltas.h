/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the specs of deltas share: which bytes of a page change, and the schedule of sizes and densities. Pure.
 */
#ifndef CONFORM_DELTAS_H
#define CONFORM_DELTAS_H

#include <string.h>

#include "tests/conform/spec.h"

enum { SIZE = AXIS_OWN, SHARE, STRETCH, PERIOD, RUN, AXIS_DELTA_OWN };
enum { STREAM_DELTA = BUFFERS_MAX, STREAM_SECOND = STREAM_DELTA + 2, STREAM_DELTA_END = STREAM_SECOND + 2 };

#define PAGE_MAX (1 << 17)

/*
 * Which bytes change: those that a random number below SHARE of 65536 chooses, in stretches of STRETCH + 1; with a PERIOD,
 * RUN of each so many instead.
 */
#define DELTA_AXES                                                                                       \
	COMMON_AXES, {"size", 0, PAGE_MAX, NULL}, {"share", 0, 65536, NULL}, {"stretch", 0, 1000, NULL}, \
		{"period", 0, 2000, NULL},                                                               \
	{                                                                                                \
		"run", 0, 1000, NULL                                                                     \
	}

static inline bool is_chosen(const struct trial *t, uint64_t stream, size_t i)
{
	size_t period = (size_t)t->point.at[PERIOD];
	if (period)
		return i % period < (size_t)t->point.at[RUN];
	return (draw_bits(stream, i / (size_t)(t->point.at[STRETCH] + 1)) & 0xffff) < (uint64_t)t->point.at[SHARE];
}

/* The payload is not clean under a clear bit. Takes two streams; another pair makes another delta. */
static inline void fill_delta(const struct trial *t, unsigned stream, uint64_t *mask, unsigned char *payload)
{
	size_t size = (size_t)t->point.at[SIZE];
	uint64_t chosen = stream_of(t, stream), bytes = stream_of(t, stream + 1);
	memset(mask, 0, TENON_DELTA_WORDS(size) * 8);
	for (size_t i = 0; i < size; i++) {
		mask[i / 64] |= (uint64_t)is_chosen(t, chosen, i) << i % 64;
		payload[i] = (unsigned char)draw_bits(bytes, i);
	}
}

/* ---- Schedule, of both ------------------------------------------------------------------------------------------- */

typedef void visit_delta_fn(struct sweep *sweep, struct point point);

static inline struct point at(int64_t size, int64_t share, int64_t stretch, int64_t period, int64_t run)
{
	return (struct point){
		.at = {[SIZE] = size, [SHARE] = share, [STRETCH] = stretch, [PERIOD] = period, [RUN] = run}};
}

__attribute__((unused)) static const int64_t shares[] = {0, 200, 655, 3000, 6554, 20000, 32768, 60000, 65536};
enum { SHARES = sizeof shares / sizeof *shares };

static inline void sweep_quickly(struct sweep *s, visit_delta_fn *visit_delta)
{
	static const int64_t runs[] = {1, 2, 64, 126, 127, 128, 129, 130, 256};
	for (int64_t size = 0; size <= 200; size++)
		visit_delta(s, at(size, shares[size % SHARES], 0, 0, 0));
	for (int i = 0; i < SHARES; i++)
		visit_delta(s, at(i % 2 ? 4096 : 4159, shares[i], i * 7 % 5 * 20, 0, 0));
	for (size_t i = 0; i < 81; i += 2)
		visit_delta(s, at(600, 0, 0, runs[i / 9] + runs[i % 9], runs[i / 9]));
	visit_delta(s, at(2 * 4096 + 1000, 3000, 0, 0, 0));
}

static inline void sweep_fully(struct sweep *s, visit_delta_fn *visit_delta)
{
	static const int64_t stretches[] = {0, 2, 63, 129, 699},
			     runs[] = {1, 2, 63, 64, 65, 126, 127, 128, 129, 130, 256};
	for (int64_t size = 0; size <= 200; size++)
		for (int i = 0; i < SHARES; i++)
			visit_delta(s, at(size, shares[i], 0, 0, 0));
	for (int64_t size = 4096 - 66; size <= 4096 + 66; size += 3)
		visit_delta(s, at(size, shares[size % SHARES], size % 5 * 7, 0, 0));
	for (int i = 0; i < SHARES; i++)
		for (size_t k = 0; k < 5; k++)
			visit_delta(s, at(3 * 4096 + 17 * i, shares[i], stretches[k], 0, 0));
	for (size_t i = 0; i < 121; i++)
		visit_delta(s, at(1000 + (int64_t)i % 3 * 24, 0, 0, runs[i / 11] + runs[i % 11], runs[i / 11]));
}

static inline void sweep_deltas(struct sweep *s, visit_delta_fn *visit_delta)
{
	sweep_quickly(s, visit_delta);
	if (get_profile(s) != PROFILE_QUICK)
		sweep_fully(s, visit_delta);
}

#endif
