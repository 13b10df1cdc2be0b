/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The vector of neon: 4 floats in a q register. The bodies in backends/shared/ are written over these names, which
 * every vec.h defines alike; each operation is one correctly rounded IEEE operation a lane, or moves bits. Everything
 * is static, so that the linker cannot merge the copies of two ISAs. Pure.
 */
#ifndef BACKENDS_NEON_VEC_H
#define BACKENDS_NEON_VEC_H

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#define VEC_LANES 4

typedef float32x4_t vec;     /* VEC_LANES floats */
typedef int32x4_t vec_int;   /* VEC_LANES 32-bit integers */
typedef uint32x4_t vec_mask; /* VEC_LANES booleans: all bits of a lane */

static inline vec vec_set(float x)
{
	return vdupq_n_f32(x);
}
static inline vec vec_load(const float *p)
{
	return vld1q_f32(p);
}
static inline void vec_store(float *p, vec a)
{
	vst1q_f32(p, a);
}

/* Where other ISAs store past the caches and then order those stores; there is no intrinsic for it here. */
static inline void vec_stream(float *p, vec a)
{
	vst1q_f32(p, a);
}
static inline void vec_stream_end(void)
{
}

/* Asks for the cache line of p, to be written; p may be anywhere. */
static inline void vec_prefetch_to_write(const void *p)
{
	__builtin_prefetch(p, 1);
}

/* The mask of the first n lanes, n at most VEC_LANES. */
static inline vec_mask vec_first(size_t n)
{
	const uint32x4_t index = {0, 1, 2, 3};
	return vcltq_u32(index, vdupq_n_u32((uint32_t)n));
}

/* The first n floats, n at most VEC_LANES; touches nothing behind them. The other lanes are +0. */
static inline vec vec_load_first(const float *p, size_t n)
{
	vec a = vdupq_n_f32(0);
	if (n == 4)
		return vld1q_f32(p);
	if (n > 0)
		a = vld1q_lane_f32(p, a, 0);
	if (n > 1)
		a = vld1q_lane_f32(p + 1, a, 1);
	if (n > 2)
		a = vld1q_lane_f32(p + 2, a, 2);
	return a;
}
static inline void vec_store_first(float *p, size_t n, vec a)
{
	if (n > 0)
		vst1q_lane_f32(p, a, 0);
	if (n > 1)
		vst1q_lane_f32(p + 1, a, 1);
	if (n > 2)
		vst1q_lane_f32(p + 2, a, 2);
	if (n > 3)
		vst1q_lane_f32(p + 3, a, 3);
}

static inline vec vec_add(vec a, vec b)
{
	return vaddq_f32(a, b);
}
static inline vec vec_sub(vec a, vec b)
{
	return vsubq_f32(a, b);
}
static inline vec vec_mul(vec a, vec b)
{
	return vmulq_f32(a, b);
}
static inline vec vec_div(vec a, vec b)
{
	return vdivq_f32(a, b);
}
static inline vec vec_sqrt(vec a)
{
	return vsqrtq_f32(a);
}

/* Has a computed before whatever is kept later: compilers would take interleaved chains apart, to save registers. */
static inline void vec_keep(vec *a)
{
	__asm__ volatile("" : "+w"(*a));
}

/* Clears the sign; keeps the sign alone. */
static inline vec vec_abs(vec a)
{
	return vabsq_f32(a);
}
static inline vec vec_sign(vec a)
{
	return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(a), vdupq_n_u32(0x80000000)));
}

/* a < b ? a : b and a > b ? a : b, hence b where either is a NaN. */
static inline vec vec_min(vec a, vec b)
{
	return vbslq_f32(vcltq_f32(a, b), a, b);
}
static inline vec vec_max(vec a, vec b)
{
	return vbslq_f32(vcgtq_f32(a, b), a, b);
}

/* Comparisons: false where either side is a NaN. */
static inline vec_mask vec_less(vec a, vec b)
{
	return vcltq_f32(a, b);
}
static inline vec_mask vec_less_equal(vec a, vec b)
{
	return vcleq_f32(a, b);
}
static inline vec_mask vec_equal(vec a, vec b)
{
	return vceqq_f32(a, b);
}

static inline vec_mask mask_and(vec_mask a, vec_mask b)
{
	return vandq_u32(a, b);
}
static inline vec_mask mask_or(vec_mask a, vec_mask b)
{
	return vorrq_u32(a, b);
}
static inline vec_mask mask_not(vec_mask a)
{
	return vmvnq_u32(a);
}
/* Bit i is lane i. */
static inline uint32_t mask_bits(vec_mask a)
{
	const uint32x4_t weight = {1, 2, 4, 8};
	return vaddvq_u32(vandq_u32(a, weight));
}
static inline int mask_any(vec_mask a)
{
	return vmaxvq_u32(a) != 0;
}

/* Is there a subnormal, an infinity or a NaN in count vectors? */
static inline __attribute__((always_inline)) int vec_any_unusual(const vec *a, int count)
{
	vec_int lowest = vdupq_n_s32(INT32_MAX), largest = vdupq_n_s32(0);
	for (int j = 0; j < count; j++) {
		vec_int magnitude = vreinterpretq_s32_f32(vec_abs(a[j]));
		/* The bits, minus 1, from the bottom of the integers up: subnormals are lowest, zero is highest. */
		lowest = vminq_s32(lowest, vaddq_s32(magnitude, vdupq_n_s32(INT32_MAX)));
		largest = vmaxq_s32(largest, magnitude);
	}
	uint32x4_t subnormal = vcltq_s32(lowest, vdupq_n_s32(INT32_MIN + 0x7fffff));
	return mask_any(vorrq_u32(subnormal, vcgtq_s32(largest, vdupq_n_s32(0x7f7fffff))));
}

/* Are all lanes of count vectors from +0 to 1? */
static inline __attribute__((always_inline)) int vec_all_unit(const vec *a, int count)
{
	uint32x4_t largest = vreinterpretq_u32_f32(a[0]);
	for (int j = 1; j < count; j++)
		largest = vmaxq_u32(largest, vreinterpretq_u32_f32(a[j]));
	return vmaxvq_u32(largest) <= 0x3f800000;
}

/* yes where the mask is set, else no. */
static inline vec vec_select(vec_mask mask, vec yes, vec no)
{
	return vbslq_f32(mask, yes, no);
}
static inline vec_int int_select(vec_mask mask, vec_int yes, vec_int no)
{
	return vbslq_s32(mask, yes, no);
}

static inline vec_int int_set(int32_t x)
{
	return vdupq_n_s32(x);
}
static inline vec_int int_load(const int32_t *p)
{
	return vld1q_s32(p);
}
static inline void int_store(int32_t *p, vec_int a)
{
	vst1q_s32(p, a);
}
static inline vec_int int_add(vec_int a, vec_int b)
{
	return vaddq_s32(a, b);
}
static inline vec_int int_sub(vec_int a, vec_int b)
{
	return vsubq_s32(a, b);
}
static inline vec_int int_and(vec_int a, vec_int b)
{
	return vandq_s32(a, b);
}
static inline vec_int int_or(vec_int a, vec_int b)
{
	return vorrq_s32(a, b);
}
static inline vec_mask int_equal(vec_int a, vec_int b)
{
	return vceqq_s32(a, b);
}
#define int_shift_left(a, count) vshlq_n_s32(a, count)
#define int_shift_right(a, count) vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(a), count))

/* The nearest float, ties to even. */
static inline vec int_to_vec(vec_int a)
{
	return vcvtq_f32_s32(a);
}

/* The same of integers without a sign. */
static inline vec uint_to_vec(vec_int a)
{
	return vcvtq_f32_u32(vreinterpretq_u32_s32(a));
}

/* table[index] of 32 floats in vectors; index is below 32. Bytes are looked up, 4 * index + 0, 1, 2, 3, in two halves. */
static inline vec vec_lookup(const vec *table, vec_int index)
{
	uint8x16x4_t low, high;
	for (int j = 0; j < 4; j++) {
		low.val[j] = vreinterpretq_u8_f32(table[j]);
		high.val[j] = vreinterpretq_u8_f32(table[4 + j]);
	}
	uint32x4_t wide = vmlaq_n_u32(vdupq_n_u32(0x03020100), vreinterpretq_u32_s32(index), 0x04040404);
	uint8x16_t at = vreinterpretq_u8_u32(wide);
	/* Beyond its 64 bytes the first gives 0, and the second leaves what it is given. */
	return vreinterpretq_f32_u8(vqtbx4q_u8(vqtbl4q_u8(low, at), high, vsubq_u8(at, vdupq_n_u8(64))));
}

/* to[count] from count vectors of u64, or one from the first n of them: each rounded once, to nearest even. */
static inline __attribute__((always_inline)) void vec_from_u64(const uint64_t *p, vec *to, int count)
{
	for (int j = 0; j < count; j++, p += VEC_LANES) {
		const vec a = {(float)p[0], (float)p[1], (float)p[2], (float)p[3]};
		to[j] = a;
	}
}
static inline vec vec_from_u64_first(const uint64_t *p, size_t n)
{
	float a[VEC_LANES] = {0};
	for (size_t i = 0; i < n; i++)
		a[i] = (float)p[i];
	return vec_load(a);
}

/* The same bits. */
static inline vec_int vec_as_int(vec a)
{
	return vreinterpretq_s32_f32(a);
}
static inline vec int_as_vec(vec_int a)
{
	return vreinterpretq_f32_s32(a);
}

/* base[index[0]], base[index[1]], ... */
static inline vec vec_pick(const float *base, const uint32_t *index)
{
	vec a = vld1q_dup_f32(base + index[0]);
	a = vld1q_lane_f32(base + index[1], a, 1);
	a = vld1q_lane_f32(base + index[2], a, 2);
	return vld1q_lane_f32(base + index[3], a, 3);
}
static inline vec vec_pick_narrow(const float *base, const uint16_t *index)
{
	const uint32_t wide[4] = {index[0], index[1], index[2], index[3]};
	return vec_pick(base, wide);
}

/* Lane i of a[j] becomes lane j of a[i]. */
static inline __attribute__((always_inline)) void vec_transpose(vec a[VEC_LANES])
{
	float64x2_t even = vreinterpretq_f64_f32(vtrn1q_f32(a[0], a[1]));
	float64x2_t odd = vreinterpretq_f64_f32(vtrn2q_f32(a[0], a[1]));
	float64x2_t even2 = vreinterpretq_f64_f32(vtrn1q_f32(a[2], a[3]));
	float64x2_t odd2 = vreinterpretq_f64_f32(vtrn2q_f32(a[2], a[3]));
	a[0] = vreinterpretq_f32_f64(vtrn1q_f64(even, even2));
	a[1] = vreinterpretq_f32_f64(vtrn1q_f64(odd, odd2));
	a[2] = vreinterpretq_f32_f64(vtrn2q_f64(even, even2));
	a[3] = vreinterpretq_f32_f64(vtrn2q_f64(odd, odd2));
}

/* lane[j] += lane[j + w] for w = VEC_LANES / 2, ..., 2, 1; returns lane[0]. */
static inline float vec_fold(vec a)
{
	float32x2_t two = vadd_f32(vget_low_f32(a), vget_high_f32(a));
	return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

/* The same for 32 lanes in order: w = 16, 8, 4, 2, 1. */
static inline float vec_fold_32(const vec lane[8])
{
	vec even = vec_add(vec_add(lane[0], lane[4]), vec_add(lane[2], lane[6]));
	vec odd = vec_add(vec_add(lane[1], lane[5]), vec_add(lane[3], lane[7]));
	return vec_fold(vec_add(even, odd));
}

#endif
