/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Specs of delta_encode and delta_decode. tests/delta.h and delta_read.h, which share no code with a backend, are the
 * oracles. No state.
 */
#include "tests/conform/law.h"
#include "tests/conform/specs/deltas.h"
#include "tests/delta_read.h"

enum { ENCODING = AXIS_DELTA_OWN, DAMAGE, PLACE };

static const char *const encodings[] = {"raw", "bitmap", "hierarchical", "rle", "sparse"};

/* What is done to an encoding before it is decoded: the body under a checksum that is right, or anything. */
enum damage { WHOLE, ZEROED, FLIPPED, REPLACED, LONGER, SHORTER, HEADER, UNSEALED, CUT, OTHER_SIZE, DAMAGES };
static const char *const damages[] = {"no",      "zeroed", "flipped",  "replaced", "longer",
				      "shorter", "header", "unsealed", "cut",      "other-size"};

static const struct axis encode_axes[] = {
	DELTA_AXES,
	{NULL, 0, 0, NULL},
};

static const struct axis decode_axes[] = {
	DELTA_AXES,
	{"encoding", 0, 4, encodings},
	{"damage", 0, DAMAGES - 1, damages},
	{"place", 0, 1 << 20, NULL},
	{NULL, 0, 0, NULL},
};

enum { STREAM_ORDER = STREAM_DELTA_END, STREAM_DAMAGE };

static uint64_t get_order(const struct trial *t)
{
	return draw_bits(stream_of(t, STREAM_ORDER), 0);
}

/* ---- delta_encode ------------------------------------------------------------------------------------------------ */

enum { DELTA, MASK, PAYLOAD, ENCODED, LENGTH };

/* All of the capacity counts: what lies behind the encoding is left alone. */
static void make_encode(struct trial *t)
{
	size_t size = (size_t)t->point.at[SIZE];
	add_buffer(t, "delta", ROLE_IN, ELEMENT_U64, sizeof(struct tenon_delta) / 8);
	uint64_t *mask = add_buffer(t, "mask", ROLE_IN, ELEMENT_U64, TENON_DELTA_WORDS(size));
	unsigned char *payload = add_buffer(t, "payload", ROLE_IN, ELEMENT_U8, size);
	memset(add_buffer(t, "encoded", ROLE_INOUT, ELEMENT_U8, TENON_DELTA_BOUND(size)), 0x77,
	       TENON_DELTA_BOUND(size));
	add_buffer(t, "length", ROLE_OUT, ELEMENT_U64, 1);
	fill_delta(t, STREAM_DELTA, mask, payload);
	t->own = take_room(t, 8 * size + 4096);
}

static void bind_encode(const struct trial *t, const struct placed *p, void *args)
{
	*(struct tenon_delta *)p->ours[DELTA] =
		(struct tenon_delta){get_order(t), (size_t)t->point.at[SIZE], p->seen[MASK], p->seen[PAYLOAD]};
	*(struct tenon_delta_encode_args *)args = (struct tenon_delta_encode_args){
		p->seen[DELTA], p->seen[ENCODED], TENON_DELTA_BOUND(t->point.at[SIZE]), p->seen[LENGTH]};
}

/* Remembers the encoding that is due: length first. */
static const unsigned char *encode_by_hand(const struct trial *t, size_t *length)
{
	struct tenon_delta delta = {get_order(t), (size_t)t->point.at[SIZE], t->buffer[MASK].content,
				    t->buffer[PAYLOAD].content};
	unsigned char *encoded = t->own;
	*length = write_encoding(&delta, smallest_kind(&delta, encoded), encoded);
	return encoded;
}

static void judge_encode(const struct trial *t, const struct placed *p, size_t buffer, size_t index,
			 struct answer *answer)
{
	static size_t length;
	(void)p;
	if (buffer == ENCODED && index == 0)
		encode_by_hand(t, &length);
	if (buffer == LENGTH)
		encode_by_hand(t, &length);
	answer->bits = buffer == LENGTH ? length : index < length ? ((const unsigned char *)t->own)[index] : 0x77;
}

static void sweep_encode(struct sweep *s)
{
	sweep_deltas(s, visit);
}

const struct spec spec_delta_encode = {.kernel = "delta_encode",
				       .axes = encode_axes,
				       .sweep = sweep_encode,
				       .make = make_encode,
				       .bind = bind_encode,
				       .judge = judge_encode,
				       .laws = laws_of_encode};

/* ---- delta_decode ------------------------------------------------------------------------------------------------ */

enum { BYTES, OUT, OUT_MASK, OUT_PAYLOAD };

/* The delta that was encoded; once it was asked for, what is due where the encoding was damaged. */
struct source {
	struct tenon_delta delta, due;
	bool is_damaged, was_read, is_good;
};

/* Returns the new length. */
static size_t damage_encoding(const struct trial *t, unsigned char *encoded, size_t length)
{
	uint64_t random = draw_bits(stream_of(t, STREAM_DAMAGE), 0);
	size_t body = length - TENON_DELTA_OVERHEAD, place = (size_t)t->point.at[PLACE];
	unsigned char *at = encoded + 24 + (body ? place % body : 0);
	switch (t->point.at[DAMAGE]) {
	case ZEROED: *at = 0; break;
	case FLIPPED: *at ^= (unsigned char)(1u << random % 8); break;
	case REPLACED: *at = (unsigned char)random; break;
	case LONGER: length++; break;
	case SHORTER: length -= body > 0; break;
	case HEADER: encoded[place % 20] ^= (unsigned char)(1u << random % 8); break;
	case UNSEALED: encoded[place % length] ^= (unsigned char)(1u << random % 8); return length;
	case CUT: return place % length;
	default: break;
	}
	seal_encoding(encoded, length);
	return length;
}

static struct source *make_source(struct trial *t)
{
	size_t size = (size_t)t->point.at[SIZE];
	struct source *source = take_room(t, sizeof *source);
	*source = (struct source){
		.delta = {get_order(t), size, take_room(t, 8 * TENON_DELTA_WORDS(size)), take_room(t, size)},
		.is_damaged = t->point.at[DAMAGE] != WHOLE};
	fill_delta(t, STREAM_DELTA, source->delta.mask, source->delta.payload);
	return source;
}

static void make_decode(struct trial *t)
{
	struct source *source = make_source(t);
	size_t size = source->delta.size, length = 0;
	unsigned char *encoded = take_room(t, 8 * size + 4096);
	for (int i = 0; i < 5 && !length; i++)
		length = write_encoding(&source->delta, (int)(t->point.at[ENCODING] + i) % 5, encoded);
	length = damage_encoding(t, encoded, length);
	memcpy(add_buffer(t, "encoded", ROLE_IN, ELEMENT_U8, length), encoded, length);
	memset(add_buffer(t, "delta", ROLE_INOUT, ELEMENT_U64, sizeof(struct tenon_delta) / 8), 0,
	       sizeof(struct tenon_delta));
	size += t->point.at[DAMAGE] == OTHER_SIZE;
	add_buffer(t, "mask", ROLE_OUT, ELEMENT_U64, TENON_DELTA_WORDS(size));
	add_buffer(t, "payload", ROLE_OUT, ELEMENT_U8, size);
	t->own = source;
}

static void bind_decode(const struct trial *t, const struct placed *p, void *args)
{
	*(struct tenon_delta *)p->ours[OUT] =
		(struct tenon_delta){99, t->buffer[OUT_PAYLOAD].count, p->seen[OUT_MASK], p->seen[OUT_PAYLOAD]};
	*(struct tenon_delta_decode_args *)args =
		(struct tenon_delta_decode_args){p->seen[BYTES], t->buffer[BYTES].count, p->seen[OUT]};
}

/* Of the descriptor order and size count; its pointers differ by place. */
static size_t trim_decode(const struct trial *t, const struct placed *p, size_t buffer)
{
	(void)p;
	return buffer == OUT ? 2 : t->buffer[buffer].count;
}

/* What is due: the delta that was encoded, or what damaged bytes say, which is nothing unless they are canonical. */
static const struct tenon_delta *read_due(const struct trial *t)
{
	struct source *source = t->own;
	struct trial *room = (struct trial *)(uintptr_t)t;
	size_t size = t->buffer[OUT_PAYLOAD].count;
	if (!source->is_damaged)
		return &source->delta;
	if (source->was_read)
		return &source->due;
	source->due =
		(struct tenon_delta){0, size, take_room(room, 8 * TENON_DELTA_WORDS(size)), take_room(room, size)};
	source->was_read = true;
	source->is_good = read_encoding(t->buffer[BYTES].content, t->buffer[BYTES].count, &source->due,
					take_room(room, 8 * size + 4096));
	if (!source->is_good) {
		memset(source->due.mask, 0, 8 * TENON_DELTA_WORDS(size));
		memset(source->due.payload, 0, size);
		source->due.order = 0;
	}
	return &source->due;
}

static int expect_decode(const struct trial *t, const struct placed *p)
{
	const struct source *source = t->own;
	(void)p;
	read_due(t);
	return !source->is_damaged || source->is_good ? TENON_OK : TENON_ECORRUPT;
}

/* Zeros under clear bits. */
static void judge_decode(const struct trial *t, const struct placed *p, size_t buffer, size_t index,
			 struct answer *answer)
{
	const struct tenon_delta *d = read_due(t);
	(void)p;
	*answer = (struct answer){.bits = 0};
	if (buffer == OUT)
		answer->bits = index == 0 ? d->order : d->size;
	else if (buffer == OUT_MASK)
		answer->bits = d->mask[index];
	else
		answer->bits = changes(d, index) ? d->payload[index] : 0;
}

/* Each delta whole in every encoding, and damaged in one. */
static void visit_decode(struct sweep *s, struct point point)
{
	int64_t size = point.at[SIZE], rounds = get_profile(s) == PROFILE_QUICK ? 1 + size % 2 : 5;
	for (int64_t i = 0; i < rounds; i++) {
		point.at[ENCODING] = (size + i) % 5;
		point.at[DAMAGE] = WHOLE;
		visit(s, point);
		point.at[DAMAGE] = 1 + (size + 3 * i) % (DAMAGES - 1);
		point.at[PLACE] = size * 7 + i * 11;
		visit(s, point);
	}
}

static void sweep_decode(struct sweep *s)
{
	sweep_deltas(s, visit_decode);
}

const struct spec spec_delta_decode = {.kernel = "delta_decode",
				       .axes = decode_axes,
				       .sweep = sweep_decode,
				       .make = make_decode,
				       .bind = bind_decode,
				       .judge = judge_decode,
				       .trim = trim_decode,
				       .expect = expect_decode,
				       .laws = laws_of_decode};
