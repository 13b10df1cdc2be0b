/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * binding_decay over the vector of the vec.h that was included first; the arithmetic is in docs/NUMERICS.md. Pure.
 */
#ifndef BACKENDS_SHARED_BINDING_BODY_H
#define BACKENDS_SHARED_BINDING_BODY_H

#include <tenon/backend.h>

#include "backends/shared/exp_body.h"

/* From so many elements on memory is asked for early, to be written; in small bursts, since larger ones come later. */
#define BINDING_AHEAD_MIN ((size_t)1 << 14)
#define BINDING_AHEAD 1024 /* bytes */
#define BINDING_BLOCK 4    /* vectors */

/* What is left of each strength. */
static EXP_INLINE vec binding_kept(const struct tenon_binding_decay_args *a)
{
	vec lost = vec_mul(vec_set(a->rate), vec_set(a->dt)), kept;
	if (a->form == TENON_FORGETTING_LINEAR)
		return vec_max(vec_set(0.0f), vec_sub(vec_set(1.0f), lost));
	vec_exp_minus(&lost, &kept, 1);
	return kept;
}

/*
 * Clamps y[count], noting the lanes that are a NaN; nothing else that is not finite is left. Strengths are from 0 to 1
 * but for the first call, so that most blocks need no more than a look.
 */
static EXP_INLINE void binding_clamp(vec *y, vec_mask *finite, int count)
{
	if (__builtin_expect(vec_all_unit(y, count), 1))
		return;
	for (int j = 0; j < count; j++) {
		*finite = mask_and(*finite, vec_equal(y[j], y[j]));
		y[j] = vec_max(vec_set(0.0f), vec_min(vec_set(1.0f), y[j]));
	}
}

/* Whole blocks, elements from i to end. */
static EXP_INLINE void binding_blocks(float *p, size_t i, size_t end, vec kept, vec_mask *finite, int ahead)
{
	for (; i < end; i += (size_t)BINDING_BLOCK * VEC_LANES) {
		vec y[BINDING_BLOCK];
		if (ahead)
			for (size_t line = 0; line < BINDING_BLOCK * sizeof(vec); line += 64)
				vec_prefetch_to_write((const void *)((uintptr_t)(p + i) + BINDING_AHEAD + line));
		for (int j = 0; j < BINDING_BLOCK; j++)
			y[j] = vec_mul(vec_load(p + i + j * VEC_LANES), kept);
		binding_clamp(y, finite, BINDING_BLOCK);
		for (int j = 0; j < BINDING_BLOCK; j++)
			vec_store(p + i + j * VEC_LANES, y[j]);
	}
}

static inline int binding_decay_body(const struct tenon_binding_decay_args *a)
{
	const vec kept = binding_kept(a);
	vec_mask finite = vec_first(VEC_LANES);
	size_t i = a->n / (BINDING_BLOCK * VEC_LANES) * (BINDING_BLOCK * VEC_LANES);
	if (a->n >= BINDING_AHEAD_MIN)
		binding_blocks(a->strengths, 0, i, kept, &finite, 1);
	else
		binding_blocks(a->strengths, 0, i, kept, &finite, 0);
	for (; i < a->n; i += VEC_LANES) {
		size_t n = a->n - i < VEC_LANES ? a->n - i : VEC_LANES;
		vec y = vec_mul(vec_load_first(a->strengths + i, n), kept);
		binding_clamp(&y, &finite, 1);
		vec_store_first(a->strengths + i, n, y);
	}
	return mask_any(mask_not(finite)) ? TENON_ENONFINITE : TENON_OK;
}

#endif
