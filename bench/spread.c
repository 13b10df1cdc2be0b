/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: one step over a small and a large random graph, and one hop of a wave from 1 % of the large one's nodes; each
 * backend against the plain loop that pushes along every edge.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <tenon/tenon.h>

#include "bench/bench.h"

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

static bool race_graph(const char *title, struct tenon_spreading_activation_args *args)
{
	char shape[96];
	snprintf(shape, sizeof shape, "%u nodes, %u edges, %s", args->graph->nodes, args->graph->edges, title);
	struct race race = {.kernel = "spreading_activation",
			    .shape = shape,
			    .args = args,
			    .output = args->activation,
			    .size = args->graph->nodes * sizeof *args->activation,
			    .strict = {"push loop", run_push, args}};
	return run_race(&race);
}

static bool compare_graph(size_t nodes, size_t count, bool wave)
{
	struct tenon_graph *graph = make_graph(nodes, count);
	struct tenon_workspace *workspace = NULL;
	float *initial = malloc(nodes * sizeof *initial), *activation = malloc(nodes * sizeof *activation);
	uint64_t state = 1;
	bool good = graph && initial && activation && tenon_workspace_create(graph, &workspace) == TENON_OK;
	for (size_t v = 0; good && v < nodes; v++)
		initial[v] = next_float(&state);
	struct tenon_spreading_activation_args args = {.graph = graph,
						       .initial = initial,
						       .activation = activation,
						       .workspace = workspace,
						       .steps = 1,
						       .threshold = -INFINITY,
						       .decay = 0.85f,
						       .retain = 1};
	if (good)
		good = race_graph("a step", &args);
	args.mode = TENON_SPREAD_BFS;
	args.threshold = 0.99f;
	if (good && wave)
		good = race_graph("a hop from 1 % of the nodes", &args);
	tenon_workspace_destroy(workspace);
	tenon_graph_destroy(graph);
	free(initial);
	free(activation);
	return good;
}

bool bench_spread(void)
{
	bool good = compare_graph(1000, 10000, false);
	return compare_graph(1000000, 10000000, true) && good;
}
