/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vector_similarity, inner_product and squared_distance through the public entry points: against sums in double, which know nothing of
 * lanes, within the bounds of docs/NUMERICS.md; the special vectors; bad input; that the self-tests see a wrong bit.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/kernels.h"
#include "runtime/specs/compare.h"

enum { ROWS = 7, DIM_MAX = 1030 };

static float query[DIM_MAX], rows[ROWS * DIM_MAX], scores[ROWS];

static struct tenon_vector_similarity_args cosine_args(size_t dim)
{
	for (int r = 0; r < ROWS; r++)
		scores[r] = -7;
	return (struct tenon_vector_similarity_args){query, rows, ROWS, dim, dim, scores};
}

static struct tenon_inner_product_args inner_args(size_t dim)
{
	struct tenon_vector_similarity_args a = cosine_args(dim);
	return (struct tenon_inner_product_args){a.query, a.rows, a.count, a.dim, a.stride, a.scores};
}

static struct tenon_squared_distance_args distance_args(size_t dim)
{
	struct tenon_vector_similarity_args a = cosine_args(dim);
	return (struct tenon_squared_distance_args){a.query, a.rows, a.count, a.dim, a.stride, a.scores};
}

static double exact_dot(const float *a, const float *b, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)a[i] * b[i];
	return sum;
}

static double gamma_of(double roundings)
{
	const double u = 0x1p-24;
	return roundings * u / (1 - roundings * u);
}

static void assert_near(double got, double want, double bound)
{
	if (!(fabs(got - want) <= bound))
		fail_msg("got %.9g, want %.9g, off by %.3g, bound %.3g", got, want, fabs(got - want), bound);
}

static void assert_cosines(size_t dim)
{
	struct tenon_vector_similarity_args a = cosine_args(dim);
	double bound = 2 * gamma_of(ceil((double)dim / 32) + 6) + 4 * 0x1p-24;
	assert_int_equal(tenon_vector_similarity(&a), TENON_OK);
	for (int r = 0; r < ROWS; r++) {
		const float *row = rows + (size_t)r * dim;
		double want = exact_dot(query, row, dim) /
			      (sqrt(exact_dot(query, query, dim)) * sqrt(exact_dot(row, row, dim)));
		assert_near(scores[r], want, bound);
		assert_true(scores[r] >= -1 && scores[r] <= 1);
	}
}

static void cosines_are_within_their_bound(void **state)
{
	(void)state;
	for (size_t dim = 1; dim <= 300; dim++) {
		make_test_floats(query, dim, (uint32_t)dim);
		make_test_floats(rows, ROWS * dim, (uint32_t)dim + 1000);
		assert_cosines(dim);
	}
	make_test_floats(query, DIM_MAX, 1);
	make_test_floats(rows, ROWS * DIM_MAX, 2);
	assert_cosines(DIM_MAX);
}

static void inner_products_are_within_their_bound(void **state)
{
	(void)state;
	for (size_t dim = 0; dim <= 300; dim++) {
		make_test_floats(query, dim, (uint32_t)dim + 7);
		make_test_floats(rows, ROWS * dim, (uint32_t)dim + 2000);
		struct tenon_inner_product_args a = inner_args(dim);
		assert_int_equal(tenon_inner_product(&a), TENON_OK);
		for (int r = 0; r < ROWS; r++) {
			double magnitude = 0;
			for (size_t i = 0; i < dim; i++)
				magnitude += fabs((double)query[i] * rows[(size_t)r * dim + i]);
			assert_near(scores[r], exact_dot(query, rows + (size_t)r * dim, dim),
				    gamma_of(ceil((double)dim / 32) + 6) * magnitude);
		}
	}
}

static void squared_distances_are_within_their_bound(void **state)
{
	(void)state;
	double worst = 0;
	for (size_t dim = 0; dim <= 300; dim++) {
		make_test_floats(query, dim, (uint32_t)dim + 17);
		make_test_floats(rows, ROWS * dim, (uint32_t)dim + 3000);
		struct tenon_squared_distance_args a = distance_args(dim);
		assert_int_equal(tenon_squared_distance(&a), TENON_OK);
		for (int r = 0; r < ROWS; r++) {
			double want = 0, bound = gamma_of(ceil((double)dim / 32) + 8);
			for (size_t i = 0; i < dim; i++) {
				double x = (double)query[i] - rows[(size_t)r * dim + i];
				want += x * x;
			}
			assert_near(scores[r], want, bound * want);
			if (dim && fabs(scores[r] - want) > worst * bound * want)
				worst = fabs(scores[r] - want) / (bound * want);
		}
	}
	print_message("# squared_distance, worst error: %.3f of the bound\n", worst);
}

static void squared_distances_of_special_values(void **state)
{
	(void)state;
	static const struct {
		float query[2], row[2];
		float score;
	} cases[] = {
		{{1, 2}, {1, 2}, 0},
		{{-0.0f, 0}, {0, -0.0f}, 0},
		{{3, 0}, {0, 4}, 25},
		{{0x1p-149f, 0}, {0, 0}, 0}, /* the square vanishes */
		{{FLT_MAX, 0}, {-FLT_MAX, 0}, INFINITY},
		{{0x1p64f, 0}, {0, 0}, INFINITY},
		{{INFINITY, 0}, {0, 0}, INFINITY},
		{{INFINITY, 0}, {INFINITY, 0}, NAN},
		{{NAN, 0}, {0, 0}, NAN},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		float score = -7, want = cases[i].score;
		struct tenon_squared_distance_args a = {cases[i].query, cases[i].row, 1, 2, 2, &score};
		assert_int_equal(tenon_squared_distance(&a), isfinite(want) ? TENON_OK : TENON_ENONFINITE);
		assert_true(isnan(want) ? isnan(score) : score == want && !signbit(score));
	}
}

/* Powers of two change no bit of a cosine as long as nothing leaves the normal range. */
static void scaling_by_powers_of_two_is_exact(void **state)
{
	(void)state;
	float plain[ROWS];
	size_t dim = 100;
	make_test_floats(query, dim, 3);
	make_test_floats(rows, ROWS * dim, 4);
	for (size_t i = 0; i < ROWS * dim; i++) /* no element far below the largest */
		rows[i] = copysignf(0.5f + fabsf(rows[i]), rows[i]);
	struct tenon_vector_similarity_args a = cosine_args(dim);
	assert_int_equal(tenon_vector_similarity(&a), TENON_OK);
	memcpy(plain, scores, sizeof plain);
	for (int exponent = -125; exponent <= 126; exponent++) {
		float scaled[ROWS * 100];
		for (size_t i = 0; i < ROWS * dim; i++)
			scaled[i] = ldexpf(rows[i], exponent);
		a.rows = scaled;
		assert_int_equal(tenon_vector_similarity(&a), TENON_OK);
		assert_memory_equal(scores, plain, sizeof plain);
	}
}

static void rows_may_be_apart(void **state)
{
	(void)state;
	float close[ROWS];
	size_t dim = 50;
	make_test_floats(query, dim, 5);
	make_test_floats(rows, ROWS * DIM_MAX, 6);
	struct tenon_vector_similarity_args a = cosine_args(dim);
	a.stride = 77;
	assert_int_equal(tenon_vector_similarity(&a), TENON_OK);
	memcpy(close, scores, sizeof close);
	for (size_t r = 0; r < ROWS; r++) {
		struct tenon_vector_similarity_args one = a;
		one.rows = rows + r * 77;
		one.count = 1;
		one.stride = dim;
		assert_int_equal(tenon_vector_similarity(&one), TENON_OK);
		assert_memory_equal(scores, &close[r], sizeof(float));
	}
}

static void special_vectors(void **state)
{
	(void)state;
	static const struct {
		float query[3], row[3];
		float score;
	} cases[] = {
		{{1, 2, 3}, {0, -0.0f, 0}, 0}, /* all zero */
		{{0, 0, 0}, {1, 2, 3}, 0},
		{{0, 0, 0}, {0, 0, 0}, 0},
		{{0, 0, 0}, {1, NAN, 3}, NAN}, /* not finite wins over all zero */
		{{INFINITY, 0, 0}, {0, 0, 0}, NAN},
		{{1, 2, 3}, {1, -INFINITY, 3}, NAN},
		{{1, 0, 0}, {0x1p-149f, 0, 0}, 1}, /* as small as can be */
		{{-0x1p-149f, 0, 0}, {FLT_MAX, 0, 0}, -1},
		{{FLT_MAX, FLT_MAX, 0}, {-FLT_MAX, -FLT_MAX, 0}, -1}, /* squares overflow */
		{{0x1p-75f, 0x1p-75f, 0}, {0, 0, 0x1p-75f}, 0},       /* squares vanish */
		{{3, 4, 0}, {0x3p-140f, 0x4p-140f, 0}, 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		float score = -7;
		struct tenon_vector_similarity_args a = {cases[i].query, cases[i].row, 1, 3, 3, &score};
		int status = tenon_vector_similarity(&a);
		if (isnan(cases[i].score)) {
			assert_int_equal(status, TENON_ENONFINITE);
			assert_true(isnan(score));
		} else {
			assert_int_equal(status, TENON_OK);
			assert_memory_equal(&score, &cases[i].score, sizeof score);
		}
	}
}

static void one_bad_row_spoils_no_other(void **state)
{
	(void)state;
	size_t dim = 40;
	make_test_floats(query, dim, 8);
	make_test_floats(rows, ROWS * dim, 9);
	rows[2 * dim + 39] = NAN;
	struct tenon_vector_similarity_args a = cosine_args(dim);
	assert_int_equal(tenon_vector_similarity(&a), TENON_ENONFINITE);
	for (int r = 0; r < ROWS; r++)
		assert_true(r == 2 ? isnan(scores[r]) : fabsf(scores[r]) <= 1);
}

static void an_inner_product_may_overflow(void **state)
{
	(void)state;
	float v[2] = {FLT_MAX, 2}, score;
	struct tenon_inner_product_args a = {v, v, 1, 2, 2, &score};
	assert_int_equal(tenon_inner_product(&a), TENON_ENONFINITE);
	assert_true(isinf(score));
}

static void no_dimensions_score_zero(void **state)
{
	(void)state;
	struct tenon_vector_similarity_args a = cosine_args(0);
	a.query = a.rows = NULL;
	assert_int_equal(tenon_vector_similarity(&a), TENON_OK);
	for (int r = 0; r < ROWS; r++)
		assert_true(scores[r] == 0 && !signbit(scores[r]));
}

static void no_rows_are_no_call(void **state)
{
	(void)state;
	struct tenon_vector_similarity_args cosine = {.dim = 3};
	struct tenon_inner_product_args inner = {.dim = 3};
	struct tenon_squared_distance_args distance = {.dim = 3};
	assert_int_equal(tenon_squared_distance(&distance), TENON_OK);
	assert_int_equal(tenon_vector_similarity(&cosine), TENON_OK);
	assert_int_equal(tenon_inner_product(&inner), TENON_OK);
}

/* ---- Bad input --------------------------------------------------------------------------------------------------- */

static void assert_refused(struct tenon_vector_similarity_args a, const char *words)
{
	struct tenon_inner_product_args b = {a.query, a.rows, a.count, a.dim, a.stride, a.scores};
	struct tenon_squared_distance_args c = {a.query, a.rows, a.count, a.dim, a.stride, a.scores};
	char text[128];
	for (int r = 0; r < ROWS; r++)
		scores[r] = -7;
	assert_int_equal(tenon_squared_distance(&c), TENON_EINVAL);
	snprintf(text, sizeof text, "squared_distance: %s", words);
	assert_ptr_equal(strstr(tenon_error_detail(), text), tenon_error_detail());
	assert_int_equal(tenon_vector_similarity(&a), TENON_EINVAL);
	snprintf(text, sizeof text, "vector_similarity: %s", words);
	assert_ptr_equal(strstr(tenon_error_detail(), text), tenon_error_detail());
	assert_int_equal(tenon_inner_product(&b), TENON_EINVAL);
	snprintf(text, sizeof text, "inner_product: %s", words);
	assert_ptr_equal(strstr(tenon_error_detail(), text), tenon_error_detail());
	for (int r = 0; r < ROWS; r++)
		assert_true(scores[r] == -7);
}

static void bad_input_is_refused_in_words(void **state)
{
	(void)state;
	struct tenon_vector_similarity_args good = cosine_args(3), bad;
	bad = good, bad.query = NULL;
	assert_refused(bad, "query is NULL with dim 3");
	bad = good, bad.rows = NULL;
	assert_refused(bad, "rows is NULL with 7 rows of 3");
	bad = good, bad.scores = NULL;
	assert_refused(bad, "scores is NULL with 7 rows");
	bad = good, bad.stride = 2;
	assert_refused(bad, "stride 2 is less than dim 3");
	bad = good, bad.count = SIZE_MAX;
	assert_refused(bad, "18446744073709551615 rows with stride 3 exceed the address space");
	bad = good, bad.stride = SIZE_MAX / 4;
	assert_refused(bad, "7 rows with stride 4611686018427387903 exceed the address space");
	bad = good, bad.dim = bad.stride = SIZE_MAX / 2, bad.count = 1;
	assert_refused(bad, "1 rows with stride 9223372036854775807 exceed the address space");
	bad = good, bad.dim = bad.stride = 0, bad.count = SIZE_MAX / 2;
	assert_refused(bad, "9223372036854775807 rows with stride 0 exceed the address space");
}

/* ---- Self-tests -------------------------------------------------------------------------------------------------- */

static int off_by_one_bit(const void *args, void *scratch)
{
	const struct tenon_vector_similarity_args *a = args;
	int status = scalar_vector_similarity(args, scratch);
	if (a->dim > 64)
		a->scores[0] = nextafterf(a->scores[0], 2);
	return status;
}

static int without_flag(const void *args, void *scratch)
{
	scalar_inner_product(args, scratch);
	return TENON_OK;
}

static void the_self_tests_see_a_wrong_bit(void **state)
{
	(void)state;
	struct why why;
	assert_int_equal(test_vector_similarity(scalar_vector_similarity, &why), 0);
	assert_int_equal(test_inner_product(scalar_inner_product, &why), 0);
	assert_int_equal(test_squared_distance(scalar_squared_distance, &why), 0);
	assert_int_equal(test_squared_distance(scalar_inner_product, &why), TENON_EREFUSED);
	assert_int_equal(test_vector_similarity(off_by_one_bit, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "vector_similarity: self-test 6 x 100: output 0 is "));
	assert_int_equal(test_inner_product(without_flag, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "returned 0, scalar returns -3"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cosines_are_within_their_bound),
		cmocka_unit_test(inner_products_are_within_their_bound),
		cmocka_unit_test(squared_distances_are_within_their_bound),
		cmocka_unit_test(squared_distances_of_special_values),
		cmocka_unit_test(scaling_by_powers_of_two_is_exact),
		cmocka_unit_test(rows_may_be_apart),
		cmocka_unit_test(special_vectors),
		cmocka_unit_test(one_bad_row_spoils_no_other),
		cmocka_unit_test(an_inner_product_may_overflow),
		cmocka_unit_test(no_dimensions_score_zero),
		cmocka_unit_test(no_rows_are_no_call),
		cmocka_unit_test(bad_input_is_refused_in_words),
		cmocka_unit_test(the_self_tests_see_a_wrong_bit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
