/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Mode STEP of spreading activation; only spread.h includes it. In each function, from[] is what the nodes have and
 * a->activation what they get; from the second step on they are the same array. Pure but for a->activation and term.
 */

/* The terms of VEC_LANES nodes. */
static inline vec make_term(vec x, const uint32_t *offset, vec threshold, vec decay, uint32_t rule)
{
	vec_int edges = int_sub(int_load((const int32_t *)offset + 1), int_load((const int32_t *)offset));
	return term_of(vec_select(vec_less_equal(threshold, x), x, vec_set(0)), edges, decay, rule);
}

static inline uint32_t count_nonzero(vec x)
{
	return (uint32_t)__builtin_popcount(mask_bits(vec_equal(x, vec_set(0))) ^ ((1u << VEC_LANES) - 1));
}

/* make_terms() for one rule, so that each gets a loop of its own. */
static inline uint32_t make_terms_by(const struct tenon_spreading_activation_args *a, const float *from, float *term,
				     uint32_t rule)
{
	const uint32_t *offset = a->graph->out_offset;
	size_t nodes = a->graph->nodes, u = 0;
	vec threshold = vec_set(a->threshold), decay = vec_set(a->decay);
	uint32_t active = 0;
	for (; u + VEC_LANES <= nodes; u += VEC_LANES) {
		vec x = make_term(vec_load(from + u), offset + u, threshold, decay, rule);
		vec_store(term + u, x);
		active += count_nonzero(x);
	}
	uint32_t last_offset[VEC_LANES + 1] = {0};
	memcpy(last_offset, offset + u, (nodes - u + 1) * sizeof *last_offset);
	vec_store(term + u, make_term(vec_load_first(from + u, nodes - u), last_offset, threshold, decay, rule));
	for (; u < nodes; u++)
		active += term[u] != 0;
	return active;
}

/* Fills term[], with -0 behind the end as padding. Returns the number of nodes whose term is not 0. */
static uint32_t make_terms(const struct tenon_spreading_activation_args *a, const float *from, float *term)
{
	uint32_t active;
	if (a->fan == TENON_FAN_LINEAR)
		active = make_terms_by(a, from, term, TENON_FAN_LINEAR);
	else if (a->fan == TENON_FAN_SQRT)
		active = make_terms_by(a, from, term, TENON_FAN_SQRT);
	else
		active = make_terms_by(a, from, term, TENON_FAN_ONE);
	for (size_t i = 0; i < TENON_SLICE_ROWS; i++)
		term[a->graph->nodes + i] = -0.0f;
	return active;
}

static inline float add_row(const struct tenon_graph *g, const float *term, uint32_t v, float sum)
{
	for (uint32_t k = g->in_offset[v]; k < g->in_offset[v + 1]; k++)
		sum += term[g->in[k].node] * g->in[k].weight;
	return sum;
}

static void pull(const struct tenon_spreading_activation_args *a, const float *from, const float *term)
{
	for (uint32_t v = 0; v < a->graph->nodes; v++)
		a->activation[v] = add_row(a->graph, term, v, a->retain * from[v]);
}

static void pull_slices(const struct tenon_spreading_activation_args *a, const float *from, const float *term)
{
	const struct tenon_graph *g = a->graph;
	float *activation = a->activation;
	vec retain = vec_set(a->retain);
	for (uint32_t s = 0; s < g->slices; s++) {
		const uint32_t *row = g->slice_row + (size_t)s * TENON_SLICE_ROWS;
		vec sum[SLICE_VECS];
		float to[TENON_SLICE_ROWS];
		for (int i = 0; i < SLICE_VECS; i++)
			sum[i] = vec_mul(retain, vec_pick(from, row + i * VEC_LANES));
		add_columns(g, s, term, sum);
		for (int i = 0; i < SLICE_VECS; i++)
			vec_store(to + i * VEC_LANES, sum[i]);
		for (int i = 0; i < TENON_SLICE_ROWS; i++)
			activation[row[i]] = to[i];
	}
	for (uint32_t h = 0; h < g->hubs; h++)
		activation[g->hub[h]] = add_row(g, term, g->hub[h], a->retain * from[g->hub[h]]);
}

static void keep(const struct tenon_spreading_activation_args *a, const float *from)
{
	size_t nodes = a->graph->nodes, v = 0;
	vec retain = vec_set(a->retain);
	for (; v + VEC_LANES <= nodes; v += VEC_LANES)
		vec_store(a->activation + v, vec_mul(retain, vec_load(from + v)));
	vec_store_first(a->activation + v, nodes - v, vec_mul(retain, vec_load_first(from + v, nodes - v)));
}

/*
 * Where pushing left out terms of 0, a sum of -0 may have missed a product of +0, the only thing that such a product
 * can change: those sums, which are rare, are made again, all products included.
 */
static void mend_zeros(const struct tenon_spreading_activation_args *a, const float *term)
{
	size_t nodes = a->graph->nodes;
	for (size_t v = 0; v < nodes; v += VEC_LANES) {
		vec sum = load_part(a->activation + v, nodes - v < VEC_LANES ? nodes - v : VEC_LANES);
		for (uint32_t bits = mask_bits(is_negative_zero(sum)); bits; bits &= bits - 1) {
			uint32_t node = (uint32_t)v + (uint32_t)__builtin_ctz(bits);
			a->activation[node] = add_row(a->graph, term, node, -0.0f);
		}
	}
}

/* Sources ascend, and so do the edges that arrive at one node: the same order of sums as pulling. */
static void push(const struct tenon_spreading_activation_args *a, const float *from, const float *term)
{
	const struct tenon_graph *g = a->graph;
	struct push p;
	start_push(&p, g, a->activation);
	keep(a, from);
	for (size_t u = 0; u < g->nodes; u += VEC_LANES) {
		uint32_t bits = mask_bits(mask_not(vec_equal(vec_load(term + u), vec_set(0))));
		if (!g->finite) /* 0 times infinity is a NaN, so no term may be left out */
			bits = ~0u;
		size_t left = g->nodes - u;
		for (bits &= left < VEC_LANES ? (1u << left) - 1 : (1u << VEC_LANES) - 1; bits; bits &= bits - 1) {
			uint32_t node = (uint32_t)u + (uint32_t)__builtin_ctz(bits);
			push_row(&p, node, term[node], false);
		}
	}
	finish_push(&p);
	if (g->finite)
		mend_zeros(a, term);
}

static void clamp(float *x, size_t count)
{
	vec zero = vec_set(0), one = vec_set(1);
	for (size_t i = 0; i < count; i += VEC_LANES) {
		size_t n = count - i < VEC_LANES ? count - i : VEC_LANES;
		vec y = load_part(x + i, n);
		store_part(x + i, n, vec_select(vec_less(y, zero), zero, vec_select(vec_less(one, y), one, y)));
	}
}

static float find_most(const float *x, size_t count)
{
	vec most = vec_set(1);
	float lane[VEC_LANES];
	size_t i = 0;
	for (; i + VEC_LANES <= count; i += VEC_LANES) {
		vec y = vec_load(x + i);
		most = vec_select(vec_less(most, y), y, most);
	}
	vec y = vec_load_first(x + i, count - i);
	vec_store(lane, vec_select(vec_less(most, y), y, most));
	for (int k = 1; k < VEC_LANES; k++)
		lane[0] = lane[k] > lane[0] ? lane[k] : lane[0];
	return lane[0];
}

static void divide(float *x, size_t count, float by)
{
	size_t i = 0;
	for (; i + VEC_LANES <= count; i += VEC_LANES)
		vec_store(x + i, vec_div(vec_load(x + i), vec_set(by)));
	vec_store_first(x + i, count - i, vec_div(vec_load_first(x + i, count - i), vec_set(by)));
}

static void spread_step(const struct tenon_spreading_activation_args *a, const float *from, float *term)
{
	uint32_t layout = choose_layout(a, make_terms(a, from, term));
	if (layout == TENON_LAYOUT_PULL)
		pull(a, from, term);
	else if (layout == TENON_LAYOUT_SLICED)
		pull_slices(a, from, term);
	else
		push(a, from, term);

	if (a->norm == TENON_NORM_CLAMP)
		clamp(a->activation, a->graph->nodes);
	if (a->norm != TENON_NORM_MAX)
		return;
	float most = find_most(a->activation, a->graph->nodes);
	if (most > 1)
		divide(a->activation, a->graph->nodes, most);
}

/* Returns whether the result is finite. */
static bool spread_steps(const struct tenon_spreading_activation_args *a, float *term)
{
	size_t nodes = a->graph->nodes;
	if (a->steps == 0)
		memcpy(a->activation, a->initial, nodes * sizeof *a->activation);
	for (uint32_t i = 0; i < a->steps; i++)
		spread_step(a, i ? a->activation : a->initial, term);
	return all_finite(a->activation, nodes);
}
