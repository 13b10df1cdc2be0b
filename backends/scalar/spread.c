/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scalar reference of spreading activation: docs/NUMERICS.md in plain C. Only the caller's outputs, the scratch and the
 * workspace are written.
 */
#include "backends/scalar/scalar.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* What node u sends along an edge of weight 1 when it spreads x. */
static float source_term(const struct tenon_spreading_activation_args *a, float x, uint32_t u)
{
	uint32_t edges = a->graph->out_offset[u + 1] - a->graph->out_offset[u];
	float fan = edges > 1 ? (float)edges : 1;
	x = a->decay * x;
	if (a->fan == TENON_FAN_LINEAR)
		return x / fan;
	if (a->fan == TENON_FAN_SQRT)
		return x / sqrtf(fan);
	return x;
}

static bool all_finite(const float *x, size_t count)
{
	bool finite = true;
	for (size_t i = 0; i < count; i++)
		finite &= fabsf(x[i]) <= FLT_MAX;
	return finite;
}

/* ---- STEP -------------------------------------------------------------------------------------------------------- */

static void make_terms(const struct tenon_spreading_activation_args *a, const float *from, float *term)
{
	for (uint32_t u = 0; u < a->graph->nodes; u++)
		term[u] = source_term(a, from[u] >= a->threshold ? from[u] : 0, u);
	term[a->graph->nodes] = -0.0f; /* the padding of slices */
}

static void pull_row(const struct tenon_spreading_activation_args *a, const float *from, const float *term, uint32_t v)
{
	const struct tenon_graph *g = a->graph;
	float sum = a->retain * from[v];
	for (uint32_t k = g->in_offset[v]; k < g->in_offset[v + 1]; k++)
		sum += term[g->in[k].node] * g->in[k].weight;
	a->activation[v] = sum;
}

static void pull(const struct tenon_spreading_activation_args *a, const float *from, const float *term)
{
	for (uint32_t v = 0; v < a->graph->nodes; v++)
		pull_row(a, from, term, v);
}

/* Sources ascend, and so do the edges that arrive at one node: the same order of sums as pulling. */
static void push(const struct tenon_spreading_activation_args *a, const float *from, const float *term)
{
	const struct tenon_graph *g = a->graph;
	for (uint32_t v = 0; v < g->nodes; v++)
		a->activation[v] = a->retain * from[v];
	for (uint32_t u = 0; u < g->nodes; u++)
		for (uint32_t k = g->out_offset[u]; k < g->out_offset[u + 1]; k++)
			a->activation[g->out[k].node] += term[u] * g->out[k].weight;
}

static uint32_t slice_source(const struct tenon_graph *g, size_t entry)
{
	return g->slice_narrow ? g->slice_narrow[entry] : g->slice_source[entry];
}

static void pull_slice(const struct tenon_spreading_activation_args *a, const float *from, const float *term,
		       uint32_t s)
{
	const struct tenon_graph *g = a->graph;
	const uint32_t *row = g->slice_row + (size_t)s * TENON_SLICE_ROWS;
	float sum[TENON_SLICE_ROWS];
	for (int i = 0; i < TENON_SLICE_ROWS; i++)
		sum[i] = a->retain * from[row[i]];
	for (size_t c = g->slice_column[s]; c < g->slice_column[s + 1]; c++)
		for (size_t i = 0, entry = c * TENON_SLICE_ROWS; i < TENON_SLICE_ROWS; i++, entry++)
			sum[i] += term[slice_source(g, entry)] * g->slice_weight[entry];
	for (int i = 0; i < TENON_SLICE_ROWS; i++)
		a->activation[row[i]] = sum[i];
}

static void pull_slices(const struct tenon_spreading_activation_args *a, const float *from, const float *term)
{
	for (uint32_t s = 0; s < a->graph->slices; s++)
		pull_slice(a, from, term, s);
	for (uint32_t h = 0; h < a->graph->hubs; h++)
		pull_row(a, from, term, a->graph->hub[h]);
}

static void normalise(uint32_t norm, float *x, size_t count)
{
	float most = 1;
	if (norm == TENON_NORM_CLAMP)
		for (size_t i = 0; i < count; i++)
			x[i] = x[i] < 0 ? 0 : (x[i] > 1 ? 1 : x[i]);
	if (norm != TENON_NORM_MAX)
		return;
	for (size_t i = 0; i < count; i++)
		most = x[i] > most ? x[i] : most;
	for (size_t i = 0; i < count && most > 1; i++)
		x[i] = x[i] / most;
}

static void spread_step(const struct tenon_spreading_activation_args *a, const float *from, float *term)
{
	make_terms(a, from, term);
	if (a->layout == TENON_LAYOUT_PULL)
		pull(a, from, term);
	else if (a->layout == TENON_LAYOUT_SLICED || (a->layout == TENON_LAYOUT_AUTO && a->graph->sliced))
		pull_slices(a, from, term);
	else
		push(a, from, term);
	normalise(a->norm, a->activation, a->graph->nodes);
}

/* ---- BFS --------------------------------------------------------------------------------------------------------- */

static void bring_to_rest(struct tenon_workspace *w)
{
	size_t blocks = ((size_t)w->graph->nodes + 15) / 16, groups = (blocks + 255) / 256;
	for (size_t v = 0; v < blocks * 16; v++)
		w->sum[v] = -0.0f;
	memset(w->delta, 0, w->graph->nodes * sizeof *w->delta);
	memset(w->block, 0, groups * 256);
	memset(w->group, 0, groups);
}

static uint32_t start_wave(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w)
{
	uint32_t count = 0;
	for (uint32_t u = 0; u < a->graph->nodes; u++) {
		a->activation[u] = a->initial[u];
		if (!(a->initial[u] >= a->threshold))
			continue;
		w->delta[u] = a->initial[u];
		w->frontier[count++] = u;
	}
	return count;
}

/*
 * Adds a product to the sum of node v. At rest a sum is -0: not reached. Adding +0 turns a product of -0 into +0, which
 * is what it contributes to a sum that starts at +0, and keeps every sum that was reached from being -0.
 */
static void reach(struct tenon_workspace *w, uint32_t v, float product)
{
	w->sum[v] += product + 0.0f;
	w->block[v / 16] = 1;
	w->group[v / 4096] = 1;
}

static void hop_push(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w, uint32_t count)
{
	const struct tenon_graph *g = a->graph;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t u = w->frontier[i];
		for (uint32_t k = g->out_offset[u]; k < g->out_offset[u + 1]; k++)
			reach(w, g->out[k].node, w->term[u] * g->out[k].weight);
	}
}

static void hop_row(struct tenon_workspace *w, uint32_t v)
{
	const struct tenon_graph *g = w->graph;
	for (uint32_t k = g->in_offset[v]; k < g->in_offset[v + 1]; k++)
		if (w->delta[g->in[k].node] > 0)
			reach(w, v, w->term[g->in[k].node] * g->in[k].weight);
}

static void hop_slice(struct tenon_workspace *w, uint32_t s)
{
	const struct tenon_graph *g = w->graph;
	const uint32_t *row = g->slice_row + (size_t)s * TENON_SLICE_ROWS;
	int rows = 1; /* without the repetitions of the last one */
	while (rows < TENON_SLICE_ROWS && row[rows] != row[rows - 1])
		rows++;
	for (size_t c = g->slice_column[s]; c < g->slice_column[s + 1]; c++)
		for (int i = 0; i < rows; i++) {
			size_t entry = c * TENON_SLICE_ROWS + (size_t)i;
			uint32_t u = slice_source(g, entry);
			if (u < g->nodes && w->delta[u] > 0)
				reach(w, row[i], w->term[u] * g->slice_weight[entry]);
		}
}

static void hop(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		w->term[w->frontier[i]] = source_term(a, w->delta[w->frontier[i]], w->frontier[i]);
	if (a->layout == TENON_LAYOUT_PULL)
		for (uint32_t v = 0; v < a->graph->nodes; v++)
			hop_row(w, v);
	else if (a->layout == TENON_LAYOUT_SLICED) {
		for (uint32_t s = 0; s < a->graph->slices; s++)
			hop_slice(w, s);
		for (uint32_t h = 0; h < a->graph->hubs; h++)
			hop_row(w, a->graph->hub[h]);
	} else {
		hop_push(a, w, count);
	}
}

static void leave_frontier(struct tenon_workspace *w, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		w->delta[w->frontier[i]] = 0;
}

/* Adds what arrived at node v, puts its sum to rest, lets it join the frontier. Returns the frontier's new length. */
static uint32_t arrive(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w, uint32_t v,
		       uint32_t count)
{
	float delta = w->sum[v];
	if (delta == 0 && signbit(delta))
		return count;
	float sum = a->activation[v] + delta;
	a->activation[v] = sum > 1 ? 1 : sum;
	w->sum[v] = -0.0f;
	if (!(delta >= a->threshold))
		return count;
	w->delta[v] = delta;
	w->frontier[count] = v;
	return count + 1;
}

/* Visits what the hop reached, in ascending order, and nothing else. Returns the length of the next frontier. */
static uint32_t sweep(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w)
{
	size_t blocks = ((size_t)a->graph->nodes + 15) / 16;
	uint32_t count = 0;
	for (size_t b = 0; b < blocks; b++) {
		if (b % 256 == 0 && !w->group[b / 256]) {
			b += 255;
			continue;
		}
		w->group[b / 256] = 0;
		if (!w->block[b])
			continue;
		w->block[b] = 0;
		for (size_t v = b * 16; v < b * 16 + 16 && v < a->graph->nodes; v++)
			count = arrive(a, w, (uint32_t)v, count);
	}
	return count;
}

static void spread_wave(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w)
{
	if (!w->at_rest)
		bring_to_rest(w);
	w->at_rest = 0;
	uint32_t count = start_wave(a, w);
	for (uint32_t i = 0; i < a->steps && count > 0; i++) {
		hop(a, w, count);
		leave_frontier(w, count);
		count = sweep(a, w);
	}
	leave_frontier(w, count);
	w->at_rest = 1;
}

int scalar_spreading_activation(const void *args, void *scratch)
{
	const struct tenon_spreading_activation_args *a = args;
	size_t nodes = a->graph->nodes;
	struct tenon_workspace local, *w = a->workspace;
	if (!w) {
		tenon_workspace_place(&local, a->graph, scratch);
		w = &local;
	}
	if (a->mode == TENON_SPREAD_BFS) {
		spread_wave(a, w);
	} else {
		memcpy(a->activation, a->initial, a->steps ? 0 : nodes * sizeof(float));
		for (uint32_t i = 0; i < a->steps; i++)
			spread_step(a, i ? a->activation : a->initial, w->term);
	}
	return all_finite(a->activation, nodes) ? TENON_OK : TENON_ENONFINITE;
}
