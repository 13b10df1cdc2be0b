/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * top_k over vec.h, included by each ISA's top_k.c after its vec.h: what small and large k share, and the choice. Pure.
 */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <tenon/backend.h>

/* Where a score stands among all floats: the higher the better; NaN is 0, and -0 is where +0 is. */
static inline uint32_t place_of(float x)
{
	uint32_t bits;
	x += 0.0f;
	memcpy(&bits, &x, sizeof bits);
	bits ^= -(bits >> 31) | 1u << 31; /* without branches: nobody predicts signs */
	return bits & -(uint32_t)(x == x);
}

/* Its inverse, but for 0. */
static inline float at_place(uint32_t place)
{
	float x;
	place = place >> 31 ? place ^ 1u << 31 : ~place;
	memcpy(&x, &place, sizeof x);
	return x;
}

/* A number that is greater for what comes earlier. No two are equal. */
static inline uint64_t make_key(float x, size_t index)
{
	return (uint64_t)place_of(x) << 32 | (uint32_t)~index;
}

/* Merges two runs that follow on each other into to[]. No branch on keys: no CPU predicts which is next. */
static void merge(const uint64_t *from, size_t half, size_t size, uint64_t *to)
{
	size_t i = 0, j = half;
	while (i < half && j < size) {
		uint64_t left = from[i], right = from[j];
		uint64_t first = left > right;
		*to++ = right ^ ((left ^ right) & -first);
		i += first;
		j += 1 - first;
	}
	memcpy(to, from + i, (half - i) * sizeof *to);
	memcpy(to + (half - i), from + j, (size - j) * sizeof *to);
}

/* Greatest first. spare is as large as key; returns the one with the result. */
static uint64_t *sort_keys(uint64_t *key, size_t count, uint64_t *spare)
{
	enum { RUN = 8 };
	for (size_t i = 0; i < count; i++) {
		uint64_t one = key[i];
		size_t j = i;
		for (; j % RUN && one > key[j - 1]; j--)
			key[j] = key[j - 1];
		key[j] = one;
	}
	for (size_t run = RUN; run < count; run *= 2) {
		for (size_t i = 0; i < count; i += 2 * run) {
			size_t left = count - i;
			merge(key + i, left < run ? left : run, left < 2 * run ? left : 2 * run, spare + i);
		}
		uint64_t *sorted = spare;
		spare = key;
		key = sorted;
	}
	return key;
}

#include "backends/shared/top_k_reservoir.h"
#include "backends/shared/top_k_radix.h"

static inline int top_k(const struct tenon_top_k_args *a)
{
	size_t size = a->k < a->n ? a->k : a->n;
	*a->count = size;
	if (size == 0)
		return TENON_OK;
	return size <= RESERVOIR_K ? collect_best(a, size) : take_many(a, size);
}
