/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cases of spreading_activation: both modes, every layout, over a graph with hubs, self-loops and multi-edges; with and
 * without a workspace, so that the thread's arena takes part.
 */
#include "tools/cases/cases.h"

#define NODES 200
#define EDGES 1500

static void release_graph(void *graph)
{
	tenon_graph_destroy(graph);
}

static void release_workspace(void *workspace)
{
	tenon_workspace_destroy(workspace);
}

static struct tenon_graph *make_graph(struct case_set *set)
{
	uint32_t *source = take_memory(set, EDGES * sizeof *source),
		 *destination = take_memory(set, EDGES * sizeof *source);
	float *weight = take_floats(set, EDGES, 70);
	struct tenon_graph *graph = NULL;
	if (!source || !destination || !weight)
		return NULL;
	for (size_t i = 0; i < EDGES; i++) {
		source[i] = (uint32_t)(mix_bits(71, i) % NODES);
		destination[i] =
			(uint32_t)(mix_bits(72, i) % (i % 5 ? NODES : 3)); /* a fifth of the edges go to three hubs */
		weight[i] = weight[i] * 0.25f + 0.5f;
	}
	const struct tenon_graph_edges edges = {
		.nodes = NODES, .count = EDGES, .source = source, .destination = destination, .weight = weight};
	if (tenon_graph_create(&edges, 0, &graph) != TENON_OK)
		return NULL;
	return hold_object(set, graph, release_graph) ? graph : NULL;
}

bool make_spreading_activation_cases(struct case_set *set)
{
	struct tenon_graph *graph = make_graph(set);
	struct tenon_workspace *workspace = NULL;
	float *initial = take_floats(set, NODES, 73);
	if (!graph || !initial || tenon_workspace_create(graph, &workspace) != TENON_OK ||
	    !hold_object(set, workspace, release_workspace))
		return false;
	for (uint32_t i = 0; i < 8; i++) {
		uint32_t mode = i % 2, layout = i / 2;
		struct tenon_spreading_activation_args args = {
			.graph = graph,
			.initial = initial,
			.activation = take_memory(set, NODES * sizeof(float)),
			.workspace = layout % 2 ? workspace : NULL,
			.mode = mode,
			.layout = layout,
			.fan = layout % 3,
			.norm = TENON_NORM_CLAMP,
			.steps = 3,
			.threshold = 0.1f,
			.decay = 0.8f,
			.retain = 0.5f,
		};
		if (!args.activation || !add_case(set, TENON_ID_spreading_activation, &args, sizeof args,
						  args.activation, NODES * sizeof(float)))
			return false;
	}
	return true;
}
