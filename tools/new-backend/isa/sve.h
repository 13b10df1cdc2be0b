%NEEDS sve
%ISA_FLAGS -march=armv8-a+sve
%ISA_LDFLAGS
/* SPDX-License-Identifier: 0BSD
 *
 * dot(): the 32 lanes of the canonical order (NUMERICS.md, "Sums over a vector") are as many registers as it takes, on a
 * CPU with vectors of any length. Of those that are no power of two long, the part that is one is used.
 */
#include <arm_sve.h>
#include <stddef.h>
#include <string.h>

#define LANES 32

/* lane[j] += lane[j + w] for w = 16, 8, 4, 2, 1. */
static inline float fold(const float *lane)
{
	float sum[LANES];
	memcpy(sum, lane, sizeof sum);
	for (int w = LANES / 2; w; w /= 2)
		for (int j = 0; j < w; j++)
			sum[j] += sum[j + w];
	return sum[0];
}

/*
 * The lanes from `first` on, as many as one register takes: a product, then a sum, each rounded, never a fused one. The
 * last terms are loaded under a mask: the others are +0, which a lane may add.
 */
static inline void add_products(float *lane, const float *query, const float *row, size_t n, size_t first, svbool_t all)
{
	svfloat32_t sum = svdup_f32(0);
	for (size_t i = first; i < n; i += LANES) {
		svbool_t part = svand_b_z(all, all, svwhilelt_b32_u64(i, n));
		sum = svadd_f32_x(all, sum, svmul_f32_x(all, svld1_f32(part, query + i), svld1_f32(part, row + i)));
	}
	svst1_f32(all, lane + first, sum);
}

static inline float dot(const float *query, const float *row, size_t n)
{
	float lane[LANES];
	size_t width = svcntp_b32(svptrue_b32(), svptrue_pat_b32(SV_POW2));
	width = width < LANES ? width : LANES;
	for (size_t first = 0; first < LANES; first += width)
		add_products(lane, query, row, n, first, svwhilelt_b32_u64(0, width));
	return fold(lane);
}
