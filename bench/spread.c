/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: one step over a small and a large random graph, and one hop of a wave from 1 % of the large one's nodes; each
 * backend against the plain loop that pushes along every edge.
 */
#include "bench/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 32);
}

static float next_float(uint64_t *state)
{
	return (float)(next_random(state) >> 8) * 0x1p-24f;
}

static struct tenon_graph *make_graph(size_t nodes, size_t count)
{
	uint32_t *source = malloc(count * sizeof *source), *destination = malloc(count * sizeof *destination);
	float *weight = malloc(count * sizeof *weight);
	struct tenon_graph_edges edges = {nodes, count, source, destination, weight};
	struct tenon_graph *graph = NULL;
	uint64_t state = nodes;
	for (size_t i = 0; source && destination && weight && i < count; i++) {
		source[i] = next_random(&state) % (uint32_t)nodes;
		destination[i] = next_random(&state) % (uint32_t)nodes;
		weight[i] = next_float(&state);
	}
	if (source && destination && weight)
		tenon_graph_create(&edges, 0, &graph);
	free(source);
	free(destination);
	free(weight);
	return graph;
}

/* One step, threshold -Inf, fan ONE, no norm: what a program without Tenon would write. */
static void run_push(void *context, size_t times)
{
	const struct tenon_spreading_activation_args *a = context;
	const struct tenon_graph *g = a->graph;
	for (size_t t = 0; t < times; t++) {
		for (size_t v = 0; v < g->nodes; v++)
			a->activation[v] = a->retain * a->initial[v];
		for (size_t u = 0; u < g->nodes; u++) {
			float term = a->decay * a->initial[u];
			for (size_t k = g->out_offset[u]; k < g->out_offset[u + 1]; k++)
				a->activation[g->out[k].node] += term * g->out[k].weight;
		}
	}
}

/* A wrong kernel has no speed. */
static bool conforms(const struct backend *backend, const struct tenon_spreading_activation_args *args,
		     const float *expected)
{
	size_t bytes = args->graph->nodes * sizeof *expected;
	memset(args->activation, 0xff, bytes);
	backend->function[KERNEL_spreading_activation](args, NULL);
	if (memcmp(args->activation, expected, bytes) == 0)
		return true;
	printf("  %-10s differs from scalar: not timed\n", backend->name);
	return false;
}

static bool compare(const char *title, struct tenon_spreading_activation_args *args, float *expected)
{
	struct call calls[CONTENDERS_MAX];
	struct contender list[CONTENDERS_MAX] = {{"push", run_push, args, 0, 0}};
	size_t timed = 1;
	bool good = true;
	kernels[KERNEL_spreading_activation].scalar(args, NULL);
	memcpy(expected, args->activation, args->graph->nodes * sizeof *expected);
	printf("\nspreading_activation %u nodes, %u edges, %s\n  %-10s %12s %10s %9s %9s\n", args->graph->nodes,
	       args->graph->edges, title, "", "ns", "MAD", "ns/edge", "x push");
	for (size_t i = 0; i < backend_count && timed < CONTENDERS_MAX; i++) {
		if (!conforms(&backends[i], args, expected)) {
			good = false;
			continue;
		}
		calls[i] = (struct call){backends[i].function[KERNEL_spreading_activation], args, NULL};
		list[timed++] = (struct contender){backends[i].name, run_call, &calls[i], 0, 0};
	}
	time_contenders(list, timed, 300e3);
	char shape[96];
	snprintf(shape, sizeof shape, "%u nodes, %u edges, %s", args->graph->nodes, args->graph->edges, title);
	for (size_t i = 0; i < timed; i++) {
		struct figure f = {"spreading_activation", shape, &list[i], NAN, compare_contenders(i, 0), NAN};
		printf("  %-10s %12.1f %10.1f %9.3f %9.2f\n", list[i].name, list[i].median, list[i].deviation,
		       list[i].median / args->graph->edges, f.ratio_scalar);
		record_figure(&f);
	}
	return good;
}

static bool compare_graph(size_t nodes, size_t count, bool wave)
{
	struct tenon_graph *graph = make_graph(nodes, count);
	struct tenon_workspace *workspace = NULL;
	float *initial = malloc(nodes * sizeof *initial), *activation = malloc(nodes * sizeof *activation);
	float *expected = malloc(nodes * sizeof *expected);
	uint64_t state = 1;
	bool good = graph && initial && activation && expected && tenon_workspace_create(graph, &workspace) == TENON_OK;
	for (size_t v = 0; good && v < nodes; v++)
		initial[v] = next_float(&state);
	struct tenon_spreading_activation_args args = {.graph = graph, .initial = initial, .activation = activation,
		.workspace = workspace, .steps = 1, .threshold = -INFINITY, .decay = 0.85f, .retain = 1};
	if (good)
		good = compare("a step", &args, expected);
	args.mode = TENON_SPREAD_BFS;
	args.threshold = 0.99f;
	if (good && wave)
		good = compare("a hop from 1 % of the nodes", &args, expected);
	tenon_workspace_destroy(workspace);
	tenon_graph_destroy(graph);
	free(initial);
	free(activation);
	free(expected);
	return good;
}

bool bench_spread(void)
{
	bool good = compare_graph(1000, 10000, false);
	return compare_graph(1000000, 10000000, true) && good;
}
