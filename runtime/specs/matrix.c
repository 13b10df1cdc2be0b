/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Specs of the matrix-shaped kernels: which calls are legal, how they are divided, and the self-tests. No state.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "runtime/kernels.h"
#include "runtime/public.h"
#include "runtime/regions.h"
#include "runtime/share.h"
#include "runtime/specs/compare.h"
#include "runtime/specs/rows.h"

/* ---- Legal calls ------------------------------------------------------------------------------------------------- */

/* Rows of a call under the names that its arguments have there. */
struct side {
	const char *name, *stride_name;
	const float *rows;
	size_t count, stride;
};

/* Scratch is a multiple of dim, so that is limited, too. */
static inline bool is_side(struct side s, size_t dim)
{
	return (s.rows || !dim) && s.stride >= dim && dim <= PTRDIFF_MAX / TENON_PANEL_SCRATCH(1, 1) &&
	       rows_fit(s.count, dim, s.stride);
}

static inline bool matches(const struct tenon_packed *packed, size_t count, size_t dim)
{
	return packed->count == count && packed->dim == dim;
}

static __attribute__((cold, noinline)) int explain_side(const char *kernel, struct side s, size_t dim, struct why *why)
{
	if (!s.rows && dim)
		return explain(why, TENON_EINVAL, "%s: %s is NULL with %zu rows of %zu; pass the rows", kernel, s.name,
			       s.count, dim);
	if (s.stride < dim)
		return explain(why, TENON_EINVAL, "%s: %s %zu is less than dim %zu", kernel, s.stride_name, s.stride,
			       dim);
	return explain(why, TENON_EINVAL, "%s: %s: %zu rows of %zu with stride %zu exceed the address space", kernel,
		       s.name, s.count, dim, s.stride);
}

static __attribute__((cold, noinline)) int explain_packed(const char *kernel, const struct tenon_packed *packed,
							  size_t n, size_t dim, struct why *why)
{
	return explain(why, TENON_EINVAL, "%s: packed has %zu rows of %zu, the call %zu of %zu; pack the same rows",
		       kernel, packed->count, packed->dim, n, dim);
}

static __attribute__((cold, noinline)) int explain_scores(const char *kernel, const float *scores, size_t n,
							  struct why *why)
{
	if (!scores)
		return explain(why, TENON_EINVAL, "%s: scores is NULL; pass room for all scores", kernel);
	return explain(why, TENON_EINVAL, "%s: the scores of %zu rows exceed the address space", kernel, n);
}

static inline struct side query_side(const struct tenon_similarity_matrix_args *a)
{
	return (struct side){"queries", "query_stride", a->queries, a->m, a->query_stride};
}

static inline struct side centroid_side(const struct tenon_similarity_matrix_args *a)
{
	return (struct side){"centroids", "centroid_stride", a->centroids, a->n, a->centroid_stride};
}

int check_similarity_matrix(const struct tenon_similarity_matrix_args *a, struct why *why)
{
	static const char kernel[] = "similarity_matrix";
	size_t scores;
	if (!a)
		return explain(why, TENON_EINVAL, "%s: args is NULL", kernel);
	if (a->m == 0 || a->n == 0)
		return CALL_IS_EMPTY;
	if (unlikely(!is_side(query_side(a), a->dim)))
		return explain_side(kernel, query_side(a), a->dim, why);
	if (unlikely(a->packed && !matches(a->packed, a->n, a->dim)))
		return explain_packed(kernel, a->packed, a->n, a->dim, why);
	if (unlikely(!a->packed && !is_side(centroid_side(a), a->dim)))
		return explain_side(kernel, centroid_side(a), a->dim, why);
	if (unlikely(!a->scores || __builtin_mul_overflow(a->m, a->n, &scores) || scores > PTRDIFF_MAX / sizeof(float)))
		return explain_scores(kernel, a->scores, a->m, why);
	return 0;
}

static inline struct side pair_side(const struct tenon_pairwise_similarity_args *a)
{
	return (struct side){"rows", "stride", a->rows, a->n, a->stride};
}

int check_pairwise_similarity(const struct tenon_pairwise_similarity_args *a, struct why *why)
{
	static const char kernel[] = "pairwise_similarity";
	size_t squared;
	if (!a)
		return explain(why, TENON_EINVAL, "%s: args is NULL", kernel);
	if (unlikely(a->begin > a->end || a->end > a->n))
		return explain(why, TENON_EINVAL, "%s: rows %zu to %zu of %zu; begin is at most end, and end at most n",
			       kernel, a->begin, a->end, a->n);
	if (a->n < 2 || a->begin == a->end)
		return CALL_IS_EMPTY;
	if (unlikely(!is_side(pair_side(a), a->dim)))
		return explain_side(kernel, pair_side(a), a->dim, why);
	if (unlikely(a->packed && !matches(a->packed, a->n, a->dim)))
		return explain_packed(kernel, a->packed, a->n, a->dim, why);
	if (unlikely(!a->scores || __builtin_mul_overflow(a->n, a->n, &squared) ||
		     squared / 2 > PTRDIFF_MAX / sizeof(float)))
		return explain_scores(kernel, a->scores, a->n, why);
	return 0;
}

/* ---- Shares ------------------------------------------------------------------------------------------------------ */

int divide_similarity_matrix(const struct tenon_similarity_matrix_args *a, size_t part, size_t parts,
			     struct share *share)
{
	struct range range = divide_range(a->m, TENON_PANEL_ROWS, part, parts);
	struct tenon_similarity_matrix_args *own = &share->args.similarity_matrix;
	*own = *a;
	own->m = range.end - range.begin;
	if (a->queries)
		own->queries += range.begin * a->query_stride;
	own->scores += range.begin * a->n;
	return share_status(range, a->m);
}

/* The row that `part` of `parts` begins with, if rows at the front, which have more pairs, come fewer to a part. */
static size_t find_border(const struct tenon_pairwise_similarity_args *a, size_t part, size_t parts)
{
	double n = (double)a->n, first = n - (double)a->begin, last = n - (double)a->end;
	double left = sqrt(first * first - (first * first - last * last) * ((double)part / (double)parts));
	size_t row = part == parts ? a->end : (size_t)(n - left) / TENON_PANEL_ROWS * TENON_PANEL_ROWS;
	return row < a->begin ? a->begin : row > a->end ? a->end : row;
}

int divide_pairwise_similarity(const struct tenon_pairwise_similarity_args *a, size_t part, size_t parts,
			       struct share *share)
{
	struct tenon_pairwise_similarity_args *own = &share->args.pairwise_similarity;
	*own = *a;
	own->begin = find_border(a, part, parts);
	own->end = find_border(a, part + 1, parts);
	return own->begin < own->end ? 0 : CALL_IS_EMPTY;
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

static void list_packed(struct regions *r, struct field field, const struct tenon_packed *packed)
{
	int at = add_region(r, field, REGION_IN, REGION_STRUCT, packed ? sizeof *packed : 0);
	if (at < 0 || !packed)
		return;
	size_t columns = multiply_sizes(packed->count / TENON_PANEL_ROWS + (packed->count % TENON_PANEL_ROWS != 0),
					TENON_PANEL_ROWS);
	add_region(r, REGION_FIELD(at, packed, panel), REGION_IN, REGION_F32, multiply_sizes(columns, packed->dim));
	add_region(r, REGION_FIELD(at, packed, squared), REGION_IN, REGION_F32, columns);
}

/* Centroids that are packed may not be followed. */
void regions_similarity_matrix(const struct tenon_similarity_matrix_args *a, struct regions *r)
{
	size_t rows = a->packed ? 0 : measure_rows(a->n, a->dim, a->centroid_stride);
	add_region(r, REGION_ARG(a, queries), REGION_IN, REGION_F32, measure_rows(a->m, a->dim, a->query_stride));
	add_region(r, REGION_ARG(a, centroids), REGION_IN, REGION_F32, rows);
	list_packed(r, REGION_ARG(a, packed), a->packed);
	add_region(r, REGION_ARG(a, scores), REGION_OUT, REGION_F32, multiply_sizes(a->m, a->n));
}

/* Where the pairs of row i and those behind it begin. */
static size_t find_pairs(size_t n, size_t i)
{
	return i * (2 * n - i - 1) / 2;
}

/* The pairs of other rows may be another thread's at this moment. */
void regions_pairwise_similarity(const struct tenon_pairwise_similarity_args *a, struct regions *r)
{
	size_t begin = find_pairs(a->n, a->begin), end = find_pairs(a->n, a->end);
	add_region(r, REGION_ARG(a, rows), REGION_IN, REGION_F32, measure_rows(a->n, a->dim, a->stride));
	list_packed(r, REGION_ARG(a, packed), a->packed);
	add_region_from(r, REGION_ARG(a, scores), REGION_OUT, REGION_F32, begin, end - begin);
}

/* ---- Self-tests -------------------------------------------------------------------------------------------------- */

enum { TEST_ROWS = 51, TEST_DIM = 37, TEST_SCORES = TEST_ROWS * TEST_ROWS };

struct test {
	const char *kernel;
	tenon_kernel_fn *function, *scalar;
	float rows[TEST_ROWS * TEST_DIM], got[TEST_SCORES], want[TEST_SCORES];
	_Alignas(64) unsigned char scratch[TENON_PANEL_SCRATCH(TEST_ROWS, TEST_DIM)];
};

/* Rows that a careless backend gets wrong among ordinary ones: all zero, tiny, huge, equal, not finite. */
static void make_rows(struct test *t, bool odd)
{
	make_test_floats(t->rows, TEST_ROWS * TEST_DIM, 11);
	for (int i = 0; i < TEST_DIM; i++) {
		float *at = t->rows + i;
		at[5 * TEST_DIM] = at[2 * TEST_DIM];
		if (!odd)
			continue;
		at[17 * TEST_DIM] = 0;
		at[20 * TEST_DIM] *= 0x1p-80f;
		at[49 * TEST_DIM] *= 0x1p100f;
	}
	if (odd)
		t->rows[40 * TEST_DIM + TEST_DIM - 1] = INFINITY;
}

static int compare(struct test *t, const char *shape, const void *args, float **scores, struct why *why)
{
	memset(t->got, 0, sizeof t->got);
	memset(t->want, 0, sizeof t->want);
	*scores = t->want;
	int want = t->scalar(args, t->scratch);
	*scores = t->got;
	int status = compare_status(why, t->kernel, shape, t->function(args, t->scratch), want);
	return status ? status : compare_floats(why, t->kernel, shape, t->got, t->want, TEST_SCORES);
}

int test_similarity_matrix(tenon_kernel_fn *function, struct why *why)
{
	static const struct {
		size_t m, n, dim;
	} shapes[] = {{1, 1, 1}, {3, 16, 33}, {17, 17, 16}, {25, 50, 37}, {9, 51, 0}};
	struct test t = {"similarity_matrix", function, scalar_similarity_matrix, {0}, {0}, {0}, {0}};
	for (size_t i = 0; i < 2 * sizeof shapes / sizeof *shapes; i++) {
		size_t m = shapes[i / 2].m, n = shapes[i / 2].n, dim = shapes[i / 2].dim;
		struct tenon_similarity_matrix_args a = {t.rows, m,   TEST_DIM, t.rows + TEST_DIM - dim, n, TEST_DIM,
							 NULL,   dim, NULL};
		char shape[48];
		snprintf(shape, sizeof shape, "%zu x %zu x %zu", m, n, dim);
		make_rows(&t, i % 2);
		int status = compare(&t, shape, &a, &a.scores, why);
		if (status)
			return status;
	}
	return 0;
}

int test_pairwise_similarity(tenon_kernel_fn *function, struct why *why)
{
	static const struct {
		size_t n, dim, begin, end;
	} shapes[] = {{2, 3, 0, 2}, {18, 37, 1, 17}, {51, 16, 0, 51}, {50, 37, 15, 34}};
	struct test t = {"pairwise_similarity", function, scalar_pairwise_similarity, {0}, {0}, {0}, {0}};
	for (size_t i = 0; i < 2 * sizeof shapes / sizeof *shapes; i++) {
		size_t n = shapes[i / 2].n, dim = shapes[i / 2].dim;
		struct tenon_pairwise_similarity_args a = {
			t.rows, n, dim, TEST_DIM, NULL, shapes[i / 2].begin, shapes[i / 2].end, NULL};
		char shape[48];
		snprintf(shape, sizeof shape, "%zu x %zu", n, dim);
		make_rows(&t, i % 2);
		int status = compare(&t, shape, &a, &a.scores, why);
		if (status)
			return status;
	}
	return 0;
}
