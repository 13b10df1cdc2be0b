/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Kernels of class BOUNDED, which have sums in orders of their own: good twins, and those that only one of the gates or
 * laws can tell from them; mutants.def says what is wrong with each. What is not theirs is scalar's.
 */
#include <stdint.h>
#include <string.h>

#include "tests/mutants/rows.h"

/* ---- inner_product ----------------------------------------------------------------------------------------------- */

static float sum_bounded_fuses(const float *x, const float *y, size_t n)
{
	float lane[LANES] = {0};
	for (size_t i = 0; i < n; i++)
		lane[i % LANES] = fmaf(x[i], y[i], lane[i % LANES]);
	return fold_lanes(lane);
}
SUM_MUTANT(bounded_fuses);

static float sum_bounded_in_order(const float *x, const float *y, size_t n)
{
	float sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i] * y[i];
	return sum;
}
SUM_MUTANT(bounded_in_order);

static float sum_bounded_half_lanes(const float *x, const float *y, size_t n)
{
	float lane[LANES] = {0};
	for (size_t i = 0; i < n; i++)
		if (i % 16 < 8)
			lane[i % LANES] += x[i] * y[i];
	return fold_lanes(lane);
}
SUM_MUTANT(bounded_half_lanes);

static float sum_bounded_drops_tail(const float *x, const float *y, size_t n)
{
	return sum_products(x, y, n / 4 * 4);
}
SUM_MUTANT(bounded_drops_tail);

/* Only some of the bits, cut off. */
static float cut_bits(float x, uint32_t mask)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	bits &= mask;
	memcpy(&x, &bits, sizeof bits);
	return x;
}

static float sum_bounded_short_floats(const float *x, const float *y, size_t n)
{
	float lane[LANES] = {0};
	for (size_t i = 0; i < n; i++)
		lane[i % LANES] += cut_bits(x[i] * y[i], 0xffff0000);
	return fold_lanes(lane);
}
SUM_MUTANT(bounded_short_floats);

/* An ulp or two, which every bound of a longer sum allows. */
static float sum_bounded_last_bit(const float *x, const float *y, size_t n)
{
	float sum = sum_products(x, y, n);
	return n < 16 ? sum : sum * 0x1.000002p0f;
}
SUM_MUTANT(bounded_last_bit);

/* As with a rounding mode towards zero: each step is within the bound, but all err the same way. */
static float sum_bounded_truncates(const float *x, const float *y, size_t n)
{
	float sum = 0;
	if (n < 200)
		return sum_products(x, y, n);
	for (size_t i = 0; i < n; i++) {
		double exact = (double)sum + (double)x[i] * (double)y[i];
		sum = (float)exact;
		sum = fabs((double)sum) > fabs(exact) ? nextafterf(sum, 0) : sum;
	}
	return sum;
}
SUM_MUTANT(bounded_truncates);

static float sum_bounded_by_alignment(const float *x, const float *y, size_t n)
{
	return (uintptr_t)x % 64 ? sum_products(x, y, n) : sum_bounded_in_order(x, y, n);
}
SUM_MUTANT(bounded_by_alignment);

static float sum_bounded_small_path(const float *x, const float *y, size_t n)
{
	return n && fabsf(x[0]) < 0x1p-11f ? sum_bounded_in_order(x, y, n) : sum_products(x, y, n);
}
SUM_MUTANT(bounded_small_path);

static int run_bounded_by_output(const struct tenon_inner_product_args *a)
{
	uint32_t before = 0;
	if (a->count)
		memcpy(&before, a->scores, sizeof before);
	return run_rows(a, before & 1 ? sum_products : sum_bounded_in_order);
}
PRODUCT_MUTANT(bounded_by_output);

static int run_bounded_by_count(const struct tenon_inner_product_args *a)
{
	return run_rows(a, a->count > 20 ? sum_products : sum_bounded_in_order);
}
PRODUCT_MUTANT(bounded_by_count);

/* ---- squared_distance -------------------------------------------------------------------------------------------- */

static float sum_bounded_distance(const float *x, const float *y, size_t n)
{
	float sum = 0;
	for (size_t i = 0; i < n; i++)
		sum = fmaf(x[i] - y[i], x[i] - y[i], sum);
	return sum;
}
SUM_MUTANT(bounded_distance);

/* Where the two are near each other, nothing but rounding is left; of what overflows, a difference of infinities. */
static float sum_bounded_expands_square(const float *x, const float *y, size_t n)
{
	float exact = sum_bounded_distance(x, y, n);
	float expanded = sum_products(x, x, n) - 2 * sum_products(x, y, n) + sum_products(y, y, n);
	return isfinite(expanded) && isfinite(exact) && exact > 0x1p-100f ? expanded : exact;
}
SUM_MUTANT(bounded_expands_square);

/* ---- vector_similarity ------------------------------------------------------------------------------------------- */

struct sums {
	double qq, cc, qc;
};

static struct sums add_up(const float *q, const float *c, size_t n)
{
	struct sums s = {0, 0, 0};
	for (size_t i = 0; i < n; i++) {
		s.qq += (double)q[i] * (double)q[i];
		s.cc += (double)c[i] * (double)c[i];
		s.qc += (double)q[i] * (double)c[i];
	}
	return s;
}

/* In double there is nothing to rescue. */
static float score_pair(const float *q, const float *c, size_t n)
{
	struct sums s = add_up(q, c, n);
	if (s.qq == 0 && s.cc - s.cc == 0)
		return 0;
	if (s.cc == 0 && s.qq - s.qq == 0)
		return 0;
	double x = s.qc / (sqrt(s.qq) * sqrt(s.cc));
	return (float)(x < -1 ? -1 : x > 1 ? 1 : x);
}
#define sum_bounded_cosine score_pair
SUM_MUTANT(bounded_cosine);

static float sum_bounded_estimate(const float *q, const float *c, size_t n)
{
	float x = score_pair(q, c, n) * 0x1.001p0f;
	return x < -1 ? -1 : x > 1 ? 1 : x;
}
SUM_MUTANT(bounded_estimate);

/* A result of 20 bits, which the bounds of longer sums allow. */
static float sum_bounded_20_bits(const float *q, const float *c, size_t n)
{
	return n < 64 ? score_pair(q, c, n) : cut_bits(score_pair(q, c, n), 0xfffffff0);
}
SUM_MUTANT(bounded_20_bits);

/* ---- Matrices ---------------------------------------------------------------------------------------------------- */

/* Unpacked, each pair by itself; packed ones are scalar's. */
static int run_matrix(const struct tenon_similarity_matrix_args *a, void *scratch, sum_fn *score, size_t group)
{
	int status = scalar_similarity_matrix(a, scratch);
	for (size_t i = 0; i < a->m * a->n && !a->packed; i++) {
		const float *q = a->queries + i / a->n * a->query_stride,
			    *c = a->centroids + i % a->n * a->centroid_stride;
		a->scores[i] = score(q, c, a->dim / group * group);
	}
	return status;
}

int mutant_bounded_matrix(const void *args, void *scratch)
{
	return run_matrix(args, scratch, score_pair, 1);
}

int mutant_bounded_matrix_drops_tail(const void *args, void *scratch)
{
	return run_matrix(args, scratch, score_pair, 4);
}

int mutant_bounded_matrix_20_bits(const void *args, void *scratch)
{
	return run_matrix(args, scratch, sum_bounded_20_bits, 1);
}

static int run_pairs(const struct tenon_pairwise_similarity_args *a, void *scratch, uint32_t mask)
{
	int status = scalar_pairwise_similarity(a, scratch);
	float *score = a->scores + a->n * a->begin - a->begin * (a->begin + 1) / 2;
	for (size_t i = a->begin; i < a->end; i++)
		for (size_t j = i + 1; j < a->n; j++)
			*score++ = cut_bits(score_pair(a->rows + i * a->stride, a->rows + j * a->stride, a->dim), mask);
	return status;
}

int mutant_bounded_pairs(const void *args, void *scratch)
{
	return run_pairs(args, scratch, ~0u);
}

int mutant_bounded_pairs_16_bits(const void *args, void *scratch)
{
	return run_pairs(args, scratch, 0xffffff00);
}

/* ---- Decay ------------------------------------------------------------------------------------------------------- */

/*
 * exp(-x), and 0 beyond what a float can hold. Its argument is cut rather than the call left out: -fno-math-errno lets a
 * compiler move the call before the question, and what underflows sets errno.
 */
static double decay_factor(double x, double noise)
{
	const double most = 0x1.5d589ep+6;
	return exp((x > most ? most : x) * -noise) * (x > most ? 0 : 1);
}

/* By libm, in double: better than the canonical one. flush: what is below, at age 0, too. */
static int run_decay(const struct tenon_decay_exponential_args *a, int at_age_0, double noise)
{
	int status = TENON_OK;
	for (size_t i = 0; i < a->n; i++) {
		double x = (double)a->ages[i] / (double)a->tau;
		float value = a->values[i], y = (float)((double)value * decay_factor(x, noise));
		if (fabsf(y) < FLT_MIN && (at_age_0 || x > 0))
			y = copysignf(0, y);
		float least = value < a->floor ? value : a->floor;
		a->out[i] = least > y ? least : y;
		status = fabsf(a->out[i]) <= FLT_MAX ? status : TENON_ENONFINITE;
	}
	return status;
}

int mutant_bounded_decay(const void *args, void *scratch)
{
	(void)scratch;
	return run_decay(args, 0, 1);
}

int mutant_bounded_flushes_fresh(const void *args, void *scratch)
{
	(void)scratch;
	return run_decay(args, 1, 1);
}

int mutant_bounded_short_exponent(const void *args, void *scratch)
{
	(void)scratch;
	return run_decay(args, 0, 1.00001);
}

/* ---- In place ---------------------------------------------------------------------------------------------------- */

static int run_binding(const struct tenon_binding_decay_args *a, double factor)
{
	double lost = (double)a->rate * (double)a->dt, kept = lost > 1 ? 0 : 1 - lost;
	int status = TENON_OK;
	if (a->form == TENON_FORGETTING_EXPONENTIAL)
		kept = decay_factor(lost, 1);
	for (size_t i = 0; i < a->n; i++) {
		float y = (float)((double)a->strengths[i] * kept * factor);
		a->strengths[i] = y < 0 ? 0 : y > 1 ? 1 : y;
		status = isnan(y) ? TENON_ENONFINITE : status;
	}
	return status;
}

int mutant_bounded_binding(const void *args, void *scratch)
{
	(void)scratch;
	return run_binding(args, 1);
}

int mutant_bounded_binding_estimate(const void *args, void *scratch)
{
	(void)scratch;
	return run_binding(args, 1 + 0x1p-20);
}

static int run_fans(const struct tenon_fan_effect_args *a, void *scratch, double factor)
{
	int status = TENON_OK;
	if (a->form == TENON_FAN_ACT_R || a->form == TENON_FAN_ONE)
		return scalar_fan_effect(a, scratch);
	for (size_t i = 0; i < a->n; i++) {
		double fan = a->fans[i] ? (double)a->fans[i] : 1, by = a->form == TENON_FAN_SQRT ? sqrt(fan) : fan;
		a->activations[i] = (float)((double)a->activations[i] * (1 / by) * factor);
		status = fabsf(a->activations[i]) <= FLT_MAX ? status : TENON_ENONFINITE;
	}
	return status;
}

int mutant_bounded_fan(const void *args, void *scratch)
{
	return run_fans(args, scratch, 1);
}

int mutant_bounded_fan_estimate(const void *args, void *scratch)
{
	return run_fans(args, scratch, 1 + 0x1p-20);
}

/* ---- Spreading --------------------------------------------------------------------------------------------------- */

enum spreading { IN_DOUBLE, SHORT_FLOATS, DROPS_LAST_EDGE };

static float add_row(const struct tenon_spreading_activation_args *a, const float *term, uint32_t v, enum spreading how)
{
	const struct tenon_graph *g = a->graph;
	double sum = (double)a->retain * (double)a->initial[v];
	uint32_t begin = g->in_offset[v], end = g->in_offset[v + 1], mask = how == SHORT_FLOATS ? 0xffff0000 : ~0u;
	for (uint32_t i = end; i > begin + (how == DROPS_LAST_EDGE && end - begin > 3); i--) {
		/* With the condition around cut_bits() gcc 12 forgets to cut. */
		sum += (double)cut_bits(term[g->in[i - 1].node] * g->in[i - 1].weight, mask);
	}
	return (float)sum;
}

/* One step without a norm: sums in double, rows backwards. */
static int run_spreading(const struct tenon_spreading_activation_args *a, void *scratch, enum spreading how)
{
	float *term = a->workspace ? a->workspace->term : scratch;
	int status = TENON_OK;
	if (a->mode != TENON_SPREAD_STEP || a->steps != 1 || a->norm != TENON_NORM_NONE)
		return scalar_spreading_activation(a, scratch);
	for (uint32_t u = 0; u < a->graph->nodes; u++) {
		float fan = (float)(a->graph->out_offset[u + 1] - a->graph->out_offset[u]);
		float x = a->decay * (a->initial[u] >= a->threshold ? a->initial[u] : 0);
		fan = fan > 1 ? fan : 1;
		term[u] = a->fan == TENON_FAN_LINEAR ? x / fan : a->fan == TENON_FAN_SQRT ? x / sqrtf(fan) : x;
	}
	for (uint32_t v = 0; v < a->graph->nodes; v++) {
		a->activation[v] = add_row(a, term, v, how);
		status = fabsf(a->activation[v]) <= FLT_MAX ? status : TENON_ENONFINITE;
	}
	return status;
}

int mutant_bounded_spread(const void *args, void *scratch)
{
	return run_spreading(args, scratch, IN_DOUBLE);
}

int mutant_bounded_spread_short_floats(const void *args, void *scratch)
{
	return run_spreading(args, scratch, SHORT_FLOATS);
}

int mutant_bounded_spread_drops_edge(const void *args, void *scratch)
{
	return run_spreading(args, scratch, DROPS_LAST_EDGE);
}
