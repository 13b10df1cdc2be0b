/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the SIMD bodies of delta_encode and delta_decode share: the frame, the map of a block, and the functions that
 * an ISA brings. Everything is static; little-endian CPUs only. Pure. docs/NUMERICS.md has the format.
 */
#ifndef BACKENDS_SHARED_ENCODE_H
#define BACKENDS_SHARED_ENCODE_H

#include <tenon/backend.h>

#include <string.h>

enum { HEADER = 24, CHECKSUM = 4, BLOCK_WORDS = 64, BLOCK_BYTES = 64 * BLOCK_WORDS, KINDS = 5 };

/*
 * ---- What an ISA brings: functions over 64 bytes, of which bit i of a mask names byte i ---------------------------
 *
 * And UNPACKS_ANYTHING: 1 where unpacking nothing is not slower than finding out that there is nothing, else 0.
 */

/* The bytes that are not 0, and those that have bit 7. */
static inline uint64_t map_bytes(const void *from);
static inline uint64_t map_high(const void *from);

/* Of the eight words those that are not 0; bytes is map_bytes(from). */
static inline uint64_t map_words(const void *from, uint64_t bytes);

/*
 * The bytes that mask names, side by side; and the reverse, with zeros between. 64 bytes are read and written, those
 * behind the packed ones without meaning; _exactly leaves these alone.
 */
static inline void pack_bytes(void *to, const void *from, uint64_t mask);
static inline void pack_exactly(void *to, const void *from, uint64_t mask);
static inline void unpack_bytes(void *to, const void *from, uint64_t mask);
static inline void unpack_exactly(void *to, const void *from, uint64_t mask);

/* What is counted in a mask: bits; those that differ from the one before; and 1 if a word is all ones. */
struct counts {
	size_t changed, edges, full;
};

/* Adds what words have, a block at most; before is bit 63 of the word before them. */
static inline void count_words(const uint64_t *mask, size_t words, uint64_t before, struct counts *counts);

/* Writes the varints of the gaps before the bits of a block, up to 64 bytes too many; returns how many bytes count. */
static inline size_t list_gaps(const uint64_t *mask, uint64_t top, unsigned char *out);

static inline uint32_t update_checksum(uint32_t crc, const void *data, size_t size);

/* ---- What all have ----------------------------------------------------------------------------------------------- */

/* Bytes 0 to 23 of an encoding. */
struct header {
	unsigned char magic[4];
	uint32_t kind;
	uint64_t order;
	uint32_t size, body;
};
/* An encoding of no more bytes is written in memory of our own, with room behind it for whole vectors. */
enum { SMALL = 512 };

static const unsigned char magic[4] = {'T', 'N', 'D', 1};

/*
 * The mask of a block of a page, seen from above: bit j of top says that word j is not 0, bit j of middle[i] that
 * byte j of words 8*i to 8*i+7 is not.
 */
struct map {
	uint64_t top, middle[8];
};

static inline uint64_t first_bits(size_t count)
{
	return count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX;
}

static inline size_t count_bits(uint64_t x)
{
	return (size_t)__builtin_popcountll(x);
}
static inline size_t first_bit(uint64_t x)
{
	return (size_t)__builtin_ctzll(x);
}
static inline size_t last_bit(uint64_t x)
{
	return 63 - (size_t)__builtin_clzll(x);
}

static inline size_t count_block_words(const struct tenon_delta *d, size_t word)
{
	size_t words = TENON_DELTA_WORDS(d->size) - word;
	return words < BLOCK_WORDS ? words : BLOCK_WORDS;
}

static inline __attribute__((always_inline)) struct map map_block(const uint64_t *mask, size_t words)
{
	struct map map;
	uint64_t part[8] = {0};
	size_t i = 0;
	map.top = 0;
	for (; i < words / 8; i++) {
		map.middle[i] = map_bytes(mask + 8 * i);
		map.top |= map_words(mask + 8 * i, map.middle[i]) << 8 * i;
	}
	if (words % 8) {
		memcpy(part, mask + 8 * i, 8 * (words % 8));
		map.middle[i] = map_bytes(part);
		map.top |= map_words(part, map.middle[i]) << 8 * i;
		i++;
	}
	for (; i < 8; i++)
		map.middle[i] = 0;
	return map;
}

#endif
