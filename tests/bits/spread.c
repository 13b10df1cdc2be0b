/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bit identity of spreading activation: graphs of every awkward shape, in every mode, layout, fan rule and norm, with
 * fresh scratch and with a workspace that earlier calls used.
 */
#include "tests/bits/bits.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/graph.h"

#define ID TENON_ID_spreading_activation
#define GRAPHS 480

enum buffer { SHAPE, SOURCE, DESTINATION, WEIGHT, INITIAL, CHOICE };

enum shape { RANDOM, POWER_LAW, STAR_IN, STAR_OUT, CHAIN, SELF_LOOPS, MULTI_EDGES, DENSE, EDGELESS, SHAPES };

static uint32_t random_below(uint64_t number, enum buffer buffer, uint64_t index, uint32_t limit)
{
	return (uint32_t)((bits_random(ID, number, buffer, index) >> 32) % limit);
}

/* Small numbers are frequent: the node of a random 32-bit fraction, squared twice. */
static uint32_t skewed_below(uint64_t number, enum buffer buffer, uint64_t index, uint32_t limit)
{
	uint64_t x = bits_random(ID, number, buffer, index) >> 32;
	x = x * x >> 32;
	return (uint32_t)((x * x >> 32) * limit >> 32);
}

static size_t choose_nodes(uint64_t number)
{
	if (number % 160 == 7)
		return 65530 + random_below(number, SHAPE, 0, 10); /* around the limit of narrow columns */
	if (number % 16 == 3)
		return 1000 + random_below(number, SHAPE, 0, 4000);
	return 1 + random_below(number, SHAPE, 0, number % 4 ? 70 : 600);
}

static size_t choose_count(uint64_t number, enum shape shape, size_t nodes)
{
	if (shape == EDGELESS)
		return 0;
	if (shape == DENSE && nodes < 100)
		return nodes * (70 + random_below(number, SHAPE, 1, 70));
	return nodes * (1 + random_below(number, SHAPE, 1, 12)) + random_below(number, SHAPE, 2, 8);
}

static void fill_edge(uint64_t number, enum shape shape, size_t nodes, size_t i, uint32_t *source,
		      uint32_t *destination)
{
	uint32_t n = (uint32_t)nodes, hub = n / 2;
	*source = random_below(number, SOURCE, i, n);
	*destination = random_below(number, DESTINATION, i, n);
	if (shape == POWER_LAW) {
		*source = skewed_below(number, SOURCE, i, n);
		*destination = skewed_below(number, DESTINATION, i, n);
	} else if (shape == STAR_IN && i % 8) {
		*destination = hub;
	} else if (shape == STAR_OUT && i % 8) {
		*source = hub;
	} else if (shape == CHAIN) {
		*source = (uint32_t)(i % nodes);
		*destination = (uint32_t)((i + 1) % nodes);
	} else if (shape == SELF_LOOPS && i % 2) {
		*destination = *source;
	} else if (shape == MULTI_EDGES) {
		*source %= 3 < n ? 3 : n;
		*destination %= 5 < n ? 5 : n;
	}
}

static struct tenon_graph *build_graph(uint64_t number)
{
	enum shape shape = (enum shape)(number % SHAPES);
	size_t nodes = choose_nodes(number), count = choose_count(number, shape, nodes);
	uint32_t *source = malloc(count * sizeof *source + 1), *destination = malloc(count * sizeof *destination + 1);
	float *weight = malloc(count * sizeof *weight + 1);
	struct tenon_graph_edges edges = {nodes, count, source, destination, number % 5 ? weight : NULL};
	struct tenon_graph *graph = NULL;
	if (source && destination && weight) {
		for (size_t i = 0; i < count; i++)
			fill_edge(number, shape, nodes, i, &source[i], &destination[i]);
		bits_fill(weight, count, ID, number, WEIGHT, number % 7 ? BITS_EDGE * (number % 2) : BITS_WILD);
		make_graph(&edges, 0, &graph, NULL);
	}
	free(source);
	free(destination);
	free(weight);
	return graph;
}

static float pick_number(uint64_t number, uint64_t index, const float *choices, uint32_t count)
{
	return choices[random_below(number, CHOICE, index, count)];
}

/* Where weights are 1, the terms of many nodes are exactly a threshold. */
static void choose_parameters(struct tenon_spreading_activation_args *a, uint64_t number)
{
	static const float thresholds[] = {-INFINITY, 0.5f, 0.01f, 0, -0.0f, 0.9f, INFINITY},
			   waves[] = {0.5f, 0.01f, 0x1p-149f, 0.9f, 0.25f, 0.1f},
			   decays[] = {1, 0.85f, 0.5f, 0, -0.7f, 3}, retains[] = {1, 0, 0.9f, -0.0f, -0.5f, 2};
	bool exact = number % 5 == 0 && number % 3 == 1;
	a->fan = exact ? TENON_FAN_ONE : random_below(number, CHOICE, a->mode, 3);
	a->norm = random_below(number, CHOICE, 2, 3);
	a->steps = random_below(number, CHOICE, 3 + a->mode, 5);
	a->decay = exact ? 0.5f : pick_number(number, 5 + a->mode, decays, 6);
	a->retain = pick_number(number, 7, retains, 6);
	if (a->mode == TENON_SPREAD_BFS)
		a->threshold = exact ? 0.25f : pick_number(number, 8, waves, 6);
	else
		a->threshold = pick_number(number, 9, thresholds, 7);
}

/* Some exactly at a threshold; in some cases most are 0, so that frontiers are sparse; in others all are above 1. */
static void fill_initial(float *initial, size_t nodes, uint64_t number)
{
	bits_fill(initial, nodes, ID, number, INITIAL, number % 3 ? BITS_PLAIN : BITS_WILD);
	for (size_t v = 0; v < nodes; v++) {
		if (v % 10 == 3)
			initial[v] = v % 4 ? 0.5f : 0.25f;
		if (number % 4 == 1 && random_below(number, CHOICE, 100 + v, 100) >= 4)
			initial[v] = v % 3 ? 0 : -0.0f;
		if (number % 8 == 2)
			initial[v] += 1;
	}
}

static void run_case(tenon_kernel_fn *function, struct tenon_spreading_activation_args *a, struct bits *bits)
{
	size_t floats = a->graph->scratch[a->mode] / sizeof(float), nodes = a->graph->nodes;
	float *scratch = a->workspace ? NULL : bits_alloc(floats, 0);
	if (scratch)
		memset(scratch, 0xa5, floats * sizeof *scratch);
	memset(a->activation, 0x5a, nodes * sizeof *a->activation);
	int status = function(a, scratch);
	bits_add_floats(bits, a->activation, nodes);
	bits_case(bits, status);
	if (scratch)
		bits_free(scratch, 0);
}

static void run_graph(tenon_kernel_fn *function, const struct tenon_graph *graph, uint64_t number, struct bits *bits)
{
	size_t offset = number % 16;
	float *initial = bits_alloc(graph->nodes, offset), *activation = bits_alloc(graph->nodes, number / 16 % 16);
	struct tenon_workspace *workspace;
	struct tenon_spreading_activation_args a = {.graph = graph, .initial = initial, .activation = activation};
	if (make_workspace(graph, &workspace, NULL) == TENON_OK) {
		fill_initial(initial, graph->nodes, number);
		for (uint32_t i = 0; i < 8; i++) {
			a.mode = i % 2;
			a.layout = i / 2;
			a.workspace = i % 3 ? workspace : NULL;
			choose_parameters(&a, number);
			run_case(function, &a, bits);
		}
		free_workspace(workspace);
	}
	bits_free(initial, offset);
	bits_free(activation, number / 16 % 16);
}

void bits_spreading_activation(tenon_kernel_fn *function, struct bits *bits)
{
	for (uint64_t number = 0; number < GRAPHS; number++) {
		struct tenon_graph *graph = build_graph(number);
		if (graph)
			run_graph(function, graph, number, bits);
		free_graph(graph);
	}
}
