/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: how soon another core sees a published table, and what a whole swap costs, warm and cold. Medians of single
 * events, not of rounds. The second thread is the watcher's; it is not pinned where the bench is.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <tenon/tenon.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "runtime/publish.h"
#include "runtime/table.h"

#define EVENTS 301
#define COLD_EVENTS 51

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static void print_median(const char *what, double *values, size_t count)
{
	qsort(values, count, sizeof *values, by_value);
	printf("  %-22s %10.0f %8.0f\n", what, values[count / 2], values[count * 9 / 10]);
}

/* ---- Seen by another core ---------------------------------------------------------------------------------------- */

static const struct table other = {.generation = 1};
static _Atomic double seen_at;
static atomic_bool watching, seen;

static void *watch(void *unused)
{
	while (atomic_load(&watching)) {
		bool section;
		const struct table *table = enter_table(&section);
		leave_table(section);
		if (table != &other || atomic_load(&seen))
			continue;
		atomic_store(&seen_at, now());
		atomic_store(&seen, true);
	}
	return unused;
}

static int start_watcher(pthread_t *thread)
{
	pthread_attr_t attributes;
	cpu_set_t set;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	CPU_ZERO(&set);
	CPU_SET((sched_getcpu() + 1) % (int)cpus, &set);
	pthread_attr_init(&attributes);
	pthread_attr_setaffinity_np(&attributes, sizeof set, &set);
	atomic_store(&watching, true);
	int error = cpus < 2 ? -1 : pthread_create(thread, &attributes, watch, NULL);
	pthread_attr_destroy(&attributes);
	return error;
}

static void time_sight(void)
{
	static double delays[EVENTS];
	pthread_t thread;
	if (start_watcher(&thread)) {
		printf("  %-22s needs a second processor\n", "until seen");
		return;
	}
	for (int i = 0; i < EVENTS; i++) {
		uint64_t vetoes;
		struct why why;
		atomic_store(&seen, false);
		if (begin_swap(&vetoes, &why))
			continue;
		double start = now();
		finish_swap(vetoes, &other, &why);
		while (!atomic_load(&seen))
			;
		delays[i] = atomic_load(&seen_at) - start;
		roll_back(TENON_ROLLBACK_SCALAR);
	}
	atomic_store(&watching, false);
	pthread_join(thread, NULL);
	print_median("until seen, with clock", delays, EVENTS);
}

/* ---- Swaps ------------------------------------------------------------------------------------------------------- */

static double time_swap(const char *backend, unsigned flags)
{
	double start = now();
	int status = tenon_swap(backend, flags);
	double end = now();
	if (status)
		fprintf(stderr, "bench: %s: %s\n", backend, tenon_error_detail());
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
	print_median("swap, warm", warm, EVENTS);
	print_median("swap, cold", cold, COLD_EVENTS);
}

bool bench_swap(void)
{
	printf("\n%-24s %10s %8s\n", "a swap", "ns", "90 %");
	tenon_rollback(TENON_ROLLBACK_SCALAR);
	time_sight();
	if (backend_count > 1)
		time_swaps(backends[backend_count - 1].name);
	return true;
}
