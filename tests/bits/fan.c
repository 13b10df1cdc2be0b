/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bit identity of binding_decay and fan_effect, which change their floats in place: every length around the blocks, every
 * alignment, every form, rates up to the end of exp and of the range, fans of every width, beside the ties of the
 * conversion and around the tables of roots, and special values and odd fans in each lane.
 */
#include "tests/bits/bits.h"

#include <float.h>
#include <math.h>

struct family {
	tenon_kernel_fn *function;
	struct bits *bits;
	uint64_t number; /* of the case */
};

static const float special_values[] = {0x1p-149f, 0x1.fffffcp-127f, 0x1p-126f, FLT_MAX, INFINITY, -INFINITY, NAN, -0.0f,
				       1,         0x1.000002p+0f,   -0x1p-149f};
enum { SPECIAL_VALUES = sizeof special_values / sizeof *special_values };

/* In place, hashed with the float behind, which tells an overrun. */
static float *make_floats(uint32_t id, uint64_t number, size_t n, size_t at, int special)
{
	float *floats = bits_alloc(n + 1, at);
	bits_fill(floats, n, id, number, 0, special);
	for (size_t i = 0; i < n; i++)
		floats[i] = floats[i] < 0 && i % 4 ? -floats[i] : floats[i];
	floats[n] = 1234;
	return floats;
}

/* ---- binding_decay ----------------------------------------------------------------------------------------------- */

struct binding {
	size_t n;
	int special;
	float rate, dt;
	uint32_t form;
};

static void run_binding_on(struct family *f, struct binding b, float *strengths, size_t at)
{
	struct tenon_binding_decay_args a = {strengths, b.n, b.rate, b.dt, b.form};
	int status = f->function(&a, NULL);
	bits_add_floats(f->bits, strengths, b.n + 1);
	bits_case(f->bits, status);
	bits_free(strengths, at);
}

static void run_binding(struct family *f, struct binding b)
{
	size_t at = ++f->number % 16;
	run_binding_on(f, b, make_floats(TENON_ID_binding_decay, f->number, b.n, at, b.special), at);
}

static void binding_lengths(struct family *f)
{
	for (size_t n = 0; n <= 4 * 128 + 3; n++)
		for (int special = BITS_PLAIN; special <= BITS_WILD; special++)
			for (uint32_t form = 0; form < 2; form++)
				run_binding(f, (struct binding){n, special, 0.375f, 0.7f, form});
	for (size_t n = 4096; n <= 32768; n *= 2)
		for (size_t d = 0; d < 3; d++)
			run_binding(f, (struct binding){n + d - 1, BITS_WILD, 0.1f, 3, (uint32_t)d % 2});
}

static void binding_rates(struct family *f)
{
	static const float rates[] = {
		0, -0.0f,          0x1p-149f, 0x1p-30f, 0x1p-24f,       0x1p-23f,       0.01f,   0.3f,
		1, 0x1.000002p+0f, 2,         87,       0x1.5d589ep+6f, 0x1.5d58a0p+6f, 0x1p64f, FLT_MAX};
	for (size_t r = 0; r < sizeof rates / sizeof *rates; r++)
		for (size_t t = 0; t < sizeof rates / sizeof *rates; t++)
			for (uint32_t k = 0; k < 6; k++)
				run_binding(f, (struct binding){150, (int)k / 2, rates[r], rates[t], k % 2});
	for (int i = 0; i < 500; i++)
		run_binding(f, (struct binding){40, BITS_PLAIN, (float)i * 0.1875f, 1, (uint32_t)i % 2});
}

static void binding_lanes(struct family *f)
{
	const struct binding b = {260, BITS_PLAIN, 0, 1, 0};
	for (size_t k = 0; k < SPECIAL_VALUES; k++)
		for (size_t lane = 0; lane < 132; lane++) {
			size_t at = ++f->number % 16;
			float *strengths = make_floats(TENON_ID_binding_decay, f->number, b.n, at, b.special);
			strengths[64 + lane] = special_values[k];
			run_binding_on(f, b, strengths, at);
		}
}

void bits_binding_decay(tenon_kernel_fn *function, struct bits *bits)
{
	struct family f = {function, bits, 0};
	binding_lengths(&f);
	binding_rates(&f);
	binding_lanes(&f);
}

/* ---- fan_effect -------------------------------------------------------------------------------------------------- */

/* Fans below 2^width, or, beyond 32, at ties of the conversion, around the tables' sizes, or from a list. */
enum { FANS_TIES = 33, FANS_SMALL, FANS_EDGES, FANS_KINDS };
enum { FORMS = TENON_FAN_ACT_R + 1 };

struct effect {
	size_t n;
	int special, fans;
	uint32_t form;
	float weight, strength;
};

static uint32_t make_fan(int fans, uint64_t random)
{
	static const uint32_t edges[] = {0,          1,          2,          7,          8,          15,
					 16,         17,         31,         32,         33,         0xffff,
					 0x10000,    0xffffff,   0x1000000,  0x1000001,  0x1000003,  0x7fffffff,
					 0x80000000, 0x80000080, 0x80000081, 0xffffff7f, 0xffffff80, 0xffffffff};
	uint32_t word = (uint32_t)(random >> 32), kept = 0x800000 | (word & 0x7fffff);
	int shift = 1 + (int)(random % 8);
	switch (fans) {
	case 0: return 0;
	case FANS_TIES: return (kept << shift) + (UINT32_C(1) << (shift - 1)) + (uint32_t)(random >> 20) % 3 - 1;
	case FANS_SMALL: return word % 34;
	case FANS_EDGES: return edges[word % (sizeof edges / sizeof *edges)];
	default: return word >> (32 - fans);
	}
}

/* fans are at half the activations' distance. */
static void run_effect_on(struct family *f, struct effect e, float *activations, uint32_t *fans, size_t at)
{
	struct tenon_fan_effect_args a = {activations, fans, e.n, e.form, e.weight, e.strength};
	int status = f->function(&a, NULL);
	bits_add_floats(f->bits, activations, e.n + 1);
	bits_case(f->bits, status);
	bits_free(activations, at);
	bits_free((float *)(void *)fans, at / 2);
}

static uint32_t *make_fans(struct family *f, struct effect e, size_t at)
{
	uint32_t *fans = (uint32_t *)(void *)bits_alloc(e.n, at / 2);
	for (size_t i = 0; i < e.n; i++)
		fans[i] = make_fan(e.fans, bits_random(TENON_ID_fan_effect, f->number, 1, i));
	return fans;
}

static void run_effect(struct family *f, struct effect e)
{
	size_t at = ++f->number % 16;
	float *activations = make_floats(TENON_ID_fan_effect, f->number, e.n, at, e.special);
	run_effect_on(f, e, activations, make_fans(f, e, at), at);
}

static void effect_lengths(struct family *f)
{
	for (size_t n = 0; n <= 4 * 128 + 3; n++)
		for (uint32_t form = 0; form < FORMS; form++)
			for (int special = BITS_PLAIN; special <= BITS_WILD; special++)
				run_effect(f, (struct effect){n, special, n % 2 ? 4 : 12, form, 0.9f, 3});
	for (size_t n = 4096; n <= 16384; n *= 2)
		for (uint32_t form = 0; form < FORMS; form++)
			run_effect(f, (struct effect){n + form - 1, BITS_EDGE, 5, form, 0.9f, 3});
}

static void effect_fans(struct family *f)
{
	for (int fans = 0; fans < FANS_KINDS; fans++)
		for (uint32_t form = 0; form < FORMS; form++)
			for (int k = 0; k < 24; k++)
				run_effect(f, (struct effect){300, BITS_PLAIN, fans, form, 1, 2});
}

static void effect_weights(struct family *f)
{
	static const float weights[] = {0, -0.0f, 1, -1, 0.3f, 0x1p-149f, 0x1p-100f, 0x1p100f, FLT_MAX, -FLT_MAX};
	enum { WEIGHTS = sizeof weights / sizeof *weights };
	for (size_t w = 0; w < WEIGHTS; w++)
		for (size_t s = 0; s < WEIGHTS; s++)
			for (int k = 0; k < 9; k++)
				run_effect(f, (struct effect){140 + (size_t)k, k % 3, k % 2 ? FANS_EDGES : 6,
							      TENON_FAN_ACT_R, weights[w], weights[s]});
}

/* A value or a fan that is special, in each lane of a block of ordinary ones. */
static void effect_lanes(struct family *f)
{
	static const uint32_t odd[] = {0, 16, 32, 0x80000000, 0xffffffff};
	for (uint32_t form = 0; form < FORMS; form++)
		for (size_t lane = 0; lane < 132; lane++)
			for (size_t k = 0; k < SPECIAL_VALUES + sizeof odd / sizeof *odd; k++) {
				struct effect e = {260, BITS_PLAIN, 4, form, 0.5f, 2};
				size_t at = ++f->number % 16;
				float *activations = make_floats(TENON_ID_fan_effect, f->number, e.n, at, e.special);
				uint32_t *fans = make_fans(f, e, at);
				if (k < SPECIAL_VALUES)
					activations[64 + lane] = special_values[k];
				else
					fans[64 + lane] = odd[k - SPECIAL_VALUES];
				run_effect_on(f, e, activations, fans, at);
			}
}

void bits_fan_effect(tenon_kernel_fn *function, struct bits *bits)
{
	struct family f = {function, bits, 0};
	effect_lengths(&f);
	effect_fans(&f);
	effect_weights(&f);
	effect_lanes(&f);
}
