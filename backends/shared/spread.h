/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Spreading activation over vec.h, which the including file chose: what both modes share, and the choice between them.
 * Every path gives the bits of docs/NUMERICS.md. Only the outputs, the scratch and the workspace are written.
 */
#ifndef BACKENDS_SHARED_SPREAD_H
#define BACKENDS_SHARED_SPREAD_H

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <tenon/backend.h>

#define SLICE_VECS (TENON_SLICE_ROWS / VEC_LANES)
/* Edge arrays of a large graph stream from memory: ask 2 KiB ahead, for one use. Behind the end it does no harm. */
#define AHEAD 512
#define PREFETCH(p) __builtin_prefetch((p), 0, 0)
/* AUTO pushes where fewer than one node in PUSH_BELOW is active. */
#define PUSH_BELOW 3
#define BLOCKS_PER_GROUP 256

/* The source term of x for nodes of so many out-edges. */
static inline vec term_of(vec x, vec_int edges, vec decay, uint32_t rule)
{
	vec one = vec_set(1), fan = int_to_vec(edges);
	fan = vec_select(vec_less(fan, one), one, fan);
	x = vec_mul(decay, x);
	if (rule == TENON_FAN_LINEAR)
		return vec_div(x, fan);
	if (rule == TENON_FAN_SQRT)
		return vec_div(x, vec_sqrt(fan));
	return x;
}

/* Whole vectors the plain way: masked stores are slow on some CPUs. */
static inline vec load_part(const float *p, size_t n)
{
	return n == VEC_LANES ? vec_load(p) : vec_load_first(p, n);
}
static inline void store_part(float *p, size_t n, vec x)
{
	if (n == VEC_LANES)
		vec_store(p, x);
	else
		vec_store_first(p, n, x);
}

static inline vec_mask is_negative_zero(vec x)
{
	return int_equal(vec_as_int(x), int_set(INT32_MIN));
}

/* Is a lane an infinity or a NaN? */
static inline bool any_odd(vec x)
{
	vec_int infinity = int_set(0x7f800000);
	return mask_any(int_equal(int_and(vec_as_int(x), infinity), infinity));
}

static bool all_finite(const float *x, size_t count)
{
	size_t i = 0;
	for (; i + VEC_LANES <= count; i += VEC_LANES)
		if (any_odd(vec_load(x + i)))
			return false;
	return !any_odd(vec_load_first(x + i, count - i));
}

/*
 * The layout of a step or hop with so many active nodes. Pushing may leave the edges of the others out; in a hop
 * it always can, in a step only where weights are finite. A hop over slices needs finite weights.
 */
static uint32_t choose_layout(const struct tenon_spreading_activation_args *a, uint32_t active)
{
	const struct tenon_graph *g = a->graph;
	bool sparse = active < g->nodes / PUSH_BELOW;
	if (a->layout != TENON_LAYOUT_AUTO)
		return a->layout;
	if (!g->sliced || (g->finite ? sparse : a->mode == TENON_SPREAD_BFS))
		return TENON_LAYOUT_PUSH;
	return TENON_LAYOUT_SLICED;
}

/* Adds one slice's columns to sum[]: the loop that everything else is there for. */
static inline void add_columns(const struct tenon_graph *g, uint32_t s, const float *term, vec *sum)
{
	const uint16_t *narrow = g->slice_narrow;
	const uint32_t *wide = g->slice_source;
	const float *weight = g->slice_weight;
	size_t end = (size_t)g->slice_column[s + 1] * TENON_SLICE_ROWS;
	for (size_t k = (size_t)g->slice_column[s] * TENON_SLICE_ROWS; k < end; k += TENON_SLICE_ROWS) {
		if (wide)
			PREFETCH(wide + k + AHEAD);
		PREFETCH(weight + k + AHEAD);
		for (size_t i = 0; i < SLICE_VECS; i++) {
			size_t entry = k + i * VEC_LANES;
			vec picked = wide ? vec_pick(term, wide + entry) : vec_pick_narrow(term, narrow + entry);
			sum[i] = vec_add(sum[i], vec_mul(picked, vec_load(weight + entry)));
		}
	}
}

#include "backends/shared/spread_push.h"
#include "backends/shared/spread_step.h"
#include "backends/shared/spread_wave.h"

static int spread(const void *args, void *scratch)
{
	const struct tenon_spreading_activation_args *a = args;
	struct tenon_workspace local, *w = a->workspace;
	if (!w) {
		tenon_workspace_place(&local, a->graph, scratch);
		w = &local;
	}
	bool finite = a->mode == TENON_SPREAD_BFS ? spread_wave(a, w) : spread_steps(a, w->term);
	return finite ? TENON_OK : TENON_ENONFINITE;
}

#endif
