/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading encodings of deltas, as naively as tests/delta.h writes them: what is read is written once more, and must come
 * out as it was. So nothing here knows what canonical means. Shares no code with any backend. Pure.
 */
#ifndef TESTS_DELTA_READ_H
#define TESTS_DELTA_READ_H

#include "tests/delta.h"

/* What is left of an encoding's body; bad once something was missing. */
struct reader {
	const unsigned char *at, *end;
	int bad;
};

static unsigned read_byte(struct reader *r)
{
	r->bad |= r->at >= r->end;
	return r->bad ? 0 : *r->at++;
}

static uint64_t read_number(const unsigned char *p, int bytes)
{
	uint64_t value = 0;
	while (bytes--)
		value = value << 8 | p[bytes];
	return value;
}

static size_t read_varint(struct reader *r)
{
	size_t value = 0;
	for (int shift = 0; shift < 35 && !r->bad; shift += 7) {
		unsigned byte = read_byte(r);
		value |= (size_t)(byte & 127) << shift;
		if (byte < 128)
			break;
	}
	return value;
}

static void set_changes(struct reader *r, struct tenon_delta *d, size_t from, size_t count)
{
	r->bad |= from > d->size || count > d->size - from;
	for (size_t i = from; !r->bad && i < from + count; i++)
		d->mask[i / 64] |= (uint64_t)1 << i % 64;
}

static void set_mask_byte(struct reader *r, struct tenon_delta *d, size_t byte, unsigned bits)
{
	for (size_t i = 0; i < 8; i++)
		if (bits >> i & 1)
			set_changes(r, d, 8 * byte + i, 1);
}

/* Of `count` bytes of a map, bit i saying that byte i of the one below is not 0. */
static void read_level(struct reader *r, const unsigned char *map, unsigned char *below, size_t count)
{
	for (size_t i = 0; i < count; i++)
		below[i] = (unsigned char)(map[i / 8] >> i % 8 & 1 ? read_byte(r) : 0);
}

static void read_blocks(struct reader *r, struct tenon_delta *d)
{
	static const unsigned char all[1] = {0xff};
	for (size_t block = 0; block < (d->size + 4095) / 4096; block++) {
		unsigned char top[8], middle[64], bottom[512];
		read_level(r, all, top, 8);
		read_level(r, top, middle, 64);
		read_level(r, middle, bottom, 512);
		for (size_t i = 0; i < 512; i++)
			set_mask_byte(r, d, 512 * block + i, bottom[i]);
	}
}

/* RLE and SPARSE end where as many bytes are left as change. */
static void read_list(struct reader *r, struct tenon_delta *d, int has_runs)
{
	size_t at = 0, changed = 0;
	while (!r->bad && (size_t)(r->end - r->at) > changed) {
		size_t gap = read_varint(r), run = has_runs ? read_varint(r) : 1;
		set_changes(r, d, at + gap, run);
		at += gap + run;
		changed += run;
	}
}

static void read_index(struct reader *r, struct tenon_delta *d, unsigned kind)
{
	if (kind == TENON_ENCODING_RAW)
		set_changes(r, d, 0, d->size);
	for (size_t i = 0; kind == TENON_ENCODING_BITMAP && i < (d->size + 7) / 8; i++)
		set_mask_byte(r, d, i, read_byte(r));
	if (kind == TENON_ENCODING_HIERARCHICAL)
		read_blocks(r, d);
	if (kind == TENON_ENCODING_RLE || kind == TENON_ENCODING_SPARSE)
		read_list(r, d, kind == TENON_ENCODING_RLE);
}

/*
 * Fills d, whose size and buffers are the caller's, and returns 1 if the bytes are an encoding of a delta of that size;
 * memory has room for the largest encoding there is of it (tests/delta.h).
 */
UNUSED static int read_encoding(const unsigned char *bytes, size_t length, struct tenon_delta *d, unsigned char *memory)
{
	memset(d->mask, 0, 8 * TENON_DELTA_WORDS(d->size));
	memset(d->payload, 0, d->size);
	d->order = 0;
	if (length < TENON_DELTA_OVERHEAD || read_number(bytes + 16, 4) != d->size)
		return 0;
	struct reader r = {bytes + 24, bytes + length - 4, bytes[4] > TENON_ENCODING_SPARSE};
	d->order = read_number(bytes + 8, 8);
	read_index(&r, d, bytes[4]);
	for (size_t i = 0; i < d->size && !r.bad; i++)
		if (changes(d, i))
			d->payload[i] = (unsigned char)read_byte(&r);
	if (r.bad || r.at != r.end)
		return 0;
	return write_encoding(d, bytes[4], memory) == length && memcmp(memory, bytes, length) == 0;
}

#endif
