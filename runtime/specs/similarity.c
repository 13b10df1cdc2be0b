/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Specs of the query-against-rows family: which calls are legal, and the self-tests. No state.
 */
#include <math.h>
#include <stdio.h>

#include "runtime/kernels.h"
#include "runtime/public.h"
#include "runtime/regions.h"
#include "runtime/share.h"
#include "runtime/specs/compare.h"
#include "runtime/specs/rows.h"

/* The arguments that the family shares, under one name. */
struct shape {
	const float *query, *rows;
	size_t count, dim, stride;
	float *scores;
};

/* The words for a call that check_rows found illegal. */
static __attribute__((cold, noinline)) int explain_rows(const char *kernel, struct shape s, struct why *why)
{
	if (s.dim && !s.query)
		return explain(why, TENON_EINVAL, "%s: query is NULL with dim %zu; pass dim floats", kernel, s.dim);
	if (s.dim && !s.rows)
		return explain(why, TENON_EINVAL, "%s: rows is NULL with %zu rows of %zu; pass the rows, or count 0",
			       kernel, s.count, s.dim);
	if (!s.scores)
		return explain(why, TENON_EINVAL, "%s: scores is NULL with %zu rows; pass room for one score a row",
			       kernel, s.count);
	if (s.stride < s.dim)
		return explain(why, TENON_EINVAL, "%s: stride %zu is less than dim %zu", kernel, s.stride, s.dim);
	return explain(why, TENON_EINVAL, "%s: %zu rows with stride %zu exceed the address space", kernel, s.count,
		       s.stride);
}

static inline int check_rows(const char *kernel, struct shape s, struct why *why)
{
	if (s.count == 0)
		return CALL_IS_EMPTY;
	int bad = (s.dim && (!s.query || !s.rows)) || !s.scores || s.stride < s.dim ||
		  !rows_fit(s.count, s.dim, s.stride) || s.count > PTRDIFF_MAX / sizeof(float);
	return unlikely(bad) ? explain_rows(kernel, s, why) : 0;
}

int check_vector_similarity(const struct tenon_vector_similarity_args *a, struct why *why)
{
	if (!a)
		return explain(why, TENON_EINVAL, "vector_similarity: args is NULL");
	struct shape s = {a->query, a->rows, a->count, a->dim, a->stride, a->scores};
	return check_rows("vector_similarity", s, why);
}

int check_inner_product(const struct tenon_inner_product_args *a, struct why *why)
{
	if (!a)
		return explain(why, TENON_EINVAL, "inner_product: args is NULL");
	struct shape s = {a->query, a->rows, a->count, a->dim, a->stride, a->scores};
	return check_rows("inner_product", s, why);
}

int check_squared_distance(const struct tenon_squared_distance_args *a, struct why *why)
{
	if (!a)
		return explain(why, TENON_EINVAL, "squared_distance: args is NULL");
	struct shape s = {a->query, a->rows, a->count, a->dim, a->stride, a->scores};
	return check_rows("squared_distance", s, why);
}

/* ---- Shares ------------------------------------------------------------------------------------------------------ */

/* The members that a share of the rows changes; the same names in each kernel's arguments. */
#define TAKE_ROWS(name)                                                                                        \
	int divide_##name(const struct tenon_##name##_args *a, size_t part, size_t parts, struct share *share) \
	{                                                                                                      \
		struct range range = divide_range(a->count, SHARE_GRAIN / sizeof(float), part, parts);         \
		share->args.name = *a;                                                                         \
		share->args.name.count = range.end - range.begin;                                              \
		if (a->rows)                                                                                   \
			share->args.name.rows += range.begin * a->stride;                                      \
		share->args.name.scores += range.begin;                                                        \
		return share_status(range, a->count);                                                          \
	}
TAKE_ROWS(vector_similarity)
TAKE_ROWS(inner_product)
TAKE_ROWS(squared_distance)

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

#define LIST_ROWS(name)                                                                                               \
	void regions_##name(const struct tenon_##name##_args *a, struct regions *r)                                   \
	{                                                                                                             \
		add_region(r, REGION_ARG(a, query), REGION_IN, REGION_F32, a->dim);                                   \
		add_region(r, REGION_ARG(a, rows), REGION_IN, REGION_F32, measure_rows(a->count, a->dim, a->stride)); \
		add_region(r, REGION_ARG(a, scores), REGION_OUT, REGION_F32, a->count);                               \
	}

LIST_ROWS(vector_similarity)
LIST_ROWS(inner_product)
LIST_ROWS(squared_distance)

/* ---- Self-tests -------------------------------------------------------------------------------------------------- */

enum { TEST_ROWS = 6, TEST_DIM = 103 };

/* Rows that a careless backend gets wrong: ordinary, all zero, tiny, huge, parallel to the query, not finite. */
static void make_rows(const float *query, float rows[TEST_ROWS][TEST_DIM])
{
	static const float factor[TEST_ROWS] = {1, 0, 0x1p-80f, 0x1p100f, 1, 1};
	for (int r = 0; r < TEST_ROWS; r++) {
		make_test_floats(rows[r], TEST_DIM, 77 + (uint32_t)r);
		for (int i = 0; i < TEST_DIM; i++)
			rows[r][i] = r == 4 ? query[i] * 3 : rows[r][i] * factor[r];
	}
	rows[5][TEST_DIM - 2] = NAN;
}

typedef int run_rows_fn(tenon_kernel_fn *function, const struct shape *shape);

static int run_vector_similarity(tenon_kernel_fn *function, const struct shape *s)
{
	struct tenon_vector_similarity_args a = {s->query, s->rows, s->count, s->dim, s->stride, s->scores};
	return function(&a, NULL);
}

static int run_inner_product(tenon_kernel_fn *function, const struct shape *s)
{
	struct tenon_inner_product_args a = {s->query, s->rows, s->count, s->dim, s->stride, s->scores};
	return function(&a, NULL);
}

static int run_squared_distance(tenon_kernel_fn *function, const struct shape *s)
{
	struct tenon_squared_distance_args a = {s->query, s->rows, s->count, s->dim, s->stride, s->scores};
	return function(&a, NULL);
}

static int test_rows(const char *kernel, run_rows_fn *run, tenon_kernel_fn *function, tenon_kernel_fn *scalar,
		     struct why *why)
{
	static const size_t dims[] = {0, 1, 3, 31, 32, 61, 64, 100, 103};
	float query[TEST_DIM], rows[TEST_ROWS][TEST_DIM], got[TEST_ROWS], want[TEST_ROWS];
	make_test_floats(query, TEST_DIM, 5);
	make_rows(query, rows);
	for (size_t d = 0; d < sizeof dims / sizeof *dims; d++) {
		/* The last columns, so that the alignment varies and the NaN is among them. */
		size_t begin = TEST_DIM - dims[d];
		struct shape shape = {query + begin, rows[0] + begin, TEST_ROWS, dims[d], TEST_DIM, got};
		int got_status = run(function, &shape);
		shape.scores = want;
		int want_status = run(scalar, &shape);
		char text[32];
		snprintf(text, sizeof text, "%d x %zu", TEST_ROWS, dims[d]);
		int status = compare_status(why, kernel, text, got_status, want_status);
		if (!status)
			status = compare_floats(why, kernel, text, got, want, TEST_ROWS);
		if (status)
			return status;
	}
	return 0;
}

int test_vector_similarity(tenon_kernel_fn *function, struct why *why)
{
	return test_rows("vector_similarity", run_vector_similarity, function, scalar_vector_similarity, why);
}

int test_inner_product(tenon_kernel_fn *function, struct why *why)
{
	return test_rows("inner_product", run_inner_product, function, scalar_inner_product, why);
}

int test_squared_distance(tenon_kernel_fn *function, struct why *why)
{
	return test_rows("squared_distance", run_squared_distance, function, scalar_squared_distance, why);
}
