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

#include "bench/run.h"

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
	sort_values(ns, SAMPLES);
	return find_quantile(ns, SAMPLES, 0.99);
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
		fprintf(stderr, "tenon bench: arena: %s\n", tenon_error_detail());
		return false;
	}
	struct tenon_spreading_activation_args args = {
		.graph = graph, .initial = initial, .activation = activation, .steps = 1, .decay = 1};
	const struct contender list[] = {{"allocation", run_arena, NULL},
					 {"allocation and reset", run_reset, NULL},
					 {"malloc and free", run_malloc, NULL},
					 {"spread that takes it", run_spread, &args}};
	const struct race race = {.kernel = "arena", .shape = "128 bytes", .own = list, .own_count = 4};
	for (int i = 0; i < NODES; i++)
		initial[i] = 1;
	run_race(&race);
	tenon_graph_destroy(graph);
	if (is_wanted(race.kernel, race.shape))
		record_time(race.kernel, race.shape, "slowest of a hundred", find_99th(), NAN);
	return true;
}
