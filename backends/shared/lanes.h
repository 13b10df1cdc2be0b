/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Squared norms over vec.h as canonical sums: 32 virtual lanes are LANE_VECS vectors; see "Sums over a vector" in
 * docs/NUMERICS.md. Bodies include it after the ISA's vec.h. Pure.
 */
#ifndef BACKENDS_SHARED_LANES_H
#define BACKENDS_SHARED_LANES_H

#include <stddef.h>

#include "backends/shared/norm.h"

#define LANES 32
#define LANE_VECS (LANES / VEC_LANES)
#define UNROLL_LANES _Pragma("GCC unroll 8")

/* The floats of lanes [j*VEC_LANES, (j+1)*VEC_LANES) of a last group with left < LANES floats. */
static inline vec load_tail(const float *p, size_t left, int j)
{
	size_t begin = (size_t)j * VEC_LANES;
	if (left >= begin + VEC_LANES)
		return vec_load(p + begin);
	return vec_load_first(p + begin, left - begin);
}

static inline float square_row(const float *v, size_t n)
{
	vec lane[LANE_VECS];
	size_t i = 0;
	UNROLL_LANES
	for (int j = 0; j < LANE_VECS; j++)
		lane[j] = vec_set(0);
	for (; i + LANES <= n; i += LANES) {
		UNROLL_LANES
		for (int j = 0; j < LANE_VECS; j++) {
			vec x = vec_load(v + i + (size_t)j * VEC_LANES);
			lane[j] = vec_add(lane[j], vec_mul(x, x));
		}
	}
	UNROLL_LANES
	for (int j = 0; j < LANE_VECS; j++)
		if (i + (size_t)j * VEC_LANES < n) {
			vec x = load_tail(v + i, n - i, j);
			lane[j] = vec_add(lane[j], vec_mul(x, x));
		}
	return vec_fold_32(lane);
}

/* Of v[i*step], scaled: rare, and so in plain C. */
static inline float scaled_norm(const float *v, size_t step, struct scale by, size_t n)
{
	float lane[LANES] = {0};
	for (size_t i = 0; i < n; i += LANES)
		for (size_t j = 0; j < LANES && i + j < n; j++) {
			float x = v[(i + j) * step] * by.up * by.more;
			lane[j] += x * x;
		}
	for (int w = LANES / 2; w; w /= 2)
		for (int j = 0; j < w; j++)
			lane[j] += lane[j + w];
	return lane[0];
}

#endif
