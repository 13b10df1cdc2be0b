/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Graph descriptors and workspaces: what is refused and in which words, the order of rows, the shape of slices.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <tenon/tenon.h>

static const uint32_t three_sources[] = {0, 1, 2}, three_destinations[] = {1, 2, 0};

static struct tenon_graph_edges triangle(void)
{
	return (struct tenon_graph_edges){3, 3, three_sources, three_destinations, NULL};
}

static struct tenon_graph *create(const struct tenon_graph_edges *edges, unsigned flags)
{
	struct tenon_graph *graph = NULL;
	assert_int_equal(tenon_graph_create(edges, flags, &graph), TENON_OK);
	assert_non_null(graph);
	return graph;
}

/* ---- Bad input --------------------------------------------------------------------------------------------------- */

static void refused(const struct tenon_graph_edges *edges, unsigned flags, const char *detail)
{
	struct tenon_graph *graph = (struct tenon_graph *)&graph;
	assert_int_equal(tenon_graph_create(edges, flags, &graph), TENON_EINVAL);
	assert_string_equal(tenon_error_detail(), detail);
	assert_ptr_equal(graph, &graph);
}

static void null_is_refused(void **state)
{
	(void)state;
	struct tenon_graph_edges edges = triangle();
	refused(NULL, 0, "graph: edges is NULL");
	edges.source = NULL;
	refused(&edges, 0, "graph: source is NULL, but there are 3 edges");
	edges = triangle();
	edges.destination = NULL;
	refused(&edges, 0, "graph: destination is NULL, but there are 3 edges");
	edges = triangle();
	assert_int_equal(tenon_graph_create(&edges, 0, NULL), TENON_EINVAL);
	assert_string_equal(tenon_error_detail(), "graph: the place for the result is NULL");
}

static void unknown_flags_are_refused(void **state)
{
	(void)state;
	struct tenon_graph_edges edges = triangle();
	refused(&edges, 6, "graph: unknown flags 0x6; use 0 or TENON_GRAPH_UNSLICED");
}

static void too_many_nodes_or_edges_are_refused(void **state)
{
	(void)state;
	struct tenon_graph_edges edges = triangle();
	edges.nodes = SIZE_MAX;
	refused(&edges, 0, "graph: 18446744073709551615 nodes and 3 edges; there may be 2147483632 of each at most");
	edges = triangle();
	edges.count = (size_t)TENON_GRAPH_LIMIT + 1;
	refused(&edges, 0, "graph: 3 nodes and 2147483633 edges; there may be 2147483632 of each at most");
}

static void a_dangling_edge_is_named(void **state)
{
	(void)state;
	const uint32_t source[] = {0, 1, 3}, destination[] = {0, 5, 1};
	struct tenon_graph_edges edges = {3, 3, source, destination, NULL};
	refused(&edges, 0, "graph: edge 1, 1 -> 5, dangles: nodes are numbered from 0, there are 3");
	edges.nodes = 6;
	edges.source = destination;
	edges.destination = source;
	tenon_graph_destroy(create(&edges, 0));
	edges.nodes = 0;
	refused(&edges, 0, "graph: edge 0, 0 -> 0, dangles: nodes are numbered from 0, there are 0");
}

static void workspaces_refuse_null(void **state)
{
	(void)state;
	struct tenon_graph_edges edges = triangle();
	struct tenon_graph *graph = create(&edges, 0);
	struct tenon_workspace *workspace = NULL;
	assert_int_equal(tenon_workspace_create(NULL, &workspace), TENON_EINVAL);
	assert_string_equal(tenon_error_detail(), "workspace: graph is NULL");
	assert_null(workspace);
	assert_int_equal(tenon_workspace_create(graph, NULL), TENON_EINVAL);
	assert_string_equal(tenon_error_detail(), "workspace: the place for the result is NULL");
	tenon_graph_destroy(graph);
}

static void destroying_null_does_nothing(void **state)
{
	(void)state;
	tenon_graph_destroy(NULL);
	tenon_workspace_destroy(NULL);
}

/* ---- Rows -------------------------------------------------------------------------------------------------------- */

struct edge {
	uint32_t source, destination;
	float weight; /* its input position */
};

static int by_destination(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;
	if (x->destination != y->destination)
		return x->destination < y->destination ? -1 : 1;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return x->weight < y->weight ? -1 : 1;
}

static int by_source(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return x->weight < y->weight ? -1 : 1;
}

static uint32_t random_number(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* A graph whose weights tell the input position of each edge; edge[] is its edges, in input order. */
static struct tenon_graph *random_graph(uint32_t nodes, uint32_t count, uint32_t hub_share, struct edge *edge)
{
	uint32_t *source = malloc(count * sizeof *source), *destination = malloc(count * sizeof *destination);
	float *weight = malloc(count * sizeof *weight);
	uint32_t seed = nodes + count;
	assert_true(source && destination && weight);
	for (uint32_t i = 0; i < count; i++) {
		source[i] = random_number(&seed) % nodes;
		destination[i] = i % 100 < hub_share ? nodes / 2 : random_number(&seed) % nodes;
		weight[i] = (float)i;
		edge[i] = (struct edge){source[i], destination[i], weight[i]};
	}
	struct tenon_graph_edges edges = {nodes, count, source, destination, weight};
	struct tenon_graph *graph = create(&edges, 0);
	free(source);
	free(destination);
	free(weight);
	return graph;
}

static void rows_are_ordered(void **state)
{
	(void)state;
	enum { NODES = 300, COUNT = 5000 };
	static struct edge edge[COUNT];
	struct tenon_graph *graph = random_graph(NODES, COUNT, 5, edge);
	assert_int_equal(graph->nodes, NODES);
	assert_int_equal(graph->edges, COUNT);
	qsort(edge, COUNT, sizeof *edge, by_destination);
	for (uint32_t v = 0, i = 0; v < NODES; v++)
		for (uint32_t k = graph->in_offset[v]; k < graph->in_offset[v + 1]; k++, i++) {
			assert_int_equal(k, i);
			assert_int_equal(v, edge[i].destination);
			assert_int_equal(graph->in[k].node, edge[i].source);
			assert_true(graph->in[k].weight == edge[i].weight);
		}
	qsort(edge, COUNT, sizeof *edge, by_source);
	for (uint32_t u = 0, i = 0; u < NODES; u++)
		for (uint32_t k = graph->out_offset[u]; k < graph->out_offset[u + 1]; k++, i++) {
			assert_int_equal(k, i);
			assert_int_equal(u, edge[i].source);
			assert_int_equal(graph->out[k].node, edge[i].destination);
			assert_true(graph->out[k].weight == edge[i].weight);
		}
	assert_int_equal(graph->in_offset[NODES], COUNT);
	assert_int_equal(graph->out_offset[NODES], COUNT);
	tenon_graph_destroy(graph);
}

/* Vectors of edges read behind the last one: sanitizers and valgrind watch. */
static void the_padding_of_edges_can_be_read(void **state)
{
	(void)state;
	struct tenon_graph_edges edges = triangle();
	struct tenon_graph *graph = create(&edges, 0);
	for (int i = 0; i < TENON_EDGE_PADDING; i++)
		assert_true(graph->out[3 + i].node == 0 && graph->out[3 + i].weight == 0);
	tenon_graph_destroy(graph);
}

static void missing_weights_are_1(void **state)
{
	(void)state;
	struct tenon_graph_edges edges = triangle();
	struct tenon_graph *graph = create(&edges, 0);
	for (int i = 0; i < 3; i++)
		assert_true(graph->in[i].weight == 1 && graph->out[i].weight == 1);
	assert_int_equal(graph->finite, 1);
	tenon_graph_destroy(graph);
}

static void weights_that_are_not_finite_are_noted(void **state)
{
	(void)state;
	static const float odd[] = {INFINITY, -INFINITY, NAN};
	for (int i = 0; i < 3; i++) {
		float weight[] = {1, 3.4e38f, 1};
		struct tenon_graph_edges edges = triangle();
		edges.weight = weight;
		struct tenon_graph *graph = create(&edges, 0);
		assert_int_equal(graph->finite, 1);
		tenon_graph_destroy(graph);
		weight[i] = odd[i];
		graph = create(&edges, 0);
		assert_int_equal(graph->finite, 0);
		tenon_graph_destroy(graph);
	}
}

static void the_edges_are_copied(void **state)
{
	(void)state;
	uint32_t source[] = {0, 1, 2}, destination[] = {1, 2, 0};
	float weight[] = {2, 3, 4};
	struct tenon_graph_edges edges = {3, 3, source, destination, weight};
	struct tenon_graph *graph = create(&edges, 0);
	memset(source, 0xff, sizeof source);
	memset(destination, 0xff, sizeof destination);
	memset(weight, 0xff, sizeof weight);
	assert_int_equal(graph->in[0].node, 2);
	assert_true(graph->in[0].weight == 4);
	tenon_graph_destroy(graph);
}

static void graphs_may_be_empty(void **state)
{
	(void)state;
	struct tenon_graph_edges edges = {0, 0, NULL, NULL, NULL};
	struct tenon_graph *graph = create(&edges, 0);
	assert_int_equal(graph->nodes, 0);
	assert_int_equal(graph->slices, 0);
	tenon_graph_destroy(graph);
	edges.nodes = 17;
	graph = create(&edges, 0);
	assert_int_equal(graph->in_offset[17], 0);
	assert_int_equal(graph->slices, 2);
	assert_int_equal(graph->slice_column[2], 0);
	tenon_graph_destroy(graph);
}

/* ---- Slices ------------------------------------------------------------------------------------------------------ */

static uint32_t slice_source(const struct tenon_graph *graph, size_t entry)
{
	return graph->slice_narrow ? graph->slice_narrow[entry] : graph->slice_source[entry];
}

/* A lane of a slice is its row, in order, then padding. */
static void check_lane(const struct tenon_graph *graph, uint32_t slice, uint32_t lane)
{
	uint32_t v = graph->slice_row[slice * 16 + lane], k = graph->in_offset[v];
	for (uint32_t c = graph->slice_column[slice]; c < graph->slice_column[slice + 1]; c++) {
		size_t entry = (size_t)c * 16 + lane;
		if (k < graph->in_offset[v + 1]) {
			assert_int_equal(slice_source(graph, entry), graph->in[k].node);
			assert_true(graph->slice_weight[entry] == graph->in[k].weight);
			k++;
		} else {
			assert_int_equal(slice_source(graph, entry), graph->nodes);
			assert_true(graph->slice_weight[entry] == 1);
		}
	}
	assert_int_equal(k, graph->in_offset[v + 1]);
}

/* Every node is in one slice (a last one may repeat its last row) or a hub. */
static void check_slices(const struct tenon_graph *graph)
{
	unsigned char *seen = calloc(graph->nodes + 1, 1);
	assert_non_null(seen);
	for (uint32_t i = 0; i < graph->slices * 16; i++) {
		uint32_t v = graph->slice_row[i];
		assert_true(v < graph->nodes);
		if (seen[v])
			assert_true(i / 16 == graph->slices - 1 && v == graph->slice_row[i - 1]);
		seen[v] = 1;
		check_lane(graph, i / 16, i % 16);
	}
	for (uint32_t h = 0; h < graph->hubs; h++) {
		assert_int_equal(seen[graph->hub[h]], 0);
		seen[graph->hub[h]] = 1;
	}
	for (uint32_t v = 0; v < graph->nodes; v++)
		assert_int_equal(seen[v], 1);
	free(seen);
}

static void slices_hold_every_edge(void **state)
{
	(void)state;
	enum { COUNT = 4000 };
	static struct edge edge[COUNT];
	for (uint32_t nodes = 1; nodes < 120; nodes++)
		for (uint32_t hub_share = 0; hub_share <= 80; hub_share += 40) {
			struct tenon_graph *graph = random_graph(nodes, nodes * 30, hub_share, edge);
			assert_int_equal(graph->sliced, 1);
			check_slices(graph);
			tenon_graph_destroy(graph);
		}
}

static void a_star_has_a_hub_and_little_padding(void **state)
{
	(void)state;
	enum { NODES = 5000, COUNT = 60000 };
	static struct edge edge[COUNT];
	struct tenon_graph *graph = random_graph(NODES, COUNT, 50, edge);
	check_slices(graph);
	assert_int_equal(graph->hubs, 1);
	assert_int_equal(graph->hub[0], NODES / 2);
	assert_true(graph->slice_column[graph->slices] * 16 < COUNT / 2 + COUNT / 20);
	tenon_graph_destroy(graph);
}

/* More than 2^22 edges at one node: the sort by row length needs all its passes. */
static void long_rows_come_first(void **state)
{
	(void)state;
	enum { NODES = 33, EACH = 150, COUNT = (1 << 22) + NODES * EACH }; /* the others fill two slices */
	uint32_t *source = calloc(COUNT, sizeof *source), *destination = malloc(COUNT * sizeof *destination);
	assert_true(source && destination);
	for (uint32_t i = 0; i < COUNT; i++)
		destination[i] = i < NODES * EACH ? i % NODES : 7;
	struct tenon_graph_edges edges = {NODES, COUNT, source, destination, NULL};
	struct tenon_graph *graph = create(&edges, 0);
	assert_int_equal(graph->hubs, 1);
	assert_int_equal(graph->hub[0], 7);
	assert_int_equal(graph->slice_row[0], 0);
	assert_int_equal(graph->in_offset[8] - graph->in_offset[7], COUNT - NODES * EACH + EACH);
	tenon_graph_destroy(graph);
	free(source);
	free(destination);
}

static void columns_are_narrow_up_to_65535_nodes(void **state)
{
	(void)state;
	enum { COUNT = 70000 };
	static struct edge edge[COUNT];
	struct tenon_graph *graph = random_graph(65535, COUNT, 0, edge);
	assert_non_null(graph->slice_narrow);
	assert_null(graph->slice_source);
	check_slices(graph);
	tenon_graph_destroy(graph);
	graph = random_graph(65536, COUNT, 0, edge);
	assert_null(graph->slice_narrow);
	assert_non_null(graph->slice_source);
	check_slices(graph);
	tenon_graph_destroy(graph);
}

/* So large that it asks for huge pages. */
static void a_large_graph_is_a_graph_like_any_other(void **state)
{
	(void)state;
	enum { NODES = 70000, COUNT = 600000 };
	static struct edge edge[COUNT];
	struct tenon_graph *graph = random_graph(NODES, COUNT, 0, edge);
	struct tenon_workspace *workspace;
	check_slices(graph);
	assert_int_equal((uintptr_t)graph->in_offset % 64, 0);
	assert_int_equal(tenon_workspace_create(graph, &workspace), TENON_OK);
	tenon_workspace_destroy(workspace);
	tenon_graph_destroy(graph);
}

static void slices_may_be_left_out(void **state)
{
	(void)state;
	struct tenon_graph_edges edges = triangle();
	struct tenon_graph *graph = create(&edges, TENON_GRAPH_UNSLICED);
	assert_int_equal(graph->sliced, 0);
	assert_null(graph->slice_row);
	assert_int_equal(graph->in[1].node, 0);
	tenon_graph_destroy(graph);
}

/* ---- Workspaces -------------------------------------------------------------------------------------------------- */

static void a_workspace_has_room_for_its_graph(void **state)
{
	(void)state;
	static const uint32_t sizes[] = {0, 1, 15, 16, 17, 4095, 4096, 4097, 70000};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct tenon_graph_edges edges = {sizes[i], 0, NULL, NULL, NULL};
		struct tenon_graph *graph = create(&edges, 0);
		struct tenon_workspace *w = NULL;
		assert_int_equal(tenon_workspace_create(graph, &w), TENON_OK);
		assert_ptr_equal(w->graph, graph);
		assert_int_equal(w->at_rest, 0);
		size_t groups = (sizes[i] + 4095) / 4096;
		assert_true(w->sum - w->term >= (ptrdiff_t)sizes[i] + 16);
		assert_true(w->delta - w->sum >= ((ptrdiff_t)sizes[i] + 15) / 16 * 16);
		assert_true((float *)w->frontier - w->delta >= (ptrdiff_t)sizes[i]);
		assert_true((uint32_t *)w->block - w->frontier >= (ptrdiff_t)sizes[i]);
		assert_true(w->group - w->block >= (ptrdiff_t)(groups * 256));
		/* The last byte may be written: sanitizers watch. */
		if (groups)
			w->group[(groups + 7) / 8 * 8 - 1] = 0;
		assert_int_equal((uintptr_t)w->term % 64, 0);
		assert_true(graph->scratch[TENON_SPREAD_STEP] >= (sizes[i] + 16) * sizeof(float));
		assert_true(graph->scratch[TENON_SPREAD_BFS] >=
			    (size_t)((unsigned char *)w->group - (unsigned char *)w->term) + groups);
		tenon_workspace_destroy(w);
		tenon_graph_destroy(graph);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(null_is_refused),
		cmocka_unit_test(unknown_flags_are_refused),
		cmocka_unit_test(too_many_nodes_or_edges_are_refused),
		cmocka_unit_test(a_dangling_edge_is_named),
		cmocka_unit_test(workspaces_refuse_null),
		cmocka_unit_test(destroying_null_does_nothing),
		cmocka_unit_test(rows_are_ordered),
		cmocka_unit_test(the_padding_of_edges_can_be_read),
		cmocka_unit_test(a_large_graph_is_a_graph_like_any_other),
		cmocka_unit_test(missing_weights_are_1),
		cmocka_unit_test(weights_that_are_not_finite_are_noted),
		cmocka_unit_test(the_edges_are_copied),
		cmocka_unit_test(graphs_may_be_empty),
		cmocka_unit_test(slices_hold_every_edge),
		cmocka_unit_test(a_star_has_a_hub_and_little_padding),
		cmocka_unit_test(long_rows_come_first),
		cmocka_unit_test(columns_are_narrow_up_to_65535_nodes),
		cmocka_unit_test(slices_may_be_left_out),
		cmocka_unit_test(a_workspace_has_room_for_its_graph),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
