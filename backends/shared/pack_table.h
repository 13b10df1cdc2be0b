/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * pack_bytes() and its kin of encode.h by eight bytes, for CPUs with a shuffle whose order comes from a register. The
 * file that includes this defines
 *
 *     shuffle_eight(to, from, order)   byte i of to[8] is the byte of from[8] that byte i of order names, 0 for 0x80
 *
 * Pure.
 */
#ifndef BACKENDS_SHARED_PACK_TABLE_H
#define BACKENDS_SHARED_PACK_TABLE_H

#include "backends/shared/encode.h"

#define UNPACKS_ANYTHING 0

/* For each mask of eight bits the orders that pack and unpack: PLACE is where byte i goes to, or comes from. */
#define BIT(mask, i) ((uint64_t)(mask) >> (i)&1)
#define PLACE(mask, i)                                                                                \
	(((i) > 0 ? BIT(mask, 0) : 0) + ((i) > 1 ? BIT(mask, 1) : 0) + ((i) > 2 ? BIT(mask, 2) : 0) + \
	 ((i) > 3 ? BIT(mask, 3) : 0) + ((i) > 4 ? BIT(mask, 4) : 0) + ((i) > 5 ? BIT(mask, 5) : 0) + \
	 ((i) > 6 ? BIT(mask, 6) : 0))
#define PACK(mask, i) (BIT(mask, i) * (i) << 8 * PLACE(mask, i))
#define UNPACK(mask, i) ((BIT(mask, i) ? PLACE(mask, i) : 0x80) << 8 * (i))
#define ALL(what, mask)                                                                                  \
	(what(mask, 0) | what(mask, 1) | what(mask, 2) | what(mask, 3) | what(mask, 4) | what(mask, 5) | \
	 what(mask, 6) | what(mask, 7))
#define FOUR(what, mask) ALL(what, mask), ALL(what, mask + 1), ALL(what, mask + 2), ALL(what, mask + 3)
#define SIXTEEN(what, mask) FOUR(what, mask), FOUR(what, mask + 4), FOUR(what, mask + 8), FOUR(what, mask + 12)
#define SIXTY_FOUR(what, mask) \
	SIXTEEN(what, mask), SIXTEEN(what, mask + 16), SIXTEEN(what, mask + 32), SIXTEEN(what, mask + 48)
#define EVERY(what) SIXTY_FOUR(what, 0), SIXTY_FOUR(what, 64), SIXTY_FOUR(what, 128), SIXTY_FOUR(what, 192)

static const uint64_t pack_order[256] = {EVERY(PACK)};
static const uint64_t unpack_order[256] = {EVERY(UNPACK)};

#undef BIT
#undef PLACE
#undef PACK
#undef UNPACK
#undef ALL
#undef FOUR
#undef SIXTEEN
#undef SIXTY_FOUR
#undef EVERY

/* Bit 7 of each byte that is not 0, then these side by side. */
static inline uint64_t map_words(const void *from, uint64_t bytes)
{
	const uint64_t low = 0x7f7f7f7f7f7f7f7fu;
	(void)from;
	return ((((bytes & low) + low) | bytes) >> 7 & 0x0101010101010101u) * 0x0102040810204080u >> 56;
}

static inline __attribute__((always_inline)) void pack_bytes(void *to, const void *from, uint64_t mask)
{
	unsigned char *out = to;
	for (int i = 0; i < 8; i++, mask >>= 8) {
		shuffle_eight(out, (const unsigned char *)from + 8 * i, pack_order[mask & 0xff]);
		out += count_bits(mask & 0xff);
	}
}

static inline __attribute__((always_inline)) void unpack_bytes(void *to, const void *from, uint64_t mask)
{
	const unsigned char *in = from;
	for (int i = 0; i < 8; i++, mask >>= 8) {
		shuffle_eight((unsigned char *)to + 8 * i, in, unpack_order[mask & 0xff]);
		in += count_bits(mask & 0xff);
	}
}

static inline void pack_exactly(void *to, const void *from, uint64_t mask)
{
	for (unsigned char *out = to; mask; mask &= mask - 1)
		*out++ = ((const unsigned char *)from)[first_bit(mask)];
}

static inline void unpack_exactly(void *to, const void *from, uint64_t mask)
{
	memset(to, 0, 64);
	for (const unsigned char *in = from; mask; mask &= mask - 1)
		((unsigned char *)to)[first_bit(mask)] = *in++;
}

static inline void count_words(const uint64_t *mask, size_t words, uint64_t before, struct counts *counts)
{
	struct counts c = *counts;
	for (size_t j = 0; j < words; j++) {
		c.changed += count_bits(mask[j]);
		c.edges += count_bits(mask[j] ^ (mask[j] << 1 | before));
		c.full |= mask[j] == UINT64_MAX;
		before = mask[j] >> 63;
	}
	*counts = c;
}

static inline size_t list_gaps(const uint64_t *mask, uint64_t top, unsigned char *out)
{
	unsigned char *at = out;
	size_t from = 0;
	for (; top; top &= top - 1)
		for (uint64_t word = mask[first_bit(top)]; word; word &= word - 1) {
			size_t mark = 64 * first_bit(top) + first_bit(word), gap = mark - from, two = gap >> 7 != 0;
			uint16_t pair = (uint16_t)((gap & 0x7f) | two << 7 | gap >> 7 << 8);
			memcpy(at, &pair, sizeof pair);
			at += 1 + two;
			from = mark + 1;
		}
	return (size_t)(at - out);
}

#endif
