/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The oracle of spreading_activation that knows no order of sums: long double, with the error that the roundings of a
 * correct kernel may have (spread.h). No state.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "tests/conform/specs/cosine.h"
#include "tests/conform/specs/spread.h"

#define TINY 0x1p-149L /* what a product may lose by underflow */

struct engine {
	const struct edges *edges;
	const struct tenon_spreading_activation_args *args;
	struct spread_bounds *bounds;
	struct bounded *term, *sum, *delta;
	long double *magnitude; /* of a sum's terms */
	uint32_t *fan;
	unsigned char *reached; /* NO, MAYBE, YES */
	long double quantum;
};

enum { NO, MAYBE, YES };

/* Is it at least threshold? */
static int compare_bounded(struct bounded x, long double threshold)
{
	return x.value - x.error >= threshold ? YES : x.value + x.error < threshold ? NO : MAYBE;
}

/* What a node sends, if it does; with up to four roundings. */
static struct bounded send(const struct engine *g, size_t u, struct bounded x)
{
	long double fan = g->fan[u] > 1 ? g->fan[u] : 1;
	long double by = g->args->fan == TENON_FAN_LINEAR ? fan : g->args->fan == TENON_FAN_SQRT ? sqrtl(fan) : 1;
	long double factor = (long double)g->args->decay / by, magnitude = fabsl(factor) * (fabsl(x.value) + x.error);
	struct bounded sent = {factor * x.value,
			       fabsl(factor) * x.error + (long double)gamma_of(4) * magnitude + 3 * TINY};
	if (g->quantum > 0)
		sent.error = 0;
	if (!(fabsl((long double)g->args->decay) * (fabsl(x.value) + x.error) * 1.01L <= FLT_MAX))
		sent.error = (long double)INFINITY;
	return sent;
}

/* ... and what arrives, if it may not send at all. */
static struct bounded doubt(struct bounded sent, int sends)
{
	if (sends == YES)
		return sent;
	if (sends == NO)
		return (struct bounded){0, 0};
	return (struct bounded){sent.value, fabsl(sent.value) + sent.error};
}

static void add_term(const struct engine *g, size_t v, struct bounded term, long double factor)
{
	long double product = term.value * factor;
	g->sum[v].value += product;
	g->sum[v].error += term.error * fabsl(factor); /* of no bound times 0 a NaN, which is no bound */
	g->magnitude[v] += fabsl(product);
	g->bounds->squares[v] += product * product;
	g->bounds->terms[v]++;
}

static void clear_sums(const struct engine *g)
{
	size_t nodes = g->edges->nodes;
	memset(g->sum, 0, nodes * sizeof *g->sum);
	memset(g->magnitude, 0, nodes * sizeof *g->magnitude);
	memset(g->bounds->squares, 0, nodes * sizeof *g->bounds->squares);
	memset(g->bounds->terms, 0, nodes * sizeof *g->bounds->terms);
}

/* A product and the additions: a rounding for each term. Where a sum may overflow, anything may come out. */
static void round_sum(const struct engine *g, size_t v)
{
	long double roundings = g->bounds->terms[v] + 1, most = g->magnitude[v] + g->sum[v].error;
	if (g->quantum > 0 && g->magnitude[v] <= 0x1p24L * g->quantum)
		return;
	g->bounds->is_exact = false;
	g->sum[v].error += (long double)gamma_of((double)roundings) * most + roundings * TINY;
	if (!(most * 1.01L <= FLT_MAX))
		g->sum[v].error = (long double)INFINITY;
}

/* ---- Steps ------------------------------------------------------------------------------------------------------- */

static void clamp(struct bounded *x)
{
	x->value = x->value < 0 ? 0 : x->value > 1 ? 1 : x->value;
}

static void divide(struct bounded *x, struct bounded most)
{
	long double least = most.value - most.error > 1 ? most.value - most.error : 1, share = fabsl(x->value) / least;
	x->error = x->error / least + share * (most.error / least + 1.01L * (long double)UNIT) + TINY;
	x->value /= most.value;
}

static void normalise(const struct engine *g)
{
	struct bounded most = {1, 0}, *node = g->bounds->node;
	for (size_t v = 0; v < g->edges->nodes; v++) {
		most.value = node[v].value > most.value ? node[v].value : most.value;
		most.error = node[v].error > most.error ? node[v].error : most.error;
	}
	for (size_t v = 0; v < g->edges->nodes; v++)
		if (g->args->norm == TENON_NORM_CLAMP)
			clamp(&node[v]);
		else if (g->args->norm == TENON_NORM_MAX && most.value + most.error > 1)
			divide(&node[v], most);
}

static void step(const struct engine *g)
{
	const struct edges *e = g->edges;
	struct bounded *node = g->bounds->node;
	clear_sums(g);
	for (size_t v = 0; v < e->nodes; v++) {
		int sends = compare_bounded(node[v], (long double)g->args->threshold);
		g->term[v] = doubt(send(g, v, node[v]), sends);
		add_term(g, v, node[v], (long double)g->args->retain);
	}
	for (size_t i = 0; i < e->count; i++)
		add_term(g, e->destination[i], g->term[e->source[i]], (long double)e->weight[i]);
	for (size_t v = 0; v < e->nodes; v++)
		round_sum(g, v);
	memcpy(node, g->sum, e->nodes * sizeof *node);
	normalise(g);
}

/* ---- Waves ------------------------------------------------------------------------------------------------------- */

static void receive(const struct engine *g, size_t v)
{
	struct bounded *node = &g->bounds->node[v], sum = g->sum[v];
	long double after = node->value + sum.value;
	g->delta[v] = g->reached[v] == NO ? (struct bounded){-1, 0} : sum;
	if (g->reached[v] == NO)
		return;
	if (g->reached[v] == MAYBE) {
		g->delta[v].error = (long double)INFINITY;
		sum.error += fabsl(after > 1 ? 1 - node->value : sum.value);
	}
	node->error += sum.error + (long double)UNIT * 1.01L * (fabsl(after) + sum.error + node->error);
	if (!((fabsl(after) + node->error) * 1.01L <= FLT_MAX))
		node->error = (long double)INFINITY;
	node->value = after > 1 ? 1 : after;
}

static void hop(const struct engine *g)
{
	const struct edges *e = g->edges;
	long double threshold = (long double)g->args->threshold;
	clear_sums(g);
	memset(g->reached, NO, e->nodes);
	for (size_t i = 0; i < e->count; i++) {
		uint32_t u = e->source[i], v = e->destination[i];
		int sends = compare_bounded(g->delta[u], threshold);
		if (sends == NO)
			continue;
		add_term(g, v, doubt(send(g, u, g->delta[u]), sends), (long double)e->weight[i]);
		g->reached[v] = (unsigned char)(sends > g->reached[v] ? sends : g->reached[v]);
	}
	for (size_t v = 0; v < e->nodes; v++) {
		if (g->reached[v] != NO)
			round_sum(g, v);
		receive(g, v);
	}
}

/* ---- The whole call ---------------------------------------------------------------------------------------------- */

static void prepare(struct trial *t, struct engine *g, const float *initial)
{
	size_t nodes = g->edges->nodes;
	struct spread_bounds *b = g->bounds;
	b->node = take_room(t, nodes * sizeof *b->node);
	b->squares = take_room(t, nodes * sizeof *b->squares);
	b->terms = take_room(t, nodes * sizeof *b->terms);
	g->term = take_room(t, nodes * sizeof *g->term);
	g->sum = take_room(t, nodes * sizeof *g->sum);
	g->delta = take_room(t, nodes * sizeof *g->delta);
	g->magnitude = take_room(t, nodes * sizeof *g->magnitude);
	g->fan = take_room(t, nodes * sizeof *g->fan);
	g->reached = take_room(t, nodes);
	memset(g->fan, 0, nodes * sizeof *g->fan);
	for (size_t i = 0; i < g->edges->count; i++)
		g->fan[g->edges->source[i]]++;
	for (size_t v = 0; v < nodes; v++)
		b->node[v] = g->delta[v] =
			(struct bounded){(long double)initial[v], isfinite(initial[v]) ? 0 : (long double)INFINITY};
}

static bool are_finite(const struct edges *e, const float *initial)
{
	for (size_t i = 0; i < e->count; i++)
		if (!isfinite(e->weight[i]))
			return false;
	for (size_t v = 0; v < e->nodes; v++)
		if (!isfinite(initial[v]))
			return false;
	return true;
}

void bound_spreading(struct trial *t, const struct edges *edges, const struct tenon_spreading_activation_args *args,
		     const float *initial, long double quantum, struct spread_bounds *bounds)
{
	struct engine g = {.edges = edges, .args = args, .bounds = bounds, .quantum = quantum};
	bool is_finite = are_finite(edges, initial);
	prepare(t, &g, initial);
	clear_sums(&g);
	bounds->is_exact = quantum > 0;
	for (uint32_t i = 0; is_finite && i < args->steps; i++)
		if (args->mode == TENON_SPREAD_BFS)
			hop(&g);
		else
			step(&g);
	for (size_t v = 0; v < edges->nodes; v++)
		if (!is_finite || isnan(bounds->node[v].error))
			bounds->node[v].error = (long double)INFINITY;
}
