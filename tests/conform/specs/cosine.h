/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the oracles of dot products and cosines share: sums in long double, where products of floats are exact, and the
 * bounds of docs/NUMERICS.md. Pure.
 */
#ifndef CONFORM_COSINE_H
#define CONFORM_COSINE_H

#include <math.h>

#include "tests/conform/spec.h"

#define UNIT 0x1p-24

static inline double gamma_of(double roundings)
{
	return roundings * UNIT / (1 - roundings * UNIT);
}

struct sums {
	long double qq, cc, qc, magnitude; /* magnitude: the sum of |q*c| */
	bool is_finite, has_query, has_row;
};

static inline struct sums add_up(const float *q, const float *c, size_t n)
{
	struct sums s = {.is_finite = true};
	for (size_t i = 0; i < n; i++) {
		s.qq += (long double)q[i] * q[i];
		s.cc += (long double)c[i] * c[i];
		s.qc += (long double)q[i] * c[i];
		s.magnitude += fabsl((long double)q[i] * c[i]);
		s.is_finite &= isfinite(q[i]) && isfinite(c[i]);
		s.has_query |= q[i] != 0;
		s.has_row |= c[i] != 0;
	}
	return s;
}

/* NaN where a vector is not finite, +0 where one is zero; else the cosine within bound. */
static inline void judge_cosine(const float *q, const float *c, size_t n, double bound, struct answer *answer)
{
	struct sums s = add_up(q, c, n);
	*answer = (struct answer){.value = NAN};
	if (!s.is_finite)
		return;
	answer->value = 0;
	if (!s.has_query || !s.has_row)
		return;
	answer->value = (double)(s.qc / (sqrtl(s.qq) * sqrtl(s.cc)));
	answer->bound = bound;
}

static inline void scale_floats(float *v, size_t n, int64_t exponent)
{
	for (size_t i = 0; i < n; i++)
		v[i] = ldexpf(v[i], (int)exponent);
}

#endif
