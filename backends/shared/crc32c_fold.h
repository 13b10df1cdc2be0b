/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CRC-32C with carry-less multiplication (Gopal and others) and the CPU's own instruction at once, since they use different
 * parts of a core: vectors fold the front of a block onto its end, while streams sum what is behind. The file that includes
 * this defines the vector:
 *
 *     fold_vec, FOLD_BYTES, FOLD_VECTORS   its type and size, and how many of them fold at once
 *     FOLD_STREAMS                         as many as keep the instruction busy meanwhile
 *     fold_load(p), fold_xor(a, b)
 *     fold_state(state)                    a state in the first 32 bits, and zeros
 *     fold_factors(first, second)          in every 128 bits, one for each half
 *     fold_multiply(a, factors)            in every 128 bits, the sum of the products of the halves
 *     fold_words(a, word)                  the sum of all 128 bits, as two words
 *     fold_product(a, b)                   the product of two polynomials of 32 bits
 *
 * Pure.
 */
#ifndef BACKENDS_SHARED_CRC32C_FOLD_H
#define BACKENDS_SHARED_CRC32C_FOLD_H

#include <stdbool.h>

#include "backends/shared/crc32c_streams.h"

enum {
	FOLD_SPAN = FOLD_VECTORS * FOLD_BYTES,
	FOLD_ROUND = FOLD_SPAN + FOLD_STREAMS * CRC32C_UNIT, /* bytes that a round takes, a unit of each stream */
	FOLD_ROUNDS = CRC32C_SHIFTS / FOLD_STREAMS,
	FOLD_BLOCK = FOLD_SPAN + FOLD_ROUNDS * FOLD_ROUND, /* the first load takes a span, too */
	FOLD_FIRST = (CRC32C_FOLD - FOLD_SPAN) / 8, /* in crc32c_fold[]: shifts by a span, the next ones by less */
};

struct folding {
	fold_vec vec[FOLD_VECTORS];
	uint64_t state[FOLD_STREAMS];
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

static inline __attribute__((always_inline)) void
fold_round(struct folding *f, const unsigned char *p, const unsigned char *streams, size_t length, fold_vec factors)
{
	for (int at = 0; at < CRC32C_UNIT; at += 8)
		for (size_t s = 0; s < FOLD_STREAMS; s++)
			f->state[s] = add_word(f->state[s], load_word(streams + s * length + at));
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

/* All vectors at once onto the last 16 bytes. */
static inline __attribute__((always_inline)) uint64_t sum_vectors(const struct folding *f)
{
	const unsigned char *factors = (const unsigned char *)&crc32c_fold[FOLD_FIRST + 2];
	fold_vec sum = fold_multiply(f->vec[0], fold_load(factors));
	uint64_t word[2];
	for (int v = 1; v < FOLD_VECTORS; v++)
		sum = fold_xor(sum, fold_multiply(f->vec[v], fold_load(factors + v * FOLD_BYTES)));
	fold_words(sum, word);
	return add_word(add_word(0, word[0]), word[1]);
}

/* What the vectors and the streams hold, each shifted by the streams behind it. */
static inline __attribute__((always_inline)) uint64_t sum_streams(const struct folding *f, size_t rounds)
{
	uint64_t product = fold_product(sum_vectors(f), crc32c_shift[FOLD_STREAMS * rounds]);
	for (size_t s = 0; s + 1 < FOLD_STREAMS; s++)
		product ^= fold_product(f->state[s], crc32c_shift[(FOLD_STREAMS - 1 - s) * rounds]);
	return add_word(0, product) ^ f->state[FOLD_STREAMS - 1];
}

/* FOLD_SPAN + rounds * FOLD_ROUND + more * FOLD_BYTES bytes: first what the vectors take, then the streams. */
static inline __attribute__((always_inline)) uint64_t fold_block(uint64_t state, const unsigned char *p, size_t rounds,
								 size_t more, bool fetch)
{
	const fold_vec factors = fold_factors(crc32c_fold[FOLD_FIRST], crc32c_fold[FOLD_FIRST + 1]);
	const unsigned char *streams = p + FOLD_SPAN + rounds * FOLD_SPAN + more * FOLD_BYTES, *ahead = p + FOLD_BLOCK;
	struct folding f = {.state = {0}};
	for (int v = 0; v < FOLD_VECTORS; v++)
		f.vec[v] = fold_load(p + v * FOLD_BYTES);
	f.vec[0] = fold_xor(f.vec[0], fold_state((uint32_t)state));
	p += FOLD_SPAN;
	for (size_t i = 0; i < rounds; i++, p += FOLD_SPAN) {
		if (fetch)
			fetch_round(ahead + i * FOLD_ROUND);
		fold_round(&f, p, streams + CRC32C_UNIT * i, CRC32C_UNIT * rounds, factors);
	}
	for (size_t i = 0; i < more; i++, p += FOLD_BYTES)
		fold_one(&f, p, factors);
	return rounds ? sum_streams(&f, rounds) : sum_vectors(&f);
}

static inline uint32_t update_with_folds(uint32_t crc, const void *data, size_t size)
{
	const unsigned char *p = data;
	uint64_t state = (uint32_t)~crc;
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
	return (uint32_t)~add_bytes(state, p, size);
}

#endif
