/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The decay family over the vector of the vec.h that was included first; the arithmetic is in docs/NUMERICS.md. Pure.
 */
#ifndef BACKENDS_SHARED_DECAY_BODY_H
#define BACKENDS_SHARED_DECAY_BODY_H

#include <float.h>
#include <math.h>
#include <tenon/backend.h>

#include "backends/shared/log_body.h"

/* From so many elements on, 16 bytes each, the outputs bypass the caches, which the inputs fill anyway. */
#define DECAY_STREAM_MIN ((size_t)1 << 21)
#define DECAY_AHEAD 4096 /* bytes of values by which memory is then asked for early */

/*
 * Vectors in a block. Past the caches at most 256 bytes of them: memory that is asked for in larger bursts comes later
 * (0.82 of the streaming limit instead of 1).
 */
#define DECAY_STREAM_BLOCK (EXP_BLOCK * sizeof(vec) > 256 ? 256 / (int)sizeof(vec) : EXP_BLOCK)
#define DECAY_BLOCK(stream) ((int)((stream) ? DECAY_STREAM_BLOCK : EXP_BLOCK))

/* How the argument of exp is made of an age; always a constant where it is passed. */
enum decay_law { LAW_EXPONENTIAL, LAW_POWER, LAW_TWO_COMPONENT };

/* A call in progress; finite: the lanes in which every output was. */
struct decay {
	const float *values;
	const uint64_t *ages;
	const float *stabilities; /* of LAW_TWO_COMPONENT */
	float *out;
	vec unit; /* what ages are divided by: tau, or t0 */
	vec rate; /* beta, or lambda */
	vec floor;
	vec_mask finite;
};

/* ---- Arguments of exp -------------------------------------------------------------------------------------------- */

/* x[count] from element i on: ages in units. */
static EXP_INLINE void decay_times(struct decay *d, size_t i, vec *x, int count, enum decay_law law)
{
	vec_from_u64(d->ages + i, x, count);
	for (int j = 0; j < count; j++) {
		vec unit = law == LAW_TWO_COMPONENT ? vec_load(d->stabilities + i + j * VEC_LANES) : d->unit;
		x[j] = vec_div(x[j], unit);
		if (law == LAW_TWO_COMPONENT)
			x[j] = vec_select(vec_less(vec_set(0.0f), unit), x[j], vec_set(NAN));
	}
}

/* The same for the first n elements of one vector. */
static EXP_INLINE vec decay_times_first(struct decay *d, size_t i, size_t n, enum decay_law law)
{
	vec x = vec_from_u64_first(d->ages + i, n);
	if (law != LAW_TWO_COMPONENT)
		return vec_div(x, d->unit);
	vec unit = vec_select(vec_first(n), vec_load_first(d->stabilities + i, n), vec_set(1.0f));
	return vec_select(vec_less(vec_set(0.0f), unit), vec_div(x, unit), vec_set(NAN));
}

/* Turns x into the argument of exp. */
static EXP_INLINE void decay_arguments(struct decay *d, vec *x, int count, enum decay_law law)
{
	if (law == LAW_EXPONENTIAL)
		return;
	for (int j = 0; j < count; j++)
		x[j] = vec_min(vec_set(FLT_MAX), x[j]);
	if (law == LAW_POWER) {
		for (int j = 0; j < count; j++)
			x[j] = vec_add(vec_set(1.0f), x[j]);
		vec_log_normal(x, x, count);
	}
	for (int j = 0; j < count; j++)
		x[j] = vec_mul(d->rate, x[j]);
}

/* ---- Blocks ------------------------------------------------------------------------------------------------------ */

/*
 * y[count] from value and z. Subnormal products alone need flushing or, where z is 0, the value back; like what is not
 * finite they are rare, so a block is looked at as a whole first.
 */
static EXP_INLINE void decay_vectors(struct decay *d, const vec *value, const vec *z, vec *y, int count)
{
	vec_exp_minus(z, y, count);
	for (int j = 0; j < count; j++)
		y[j] = vec_mul(value[j], y[j]);
	if (__builtin_expect(vec_any_unusual(y, count), 0)) {
		for (int j = 0; j < count; j++) {
			vec flushed = vec_select(vec_less(vec_abs(y[j]), vec_set(FLT_MIN)), vec_sign(y[j]), y[j]);
			y[j] = vec_select(vec_equal(z[j], vec_set(0.0f)), value[j], flushed);
			d->finite = mask_and(d->finite, vec_less_equal(vec_abs(y[j]), vec_set(FLT_MAX)));
		}
	}
	for (int j = 0; j < count; j++)
		y[j] = vec_max(vec_min(value[j], d->floor), y[j]);
}

/* The block from element i on, whose x is known and may be overwritten; stream: past the caches. */
static EXP_INLINE void decay_block(struct decay *d, size_t i, vec *x, int stream, enum decay_law law)
{
	vec value[EXP_BLOCK], y[EXP_BLOCK];
	const int count = DECAY_BLOCK(stream);
	decay_arguments(d, x, count, law);
	for (int j = 0; j < count; j++)
		value[j] = vec_load(d->values + i + j * VEC_LANES);
	decay_vectors(d, value, x, y, count);
	for (int j = 0; j < count; j++) {
		if (stream)
			vec_stream(d->out + i + j * VEC_LANES, y[j]);
		else
			vec_store(d->out + i + j * VEC_LANES, y[j]);
	}
}

/* Asks for the cache lines of a block of so many bytes that lies ahead of p; by integers, since it may be anywhere. */
static EXP_INLINE void decay_prefetch(const void *p, size_t ahead, size_t bytes)
{
	for (size_t line = 0; line < bytes; line += 64)
		__builtin_prefetch((const void *)((uintptr_t)p + ahead + line));
}

/* What n elements from i on will want later. */
static EXP_INLINE void decay_prefetch_inputs(const struct decay *d, size_t i, size_t n, enum decay_law law)
{
	decay_prefetch(d->values + i, DECAY_AHEAD, n * sizeof *d->values);
	decay_prefetch(d->ages + i, 2 * DECAY_AHEAD, n * sizeof *d->ages);
	if (law == LAW_TWO_COMPONENT)
		decay_prefetch(d->stabilities + i, DECAY_AHEAD, n * sizeof *d->stabilities);
}

/* Whole blocks, elements from i to end. Conversion and division run one block ahead, beside the polynomials. */
static EXP_INLINE void decay_blocks(struct decay *d, size_t i, size_t end, int stream, enum decay_law law)
{
	vec x[EXP_BLOCK], next[EXP_BLOCK];
	const int count = DECAY_BLOCK(stream);
	const size_t n = (size_t)count * VEC_LANES;
	if (i == end)
		return;
	decay_times(d, i, x, count, law);
	for (; i + n < end; i += n) {
		if (stream)
			decay_prefetch_inputs(d, i, n, law);
		decay_times(d, i + n, next, count, law);
		decay_block(d, i, x, stream, law);
		for (int j = 0; j < count; j++)
			x[j] = next[j];
	}
	decay_block(d, i, x, stream, law);
}

/* Less than a block, elements from i to end. */
static EXP_INLINE void decay_rest(struct decay *d, size_t i, size_t end, enum decay_law law)
{
	for (; i < end; i += VEC_LANES) {
		size_t n = end - i < VEC_LANES ? end - i : VEC_LANES;
		vec value = vec_load_first(d->values + i, n), y;
		vec x = decay_times_first(d, i, n, law);
		decay_arguments(d, &x, 1, law);
		decay_vectors(d, &value, &x, &y, 1);
		vec_store_first(d->out + i, n, y);
	}
}

/* Elements 0 to n by the law. */
static EXP_INLINE int decay_all(struct decay *d, size_t n, enum decay_law law)
{
	const int stream = n >= DECAY_STREAM_MIN;
	size_t head = stream ? -((uintptr_t)d->out / sizeof(float)) % VEC_LANES : 0;
	size_t block = (size_t)EXP_BLOCK * VEC_LANES, end = head + (n - head) / block * block;
	d->finite = vec_first(VEC_LANES);
	decay_rest(d, 0, head, law);
	if (stream) {
		decay_blocks(d, head, end, 1, law);
		vec_stream_end();
	} else {
		decay_blocks(d, head, end, 0, law);
	}
	decay_rest(d, end, n, law);
	return mask_any(mask_not(d->finite)) ? TENON_ENONFINITE : TENON_OK;
}

/* ---- Kernels ----------------------------------------------------------------------------------------------------- */

static inline int decay_exponential_body(const struct tenon_decay_exponential_args *a)
{
	struct decay d = {.values = a->values,
			  .ages = a->ages,
			  .out = a->out,
			  .unit = vec_set(a->tau),
			  .floor = vec_set(a->floor)};
	return decay_all(&d, a->n, LAW_EXPONENTIAL);
}

static inline int decay_power_law_body(const struct tenon_decay_power_law_args *a)
{
	struct decay d = {.values = a->values,
			  .ages = a->ages,
			  .out = a->out,
			  .unit = vec_set(a->t0),
			  .rate = vec_set(a->beta),
			  .floor = vec_set(a->floor)};
	return decay_all(&d, a->n, LAW_POWER);
}

static inline int decay_two_component_body(const struct tenon_decay_two_component_args *a)
{
	struct decay d = {.values = a->values,
			  .ages = a->ages,
			  .stabilities = a->stabilities,
			  .out = a->out,
			  .floor = vec_set(a->floor)};
	vec base = vec_set(a->base);
	vec_log(&base, &d.rate, 1);
	d.rate = vec_sub(vec_set(0.0f), d.rate);
	return decay_all(&d, a->n, LAW_TWO_COMPONENT);
}

#endif
