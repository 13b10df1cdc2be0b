/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Encodings of deltas, written bit by bit from docs/NUMERICS.md: what tests compare the kernels with, in any kind,
 * and the means to damage them. Shares no code with any backend. Pure.
 */
#ifndef TESTS_DELTA_H
#define TESTS_DELTA_H

#include <string.h>
#include <tenon/backend.h>

#define UNUSED __attribute__((unused))

/* CRC-32C four bits at a time: the remainders of the sixteen values, bit-reversed polynomial 0x82f63b78. */
UNUSED static uint32_t checksum_of(const unsigned char *p, size_t size)
{
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	uint32_t crc = UINT32_MAX;
	for (size_t i = 0; i < size; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

UNUSED static unsigned char *write_number(unsigned char *p, uint64_t value, int bytes)
{
	for (; bytes--; value >>= 8)
		*p++ = (unsigned char)value;
	return p;
}

/* Makes the length of the body and the checksum right. */
UNUSED static void seal_encoding(unsigned char *encoded, size_t length)
{
	write_number(encoded + 20, length - TENON_DELTA_OVERHEAD, 4);
	write_number(encoded + length - 4, checksum_of(encoded, length - 4), 4);
}

UNUSED static int changes(const struct tenon_delta *d, size_t i)
{
	return i < d->size && (d->mask[i / 64] >> i % 64 & 1);
}

UNUSED static unsigned mask_byte(const struct tenon_delta *d, size_t i)
{
	return i < (d->size + 7) / 8 ? (unsigned)(d->mask[i / 8] >> i % 8 * 8) & 0xff : 0;
}

UNUSED static unsigned char *write_varint(unsigned char *p, size_t value)
{
	while (value >= 128) {
		*p++ = (unsigned char)(value % 128 + 128);
		value /= 128;
	}
	*p++ = (unsigned char)value;
	return p;
}

/*
 * The bits of a map of `count` things, thing i of which is not 0 where some mask byte of the `width` from i*width
 * on is not.
 */
UNUSED static unsigned map_byte(const struct tenon_delta *d, size_t first, size_t width)
{
	unsigned map = 0;
	for (size_t bit = 0; bit < 8; bit++)
		for (size_t i = 0; i < width; i++)
			map |= (unsigned)(mask_byte(d, first + bit * width + i) != 0) << bit;
	return map;
}

UNUSED static unsigned char *write_block(unsigned char *p, const struct tenon_delta *d, size_t block)
{
	for (size_t i = 0; i < 8; i++)
		*p++ = (unsigned char)map_byte(d, 512 * block + 64 * i, 8);
	for (size_t i = 0; i < 64; i++)
		if (map_byte(d, 512 * block + 8 * i, 1))
			*p++ = (unsigned char)map_byte(d, 512 * block + 8 * i, 1);
	for (size_t i = 0; i < 512; i++)
		if (mask_byte(d, 512 * block + i))
			*p++ = (unsigned char)mask_byte(d, 512 * block + i);
	return p;
}

UNUSED static unsigned char *write_index(unsigned char *p, const struct tenon_delta *d, int kind)
{
	size_t from = 0;
	for (size_t i = 0; kind == TENON_ENCODING_BITMAP && i < (d->size + 7) / 8; i++)
		*p++ = (unsigned char)mask_byte(d, i);
	for (size_t block = 0; kind == TENON_ENCODING_HIERARCHICAL && block < (d->size + 4095) / 4096; block++)
		p = write_block(p, d, block);
	for (size_t i = 0; kind == TENON_ENCODING_RLE && i <= d->size; i++)
		if (changes(d, i) != (i && changes(d, i - 1))) {
			p = write_varint(p, i - from);
			from = i;
		}
	for (size_t i = 0; kind == TENON_ENCODING_SPARSE && i < d->size; i++)
		if (changes(d, i)) {
			p = write_varint(p, i - from);
			from = i + 1;
		}
	return p;
}

UNUSED static size_t count_changes(const struct tenon_delta *d)
{
	size_t changed = 0;
	for (size_t i = 0; i < d->size; i++)
		changed += (size_t)changes(d, i);
	return changed;
}

/*
 * Writes the one canonical encoding of this kind, at most 40 + 6 * size bytes; returns its length, 0 if there is
 * none.
 */
UNUSED static size_t write_encoding(const struct tenon_delta *d, int kind, unsigned char *encoded)
{
	if (kind == TENON_ENCODING_RAW && count_changes(d) != d->size)
		return 0;
	memcpy(encoded, "TND\1", 4);
	write_number(encoded + 4, (uint64_t)kind, 4);
	write_number(encoded + 8, d->order, 8);
	write_number(encoded + 16, d->size, 4);
	unsigned char *p = write_index(encoded + 24, d, kind);
	for (size_t i = 0; i < d->size; i++)
		if (changes(d, i))
			*p++ = d->payload[i];
	size_t length = (size_t)(p - encoded) + 4;
	seal_encoding(encoded, length);
	return length;
}

/* The kind that is to win: that of the shortest index, the lowest of those that tie. memory is overwritten. */
UNUSED static int smallest_kind(const struct tenon_delta *d, unsigned char *memory)
{
	if (count_changes(d) == d->size)
		return TENON_ENCODING_RAW;
	int best = 0;
	size_t least = SIZE_MAX;
	for (int kind = TENON_ENCODING_BITMAP; kind < 5; kind++) {
		size_t length = (size_t)(write_index(memory, d, kind) - memory);
		if (length < least) {
			least = length;
			best = kind;
		}
	}
	return best;
}

#endif
