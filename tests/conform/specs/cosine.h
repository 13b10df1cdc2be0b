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

/*
 * The roundings that a term of a sum of n products goes through: its product, and the additions of the canonical order, or
 * of any order.
 */
static inline double count_roundings(const struct trial *t, double n)
{
	return t->any_order ? n : ceil(n / 32) + 5;
}

/*
 * What the errors of a sum of n terms stay far below if roundings are independent: 8u sqrt(n sum of t^2) where terms of
 * either sign keep partial sums at sqrt(sum of t^2), 8u sqrt(n) times the sum where it only grows. Below 64 terms the
 * bound is tighter, or nearly so.
 */
enum { ALARM_TERMS = 64 };

static inline double alarm_of(double n, double partial)
{
	return n < ALARM_TERMS ? 0 : 8 * UNIT * sqrt(n) * partial;
}

struct sums {
	long double qq, cc, qc, magnitude, squares; /* magnitude: the sum of |q*c|, squares: that of (q*c)^2 */
	bool is_finite, has_query, has_row;
};

static inline struct sums add_up(const float *q, const float *c, size_t n)
{
	struct sums s = {.is_finite = true};
	for (size_t i = 0; i < n; i++) {
		long double product = (long double)q[i] * c[i];
		s.qq += (long double)q[i] * q[i];
		s.cc += (long double)c[i] * c[i];
		s.qc += product;
		s.magnitude += fabsl(product);
		s.squares += product * product;
		s.is_finite &= isfinite(q[i]) && isfinite(c[i]);
		s.has_query |= q[i] != 0;
		s.has_row |= c[i] != 0;
	}
	return s;
}

/* What the data of a cosine allows beside the bound: sums that do not round, or that sum many terms of either sign. */
enum cosine_data { COSINE_ANY, COSINE_WHOLE, COSINE_MANY };

/*
 * NaN where a vector is not finite, +0 where one is zero; else the cosine within bound. Where no sum rounds, two roots, a
 * product and a quotient are left.
 */
static inline void judge_cosine(const float *q, const float *c, size_t n, double bound, enum cosine_data data,
				struct answer *answer)
{
	struct sums s = add_up(q, c, n);
	*answer = (struct answer){.value = NAN};
	if (!s.is_finite)
		return;
	answer->value = 0;
	if (!s.has_query || !s.has_row)
		return;
	long double norms = sqrtl(s.qq) * sqrtl(s.cc);
	answer->value = (double)(s.qc / norms);
	answer->bound = bound;
	answer->is_exact_sum = data == COSINE_WHOLE;
	if (data == COSINE_WHOLE)
		answer->bound = 4.001 * UNIT * fabs(answer->value);
	if (data == COSINE_MANY && n >= ALARM_TERMS)
		answer->alarm = alarm_of((double)n, (double)(sqrtl(s.squares) / norms)) + 5 * UNIT +
				alarm_of((double)n, fabs(answer->value));
}

static inline void scale_floats(float *v, size_t n, int64_t exponent)
{
	for (size_t i = 0; i < n; i++)
		v[i] = ldexpf(v[i], (int)exponent);
}

#endif
