/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bit identity of decay_exponential: every length around the blocks at every alignment, ages at and beside each tie of
 * the conversion in each lane, every binade of exp and its end, special values, floors and time constants, and outputs
 * that bypass the caches.
 */
#include "tests/bits/bits.h"

#include <float.h>
#include <math.h>

struct family {
	tenon_kernel_fn *function;
	struct bits *bits;
	uint64_t number; /* of the case */
};

/* How ages are drawn. */
enum ages { AGES_RECENT, AGES_ANY, AGES_TIES, AGES_MIXED };

struct shape {
	size_t n;
	enum ages ages;
	int special;
	float tau, floor;
};

static uint64_t draw(uint64_t number, uint64_t buffer, uint64_t index)
{
	return bits_random(TENON_ID_decay_exponential, number, buffer, index);
}

/* A number between two floats, exactly in the middle or one beside it: rounding twice or not at all shows. */
static uint64_t make_tie(uint64_t random)
{
	int shift = 1 + (int)(random % 40);
	uint64_t kept = 0x800000 | (random >> 8 & 0x7fffff), half = (uint64_t)1 << (shift - 1);
	return (kept << shift) + half + (random >> 62) - 1;
}

static uint64_t make_age(enum ages ages, uint64_t random)
{
	static const uint64_t edges[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x1fffffffffffff, 0x20000000000000,
		0x20000000000001, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};
	uint64_t more = random * 0x9e3779b97f4a7c15u;
	if (ages == AGES_MIXED)
		ages = (enum ages)(random >> 60) % 4;
	switch (ages) {
	case AGES_RECENT: return more >> 40;
	case AGES_ANY: return more >> (random & 63);
	case AGES_TIES: return make_tie(more);
	default: return edges[more % (sizeof edges / sizeof *edges)];
	}
}

static void run_case(struct family *f, struct shape s)
{
	uint64_t random = draw(++f->number, 9, 0);
	size_t values_at = random % 16, ages_at = random / 16 % 8, out_at = f->number % 16;
	float *values = bits_alloc(s.n, values_at), *pairs = bits_alloc(2 * s.n, 2 * ages_at);
	float *out = bits_alloc(s.n + 1, out_at);
	uint64_t *ages = (uint64_t *)(void *)pairs;
	bits_fill(values, s.n, TENON_ID_decay_exponential, f->number, 0, s.special);
	for (size_t i = 0; i < s.n; i++)
		ages[i] = make_age(s.ages, draw(f->number, 1, i));
	for (size_t i = 0; i <= s.n; i++) /* the last one tells an overrun */
		out[i] = 1234;
	struct tenon_decay_exponential_args a = {values, ages, s.n, s.tau, s.floor, out};
	int status = f->function(&a, NULL);
	bits_add_floats(f->bits, out, s.n + 1);
	bits_case(f->bits, status);
	bits_free(values, values_at);
	bits_free(pairs, 2 * ages_at);
	bits_free(out, out_at);
}

static void every_length(struct family *f)
{
	for (size_t n = 0; n <= 4 * 128 + 3; n++)
		for (int special = BITS_PLAIN; special <= BITS_WILD; special++)
			run_case(f, (struct shape){n, (enum ages)(n % 4), special, 0x1p22f, n % 2 ? 0.125f : -INFINITY});
}

static void every_alignment(struct family *f)
{
	for (int i = 0; i < 16 * 16 * 8; i++)
		run_case(f, (struct shape){200, AGES_RECENT, BITS_EDGE, 600000, -INFINITY});
}

/* With tau a power of two x is the age shifted: each binade of x up to the end of exp. */
static void every_binade(struct family *f)
{
	for (int e = -10; e < 80; e++)
		for (int k = 0; k < 4; k++)
			run_case(f, (struct shape){260, k % 2 ? AGES_TIES : AGES_RECENT, BITS_PLAIN, ldexpf(1, e), -INFINITY});
}

static void every_parameter(struct family *f)
{
	static const float taus[] = {0x1p-149f, 0x1p-126f, 0x1p-20f, 1, 3, 86400, 0x1.8p40f, 0x1p62f, 0x1p64f, FLT_MAX,
		INFINITY};
	static const float floors[] = {-INFINITY, -FLT_MAX, -0.5f, -0.0f, 0, 0x1p-140f, 0x1p-126f, 0.01f, 2, INFINITY};
	for (size_t t = 0; t < sizeof taus / sizeof *taus; t++)
		for (size_t l = 0; l < sizeof floors / sizeof *floors; l++)
			for (int k = 0; k < 12; k++)
				run_case(f, (struct shape){150, (enum ages)(k % 4), k / 4, taus[t], floors[l]});
}

/* Around powers of two, and past the size from which outputs bypass the caches. */
static void long_ones(struct family *f)
{
	for (size_t n = 1024; n <= 16384; n *= 2)
		for (size_t d = 0; d < 3; d++)
			run_case(f, (struct shape){n + d - 1, AGES_RECENT, BITS_EDGE, 1000000, 0.001f});
	for (size_t k = 0; k < 2; k++)
		run_case(f, (struct shape){((size_t)1 << 21) + 77 * k, AGES_RECENT, BITS_PLAIN, 1000000, -INFINITY});
}

void bits_decay_exponential(tenon_kernel_fn *function, struct bits *bits)
{
	struct family f = {function, bits, 0};
	every_length(&f);
	every_alignment(&f);
	every_binade(&f);
	every_parameter(&f);
	long_ones(&f);
}
