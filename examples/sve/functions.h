/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The canonical exp(-x) and log of Tenon's docs/NUMERICS.md, a vector at a time: each line is one rounded operation, or
 * two. Pure.
 */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include <stdbool.h>

#include "sve.h"

/* p is a power of x: a product, then a sum, each rounded; never a fused one. */
SVE_INLINE svfloat32_t horner(svbool_t on, svfloat32_t p, svfloat32_t x, float c)
{
	return svadd_n_f32_x(on, svmul_f32_x(on, p, x), c);
}

/* exp(-x) for x >= 0: +0 below 2^-126 and for +Inf, NaN for NaN. */
SVE_INLINE svfloat32_t exp_minus(svbool_t on, svfloat32_t x)
{
	/* The low bits of shifted are 127 - n; in the place of an exponent they are 2^-n. */
	svfloat32_t shifted = svsubr_n_f32_x(on, svmul_n_f32_x(on, x, 0x1.715476p+0f), 0x1.8000fep+23f);
	svfloat32_t n = svsubr_n_f32_x(on, shifted, 0x1.8000fep+23f);
	svfloat32_t r = svsub_f32_x(on, svmul_n_f32_x(on, n, 0x1.62e4p-1f), x);
	r = svadd_f32_x(on, r, svmul_n_f32_x(on, n, 0x1.7f7d1cp-20f));
	svfloat32_t q = svdup_f32(0x1.6a245ep-10f);
	q = horner(on, q, r, 0x1.1239d4p-7f);
	q = horner(on, q, r, 0x1.5558f2p-5f);
	q = horner(on, q, r, 0x1.555492p-3f);
	q = horner(on, q, r, 0x1.fffffcp-2f);
	svfloat32_t p = svadd_f32_x(on, svmul_f32_x(on, svmul_f32_x(on, r, r), q), r);
	svfloat32_t power = svreinterpret_f32_u32(svlsl_n_u32_x(on, svreinterpret_u32_f32(shifted), 23));
	p = svmul_f32_x(on, svadd_n_f32_x(on, p, 1.0f), power);
	return svsel_f32(svcmpgt_n_f32(on, x, 0x1.5d589ep+6f), svdup_f32(0.0f), p);
}

/* log of 2^(127 - bias) * x, for normal, finite x > 0. */
SVE_INLINE svfloat32_t log_normal(svbool_t on, svfloat32_t x, float bias)
{
	svuint32_t i = svadd_n_u32_x(on, svreinterpret_u32_f32(x), 0x3f800000u - 0x3f300000u);
	svfloat32_t k = svsub_n_f32_x(on, svcvt_f32_u32_x(on, svlsr_n_u32_x(on, i, 23)), bias);
	svfloat32_t m = svreinterpret_f32_u32(svadd_n_u32_x(on, svand_n_u32_x(on, i, 0x7fffff), 0x3f300000));
	svfloat32_t f = svsub_n_f32_x(on, m, 1.0f), h = svmul_f32_x(on, f, f);
	svfloat32_t q = svmul_n_f32_x(on, h, -0x1.9173f4p-4f);
	q = svadd_f32_x(on, q, horner(on, svdup_f32(0x1.185226p-3f), f, -0x1.07279cp-3f));
	q = svadd_f32_x(on, svmul_f32_x(on, q, h), horner(on, svdup_f32(0x1.1fce2p-3f), f, -0x1.54a9a2p-3f));
	q = svadd_f32_x(on, svmul_f32_x(on, q, h), horner(on, svdup_f32(0x1.99c52cp-3f), f, -0x1.000278p-2f));
	q = horner(on, q, f, 0x1.555516p-2f);
	q = horner(on, q, f, -0x1.fffffcp-2f);
	svfloat32_t low = svadd_f32_x(on, svmul_f32_x(on, h, q), svmul_n_f32_x(on, k, 0x1.7f7d1cp-20f));
	return svadd_f32_x(on, svmul_n_f32_x(on, k, 0x1.62e4p-1f), svadd_f32_x(on, low, f));
}

/* The same two of one number, once a call. */
SVE_INLINE float exp_minus_one(float x)
{
	svbool_t one = svptrue_pat_b32(SV_VL1);
	return svlastb_f32(one, exp_minus(one, svdup_f32(x)));
}
/* x is finite, and may be subnormal. */
SVE_INLINE float log_one(float x)
{
	svbool_t one = svptrue_pat_b32(SV_VL1);
	bool is_small = x < 0x1p-126f;
	return svlastb_f32(one, log_normal(one, svdup_f32(is_small ? x * 0x1p23f : x), is_small ? 150 : 127));
}

#endif
