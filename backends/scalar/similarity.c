/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scalar reference of the query-against-rows family: sums over 32 virtual lanes, then a fold; docs/NUMERICS.md has the
 * arithmetic. Plain C that a compiler may vectorise at the baseline ISA. Pure.
 */
#include "backends/scalar/norm.h"
#include "backends/scalar/scalar.h"

/* The canonical sums of q[i]*c[i], returned, and c[i]*c[i]. */
static float dot_and_norm(const float *q, const float *c, size_t n, float *cc)
{
	float lane[LANES] = {0}, norm[LANES] = {0};
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		for (int j = 0; j < LANES; j++) {
			lane[j] += q[i + j] * c[i + j];
			norm[j] += c[i + j] * c[i + j];
		}
	for (size_t j = 0; j < n - i; j++) {
		lane[j] += q[i + j] * c[i + j];
		norm[j] += c[i + j] * c[i + j];
	}
	*cc = fold(norm);
	return fold(lane);
}

/* The canonical sum of (a[i]-b[i])*(a[i]-b[i]). */
static float distance(const float *a, const float *b, size_t n)
{
	float lane[LANES] = {0};
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		for (int j = 0; j < LANES; j++)
			lane[j] += (a[i + j] - b[i + j]) * (a[i + j] - b[i + j]);
	for (size_t j = 0; j < n - i; j++)
		lane[j] += (a[i + j] - b[i + j]) * (a[i + j] - b[i + j]);
	return fold(lane);
}

static float scaled_dot(const float *a, struct scale by_a, const float *b, struct scale by_b, size_t n)
{
	float lane[LANES] = {0};
	for (size_t i = 0; i < n; i++)
		lane[i % LANES] += a[i] * by_a.up * by_a.more * (b[i] * by_b.up * by_b.more);
	return fold(lane);
}

/* The score when a squared norm left its range: rescale that vector, or find it to be zero or not finite. */
static float odd_cosine(const float *q, float qq, const float *c, float cc, size_t n)
{
	uint32_t max_q = largest(q, n, 1), max_c = largest(c, n, 1);
	if (max_q >= NOT_FINITE || max_c >= NOT_FINITE)
		return NAN;
	if (max_q == 0 || max_c == 0)
		return 0;
	struct scale by_q = is_ordinary(qq) ? unscaled : scale_of(max_q);
	struct scale by_c = is_ordinary(cc) ? unscaled : scale_of(max_c);
	qq = scaled_norm(q, 1, by_q, n);
	cc = scaled_norm(c, 1, by_c, n);
	return clamp(scaled_dot(q, by_q, c, by_c, n) / (sqrtf(qq) * sqrtf(cc)));
}

int scalar_vector_similarity(const void *args, void *scratch)
{
	const struct tenon_vector_similarity_args *a = args;
	(void)scratch;
	int status = TENON_OK;
	float qq = dot(a->query, a->query, a->dim), root = sqrtf(qq);
	for (size_t r = 0; r < a->count; r++) {
		const float *row = a->rows + r * a->stride;
		float cc, d = dot_and_norm(a->query, row, a->dim, &cc), score;
		if (is_ordinary(qq) && is_ordinary(cc))
			score = clamp(d / (root * sqrtf(cc)));
		else
			score = odd_cosine(a->query, qq, row, cc, a->dim);
		if (score != score)
			status = TENON_ENONFINITE;
		a->scores[r] = score;
	}
	return status;
}

int scalar_inner_product(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = args;
	(void)scratch;
	int status = TENON_OK;
	for (size_t r = 0; r < a->count; r++) {
		float score = dot(a->query, a->rows + r * a->stride, a->dim);
		if (!(fabsf(score) <= FLT_MAX))
			status = TENON_ENONFINITE;
		a->scores[r] = score;
	}
	return status;
}

int scalar_squared_distance(const void *args, void *scratch)
{
	const struct tenon_squared_distance_args *a = args;
	(void)scratch;
	int status = TENON_OK;
	for (size_t r = 0; r < a->count; r++) {
		float score = distance(a->query, a->rows + r * a->stride, a->dim);
		if (!(fabsf(score) <= FLT_MAX))
			status = TENON_ENONFINITE;
		a->scores[r] = score;
	}
	return status;
}
