/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scalar reference of delta_encode and delta_decode: docs/NUMERICS.md has the format. To encode, one pass over the
 * mask measures every index, the smallest is written, and behind it the bytes that change. To decode, the index gives
 * the mask, and the mask says where the bytes go. Pure.
 */
#include "backends/scalar/scalar.h"

#include <string.h>

enum { HEADER = 24, CHECKSUM = 4, BLOCK_WORDS = 64, KINDS = 5 };

static const unsigned char magic[4] = {'T', 'N', 'D', 1};

/* ---- Words ------------------------------------------------------------------------------------------------------- */

static void put_number(unsigned char *p, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (unsigned char)(value >> 8 * i);
}

static uint64_t get_number(const unsigned char *p, size_t bytes)
{
	uint64_t value = 0;
	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)p[i] << 8 * i;
	return value;
}

/* Sums of ever wider fields: a compiler makes vectors of it where the baseline has no instruction for it. */
static inline uint64_t count_bits(uint64_t x)
{
	x -= x >> 1 & 0x5555555555555555u;
	x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
	x += x >> 8;
	x += x >> 16;
	return (x + (x >> 32)) & 0x7f;
}

/* Bit 7 of each byte that is not 0. */
static inline uint64_t flag_bytes(uint64_t x)
{
	const uint64_t low = 0x7f7f7f7f7f7f7f7fu;
	return (((x & low) + low) | x) & ~low;
}

/* Bit i says that byte i is not 0. */
static inline uint64_t map_bytes(uint64_t x)
{
	return (flag_bytes(x) >> 7) * 0x0102040810204080u >> 56;
}

/* ---- Marks ------------------------------------------------------------------------------------------------------- */

/*
 * SPARSE lists the bytes that change, RLE the edges: where a byte changes and the one before does not, or the
 * reverse.
 */
enum marks { BYTES, EDGES };

static size_t count_mark_words(const struct tenon_delta *d, enum marks marks)
{
	return TENON_DELTA_WORDS(d->size) + (marks == EDGES); /* a run may end where the page does */
}

static uint64_t get_marks(const struct tenon_delta *d, size_t i, enum marks marks)
{
	uint64_t word = i < TENON_DELTA_WORDS(d->size) ? d->mask[i] : 0;
	return marks == BYTES ? word : word ^ (word << 1 | (i ? d->mask[i - 1] >> 63 : 0));
}

/* ---- Measuring --------------------------------------------------------------------------------------------------- */

struct measure {
	size_t changed;      /* bytes */
	size_t index[KINDS]; /* bytes, by kind */
};

static size_t extra_bytes(size_t value)
{
	return (size_t)(value >= 1u << 7) + (value >= 1u << 14) + (value >= 1u << 21) + (value >= 1u << 28);
}

/* The bytes of a list beyond one a mark: only the first mark of a word can be far enough from the one before it. */
static size_t measure_extra(const struct tenon_delta *d, enum marks marks)
{
	size_t extra = 0, from = 0, words = count_mark_words(d, marks);
	for (size_t i = 0; i < words; i++) {
		uint64_t word = get_marks(d, i, marks);
		if (!word)
			continue;
		extra += extra_bytes(64 * i + (size_t)__builtin_ctzll(word) - from);
		from = 64 * i + 63 - (size_t)__builtin_clzll(word) + (marks == BYTES);
	}
	return extra;
}

static struct measure measure_delta(const struct tenon_delta *d)
{
	size_t words = TENON_DELTA_WORDS(d->size), changed = 0, edges = 0, full_words = 0, full_bytes = 0;
	for (size_t i = 0; i < words; i++) {
		changed += count_bits(d->mask[i]);
		full_bytes += count_bits(flag_bytes(d->mask[i]));
		full_words += d->mask[i] != 0;
	}
	for (size_t i = 0; i <= words; i++)
		edges += count_bits(get_marks(d, i, EDGES));
	return (struct measure){changed,
				{
					[TENON_ENCODING_RAW] = changed == d->size ? 0 : SIZE_MAX,
					[TENON_ENCODING_BITMAP] = (d->size + 7) / 8,
					[TENON_ENCODING_HIERARCHICAL] =
						(words + BLOCK_WORDS - 1) / BLOCK_WORDS * 8 + full_words + full_bytes,
					[TENON_ENCODING_RLE] = edges + measure_extra(d, EDGES),
					[TENON_ENCODING_SPARSE] = changed + measure_extra(d, BYTES),
				}};
}

static int choose_kind(const struct measure *m)
{
	int best = 0;
	for (int kind = 1; kind < KINDS; kind++)
		best = m->index[kind] < m->index[best] ? kind : best;
	return best;
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static unsigned char *put_bitmap(unsigned char *out, const struct tenon_delta *d)
{
	size_t bytes = (d->size + 7) / 8;
	for (size_t i = 0; i < bytes; i++)
		out[i] = (unsigned char)(d->mask[i / 8] >> i % 8 * 8);
	return out + bytes;
}

/* The bytes of word that map names. */
static unsigned char *put_bytes(unsigned char *out, uint64_t word, uint64_t map)
{
	for (; map; map &= map - 1)
		*out++ = (unsigned char)(word >> 8 * __builtin_ctzll(map));
	return out;
}

static unsigned char *put_block(unsigned char *out, const uint64_t *mask, size_t words)
{
	uint64_t top = 0, middle[BLOCK_WORDS];
	for (size_t i = 0; i < words; i++) {
		middle[i] = map_bytes(mask[i]);
		top |= (uint64_t)(mask[i] != 0) << i;
	}
	put_number(out, top, 8);
	out += 8;
	for (uint64_t rest = top; rest; rest &= rest - 1)
		*out++ = (unsigned char)middle[__builtin_ctzll(rest)];
	for (uint64_t rest = top; rest; rest &= rest - 1)
		out = put_bytes(out, mask[__builtin_ctzll(rest)], middle[__builtin_ctzll(rest)]);
	return out;
}

static unsigned char *put_hierarchy(unsigned char *out, const struct tenon_delta *d)
{
	size_t words = TENON_DELTA_WORDS(d->size);
	for (size_t i = 0; i < words; i += BLOCK_WORDS)
		out = put_block(out, d->mask + i, words - i < BLOCK_WORDS ? words - i : BLOCK_WORDS);
	return out;
}

static unsigned char *put_varint(unsigned char *out, size_t value)
{
	for (; value >= 0x80; value >>= 7)
		*out++ = (unsigned char)(value | 0x80);
	*out++ = (unsigned char)value;
	return out;
}

static unsigned char *put_list(unsigned char *out, const struct tenon_delta *d, enum marks marks)
{
	size_t from = 0, words = count_mark_words(d, marks);
	for (size_t i = 0; i < words; i++)
		for (uint64_t word = get_marks(d, i, marks); word; word &= word - 1) {
			size_t mark = 64 * i + (size_t)__builtin_ctzll(word);
			out = put_varint(out, mark - from);
			from = mark + (marks == BYTES);
		}
	return out;
}

static unsigned char *put_index(unsigned char *out, const struct tenon_delta *d, int kind)
{
	switch (kind) {
	case TENON_ENCODING_BITMAP: return put_bitmap(out, d);
	case TENON_ENCODING_HIERARCHICAL: return put_hierarchy(out, d);
	case TENON_ENCODING_RLE: return put_list(out, d, EDGES);
	case TENON_ENCODING_SPARSE: return put_list(out, d, BYTES);
	default: return out;
	}
}

/* What lies between being few and being all: each byte is written, and overwritten if it was not to be. */
enum { MANY = 20 };

static unsigned char *put_data(unsigned char *out, const struct tenon_delta *d)
{
	for (size_t i = 0; i < d->size; i += 64) {
		const unsigned char *from = d->payload + i;
		uint64_t word = d->mask[i / 64], count = count_bits(word);
		if (count == 64)
			memcpy(out, from, 64);
		else if (count <= MANY)
			for (unsigned char *to = out; word; word &= word - 1)
				*to++ = from[__builtin_ctzll(word)];
		else
			for (unsigned char *to = out; word; word >>= 1, from++) {
				*to = *from;
				to += word & 1;
			}
		out += count;
	}
	return out;
}

int scalar_delta_encode(const void *args, void *scratch)
{
	const struct tenon_delta_encode_args *a = args;
	(void)scratch;
	struct measure m = measure_delta(a->delta);
	int kind = choose_kind(&m);
	size_t body = m.index[kind] + m.changed;
	memcpy(a->encoded, magic, sizeof magic);
	put_number(a->encoded + 4, (uint64_t)kind, 4);
	put_number(a->encoded + 8, a->delta->order, 8);
	put_number(a->encoded + 16, a->delta->size, 4);
	put_number(a->encoded + 20, body, 4);
	unsigned char *end = put_data(put_index(a->encoded + HEADER, a->delta, kind), a->delta);
	put_number(end, scalar_update_crc32c(0, a->encoded, HEADER + body), CHECKSUM);
	*a->length = TENON_DELTA_OVERHEAD + body;
	return TENON_OK;
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

/*
 * A body that is being read: at moves up to end. The get_ functions write the mask of a delta whose mask is 0 and
 * return whether the index is canonical; then at is behind it.
 */
struct reader {
	const unsigned char *at, *end;
};

static size_t count_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

static int get_raw(struct reader *r, const struct tenon_delta *d)
{
	(void)r;
	for (size_t i = 0; i < d->size / 64; i++)
		d->mask[i] = UINT64_MAX;
	if (d->size % 64)
		d->mask[d->size / 64] = (UINT64_C(1) << d->size % 64) - 1;
	return 1;
}

static int get_bitmap(struct reader *r, const struct tenon_delta *d)
{
	size_t bytes = (d->size + 7) / 8;
	if (count_left(r) < bytes)
		return 0;
	for (size_t i = 0; i < bytes; i += 8)
		d->mask[i / 8] = get_number(r->at + i, bytes - i < 8 ? bytes - i : 8);
	r->at += bytes;
	return 1;
}

/* The byte at each bit of map, none of them 0; rest is what map has left to take. */
static int get_bytes(struct reader *r, uint64_t map, uint64_t *word)
{
	int good = 1;
	for (*word = 0; map; map &= map - 1) {
		good &= *r->at != 0;
		*word |= (uint64_t)*r->at++ << 8 * __builtin_ctzll(map);
	}
	return good;
}

static int get_block(struct reader *r, uint64_t *mask, size_t words)
{
	int good = 1;
	if (count_left(r) < 8)
		return 0;
	uint64_t top = get_number(r->at, 8);
	r->at += 8;
	if ((words < 64 && top >> words) || count_left(r) < count_bits(top))
		return 0;
	const unsigned char *middle = r->at;
	r->at += count_bits(top);
	for (; top; top &= top - 1, middle++) {
		if (!*middle || count_left(r) < count_bits(*middle))
			return 0;
		good &= get_bytes(r, *middle, &mask[__builtin_ctzll(top)]);
	}
	return good;
}

static int get_hierarchy(struct reader *r, const struct tenon_delta *d)
{
	size_t words = TENON_DELTA_WORDS(d->size);
	int good = 1;
	for (size_t i = 0; good && i < words; i += BLOCK_WORDS)
		good = get_block(r, d->mask + i, words - i < BLOCK_WORDS ? words - i : BLOCK_WORDS);
	return good;
}

/* Of the lengths of stretches none goes beyond the page, so it has five bytes at most. */
static int get_varint(struct reader *r, size_t most, size_t *value)
{
	unsigned char byte = 0x80;
	*value = 0;
	for (int shift = 0; byte >= 0x80; shift += 7) {
		if (r->at == r->end || shift > 28)
			return 0;
		byte = *r->at++;
		*value |= (size_t)(byte & 0x7f) << shift;
		if (shift && !byte)
			return 0;
	}
	return *value <= most;
}

/* The index ends where exactly the bytes that it announced are left. */
static int get_gaps(struct reader *r, const struct tenon_delta *d)
{
	size_t gap, at = 0;
	for (size_t changed = 0; count_left(r) != changed; changed++, at++) {
		if (count_left(r) < changed || !get_varint(r, d->size - at, &gap) || gap == d->size - at)
			return 0;
		at += gap;
		d->mask[at / 64] |= UINT64_C(1) << at % 64;
	}
	return 1;
}

static void set_bits(uint64_t *mask, size_t at, size_t end)
{
	while (at < end) {
		size_t count = 64 - at % 64 < end - at ? 64 - at % 64 : end - at;
		mask[at / 64] |= ~UINT64_C(0) >> (64 - count) << at % 64;
		at += count;
	}
}

static int get_runs(struct reader *r, const struct tenon_delta *d)
{
	size_t stay, run, at = 0;
	for (size_t changed = 0; count_left(r) != changed; changed += run, at += run) {
		if (count_left(r) < changed || !get_varint(r, d->size - at, &stay) || (at && !stay))
			return 0;
		at += stay;
		if (!get_varint(r, d->size - at, &run) || !run)
			return 0;
		set_bits(d->mask, at, at + run);
	}
	return 1;
}

static int get_index(struct reader *r, const struct tenon_delta *d, unsigned kind)
{
	switch (kind) {
	case TENON_ENCODING_RAW: return get_raw(r, d);
	case TENON_ENCODING_BITMAP: return get_bitmap(r, d);
	case TENON_ENCODING_HIERARCHICAL: return get_hierarchy(r, d);
	case TENON_ENCODING_RLE: return get_runs(r, d);
	default: return get_gaps(r, d);
	}
}

/* Are as many bits set as there are bytes left, none of them behind the page? */
static int check_mask(const struct reader *r, const struct tenon_delta *d)
{
	size_t words = TENON_DELTA_WORDS(d->size), changed = 0;
	for (size_t i = 0; i < words; i++)
		changed += count_bits(d->mask[i]);
	return changed == count_left(r) && !(d->size % 64 && d->mask[words - 1] >> d->size % 64);
}

/* Reads a byte behind the data at most, which is one of the checksum. */
static void get_data(const unsigned char *in, const struct tenon_delta *d)
{
	for (size_t i = 0; i < d->size; i += 64) {
		size_t bytes = d->size - i < 64 ? d->size - i : 64;
		unsigned char *to = d->payload + i;
		uint64_t word = d->mask[i / 64], count = count_bits(word);
		const unsigned char *from = in;
		in += count;
		if (count == 64) {
			memcpy(to, from, 64);
		} else if (count <= MANY) {
			memset(to, 0, bytes);
			for (; word; word &= word - 1)
				to[__builtin_ctzll(word)] = *from++;
		} else {
			for (size_t j = 0; j < bytes; j++, word >>= 1) {
				to[j] = (unsigned char)(*from & (0 - (word & 1)));
				from += word & 1;
			}
		}
	}
}

static int check_frame(const struct tenon_delta_decode_args *a)
{
	const unsigned char *p = a->encoded;
	return a->length >= TENON_DELTA_OVERHEAD && memcmp(p, magic, sizeof magic) == 0 && p[4] < KINDS && !p[5] &&
	       !p[6] && !p[7] && get_number(p + 16, 4) == a->delta->size &&
	       get_number(p + 20, 4) == a->length - TENON_DELTA_OVERHEAD &&
	       get_number(p + a->length - CHECKSUM, CHECKSUM) == scalar_update_crc32c(0, p, a->length - CHECKSUM);
}

static int decode(const struct tenon_delta_decode_args *a)
{
	struct tenon_delta *d = a->delta;
	if (!check_frame(a))
		return TENON_ECORRUPT;
	for (size_t i = 0; i < TENON_DELTA_WORDS(d->size); i++)
		d->mask[i] = 0;
	struct reader r = {a->encoded + HEADER, a->encoded + a->length - CHECKSUM};
	if (!get_index(&r, d, a->encoded[4]) || !check_mask(&r, d))
		return TENON_ECORRUPT;
	get_data(r.at, d);
	d->order = get_number(a->encoded + 8, 8);
	return TENON_OK;
}

int scalar_delta_decode(const void *args, void *scratch)
{
	const struct tenon_delta_decode_args *a = args;
	(void)scratch;
	if (decode(a) == TENON_OK)
		return TENON_OK;
	a->delta->order = 0;
	if (a->delta->size) {
		memset(a->delta->mask, 0, 8 * TENON_DELTA_WORDS(a->delta->size));
		memset(a->delta->payload, 0, a->delta->size);
	}
	return TENON_ECORRUPT;
}
