/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * One query against rows: inner_product, squared_distance, vector_similarity. The 32 lanes of the canonical order are 8, 4,
 * 2 or 1 registers (of vectors longer than 1024 bits, or no power of two long, a part), chosen once a call. Pure.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "sve.h"

#define LANES 32

struct sums {
	float d, cc;
};
enum wanted { WANT_DOT, WANT_DOT_AND_NORM, WANT_DISTANCE };

/* What is done for each register; registers is a constant where this is used, and arrays of vectors do not exist. */
#define EACH(DO)                                \
	do {                                    \
		DO(0)                           \
		if (registers > 1) {            \
			DO(1)                   \
		}                               \
		if (registers > 2) {            \
			DO(2) DO(3)             \
		}                               \
		if (registers > 4) {            \
			DO(4) DO(5) DO(6) DO(7) \
		}                               \
	} while (0)

/* lane[j] += lane[j + w] for w = width / 2, ..., 2, 1. */
SVE_INLINE float fold_register(svbool_t on, svfloat32_t lane, uint32_t width)
{
	for (uint32_t w = width / 2; w; w /= 2)
		lane = svadd_f32_x(on, lane, svtbl_f32(lane, svindex_u32(w, 1)));
	return svlastb_f32(svptrue_pat_b32(SV_VL1), lane);
}

/* Registers first: these are w = 16 and so on, down to width. */
#define FOLD(a)                                             \
	do {                                                \
		if (registers > 4) {                        \
			a##0 = svadd_f32_x(on, a##0, a##4); \
			a##1 = svadd_f32_x(on, a##1, a##5); \
			a##2 = svadd_f32_x(on, a##2, a##6); \
			a##3 = svadd_f32_x(on, a##3, a##7); \
		}                                           \
		if (registers > 2) {                        \
			a##0 = svadd_f32_x(on, a##0, a##2); \
			a##1 = svadd_f32_x(on, a##1, a##3); \
		}                                           \
		if (registers > 1)                          \
			a##0 = svadd_f32_x(on, a##0, a##1); \
	} while (0)

/* A product, then a sum, each rounded: never a fused one. part: the lanes that have a term; the others add +0. */
#define STEP_AT(j, part)                                                       \
	{                                                                      \
		svfloat32_t x = svld1_f32(part, q + i + (j)*width);            \
		svfloat32_t y = svld1_f32(part, c + i + (j)*width);            \
		if (want == WANT_DISTANCE)                                     \
			x = y = svsub_f32_x(on, x, y);                         \
		d##j = svadd_f32_x(on, d##j, svmul_f32_x(on, x, y));           \
		if (want == WANT_DOT_AND_NORM)                                 \
			cc##j = svadd_f32_x(on, cc##j, svmul_f32_x(on, y, y)); \
	}
#define STEP(j) STEP_AT(j, on)
#define STEP_LAST(j) STEP_AT(j, svand_b_z(on, on, svwhilelt_b32_u64(i + (j)*width, n)))

SVE_INLINE struct sums sum_row(const float *q, const float *c, size_t n, enum wanted want, const int registers)
{
	const size_t width = LANES / (size_t)registers;
	const svbool_t on = svwhilelt_b32_u64(0, width);
	const svfloat32_t zero = svdup_f32(0);
	svfloat32_t d0 = zero, d1 = zero, d2 = zero, d3 = zero, d4 = zero, d5 = zero, d6 = zero, d7 = zero;
	svfloat32_t cc0 = zero, cc1 = zero, cc2 = zero, cc3 = zero, cc4 = zero, cc5 = zero, cc6 = zero, cc7 = zero;
	size_t i = 0;
	for (; n - i >= LANES; i += LANES)
		EACH(STEP);
	if (i < n)
		EACH(STEP_LAST);
	FOLD(d);
	FOLD(cc);
	return (struct sums){fold_register(on, d0, (uint32_t)width),
			     want == WANT_DOT_AND_NORM ? fold_register(on, cc0, (uint32_t)width) : 0};
}

/* ---- Rows whose squared norm is not ordinary: rare, and so in plain C ------------------------------------------------ */

static int is_ordinary(float squared)
{
	return squared >= 0x1p-100f && squared <= FLT_MAX;
}

static float clamp(float x)
{
	return x < -1 ? -1 : (x > 1 ? 1 : x);
}

/* The largest magnitude as bits, which order like the values; from 0x7f800000 on there is an infinity or a NaN. */
static uint32_t find_largest(const float *v, size_t n)
{
	uint32_t most = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t bits;
		memcpy(&bits, v + i, sizeof bits);
		bits &= 0x7fffffff;
		most = bits > most ? bits : most;
	}
	return most;
}

/* v[i] * 2^-e in two factors, since one float may not hold it. */
struct scale {
	float up, more;
};

static struct scale choose_scale(uint32_t largest, float squared)
{
	float magnitude;
	int e;
	memcpy(&magnitude, &largest, sizeof magnitude);
	if (is_ordinary(squared))
		return (struct scale){1, 1};
	e = largest >> 23 ? (int)(largest >> 23) - 127 : 31 - __builtin_clz(largest) - 149;
	int first = e < -127 ? 127 : -e;
	uint32_t bits[2] = {0, 0};
	int exponent[2] = {first, -e - first};
	for (int k = 0; k < 2; k++)
		bits[k] = exponent[k] >= -126 ? (uint32_t)(exponent[k] + 127) << 23 : 1u << (exponent[k] + 149);
	struct scale scale;
	memcpy(&scale, bits, sizeof scale);
	return scale;
}

static float dot_scaled(const float *a, struct scale by_a, const float *b, struct scale by_b, size_t n)
{
	float lane[LANES] = {0};
	for (size_t i = 0; i < n; i++)
		lane[i % LANES] += a[i] * by_a.up * by_a.more * (b[i] * by_b.up * by_b.more);
	for (int w = LANES / 2; w; w /= 2)
		for (int j = 0; j < w; j++)
			lane[j] += lane[j + w];
	return lane[0];
}

static __attribute__((noinline, cold)) float score_odd(const float *q, float qq, const float *c, float cc, size_t n)
{
	uint32_t most_q = find_largest(q, n), most_c = find_largest(c, n);
	if (most_q >= 0x7f800000 || most_c >= 0x7f800000)
		return NAN;
	if (most_q == 0 || most_c == 0)
		return 0;
	struct scale by_q = choose_scale(most_q, qq), by_c = choose_scale(most_c, cc);
	qq = dot_scaled(q, by_q, q, by_q, n);
	cc = dot_scaled(c, by_c, c, by_c, n);
	return clamp(dot_scaled(q, by_q, c, by_c, n) / (sqrtf(qq) * sqrtf(cc)));
}

/* ---- The kernels ----------------------------------------------------------------------------------------------------- */

SVE_INLINE int score_cosines(const struct tenon_vector_similarity_args *a, const int registers)
{
	int status = TENON_OK;
	float qq = sum_row(a->query, a->query, a->dim, WANT_DOT, registers).d, root = sqrtf(qq);
	for (size_t r = 0; r < a->count; r++) {
		const float *row = a->rows + r * a->stride;
		struct sums s = sum_row(a->query, row, a->dim, WANT_DOT_AND_NORM, registers);
		float x;
		if (is_ordinary(qq) && is_ordinary(s.cc))
			x = clamp(s.d / (root * sqrtf(s.cc)));
		else
			x = score_odd(a->query, qq, row, s.cc, a->dim);
		a->scores[r] = x;
		status = x != x ? TENON_ENONFINITE : status;
	}
	return status;
}

/* inner_product and squared_distance have the same arguments. */
SVE_INLINE int score_rows(const struct tenon_inner_product_args *a, enum wanted want, const int registers)
{
	int status = TENON_OK;
	for (size_t r = 0; r < a->count; r++) {
		float score = sum_row(a->query, a->rows + r * a->stride, a->dim, want, registers).d;
		status = fabsf(score) <= FLT_MAX ? status : TENON_ENONFINITE;
		a->scores[r] = score;
	}
	return status;
}

/* The registers that 32 lanes take here, as a constant for each case. */
#define FOR_LENGTH(function, ...)                        \
	do {                                             \
		size_t length = svcntw();                \
		if (length >= 32)                        \
			return function(__VA_ARGS__, 1); \
		if (length >= 16)                        \
			return function(__VA_ARGS__, 2); \
		if (length >= 8)                         \
			return function(__VA_ARGS__, 4); \
		return function(__VA_ARGS__, 8);         \
	} while (0)

int sve_vector_similarity(const void *args, void *scratch)
{
	const struct tenon_vector_similarity_args *a = args;
	(void)scratch;
	FOR_LENGTH(score_cosines, a);
}

int sve_inner_product(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = args;
	(void)scratch;
	FOR_LENGTH(score_rows, a, WANT_DOT);
}

int sve_squared_distance(const void *args, void *scratch)
{
	const struct tenon_squared_distance_args *s = args;
	const struct tenon_inner_product_args same = {s->query, s->rows, s->count, s->dim, s->stride, s->scores},
					      *a = &same;
	(void)scratch;
	FOR_LENGTH(score_rows, a, WANT_DISTANCE);
}
