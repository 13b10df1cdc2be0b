/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Mode BFS of spreading activation; only spread.h includes it. A hop costs as much as its frontier has edges (or, where
 * that is a good part of them, one pass over the slices). At rest a node's sum is -0, which means: not reached in this
 * hop. A sum that was reached is never -0, because every product has +0 added to it; that turns a product of -0 into
 * +0, which is what it contributes to a sum that starts at +0.
 */

static size_t count_blocks(const struct tenon_graph *g)
{
	return ((size_t)g->nodes + TENON_SLICE_ROWS - 1) / TENON_SLICE_ROWS;
}

static size_t count_groups(const struct tenon_graph *g)
{
	return (count_blocks(g) + BLOCKS_PER_GROUP - 1) / BLOCKS_PER_GROUP;
}

static void bring_to_rest(struct tenon_workspace *w)
{
	for (size_t v = 0; v < count_blocks(w->graph) * TENON_SLICE_ROWS; v += VEC_LANES)
		vec_store(w->sum + v, vec_set(-0.0f));
	memset(w->delta, 0, w->graph->nodes * sizeof *w->delta);
	memset(w->block, 0, count_groups(w->graph) * BLOCKS_PER_GROUP);
	memset(w->group, 0, (count_groups(w->graph) + 7) / 8 * 8);
}

struct wave {
	uint32_t count; /* of the frontier: w->frontier has its nodes, ascending, w->delta their values */
	bool odd;       /* an infinity or a NaN has been an activation: look at the result */
	bool awkward;   /* an initial activation is above 1 or -0, so that adding +0 changes it; later ones never are */
};

/* Lets the nodes v + i join the frontier, for each bit i; from[] has their values. */
static inline void join_frontier(struct tenon_workspace *w, struct wave *wave, size_t v, uint32_t bits,
				 const float *from)
{
	for (; bits; bits &= bits - 1) {
		size_t u = v + (size_t)__builtin_ctz(bits);
		w->delta[u] = from[u];
		w->frontier[wave->count++] = (uint32_t)u;
	}
}

static inline void look_at(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w,
			   struct wave *wave, size_t v, size_t n)
{
	vec x = load_part(a->initial + v, n);
	wave->odd |= any_odd(x);
	wave->awkward |= mask_any(mask_or(vec_less(vec_set(1), x), is_negative_zero(x)));
	join_frontier(w, wave, v, mask_bits(vec_less_equal(vec_set(a->threshold), x)), a->initial);
}

static void start_wave(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w, struct wave *wave)
{
	size_t nodes = a->graph->nodes, v = 0;
	for (; v + VEC_LANES <= nodes; v += VEC_LANES)
		look_at(a, w, wave, v, VEC_LANES);
	if (v < nodes)
		look_at(a, w, wave, v, nodes - v);
}

static inline float node_term(const struct tenon_spreading_activation_args *a, const struct tenon_workspace *w,
			      uint32_t u)
{
	uint32_t edges = w->graph->out_offset[u + 1] - w->graph->out_offset[u];
	float fan = edges > 1 ? (float)edges : 1, x = a->decay * w->delta[u];
	if (a->fan == TENON_FAN_LINEAR)
		return x / fan;
	if (a->fan == TENON_FAN_SQRT)
		return x / sqrtf(fan);
	return x;
}

/*
 * Asks for the edges that hop_push() will need soon, once their offsets, asked for before, are there. always_inline:
 * gcc takes a function that only prefetches for one without effect and drops the call.
 */
__attribute__((always_inline)) static inline void look_ahead(const struct tenon_workspace *w, uint32_t i,
							     uint32_t count)
{
	enum { OFFSET = 24, ROW = 12 };
	const struct tenon_graph_edge *out = w->graph->out;
	const uint32_t *offset = w->graph->out_offset, *frontier = w->frontier;
	if (i + OFFSET < count)
		__builtin_prefetch(offset + frontier[i + OFFSET]);
	if (i + ROW < count) {
		__builtin_prefetch(out + offset[frontier[i + ROW]]);
		__builtin_prefetch(out + offset[frontier[i + ROW] + 1] - 1);
	}
}

/* mark: notes the blocks that were reached. */
static void hop_push(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w, uint32_t count,
		     bool mark)
{
	struct push p;
	start_push(&p, a->graph, w->sum);
	if (mark) {
		p.block = w->block;
		p.group = w->group;
	}
	for (uint32_t i = 0; i < count; i++) {
		look_ahead(w, i, count);
		push_row(&p, w->frontier[i], node_term(a, w, w->frontier[i]), true);
	}
	finish_push(&p);
}

/* The sum of node v over its in-edges from the frontier, -0 if there is none. */
static float hop_row(const struct tenon_workspace *w, uint32_t v)
{
	const struct tenon_graph *g = w->graph;
	float sum = -0.0f;
	for (uint32_t k = g->in_offset[v]; k < g->in_offset[v + 1]; k++)
		if (w->delta[g->in[k].node] > 0)
			sum += w->term[g->in[k].node] * g->in[k].weight + 0.0f;
	return sum;
}

/*
 * In slices, nodes that are not in the frontier have the term 0: a sum of 0 does not tell whether its node was reached,
 * but that matters only where +0 changes the activation. Elsewhere take it for not reached.
 */
static float settle_zero(const struct tenon_workspace *w, uint32_t v, float activation)
{
	return activation > 1 || (activation == 0 && signbit(activation)) ? hop_row(w, v) : -0.0f;
}

static void hop_slices(struct tenon_workspace *w, const float *from, bool awkward)
{
	const struct tenon_graph *g = w->graph;
	for (uint32_t s = 0; s < g->slices; s++) {
		const uint32_t *row = g->slice_row + (size_t)s * TENON_SLICE_ROWS;
		vec sum[SLICE_VECS];
		float to[TENON_SLICE_ROWS];
		for (int i = 0; i < SLICE_VECS; i++)
			sum[i] = vec_set(0);
		add_columns(g, s, w->term, sum);
		for (int i = 0; i < SLICE_VECS; i++)
			vec_store(to + i * VEC_LANES,
				  vec_select(vec_equal(sum[i], vec_set(0)), vec_set(-0.0f), sum[i]));
		for (int i = 0; i < TENON_SLICE_ROWS; i++)
			w->sum[row[i]] = to[i];
		for (int i = 0; i < TENON_SLICE_ROWS && awkward; i++)
			if (to[i] == 0)
				w->sum[row[i]] = settle_zero(w, row[i], from[row[i]]);
	}
	for (uint32_t h = 0; h < g->hubs; h++) {
		uint32_t v = g->hub[h];
		float sum = add_row(g, w->term, v, 0);
		w->sum[v] = sum == 0 ? settle_zero(w, v, from[v]) : sum;
	}
}

/*
 * A hop that computes every node's sum; from[] is what they have. Slices need finite weights: 0 times infinity is a
 * NaN.
 */
static void hop_all(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w, const struct wave *wave,
		    const float *from, uint32_t layout)
{
	const struct tenon_graph *g = a->graph;
	memset(w->term, 0, g->nodes * sizeof *w->term);
	w->term[g->nodes] = -0.0f;
	for (uint32_t i = 0; i < wave->count; i++)
		w->term[w->frontier[i]] = node_term(a, w, w->frontier[i]);
	if (layout == TENON_LAYOUT_SLICED && g->finite)
		hop_slices(w, from, wave->awkward);
	else
		for (uint32_t v = 0; v < g->nodes; v++)
			w->sum[v] = hop_row(w, v);
}

/* Will the frontier reach so many blocks that looking at all of them is cheaper than noting which? */
static bool is_wide(const struct tenon_graph *g, uint32_t count)
{
	return (uint64_t)count * (g->edges / g->nodes + 1) >= g->nodes / (2 * TENON_SLICE_ROWS);
}

/* Returns whether it noted what it reached; if not, it may be anything. */
static bool hop(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w, const struct wave *wave,
		const float *from)
{
	uint32_t layout = choose_layout(a, wave->count);
	bool mark = layout == TENON_LAYOUT_PUSH && !is_wide(a->graph, wave->count);
	if (layout == TENON_LAYOUT_PUSH)
		hop_push(a, w, wave->count, mark);
	else
		hop_all(a, w, wave, from, layout);
	return mark;
}

/* Adds what arrived at n nodes from v on to what they have, puts their sums to rest, lets them join the frontier. */
static inline void sweep_nodes(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w,
			       struct wave *wave, const float *from, size_t v, size_t n)
{
	vec one = vec_set(1), threshold = vec_set(a->threshold);
	vec delta = vec_load(w->sum + v), old = load_part(from + v, n), new = vec_add(old, delta);
	vec_mask resting = is_negative_zero(delta);
	new = vec_select(resting, old, vec_select(vec_less(one, new), one, new));
	store_part(a->activation + v, n, new);
	wave->odd |= any_odd(new);
	join_frontier(w, wave, v, mask_bits(vec_less_equal(threshold, delta)), w->sum);
	vec_store(w->sum + v, vec_set(-0.0f));
}

static void sweep_all(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w, struct wave *wave,
		      const float *from)
{
	size_t nodes = a->graph->nodes, v = 0;
	for (; v + VEC_LANES <= nodes; v += VEC_LANES)
		sweep_nodes(a, w, wave, from, v, VEC_LANES);
	if (v < nodes)
		sweep_nodes(a, w, wave, from, v, nodes - v);
}

static inline void sweep_block(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w,
			       struct wave *wave, size_t block)
{
	size_t first = block * TENON_SLICE_ROWS, nodes = a->graph->nodes;
	for (size_t v = first; v < first + TENON_SLICE_ROWS && v < nodes; v += VEC_LANES)
		sweep_nodes(a, w, wave, a->activation, v, nodes - v < VEC_LANES ? nodes - v : VEC_LANES);
}

static void sweep_group(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w, struct wave *wave,
			size_t group)
{
	uint8_t *mark = w->block + group * BLOCKS_PER_GROUP;
	for (size_t i = 0; i < BLOCKS_PER_GROUP; i += 8) {
		uint64_t eight;
		memcpy(&eight, mark + i, sizeof eight);
		for (size_t k = i; eight && k < i + 8; k++)
			if (mark[k])
				sweep_block(a, w, wave, group * BLOCKS_PER_GROUP + k);
	}
	memset(mark, 0, BLOCKS_PER_GROUP);
}

/* Visits what the hop reached, ascending, and nothing else: the next frontier. */
static void sweep(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w, struct wave *wave)
{
	size_t groups = count_groups(a->graph);
	for (size_t i = 0; i < groups; i += 8) {
		uint64_t eight;
		memcpy(&eight, w->group + i, sizeof eight);
		for (size_t k = i; eight && k < i + 8; k++)
			if (w->group[k]) {
				sweep_group(a, w, wave, k);
				w->group[k] = 0;
			}
	}
}

static void leave_frontier(struct tenon_workspace *w, struct wave *wave)
{
	for (uint32_t i = 0; i < wave->count; i++)
		w->delta[w->frontier[i]] = 0;
	wave->count = 0;
}

/*
 * One hop from the frontier to the next one. The first sum of a node is added to its initial activation, later ones to
 * the result: a hop that looks at all nodes copies by the way, and another finds a copy.
 */
static void travel(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w, struct wave *wave,
		   const float *from)
{
	bool marked = hop(a, w, wave, from);
	leave_frontier(w, wave);
	if (!marked) {
		sweep_all(a, w, wave, from);
		return;
	}
	if (from != a->activation)
		memcpy(a->activation, from, a->graph->nodes * sizeof *from);
	sweep(a, w, wave);
}

/* Returns whether the result is finite. */
static bool spread_wave(const struct tenon_spreading_activation_args *a, struct tenon_workspace *w)
{
	struct wave wave = {0, false, false};
	const float *from = a->initial;
	if (!w->at_rest)
		bring_to_rest(w);
	w->at_rest = 0;
	start_wave(a, w, &wave);
	for (uint32_t i = 0; i < a->steps && wave.count > 0; i++, from = a->activation)
		travel(a, w, &wave, from);
	if (from != a->activation)
		memcpy(a->activation, from, a->graph->nodes * sizeof *from);
	leave_frontier(w, &wave);
	w->at_rest = 1;
	return !wave.odd || all_finite(a->activation, a->graph->nodes);
}
