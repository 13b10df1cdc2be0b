/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: what an allocation from the thread's arena costs, in the median and for the slowest of a hundred, beside a
 * malloc that gets its block straight back, and beside the smallest kernel that takes scratch. Nothing touches the
 * memory.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <tenon/tenon.h>
#include <time.h>

#include "bench/bench.h"

enum { SAMPLES = 100000, BETWEEN_RESETS = 4096, NODES = 1000, EDGES = 10000 };

static void run_arena(void *context, size_t times)
{
	void *memory;
	(void)context;
	for (size_t i = 0; i < times; i++) {
		tenon_arena_alloc(128, &memory);
		if (i % BETWEEN_RESETS == BETWEEN_RESETS - 1)
			tenon_arena_reset();
	}
	tenon_arena_reset();
}

static void run_reset(void *context, size_t times)
{
	void *memory;
	(void)context;
	for (size_t i = 0; i < times; i++) {
		tenon_arena_alloc(128, &memory);
		tenon_arena_reset();
	}
}

static void run_malloc(void *context, size_t times)
{
	(void)context;
	for (size_t i = 0; i < times; i++) {
		void *volatile memory = malloc(128); /* volatile, or the compiler leaves both out */
		free(memory);
	}
}

static void run_spread(void *context, size_t times)
{
	for (size_t i = 0; i < times; i++)
		tenon_spreading_activation(context);
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* Each allocation by itself, the clock's own time included. */
static double find_99th(void)
{
	static double ns[SAMPLES];
	struct timespec start, end;
	void *memory;
	for (size_t i = 0; i < SAMPLES; i++) {
		clock_gettime(CLOCK_MONOTONIC, &start);
		tenon_arena_alloc(128, &memory);
		clock_gettime(CLOCK_MONOTONIC, &end);
		ns[i] = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
		if (i % BETWEEN_RESETS == BETWEEN_RESETS - 1)
			tenon_arena_reset();
	}
	tenon_arena_reset();
	qsort(ns, SAMPLES, sizeof *ns, by_value);
	return ns[SAMPLES / 100 * 99];
}

static struct tenon_graph *make_graph(void)
{
	static uint32_t source[EDGES], destination[EDGES];
	struct tenon_graph *graph = NULL;
	for (uint32_t i = 0; i < EDGES; i++) {
		source[i] = i * 7919 % NODES;
		destination[i] = (i * 104729 + i / NODES) % NODES;
	}
	const struct tenon_graph_edges edges = {NODES, EDGES, source, destination, NULL};
	return tenon_graph_create(&edges, 0, &graph) == TENON_OK ? graph : NULL;
}

bool bench_arena(void)
{
	static float initial[NODES], activation[NODES];
	struct tenon_graph *graph = make_graph();
	if (!graph) {
		fprintf(stderr, "bench: arena: %s\n", tenon_error_detail());
		return false;
	}
	struct tenon_spreading_activation_args args = {
		.graph = graph, .initial = initial, .activation = activation, .steps = 1, .decay = 1};
	struct contender list[] = {{"allocation", run_arena, NULL},
				   {"allocation and reset", run_reset, NULL},
				   {"malloc and free", run_malloc, NULL},
				   {"spread, scratch taken", run_spread, &args}};
	for (int i = 0; i < NODES; i++)
		initial[i] = 1;
	struct timing timings[4];
	time_contenders(list, 4, 200e3, timings);
	tenon_graph_destroy(graph);
	printf("\n%-24s %10s %8s %16s\n", "128 bytes of arena", "ns", "MAD", "share of spread");
	for (int i = 0; i < 4; i++) {
		record_figure(&(struct figure){"arena", "128 bytes", &list[i], &timings[i], NAN, NAN, NAN, 0, NULL, NULL});
		printf("  %-22s %10.2f %8.2f %14.2f %%\n", list[i].name, timings[i].median, timings[i].deviation,
		       100 * timings[i].median / timings[3].median);
	}
	printf("  %-22s %10.2f\n", "p99, clock included", find_99th()); /* no median, so no figure of --json */
	return true;
}
