/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The decay family over the vector of the vec.h that was included first; the arithmetic is in docs/NUMERICS.md. Pure.
 */
#ifndef BACKENDS_SHARED_DECAY_BODY_H
#define BACKENDS_SHARED_DECAY_BODY_H

#include <float.h>
#include <tenon/backend.h>

#include "backends/shared/exp_body.h"

/* From so many elements on, 16 bytes each, the outputs bypass the caches, which the inputs fill anyway. */
#define DECAY_STREAM_MIN ((size_t)1 << 21)
#define DECAY_AHEAD 2048 /* bytes of values by which memory is then asked for early */
#define DECAY_BLOCK ((size_t)EXP_BLOCK * VEC_LANES)

/* A call in progress; finite: the lanes in which every output was. */
struct decay {
	const float *values;
	const uint64_t *ages;
	float *out;
	vec tau, floor;
	vec_mask finite;
};

/*
 * y[count] from value and x. Subnormal products alone need flushing or, at age 0, the value back; like what is not
 * finite they are rare, so a block is looked at as a whole first.
 */
static EXP_INLINE void decay_vectors(struct decay *d, const vec *value, const vec *x, vec *y, int count)
{
	vec_exp_minus(x, y, count);
	for (int j = 0; j < count; j++)
		y[j] = vec_mul(value[j], y[j]);
	if (__builtin_expect(vec_any_unusual(y, count), 0)) {
		for (int j = 0; j < count; j++) {
			vec flushed = vec_select(vec_less(vec_abs(y[j]), vec_set(FLT_MIN)), vec_sign(y[j]), y[j]);
			y[j] = vec_select(vec_equal(x[j], vec_set(0.0f)), value[j], flushed);
			d->finite = mask_and(d->finite, vec_less_equal(vec_abs(y[j]), vec_set(FLT_MAX)));
		}
	}
	for (int j = 0; j < count; j++)
		y[j] = vec_max(vec_min(value[j], d->floor), y[j]);
}

/* The block from element i on, whose x is known; stream: past the caches. */
static EXP_INLINE void decay_block(struct decay *d, size_t i, const vec *x, int stream)
{
	vec value[EXP_BLOCK], y[EXP_BLOCK];
	for (int j = 0; j < EXP_BLOCK; j++)
		value[j] = vec_load(d->values + i + j * VEC_LANES);
	decay_vectors(d, value, x, y, EXP_BLOCK);
	for (int j = 0; j < EXP_BLOCK; j++) {
		if (stream)
			vec_stream(d->out + i + j * VEC_LANES, y[j]);
		else
			vec_store(d->out + i + j * VEC_LANES, y[j]);
	}
}

/* x[EXP_BLOCK] of the block from element i on. */
static EXP_INLINE void decay_times(struct decay *d, size_t i, vec *x)
{
	vec_from_u64(d->ages + i, x, EXP_BLOCK);
	for (int j = 0; j < EXP_BLOCK; j++)
		x[j] = vec_div(x[j], d->tau);
}

/* Asks for the cache lines of a block of so many bytes that lies ahead of p; by integers, since it may be anywhere. */
static EXP_INLINE void decay_prefetch(const void *p, size_t ahead, size_t bytes)
{
	for (size_t line = 0; line < bytes; line += 64)
		__builtin_prefetch((const void *)((uintptr_t)p + ahead + line));
}

/* Whole blocks, elements from i to end. Conversion and division run one block ahead, beside the polynomials. */
static EXP_INLINE void decay_blocks(struct decay *d, size_t i, size_t end, int stream)
{
	vec x[EXP_BLOCK], next[EXP_BLOCK];
	if (i == end)
		return;
	decay_times(d, i, x);
	for (; i + DECAY_BLOCK < end; i += DECAY_BLOCK) {
		if (stream) {
			decay_prefetch(d->values + i, DECAY_AHEAD, DECAY_BLOCK * sizeof *d->values);
			decay_prefetch(d->ages + i, 2 * DECAY_AHEAD, DECAY_BLOCK * sizeof *d->ages);
		}
		decay_times(d, i + DECAY_BLOCK, next);
		decay_block(d, i, x, stream);
		for (int j = 0; j < EXP_BLOCK; j++)
			x[j] = next[j];
	}
	decay_block(d, i, x, stream);
}

/* Less than a block, elements from i to end. */
static EXP_INLINE void decay_rest(struct decay *d, size_t i, size_t end)
{
	for (; i < end; i += VEC_LANES) {
		size_t n = end - i < VEC_LANES ? end - i : VEC_LANES;
		vec value = vec_load_first(d->values + i, n), y;
		vec x = vec_div(vec_from_u64_first(d->ages + i, n), d->tau);
		decay_vectors(d, &value, &x, &y, 1);
		vec_store_first(d->out + i, n, y);
	}
}

static inline int decay_exponential_body(const struct tenon_decay_exponential_args *a)
{
	struct decay d = {a->values, a->ages, a->out, vec_set(a->tau), vec_set(a->floor), vec_first(VEC_LANES)};
	const size_t n = a->n;
	const int stream = n >= DECAY_STREAM_MIN;
	size_t head = stream ? -((uintptr_t)d.out / sizeof(float)) % VEC_LANES : 0;
	size_t end = head + (n - head) / DECAY_BLOCK * DECAY_BLOCK;
	decay_rest(&d, 0, head);
	if (stream) {
		decay_blocks(&d, head, end, 1);
		vec_stream_end();
	} else {
		decay_blocks(&d, head, end, 0);
	}
	decay_rest(&d, end, n);
	return mask_any(mask_not(d.finite)) ? TENON_ENONFINITE : TENON_OK;
}

#endif
