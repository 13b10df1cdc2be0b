/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delta_encode through the public entry point, on scalar and on the best backend: against encodings written bit by bit
 * (tests/delta.h), with the bytes of docs/NUMERICS.md; bad input; and that the self-test sees wrong bytes.
 */
#include "tests/unit/deltas.h"

/* ---- What is written --------------------------------------------------------------------------------------------- */

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
	{3, 0, 1, 3, "544e440100000000010000000000000003000000030000000102034ca284ef"},
	{8, 0, 2, 3, "544e44010100000001000000000000000800000004000000150102030a42d6bb"},
	{128, 0, 2, 18,
	 "544e44010200000001000000000000008000000020000000"
	 "01000000000000001f55555555050102030405060708090a0b0c0d0e0f101112a2247706"},
	{64, 3, 1, 5, "544e44010300000001000000000000004000000007000000030501020304050f17a6c0"},
	{4096, 0, 1, 0, "544e44010300000001000000000000000010000000000000ca18727d"},
	{300, 200, 3, 2, "544e44010400000001000000000000002c01000005000000c8010201021dd576a2"},
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

/* ---- Bad input --------------------------------------------------------------------------------------------------- */

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
	assert_encode_refused(&d, encoded, 143, &length_out,
			      "delta_encode: capacity is 143; TENON_DELTA_BOUND(100) is 144");
	d.mask = NULL;
	assert_encode_refused(&d, encoded, 300, &length_out, "delta_encode: delta->mask is NULL with size 100");
	d.mask = mask;
	d.payload = NULL;
	assert_encode_refused(&d, encoded, 300, &length_out, "delta_encode: delta->payload is NULL with size 100");
	d.payload = payload;
	mask[1] |= UINT64_C(1) << 36;
	assert_encode_refused(&d, encoded, 300, &length_out,
			      "delta_encode: the mask has bits from 100, the page's size, on");
	d.size = TENON_DELTA_LIMIT + 1ul;
	assert_encode_refused(&d, encoded, SIZE_MAX, &length_out, "delta_encode: delta->size is 1073741825, but");
}

/* ---- Self-test --------------------------------------------------------------------------------------------------- */

static int writes_too_much(const void *args, void *scratch)
{
	const struct tenon_delta_encode_args *a = args;
	int status = scalar_delta_encode(args, scratch);
	if (*a->length < a->capacity)
		a->encoded[*a->length] = 0;
	return status;
}

static void the_self_test_sees_wrong_bytes(void **unused)
{
	(void)unused;
	struct why why;
	assert_int_equal(test_delta_encode(scalar_delta_encode, &why), 0);
	assert_int_equal(test_delta_encode(writes_too_much, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "delta_encode: self-test size "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_and_density),
		cmocka_unit_test(every_gap_and_run),
		cmocka_unit_test(long_gaps_and_runs),
		cmocka_unit_test(the_examples_of_the_document),
		cmocka_unit_test(bad_encode_calls_are_refused_in_words),
		cmocka_unit_test(the_self_test_sees_wrong_bytes),
		ON_BEST(every_size_and_density),
		ON_BEST(every_gap_and_run),
		ON_BEST(long_gaps_and_runs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
