/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bit identity of decay_exponential: every length around the blocks at every alignment, ages of every width and beside
 * the ties of the conversion, every binade of exp and its end, special values in each lane, floors and time constants, and
 * outputs that bypass the caches.
 */
#include "tests/bits/bits.h"

#include <float.h>
#include <math.h>

struct family {
	tenon_kernel_fn *function;
	struct bits *bits;
	uint64_t number; /* of the case */
};

/* How ages are drawn: below 2^24, of any width, at ties, from a list, or each of these; or 64 and less: below 2^width. */
enum ages { AGES_WIDTH = 64, AGES_RECENT, AGES_ANY, AGES_TIES, AGES_EDGES, AGES_MIXED, AGES_KINDS = 5 };

struct shape {
	size_t n;
	int ages;
	int special;
	float tau, floor;
};

/* A case's buffers, at chosen distances from a 64-byte boundary. */
struct data {
	size_t values_at, ages_at, out_at;
	float *values, *out;
	uint64_t *ages;
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

static uint64_t make_age(int ages, uint64_t random)
{
	static const uint64_t edges[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x1fffffffffffff, 0x20000000000000,
		0x20000000000001, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};
	uint64_t more = random * 0x9e3779b97f4a7c15u;
	if (ages == AGES_MIXED)
		ages = AGES_RECENT + (int)(random >> 60) % 4;
	switch (ages) {
	case AGES_RECENT: return more >> 40;
	case AGES_ANY: return more >> (random & 63);
	case AGES_TIES: return make_tie(more);
	case AGES_EDGES: return edges[more % (sizeof edges / sizeof *edges)];
	default: return more >> (AGES_WIDTH - ages);
	}
}

static struct data make_data(struct family *f, struct shape s)
{
	uint64_t random = draw(++f->number, 9, 0);
	struct data d = {.values_at = random % 16, .ages_at = random / 16 % 8, .out_at = f->number % 16};
	d.values = bits_alloc(s.n, d.values_at);
	d.ages = (uint64_t *)(void *)bits_alloc(2 * s.n, 2 * d.ages_at);
	d.out = bits_alloc(s.n + 1, d.out_at);
	bits_fill(d.values, s.n, TENON_ID_decay_exponential, f->number, 0, s.special);
	for (size_t i = 0; i < s.n; i++)
		d.ages[i] = make_age(s.ages, draw(f->number, 1, i));
	return d;
}

/* Runs the case and frees its data. The float behind the outputs tells an overrun. */
static void run_data(struct family *f, struct shape s, struct data d)
{
	for (size_t i = 0; i <= s.n; i++)
		d.out[i] = 1234;
	struct tenon_decay_exponential_args a = {d.values, d.ages, s.n, s.tau, s.floor, d.out};
	int status = f->function(&a, NULL);
	bits_add_floats(f->bits, d.out, s.n + 1);
	bits_case(f->bits, status);
	bits_free(d.values, d.values_at);
	bits_free((float *)(void *)d.ages, 2 * d.ages_at);
	bits_free(d.out, d.out_at);
}

static void run_case(struct family *f, struct shape s)
{
	run_data(f, s, make_data(f, s));
}

static void every_length(struct family *f)
{
	for (size_t n = 0; n <= 4 * 128 + 3; n++)
		for (int special = BITS_PLAIN; special <= BITS_WILD; special++)
			run_case(f, (struct shape){n, AGES_RECENT + (int)n % AGES_KINDS, special, 0x1p22f,
				n % 2 ? 0.125f : -INFINITY});
}

static void every_alignment(struct family *f)
{
	for (int i = 0; i < 16 * 16 * 8; i++)
		run_case(f, (struct shape){200, AGES_RECENT, BITS_EDGE, 600000, -INFINITY});
}

/* A whole call of ages below 2^width: bodies may have a short way for small ones. */
static void every_width(struct family *f)
{
	for (int width = 1; width <= AGES_WIDTH; width++)
		for (int k = 0; k < 4; k++)
			run_case(f, (struct shape){300, width, BITS_PLAIN, ldexpf(1, width - 2), -INFINITY});
}

/* With tau a power of two x is the age shifted: each binade of x up to the end of exp, and the floats at its end. */
static void every_binade(struct family *f)
{
	for (int e = -10; e < 80; e++)
		for (int k = 0; k < 4; k++)
			run_case(f, (struct shape){260, k % 2 ? AGES_TIES : AGES_RECENT, BITS_PLAIN, ldexpf(1, e), -INFINITY});
	struct shape end = {260, AGES_RECENT, BITS_PLAIN, 0x1p17f, -INFINITY};
	struct data d = make_data(f, end);
	for (size_t i = 0; i < end.n; i++) {
		d.values[i] = 2; /* keeps the products normal */
		d.ages[i] = 0xaeac4f - 130 + i;
	}
	run_data(f, end, d);
}

/* One value that is special, in each lane of a block of ordinary ones; exp is 1, so the product is that value. */
static void every_lane(struct family *f)
{
	static const float special[] = {0x1p-149f, 0x1.fffffcp-127f, 0x1p-126f, FLT_MAX, INFINITY, NAN, -0.0f};
	struct shape s = {260, AGES_RECENT, BITS_PLAIN, 0x1p62f, -INFINITY};
	for (size_t k = 0; k < sizeof special / sizeof *special; k++)
		for (size_t lane = 0; lane < 128; lane++) {
			struct data d = make_data(f, s);
			for (size_t i = 0; i < s.n; i++)
				d.values[i] = i == 64 + lane ? special[k] : 0.5f;
			run_data(f, s, d);
		}
}

static void every_parameter(struct family *f)
{
	static const float taus[] = {0x1p-149f, 0x1p-126f, 0x1p-20f, 1, 3, 86400, 0x1.8p40f, 0x1p62f, 0x1p64f, FLT_MAX,
		INFINITY};
	static const float floors[] = {-INFINITY, -FLT_MAX, -0.5f, -0.0f, 0, 0x1p-140f, 0x1p-126f, 0.01f, 2, INFINITY};
	for (size_t t = 0; t < sizeof taus / sizeof *taus; t++)
		for (size_t l = 0; l < sizeof floors / sizeof *floors; l++)
			for (int k = 0; k < 3 * AGES_KINDS; k++)
				run_case(f, (struct shape){150, AGES_RECENT + k % AGES_KINDS, k / AGES_KINDS, taus[t],
					floors[l]});
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
	every_width(&f);
	every_binade(&f);
	every_lane(&f);
	every_parameter(&f);
	long_ones(&f);
}
