/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * fan_effect over the vector of the vec.h that was included first; the arithmetic is in docs/NUMERICS.md. Pure.
 */
#ifndef BACKENDS_SHARED_FAN_BODY_H
#define BACKENDS_SHARED_FAN_BODY_H

#include <float.h>
#include <string.h>
#include <tenon/backend.h>

#include "backends/shared/log_body.h"

#define FAN_ROOTS 32 /* what vec_lookup() takes */
#define FAN_TABLE (FAN_ROOTS / VEC_LANES)

/* A call in progress; roots: of the fans below FAN_ROOTS; finite: the lanes in which every output was. */
struct fan {
	float *activations;
	const uint32_t *fans;
	vec weight, strength;
	vec roots[FAN_TABLE];
	vec_mask finite;
};

/* Fans as floats, where 0 counts as 1. */
static EXP_INLINE void fan_convert(const vec_int *fans, vec *t, int count)
{
	for (int j = 0; j < count; j++)
		t[j] = vec_max(vec_set(1.0f), uint_to_vec(fans[j]));
}

/* The roots of those: most fans are small, and a look-up keeps them off the divider, which is busy anyway. */
static EXP_INLINE void fan_roots(const struct fan *f, const vec_int *fans, vec *root, int count)
{
	vec_int all = fans[0];
	for (int j = 1; j < count; j++)
		all = int_or(all, fans[j]);
	if (__builtin_expect(mask_any(mask_not(int_equal(int_and(all, int_set(-FAN_ROOTS)), int_set(0)))), 0)) {
		fan_convert(fans, root, count);
		for (int j = 0; j < count; j++)
			root[j] = vec_sqrt(root[j]);
	} else {
		for (int j = 0; j < count; j++)
			root[j] = vec_lookup(f->roots, fans[j]);
	}
}

/* a[count] in place; form is a constant where this is inlined. */
static EXP_INLINE void fan_vectors(const struct fan *f, vec *a, const vec_int *fans, int count, uint32_t form)
{
	vec t[EXP_BLOCK];
	if (form == TENON_FAN_ONE)
		return;
	if (form == TENON_FAN_SQRT)
		fan_roots(f, fans, t, count);
	else
		fan_convert(fans, t, count);
	if (form == TENON_FAN_ACT_R) {
		vec_log_normal(t, t, count);
		for (int j = 0; j < count; j++)
			a[j] = vec_add(a[j], vec_mul(f->weight, vec_sub(f->strength, t[j])));
	} else {
		for (int j = 0; j < count; j++)
			a[j] = vec_div(a[j], t[j]);
	}
}

/* The block from element i on. */
static EXP_INLINE void fan_block(struct fan *f, size_t i, uint32_t form)
{
	vec a[EXP_BLOCK];
	vec_int fans[EXP_BLOCK];
	for (int j = 0; j < EXP_BLOCK; j++) {
		a[j] = vec_load(f->activations + i + j * VEC_LANES);
		fans[j] = int_load((const int32_t *)f->fans + i + j * VEC_LANES);
	}
	fan_vectors(f, a, fans, EXP_BLOCK, form);
	for (int j = 0; j < EXP_BLOCK; j++) {
		f->finite = mask_and(f->finite, vec_less_equal(vec_abs(a[j]), vec_set(FLT_MAX)));
		if (form != TENON_FAN_ONE)
			vec_store(f->activations + i + j * VEC_LANES, a[j]);
	}
}

/* The first n lanes from element i on; what the others become is not looked at. */
static EXP_INLINE void fan_rest(struct fan *f, size_t i, size_t n, uint32_t form)
{
	int32_t copy[VEC_LANES] = {0};
	memcpy(copy, f->fans + i, n * sizeof *copy);
	vec a = vec_load_first(f->activations + i, n);
	vec_int fans = int_load(copy);
	fan_vectors(f, &a, &fans, 1, form);
	vec_mask finite = vec_less_equal(vec_abs(a), vec_set(FLT_MAX));
	f->finite = mask_and(f->finite, mask_or(finite, mask_not(vec_first(n))));
	vec_store_first(f->activations + i, n, a);
}

static EXP_INLINE int fan_all(struct fan *f, size_t n, uint32_t form)
{
	size_t i = 0;
	for (; n - i >= EXP_BLOCK * VEC_LANES; i += EXP_BLOCK * VEC_LANES)
		fan_block(f, i, form);
	for (; i < n; i += VEC_LANES)
		fan_rest(f, i, n - i < VEC_LANES ? n - i : VEC_LANES, form);
	return mask_any(mask_not(f->finite)) ? TENON_ENONFINITE : TENON_OK;
}

static inline void fan_fill_roots(struct fan *f)
{
	int32_t numbers[FAN_ROOTS];
	for (int i = 0; i < FAN_ROOTS; i++)
		numbers[i] = i > 1 ? i : 1;
	for (int j = 0; j < FAN_TABLE; j++)
		f->roots[j] = vec_sqrt(int_to_vec(int_load(numbers + j * VEC_LANES)));
}

static inline int fan_effect_body(const struct tenon_fan_effect_args *a)
{
	struct fan f = {.activations = a->activations,
			.fans = a->fans,
			.weight = vec_set(a->weight),
			.strength = vec_set(a->strength),
			.finite = vec_first(VEC_LANES)};
	switch (a->form) {
	case TENON_FAN_LINEAR: return fan_all(&f, a->n, TENON_FAN_LINEAR);
	case TENON_FAN_SQRT: fan_fill_roots(&f); return fan_all(&f, a->n, TENON_FAN_SQRT);
	case TENON_FAN_ACT_R: return fan_all(&f, a->n, TENON_FAN_ACT_R);
	default: return fan_all(&f, a->n, TENON_FAN_ONE);
	}
}

#endif
