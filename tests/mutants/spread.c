/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Broken kernels of spreading activation; mutants.def says what is wrong with each. They compute steps by rows; waves,
 * and what is right, are scalar's.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "tests/mutants/mutant.h"

enum defect {
	NOTHING,
	MEAN_DEGREE,
	SKIPS_SELF_LOOPS,
	SKIPS_ZERO_TERMS,
	ABOVE_THRESHOLD,
	DIVIDES_ALWAYS,
	REVERSED_ROWS,
	MERGES_EDGES
};

static float send(const struct tenon_spreading_activation_args *a, const float *from, uint32_t u, enum defect defect)
{
	const struct tenon_graph *g = a->graph;
	float fan = (float)(g->out_offset[u + 1] - g->out_offset[u]);
	int is_active = defect == ABOVE_THRESHOLD ? from[u] > a->threshold : from[u] >= a->threshold;
	if (defect == MEAN_DEGREE)
		fan = (float)g->edges / (float)g->nodes;
	fan = fan > 1 ? fan : 1;
	float x = a->decay * (is_active ? from[u] : 0);
	return a->fan == TENON_FAN_LINEAR ? x / fan : a->fan == TENON_FAN_SQRT ? x / sqrtf(fan) : x;
}

static float add_row(const struct tenon_spreading_activation_args *a, const float *from, const float *term, uint32_t v,
		     enum defect defect)
{
	const struct tenon_graph *g = a->graph;
	float sum = a->retain * from[v];
	uint32_t begin = g->in_offset[v], count = g->in_offset[v + 1] - begin;
	for (uint32_t i = 0; i < count; i++) {
		const struct tenon_graph_edge *edge = &g->in[begin + (defect == REVERSED_ROWS ? count - 1 - i : i)];
		if ((defect == SKIPS_SELF_LOOPS && edge->node == v) ||
		    (defect == SKIPS_ZERO_TERMS && term[edge->node] == 0) ||
		    (defect == MERGES_EDGES && i && edge[-1].node == edge->node))
			continue;
		sum += term[edge->node] * edge->weight;
	}
	return sum;
}

static void normalise(const struct tenon_spreading_activation_args *a, enum defect defect)
{
	float most = defect == DIVIDES_ALWAYS ? -INFINITY : 1;
	for (uint32_t v = 0; v < a->graph->nodes; v++)
		most = a->activation[v] > most ? a->activation[v] : most;
	for (uint32_t v = 0; v < a->graph->nodes; v++) {
		float x = a->activation[v];
		if (a->norm == TENON_NORM_CLAMP)
			a->activation[v] = x < 0 ? 0 : x > 1 ? 1 : x;
		else if (a->norm == TENON_NORM_MAX && most != 1)
			a->activation[v] = x / most;
	}
}

/* One step; several would need memory for what the nodes had. */
static int run_step(const struct tenon_spreading_activation_args *a, void *scratch, enum defect defect)
{
	float *term = a->workspace ? a->workspace->term : scratch;
	int status = TENON_OK;
	if (a->mode != TENON_SPREAD_STEP || a->steps != 1)
		return scalar_spreading_activation(a, scratch);
	for (uint32_t u = 0; u < a->graph->nodes; u++)
		term[u] = send(a, a->initial, u, defect);
	for (uint32_t v = 0; v < a->graph->nodes; v++)
		a->activation[v] = add_row(a, a->initial, term, v, defect);
	normalise(a, defect);
	for (uint32_t v = 0; v < a->graph->nodes; v++)
		status = fabsf(a->activation[v]) <= FLT_MAX ? status : TENON_ENONFINITE;
	return status;
}

#define STEP_MUTANT(name, defect)                          \
	int mutant_##name(const void *args, void *scratch) \
	{                                                  \
		return run_step(args, scratch, defect);    \
	}                                                  \
	_Static_assert(1, "")

STEP_MUTANT(good_spread, NOTHING);
STEP_MUTANT(mean_degree, MEAN_DEGREE);
STEP_MUTANT(skips_self_loops, SKIPS_SELF_LOOPS);
STEP_MUTANT(skips_zero_terms, SKIPS_ZERO_TERMS);
STEP_MUTANT(above_threshold, ABOVE_THRESHOLD);
STEP_MUTANT(divides_always, DIVIDES_ALWAYS);
STEP_MUTANT(reversed_rows, REVERSED_ROWS);
STEP_MUTANT(merges_edges, MERGES_EDGES);

/* Step by step, as other layouts would have it: no law but that of layouts is broken. */
int mutant_pushes_backwards(const void *args, void *scratch)
{
	enum { MOST = 1024 };
	const struct tenon_spreading_activation_args *a = args;
	struct tenon_spreading_activation_args one = *a;
	float before[MOST];
	int status = TENON_OK;
	if (a->layout != TENON_LAYOUT_PUSH || a->mode != TENON_SPREAD_STEP || a->steps == 0 || a->graph->nodes > MOST)
		return scalar_spreading_activation(args, scratch);
	memcpy(before, a->initial, a->graph->nodes * sizeof *before);
	one.steps = 1;
	one.initial = before;
	for (uint32_t i = 0; i < a->steps; i++) {
		status = run_step(&one, scratch, REVERSED_ROWS);
		memcpy(before, a->activation, a->graph->nodes * sizeof *before);
	}
	return status;
}

/* ---- Waves ------------------------------------------------------------------------------------------------------- */

int mutant_trusts_workspace(const void *args, void *scratch)
{
	const struct tenon_spreading_activation_args *a = args;
	if (a->workspace)
		a->workspace->at_rest = 1;
	return scalar_spreading_activation(args, scratch);
}

int mutant_leaves_wave(const void *args, void *scratch)
{
	const struct tenon_spreading_activation_args *a = args;
	int status = scalar_spreading_activation(args, scratch);
	if (a->workspace && a->mode == TENON_SPREAD_BFS)
		a->workspace->delta[a->graph->nodes - 1] = 1;
	return status;
}

int mutant_one_hop_too_many(const void *args, void *scratch)
{
	struct tenon_spreading_activation_args a = *(const struct tenon_spreading_activation_args *)args;
	a.steps += a.mode == TENON_SPREAD_BFS && a.steps > 0;
	return scalar_spreading_activation(&a, scratch);
}

int mutant_clamps_the_unreached(const void *args, void *scratch)
{
	const struct tenon_spreading_activation_args *a = args;
	int status = scalar_spreading_activation(args, scratch);
	for (uint32_t v = 0; a->mode == TENON_SPREAD_BFS && v < a->graph->nodes; v++)
		a->activation[v] = a->activation[v] > 1 ? 1 : a->activation[v];
	return status;
}

/* The frontier takes a node once for each edge that reaches it: with room for one entry a node it overflows. */
int mutant_overflows_frontier(const void *args, void *scratch)
{
	const struct tenon_spreading_activation_args *a = args;
	int status = scalar_spreading_activation(args, scratch);
	if (a->mode == TENON_SPREAD_BFS && a->workspace)
		for (uint32_t i = 0; i < a->graph->edges && i < 8 * a->graph->nodes; i++)
			((volatile uint32_t *)a->workspace->frontier)[i] = 0;
	return status;
}
