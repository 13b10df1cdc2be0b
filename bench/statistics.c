/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Medians, quantiles and intervals; see statistics.h. Pure.
 */
#include "bench/statistics.h"

#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

void sort_values(double *values, size_t count)
{
	qsort(values, count, sizeof *values, by_value);
}

double find_median(const double *sorted, size_t count)
{
	return count == 0 ? NAN : (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

double find_quantile(const double *sorted, size_t count, double share)
{
	double rank = ceil(share * (double)count);
	return count == 0 ? NAN : sorted[rank < 1 ? 0 : (size_t)rank - 1];
}

double find_deviation(double *values, size_t count)
{
	sort_values(values, count);
	double median = find_median(values, count);
	for (size_t i = 0; i < count; i++)
		values[i] = fabs(values[i] - median);
	sort_values(values, count);
	return find_median(values, count);
}

/* The probability of exactly k heads in n throws. */
static double throw_heads(size_t n, size_t k)
{
	return exp(lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1) - (double)n * M_LN2);
}

/*
 * The true median lies below the r-th smallest value if fewer than r values fall below it, each with probability 1/2.
 * So ranks r and n + 1 - r miss it with twice the probability of fewer than r heads.
 */
struct interval find_interval(const double *sorted, size_t count, double confidence)
{
	double outside = 0;
	size_t rank = 0;
	while (rank < count / 2 && 2 * (outside + throw_heads(count, rank)) <= 1 - confidence)
		outside += throw_heads(count, rank++);
	if (rank == 0)
		return (struct interval){-INFINITY, INFINITY};
	return (struct interval){sorted[rank - 1], sorted[count - rank]};
}
