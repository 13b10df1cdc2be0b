/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CRC-32C with carry-less multiplication (Gopal and others) and the CPU's own instruction at once, since they use different
 * parts of a core: vectors fold the front of a block onto its end, while four streams sum what is behind. The file that
 * includes this defines the vector:
 *
 *     fold_vec, FOLD_BYTES, FOLD_VECTORS   its type and size, and how many of them fold at once
 *     fold_load(p), fold_xor(a, b)
 *     fold_factors(first, second)          in every 128 bits, one for each half
 *     fold_multiply(a, factors)            in every 128 bits, the sum of the products of the halves
 *     fold_state(state)                    a state, in the first 32 bits, and zeros
 *     fold_words(a, word)                  two words that leave the same remainder as a
 *     fold_product(a, b)                   the product of two 32-bit polynomials
 *
 * Pure.
 */
#ifndef BACKENDS_SHARED_CRC32C_FOLD_H
#define BACKENDS_SHARED_CRC32C_FOLD_H

#include <stdbool.h>

#include "backends/shared/crc32c_streams.h"

enum {
	FOLD_STREAMS = 4,
	FOLD_SPAN = FOLD_VECTORS * FOLD_BYTES,
	FOLD_ROUND = FOLD_SPAN + FOLD_STREAMS * 32, /* bytes that a round takes, 32 of each stream */
	FOLD_ROUNDS = CRC32C_SHIFTS / FOLD_STREAMS,
	FOLD_BLOCK = FOLD_SPAN + FOLD_ROUNDS * FOLD_ROUND, /* the first load takes a span, too */
};

#define FOLD_FACTORS(bytes, and_8) fold_factors(CRC32C_SHIFT_##and_8, CRC32C_SHIFT_##bytes)

struct folding {
	fold_vec vec[FOLD_VECTORS];
	uint32_t state[FOLD_STREAMS];
};

static inline __attribute__((always_inline)) fold_vec fold_onto(fold_vec a, fold_vec factors, fold_vec b)
{
	return fold_xor(fold_multiply(a, factors), b);
}

/* What lies a block ahead is asked for in the order of memory: the prefetcher of the CPU cannot follow five places. */
static inline __attribute__((always_inline)) void fetch_round(const unsigned char *p)
{
	for (size_t i = 0; i < FOLD_ROUND; i += 64)
		__builtin_prefetch(p + i);
}

static inline __attribute__((always_inline)) void fold_round(struct folding *f, const unsigned char *p,
	const unsigned char *streams, size_t length, fold_vec factors)
{
	for (int word = 0; word < 4; word++)
		for (size_t s = 0; s < FOLD_STREAMS; s++)
			f->state[s] = add_word(f->state[s], load_word(streams + s * length + 8 * word));
	for (int v = 0; v < FOLD_VECTORS; v++)
		f->vec[v] = fold_onto(f->vec[v], factors, fold_load(p + v * FOLD_BYTES));
}

/* One more vector of bytes: the first of the vectors comes behind the last. */
static inline __attribute__((always_inline)) void fold_one(struct folding *f, const unsigned char *p, fold_vec factors)
{
	fold_vec next = fold_onto(f->vec[0], factors, fold_load(p));
	for (int v = 0; v + 1 < FOLD_VECTORS; v++)
		f->vec[v] = f->vec[v + 1];
	f->vec[FOLD_VECTORS - 1] = next;
}

static inline __attribute__((always_inline)) fold_vec fold_pairs(fold_vec *vec, int count, fold_vec factors)
{
	for (int v = 0; v < count; v++)
		vec[v] = fold_onto(vec[2 * v], factors, vec[2 * v + 1]);
	return vec[0];
}

static inline __attribute__((always_inline)) uint32_t fold_vectors(fold_vec *vec)
{
	uint64_t word[2];
#if FOLD_BYTES == 64
	fold_pairs(vec, 2, FOLD_FACTORS(64, 72));
	fold_pairs(vec, 1, FOLD_FACTORS(128, 136));
#elif FOLD_BYTES == 32
	fold_pairs(vec, 4, FOLD_FACTORS(32, 40));
	fold_pairs(vec, 2, FOLD_FACTORS(64, 72));
	fold_pairs(vec, 1, FOLD_FACTORS(128, 136));
#else
	fold_pairs(vec, 4, FOLD_FACTORS(16, 24));
	fold_pairs(vec, 2, FOLD_FACTORS(32, 40));
	fold_pairs(vec, 1, FOLD_FACTORS(64, 72));
#endif
	fold_words(vec[0], word);
	return add_word(add_word(0, word[0]), word[1]);
}

/*
 * FOLD_SPAN + rounds * FOLD_ROUND + more * FOLD_BYTES bytes: first what the vectors take, then the streams, 32 * rounds each.
 */
static inline __attribute__((always_inline)) uint32_t fold_block(uint32_t state, const unsigned char *p, size_t rounds,
	size_t more, bool fetch)
{
	const fold_vec factors = FOLD_SPAN == 128 ? FOLD_FACTORS(128, 136) : FOLD_FACTORS(256, 264);
	const unsigned char *streams = p + FOLD_SPAN + rounds * FOLD_SPAN + more * FOLD_BYTES, *ahead = p + FOLD_BLOCK;
	struct folding f = {.state = {0}};
	for (int v = 0; v < FOLD_VECTORS; v++)
		f.vec[v] = fold_load(p + v * FOLD_BYTES);
	f.vec[0] = fold_xor(f.vec[0], fold_state(state));
	p += FOLD_SPAN;
	for (size_t i = 0; i < rounds; i++, p += FOLD_SPAN) {
		if (fetch)
			fetch_round(ahead + i * FOLD_ROUND);
		fold_round(&f, p, streams + 32 * i, 32 * rounds, factors);
	}
	for (size_t i = 0; i < more; i++, p += FOLD_BYTES)
		fold_one(&f, p, factors);
	state = fold_vectors(f.vec);
	if (rounds == 0)
		return state;
	uint64_t product = fold_product(state, crc32c_shift[FOLD_STREAMS * rounds]);
	for (size_t s = 0; s + 1 < FOLD_STREAMS; s++)
		product ^= fold_product(f.state[s], crc32c_shift[(FOLD_STREAMS - 1 - s) * rounds]);
	return add_word(0, product) ^ f.state[FOLD_STREAMS - 1];
}

static inline uint32_t update_with_folds(uint32_t crc, const void *data, size_t size)
{
	const unsigned char *p = data;
	uint32_t state = ~crc;
	for (; size >= 2 * FOLD_BLOCK; size -= FOLD_BLOCK, p += FOLD_BLOCK)
		state = fold_block(state, p, FOLD_ROUNDS, 0, true);
	while (size >= FOLD_SPAN) {
		size_t rounds = (size - FOLD_SPAN) / FOLD_ROUND, more = (size - FOLD_SPAN) % FOLD_ROUND / FOLD_BYTES;
		if (rounds > FOLD_ROUNDS)
			rounds = FOLD_ROUNDS, more = 0;
		state = fold_block(state, p, rounds, more, false);
		size -= FOLD_SPAN + rounds * FOLD_ROUND + more * FOLD_BYTES;
		p += FOLD_SPAN + rounds * FOLD_ROUND + more * FOLD_BYTES;
	}
	return ~add_bytes(state, p, size);
}

#endif
