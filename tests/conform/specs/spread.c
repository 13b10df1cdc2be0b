/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Spec of spreading_activation. Every array of the graph stands in guarded memory of its own. The oracles are the
 * definition over a plain list of edges: here in floats, bit for bit, and in spread_bounds.c without an order. No state.
 */
#include <math.h>
#include <string.h>

#include "runtime/graph.h"
#include "tests/conform/law.h"
#include "tests/conform/specs/cosine.h"
#include "tests/conform/specs/spread.h"

enum {
	SHAPE = AXIS_OWN,
	NODES,
	DEGREE,
	WEIGHTS,
	INITIAL,
	MODE,
	LAYOUT,
	FAN,
	NORM,
	STEPS,
	THRESHOLD,
	DECAY,
	RETAIN,
	MEMORY
};
enum shape { RANDOM, POWER_LAW, STAR_IN, STAR_OUT, CHAIN, SELF_LOOPS, MULTI_EDGES, EDGELESS, SHAPES };
enum memory { SCRATCH, AT_REST, NOT_AT_REST, MEMORIES };
enum {
	GRAPH,
	IN_OFFSET,
	IN,
	OUT_OFFSET,
	OUT,
	SLICE_ROW,
	SLICE_COLUMN,
	SLICE_SOURCE,
	SLICE_WEIGHT,
	HUB,
	BEFORE,
	AFTER,
	WORKSPACE,
	WORKSPACE_MEMORY
};

static const char *const shapes[] = {"random", "power-law",  "star-in",     "star-out",
				     "chain",  "self-loops", "multi-edges", "edgeless"};
static const char *const weights[] = {"plain", "edge", "wild", "one", "positive"};
static const char *const initials[] = {"plain", "wild", "sparse", "large", "exact"};
static const char *const modes[] = {"step", "bfs"};
static const char *const layouts[] = {"auto", "pull", "push", "sliced"};
static const char *const fans[] = {"one", "linear", "sqrt"};
static const char *const norms[] = {"none", "clamp", "max"};
static const char *const memories[] = {"scratch", "at-rest", "not-at-rest"};

enum { WEIGHTS_ONE = 3, INITIAL_EXACT = 4 };
enum { THRESHOLDS = 8, WAVES = 6, DECAYS = 6, RETAINS = 6 };
static const float thresholds[THRESHOLDS] = {-INFINITY, 0.5f, 0.01f, 0, -0.0f, 0.25f, 0.9f, INFINITY};
static const float waves[THRESHOLDS] = {0.01f, 0.5f, 0x1p-149f, 0.9f, 0.25f, 0.1f, 1, INFINITY};
static const float decays[DECAYS] = {1, 0.85f, 0.5f, 0, -0.7f, 3};
static const float retains[RETAINS] = {1, 0, 0.9f, -0.0f, -0.5f, 2};

static const struct axis axes[] = {
	COMMON_AXES,
	{"shape", 0, SHAPES - 1, shapes},
	{"nodes", 1, 70000, NULL},
	{"degree", 0, 40, NULL},
	{"weights", 0, 4, weights},
	{"initial", 0, 4, initials},
	{"mode", 0, 1, modes},
	{"layout", 0, 3, layouts},
	{"fan", 0, 2, fans},
	{"norm", 0, 2, norms},
	{"steps", 0, 6, NULL},
	{"threshold", 0, THRESHOLDS - 1, NULL},
	{"decay", 0, DECAYS - 1, NULL},
	{"retain", 0, RETAINS - 1, NULL},
	{"memory", 0, MEMORIES - 1, memories},
	{NULL, 0, 0, NULL},
};

/* ---- Edges ------------------------------------------------------------------------------------------------------- */

enum { STREAM_SOURCE = BUFFERS_MAX, STREAM_DESTINATION, STREAM_WEIGHT, STREAM_INITIAL, STREAM_SPARSE };

static uint32_t draw_node(uint64_t stream, size_t i, uint32_t nodes, bool is_skewed)
{
	uint64_t x = draw_bits(stream, i) >> 32;
	if (is_skewed) {
		x = x * x >> 32;
		x = x * x >> 32;
	}
	return (uint32_t)(x * nodes >> 32);
}

static void shape_edge(int64_t shape, struct edges *e, size_t i)
{
	uint32_t n = (uint32_t)e->nodes;
	if (shape == STAR_IN && i % 8)
		e->destination[i] = n / 2;
	else if (shape == STAR_OUT && i % 8)
		e->source[i] = n / 2;
	else if (shape == SELF_LOOPS && i % 2)
		e->destination[i] = e->source[i];
	if (shape == CHAIN) {
		e->source[i] = (uint32_t)i % n;
		e->destination[i] = ((uint32_t)i + 1) % n;
	} else if (shape == MULTI_EDGES) {
		e->source[i] %= 3 < n ? 3 : n;
		e->destination[i] %= 5 < n ? 5 : n;
	}
}

static float make_weight(int64_t kind, uint64_t random)
{
	switch (kind) {
	case 1: return make_float(random, FILL_EDGE);
	case 2: return make_float(random, FILL_WILD);
	case 3: return 1;
	case 4: return fabsf(make_float(random, FILL_PLAIN));
	default: return make_float(random, FILL_PLAIN);
	}
}

static void make_edges(struct trial *t, struct edges *e)
{
	int64_t shape = t->point.at[SHAPE];
	uint64_t sources = stream_of(t, STREAM_SOURCE), destinations = stream_of(t, STREAM_DESTINATION),
		 weight = stream_of(t, STREAM_WEIGHT);
	e->nodes = (size_t)t->point.at[NODES];
	e->count = shape == EDGELESS ? 0 : e->nodes * (size_t)t->point.at[DEGREE];
	e->source = take_room(t, e->count * sizeof *e->source);
	e->destination = take_room(t, e->count * sizeof *e->destination);
	e->weight = take_room(t, e->count * sizeof *e->weight);
	for (size_t i = 0; i < e->count; i++) {
		e->source[i] = draw_node(sources, i, (uint32_t)e->nodes, shape == POWER_LAW);
		e->destination[i] = draw_node(destinations, i, (uint32_t)e->nodes, shape == POWER_LAW);
		e->weight[i] = make_weight(t->point.at[WEIGHTS], draw_bits(weight, i));
		shape_edge(shape, e, i);
	}
}

/* ---- Buffers ----------------------------------------------------------------------------------------------------- */

/* Edges, and the numbers of the graph, whose pointers bind() replaces. */
struct own {
	struct edges edges;
	struct tenon_graph graph;
	float *due; /* the oracles' answers, once they were asked */
	struct spread_bounds bounds;
	bool is_bounded;
};

static void copy_array(struct trial *t, const char *name, enum element element, const void *from, size_t count)
{
	void *to = add_buffer(t, name, ROLE_IN, element, from ? count : 0);
	if (from)
		memcpy(to, from, count * size_of_element(element));
}

/* In the order of the enumeration. Narrow sources are pairs of a word; they come padded to one. */
static void copy_graph(struct trial *t, const struct tenon_graph *g)
{
	size_t columns = g->slices ? g->slice_column[g->slices] : 0;
	add_buffer(t, "graph", ROLE_IN, ELEMENT_U64, sizeof *g / 8);
	copy_array(t, "in_offset", ELEMENT_U32, g->in_offset, (size_t)g->nodes + 1);
	copy_array(t, "in", ELEMENT_U32, g->in, 2 * (size_t)g->edges);
	copy_array(t, "out_offset", ELEMENT_U32, g->out_offset, (size_t)g->nodes + 1);
	uint32_t *out = add_buffer(t, "out", ROLE_IN, ELEMENT_U32, 2 * ((size_t)g->edges + TENON_EDGE_PADDING));
	memcpy(out, g->out, 8 * (size_t)g->edges);
	memset(out + 2 * (size_t)g->edges, 0xff, 8 * TENON_EDGE_PADDING); /* may be read, and means nothing */
	copy_array(t, "slice_row", ELEMENT_U32, g->slice_row, 16 * (size_t)g->slices);
	copy_array(t, "slice_column", ELEMENT_U32, g->slice_column, (size_t)g->slices + 1);
	if (g->slice_narrow)
		copy_array(t, "slice_narrow", ELEMENT_U32, g->slice_narrow, 8 * columns);
	else
		copy_array(t, "slice_source", ELEMENT_U32, g->slice_source, 16 * columns);
	copy_array(t, "slice_weight", ELEMENT_U32, g->slice_weight, 16 * columns);
	copy_array(t, "hub", ELEMENT_U32, g->hub, g->hubs);
}

static float make_initial(int64_t kind, uint64_t random, uint64_t rare, size_t v)
{
	float x = make_float(random, kind == 1 ? FILL_WILD : FILL_PLAIN);
	if (kind == 2 && rare % 25)
		return v % 3 ? 0 : -0.0f;
	if (kind == 3)
		return x + 1;
	return kind == 4 || v % 10 == 3 ? (v % 4 ? 0.5f : 0.25f) : x;
}

/* A workspace that is at rest, or one full of rubbish that says so. */
static void make_workspace_memory(struct trial *t, const struct tenon_graph *g)
{
	bool is_used = t->point.at[MEMORY] != SCRATCH;
	size_t size = is_used ? tenon_workspace_size(g->nodes) : 0;
	struct tenon_workspace w;
	add_buffer(t, "workspace", ROLE_INOUT, ELEMENT_U64, sizeof w / 8);
	unsigned char *memory = add_buffer(t, "workspace memory", ROLE_INOUT, ELEMENT_U64, size / 8);
	t->buffer[WORKSPACE_MEMORY].align = 64;
	memset(memory, t->point.at[MEMORY] == AT_REST ? 0 : 0x3c, size);
	if (t->point.at[MEMORY] != AT_REST)
		return;
	tenon_workspace_place(&w, g, memory);
	for (size_t v = 0; v < ((size_t)g->nodes + 15) / 16 * 16; v++)
		w.sum[v] = -0.0f;
}

static void make(struct trial *t)
{
	struct own *own = take_room(t, sizeof *own);
	struct tenon_graph *graph = NULL;
	*own = (struct own){.due = NULL};
	t->own = own;
	make_edges(t, &own->edges);
	struct tenon_graph_edges edges = {own->edges.nodes, own->edges.count, own->edges.source, own->edges.destination,
					  own->edges.weight};
	if (make_graph(&edges, 0, &graph, NULL))
		__builtin_trap();
	own->graph = *graph;
	copy_graph(t, graph);
	float *initial = add_buffer(t, "initial", ROLE_IN, ELEMENT_F32, graph->nodes);
	add_buffer(t, "activation", ROLE_OUT, ELEMENT_F32, graph->nodes);
	for (size_t v = 0; v < graph->nodes; v++)
		initial[v] = make_initial(t->point.at[INITIAL], draw_bits(stream_of(t, STREAM_INITIAL), v),
					  draw_bits(stream_of(t, STREAM_SPARSE), v), v);
	make_workspace_memory(t, graph);
	free_graph(graph);
}

/* ---- Arguments --------------------------------------------------------------------------------------------------- */

static void bind_graph(const struct trial *t, const struct placed *p)
{
	struct tenon_graph g = ((const struct own *)t->own)->graph;
	g.in_offset = p->seen[IN_OFFSET];
	g.in = p->seen[IN];
	g.out_offset = p->seen[OUT_OFFSET];
	g.out = p->seen[OUT];
	g.slice_row = p->seen[SLICE_ROW];
	g.slice_column = p->seen[SLICE_COLUMN];
	g.slice_narrow = g.slice_narrow ? p->seen[SLICE_SOURCE] : NULL;
	g.slice_source = g.slice_source ? p->seen[SLICE_SOURCE] : NULL;
	g.slice_weight = p->seen[SLICE_WEIGHT];
	g.hub = p->seen[HUB];
	memcpy(p->ours[GRAPH], &g, sizeof g);
}

static void bind(const struct trial *t, const struct placed *p, void *args)
{
	const int64_t *at = t->point.at;
	struct tenon_workspace *workspace = NULL;
	bind_graph(t, p);
	if (at[MEMORY] != SCRATCH) {
		workspace = p->seen[WORKSPACE];
		tenon_workspace_place(workspace, p->seen[GRAPH], p->seen[WORKSPACE_MEMORY]);
		workspace->at_rest = at[MEMORY] == AT_REST;
	}
	*(struct tenon_spreading_activation_args *)args = (struct tenon_spreading_activation_args){
		.graph = p->seen[GRAPH],
		.initial = p->seen[BEFORE],
		.activation = p->seen[AFTER],
		.workspace = workspace,
		.mode = (uint32_t)at[MODE],
		.layout = (uint32_t)at[LAYOUT],
		.fan = (uint32_t)at[FAN],
		.norm = (uint32_t)at[NORM],
		.steps = (uint32_t)at[STEPS],
		.threshold = at[MODE] == TENON_SPREAD_BFS ? waves[at[THRESHOLD]] : thresholds[at[THRESHOLD]],
		.decay = decays[at[DECAY]],
		.retain = retains[at[RETAIN]]};
}

/* What a call leaves in a workspace is its own affair, as long as it is at rest where it says so. */
static size_t trim(const struct trial *t, const struct placed *p, size_t buffer)
{
	(void)p;
	return buffer == WORKSPACE || buffer == WORKSPACE_MEMORY ? 0 : t->buffer[buffer].count;
}

static const char *inspect(const struct trial *t, const struct placed *p)
{
	const struct tenon_workspace *w = p->ours[WORKSPACE];
	size_t nodes = (size_t)t->point.at[NODES], blocks = (nodes + 15) / 16, groups = (blocks + 255) / 256;
	if (t->point.at[MEMORY] == SCRATCH || !w->at_rest)
		return NULL;
	for (size_t v = 0; v < blocks * 16; v++)
		if (bits_of_float(w->sum[v]) != 0x80000000)
			return "says that the workspace is at rest, but a sum is not -0";
	for (size_t v = 0; v < nodes; v++)
		if (bits_of_float(w->delta[v]))
			return "says that the workspace is at rest, but a delta is not +0";
	for (size_t b = 0; b < blocks; b++)
		if (w->block[b] || (b < groups && w->group[b]))
			return "says that the workspace is at rest, but a block or a group is marked";
	return NULL;
}

/* ---- Schedule ---------------------------------------------------------------------------------------------------- */

/* Everything but the graph is chosen by a running number, each at its own pace, so that all pairs meet. */
static void visit_graph(struct sweep *s, int64_t shape, int64_t nodes, int64_t degree, int64_t number)
{
	uint64_t random = draw_bits(make_stream(1, 7, 0, 0), (uint64_t)number);
	struct point p = {.at = {[SHAPE] = shape, [NODES] = nodes, [DEGREE] = degree}};
	static const unsigned limits[] = {5, 5, 2, 4, 3, 3, 6, THRESHOLDS, DECAYS, RETAINS, MEMORIES};
	for (int i = 0; i < 11; i++, random >>= 5)
		p.at[WEIGHTS + i] = (int64_t)((random & 0xffff) % limits[i]);
	p.at[LAYOUT] = number % 4;
	p.at[MODE] = number / 4 % 2;
	visit(s, p);
}

/* Activations of 1/2 and 1/4 over weights of 1: no sum rounds. */
static void visit_exact_graph(struct sweep *s, int64_t number)
{
	static const int64_t halves[] = {0, 2, 0}, wholes[] = {0, 1, 5};
	struct point p = {.at = {[SHAPE] = number % SHAPES,
				 [NODES] = 1 + number * 7 % 90,
				 [DEGREE] = 1 + number % 9,
				 [WEIGHTS] = WEIGHTS_ONE,
				 [INITIAL] = INITIAL_EXACT,
				 [LAYOUT] = number % 4,
				 [NORM] = number / 4 % 2,
				 [STEPS] = 1 + number % 3,
				 [THRESHOLD] = number % 3,
				 [DECAY] = halves[number % 3],
				 [RETAIN] = wholes[number / 3 % 3]}};
	visit(s, p);
}

static void sweep(struct sweep *s)
{
	bool is_quick = get_profile(s) == PROFILE_QUICK;
	int64_t number = 0;
	for (int64_t i = 0; i < (is_quick ? 24 : 500); i++)
		visit_exact_graph(s, i);
	for (int64_t nodes = 1; nodes <= 70; nodes += is_quick ? 3 : 1)
		for (int64_t shape = 0; shape < SHAPES; shape++)
			for (int64_t i = 0; i < (is_quick ? 3 : 32); i++)
				visit_graph(s, shape, nodes, 1 + number % 11, number), number++;
	for (int64_t i = 0; i < (is_quick ? 24 : 2000); i++)
		visit_graph(s, i % SHAPES, 200 + 37 * i % 400, 1 + i % 8, number + i);
	for (int64_t i = 0; i < (is_quick ? 0 : 40); i++)
		visit_graph(s, i % SHAPES, i % 2 ? 4000 + i : 65530 + i % 10, 2, number + i);
}

/* ---- Oracle ------------------------------------------------------------------------------------------------------ */

struct oracle {
	const struct edges *edges;
	const struct tenon_spreading_activation_args *args;
	uint32_t *order; /* edges by destination, source, position */
	float *fan, *term, *sum, *delta;
	bool *reached;
};

/* The edges in `from`, stably by the key of each: `to` is another order of the same. begin: room for nodes + 1 numbers. */
static void sort_edges(const struct edges *e, const uint32_t *key, const uint32_t *from, uint32_t *to, uint32_t *begin)
{
	memset(begin, 0, (e->nodes + 1) * sizeof *begin);
	for (size_t i = 0; i < e->count; i++)
		begin[key[i] + 1]++;
	for (size_t v = 0; v < e->nodes; v++)
		begin[v + 1] += begin[v];
	for (size_t i = 0; i < e->count; i++)
		to[begin[key[from[i]]]++] = from[i];
}

static float send(const struct oracle *o, uint32_t u, float x)
{
	float sent = o->args->decay * x;
	switch (o->args->fan) {
	case TENON_FAN_LINEAR: return sent / o->fan[u];
	case TENON_FAN_SQRT: return sent / sqrtf(o->fan[u]);
	default: return sent;
	}
}

static void normalise(const struct oracle *o, float *a)
{
	float most = 1;
	for (size_t v = 0; v < o->edges->nodes; v++)
		most = a[v] > most ? a[v] : most;
	for (size_t v = 0; v < o->edges->nodes; v++)
		if (o->args->norm == TENON_NORM_CLAMP)
			a[v] = a[v] < 0 ? 0 : a[v] > 1 ? 1 : a[v];
		else if (o->args->norm == TENON_NORM_MAX && most > 1)
			a[v] = a[v] / most;
}

static void step(const struct oracle *o, float *a)
{
	const struct edges *e = o->edges;
	for (size_t v = 0; v < e->nodes; v++) {
		o->term[v] = send(o, (uint32_t)v, a[v] >= o->args->threshold ? a[v] : 0);
		o->sum[v] = o->args->retain * a[v];
	}
	for (size_t i = 0; i < e->count; i++)
		o->sum[e->destination[o->order[i]]] += o->term[e->source[o->order[i]]] * e->weight[o->order[i]];
	memcpy(a, o->sum, e->nodes * sizeof *a);
	normalise(o, a);
}

static void hop(const struct oracle *o, float *a)
{
	const struct edges *e = o->edges;
	memset(o->sum, 0, e->nodes * sizeof *o->sum);
	memset(o->reached, 0, e->nodes);
	for (size_t i = 0; i < e->count; i++) {
		uint32_t u = e->source[o->order[i]], v = e->destination[o->order[i]];
		if (!(o->delta[u] >= o->args->threshold))
			continue;
		o->sum[v] += send(o, u, o->delta[u]) * e->weight[o->order[i]];
		o->reached[v] = true;
	}
	for (size_t v = 0; v < e->nodes; v++) {
		float sum = a[v] + o->sum[v];
		o->delta[v] = o->reached[v] ? o->sum[v] : -1;
		if (o->reached[v])
			a[v] = sum > 1 ? 1 : sum;
	}
}

static void prepare_oracle(struct trial *t, struct oracle *o)
{
	const struct edges *e = o->edges;
	uint32_t *position = take_room(t, e->count * sizeof *position),
		 *by_source = take_room(t, e->count * sizeof *by_source);
	uint32_t *begin = take_room(t, (e->nodes + 1) * sizeof *begin);
	o->order = take_room(t, e->count * sizeof *o->order);
	o->fan = take_room(t, e->nodes * sizeof(float));
	o->term = take_room(t, e->nodes * sizeof(float));
	o->sum = take_room(t, e->nodes * sizeof(float));
	o->delta = take_room(t, e->nodes * sizeof(float));
	o->reached = take_room(t, e->nodes);
	memset(o->fan, 0, e->nodes * sizeof(float));
	for (size_t i = 0; i < e->count; i++) {
		position[i] = (uint32_t)i;
		o->fan[e->source[i]]++;
	}
	for (size_t v = 0; v < e->nodes; v++)
		o->fan[v] = o->fan[v] > 1 ? o->fan[v] : 1;
	sort_edges(e, e->source, position, by_source, begin);
	sort_edges(e, e->destination, by_source, o->order, begin);
}

/* In floats: bit for bit what the canonical order gives. */
static void spread_in_order(struct trial *t, const struct tenon_spreading_activation_args *args)
{
	struct own *own = t->own;
	struct oracle o = {.edges = &own->edges, .args = args};
	size_t size = own->edges.nodes * sizeof(float);
	own->due = take_room(t, size);
	prepare_oracle(t, &o);
	memcpy(own->due, t->buffer[BEFORE].content, size);
	memcpy(o.delta, own->due, size);
	for (uint32_t i = 0; i < args->steps; i++)
		if (args->mode == TENON_SPREAD_BFS)
			hop(&o, own->due);
		else
			step(&o, own->due);
}

/* Of what all terms are multiples: each step may halve, by decay or retain. 0 where that is not so. */
static long double get_quantum(const struct trial *t)
{
	const int64_t *at = t->point.at;
	bool is_exact = at[WEIGHTS] == WEIGHTS_ONE && at[INITIAL] == INITIAL_EXACT && at[MODE] == TENON_SPREAD_STEP &&
			at[FAN] == TENON_FAN_ONE && at[NORM] != TENON_NORM_MAX && (at[DECAY] == 0 || at[DECAY] == 2) &&
			at[RETAIN] != 2;
	return is_exact ? ldexpl(1, -2 - (int)at[STEPS]) : 0;
}

static const struct own *ask_oracles(struct trial *t, const struct placed *p)
{
	struct own *own = t->own;
	struct tenon_spreading_activation_args args;
	bind(t, p, &args);
	spread_in_order(t, &args);
	own->is_bounded = t->any_order || t->point.at[AXIS_DATA] % 4 == 0; /* of scalar the bits are known as well */
	if (own->is_bounded)
		bound_spreading(t, &own->edges, &args, t->buffer[BEFORE].content, get_quantum(t), &own->bounds);
	return own;
}

static double get_alarm(const struct trial *t, const struct spread_bounds *b, size_t v)
{
	const int64_t *at = t->point.at;
	bool is_random = at[WEIGHTS] == 0 && at[INITIAL] == 0 && at[MODE] == TENON_SPREAD_STEP && at[STEPS] == 1 &&
			 at[NORM] == TENON_NORM_NONE;
	return is_random ? alarm_of((double)b->terms[v], (double)sqrtl(b->squares[v])) : 0;
}

static void judge(const struct trial *t, const struct placed *p, size_t buffer, size_t index, struct answer *answer)
{
	const struct own *own = t->own;
	(void)buffer;
	if (!own->due)
		own = ask_oracles((struct trial *)(uintptr_t)t, p);
	*answer = (struct answer){.bound = INFINITY,
				  .has_canonical = true,
				  .canonical = own->due[index],
				  .value = (double)own->due[index]};
	if (!own->is_bounded)
		return;
	const struct bounded *node = &own->bounds.node[index];
	*answer = (struct answer){.value = (double)node->value,
				  .bound = (double)node->error,
				  .alarm = get_alarm(t, &own->bounds, index),
				  .is_exact_sum = own->bounds.is_exact,
				  .has_canonical = true,
				  .canonical = own->due[index]};
}

const struct spec spec_spreading_activation = {.kernel = "spreading_activation",
					       .axes = axes,
					       .sweep = sweep,
					       .make = make,
					       .bind = bind,
					       .judge = judge,
					       .trim = trim,
					       .inspect = inspect,
					       .laws = laws_of_spreading};
