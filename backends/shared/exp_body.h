/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The canonical exp(-x), docs/NUMERICS.md, over the vector of the vec.h that was included first. A block of vectors
 * goes through it step by step: one alone would leave the multipliers waiting for its own chain. Pure.
 */
#ifndef BACKENDS_SHARED_EXP_BODY_H
#define BACKENDS_SHARED_EXP_BODY_H

#include "backends/shared/exp_constants.h"

/* Vectors in a block: enough chains to keep every multiplier busy, even where their parts must wait in memory. */
#define EXP_BLOCK 8

/* Arrays of vectors live in registers only where everything is inlined, which compilers find too big. */
#define EXP_INLINE inline __attribute__((always_inline))

/* One step of Horner's scheme for count polynomials: a product, then a sum, each rounded. */
static EXP_INLINE void horner_step(vec *q, const vec *r, float c, int count)
{
	for (int j = 0; j < count; j++)
		q[j] = vec_add(vec_mul(q[j], r[j]), vec_set(c));
	for (int j = 0; j < count; j++)
		vec_keep(&q[j]);
}

/* e[count] = exp(-x), count at most EXP_BLOCK, for x >= 0: +0 below 2^-126 and for +Inf, NaN for NaN. */
static EXP_INLINE void vec_exp_minus(const vec *x, vec *e, int count)
{
	vec shifted[EXP_BLOCK], r[EXP_BLOCK], q[EXP_BLOCK];
	/* The low bits of shifted hold 127 - n, in the place of an exponent they are 2^-n. */
	for (int j = 0; j < count; j++)
		shifted[j] = vec_sub(vec_set(EXP_ROUND), vec_mul(x[j], vec_set(EXP_LOG2E)));
	for (int j = 0; j < count; j++) {
		vec n = vec_sub(vec_set(EXP_ROUND), shifted[j]);
		vec high = vec_sub(vec_mul(n, vec_set(EXP_LN2_HIGH)), x[j]);
		r[j] = vec_add(high, vec_mul(n, vec_set(EXP_LN2_LOW)));
		q[j] = vec_set(EXP_C6);
	}
	horner_step(q, r, EXP_C5, count);
	horner_step(q, r, EXP_C4, count);
	horner_step(q, r, EXP_C3, count);
	horner_step(q, r, EXP_C2, count);
	for (int j = 0; j < count; j++)
		q[j] = vec_add(vec_mul(vec_mul(r[j], r[j]), q[j]), r[j]);
	for (int j = 0; j < count; j++) {
		vec power = int_as_vec(int_shift_left(vec_as_int(shifted[j]), 23));
		vec p = vec_mul(vec_add(q[j], vec_set(1.0f)), power);
		e[j] = vec_select(vec_less(vec_set(EXP_LAST), x[j]), vec_set(0.0f), p);
	}
}

#endif
