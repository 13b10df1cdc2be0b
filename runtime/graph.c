/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Graph descriptors: validation, the rows by source and by destination, the slices; and workspaces. <tenon/backend.h>
 * says what each array holds. Keeps no state and knows nothing of threads; graphs.c has the public functions.
 */
#define _GNU_SOURCE
#include "runtime/graph.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "runtime/public.h"

#define SHORT_SLICE 64 /* columns: up to here padding is too little to matter */

/* What a graph is to its maker. */
struct graph {
	struct tenon_graph graph;
	void *rows; /* the blocks that hold its arrays */
	void *slices;
};

/* Cuts one block of memory into arrays, 64-byte aligned. */
struct carver {
	unsigned char *at;
	size_t size;
};

static void *carve(struct carver *carver, size_t count, size_t size)
{
	void *array = carver->at ? carver->at + carver->size : NULL;
	carver->size += (count * size + 63) / 64 * 64;
	return array;
}

/*
 * Memory for free(). Large blocks ask for huge pages: kernels jump about in them, and the TLB holds few small ones. A
 * system that has none says so, and nothing is lost.
 */
static void *allocate(size_t size)
{
	const size_t huge = (size_t)2 << 20;
	if (size < 2 * huge)
		return aligned_alloc(64, size);
	size = (size + huge - 1) / huge * huge;
	void *memory = aligned_alloc(huge, size);
	if (memory)
		(void)madvise(memory, size, MADV_HUGEPAGE);
	return memory;
}

/* ---- Validation -------------------------------------------------------------------------------------------------- */

static int check_edges(const struct tenon_graph_edges *e, unsigned flags, struct why *why)
{
	if (!e)
		return explain(why, TENON_EINVAL, "graph: edges is NULL");
	if (flags & ~(unsigned)TENON_GRAPH_UNSLICED)
		return explain(why, TENON_EINVAL, "graph: unknown flags 0x%x; use 0 or TENON_GRAPH_UNSLICED", flags);
	if (e->nodes > TENON_GRAPH_LIMIT || e->count > TENON_GRAPH_LIMIT)
		return explain(why, TENON_EINVAL, "graph: %zu nodes and %zu edges; there may be %u of each at most",
			       e->nodes, e->count, TENON_GRAPH_LIMIT);
	if (e->count > 0 && (!e->source || !e->destination))
		return explain(why, TENON_EINVAL, "graph: %s is NULL, but there are %zu edges",
			       e->source ? "destination" : "source", e->count);
	for (size_t i = 0; i < e->count; i++)
		if (unlikely(e->source[i] >= e->nodes || e->destination[i] >= e->nodes))
			return explain(why, TENON_EINVAL,
				       "graph: edge %zu, %u -> %u, dangles: nodes are numbered from 0, there are %zu",
				       i, e->source[i], e->destination[i], e->nodes);
	return 0;
}

/* ---- Rows -------------------------------------------------------------------------------------------------------- */

static void carve_rows(struct carver *carver, struct tenon_graph *g)
{
	g->in_offset = carve(carver, (size_t)g->nodes + 1, sizeof *g->in_offset);
	g->out_offset = carve(carver, (size_t)g->nodes + 1, sizeof *g->out_offset);
	g->in = carve(carver, g->edges, sizeof *g->in);
	g->out = carve(carver, (size_t)g->edges + TENON_EDGE_PADDING, sizeof *g->out);
}

/* offset[i] = the number of keys below i. */
static void count_offsets(uint32_t *offset, const uint32_t *key, size_t count, size_t keys)
{
	memset(offset, 0, (keys + 1) * sizeof *offset);
	for (size_t i = 0; i < count; i++)
		offset[key[i] + 1]++;
	for (size_t i = 0; i < keys; i++)
		offset[i + 1] += offset[i];
}

/*
 * Two stable counting sorts: by source into the rows by source, and these by destination into the rows by destination,
 * which so are ordered by source and then by input position.
 */
static void sort_edges(struct tenon_graph *g, const struct tenon_graph_edges *e, uint32_t *cursor)
{
	struct tenon_graph_edge *in = (struct tenon_graph_edge *)g->in, *out = (struct tenon_graph_edge *)g->out;
	size_t cursor_size = g->nodes * sizeof *cursor;

	count_offsets((uint32_t *)g->out_offset, e->source, e->count, e->nodes);
	count_offsets((uint32_t *)g->in_offset, e->destination, e->count, e->nodes);
	memset(out + g->edges, 0, TENON_EDGE_PADDING * sizeof *out);
	memcpy(cursor, g->out_offset, cursor_size);
	for (size_t i = 0; i < e->count; i++)
		out[cursor[e->source[i]]++] =
			(struct tenon_graph_edge){e->destination[i], e->weight ? e->weight[i] : 1};
	memcpy(cursor, g->in_offset, cursor_size);
	for (uint32_t u = 0; u < g->nodes; u++)
		for (uint32_t k = g->out_offset[u]; k < g->out_offset[u + 1]; k++)
			in[cursor[out[k].node]++] = (struct tenon_graph_edge){u, out[k].weight};
}

static uint32_t all_finite(const struct tenon_graph *g)
{
	uint32_t finite = 1;
	for (size_t i = 0; i < g->edges; i++)
		finite &= isfinite(g->in[i].weight) != 0;
	return finite;
}

static int build_rows(struct graph *graph, const struct tenon_graph_edges *e)
{
	struct carver carver = {0};
	carve_rows(&carver, &graph->graph);
	carver.at = graph->rows = allocate(carver.size);
	carver.size = 0;
	uint32_t *cursor = malloc(e->nodes * sizeof *cursor + 1);
	if (!carver.at || !cursor) {
		free(cursor);
		return TENON_ENOMEM;
	}
	carve_rows(&carver, &graph->graph);
	sort_edges(&graph->graph, e, cursor);
	graph->graph.finite = all_finite(&graph->graph);
	free(cursor);
	return 0;
}

/* ---- Slices ------------------------------------------------------------------------------------------------------ */

static uint32_t row_length(const struct tenon_graph *g, uint32_t v)
{
	return g->in_offset[v + 1] - g->in_offset[v];
}

static uint32_t longest_row(const struct tenon_graph *g)
{
	uint32_t most = 0;
	for (uint32_t v = 0; v < g->nodes; v++)
		most = row_length(g, v) > most ? row_length(g, v) : most;
	return most;
}

/*
 * All nodes, longest row first, else ascending: a radix sort, 11 bits a pass. order[0] and order[1] hold `nodes` each;
 * returns the one with the result.
 */
static uint32_t *order_rows(const struct tenon_graph *g, uint32_t *order[2])
{
	enum { DIGITS = 2048 };
	uint32_t longest = longest_row(g), from = 0;
	for (uint32_t v = 0; v < g->nodes; v++)
		order[0][v] = v;
	for (int shift = 0; shift < 32 && longest >> shift; shift += 11, from ^= 1) {
		uint32_t cursor[DIGITS + 1] = {0};
		for (uint32_t i = 0; i < g->nodes; i++)
			cursor[((longest - row_length(g, order[from][i])) >> shift) % DIGITS + 1]++;
		for (int d = 0; d < DIGITS; d++)
			cursor[d + 1] += cursor[d];
		for (uint32_t i = 0; i < g->nodes; i++) {
			uint32_t v = order[from][i];
			order[from ^ 1][cursor[((longest - row_length(g, v)) >> shift) % DIGITS]++] = v;
		}
	}
	return order[from];
}

/* Would a slice that begins with the row order[i] be tall and less than half full? */
static bool is_hub(const struct tenon_graph *g, const uint32_t *order, uint32_t i)
{
	uint64_t height = row_length(g, order[i]), filled = 0;
	for (uint32_t k = i; k < g->nodes && k < i + TENON_SLICE_ROWS; k++)
		filled += row_length(g, order[k]);
	return height > SHORT_SLICE && 2 * filled < height * TENON_SLICE_ROWS;
}

/* Fills the arrays of slices and hubs, or, while these are NULL, only counts. Returns the number of columns. */
static uint32_t deal_rows(struct tenon_graph *g, const uint32_t *order)
{
	uint32_t *row = (uint32_t *)g->slice_row, *hub = (uint32_t *)g->hub, *column = (uint32_t *)g->slice_column;
	uint32_t slices = 0, hubs = 0, columns = 0;
	for (uint32_t i = 0; i < g->nodes;) {
		if (is_hub(g, order, i)) {
			if (hub)
				hub[hubs] = order[i];
			hubs++;
			i++;
			continue;
		}
		for (uint32_t k = 0; row && k < TENON_SLICE_ROWS; k++)
			row[slices * TENON_SLICE_ROWS + k] = order[i + k < g->nodes ? i + k : g->nodes - 1];
		if (column)
			column[slices] = columns;
		columns += row_length(g, order[i]);
		slices++;
		i += TENON_SLICE_ROWS;
	}
	if (column)
		column[slices] = columns;
	g->slices = slices;
	g->hubs = hubs;
	return columns;
}

static void fill_row(struct tenon_graph *g, uint32_t slice, uint32_t lane)
{
	uint32_t v = g->slice_row[slice * TENON_SLICE_ROWS + lane];
	uint32_t *source = (uint32_t *)g->slice_source;
	uint16_t *narrow = (uint16_t *)g->slice_narrow;
	float *weight = (float *)g->slice_weight;
	const struct tenon_graph_edge padding = {g->nodes, 1}, *edge = g->in + g->in_offset[v];
	for (uint32_t c = g->slice_column[slice], left = row_length(g, v); c < g->slice_column[slice + 1]; c++) {
		size_t entry = (size_t)c * TENON_SLICE_ROWS + lane;
		const struct tenon_graph_edge *from = left ? edge : &padding;
		if (narrow)
			narrow[entry] = (uint16_t)from->node;
		else
			source[entry] = from->node;
		weight[entry] = from->weight;
		if (left) {
			left--;
			edge++;
		}
	}
}

static void carve_slices(struct carver *carver, struct tenon_graph *g, size_t columns)
{
	g->slice_row = carve(carver, (size_t)g->slices * TENON_SLICE_ROWS, sizeof *g->slice_row);
	g->slice_column = carve(carver, (size_t)g->slices + 1, sizeof *g->slice_column);
	g->hub = carve(carver, g->hubs, sizeof *g->hub);
	g->slice_weight = carve(carver, columns * TENON_SLICE_ROWS, sizeof *g->slice_weight);
	if (g->nodes <= UINT16_MAX)
		g->slice_narrow = carve(carver, columns * TENON_SLICE_ROWS, sizeof *g->slice_narrow);
	else
		g->slice_source = carve(carver, columns * TENON_SLICE_ROWS, sizeof *g->slice_source);
}

static int build_slices(struct graph *graph)
{
	struct tenon_graph *g = &graph->graph;
	uint32_t *memory = malloc((size_t)g->nodes * 2 * sizeof *memory + 1);
	if (!memory)
		return TENON_ENOMEM;
	uint32_t *order = order_rows(g, (uint32_t *[2]){memory, memory + g->nodes});
	uint32_t columns = deal_rows(g, order);
	struct carver carver = {0};
	carve_slices(&carver, g, columns);
	carver.at = graph->slices = allocate(carver.size);
	carver.size = 0;
	if (carver.at) {
		carve_slices(&carver, g, columns);
		deal_rows(g, order);
		for (uint32_t s = 0; s < g->slices; s++)
			for (uint32_t lane = 0; lane < TENON_SLICE_ROWS; lane++)
				fill_row(g, s, lane);
		g->sliced = 1;
	}
	free(memory);
	return carver.at ? 0 : TENON_ENOMEM;
}

/* ---- Making and freeing ------------------------------------------------------------------------------------------ */

int make_graph(const struct tenon_graph_edges *edges, unsigned flags, struct tenon_graph **out, struct why *why)
{
	if (!out)
		return explain(why, TENON_EINVAL, "graph: the place for the result is NULL");
	int status = check_edges(edges, flags, why);
	if (status)
		return status;
	struct graph *graph = calloc(1, sizeof *graph);
	if (!graph)
		return explain(why, TENON_ENOMEM, "graph: out of memory");
	struct tenon_graph *g = &graph->graph;
	g->nodes = (uint32_t)edges->nodes;
	g->edges = (uint32_t)edges->count;
	g->scratch[TENON_SPREAD_STEP] = tenon_workspace_floats(g->nodes);
	g->scratch[TENON_SPREAD_BFS] = tenon_workspace_size(g->nodes);
	status = build_rows(graph, edges);
	if (!status && !(flags & TENON_GRAPH_UNSLICED))
		status = build_slices(graph);
	if (status) {
		free_graph(g);
		return explain(why, status, "graph: out of memory for %zu nodes and %zu edges", edges->nodes,
			       edges->count);
	}
	*out = g;
	return 0;
}

void free_graph(struct tenon_graph *graph)
{
	struct graph *owner = (struct graph *)graph;
	if (!owner)
		return;
	free(owner->rows);
	free(owner->slices);
	free(owner);
}

int make_workspace(const struct tenon_graph *graph, struct tenon_workspace **out, struct why *why)
{
	if (!graph || !out)
		return explain(why, TENON_EINVAL, "workspace: %s is NULL",
			       graph ? "the place for the result" : "graph");
	/* The struct comes first, in a cache line of its own, so that one free() does. */
	_Static_assert(sizeof(struct tenon_workspace) <= 64, "a workspace fits a cache line");
	unsigned char *memory = allocate(64 + graph->scratch[TENON_SPREAD_BFS]);
	if (!memory)
		return explain(why, TENON_ENOMEM, "workspace: out of memory for a graph of %u nodes", graph->nodes);
	*out = (struct tenon_workspace *)(void *)memory;
	tenon_workspace_place(*out, graph, memory + 64);
	return 0;
}

void free_workspace(struct tenon_workspace *workspace)
{
	free(workspace);
}
