/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * similarity_matrix and pairwise_similarity through the public entry points: the bits of plain loops, norms over 32
 * lanes, within the bound of docs/NUMERICS.md of sums in double; the order of the pairs; packed or not; the special vectors; large
 * dimensions in the default arena; bad input; that the self-tests see a wrong bit.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/kernels.h"
#include "runtime/specs/compare.h"

enum { M = 19, N = 53, DIM_MAX = 700, PAIRS = N * (N - 1) / 2 };

static float queries[M * DIM_MAX], rows[N * DIM_MAX], scores[M * N], pairs[PAIRS];

static struct tenon_similarity_matrix_args matrix_args(size_t m, size_t n, size_t dim)
{
	make_test_floats(queries, m * dim, (uint32_t)dim);
	make_test_floats(rows, n * dim, (uint32_t)dim + 1000);
	for (size_t i = 0; i < M * N; i++)
		scores[i] = -7;
	return (struct tenon_similarity_matrix_args){queries, m, dim, rows, n, dim, NULL, dim, scores};
}

static struct tenon_pairwise_similarity_args pair_args(size_t n, size_t dim)
{
	make_test_floats(rows, n * dim, (uint32_t)dim + 2000);
	for (size_t i = 0; i < PAIRS; i++)
		pairs[i] = -7;
	return (struct tenon_pairwise_similarity_args){rows, n, dim, dim, NULL, 0, n, pairs};
}

/* Lane by lane, each with its stride through the vector; then folded from the end. */
static float plain_norm(const float *v, size_t dim)
{
	float lane[32];
	for (size_t j = 0; j < 32; j++) {
		lane[j] = 0;
		for (size_t k = j; k < dim; k += 32)
			lane[j] += v[k] * v[k];
	}
	for (size_t j = 32; --j;) {
		size_t half = 1;
		while (half * 2 <= j)
			half *= 2;
		lane[j - half] += lane[j];
	}
	return lane[0];
}

/* The plain loop, and how far it is from the cosine of sums in double, in units of its bound. */
static float plain_cosine(const float *a, const float *b, size_t dim, double *worst)
{
	const double u = 0x1p-24, m = ceil((double)dim / 32) + 6;
	const double bound = (double)dim * u / (1 - (double)dim * u) + 1.1 * m * u / (1 - m * u) + 4 * u;
	float d = 0;
	double exact_d = 0, exact_aa = 0, exact_bb = 0;
	for (size_t k = 0; k < dim; k++) {
		d += a[k] * b[k];
		exact_d += (double)a[k] * b[k];
		exact_aa += (double)a[k] * a[k];
		exact_bb += (double)b[k] * b[k];
	}
	float x = d / (sqrtf(plain_norm(a, dim)) * sqrtf(plain_norm(b, dim)));
	x = x < -1 ? -1 : (x > 1 ? 1 : x);
	double share = fabs(x - exact_d / (sqrt(exact_aa) * sqrt(exact_bb))) / bound;
	*worst = share > *worst ? share : *worst;
	return x;
}

static void assert_score(float got, float want, size_t i, size_t j, size_t dim)
{
	if (memcmp(&got, &want, sizeof got) != 0)
		fail_msg("pair %zu, %zu of dim %zu: %a, the plain loop has %a", i, j, dim, (double)got, (double)want);
}

static void the_bits_are_those_of_the_plain_loop(void **state)
{
	(void)state;
	double worst = 0;
	for (size_t dim = 1; dim <= DIM_MAX; dim += dim < 40 ? 1 : 47) {
		struct tenon_similarity_matrix_args a = matrix_args(1 + dim % M, 1 + dim * 7 % N, dim);
		assert_int_equal(tenon_similarity_matrix(&a), TENON_OK);
		for (size_t i = 0; i < a.m; i++)
			for (size_t j = 0; j < a.n; j++)
				assert_score(scores[i * a.n + j],
					     plain_cosine(queries + i * dim, rows + j * dim, dim, &worst), i, j, dim);
		struct tenon_pairwise_similarity_args p = pair_args(2 + dim * 5 % (N - 1), dim);
		assert_int_equal(tenon_pairwise_similarity(&p), TENON_OK);
		const float *next = pairs;
		for (size_t i = 0; i < p.n; i++)
			for (size_t j = i + 1; j < p.n; j++)
				assert_score(*next++, plain_cosine(rows + i * dim, rows + j * dim, dim, &worst), i, j,
					     dim);
	}
	print_message("# worst error: %.3f of the bound\n", worst);
	assert_true(worst > 0 && worst <= 1);
}

static void a_part_leaves_other_pairs_alone(void **state)
{
	(void)state;
	static float all[PAIRS];
	struct tenon_pairwise_similarity_args a = pair_args(N, 21);
	assert_int_equal(tenon_pairwise_similarity(&a), TENON_OK);
	memcpy(all, pairs, sizeof all);
	for (size_t begin = 0; begin <= N; begin += 5)
		for (size_t end = begin; end <= N; end += 3) {
			a = pair_args(N, 21);
			a.begin = begin;
			a.end = end;
			assert_int_equal(tenon_pairwise_similarity(&a), TENON_OK);
			for (size_t i = 0, pair = 0; i < N; i++)
				for (size_t j = i + 1; j < N; j++, pair++)
					assert_true(pairs[pair] == (i >= begin && i < end ? all[pair] : -7));
		}
}

static void packed_or_not_is_the_same(void **state)
{
	(void)state;
	static float unpacked_scores[M * N], unpacked_pairs[PAIRS];
	struct tenon_packed *packed;
	struct tenon_similarity_matrix_args a = matrix_args(M, N, 45);
	assert_int_equal(tenon_similarity_matrix(&a), TENON_OK);
	memcpy(unpacked_scores, scores, sizeof scores);
	assert_int_equal(tenon_packed_create(rows, N, 45, 45, &packed), TENON_OK);
	a = matrix_args(M, N, 45);
	a.packed = packed;
	a.centroids = NULL;
	a.centroid_stride = 0;
	assert_int_equal(tenon_similarity_matrix(&a), TENON_OK);
	assert_memory_equal(scores, unpacked_scores, sizeof scores);
	tenon_packed_destroy(packed);

	struct tenon_pairwise_similarity_args p = pair_args(N, 45);
	assert_int_equal(tenon_pairwise_similarity(&p), TENON_OK);
	memcpy(unpacked_pairs, pairs, sizeof pairs);
	assert_int_equal(tenon_packed_create(rows, N, 45, 45, &packed), TENON_OK);
	p = pair_args(N, 45);
	p.packed = packed;
	assert_int_equal(tenon_pairwise_similarity(&p), TENON_OK);
	assert_memory_equal(pairs, unpacked_pairs, sizeof pairs);
	tenon_packed_destroy(packed);
}

/* ---- Special vectors --------------------------------------------------------------------------------------------- */

static void special_vectors(void **state)
{
	(void)state;
	static const struct {
		float a[3], b[3];
		float score;
	} cases[] = {
		{{1, 2, 3}, {0, -0.0f, 0}, 0}, /* all zero */
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
	for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
		float both[2][3], score = -7, pair = -7, want = cases[i / 2].score;
		memcpy(both[i % 2], cases[i / 2].a, sizeof both[0]);
		memcpy(both[1 - i % 2], cases[i / 2].b, sizeof both[0]);
		struct tenon_similarity_matrix_args a = {both[0], 1, 3, both[1], 1, 3, NULL, 3, &score};
		struct tenon_pairwise_similarity_args p = {both[0], 2, 3, 3, NULL, 0, 2, &pair};
		int status = isnan(want) ? TENON_ENONFINITE : TENON_OK;
		assert_int_equal(tenon_similarity_matrix(&a), status);
		assert_int_equal(tenon_pairwise_similarity(&p), status);
		if (isnan(want)) {
			assert_true(isnan(score) && isnan(pair));
		} else {
			assert_memory_equal(&score, &want, sizeof want);
			assert_memory_equal(&pair, &want, sizeof want);
		}
	}
}

static void one_bad_row_spoils_no_other(void **state)
{
	(void)state;
	struct tenon_pairwise_similarity_args a = pair_args(N, 30);
	rows[20 * 30 + 29] = NAN;
	assert_int_equal(tenon_pairwise_similarity(&a), TENON_ENONFINITE);
	const float *next = pairs;
	for (size_t i = 0; i < N; i++)
		for (size_t j = i + 1; j < N; j++, next++)
			assert_true(i == 20 || j == 20 ? isnan(*next) : fabsf(*next) <= 1);
}

static void no_dimensions_score_zero(void **state)
{
	(void)state;
	struct tenon_similarity_matrix_args a = {.m = M, .n = N, .scores = scores};
	struct tenon_pairwise_similarity_args p = {.n = N, .end = N, .scores = pairs};
	memset(scores, 0xff, sizeof scores);
	memset(pairs, 0xff, sizeof pairs);
	assert_int_equal(tenon_similarity_matrix(&a), TENON_OK);
	assert_int_equal(tenon_pairwise_similarity(&p), TENON_OK);
	for (size_t i = 0; i < M * N; i++)
		assert_true(scores[i] == 0 && !signbit(scores[i]));
	for (size_t i = 0; i < PAIRS; i++)
		assert_true(pairs[i] == 0 && !signbit(pairs[i]));
}

static void nothing_is_no_call(void **state)
{
	(void)state;
	struct tenon_similarity_matrix_args a = {.m = 3, .dim = 3};
	struct tenon_pairwise_similarity_args p = {.n = 1, .end = 1, .dim = 3};
	assert_int_equal(tenon_similarity_matrix(&a), TENON_OK);
	assert_int_equal(tenon_pairwise_similarity(&p), TENON_OK);
	p.n = 3;
	p.begin = 1;
	assert_int_equal(tenon_pairwise_similarity(&p), TENON_OK);
}

/* The scratch of what must work with the default arena of 1 MiB; the sums of so many ones are exact. */
static void large_dimensions_fit_the_arena(void **state)
{
	(void)state;
	static const struct {
		size_t n, dim;
	} shapes[] = {{50, 768}, {50, 4096}, {50, 4097}, {20, 10000}, {3, 16000}};
	for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
		size_t n = shapes[s].n, dim = shapes[s].dim;
		float *ones = malloc(n * dim * sizeof *ones);
		assert_non_null(ones);
		for (size_t i = 0; i < n * dim; i++)
			ones[i] = 1;
		struct tenon_similarity_matrix_args a = {ones, 2, dim, ones, n, dim, NULL, dim, scores};
		struct tenon_pairwise_similarity_args p = {ones, n, dim, dim, NULL, 0, n, pairs};
		assert_int_equal(tenon_similarity_matrix(&a), TENON_OK);
		assert_int_equal(tenon_pairwise_similarity(&p), TENON_OK);
		for (size_t i = 0; i < 2 * n; i++)
			assert_true(fabsf(scores[i] - 1) <= 0x1p-22f);
		free(ones);
	}
}

/* ---- Bad input --------------------------------------------------------------------------------------------------- */

static void assert_refused(int status, const char *words)
{
	assert_int_equal(status, TENON_EINVAL);
	if (strstr(tenon_error_detail(), words) != tenon_error_detail())
		fail_msg("\"%s\" does not begin with \"%s\"", tenon_error_detail(), words);
}

static void bad_matrices_are_refused_in_words(void **state)
{
	(void)state;
	struct tenon_similarity_matrix_args good = matrix_args(5, 20, 3), a;
	struct tenon_packed other = {20, 4, rows, rows};
	assert_refused(tenon_similarity_matrix(NULL), "similarity_matrix: args is NULL");
	a = good, a.queries = NULL;
	assert_refused(tenon_similarity_matrix(&a), "similarity_matrix: queries is NULL with 5 rows of 3");
	a = good, a.centroids = NULL;
	assert_refused(tenon_similarity_matrix(&a), "similarity_matrix: centroids is NULL with 20 rows of 3");
	a = good, a.scores = NULL;
	assert_refused(tenon_similarity_matrix(&a), "similarity_matrix: scores is NULL");
	a = good, a.query_stride = 2;
	assert_refused(tenon_similarity_matrix(&a), "similarity_matrix: query_stride 2 is less than dim 3");
	a = good, a.centroid_stride = 2;
	assert_refused(tenon_similarity_matrix(&a), "similarity_matrix: centroid_stride 2 is less than dim 3");
	a = good, a.m = SIZE_MAX;
	assert_refused(tenon_similarity_matrix(&a),
		       "similarity_matrix: queries: 18446744073709551615 rows of 3 with stride 3");
	a = good, a.n = SIZE_MAX;
	assert_refused(tenon_similarity_matrix(&a),
		       "similarity_matrix: centroids: 18446744073709551615 rows of 3 with");
	a = good, a.m = a.n = (size_t)1 << 40;
	assert_refused(tenon_similarity_matrix(&a), "similarity_matrix: the scores of 1099511627776 rows exceed");
	a = good, a.m = a.n = 1, a.dim = a.query_stride = a.centroid_stride = PTRDIFF_MAX / 64 + 1;
	assert_refused(tenon_similarity_matrix(&a),
		       "similarity_matrix: queries: 1 rows of 144115188075855872 with stride");
	a = good, a.packed = &other;
	assert_refused(tenon_similarity_matrix(&a), "similarity_matrix: packed has 20 rows of 4, the call 20 of 3");
	other = (struct tenon_packed){21, 3, rows, rows};
	assert_refused(tenon_similarity_matrix(&a), "similarity_matrix: packed has 21 rows of 3, the call 20 of 3");
	for (size_t i = 0; i < M * N; i++)
		assert_true(scores[i] == -7);
}

static void bad_pairs_are_refused_in_words(void **state)
{
	(void)state;
	struct tenon_pairwise_similarity_args good = pair_args(5, 3), a;
	struct tenon_packed other = {5, 4, rows, rows};
	assert_refused(tenon_pairwise_similarity(NULL), "pairwise_similarity: args is NULL");
	a = good, a.rows = NULL;
	assert_refused(tenon_pairwise_similarity(&a), "pairwise_similarity: rows is NULL with 5 rows of 3");
	a = good, a.scores = NULL;
	assert_refused(tenon_pairwise_similarity(&a), "pairwise_similarity: scores is NULL");
	a = good, a.stride = 2;
	assert_refused(tenon_pairwise_similarity(&a), "pairwise_similarity: stride 2 is less than dim 3");
	a = good, a.end = 6;
	assert_refused(tenon_pairwise_similarity(&a), "pairwise_similarity: rows 0 to 6 of 5");
	a = good, a.begin = 4, a.end = 3;
	assert_refused(tenon_pairwise_similarity(&a), "pairwise_similarity: rows 4 to 3 of 5");
	a = good, a.n = SIZE_MAX;
	assert_refused(tenon_pairwise_similarity(&a),
		       "pairwise_similarity: rows: 18446744073709551615 rows of 3 with stride 3");
	a = good, a.n = (size_t)1 << 40;
	assert_refused(tenon_pairwise_similarity(&a), "pairwise_similarity: the scores of 1099511627776 rows exceed");
	a = good, a.packed = &other;
	assert_refused(tenon_pairwise_similarity(&a), "pairwise_similarity: packed has 5 rows of 4, the call 5 of 3");
	for (size_t i = 0; i < PAIRS; i++)
		assert_true(pairs[i] == -7);
}

/* ---- Self-tests -------------------------------------------------------------------------------------------------- */

static int off_by_one_bit(const void *args, void *scratch)
{
	const struct tenon_similarity_matrix_args *a = args;
	int status = scalar_similarity_matrix(args, scratch);
	if (a->m * a->n > 100)
		a->scores[99] = nextafterf(a->scores[99], 2);
	return status;
}

static int one_pair_too_many(const void *args, void *scratch)
{
	struct tenon_pairwise_similarity_args a = *(const struct tenon_pairwise_similarity_args *)args;
	a.end += a.end < a.n;
	return scalar_pairwise_similarity(&a, scratch);
}

static void the_self_tests_see_a_wrong_bit(void **state)
{
	(void)state;
	struct why why;
	assert_int_equal(test_similarity_matrix(scalar_similarity_matrix, &why), 0);
	assert_int_equal(test_pairwise_similarity(scalar_pairwise_similarity, &why), 0);
	assert_int_equal(test_similarity_matrix(off_by_one_bit, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "similarity_matrix: self-test 17 x 17 x 16: output 99 is"));
	assert_int_equal(test_pairwise_similarity(one_pair_too_many, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "pairwise_similarity: self-test 50 x 37: output"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bits_are_those_of_the_plain_loop),
		cmocka_unit_test(a_part_leaves_other_pairs_alone),
		cmocka_unit_test(packed_or_not_is_the_same),
		cmocka_unit_test(special_vectors),
		cmocka_unit_test(one_bad_row_spoils_no_other),
		cmocka_unit_test(no_dimensions_score_zero),
		cmocka_unit_test(nothing_is_no_call),
		cmocka_unit_test(large_dimensions_fit_the_arena),
		cmocka_unit_test(bad_matrices_are_refused_in_words),
		cmocka_unit_test(bad_pairs_are_refused_in_words),
		cmocka_unit_test(the_self_tests_see_a_wrong_bit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
