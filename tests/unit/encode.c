/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delta_encode and delta_decode through the public entry points: against encodings written bit by bit (tests/delta.h), with
 * the bytes of docs/NUMERICS.md; every flipped bit, burst of bits, cut and addition refused; every form that is not
 * canonical; bad input; tenon_delta_inspect(); and that the self-tests see wrong bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/kernels.h"
#include "tests/delta.h"

enum { PAGE = 2 * 4096 + 100, BOUND = TENON_DELTA_BOUND(PAGE), ROOM = 7 * PAGE };

static uint64_t mask[TENON_DELTA_WORDS(PAGE)], out_mask[TENON_DELTA_WORDS(PAGE)];
static unsigned char payload[PAGE], out_payload[PAGE], encoded[ROOM], wanted[ROOM];
static struct tenon_delta delta, out;

static uint32_t state;

static uint32_t next(void)
{
	state = state * 1664525 + 1013904223;
	return state >> 8;
}

/* ---- Deltas ------------------------------------------------------------------------------------------------------- */

static void begin_delta(size_t size)
{
	memset(mask, 0, sizeof mask);
	for (size_t i = 0; i < PAGE; i++)
		payload[i] = (unsigned char)next();
	delta = (struct tenon_delta){0xfedcba9876543210, size, mask, payload};
}

static void change(size_t i)
{
	mask[i / 64] |= UINT64_C(1) << i % 64;
}

static void change_some(size_t size, unsigned percent, size_t stretch)
{
	begin_delta(size);
	for (size_t i = 0; i < size; i += stretch)
		if (next() % 100 < percent)
			for (size_t j = i; j < size && j < i + stretch; j++)
				change(j);
}

static size_t encode_delta(void)
{
	size_t length = SIZE_MAX;
	struct tenon_delta_encode_args a = {&delta, encoded, TENON_DELTA_BOUND(delta.size), &length};
	memset(encoded, 0xcc, sizeof encoded);
	assert_int_equal(tenon_delta_encode(&a), TENON_OK);
	assert_true(length <= TENON_DELTA_BOUND(delta.size));
	assert_int_equal(encoded[length], 0xcc);
	return length;
}

/* From a place of its own, so that a tool sees what is read behind it. */
static int decode(const unsigned char *bytes, size_t length, size_t size)
{
	unsigned char *copy = malloc(length + !length);
	assert_non_null(copy);
	memcpy(copy, bytes, length);
	memset(out_mask, 0xcc, sizeof out_mask);
	memset(out_payload, 0xcc, sizeof out_payload);
	out = (struct tenon_delta){1, size, out_mask, out_payload};
	struct tenon_delta_decode_args a = {copy, length, &out};
	int status = tenon_delta_decode(&a);
	free(copy);
	if (size < PAGE)
		assert_int_equal(out_payload[size], 0xcc);
	return status;
}

static void assert_decodes(const unsigned char *bytes, size_t length)
{
	assert_int_equal(decode(bytes, length, delta.size), TENON_OK);
	assert_true(out.order == delta.order && out.size == delta.size);
	assert_memory_equal(out_mask, mask, 8 * TENON_DELTA_WORDS(delta.size));
	for (size_t i = 0; i < delta.size; i++)
		assert_int_equal(out_payload[i], changes(&delta, i) ? payload[i] : 0);
}

static void assert_corrupt(const unsigned char *bytes, size_t length, size_t size)
{
	assert_int_equal(decode(bytes, length, size), TENON_ECORRUPT);
	assert_true(out.order == 0 && out.size == size);
	for (size_t i = 0; i < TENON_DELTA_WORDS(size); i++)
		assert_true(out_mask[i] == 0);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(out_payload[i], 0);
}

/* The smallest kind is chosen and written as specified; what any kind writes is read. */
static void assert_round_trip(void)
{
	size_t length = encode_delta();
	int kind = smallest_kind(&delta, wanted);
	assert_int_equal(encoded[4], kind);
	assert_int_equal(length, write_encoding(&delta, kind, wanted));
	assert_memory_equal(encoded, wanted, length);
	for (kind = 0; kind < 5; kind++)
		if ((length = write_encoding(&delta, kind, wanted)))
			assert_decodes(wanted, length);
}

/* ---- What is written ---------------------------------------------------------------------------------------------- */

static void every_size_and_density(void **unused)
{
	static const unsigned percents[] = {0, 1, 3, 10, 50, 90, 100};
	(void)unused;
	for (size_t size = 0; size < 260; size++)
		for (size_t i = 0; i < 7; i++) {
			change_some(size, percents[i], 1 + size % 3);
			assert_round_trip();
		}
	for (size_t i = 0; i < 7; i++)
		for (size_t stretch = 1; stretch < 600; stretch = stretch * 3 + 1) {
			change_some(i % 2 ? PAGE : 4096, percents[i], stretch);
			assert_round_trip();
		}
}

/* Around the lengths that take a byte more, and the ends of words and blocks. */
static void every_gap_and_run(void **unused)
{
	(void)unused;
	for (size_t gap = 0; gap < 300; gap++) {
		begin_delta(1000);
		change(100);
		change(100 + gap);
		assert_round_trip();
		for (size_t i = 0; i <= gap; i++)
			change(500 + i);
		assert_round_trip();
	}
	begin_delta(PAGE);
	for (size_t i = 3; i < PAGE - 64; i++)
		change(i);
	assert_round_trip();
	begin_delta(PAGE);
	change(PAGE - 1);
	assert_round_trip();
}

/* Distances of two to four bytes, which only long pages have: a stretch at each, read back. */
static void assert_long_stretch(struct tenon_delta d, size_t distance, size_t run)
{
	size_t length = 0, size = d.size;
	unsigned char *result = malloc(TENON_DELTA_BOUND(size)), *copy = malloc(size);
	uint64_t *back = malloc(size / 8);
	assert_true(result && copy && back);
	memset(d.mask, 0, size / 8);
	for (size_t i = distance; i < distance + run; i++)
		d.mask[i / 64] |= UINT64_C(1) << i % 64;
	struct tenon_delta_encode_args a = {&d, result, TENON_DELTA_BOUND(size), &length};
	assert_int_equal(tenon_delta_encode(&a), TENON_OK);
	assert_int_equal(result[4], run == 1 ? TENON_ENCODING_SPARSE : TENON_ENCODING_RLE);
	out = (struct tenon_delta){0, size, back, copy};
	struct tenon_delta_decode_args b = {result, length, &out};
	assert_int_equal(tenon_delta_decode(&b), TENON_OK);
	assert_memory_equal(back, d.mask, size / 8);
	free(back);
	free(copy);
	free(result);
}

static void long_gaps_and_runs(void **unused)
{
	(void)unused;
	size_t size = 5 << 20;
	struct tenon_delta d = {1, size, malloc(size / 8), calloc(size, 1)};
	assert_true(d.mask && d.payload);
	for (int shift = 7; shift <= 21; shift += 7)
		for (size_t edge = 0; edge < 3; edge++) {
			size_t length = ((size_t)1 << shift) - 1 + edge;
			assert_long_stretch(d, length, 1);
			assert_long_stretch(d, 70, length);
			assert_long_stretch(d, length, length);
		}
	free(d.mask);
	free(d.payload);
}

/* The examples of docs/NUMERICS.md: order 1, the bytes that change are 01, 02, 03 and so on. */
static const struct example {
	size_t size, begin, step, count;
	const char *bytes;
} examples[] = {
	{3, 0, 1, 3,
	 "544e440100000000010000000000000003000000030000000102034ca284ef"},
	{8, 0, 2, 3,
	 "544e44010100000001000000000000000800000004000000150102030a42d6bb"},
	{128, 0, 2, 18,
	 "544e4401020000000100000000000000800000002000000001000000000000001f55555555050102030405060708090a0b0c0d0e0f101112a2247706"},
	{64, 3, 1, 5,
	 "544e44010300000001000000000000004000000007000000030501020304050f17a6c0"},
	{4096, 0, 1, 0,
	 "544e44010300000001000000000000000010000000000000ca18727d"},
	{300, 200, 3, 2,
	 "544e44010400000001000000000000002c01000005000000c8010201021dd576a2"},
};

static void the_examples_of_the_document(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		const struct example *e = &examples[i];
		char text[200] = "";
		begin_delta(e->size);
		delta.order = 1;
		for (size_t j = 0; j < e->count; j++) {
			change(e->begin + j * e->step);
			payload[e->begin + j * e->step] = (unsigned char)(j + 1);
		}
		size_t length = encode_delta();
		for (size_t j = 0; j < length; j++)
			snprintf(text + 2 * j, 3, "%02x", encoded[j]);
		assert_string_equal(text, e->bytes);
		assert_round_trip();
	}
}

/* ---- What is refused ---------------------------------------------------------------------------------------------- */

/* A small delta of which each kind has an encoding; RAW has its own. */
static size_t write_small(int kind)
{
	state = 5;
	change_some(kind ? 75 : 12, kind ? 20 : 100, kind == TENON_ENCODING_RLE ? 3 : 1);
	size_t length = write_encoding(&delta, kind, wanted);
	assert_true(length > TENON_DELTA_OVERHEAD);
	assert_decodes(wanted, length);
	return length;
}

static void flip(unsigned char *bytes, size_t bit, uint32_t pattern)
{
	for (; pattern; pattern >>= 1, bit++)
		bytes[bit / 8] ^= (unsigned char)((pattern & 1) << bit % 8);
}

/* Every place and length of a burst, its ends flipped and between them nothing, everything, or something. */
static void every_burst_is_seen(void **unused)
{
	(void)unused;
	for (int kind = 0; kind < 5; kind++) {
		size_t bits = 8 * write_small(kind);
		for (size_t at = 0; at < bits; at++)
			for (size_t span = 1; span <= 32 && at + span <= bits; span++)
				for (int way = 0; way < (span < 3 ? 1 : span < 4 ? 2 : 4); way++) {
					uint32_t ends = 1u | 1u << (span - 1), all = ~0u >> (32 - span);
					uint32_t pattern = way == 0 ? ends : way == 1 ? all : ends | (next() << 4 ^ next()) % all;
					memcpy(encoded, wanted, bits / 8);
					flip(encoded, at, pattern);
					assert_corrupt(encoded, bits / 8, delta.size);
				}
	}
}

/* Under a checksum that is right, bytes are refused, or they are just what would be written of what they were read as. */
static int is_refused_or_canonical(const unsigned char *bytes, size_t length, int kind)
{
	static unsigned char again[ROOM];
	if (decode(bytes, length, delta.size)) {
		assert_corrupt(bytes, length, delta.size);
		return 1;
	}
	assert_int_equal(write_encoding(&out, kind, again), length);
	assert_memory_equal(again, bytes, length);
	return 0;
}

static void every_cut_and_addition_is_seen(void **unused)
{
	(void)unused;
	for (int kind = 0; kind < 5; kind++) {
		size_t length = write_small(kind);
		for (size_t cut = 0; cut < length; cut++)
			assert_corrupt(wanted, cut, delta.size);
		for (size_t more = 1; more < 70; more++) {
			memset(wanted + length, (int)more, more);
			assert_corrupt(wanted, length + more, delta.size);
			memcpy(encoded, wanted, length + more);
			seal_encoding(encoded, length + more);
			is_refused_or_canonical(encoded, length + more, kind);
		}
		for (size_t cut = TENON_DELTA_OVERHEAD; cut < length; cut++) {
			memcpy(encoded, wanted, cut);
			seal_encoding(encoded, cut);
			is_refused_or_canonical(encoded, cut, kind);
		}
	}
}

static void every_other_byte_is_refused_or_canonical(void **unused)
{
	(void)unused;
	unsigned refused = 0, read = 0;
	for (int kind = 0; kind < 5; kind++) {
		size_t length = write_small(kind);
		for (size_t at = 24; at < length - 4; at++)
			for (int byte = 0; byte < 256; byte++) {
				memcpy(encoded, wanted, length);
				encoded[at] = (unsigned char)byte;
				seal_encoding(encoded, length);
				if (is_refused_or_canonical(encoded, length, kind))
					refused++;
				else
					read++;
			}
	}
	assert_true(refused > 1000 && read > 1000);
}

/* Bodies that only their form gives away. */
static const struct body {
	const char *flaw;
	int kind;
	size_t size, length;
	unsigned char bytes[40];
	int good;
} bodies[] = {
	{"a bitmap", 1, 10, 4, {0x01, 0x02, 7, 8}, 1},
	{"a bit behind the page", 1, 10, 4, {0x01, 0x04, 7, 8}, 0},
	{"a map of a map", 2, 10, 12, {1, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x02, 7, 8}, 0},
	{"one with all it needs", 2, 10, 11, {1, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x02, 7}, 1},
	{"a bit behind the page in a byte", 2, 10, 11, {1, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x04, 7}, 0},
	{"a byte behind the page", 2, 10, 11, {1, 0, 0, 0, 0, 0, 0, 0, 0x04, 0x01, 7}, 0},
	{"a word behind the page", 2, 10, 11, {2, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x01, 7}, 0},
	{"an empty byte in the middle", 2, 10, 9, {1, 0, 0, 0, 0, 0, 0, 0, 0x00}, 0},
	{"an empty byte at the bottom", 2, 10, 10, {1, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x00}, 0},
	{"nothing at all", 2, 10, 8, {0}, 1},
	{"half a map", 2, 10, 7, {0}, 0},
	{"runs", 3, 10, 6, {0, 1, 2, 1, 7, 8}, 1},
	{"a run of nothing", 3, 10, 5, {0, 0, 2, 1, 8}, 0},
	{"two runs that touch", 3, 10, 6, {0, 1, 0, 1, 7, 8}, 0},
	{"a stay without a run", 3, 10, 4, {0, 1, 7, 9}, 0},
	{"a run beyond the page", 3, 10, 4, {9, 2, 7, 8}, 0},
	{"a run to the end", 3, 10, 4, {8, 2, 7, 8}, 1},
	{"a stay beyond the page", 3, 10, 3, {10, 1, 7}, 0},
	{"a longer stay than it needs", 3, 10, 4, {0x81, 0, 1, 7}, 0},
	{"a longer run than it needs", 3, 10, 4, {1, 0x81, 0, 7}, 0},
	{"a run of 128", 3, 200, 3, {0, 0x80, 0x01}, 0},
	{"gaps", 4, 10, 4, {0, 3, 7, 8}, 1},
	{"a gap to the end", 4, 10, 2, {10, 7}, 0},
	{"the last byte", 4, 10, 2, {9, 7}, 1},
	{"a longer gap than it needs", 4, 10, 3, {0x83, 0, 7}, 0},
	{"a gap of two bytes", 4, 200, 3, {0x80, 0x01, 7}, 1},
	{"a gap of two bytes beyond the page", 4, 200, 3, {0x80, 0x02, 7}, 0},
	{"a gap of three bytes, two of them too many", 4, 200, 4, {0x83, 0x80, 0, 7}, 0},
	{"a gap without an end", 4, 200, 2, {0x83, 0x83}, 0},
	{"a gap of six bytes", 4, 200, 7, {0x83, 0x80, 0x80, 0x80, 0x80, 0x01, 7}, 0},
	{"a gap above 32 bits", 4, 200, 6, {0x83, 0x80, 0x80, 0x80, 0x10, 7}, 0},
	{"a gap above 64 bits", 4, 200, 12, {0x83, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02, 7}, 0},
	{"a last gap that takes the only byte", 4, 10, 3, {0, 3, 7}, 0},
	{"too few bytes", 0, 10, 9, {1, 2, 3}, 0},
	{"all bytes", 0, 10, 10, {1, 2, 3}, 1},
	{"too many bytes", 0, 10, 11, {1, 2, 3}, 0},
};

static size_t write_body(const struct body *b)
{
	memset(encoded, 0, TENON_DELTA_OVERHEAD);
	memcpy(encoded, "TND\1", 4);
	encoded[4] = (unsigned char)b->kind;
	write_number(encoded + 16, b->size, 4);
	memcpy(encoded + 24, b->bytes, b->length);
	seal_encoding(encoded, TENON_DELTA_OVERHEAD + b->length);
	return TENON_DELTA_OVERHEAD + b->length;
}

static void what_is_not_canonical_is_refused(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		size_t length = write_body(&bodies[i]);
		int status = decode(encoded, length, bodies[i].size);
		if ((status == TENON_OK) != bodies[i].good)
			fail_msg("%s (%zu): %d", bodies[i].flaw, i, status);
		if (bodies[i].good)
			assert_int_equal(write_encoding(&out, bodies[i].kind, wanted), length);
		else
			assert_corrupt(encoded, length, bodies[i].size);
	}
}

static void another_size_is_refused(void **unused)
{
	(void)unused;
	change_some(100, 30, 1);
	size_t length = encode_delta();
	assert_corrupt(encoded, length, 99);
	assert_corrupt(encoded, length, 101);
	assert_corrupt(encoded, length, 0);
	assert_corrupt(encoded, 0, 100);
	struct tenon_delta_decode_args nothing = {NULL, 0, &out};
	assert_int_equal(tenon_delta_decode(&nothing), TENON_ECORRUPT);
}

/* ---- Bad input ---------------------------------------------------------------------------------------------------- */

static void assert_words(int status, int expected, const char *words)
{
	assert_int_equal(status, expected);
	if (strstr(tenon_error_detail(), words) != tenon_error_detail())
		fail_msg("'%s' does not begin with '%s'", tenon_error_detail(), words);
}

static size_t length_out;

static void assert_encode_refused(const struct tenon_delta *d, unsigned char *to, size_t capacity, size_t *length,
	const char *words)
{
	struct tenon_delta_encode_args a = {d, to, capacity, length};
	encoded[0] = 0xcc;
	length_out = 77;
	assert_words(tenon_delta_encode(&a), TENON_EINVAL, words);
	assert_true(encoded[0] == 0xcc && length_out == 77);
}

static void bad_encode_calls_are_refused_in_words(void **unused)
{
	(void)unused;
	change_some(100, 30, 1);
	struct tenon_delta d = delta;
	assert_words(tenon_delta_encode(NULL), TENON_EINVAL, "delta_encode: args is NULL");
	assert_encode_refused(NULL, encoded, 300, &length_out, "delta_encode: delta is NULL");
	assert_encode_refused(&d, NULL, 300, &length_out, "delta_encode: encoded is NULL");
	assert_encode_refused(&d, encoded, 300, NULL, "delta_encode: length is NULL");
	assert_encode_refused(&d, encoded, 143, &length_out, "delta_encode: capacity is 143; TENON_DELTA_BOUND(100) is 144");
	d.mask = NULL;
	assert_encode_refused(&d, encoded, 300, &length_out, "delta_encode: delta->mask is NULL with size 100");
	d.mask = mask;
	d.payload = NULL;
	assert_encode_refused(&d, encoded, 300, &length_out, "delta_encode: delta->payload is NULL with size 100");
	d.payload = payload;
	mask[1] |= UINT64_C(1) << 36;
	assert_encode_refused(&d, encoded, 300, &length_out, "delta_encode: the mask has bits from 100, the page's size, on");
	d.size = TENON_DELTA_LIMIT + 1ul;
	assert_encode_refused(&d, encoded, SIZE_MAX, &length_out, "delta_encode: delta->size is 1073741825, but");
}

static void bad_decode_calls_are_refused_in_words(void **unused)
{
	(void)unused;
	struct tenon_delta d = {3, 100, out_mask, out_payload};
	struct tenon_delta_decode_args a = {encoded, 50, &d};
	out_payload[0] = 0xcc;
	assert_words(tenon_delta_decode(NULL), TENON_EINVAL, "delta_decode: args is NULL");
	a.delta = NULL;
	assert_words(tenon_delta_decode(&a), TENON_EINVAL, "delta_decode: delta is NULL");
	a.delta = &d;
	a.encoded = NULL;
	assert_words(tenon_delta_decode(&a), TENON_EINVAL, "delta_decode: encoded is NULL with length 50");
	a.encoded = encoded;
	d.mask = NULL;
	assert_words(tenon_delta_decode(&a), TENON_EINVAL, "delta_decode: delta->mask is NULL with size 100");
	d.mask = out_mask;
	d.payload = NULL;
	assert_words(tenon_delta_decode(&a), TENON_EINVAL, "delta_decode: delta->payload is NULL with size 100");
	d.size = TENON_DELTA_LIMIT + 1ul;
	assert_words(tenon_delta_decode(&a), TENON_EINVAL, "delta_decode: delta->size is 1073741825, but");
	assert_true(d.order == 3 && out_payload[0] == 0xcc);
}

/* ---- tenon_delta_inspect() ---------------------------------------------------------------------------------------- */

static struct tenon_delta_info info;

static void assert_inspected(size_t at, int byte, const char *words)
{
	size_t length = write_small(TENON_ENCODING_SPARSE);
	info.size = 4711;
	wanted[at] = (unsigned char)byte;
	assert_words(tenon_delta_inspect(wanted, length, &info), TENON_ECORRUPT, words);
	assert_int_equal(info.size, 4711);
}

static void inspection_tells_what_it_is(void **unused)
{
	(void)unused;
	for (int kind = 0; kind < 5; kind++) {
		size_t length = write_small(kind);
		assert_int_equal(tenon_delta_inspect(wanted, length, &info), TENON_OK);
		assert_true(info.order == delta.order && info.size == delta.size && (int)info.encoding == kind);
	}
}

static void inspection_tells_what_is_wrong(void **unused)
{
	(void)unused;
	assert_words(tenon_delta_inspect(wanted, 40, NULL), TENON_EINVAL, "tenon_delta_inspect: info is NULL");
	assert_words(tenon_delta_inspect(NULL, 40, &info), TENON_EINVAL, "tenon_delta_inspect: encoded is NULL");
	assert_words(tenon_delta_inspect(wanted, 27, &info), TENON_ECORRUPT, "tenon_delta_inspect: 27 bytes are no encoded delta");
	assert_inspected(3, 2, "tenon_delta_inspect: it begins with 54 4e 44 02");
	assert_inspected(4, 5, "tenon_delta_inspect: byte 4, the kind, is 5; 4 is the highest");
	assert_inspected(6, 1, "tenon_delta_inspect: bytes 5 to 7 are 00 01 00");
	assert_inspected(19, 0x80, "tenon_delta_inspect: bytes 16 to 19, the size, are 2147483723;");
	assert_inspected(21, 1, "tenon_delta_inspect: it is ");
	assert_inspected(24, 99, "tenon_delta_inspect: its checksum is ");
}

/* ---- Self-tests --------------------------------------------------------------------------------------------------- */

static int forgets_the_order(const void *args, void *scratch)
{
	const struct tenon_delta_decode_args *a = args;
	int status = scalar_delta_decode(args, scratch);
	a->delta->order = 0;
	return status;
}

static int leaves_stale_bytes(const void *args, void *scratch)
{
	const struct tenon_delta_decode_args *a = args;
	int status = scalar_delta_decode(args, scratch);
	if (a->delta->size > 100 && !(a->delta->mask[1] >> 5 & 1))
		a->delta->payload[69] = 1;
	return status;
}

static int believes_damage(const void *args, void *scratch)
{
	return scalar_delta_decode(args, scratch), TENON_OK;
}

static int writes_too_much(const void *args, void *scratch)
{
	const struct tenon_delta_encode_args *a = args;
	int status = scalar_delta_encode(args, scratch);
	if (*a->length < a->capacity)
		a->encoded[*a->length] = 0;
	return status;
}

static void the_self_tests_see_wrong_bytes(void **unused)
{
	(void)unused;
	struct why why;
	assert_int_equal(test_delta_encode(scalar_delta_encode, &why), 0);
	assert_int_equal(test_delta_decode(scalar_delta_decode, &why), 0);
	assert_int_equal(test_delta_encode(writes_too_much, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "delta_encode: self-test size "));
	assert_int_equal(test_delta_decode(forgets_the_order, &why), TENON_EREFUSED);
	assert_int_equal(test_delta_decode(leaves_stale_bytes, &why), TENON_EREFUSED);
	assert_int_equal(test_delta_decode(believes_damage, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "delta_decode: self-test size "));
}

/* ---- Runs --------------------------------------------------------------------------------------------------------- */

/* Before, scalar serves; now the best backend of this CPU. */
static int open_best(void **unused)
{
	(void)unused;
	return tenon_open(NULL);
}

static int close_best(void **unused)
{
	(void)unused;
	return tenon_close();
}

#define ON_BEST(test) {"best backend: " #test, test, open_best, close_best, NULL}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_and_density),
		cmocka_unit_test(every_gap_and_run),
		cmocka_unit_test(long_gaps_and_runs),
		cmocka_unit_test(the_examples_of_the_document),
		cmocka_unit_test(every_burst_is_seen),
		cmocka_unit_test(every_cut_and_addition_is_seen),
		cmocka_unit_test(every_other_byte_is_refused_or_canonical),
		cmocka_unit_test(what_is_not_canonical_is_refused),
		cmocka_unit_test(another_size_is_refused),
		cmocka_unit_test(bad_encode_calls_are_refused_in_words),
		cmocka_unit_test(bad_decode_calls_are_refused_in_words),
		cmocka_unit_test(inspection_tells_what_it_is),
		cmocka_unit_test(inspection_tells_what_is_wrong),
		cmocka_unit_test(the_self_tests_see_wrong_bytes),
		ON_BEST(every_size_and_density),
		ON_BEST(every_gap_and_run),
		ON_BEST(long_gaps_and_runs),
		ON_BEST(every_burst_is_seen),
		ON_BEST(every_cut_and_addition_is_seen),
		ON_BEST(every_other_byte_is_refused_or_canonical),
		ON_BEST(what_is_not_canonical_is_refused),
		ON_BEST(another_size_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
