/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Spreading activation against its definition, written down once more over a plain list of edges: many random graphs,
 * all layouts, with and without a workspace, every bit.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <tenon/tenon.h>

enum { MOST_NODES = 400, MOST_EDGES = 8000 };

/* The definition, over a plain list of edges ordered by destination, source, input position. */
struct oracle {
	size_t nodes, count;
	struct edge {
		uint32_t source, destination, position;
		float weight;
	} edge[MOST_EDGES];
	float fan[MOST_NODES], term[MOST_NODES], sum[MOST_NODES], delta[MOST_NODES];
	bool reached[MOST_NODES];
};

static int by_row(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;
	if (x->destination != y->destination)
		return x->destination < y->destination ? -1 : 1;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return x->position < y->position ? -1 : 1;
}

static float divide_by_fan(const struct oracle *o, const struct tenon_spreading_activation_args *a, size_t u, float x)
{
	x = a->decay * x;
	return a->fan == TENON_FAN_LINEAR ? x / o->fan[u] : a->fan == TENON_FAN_SQRT ? x / sqrtf(o->fan[u]) : x;
}

static void oracle_norm(const struct oracle *o, uint32_t norm, float *x)
{
	float most = 1;
	for (size_t v = 0; v < o->nodes; v++)
		if (x[v] > most)
			most = x[v];
	for (size_t v = 0; v < o->nodes; v++) {
		if (norm == TENON_NORM_CLAMP && x[v] < 0)
			x[v] = 0;
		if (norm == TENON_NORM_CLAMP && x[v] > 1)
			x[v] = 1;
		if (norm == TENON_NORM_MAX && most > 1)
			x[v] /= most;
	}
}

static void oracle_step(struct oracle *o, const struct tenon_spreading_activation_args *a, float *x)
{
	for (size_t u = 0; u < o->nodes; u++) {
		o->term[u] = divide_by_fan(o, a, u, x[u] >= a->threshold ? x[u] : 0);
		o->sum[u] = a->retain * x[u];
	}
	for (size_t i = 0; i < o->count; i++)
		o->sum[o->edge[i].destination] += o->term[o->edge[i].source] * o->edge[i].weight;
	memcpy(x, o->sum, o->nodes * sizeof *x);
	oracle_norm(o, a->norm, x);
}

/* Returns whether anybody is left to go on. */
static bool oracle_hop(struct oracle *o, const struct tenon_spreading_activation_args *a, float *x)
{
	bool frontier = false;
	memset(o->sum, 0, sizeof o->sum);
	memset(o->reached, 0, sizeof o->reached);
	for (size_t i = 0; i < o->count; i++) {
		const struct edge *e = &o->edge[i];
		if (!(o->delta[e->source] >= a->threshold))
			continue;
		o->sum[e->destination] += divide_by_fan(o, a, e->source, o->delta[e->source]) * e->weight;
		o->reached[e->destination] = true;
	}
	for (size_t v = 0; v < o->nodes; v++) {
		o->delta[v] = o->reached[v] ? o->sum[v] : 0;
		frontier |= o->delta[v] >= a->threshold;
		if (o->reached[v])
			x[v] = x[v] + o->sum[v] > 1 ? 1 : x[v] + o->sum[v];
	}
	return frontier;
}

static void oracle_spread(struct oracle *o, const struct tenon_spreading_activation_args *a, float *x)
{
	memcpy(x, a->initial, o->nodes * sizeof *x);
	memcpy(o->delta, a->initial, o->nodes * sizeof *x);
	for (uint32_t i = 0; i < a->steps; i++)
		if (a->mode == TENON_SPREAD_STEP)
			oracle_step(o, a, x);
		else if (!oracle_hop(o, a, x))
			break;
}

static uint32_t seed;

static uint32_t random_below(uint32_t limit)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(seed >> 8) * limit >> 24);
}

static float random_value(void)
{
	static const float special[] = {0, -0.0f, 1, 1.5f, -1, 1e-45f, 3e38f, INFINITY, -INFINITY, NAN};
	if (random_below(40) == 0)
		return special[random_below(seed & 0x10000 ? 5 : 10)];
	return ((float)random_below(1 << 20) - (1 << 18)) / (1 << 19);
}

static struct tenon_graph *random_graph(struct oracle *o)
{
	static uint32_t source[MOST_EDGES], destination[MOST_EDGES];
	static float weight[MOST_EDGES];
	uint32_t shape = random_below(4);
	o->nodes = 1 + random_below(random_below(2) ? 40 : MOST_NODES);
	o->count = o->nodes * random_below(shape == 3 ? 3 : 20);
	memset(o->fan, 0, sizeof o->fan);
	for (uint32_t i = 0; i < o->count; i++) {
		source[i] = random_below((uint32_t)o->nodes);
		destination[i] = shape == 1 && i % 2 ? 0 : random_below(shape == 2 ? 1 + i % 7 % o->nodes : o->nodes);
		weight[i] = shape == 0 ? 1 : random_value();
		o->fan[source[i]]++;
		o->edge[i] = (struct edge){source[i], destination[i], i, weight[i]};
	}
	for (size_t u = 0; u < o->nodes; u++)
		o->fan[u] = o->fan[u] < 1 ? 1 : o->fan[u];
	qsort(o->edge, o->count, sizeof *o->edge, by_row);
	struct tenon_graph_edges edges = {o->nodes, o->count, source, destination, weight};
	struct tenon_graph *graph = NULL;
	assert_int_equal(tenon_graph_create(&edges, 0, &graph), TENON_OK);
	return graph;
}

static void check_against_oracle(struct oracle *o, const struct tenon_spreading_activation_args *args,
				 struct tenon_workspace *workspace)
{
	float want[MOST_NODES], got[MOST_NODES];
	struct tenon_spreading_activation_args a = *args;
	int finite = 1;
	oracle_spread(o, &a, want);
	for (size_t v = 0; v < o->nodes; v++)
		finite &= isfinite(want[v]) != 0;
	a.activation = got;
	for (uint32_t i = 0; i < 8; i++) {
		a.layout = i % 4;
		a.workspace = i < 4 ? NULL : workspace;
		memset(got, 0xee, sizeof got);
		assert_int_equal(tenon_spreading_activation(&a), finite ? TENON_OK : TENON_ENONFINITE);
		for (size_t v = 0; v < o->nodes; v++)
			if (isnan(want[v]) ? !isnan(got[v]) : memcmp(&want[v], &got[v], sizeof(float)) != 0)
				fail_msg("seed %u, mode %u, layout %u, fan %u, norm %u, steps %u, node %zu: %a, not %a",
					 seed, a.mode, a.layout, a.fan, a.norm, a.steps, v, (double)got[v],
					 (double)want[v]);
	}
}

static void many_graphs_match_the_oracle(void **state)
{
	(void)state;
	static const float thresholds[] = {0.125f, 0.5f, 0.01f, 1e-45f, -INFINITY, -0.25f, 0, INFINITY};
	static struct oracle oracle;
	for (seed = 1; seed < 4000000000u; seed += 8000000) {
		float initial[MOST_NODES];
		struct tenon_workspace *workspace = NULL;
		struct tenon_graph *graph = random_graph(&oracle);
		assert_int_equal(tenon_workspace_create(graph, &workspace), TENON_OK);
		for (int i = 0; i < 4; i++) {
			struct tenon_spreading_activation_args a = {.graph = graph, .initial = initial};
			uint32_t density = random_below(3);
			for (size_t v = 0; v < oracle.nodes; v++)
				initial[v] = density && random_below(30) ? (density > 1 ? -0.0f : 0) : random_value();
			a.mode = random_below(2);
			a.fan = random_below(3);
			a.norm = random_below(3);
			a.steps = random_below(6);
			a.threshold = thresholds[random_below(a.mode == TENON_SPREAD_BFS ? 4 : 8)];
			a.decay = random_below(4) ? (float)random_below(9) / 4 - 0.5f : 1;
			a.retain = (float)random_below(5) / 2 - 0.5f;
			check_against_oracle(&oracle, &a, workspace);
		}
		tenon_workspace_destroy(workspace);
		tenon_graph_destroy(graph);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_graphs_match_the_oracle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
