/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delta_encode: one pass over the mask measures every index, the smallest is written, and behind it the bytes that change.
 * encode.h says what an ISA brings. Vectors are written whole as long as what follows them in the encoding is still to be
 * written: nothing behind its end is touched. Pure.
 */
#ifndef BACKENDS_SHARED_ENCODE_BODY_H
#define BACKENDS_SHARED_ENCODE_BODY_H

#include "backends/shared/encode.h"

/* ---- Measuring ---------------------------------------------------------------------------------------------------- */

/* What is known of a mask before a byte is written. */
struct measure {
	struct counts bits;
	size_t bytes, words; /* that are not 0 */
	size_t far;          /* bytes that gaps take in a list beyond one each */
};

/* Where a pass over the marks of a mask is. */
struct place {
	size_t from;     /* behind the last mark */
	uint64_t filled; /* 1 if the last word had a mark */
};

static inline size_t extra_bytes(size_t value)
{
	return (size_t)(value >= 1u << 7) + (value >= 1u << 14) + (value >= 1u << 21) + (value >= 1u << 28);
}

/* A gap of 128 bytes or more has an empty word in it: only marks that come behind one are looked at. */
static inline __attribute__((always_inline)) size_t measure_far(const uint64_t *mask, size_t word, uint64_t top,
	struct place *place)
{
	size_t far = 0;
	for (uint64_t rest = top & ~(top << 1 | place->filled); rest; rest &= rest - 1) {
		size_t j = first_bit(rest), from = place->from;
		uint64_t before = top & (rest ^ (rest - 1)) >> 1;
		if (before)
			from = 64 * (word + last_bit(before)) + last_bit(mask[last_bit(before)]) + 1;
		far += extra_bytes(64 * (word + j) + first_bit(mask[j]) - from);
	}
	if (top)
		place->from = 64 * (word + last_bit(top)) + last_bit(mask[last_bit(top)]) + 1;
	place->filled = top >> 63;
	return far;
}

static inline struct measure measure_mask(const struct tenon_delta *d)
{
	struct measure m = {0};
	struct place place = {0};
	size_t all = TENON_DELTA_WORDS(d->size);
	for (size_t i = 0; i < all; i += BLOCK_WORDS) {
		size_t words = count_block_words(d, i);
		struct map map = map_block(d->mask + i, words);
		count_words(d->mask + i, words, i ? d->mask[i - 1] >> 63 : 0, &m.bits);
		for (int j = 0; j < 8; j++)
			m.bytes += count_bits(map.middle[j]);
		m.words += count_bits(map.top);
		m.far += measure_far(d->mask + i, i, map.top, &place);
	}
	if (all)
		m.bits.edges += d->mask[all - 1] >> 63; /* a run may end where the page does */
	return m;
}

/* Word i of the edges: the bits that differ from the one before. */
static inline uint64_t get_edges(const struct tenon_delta *d, size_t i)
{
	uint64_t word = i < TENON_DELTA_WORDS(d->size) ? d->mask[i] : 0;
	return word ^ (word << 1 | (i ? d->mask[i - 1] >> 63 : 0));
}

/* The bytes that the edges take in a list beyond one each, where runs may be long, too. */
static size_t measure_far_edges(const struct tenon_delta *d)
{
	size_t far = 0, from = 0, words = TENON_DELTA_WORDS(d->size);
	for (size_t i = 0; i <= words; i++) {
		uint64_t edges = get_edges(d, i);
		if (!edges)
			continue;
		far += extra_bytes(64 * i + first_bit(edges) - from);
		from = 64 * i + last_bit(edges);
	}
	return far;
}

struct plan {
	unsigned kind;
	size_t index, changed; /* bytes */
};

static inline struct plan make_plan(const struct tenon_delta *d)
{
	struct measure m = measure_mask(d);
	const size_t index[KINDS] = {
		[TENON_ENCODING_RAW] = m.bits.changed == d->size ? 0 : SIZE_MAX,
		[TENON_ENCODING_BITMAP] = (d->size + 7) / 8,
		[TENON_ENCODING_HIERARCHICAL] = (d->size + BLOCK_BYTES - 1) / BLOCK_BYTES * 8 + m.words + m.bytes,
		[TENON_ENCODING_RLE] = m.bits.edges + (m.bits.full ? measure_far_edges(d) : m.far),
		[TENON_ENCODING_SPARSE] = m.bits.changed + m.far,
	};
	unsigned best = 0;
	for (unsigned kind = 1; kind < KINDS; kind++)
		best = index[kind] < index[best] ? kind : best;
	return (struct plan){best, index[best], m.bits.changed};
}

/* ---- Writing ------------------------------------------------------------------------------------------------------ */

/* Where the encoding goes: at, up to the end of its checksum, which is written last. */
struct writer {
	unsigned char *at, *end;
};

static inline __attribute__((always_inline)) void put_packed(struct writer *w, const void *from, uint64_t mask)
{
	if (w->end - w->at >= 64)
		pack_bytes(w->at, from, mask);
	else
		pack_exactly(w->at, from, mask);
	w->at += count_bits(mask);
}

static inline void put_bitmap(struct writer *w, const struct tenon_delta *d)
{
	size_t bytes = (d->size + 7) / 8;
	memcpy(w->at, d->mask, bytes);
	w->at += bytes;
}

static inline void put_hierarchy(struct writer *w, const struct tenon_delta *d)
{
	for (size_t i = 0; i < TENON_DELTA_WORDS(d->size); i += BLOCK_WORDS) {
		size_t words = count_block_words(d, i);
		struct map map = map_block(d->mask + i, words);
		memcpy(w->at, &map.top, 8);
		w->at += 8;
		put_packed(w, map.middle, map.top);
		for (size_t j = 0; j < words / 8; j++)
			put_packed(w, d->mask + i + 8 * j, map.middle[j]);
		if (words % 8) {
			uint64_t part[8] = {0};
			memcpy(part, d->mask + i + words / 8 * 8, words % 8 * 8);
			put_packed(w, part, map.middle[words / 8]);
		}
	}
}

/*
 * The distance of word's first mark from the one before, then those of its other marks. Each mark is followed by a byte of
 * data, at least on average, and by the checksum: so two bytes may be written where only one counts.
 */
static inline __attribute__((always_inline)) size_t put_marks(struct writer *w, size_t i, uint64_t word, size_t from,
	unsigned skip)
{
	size_t gap = 64 * i + first_bit(word) - from, more = count_bits(word) - 1;
	for (; gap >= 1u << 14; gap >>= 7)
		*w->at++ = (unsigned char)(gap | 0x80);
	size_t two = gap >> 7 != 0;
	uint16_t pair = (uint16_t)((gap & 0x7f) | two << 7 | gap >> 7 << 8);
	memcpy(w->at, &pair, sizeof pair);
	w->at += 1 + two;
	put_near(w->at, word, skip);
	w->at += more;
	return 64 * i + last_bit(word) + skip;
}

static inline void put_gaps(struct writer *w, const struct tenon_delta *d)
{
	size_t from = 0;
	for (size_t i = 0; i < TENON_DELTA_WORDS(d->size); i += BLOCK_WORDS) {
		struct map map = map_block(d->mask + i, count_block_words(d, i));
		for (uint64_t rest = map.top; rest; rest &= rest - 1)
			from = put_marks(w, i + first_bit(rest), d->mask[i + first_bit(rest)], from, 1);
	}
}

static inline void put_runs(struct writer *w, const struct tenon_delta *d)
{
	size_t from = 0, words = TENON_DELTA_WORDS(d->size);
	for (size_t i = 0; i <= words; i++) {
		uint64_t edges = get_edges(d, i);
		if (edges)
			from = put_marks(w, i, edges, from, 0);
	}
}

static inline void put_index(struct writer *w, const struct tenon_delta *d, unsigned kind)
{
	switch (kind) {
	case TENON_ENCODING_BITMAP: put_bitmap(w, d); break;
	case TENON_ENCODING_HIERARCHICAL: put_hierarchy(w, d); break;
	case TENON_ENCODING_RLE: put_runs(w, d); break;
	case TENON_ENCODING_SPARSE: put_gaps(w, d); break;
	default: break;
	}
}

/* The bytes of a block whose words are named by top. */
static inline __attribute__((always_inline)) void put_block_data(struct writer *w, const unsigned char *payload,
	const uint64_t *mask, uint64_t top)
{
	struct writer here = *w; /* in registers, whatever is written */
	if (top == UINT64_MAX)
		for (size_t j = 0; j < BLOCK_WORDS; j++)
			put_packed(&here, payload + 64 * j, mask[j]);
	else
		for (; top; top &= top - 1)
			put_packed(&here, payload + 64 * first_bit(top), mask[first_bit(top)]);
	*w = here;
}

static inline void put_data(struct writer *w, const struct tenon_delta *d)
{
	size_t whole = d->size / 64;
	for (size_t i = 0; i < whole; i += BLOCK_WORDS) {
		size_t words = whole - i < BLOCK_WORDS ? whole - i : BLOCK_WORDS;
		struct map map = map_block(d->mask + i, words);
		put_block_data(w, d->payload + 64 * i, d->mask + i, map.top);
	}
	if (d->size % 64) {
		unsigned char part[64] = {0};
		memcpy(part, d->payload + 64 * whole, d->size % 64);
		put_packed(w, part, d->mask[whole]);
	}
}

static inline int encode_body(const struct tenon_delta_encode_args *a)
{
	const struct tenon_delta *d = a->delta;
	struct plan plan = make_plan(d);
	size_t body = plan.index + plan.changed, length = TENON_DELTA_OVERHEAD + body;
	struct header header = {{magic[0], magic[1], magic[2], magic[3]}, plan.kind, d->order, (uint32_t)d->size,
		(uint32_t)body};
	memcpy(a->encoded, &header, HEADER);
	struct writer w = {a->encoded + HEADER, a->encoded + length};
	put_index(&w, d, plan.kind);
	put_data(&w, d);
	uint32_t checksum = update_checksum(0, a->encoded, HEADER + body);
	memcpy(w.at, &checksum, CHECKSUM);
	*a->length = length;
	return TENON_OK;
}

#endif
