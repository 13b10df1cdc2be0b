/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bit identity of delta_encode and delta_decode: every size up to three words and around blocks, at every alignment;
 * densities from one byte to all, stretches, gaps around the lengths that take one more byte; and for decoding every
 * kind of each, whole, and damaged under a checksum that is right.
 */
#include <stdlib.h>

#include "tests/bits/bits.h"
#include "tests/delta.h"

enum { SIZE_LIMIT = 3 * 4096 + 64, SLACK = 128 };

struct family {
	tenon_kernel_fn *function;
	struct bits *bits;
	uint64_t kernel, number;
	uint64_t mask[SIZE_LIMIT / 64];
	unsigned char payload[SIZE_LIMIT + SLACK], encoded[7 * SIZE_LIMIT + SLACK], copy[7 * SIZE_LIMIT + SLACK];
};

/* Which bytes change: those at random by share of 65536, in stretches; every period-th run; or all of a stretch. */
struct shape {
	size_t size;
	unsigned share, stretch;
	size_t begin, period, run; /* instead, with a period */
};

static int is_chosen(const struct family *f, const struct shape *s, size_t i)
{
	if (s->period)
		return i >= s->begin && (i - s->begin) % s->period < s->run;
	return (bits_random(f->kernel, f->number, 0, i / s->stretch) & 0xffff) < s->share;
}

static struct tenon_delta make_delta(struct family *f, const struct shape *s)
{
	unsigned char *payload = f->payload + f->number % 64;
	memset(f->mask, 0, sizeof f->mask);
	for (size_t i = 0; i < s->size; i++) {
		payload[i] = (unsigned char)bits_random(f->kernel, f->number, 1, i); /* also where nothing changes */
		f->mask[i / 64] |= (uint64_t)(is_chosen(f, s, i) != 0) << i % 64;
	}
	return (struct tenon_delta){bits_random(f->kernel, f->number, 2, 0), s->size, f->mask, payload};
}

/* ---- delta_encode ------------------------------------------------------------------------------------------------ */

/* All of the capacity is hashed: what lies behind the encoding stays as it was. */
static void run_encode(struct family *f, const struct shape *s)
{
	struct tenon_delta d = make_delta(f, s);
	unsigned char *encoded = f->encoded + f->number % 63;
	size_t capacity = TENON_DELTA_BOUND(s->size), length = 0;
	struct tenon_delta_encode_args a = {&d, encoded, capacity, &length};
	memset(encoded, 0x5a, capacity + 1);
	int status = f->function(&a, NULL);
	bits_add_bytes(f->bits, &length, 4);
	bits_add_bytes(f->bits, encoded, capacity + 1);
	bits_case(f->bits, status);
	f->number++;
}

/* ---- delta_decode ------------------------------------------------------------------------------------------------ */

static void decode_case(struct family *f, size_t length, size_t size)
{
	static uint64_t mask[SIZE_LIMIT / 64 + 1];
	static unsigned char payload[SIZE_LIMIT + SLACK];
	unsigned char *to = payload + f->number % 61, *end = f->encoded + sizeof f->encoded;
	struct tenon_delta d = {99, size, mask, to};
	memset(mask, 0x5a, sizeof mask);
	memset(to, 0x5a, size + 1);
	memmove(end - length, f->copy, length); /* nothing of ours is behind the encoding */
	struct tenon_delta_decode_args a = {end - length, length, &d};
	int status = f->function(&a, NULL);
	bits_add_bytes(f->bits, &d.order, 8);
	bits_add_bytes(f->bits, mask, 8 * TENON_DELTA_WORDS(size) + 8);
	bits_add_bytes(f->bits, to, size + 1);
	bits_case(f->bits, status);
}

/* One byte of the body other than it was, or one more or less of them: the checksum is right, the form may not be. */
static size_t damage(struct family *f, size_t length, uint64_t random)
{
	size_t body = length - TENON_DELTA_OVERHEAD, at = 24 + (random >> 32) % (body + !body);
	if (!body)
		return length;
	switch (random % 4) {
	case 0: f->copy[at] = 0; break;
	case 1: f->copy[at] ^= (unsigned char)(1u << (random >> 8) % 8); break;
	case 2: f->copy[at] = (unsigned char)(random >> 16); break;
	default: length += random & 4 ? 1 : (size_t)-1; break;
	}
	return length;
}

static void run_decode(struct family *f, const struct shape *s)
{
	struct tenon_delta d = make_delta(f, s);
	for (int kind = 0; kind < 5; kind++) {
		size_t length = write_encoding(&d, kind, f->copy);
		if (!length)
			continue;
		decode_case(f, length, s->size);
		size_t damaged = damage(f, length, bits_random(f->kernel, f->number, 3, (uint64_t)kind));
		seal_encoding(f->copy, damaged);
		decode_case(f, damaged, s->size);
	}
	f->number++;
}

/* ---- Shapes ------------------------------------------------------------------------------------------------------ */

static const unsigned shares[] = {0, 200, 655, 3000, 6554, 20000, 32768, 60000, 65536};

static void every_size(struct family *f, void (*run)(struct family *f, const struct shape *s))
{
	for (size_t size = 0; size <= 200; size++)
		for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
			run(f, &(struct shape){.size = size, .share = shares[i], .stretch = 1});
	for (size_t size = 4096 - 66; size <= 4096 + 66; size += 3)
		run(f, &(struct shape){.size = size, .share = shares[size % 9], .stretch = 1 + size % 5 * 7});
}

static void every_density(struct family *f, void (*run)(struct family *f, const struct shape *s))
{
	static const size_t sizes[] = {4096, 4095, 3 * 4096, 2 * 4096 + 1000};
	static const unsigned stretches[] = {1, 3, 64, 130, 700};
	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; j < sizeof shares / sizeof *shares; j++)
			for (size_t k = 0; k < 5; k++)
				run(f, &(struct shape){.size = sizes[i], .share = shares[j], .stretch = stretches[k]});
}

/* Gaps and runs of 1, of a word and more, and around 128: lists of one byte a mark and of two. */
static void every_period(struct family *f, void (*run)(struct family *f, const struct shape *s))
{
	static const size_t runs[] = {1, 2, 63, 64, 65, 126, 127, 128, 129, 130, 256};
	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
		for (size_t j = 0; j < sizeof runs / sizeof *runs; j++)
			for (size_t k = 0; k < 3; k++)
				run(f, &(struct shape){.size = 1000 + 24 * k,
						       .begin = 37 * k,
						       .period = runs[i] + runs[j],
						       .run = runs[i]});
}

static void run_all(tenon_kernel_fn *function, struct bits *bits, uint64_t kernel,
		    void (*run)(struct family *f, const struct shape *s))
{
	struct family *f = calloc(1, sizeof *f);
	if (!f)
		abort();
	f->function = function;
	f->bits = bits;
	f->kernel = kernel;
	every_size(f, run);
	every_density(f, run);
	every_period(f, run);
	free(f);
}

void bits_delta_encode(tenon_kernel_fn *function, struct bits *bits)
{
	run_all(function, bits, TENON_ID_delta_encode, run_encode);
}

void bits_delta_decode(tenon_kernel_fn *function, struct bits *bits)
{
	run_all(function, bits, TENON_ID_delta_decode, run_decode);
}
