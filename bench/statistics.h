/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is made of samples of time: medians and other quantiles, and intervals that need no assumption about the noise,
 * since they are order statistics. Pure.
 */
#ifndef BENCH_STATISTICS_H
#define BENCH_STATISTICS_H

#include <stddef.h>

struct interval {
	double low, high;
};

void sort_values(double *values, size_t count);

/* Of sorted values; the mean of the middle two for an even count. */
double find_median(const double *sorted, size_t count);

/* Of sorted values, by nearest rank: the smallest that at least `share` of them do not exceed. */
double find_quantile(const double *sorted, size_t count, double share);

/* The median absolute deviation from the median. Destroys values. */
double find_deviation(double *values, size_t count);

/*
 * Of sorted, independent values: the narrowest pair of order statistics, symmetric in rank, that holds the true median
 * with at least this confidence, whatever the distribution. -Inf to +Inf where there are too few values for it.
 */
struct interval find_interval(const double *sorted, size_t count, double confidence);

#endif
