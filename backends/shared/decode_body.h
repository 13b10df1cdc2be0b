/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delta_decode: the frame is checked, the index gives the mask, and the mask says where the bytes go. encode.h says
 * what an ISA brings. Vectors are read whole as long as the encoding goes on; nothing behind its end is read. Pure.
 */
#ifndef BACKENDS_SHARED_DECODE_BODY_H
#define BACKENDS_SHARED_DECODE_BODY_H

#include "backends/shared/encode.h"

/*
 * A body that is being read: at moves up to end; behind it are CHECKSUM bytes. The get_ functions write the mask and
 * return whether the index is canonical, so that as many bits are set as there are bytes left.
 */
struct reader {
	const unsigned char *at, *end;
};

static inline size_t count_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

static inline __attribute__((always_inline)) void get_packed(struct reader *r, void *to, uint64_t mask)
{
	if (r->end + CHECKSUM - r->at >= 64)
		unpack_bytes(to, r->at, mask);
	else
		unpack_exactly(to, r->at, mask);
	r->at += count_bits(mask);
}

/* ---- Masks ------------------------------------------------------------------------------------------------------- */

static inline int check_count(const struct reader *r, const struct tenon_delta *d)
{
	struct counts counts = {0};
	for (size_t i = 0; i < TENON_DELTA_WORDS(d->size); i += BLOCK_WORDS)
		count_words(d->mask + i, count_block_words(d, i), 0, &counts);
	return counts.changed == count_left(r);
}

static inline int has_clear_tail(const struct tenon_delta *d)
{
	return d->size % 64 == 0 || d->mask[d->size / 64] >> d->size % 64 == 0;
}

static inline int get_raw(const struct reader *r, const struct tenon_delta *d)
{
	for (size_t i = 0; i < d->size / 64; i++)
		d->mask[i] = UINT64_MAX;
	if (d->size % 64)
		d->mask[d->size / 64] = first_bits(d->size % 64);
	return count_left(r) == d->size;
}

static inline int get_bitmap(struct reader *r, const struct tenon_delta *d)
{
	size_t bytes = (d->size + 7) / 8, words = TENON_DELTA_WORDS(d->size);
	if (count_left(r) < bytes)
		return 0;
	if (!bytes)
		return count_left(r) == 0;
	d->mask[words - 1] = 0;
	memcpy(d->mask, r->at, bytes);
	r->at += bytes;
	return has_clear_tail(d) && check_count(r, d);
}

/* Eight words, or the last few; none of the bytes that map names may be 0. */
static inline int get_words(struct reader *r, uint64_t *mask, size_t words, uint64_t map)
{
	uint64_t part[8];
	if (words >= 8) {
		get_packed(r, mask, map);
		return map_bytes(mask) == map;
	}
	get_packed(r, part, map);
	memcpy(mask, part, 8 * words);
	return map_bytes(part) == map;
}

static inline int get_block(struct reader *r, uint64_t *mask, size_t words)
{
	uint64_t top, middle[8];
	size_t bytes = 0;
	if (count_left(r) < sizeof top)
		return 0;
	memcpy(&top, r->at, sizeof top);
	r->at += sizeof top;
	if (top & ~first_bits(words) || count_left(r) < count_bits(top))
		return 0;
	get_packed(r, middle, top);
	for (int i = 0; i < 8; i++)
		bytes += count_bits(middle[i]);
	if (map_bytes(middle) != top || count_left(r) < bytes)
		return 0;
	int good = 1;
	for (size_t i = 0; 8 * i < words; i++)
		good &= get_words(r, mask + 8 * i, words - 8 * i, middle[i]);
	return good;
}

static inline int get_hierarchy(struct reader *r, const struct tenon_delta *d)
{
	for (size_t i = 0; i < TENON_DELTA_WORDS(d->size); i += BLOCK_WORDS)
		if (!get_block(r, d->mask + i, count_block_words(d, i)))
			return 0;
	return has_clear_tail(d) && check_count(r, d);
}

/* ---- Lists ------------------------------------------------------------------------------------------------------- */

/* 64 bytes that begin with those at `at`: there, or in part, where ones that end nothing are behind them. */
static inline const unsigned char *find_chunk(const unsigned char *at, size_t left, unsigned char *part)
{
	if (left + CHECKSUM >= 64)
		return at;
	memset(part, 0x80, 64);
	memcpy(part, at, left);
	return part;
}

/* The bytes of the next 64 that end a varint; those behind the body are none. */
static inline uint64_t find_ends(const unsigned char *at, const unsigned char *end)
{
	unsigned char part[64];
	size_t left = (size_t)(end - at);
	return ~map_high(find_chunk(at, left, part)) & first_bits(left);
}

/* A varint of `bytes` bytes, which ends there; SIZE_MAX for one that is not minimal or beyond every page. */
static inline size_t get_varint(const unsigned char *p, size_t bytes)
{
	uint16_t pair;
	size_t value = 0;
	memcpy(&pair, p, sizeof pair); /* of one byte the second may be the checksum's */
	if (__builtin_expect(bytes <= 2, 1)) {
		value = (pair & 0x7f) | (pair >> 1 & 0x3f80 & (0 - (bytes - 1)));
		return value >> 7 || bytes == 1 ? value : SIZE_MAX;
	}
	if (bytes > 5 || !p[bytes - 1])
		return SIZE_MAX;
	for (size_t i = 0; i < bytes; i++)
		value |= (size_t)(p[i] & 0x7f) << 7 * i;
	return value;
}

/*
 * The last word apart, so that the compiler leaves the others to the C library, which is faster than what it would
 * make.
 */
static inline void clear_mask(const struct tenon_delta *d)
{
	if (!d->size)
		return;
	d->mask[(d->size - 1) / 64] = 0;
	memset(d->mask, 0, (d->size + 7) / 8);
}

/* Where the first bytes of a list go: when these are all, the mask need not be asked again. */
enum { PLACES = 512 };

struct places {
	size_t count; /* of all */
	uint32_t place[PLACES];
};

/* A varint of several bytes of which the last is 0, in a chunk that begins with one: it could be shorter. */
static inline int has_long_varint(const unsigned char *at, uint64_t ends, size_t bytes)
{
	uint64_t zeros = ~map_bytes(at), after = ~ends << 1;
	return (zeros & ends & after & first_bits(bytes)) != 0;
}

/*
 * The list ends where exactly the bytes that it announced, one a mark, are left. Gaps of one byte and of two go the
 * same way, since no CPU could guess which comes next.
 */
static inline int get_gaps(struct reader *r, const struct tenon_delta *d, struct places *places)
{
	const unsigned char *at = r->at, *end = r->end;
	size_t from = 0, size = d->size, count = 0;
	uint64_t *mask = d->mask;
	clear_mask(d);
	while (at != end) {
		unsigned char part[64];
		size_t begin = 0, left = (size_t)(end - at);
		const unsigned char *chunk = find_chunk(at, left, part);
		uint64_t all = ~map_high(chunk) & first_bits(left), ends = all;
		if (!ends)
			return 0;
		for (; ends && begin < left; ends &= ends - 1, left--) {
			size_t more = first_bit(ends) - begin, gap;
			uint16_t pair;
			memcpy(&pair, at + begin, sizeof pair); /* of one byte the second may be the checksum's */
			gap = (pair & 0x7f) | (pair >> 1 & 0x3f80 & (0 - more));
			if (__builtin_expect(more > 1, 0)) {
				gap = get_varint(at + begin, more + 1);
				if (gap == SIZE_MAX)
					return 0;
			}
			begin += more + 1;
			from += gap;
			if (from >= size)
				return 0;
			mask[from / 64] |= UINT64_C(1) << from % 64;
			places->place[count++ % PLACES] = (uint32_t)from++;
		}
		if (begin > left || has_long_varint(chunk, all, begin))
			return 0;
		end = at + left;
		at += begin;
	}
	r->at = at;
	places->count = count;
	return 1;
}

/* The same for edges, of which two make a run. The last one may be where the page ends; its bit is in no word. */
static inline int get_run_edges(struct reader *r, const struct tenon_delta *d)
{
	const unsigned char *at = r->at, *end = r->end;
	size_t from = 0, size = d->size;
	int runs = 0; /* 1 while the next edge ends a run */
	clear_mask(d);
	while (runs || at != end) {
		const unsigned char *chunk = at;
		uint64_t ends = find_ends(at, r->end);
		if (!ends)
			return 0;
		for (; ends && (runs || at < end); ends &= ends - 1) {
			const unsigned char *next = chunk + first_bit(ends) + 1;
			size_t length = get_varint(at, (size_t)(next - at));
			if (length > size - from || (!length && (from || runs)))
				return 0;
			from += length;
			if (from < size)
				d->mask[from / 64] |= UINT64_C(1) << from % 64;
			else if (!runs)
				return 0;
			if (runs && length > (size_t)(end - r->at))
				return 0;
			end -= runs ? length : 0;
			runs ^= 1;
			at = next;
		}
		if (!runs && at > end)
			return 0;
	}
	r->at = at;
	return 1;
}

static inline uint64_t sum_bits(uint64_t x)
{
	for (int shift = 1; shift < 64; shift *= 2)
		x ^= x << shift;
	return x;
}

static inline int get_runs(struct reader *r, const struct tenon_delta *d)
{
	if (!get_run_edges(r, d))
		return 0;
	uint64_t before = 0;
	for (size_t i = 0; i < TENON_DELTA_WORDS(d->size); i++) {
		d->mask[i] = sum_bits(d->mask[i]) ^ before;
		before = 0 - (d->mask[i] >> 63);
	}
	if (d->size % 64)
		d->mask[d->size / 64] &= first_bits(d->size % 64);
	return 1;
}

/* ---- The whole --------------------------------------------------------------------------------------------------- */

static inline int get_index(struct reader *r, const struct tenon_delta *d, uint32_t kind, struct places *places)
{
	switch (kind) {
	case TENON_ENCODING_RAW: return get_raw(r, d);
	case TENON_ENCODING_BITMAP: return get_bitmap(r, d);
	case TENON_ENCODING_HIERARCHICAL: return get_hierarchy(r, d);
	case TENON_ENCODING_RLE: return get_runs(r, d);
	default: return get_gaps(r, d, places);
	}
}

static inline __attribute__((always_inline)) void get_block_data(struct reader *r, unsigned char *payload,
								 const uint64_t *mask, size_t words)
{
	uint64_t top = UNPACKS_ANYTHING ? 0 : map_block(mask, words).top;
	struct reader here = *r; /* in registers, whatever is written */
	if (UNPACKS_ANYTHING || top == UINT64_MAX) {
		for (size_t j = 0; j < words; j++)
			get_packed(&here, payload + 64 * j, mask[j]);
	} else {
		memset(payload, 0, 64 * words);
		for (; top; top &= top - 1)
			get_packed(&here, payload + 64 * first_bit(top), mask[first_bit(top)]);
	}
	*r = here;
}

static inline void get_data(struct reader *r, const struct tenon_delta *d)
{
	size_t whole = d->size / 64;
	for (size_t i = 0; i < whole; i += BLOCK_WORDS) {
		size_t words = whole - i < BLOCK_WORDS ? whole - i : BLOCK_WORDS;
		get_block_data(r, d->payload + 64 * i, d->mask + i, words);
	}
	if (d->size % 64) {
		unsigned char part[64];
		get_packed(r, part, d->mask[whole]);
		memcpy(d->payload + 64 * whole, part, d->size % 64);
	}
}

static inline void get_listed(const struct reader *r, const struct tenon_delta *d, const struct places *places)
{
	const unsigned char *data = r->at;
	unsigned char *payload = d->payload;
	memset(payload, 0, d->size);
	for (size_t i = 0; i < places->count; i++)
		payload[places->place[i]] = data[i];
}

static inline int check_frame(const struct tenon_delta_decode_args *a, struct header *header)
{
	uint32_t checksum;
	if (a->length < TENON_DELTA_OVERHEAD)
		return 0;
	memcpy(header, a->encoded, HEADER);
	memcpy(&checksum, a->encoded + a->length - CHECKSUM, CHECKSUM);
	return memcmp(header->magic, magic, sizeof magic) == 0 && header->kind < KINDS &&
	       header->size == a->delta->size && header->body == a->length - TENON_DELTA_OVERHEAD &&
	       checksum == update_checksum(0, a->encoded, a->length - CHECKSUM);
}

static inline int read_parts(const struct tenon_delta_decode_args *a, const struct header *header)
{
	struct reader r = {a->encoded + HEADER, a->encoded + a->length - CHECKSUM};
	struct places places;
	places.count = 0;
	if (!get_index(&r, a->delta, header->kind, &places))
		return 0;
	if (places.count && places.count <= PLACES)
		get_listed(&r, a->delta, &places);
	else
		get_data(&r, a->delta);
	a->delta->order = header->order;
	return 1;
}

static inline int decode_body(const struct tenon_delta_decode_args *a)
{
	struct tenon_delta *d = a->delta;
	struct header header;
	if (check_frame(a, &header) && read_parts(a, &header))
		return TENON_OK;
	d->order = 0;
	if (d->size) {
		memset(d->mask, 0, 8 * TENON_DELTA_WORDS(d->size));
		memset(d->payload, 0, d->size);
	}
	return TENON_ECORRUPT;
}

#endif
