/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Spec of spreading activation: which calls are legal, and the self-test.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "runtime/graph.h"
#include "runtime/kernels.h"
#include "runtime/public.h"
#include "runtime/regions.h"
#include "runtime/share.h"
#include "runtime/specs/compare.h"

/* The cold half of the check: what check_spreading_activation() found wrong, in words. */
static int explain_pointers(const struct tenon_spreading_activation_args *a, struct why *why)
{
	if (!a->initial || !a->activation)
		return explain(why, TENON_EINVAL, "spreading_activation: %s is NULL, but the graph has %u nodes",
			       a->initial ? "activation" : "initial", a->graph->nodes);
	return explain(why, TENON_EINVAL,
		       "spreading_activation: the workspace was made for another graph; make one for this graph");
}

static int explain_choice(const struct tenon_spreading_activation_args *a, struct why *why)
{
	if (a->mode > TENON_SPREAD_BFS)
		return explain(why, TENON_EINVAL, "spreading_activation: mode %u; use 0 (STEP) or 1 (BFS)", a->mode);
	if (a->fan > TENON_FAN_SQRT)
		return explain(why, TENON_EINVAL, "spreading_activation: fan %u; use 0 (ONE), 1 (LINEAR) or 2 (SQRT)",
			       a->fan);
	if (a->norm > TENON_NORM_MAX)
		return explain(why, TENON_EINVAL, "spreading_activation: norm %u; use 0 (NONE), 1 (CLAMP) or 2 (MAX)",
			       a->norm);
	if (a->layout > TENON_LAYOUT_SLICED)
		return explain(why, TENON_EINVAL,
			       "spreading_activation: layout %u; use 0 (AUTO), 1 (PULL), 2 (PUSH) or 3 (SLICED)",
			       a->layout);
	return explain(why, TENON_EINVAL,
		       "spreading_activation: layout SLICED, but the graph is TENON_GRAPH_UNSLICED; use AUTO");
}

static int explain_numbers(const struct tenon_spreading_activation_args *a, struct why *why)
{
	if (!(fabsf(a->decay) <= FLT_MAX))
		return explain(why, TENON_EINVAL, "spreading_activation: decay %g is not finite", (double)a->decay);
	if (!(fabsf(a->retain) <= FLT_MAX))
		return explain(why, TENON_EINVAL, "spreading_activation: retain %g is not finite", (double)a->retain);
	return explain(why, TENON_EINVAL, "spreading_activation: threshold %g; %s", (double)a->threshold,
		       a->mode == TENON_SPREAD_BFS ? "in mode BFS it must be above 0" : "it must not be a NaN");
}

int check_spreading_activation(const struct tenon_spreading_activation_args *a, struct why *why)
{
	if (unlikely(!a || !a->graph))
		return explain(why, TENON_EINVAL, "spreading_activation: %s is NULL", a ? "graph" : "args");
	const struct tenon_graph *g = a->graph;
	if (unlikely(a->mode > TENON_SPREAD_BFS || a->fan > TENON_FAN_SQRT || a->norm > TENON_NORM_MAX ||
		     a->layout > TENON_LAYOUT_SLICED || (a->layout == TENON_LAYOUT_SLICED && !g->sliced)))
		return explain_choice(a, why);
	if (unlikely(!(fabsf(a->decay) <= FLT_MAX && fabsf(a->retain) <= FLT_MAX) || isnan(a->threshold) ||
		     (a->mode == TENON_SPREAD_BFS && !(a->threshold > 0))))
		return explain_numbers(a, why);
	if (g->nodes == 0)
		return CALL_IS_EMPTY;
	if (unlikely(!a->initial || !a->activation || (a->workspace && a->workspace->graph != g)))
		return explain_pointers(a, why);
	return 0;
}

/* Each step needs all of the one before. */
int divide_spreading_activation(const struct tenon_spreading_activation_args *a, size_t part, size_t parts,
				struct share *share)
{
	(void)parts;
	return divide_not_at_all(&share->args.spreading_activation, a, sizeof *a, part);
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

static void list_slices(struct regions *r, int at, const struct tenon_graph *graph)
{
	size_t rows = (size_t)graph->slices * TENON_SLICE_ROWS;
	bool has_columns = graph->sliced != 0, is_narrow = graph->slice_narrow != NULL;
	add_region(r, REGION_FIELD(at, graph, slice_row), REGION_IN, REGION_U32, rows);
	add_region(r, REGION_FIELD(at, graph, hub), REGION_IN, REGION_U32, graph->hubs);
	int column = add_region(r, REGION_FIELD(at, graph, slice_column), REGION_IN, REGION_U32,
				has_columns ? (size_t)graph->slices + 1 : 0);
	if (column < 0)
		return;
	size_t entries = has_columns ? (size_t)graph->slice_column[graph->slices] * TENON_SLICE_ROWS : 0;
	add_region(r, REGION_FIELD(at, graph, slice_source), REGION_IN, REGION_U32, is_narrow ? 0 : entries);
	add_region(r, REGION_FIELD(at, graph, slice_narrow), REGION_IN, REGION_U16, is_narrow ? entries : 0);
	add_region(r, REGION_FIELD(at, graph, slice_weight), REGION_IN, REGION_F32, entries);
}

static void list_graph(struct regions *r, int at, const struct tenon_graph *graph)
{
	size_t edges = graph->edges; /* pairs of 32 bits */
	add_region(r, REGION_FIELD(at, graph, in_offset), REGION_IN, REGION_U32, (size_t)graph->nodes + 1);
	add_region(r, REGION_FIELD(at, graph, in), REGION_IN, REGION_U64, edges);
	add_region(r, REGION_FIELD(at, graph, out_offset), REGION_IN, REGION_U32, (size_t)graph->nodes + 1);
	add_region(r, REGION_FIELD(at, graph, out), REGION_IN, REGION_U64, edges + TENON_EDGE_PADDING);
	list_slices(r, at, graph);
}

/* As tenon_workspace_place() lays it out. */
static void list_workspace(struct regions *r, int at, const struct tenon_workspace *workspace, uint32_t nodes)
{
	size_t floats = tenon_workspace_floats(nodes) / sizeof(float), groups = ((size_t)nodes + 4095) / 4096;
	add_region(r, REGION_FIELD(at, workspace, graph), REGION_IN, REGION_STRUCT, sizeof(struct tenon_graph));
	add_region(r, REGION_FIELD(at, workspace, term), REGION_STATE, REGION_F32, floats);
	add_region(r, REGION_FIELD(at, workspace, sum), REGION_STATE, REGION_F32, floats);
	add_region(r, REGION_FIELD(at, workspace, delta), REGION_STATE, REGION_F32, floats);
	add_region(r, REGION_FIELD(at, workspace, frontier), REGION_STATE, REGION_U32, floats);
	add_region(r, REGION_FIELD(at, workspace, block), REGION_STATE, REGION_U8, 256 * groups);
	add_region(r, REGION_FIELD(at, workspace, group), REGION_STATE, REGION_U8, (groups + 63) / 64 * 64);
	add_member(r, REGION_MEMBER(at, workspace, at_rest), REGION_STATE, REGION_U32);
	r->at_rest = (uint32_t *)(uintptr_t)&workspace->at_rest;
}

void regions_spreading_activation(const struct tenon_spreading_activation_args *a, struct regions *r)
{
	int graph = add_region(r, REGION_ARG(a, graph), REGION_IN, REGION_STRUCT, sizeof *a->graph);
	if (graph < 0)
		return;
	list_graph(r, graph, a->graph);
	add_region(r, REGION_ARG(a, initial), REGION_IN, REGION_F32, a->graph->nodes);
	add_region(r, REGION_ARG(a, activation), REGION_OUT, REGION_F32, a->graph->nodes);
	int workspace = add_region(r, REGION_ARG(a, workspace), REGION_IN, REGION_STRUCT,
				   a->workspace ? sizeof *a->workspace : 0);
	if (a->workspace && workspace >= 0)
		list_workspace(r, workspace, a->workspace, a->graph->nodes);
}

/* ---- Self-test --------------------------------------------------------------------------------------------------- */

#define ZOO_NODES 90
#define ZOO_EDGES 160

/*
 * One graph with every shape that is awkward: nodes without edges, a self-loop, edges that are there twice, a chain, a
 * star outwards, a star inwards that is long enough to be a hub, and a few weights that are zero or negative.
 */
struct zoo {
	uint32_t source[ZOO_EDGES], destination[ZOO_EDGES];
	float weight[ZOO_EDGES];
	size_t count;
};

static void add_edge(struct zoo *zoo, uint32_t source, uint32_t destination)
{
	static const float weights[] = {0.5f, 0x1.555556p-2f, -0.25f, 1, 0, 0x1.99999ap-4f, 2, -0.0f};
	zoo->source[zoo->count] = source;
	zoo->destination[zoo->count] = destination;
	zoo->weight[zoo->count] = weights[zoo->count % 8];
	zoo->count++;
}

static void fill_zoo(struct zoo *zoo)
{
	zoo->count = 0;
	add_edge(zoo, 3, 3);
	for (int i = 0; i < 3; i++)
		add_edge(zoo, 7, 5);
	for (uint32_t i = 10; i < 16; i++)
		add_edge(zoo, i, i + 1);
	for (uint32_t i = 80; i > 10; i--)
		add_edge(zoo, i, 50);
	for (uint32_t i = 60; i < 75; i++)
		add_edge(zoo, 4, i);
	for (uint32_t i = 0; i < 50; i++)
		add_edge(zoo, i * 37 % 80, i * 53 % 80);
}

/* Runs every layout of one case and compares it with scalar. The memory is not at rest, as scratch is not. */
static int test_case(tenon_kernel_fn *function, struct tenon_spreading_activation_args a, void *memory, struct why *why)
{
	float want[ZOO_NODES], got[ZOO_NODES];
	char shape[64];
	a.activation = want;
	int want_status = scalar_spreading_activation(&a, memory), status = 0;
	a.activation = got;
	for (a.layout = TENON_LAYOUT_AUTO; a.layout <= TENON_LAYOUT_SLICED && !status; a.layout++) {
		memset(got, 0x55, sizeof got);
		snprintf(shape, sizeof shape, "mode %u, layout %u, fan %u, norm %u", a.mode, a.layout, a.fan, a.norm);
		status = compare_status(why, "spreading_activation", shape, function(&a, memory), want_status);
		if (!status)
			status = compare_floats(why, "spreading_activation", shape, got, want, ZOO_NODES);
	}
	return status;
}

static int test_graph(tenon_kernel_fn *function, const struct tenon_graph *graph, struct why *why)
{
	_Alignas(64) unsigned char memory[4096];
	float initial[ZOO_NODES];
	if (tenon_workspace_size(graph->nodes) > sizeof memory)
		return explain(why, TENON_EREFUSED, "spreading_activation: the self-test's memory is too small");
	for (int v = 0; v < ZOO_NODES; v++)
		initial[v] = v % 11 == 0 ? -0.0f : (float)(v % 13) / 8;
	struct tenon_spreading_activation_args a = {
		.graph = graph, .initial = initial, .steps = 2, .decay = 0.8f, .retain = 0.9f};
	int status = 0;
	for (uint32_t i = 0; i < 3 && !status; i++) {
		a.fan = a.norm = i;
		a.mode = TENON_SPREAD_STEP;
		a.threshold = i == 0 ? -INFINITY : 0.75f;
		status = test_case(function, a, memory, why);
		a.mode = TENON_SPREAD_BFS;
		a.threshold = 0.25f;
		if (!status)
			status = test_case(function, a, memory, why);
	}
	return status;
}

int test_spreading_activation(tenon_kernel_fn *function, struct why *why)
{
	struct zoo zoo;
	struct tenon_graph *graph;
	fill_zoo(&zoo);
	struct tenon_graph_edges edges = {ZOO_NODES, zoo.count, zoo.source, zoo.destination, zoo.weight};
	int status = make_graph(&edges, 0, &graph, why);
	if (status)
		return status;
	status = test_graph(function, graph, why);
	free_graph(graph);
	return status;
}
