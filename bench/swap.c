/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: how soon another core sees a published table, and what a whole swap costs, warm and cold. Medians of single
 * events, not of rounds.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <tenon/tenon.h>
#include <time.h>

#include "bench/inside.h"
#include "bench/run.h"

#define EVENTS 301
#define COLD_EVENTS 51

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void record_events(const char *what, double *values, size_t count)
{
	sort_values(values, count);
	double median = find_median(values, count);
	record_time("swap", "one", what, median, find_deviation(values, count));
}

static double time_swap(const char *backend, unsigned flags)
{
	double start = now();
	int status = tenon_swap(backend, flags);
	double end = now();
	if (status)
		fprintf(stderr, "tenon bench: %s: %s\n", backend, tenon_error_detail());
	return end - start;
}

static void time_swaps(const char *backend)
{
	static double warm[EVENTS], cold[COLD_EVENTS];
	for (int i = 0; i < EVENTS; i++)
		warm[i] = time_swap(i % 2 ? backend : "scalar", 0);
	for (int i = 0; i < COLD_EVENTS; i++) {
		time_swap("scalar", 0);
		cold[i] = time_swap(backend, TENON_SWAP_COLD);
		/* so that unloading, on its own thread, is not what is timed */
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	}
	record_events("warm", warm, EVENTS);
	record_events("cold", cold, COLD_EVENTS);
}

bool bench_swap(void)
{
	static double sight[EVENTS];
	const struct inside *inside = open_inside();
	if (!is_wanted("swap", "one"))
		return true;
	if (inside && inside->time_sight(sight, EVENTS))
		record_events("until seen elsewhere", sight, EVENTS);
	else if (inside)
		say("\nswap one\n  until seen elsewhere: needs a second processor\n");
	if (backend_count > 1)
		time_swaps(backends[backend_count - 1].candidate.name);
	return true;
}
