/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delta_encode: one pass over the mask measures every index, the smallest is written, and behind it the bytes that
 * change. encode.h says what an ISA brings. Vectors are written whole as long as what follows them in the encoding is
 * still to be written: nothing behind its end is touched. Pure.
 */
#ifndef BACKENDS_SHARED_ENCODE_BODY_H
#define BACKENDS_SHARED_ENCODE_BODY_H

#include "backends/shared/encode.h"

/* ---- Measuring --------------------------------------------------------------------------------------------------- */

/* What is known of a mask before a byte is written. */
struct measure {
	struct counts bits;
	size_t bytes, words; /* that are not 0 */
	struct map first;    /* of the first block, which is often the only one */
};

/* That of the block that begins with this word; own is room for it. */
static inline const struct map *find_map(const struct tenon_delta *d, const struct measure *m, size_t word,
					 struct map *own)
{
	if (!word)
		return &m->first;
	*own = map_block(d->mask + word, count_block_words(d, word));
	return own;
}

static inline struct measure measure_mask(const struct tenon_delta *d)
{
	struct measure m = {0};
	size_t all = TENON_DELTA_WORDS(d->size);
	m.first = map_block(d->mask, count_block_words(d, 0));
	for (size_t i = 0; i < all; i += BLOCK_WORDS) {
		struct map own;
		const struct map *map = find_map(d, &m, i, &own);
		count_words(d->mask + i, count_block_words(d, i), i ? d->mask[i - 1] >> 63 : 0, &m.bits);
		for (int j = 0; j < 8; j++)
			m.bytes += count_bits(map->middle[j]);
		m.words += count_bits(map->top);
	}
	if (all)
		m.bits.edges += d->mask[all - 1] >> 63; /* a run may end where the page does */
	return m;
}

/* ---- Lists ------------------------------------------------------------------------------------------------------- */

static inline size_t extra_bytes(size_t value)
{
	return (size_t)(value >= 1u << 7) + (value >= 1u << 14) + (value >= 1u << 21) + (value >= 1u << 28);
}

/*
 * The bytes that gaps take in a list beyond one each. One of 128 or more has an empty word in it, so that only the
 * first marks of words count.
 */
static size_t measure_far(const struct tenon_delta *d)
{
	size_t far = 0, from = 0, words = TENON_DELTA_WORDS(d->size);
	for (size_t i = 0; i < words; i++) {
		if (!d->mask[i])
			continue;
		far += extra_bytes(64 * i + first_bit(d->mask[i]) - from);
		from = 64 * i + last_bit(d->mask[i]) + 1;
	}
	return far;
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

/* A varint of a value below 2^14: writes two bytes, of which the second may not count. Returns how many do. */
static inline size_t put_pair(unsigned char *out, size_t value)
{
	size_t two = value >> 7 != 0;
	uint16_t pair = (uint16_t)((value & 0x7f) | two << 7 | value >> 7 << 8);
	memcpy(out, &pair, sizeof pair);
	return 1 + two;
}

/* The list of gaps of a page of one block and few changes is written to be measured. */
enum { LIST_MARKS = 511, LIST_ROOM = 2 * LIST_MARKS + 64 };

struct plan {
	unsigned kind;
	size_t index, changed; /* bytes */
	size_t listed;         /* bytes of list, 0 for none */
	unsigned char list[LIST_ROOM];
};

static inline void choose(struct plan *plan, unsigned kind, size_t index)
{
	if (index < plan->index) {
		plan->kind = kind;
		plan->index = index;
	}
}

static inline size_t list_far(const struct tenon_delta *d, const struct measure *m, struct plan *plan)
{
	if (d->size > BLOCK_BYTES || m->bits.changed > LIST_MARKS)
		return measure_far(d);
	plan->listed = list_gaps(d->mask, m->first.top, plan->list);
	return plan->listed - m->bits.changed;
}

/* A list takes at least a byte a mark: where others take less, its length need not be known. */
static inline void make_plan(const struct tenon_delta *d, const struct measure *m, struct plan *plan)
{
	size_t blocks = (d->size + BLOCK_BYTES - 1) / BLOCK_BYTES;
	plan->kind = TENON_ENCODING_RAW;
	plan->index = m->bits.changed == d->size ? 0 : SIZE_MAX;
	plan->changed = m->bits.changed;
	plan->listed = 0;
	choose(plan, TENON_ENCODING_BITMAP, (d->size + 7) / 8);
	choose(plan, TENON_ENCODING_HIERARCHICAL, 8 * blocks + m->words + m->bytes);
	if (m->bits.edges >= plan->index && m->bits.changed >= plan->index)
		return;
	size_t far = list_far(d, m, plan);
	choose(plan, TENON_ENCODING_RLE, m->bits.edges + (m->bits.full ? measure_far_edges(d) : far));
	choose(plan, TENON_ENCODING_SPARSE, m->bits.changed + far);
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

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

static inline void put_hierarchy(struct writer *w, const struct tenon_delta *d, const struct measure *m)
{
	for (size_t i = 0; i < TENON_DELTA_WORDS(d->size); i += BLOCK_WORDS) {
		size_t words = count_block_words(d, i);
		struct map own;
		const struct map *map = find_map(d, m, i, &own);
		memcpy(w->at, &map->top, 8);
		w->at += 8;
		put_packed(w, map->middle, map->top);
		for (size_t j = 0; j < words / 8; j++)
			put_packed(w, d->mask + i + 8 * j, map->middle[j]);
		if (words % 8) {
			uint64_t part[8] = {0};
			memcpy(part, d->mask + i + words / 8 * 8, words % 8 * 8);
			put_packed(w, part, map->middle[words / 8]);
		}
	}
}

/*
 * The distance of word's first mark from the one before, then those of its other marks. Each mark is followed by a
 * byte of data, at least on average, and by the checksum: so two bytes may be written where only one counts.
 */
static inline __attribute__((always_inline)) size_t put_marks(struct writer *w, size_t i, uint64_t word, size_t from,
							      unsigned skip)
{
	size_t gap = 64 * i + first_bit(word) - from, end = 64 * i + last_bit(word) + skip;
	for (; gap >= 1u << 14; gap >>= 7)
		*w->at++ = (unsigned char)(gap | 0x80);
	w->at += put_pair(w->at, gap);
	for (size_t last = first_bit(word) + skip; word &= word - 1, word; last = first_bit(word) + skip)
		*w->at++ = (unsigned char)(first_bit(word) - last);
	return end;
}

static inline void put_gaps(struct writer *w, const struct tenon_delta *d, const struct plan *plan)
{
	size_t from = 0;
	if (plan->listed) {
		memcpy(w->at, plan->list, plan->listed);
		w->at += plan->listed;
		return;
	}
	for (size_t i = 0; i < TENON_DELTA_WORDS(d->size); i++)
		if (d->mask[i])
			from = put_marks(w, i, d->mask[i], from, 1);
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

static inline void put_index(struct writer *w, const struct tenon_delta *d, const struct measure *m,
			     const struct plan *plan)
{
	switch (plan->kind) {
	case TENON_ENCODING_BITMAP: put_bitmap(w, d); break;
	case TENON_ENCODING_HIERARCHICAL: put_hierarchy(w, d, m); break;
	case TENON_ENCODING_RLE: put_runs(w, d); break;
	case TENON_ENCODING_SPARSE: put_gaps(w, d, plan); break;
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

static inline void put_data(struct writer *w, const struct tenon_delta *d, const struct measure *m)
{
	size_t whole = d->size / 64;
	for (size_t i = 0; i < whole; i += BLOCK_WORDS) {
		struct map own;
		uint64_t top = find_map(d, m, i, &own)->top & first_bits(whole - i);
		put_block_data(w, d->payload + 64 * i, d->mask + i, top);
	}
	if (d->size % 64) {
		unsigned char part[64] = {0};
		memcpy(part, d->payload + 64 * whole, d->size % 64);
		put_packed(w, part, d->mask[whole]);
	}
}

static inline void write_parts(unsigned char *to, size_t room, const struct tenon_delta *d, const struct measure *m,
			       const struct plan *plan)
{
	size_t body = plan->index + plan->changed;
	struct header header = {
		{magic[0], magic[1], magic[2], magic[3]}, plan->kind, d->order, (uint32_t)d->size, (uint32_t)body};
	memcpy(to, &header, HEADER);
	struct writer w = {to + HEADER, to + room};
	put_index(&w, d, m, plan);
	put_data(&w, d, m);
	uint32_t checksum = update_checksum(0, to, HEADER + body);
	memcpy(w.at, &checksum, CHECKSUM);
}

static inline int encode_body(const struct tenon_delta_encode_args *a)
{
	const struct tenon_delta *d = a->delta;
	struct measure m = measure_mask(d);
	struct plan plan;
	make_plan(d, &m, &plan);
	size_t length = TENON_DELTA_OVERHEAD + plan.index + plan.changed;
	*a->length = length;
	if (length > SMALL) {
		write_parts(a->encoded, length, d, &m, &plan);
		return TENON_OK;
	}
	unsigned char small[SMALL + 64];
	write_parts(small, sizeof small, d, &m, &plan);
	memcpy(a->encoded, small, length);
	return TENON_OK;
}

#endif
