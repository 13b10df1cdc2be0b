/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Shares of a call: their ranges cover everything once, and however many threads take a share of a call, the outputs
 * are those of the whole call.
 */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/share.h"
#include "tools/cases/cases.h"

static void ranges_cover_everything_once(void **state)
{
	(void)state;
	for (size_t n = 0; n < 300; n++)
		for (size_t parts = 1; parts < 12; parts++)
			for (size_t grain = 1; grain <= 64; grain *= 4) {
				size_t end = 0;
				for (size_t part = 0; part < parts; part++) {
					struct range range = divide_range(n, grain, part, parts);
					assert_int_equal(range.begin, end);
					assert_true(range.end >= range.begin &&
						    range.end - range.begin <= (n / grain / parts + 1) * grain);
					assert_true(range.begin % grain == 0 || range.begin == n);
					end = range.end;
				}
				assert_int_equal(end, n);
			}
}

static void ranges_reach_the_end_of_size_t(void **state)
{
	(void)state;
	struct range last = divide_range(SIZE_MAX, 64, 2, 3);
	assert_int_equal(last.end, SIZE_MAX);
	assert_int_equal(divide_range(SIZE_MAX, 64, 1, 3).end, last.begin);
}

/* ---- Threads ----------------------------------------------------------------------------------------------------- */

enum { THREADS_MAX = 8 };
static const size_t thread_counts[] = {1, 2, 3, THREADS_MAX};

struct worker {
	pthread_t thread;
	uint32_t kernel;
	const void *args;
	size_t part, parts;
	int status;
};

static void *run_share(void *context)
{
	struct worker *w = context;
	w->status = tenon_call_part(w->kernel, w->args, w->part, w->parts);
	return NULL;
}

/* The status of the whole: that of any share that has one. */
static int run_shares(uint32_t kernel, const void *args, size_t parts)
{
	struct worker workers[THREADS_MAX];
	int status = TENON_OK;
	for (size_t i = 0; i < parts; i++) {
		workers[i] = (struct worker){.kernel = kernel, .args = args, .part = i, .parts = parts};
		assert_int_equal(pthread_create(&workers[i].thread, NULL, run_share, &workers[i]), 0);
	}
	for (size_t i = 0; i < parts; i++) {
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
		status = workers[i].status ? workers[i].status : status;
	}
	return status;
}

static void every_kernel_gives_the_same_bits_in_parts(void **state)
{
	(void)state;
	struct case_set *set = make_cases();
	assert_non_null(set);
	assert_true(learn_cases(set));
	assert_true(count_cases(set) > 0);
	for (size_t i = 0; i < count_cases(set); i++)
		for (size_t t = 0; t < sizeof thread_counts / sizeof *thread_counts; t++) {
			struct kernel_case *c = get_case(set, i);
			reset_case(c);
			int status = run_shares(c->kernel, c->args, thread_counts[t]);
			if (status != c->status || find_difference(c) != c->size)
				fail_msg(
					"%s, case %zu, %zu threads: status %d, not %d, or bits differ from byte %zu on",
					tenon_kernel_name(c->kernel), i, thread_counts[t], status, c->status,
					find_difference(c));
		}
	free_cases(set);
}

/* ---- What is really divided -------------------------------------------------------------------------------------- */

static void parts_leave_the_rest_alone(void **state)
{
	(void)state;
	float query[3] = {1, 2, 3}, rows[40][4], scores[40];
	for (size_t i = 0; i < 160; i++)
		rows[i / 4][i % 4] = (float)i;
	for (size_t i = 0; i < 40; i++)
		scores[i] = -7;
	struct tenon_inner_product_args a = {query, rows[0], 40, 3, 4, scores};
	assert_int_equal(tenon_call_part(TENON_ID_inner_product, &a, 1, 3), TENON_OK);
	for (size_t i = 0; i < 40; i++) {
		float want = rows[i][0] + 2 * rows[i][1] + 3 * rows[i][2];
		assert_true(scores[i] == (i >= 16 && i < 32 ? want : -7.0f));
	}
}

static void one_part_tells_of_its_nan_alone(void **state)
{
	(void)state;
	float query[1] = {1}, rows[32], scores[32];
	for (size_t i = 0; i < 32; i++)
		rows[i] = i == 20 ? NAN : 1;
	struct tenon_vector_similarity_args a = {query, rows, 32, 1, 1, scores};
	assert_int_equal(tenon_call_part(TENON_ID_vector_similarity, &a, 0, 2), TENON_OK);
	assert_int_equal(tenon_call_part(TENON_ID_vector_similarity, &a, 1, 2), TENON_ENONFINITE);
}

static void what_cannot_be_divided_is_the_first_parts(void **state)
{
	(void)state;
	float scores[] = {1, 3, 2}, values[3];
	uint32_t indices[3];
	size_t count = 99;
	struct tenon_top_k_args a = {scores, 3, 2, indices, values, &count};
	assert_int_equal(tenon_call_part(TENON_ID_top_k, &a, 1, 2), TENON_OK);
	assert_int_equal(count, 99);
	assert_int_equal(tenon_call_part(TENON_ID_top_k, &a, 0, 2), TENON_OK);
	assert_int_equal(count, 2);
	assert_int_equal(indices[0], 1);
}

static void illegal_parts_are_refused_in_words(void **state)
{
	(void)state;
	struct tenon_inner_product_args a = {0};
	assert_int_equal(tenon_call_part(9999, &a, 0, 1), TENON_EINVAL);
	assert_non_null(strstr(tenon_error_detail(), "9999"));
	assert_int_equal(tenon_call_part(TENON_ID_inner_product, &a, 3, 3), TENON_EINVAL);
	assert_non_null(strstr(tenon_error_detail(), "part 3 of 3"));
	assert_int_equal(tenon_call_part(TENON_ID_inner_product, &a, 0, 0), TENON_EINVAL);
	assert_int_equal(tenon_call_part(TENON_ID_inner_product, NULL, 0, 1), TENON_EINVAL);
	assert_non_null(strstr(tenon_error_detail(), "inner_product"));
	a.count = 5;
	assert_int_equal(tenon_call_part(TENON_ID_inner_product, &a, 0, 2), TENON_EINVAL);
	a.count = 0;
	assert_int_equal(tenon_call_part(TENON_ID_inner_product, &a, 0, 2), TENON_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_cover_everything_once),
		cmocka_unit_test(ranges_reach_the_end_of_size_t),
		cmocka_unit_test(every_kernel_gives_the_same_bits_in_parts),
		cmocka_unit_test(parts_leave_the_rest_alone),
		cmocka_unit_test(one_part_tells_of_its_nan_alone),
		cmocka_unit_test(what_cannot_be_divided_is_the_first_parts),
		cmocka_unit_test(illegal_parts_are_refused_in_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
