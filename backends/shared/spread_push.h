/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pushing along the out-edges of one node after the other; only spread.h includes it. Products come first, vectors of
 * them, into a short list; what the list holds is then added one by one, in that order. So the lengths of rows, which
 * no CPU predicts, cost nothing, and many sums are under way at once. Writes only its list and the caller's arrays.
 */

enum {
	ROW_CHUNK = TENON_EDGE_PADDING, /* edges that are multiplied at once; a shorter row's rest is overwritten */
	LIST_EDGES = 1024
};

struct push {
	const struct tenon_graph *graph;
	float *sum;     /* [nodes] */
	uint8_t *block; /* what was reached, as in a workspace; NULL: nobody asks */
	uint8_t *group;
	uint32_t count;
	int32_t list[2 * (LIST_EDGES + ROW_CHUNK)]; /* pairs of node and product */
};

static void start_push(struct push *p, const struct tenon_graph *graph, float *sum)
{
	p->graph = graph;
	p->sum = sum;
	p->block = p->group = NULL;
	p->count = 0;
}

static inline __attribute__((always_inline)) void add_listed(struct push *p, bool mark)
{
	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t v = (uint32_t)p->list[2 * i];
		float product;
		memcpy(&product, p->list + 2 * i + 1, sizeof product);
		p->sum[v] += product;
		if (mark) {
			p->block[v / TENON_SLICE_ROWS] = 1;
			p->group[v / (TENON_SLICE_ROWS * BLOCKS_PER_GROUP)] = 1;
		}
	}
	p->count = 0;
}

static void finish_push(struct push *p)
{
	if (p->block)
		add_listed(p, true);
	else
		add_listed(p, false);
}

/* Lists the products of ROW_CHUNK edges; add_zero makes +0 of -0. */
static inline void list_chunk(struct push *p, uint32_t k, vec term, bool add_zero)
{
	static const int32_t second[16] = {0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1, 0, -1};
	const int32_t *edge = (const int32_t *)(const void *)(p->graph->out + k);
	int32_t *to = p->list + 2 * p->count;
	vec_int weights = int_load(second);
	for (int i = 0; i < 2 * ROW_CHUNK; i += VEC_LANES) {
		vec_int pairs = int_load(edge + i);
		vec product = vec_mul(term, int_as_vec(int_and(weights, pairs)));
		if (add_zero)
			product = vec_add(product, vec_set(0));
		int_store(to + i, int_select(int_equal(weights, int_set(-1)), vec_as_int(product), pairs));
	}
}

static inline void push_row(struct push *p, uint32_t u, float term, bool add_zero)
{
	vec terms = vec_set(term);
	for (uint32_t k = p->graph->out_offset[u], end = p->graph->out_offset[u + 1];; k += ROW_CHUNK) {
		bool last = end - k <= ROW_CHUNK;
		list_chunk(p, k, terms, add_zero);
		p->count += last ? end - k : ROW_CHUNK;
		if (__builtin_expect(p->count >= LIST_EDGES, 0))
			finish_push(p);
		if (__builtin_expect(last, 1))
			return;
	}
}
