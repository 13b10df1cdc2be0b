/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bit identity of the laws of decay: every length around the blocks at every alignment, ages of every width and beside the
 * ties of the conversion, every binade of exp and log and their ends, special values in each lane, floors, time constants,
 * exponents and stabilities, and outputs that bypass the caches.
 */
#include "tests/bits/bits.h"

#include <float.h>
#include <math.h>

/* How ages are drawn: below 2^24, of any width, at ties, from a list, or each of these; or 64 and less: below 2^width. */
enum ages { AGES_WIDTH = 64, AGES_RECENT, AGES_ANY, AGES_TIES, AGES_EDGES, AGES_MIXED, AGES_KINDS = 5 };

struct shape {
	size_t n;
	int ages;
	int special;
	float unit, floor; /* unit: tau, t0, or what stabilities are multiples of */
};

/* A case's buffers, at chosen distances from a 64-byte boundary. */
struct data {
	size_t values_at, ages_at, out_at;
	float *values, *stabilities, *out; /* stabilities: at the values' distance */
	uint64_t *ages;
};

/* A law: its kernel, and how to call it. rate: beta, or base, from a list, the next one for each case. */
struct family {
	tenon_kernel_fn *function;
	struct bits *bits;
	uint64_t number; /* of the case */
	uint32_t id;
	int (*call)(tenon_kernel_fn *function, const struct shape *s, const struct data *d, float rate);
	const float *rates;
	size_t rate_count;
};

static uint64_t draw(const struct family *f, uint64_t buffer, uint64_t index)
{
	return bits_random(f->id, f->number, buffer, index);
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
	static const uint64_t edges[] = {0,
					 1,
					 0x7fffffff,
					 0x80000000,
					 0xffffffff,
					 0x1fffffffffffff,
					 0x20000000000000,
					 0x20000000000001,
					 INT64_MAX,
					 (uint64_t)INT64_MAX + 1,
					 UINT64_MAX};
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

/* Within a factor of 3 of the unit, but for one in 16 where they may be special. */
static float make_stability(uint64_t random, struct shape s)
{
	static const float edges[] = {0, -0.0f, -1, 0x1p-149f, INFINITY, NAN, -INFINITY, FLT_MAX};
	if (s.special && random >> 60 == 0)
		return edges[random >> 24 & 7];
	return (float)(0x800000 + (random & 0xffffff)) * 0x1p-23f * s.unit;
}

static struct data make_data(struct family *f, struct shape s)
{
	f->number++;
	uint64_t random = draw(f, 9, 0);
	struct data d = {.values_at = random % 16, .ages_at = random / 16 % 8, .out_at = f->number % 16};
	d.values = bits_alloc(s.n, d.values_at);
	d.stabilities = bits_alloc(s.n, d.values_at);
	d.ages = (uint64_t *)(void *)bits_alloc(2 * s.n, 2 * d.ages_at);
	d.out = bits_alloc(s.n + 1, d.out_at);
	bits_fill(d.values, s.n, f->id, f->number, 0, s.special);
	for (size_t i = 0; i < s.n; i++) {
		d.ages[i] = make_age(s.ages, draw(f, 1, i));
		d.stabilities[i] = f->id == TENON_ID_decay_two_component ? make_stability(draw(f, 2, i), s) : 0;
	}
	return d;
}

/* Runs the case and frees its data. The float behind the outputs tells an overrun. */
static void run_data(struct family *f, struct shape s, struct data d)
{
	for (size_t i = 0; i <= s.n; i++)
		d.out[i] = 1234;
	int status = f->call(f->function, &s, &d, f->rates[f->number % f->rate_count]);
	bits_add_floats(f->bits, d.out, s.n + 1);
	bits_case(f->bits, status);
	bits_free(d.values, d.values_at);
	bits_free(d.stabilities, d.values_at);
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

/* With a power of two as the unit x is the age shifted: each binade of x up to the end of exp, and the floats at its end. */
static void every_binade(struct family *f)
{
	for (int e = -10; e < 80; e++)
		for (int k = 0; k < 4; k++)
			run_case(f, (struct shape){260, k % 2 ? AGES_TIES : AGES_RECENT, BITS_PLAIN, ldexpf(1, e),
						   -INFINITY});
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
	static const float units[] = {0x1p-149f, 0x1p-126f, 0x1p-20f, 1,       3,       86400,
				      0x1.8p40f, 0x1p62f,   0x1p64f,  FLT_MAX, INFINITY};
	static const float floors[] = {-INFINITY, -FLT_MAX, -0.5f, -0.0f, 0, 0x1p-140f, 0x1p-126f, 0.01f, 2, INFINITY};
	for (size_t t = 0; t < sizeof units / sizeof *units; t++)
		for (size_t l = 0; l < sizeof floors / sizeof *floors; l++)
			for (int k = 0; k < 3 * AGES_KINDS; k++)
				run_case(f, (struct shape){150, AGES_RECENT + k % AGES_KINDS, k / AGES_KINDS, units[t],
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

static void run_family(struct family f)
{
	every_length(&f);
	every_alignment(&f);
	every_width(&f);
	every_binade(&f);
	every_lane(&f);
	every_parameter(&f);
	long_ones(&f);
}

/* ---- The laws ---------------------------------------------------------------------------------------------------- */

static int call_exponential(tenon_kernel_fn *function, const struct shape *s, const struct data *d, float rate)
{
	(void)rate;
	struct tenon_decay_exponential_args a = {d->values, d->ages, s->n, s->unit, s->floor, d->out};
	return function(&a, NULL);
}

static int call_power_law(tenon_kernel_fn *function, const struct shape *s, const struct data *d, float beta)
{
	struct tenon_decay_power_law_args a = {d->values, d->ages, s->n, s->unit, beta, s->floor, d->out};
	return function(&a, NULL);
}

static int call_two_component(tenon_kernel_fn *function, const struct shape *s, const struct data *d, float base)
{
	struct tenon_decay_two_component_args a = {d->values, d->ages, d->stabilities, s->n, base, s->floor, d->out};
	return function(&a, NULL);
}

static const float nothing[] = {0};
static const float betas[] = {0.5f, 1, 0.1386f, 3.7f, 0, 0x1p-20f, 40, FLT_MAX, 0x1p-149f, -0.0f, 2};
static const float bases[] = {0.9f,      0.5f,        1,         0x1.fffffep-1f, 0.1f, 0x1p-126f,
			      0x1p-149f, 0x1.8p-130f, 0x1.6p-1f, 0.7f,           1e-3f};

void bits_decay_exponential(tenon_kernel_fn *function, struct bits *bits)
{
	run_family((struct family){function, bits, 0, TENON_ID_decay_exponential, call_exponential, nothing, 1});
}

void bits_decay_power_law(tenon_kernel_fn *function, struct bits *bits)
{
	run_family((struct family){function, bits, 0, TENON_ID_decay_power_law, call_power_law, betas,
				   sizeof betas / sizeof *betas});
}

void bits_decay_two_component(tenon_kernel_fn *function, struct bits *bits)
{
	run_family((struct family){function, bits, 0, TENON_ID_decay_two_component, call_two_component, bases,
				   sizeof bases / sizeof *bases});
}
