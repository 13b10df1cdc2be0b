/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * top_k through the public entry point: against sorting everything, at sizes around the vectors; ties, zeros, NaNs; bad
 * input; and that the self-test sees a wrong index.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/kernels.h"
#include "runtime/specs/compare.h"

enum { N_MAX = 5000, N_LARGE = 70001 };

static float scores[N_LARGE], values[N_LARGE];
static uint32_t indices[N_LARGE], order[N_LARGE];
static size_t count;

static int best_first(const void *a, const void *b)
{
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	float x = scores[i], y = scores[j];
	if (isnan(x) != isnan(y))
		return isnan(x) ? 1 : -1;
	if (x > y || x < y)
		return x > y ? -1 : 1;
	return i < j ? -1 : i > j;
}

static struct tenon_top_k_args make_args(size_t n, size_t k)
{
	count = 77;
	memset(indices, 0xee, sizeof indices);
	memset(values, 0xee, sizeof values);
	return (struct tenon_top_k_args){scores, n, k, indices, values, &count};
}

static void assert_like_sorting(size_t n, size_t k)
{
	struct tenon_top_k_args a = make_args(n, k);
	size_t best = k < n ? k : n;
	int finite = 1;
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	qsort(order, n, sizeof *order, best_first);
	int status = tenon_top_k(&a);
	assert_int_equal(count, best);
	assert_memory_equal(indices, order, best * sizeof *order);
	for (size_t i = 0; i < best; i++) {
		assert_memory_equal(&values[i], &scores[order[i]], sizeof(float));
		finite &= isfinite(values[i]) != 0;
	}
	assert_int_equal(status, finite ? TENON_OK : TENON_ENONFINITE);
	if (best < N_LARGE)
		assert_int_equal(indices[best], 0xeeeeeeee);
}

static void random_scores(void **state)
{
	(void)state;
	make_test_floats(scores, N_MAX, 1);
	for (size_t n = 0; n < 200; n++)
		for (size_t k = 0; k < 220; k += 1 + k)
			assert_like_sorting(n, k);
	assert_like_sorting(N_MAX, 1);
	assert_like_sorting(N_MAX, 100);
	assert_like_sorting(N_MAX, N_MAX);
	assert_like_sorting(N_MAX, SIZE_MAX);
}

static void ties_go_to_the_lower_index(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_MAX; i++)
		scores[i] = i % 3 == 0 ? 0.0f : i % 3 == 1 ? -0.0f : (float)(i % 7 / 6);
	for (size_t n = 0; n < 300; n += 13)
		for (size_t k = 1; k < 300; k += 29)
			assert_like_sorting(n, k);
	assert_like_sorting(N_MAX, 50);
}

static void nans_come_last(void **state)
{
	(void)state;
	make_test_floats(scores, N_MAX, 2);
	for (size_t i = 0; i < N_MAX; i++)
		scores[i] = i % 5 ? NAN : i % 15 ? scores[i] : i % 2 ? INFINITY : -INFINITY;
	for (size_t n = 0; n < 300; n += 11)
		for (size_t k = 1; k < 300; k += 23)
			assert_like_sorting(n, k);
	assert_like_sorting(N_MAX, 1500);
}

static void every_order_of_arrival(void **state)
{
	(void)state;
	for (int direction = -1; direction <= 1; direction++) {
		for (size_t i = 0; i < N_MAX; i++)
			scores[i] = (float)direction * (float)i;
		assert_like_sorting(N_MAX, 10);
		assert_like_sorting(N_MAX, 1000);
	}
}

/* Every k that takes another way: a few, what just fits the reservoir, what does not, nearly all and all. */
static void assert_every_way(void)
{
	static const size_t ks[] = {1, 32, 33, 1023, 1024, 1025, 20000, N_LARGE - 1, N_LARGE};
	for (size_t i = 0; i < sizeof ks / sizeof *ks; i++)
		assert_like_sorting(N_LARGE, ks[i]);
}

static void many_scores(void **state)
{
	(void)state;
	make_test_floats(scores, N_LARGE, 3);
	assert_every_way();
	for (size_t i = 0; i < N_LARGE; i++)
		scores[i] = (float)i;
	assert_every_way();
	for (size_t i = 0; i < N_LARGE; i++)
		scores[i] = i % 40000 ? -INFINITY : NAN;
	assert_every_way();
	for (size_t i = 0; i < N_LARGE; i++)
		scores[i] = i % 30000 == 29999 ? (float)i : i % 2 ? 0.0f : -0.0f;
	assert_every_way();
	for (size_t i = 0; i < N_LARGE; i++)
		scores[i] = NAN;
	assert_every_way();
	for (size_t i = 0; i < N_LARGE; i++)
		scores[i] = i % 2 ? INFINITY : -INFINITY;
	assert_every_way();
}

static void nothing_asked_is_nothing_found(void **state)
{
	(void)state;
	struct tenon_top_k_args none = {NULL, 0, 5, NULL, NULL, &count}, zero = {scores, 5, 0, NULL, NULL, &count};
	count = 9;
	assert_int_equal(tenon_top_k(&none), TENON_OK);
	assert_int_equal(count, 0);
	count = 9;
	assert_int_equal(tenon_top_k(&zero), TENON_OK);
	assert_int_equal(count, 0);
}

static void assert_refused(struct tenon_top_k_args a, const char *words)
{
	assert_int_equal(tenon_top_k(&a), TENON_EINVAL);
	assert_ptr_equal(strstr(tenon_error_detail(), words), tenon_error_detail());
	assert_int_equal(count, 77);
	assert_int_equal(indices[0], 0xeeeeeeee);
}

static void bad_input_is_refused_in_words(void **state)
{
	(void)state;
	struct tenon_top_k_args good = make_args(10, 3), bad;
	bad = good, bad.scores = NULL;
	assert_refused(bad, "top_k: scores is NULL with n 10");
	bad = good, bad.indices = NULL;
	assert_refused(bad, "top_k: indices is NULL; pass room for min(k, n) = 3 results");
	bad = good, bad.values = NULL;
	assert_refused(bad, "top_k: values is NULL; pass room for min(k, n) = 3 results");
	bad = good, bad.count = NULL;
	assert_refused(bad, "top_k: count is NULL");
	bad = good, bad.n = ((size_t)1 << 32) + 1;
	assert_refused(bad, "top_k: n is 4294967297, but 32-bit indices");
}

/* A tie goes to the higher index. */
static int wrong_tie(const void *args, void *scratch)
{
	const struct tenon_top_k_args *a = args;
	int status = scalar_top_k(args, scratch);
	for (size_t i = 1; i < *a->count; i++)
		if (a->values[i] == a->values[i - 1]) {
			uint32_t index = a->indices[i];
			a->indices[i] = a->indices[i - 1];
			a->indices[i - 1] = index;
			break;
		}
	return status;
}

static void the_self_test_sees_a_wrong_index(void **state)
{
	(void)state;
	struct why why;
	assert_int_equal(test_top_k(scalar_top_k, &why), 0);
	assert_int_equal(test_top_k(wrong_tie, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "top_k: self-test "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_scores),
		cmocka_unit_test(ties_go_to_the_lower_index),
		cmocka_unit_test(nans_come_last),
		cmocka_unit_test(every_order_of_arrival),
		cmocka_unit_test(many_scores),
		cmocka_unit_test(nothing_asked_is_nothing_found),
		cmocka_unit_test(bad_input_is_refused_in_words),
		cmocka_unit_test(the_self_test_sees_a_wrong_index),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
