%NEEDS asimd
%ISA_FLAGS
%ISA_LDFLAGS
/* SPDX-License-Identifier: 0BSD
 *
 * dot(): the 32 lanes of the canonical order (NUMERICS.md, "Sums over a vector") are eight registers of four.
 */
#include <arm_neon.h>
#include <stddef.h>
#include <string.h>

#define LANES 32
#define REGISTERS 8

/* lane[j] += lane[j + w] for w = 16, 8, 4, 2, 1. */
static inline float fold(float32x4_t lane[REGISTERS])
{
	for (int w = REGISTERS / 2; w; w /= 2)
		for (int j = 0; j < w; j++)
			lane[j] = vaddq_f32(lane[j], lane[j + w]);
	float32x2_t two = vadd_f32(vget_low_f32(lane[0]), vget_high_f32(lane[0]));
	return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

/* A product, then a sum, each rounded: never a fused one. */
static inline void add_products(float32x4_t lane[REGISTERS], const float *query, const float *row)
{
	for (int j = 0; j < REGISTERS; j++)
		lane[j] = vaddq_f32(lane[j], vmulq_f32(vld1q_f32(query + 4 * j), vld1q_f32(row + 4 * j)));
}

/* The last terms go through copies that end in +0: a lane without a term may add that. */
static inline float dot(const float *query, const float *row, size_t n)
{
	float32x4_t lane[REGISTERS];
	for (int j = 0; j < REGISTERS; j++)
		lane[j] = vdupq_n_f32(0);
	for (; n >= LANES; n -= LANES, query += LANES, row += LANES)
		add_products(lane, query, row);
	if (n) {
		float last[2][LANES] = {{0}, {0}};
		memcpy(last[0], query, n * sizeof *query);
		memcpy(last[1], row, n * sizeof *row);
		add_products(lane, last[0], last[1]);
	}
	return fold(lane);
}
