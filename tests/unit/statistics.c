/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The statistics of the bench: by hand on small samples, and the coverage of the interval by simulation.
 */
#include "bench/statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof array / sizeof array[0])

static void medians(void **state)
{
	(void)state;
	double odd[] = {5, 1, 4, 2, 3}, even[] = {4, 1, 3, 2}, one[] = {7};
	sort_values(odd, COUNT(odd));
	sort_values(even, COUNT(even));
	assert_true(find_median(odd, 5) == 3);
	assert_true(find_median(even, 4) == 2.5);
	assert_true(find_median(one, 1) == 7);
	assert_true(isnan(find_median(one, 0)));
}

static void deviations(void **state)
{
	(void)state;
	double values[] = {1, 1, 2, 2, 4, 6, 9}; /* from 2: 1 1 0 0 2 4 7 */
	double same[] = {3, 3, 3}, outlier[] = {10, 11, 1e9, 9, 10};
	assert_true(find_deviation(values, COUNT(values)) == 1);
	assert_true(find_deviation(same, COUNT(same)) == 0);
	assert_true(find_deviation(outlier, COUNT(outlier)) == 1);
}

static void quantiles(void **state)
{
	(void)state;
	double values[1000];
	for (int i = 0; i < 1000; i++)
		values[i] = i + 1;
	assert_true(find_quantile(values, 1000, 0.5) == 500);
	assert_true(find_quantile(values, 1000, 0.99) == 990);
	assert_true(find_quantile(values, 1000, 0.999) == 999);
	assert_true(find_quantile(values, 1000, 0) == 1);
	assert_true(find_quantile(values, 1000, 1) == 1000);
	assert_true(find_quantile(values, 3, 0.5) == 2);
}

/* The ranks that tables of the sign test give. */
static void ranks(void **state)
{
	(void)state;
	double values[41];
	for (int i = 0; i < 41; i++)
		values[i] = i + 1;
	const struct {
		size_t count;
		double confidence, low, high;
	} known[] = {{41, 0.95, 14, 28}, {41, 0.99, 12, 30}, {20, 0.95, 6, 15}, {10, 0.95, 2, 9}, {6, 0.95, 1, 6}};
	for (size_t i = 0; i < COUNT(known); i++) {
		struct interval interval = find_interval(values, known[i].count, known[i].confidence);
		assert_true(interval.low == known[i].low);
		assert_true(interval.high == known[i].high);
	}
	struct interval none = find_interval(values, 5, 0.95); /* 2 * 2^-5 is more than 5 % */
	assert_true(none.low == -INFINITY && none.high == INFINITY);
}

static double draw(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return ((double)(*seed >> 12) + 0.5) * 0x1p-52;
}

/* Times are skewed: an exponential tail on a floor, and one in ten is much slower. Its median is computed, not drawn. */
static double draw_time(uint64_t *seed)
{
	double time = 100 - 5 * log(draw(seed));
	return draw(seed) < 0.1 ? time + 1000 : time;
}

/* 0.9 * (1 - exp(-(x - 100) / 5)) = 0.5 */
static const double true_median = 100 + 5 * 0.81093021621632876 /* ln 9/4 */;

static double cover(size_t count, double confidence)
{
	enum { TRIALS = 20000 };
	double values[101];
	uint64_t seed = 12345;
	int hits = 0;
	for (int trial = 0; trial < TRIALS; trial++) {
		for (size_t i = 0; i < count; i++)
			values[i] = draw_time(&seed);
		sort_values(values, count);
		struct interval interval = find_interval(values, count, confidence);
		hits += interval.low <= true_median && true_median <= interval.high;
	}
	return (double)hits / TRIALS;
}

/* By the binomial distribution 41 values cover 97.25 % and 101 values 99.07 %; the simulation is good to 0.1 %. */
static void coverage(void **state)
{
	(void)state;
	double at_95 = cover(41, 0.95), at_99 = cover(101, 0.99);
	assert_true(fabs(at_95 - 0.9725) < 0.005);
	assert_true(fabs(at_99 - 0.9907) < 0.0025);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(medians), cmocka_unit_test(deviations), cmocka_unit_test(quantiles),
		cmocka_unit_test(ranks),   cmocka_unit_test(coverage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
