/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The canonical ln(x), docs/NUMERICS.md, over the vector of the vec.h that was included first. A block of vectors goes
 * through it step by step, as through exp_body.h. Pure.
 */
#ifndef BACKENDS_SHARED_LOG_BODY_H
#define BACKENDS_SHARED_LOG_BODY_H

#include <float.h>

#include "backends/shared/exp_body.h"
#include "backends/shared/log_constants.h"

/* Two steps in one: q f^2 + (high f + low). */
static EXP_INLINE void horner_pair(vec *q, const vec *f, const vec *square, float high, float low, int count)
{
	for (int j = 0; j < count; j++) {
		vec pair = vec_add(vec_mul(f[j], vec_set(high)), vec_set(low));
		q[j] = vec_add(vec_mul(q[j], square[j]), pair);
	}
	for (int j = 0; j < count; j++)
		vec_keep(&q[j]);
}

/* y[count] = ln(x * 2^(127 - bias)), count at most EXP_BLOCK, for x from 2^-126 up to FLT_MAX. */
static EXP_INLINE void vec_log_scaled(const vec *x, const vec *bias, vec *y, int count)
{
	vec k[EXP_BLOCK], f[EXP_BLOCK], square[EXP_BLOCK], q[EXP_BLOCK];
	for (int j = 0; j < count; j++) {
		vec_int bits = int_add(vec_as_int(x[j]), int_set(0x3f800000 - LOG_FIRST));
		vec_int m = int_add(int_and(bits, int_set(0x7fffff)), int_set(LOG_FIRST));
		k[j] = vec_sub(int_to_vec(int_shift_right(bits, 23)), bias[j]);
		f[j] = vec_sub(int_as_vec(m), vec_set(1.0f));
		square[j] = vec_mul(f[j], f[j]);
		q[j] = vec_set(LOG_C10);
	}
	horner_pair(q, f, square, LOG_C9, LOG_C8, count);
	horner_pair(q, f, square, LOG_C7, LOG_C6, count);
	horner_pair(q, f, square, LOG_C5, LOG_C4, count);
	horner_step(q, f, LOG_C3, count);
	horner_step(q, f, LOG_C2, count);
	for (int j = 0; j < count; j++)
		q[j] = vec_add(vec_mul(square[j], q[j]), vec_mul(k[j], vec_set(LOG_LN2_LOW)));
	for (int j = 0; j < count; j++)
		y[j] = vec_add(vec_mul(k[j], vec_set(LOG_LN2_HIGH)), vec_add(q[j], f[j]));
}

/* ln(x) for the same x. */
static EXP_INLINE void vec_log_normal(const vec *x, vec *y, int count)
{
	vec bias[EXP_BLOCK];
	for (int j = 0; j < count; j++)
		bias[j] = vec_set(127.0f);
	vec_log_scaled(x, bias, y, count);
}

/* ln(x) for every x > 0: +Inf for +Inf, NaN for NaN. */
static EXP_INLINE void vec_log(const vec *x, vec *y, int count)
{
	vec normal[EXP_BLOCK], bias[EXP_BLOCK];
	for (int j = 0; j < count; j++) {
		vec_mask subnormal = vec_less(x[j], vec_set(FLT_MIN));
		normal[j] = vec_select(subnormal, vec_mul(x[j], vec_set(0x1p23f)), x[j]);
		bias[j] = vec_select(subnormal, vec_set(150.0f), vec_set(127.0f));
	}
	vec_log_scaled(normal, bias, y, count);
	for (int j = 0; j < count; j++)
		y[j] = vec_select(vec_less_equal(x[j], vec_set(FLT_MAX)), y[j], x[j]);
}

#endif
