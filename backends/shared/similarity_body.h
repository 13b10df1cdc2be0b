/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The query-against-rows family over vec.h, included by each ISA's similarity.c after its vec.h. The 32 virtual lanes
 * are LANE_VECS vectors; one row at a time, since reading several at once defeats the hardware prefetcher. The
 * arithmetic is in docs/NUMERICS.md. Pure.
 */
#include <float.h>
#include <math.h>
#include <string.h>
#include <tenon/backend.h>

#include "backends/shared/lanes.h"

#define PREFETCH_BYTES 2048

/* A prefetch may name any address; an integer keeps the arithmetic defined behind the last row. */
static inline void prefetch_ahead(const float *p)
{
	uintptr_t address = (uintptr_t)p + PREFETCH_BYTES;
	__builtin_prefetch((const void *)address);
	__builtin_prefetch((const void *)(address + 64));
}

/* The canonical sums of q[i]*c[i], c[i]*c[i] and q[i]*q[i]; those that are not wanted cost nothing. */
struct sums {
	float d, cc, qq;
};

static inline __attribute__((always_inline)) void add_products(vec *d, vec *cc, vec *qq, vec q, vec c)
{
	*d = vec_add(*d, vec_mul(q, c));
	if (cc)
		*cc = vec_add(*cc, vec_mul(c, c));
	if (qq)
		*qq = vec_add(*qq, vec_mul(q, q));
}

static inline __attribute__((always_inline)) struct sums sum_row(const float *q, const float *c, size_t n, int want_cc,
								 int want_qq)
{
	vec d[LANE_VECS], cc[LANE_VECS], qq[LANE_VECS];
	size_t i = 0;
	UNROLL_LANES
	for (int j = 0; j < LANE_VECS; j++)
		d[j] = cc[j] = qq[j] = vec_set(0);
	for (; i + LANES <= n; i += LANES) {
		prefetch_ahead(c + i);
		UNROLL_LANES
		for (int j = 0; j < LANE_VECS; j++) {
			size_t k = i + (size_t)j * VEC_LANES;
			add_products(&d[j], want_cc ? &cc[j] : NULL, want_qq ? &qq[j] : NULL, vec_load(q + k),
				     vec_load(c + k));
		}
	}
	UNROLL_LANES
	for (int j = 0; j < LANE_VECS; j++)
		if (i + (size_t)j * VEC_LANES < n)
			add_products(&d[j], want_cc ? &cc[j] : NULL, want_qq ? &qq[j] : NULL,
				     load_tail(q + i, n - i, j), load_tail(c + i, n - i, j));
	return (struct sums){vec_fold_32(d), want_cc ? vec_fold_32(cc) : 0, want_qq ? vec_fold_32(qq) : 0};
}

/* The canonical sum of (q[i]-c[i])*(q[i]-c[i]). */
static inline float sum_squares(const float *q, const float *c, size_t n)
{
	vec lane[LANE_VECS];
	size_t i = 0;
	UNROLL_LANES
	for (int j = 0; j < LANE_VECS; j++)
		lane[j] = vec_set(0);
	for (; i + LANES <= n; i += LANES) {
		prefetch_ahead(c + i);
		UNROLL_LANES
		for (int j = 0; j < LANE_VECS; j++) {
			size_t k = i + (size_t)j * VEC_LANES;
			vec x = vec_sub(vec_load(q + k), vec_load(c + k));
			lane[j] = vec_add(lane[j], vec_mul(x, x));
		}
	}
	UNROLL_LANES
	for (int j = 0; j < LANE_VECS; j++)
		if (i + (size_t)j * VEC_LANES < n) {
			vec x = vec_sub(load_tail(q + i, n - i, j), load_tail(c + i, n - i, j));
			lane[j] = vec_add(lane[j], vec_mul(x, x));
		}
	return vec_fold_32(lane);
}

/* From here to odd_cosine: the rare rows, in plain C. */
static float scaled_dot(const float *a, struct scale by_a, const float *b, struct scale by_b, size_t n)
{
	float lane[LANES] = {0};
	for (size_t i = 0; i < n; i += LANES)
		for (size_t j = 0; j < LANES && i + j < n; j++)
			lane[j] += a[i + j] * by_a.up * by_a.more * (b[i + j] * by_b.up * by_b.more);
	for (int w = LANES / 2; w; w /= 2)
		for (int j = 0; j < w; j++)
			lane[j] += lane[j + w];
	return lane[0];
}

/* The score when a squared norm left its range: rescale that vector, or find it to be zero or not finite. */
static __attribute__((noinline, cold)) float odd_cosine(const float *q, float qq, const float *c, float cc, size_t n)
{
	const struct scale unscaled = {1, 1};
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

/* The sums of a few rows; scored together, so that no row's division delays the loads of the next. */
#define BLOCK 32
struct block {
	const float *query, *rows;
	float *scores;
	size_t dim, stride;
	float qq, root;
	float d[BLOCK], cc[BLOCK];
};

static inline int score_row(const struct block *b, size_t r)
{
	float x;
	if (__builtin_expect(is_ordinary(b->qq) & is_ordinary(b->cc[r]), 1))
		x = clamp(b->d[r] / (b->root * sqrtf(b->cc[r])));
	else
		x = odd_cosine(b->query, b->qq, b->rows + r * b->stride, b->cc[r], b->dim);
	b->scores[r] = x;
	return x != x ? TENON_ENONFINITE : TENON_OK;
}

/* Scores VEC_LANES rows from r on if all of them are ordinary; else returns 0 and leaves them to score_row. */
static inline int score_vec(const struct block *b, size_t r)
{
	vec cc = vec_load(b->cc + r), one = vec_set(1), minus_one = vec_set(-1);
	vec_mask ordinary = mask_and(vec_less_equal(vec_set(0x1p-100f), cc), vec_less_equal(cc, vec_set(FLT_MAX)));
	if (!is_ordinary(b->qq) || mask_any(mask_not(ordinary)))
		return 0;
	vec x = vec_div(vec_load(b->d + r), vec_mul(vec_set(b->root), vec_sqrt(cc)));
	x = vec_select(vec_less(x, minus_one), minus_one, vec_select(vec_less(one, x), one, x));
	vec_store(b->scores + r, x);
	return 1;
}

static inline int score_block(const struct block *b, size_t n)
{
	int status = TENON_OK;
	for (size_t r = 0; r < n;) {
		if (n - r >= VEC_LANES && score_vec(b, r)) {
			r += VEC_LANES;
			continue;
		}
		int row = score_row(b, r++);
		status = row ? row : status;
	}
	return status;
}

static inline void sum_block(struct block *b, size_t first, size_t n)
{
	for (size_t r = first; r < n; r++) {
		struct sums s = sum_row(b->query, b->rows + r * b->stride, b->dim, 1, 0);
		b->d[r] = s.d;
		b->cc[r] = s.cc;
	}
}

/* The first row, whose pass over the query also gives the query's norm. */
static inline void sum_first(struct block *b)
{
	struct sums s = sum_row(b->query, b->rows, b->dim, 1, 1);
	b->d[0] = s.d;
	b->cc[0] = s.cc;
	b->qq = s.qq;
	b->root = sqrtf(s.qq);
}

static inline int vector_similarity(const struct tenon_vector_similarity_args *a)
{
	int status = TENON_OK;
	struct block b;
	b.query = a->query;
	b.dim = a->dim;
	b.stride = a->stride;
	for (size_t begin = 0; begin < a->count; begin += BLOCK) {
		size_t n = a->count - begin < BLOCK ? a->count - begin : BLOCK;
		b.rows = a->rows + begin * a->stride;
		b.scores = a->scores + begin;
		if (begin == 0)
			sum_first(&b);
		sum_block(&b, begin == 0, n);
		int block = score_block(&b, n);
		status = block ? block : status;
	}
	return status;
}

static inline int inner_product(const struct tenon_inner_product_args *a)
{
	int status = TENON_OK;
	for (size_t r = 0; r < a->count; r++) {
		float score = sum_row(a->query, a->rows + r * a->stride, a->dim, 0, 0).d;
		if (!(fabsf(score) <= FLT_MAX))
			status = TENON_ENONFINITE;
		a->scores[r] = score;
	}
	return status;
}

static inline int squared_distance(const struct tenon_squared_distance_args *a)
{
	int status = TENON_OK;
	for (size_t r = 0; r < a->count; r++) {
		float score = sum_squares(a->query, a->rows + r * a->stride, a->dim);
		if (!(fabsf(score) <= FLT_MAX))
			status = TENON_ENONFINITE;
		a->scores[r] = score;
	}
	return status;
}
