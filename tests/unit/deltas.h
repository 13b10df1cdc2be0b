/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the unit tests of encoded deltas share: a delta, its encodings, and their decoding by the public entry points.
 * For tests/unit/encode.c, decode.c and inspect.c alone.
 */
#ifndef TESTS_UNIT_DELTAS_H
#define TESTS_UNIT_DELTAS_H

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

UNUSED static uint64_t mask[TENON_DELTA_WORDS(PAGE)], out_mask[TENON_DELTA_WORDS(PAGE)];
UNUSED static unsigned char payload[PAGE], out_payload[PAGE], encoded[ROOM], wanted[ROOM];
UNUSED static struct tenon_delta delta, out;

static uint32_t state;

UNUSED static uint32_t next(void)
{
	state = state * 1664525 + 1013904223;
	return state >> 8;
}

/* ---- Deltas ------------------------------------------------------------------------------------------------------ */

UNUSED static void begin_delta(size_t size)
{
	memset(mask, 0, sizeof mask);
	for (size_t i = 0; i < PAGE; i++)
		payload[i] = (unsigned char)next();
	delta = (struct tenon_delta){0xfedcba9876543210, size, mask, payload};
}

UNUSED static void change(size_t i)
{
	mask[i / 64] |= UINT64_C(1) << i % 64;
}

UNUSED static void change_some(size_t size, unsigned percent, size_t stretch)
{
	begin_delta(size);
	for (size_t i = 0; i < size; i += stretch)
		if (next() % 100 < percent)
			for (size_t j = i; j < size && j < i + stretch; j++)
				change(j);
}

UNUSED static size_t encode_delta(void)
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
UNUSED static int decode(const unsigned char *bytes, size_t length, size_t size)
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

UNUSED static void assert_decodes(const unsigned char *bytes, size_t length)
{
	assert_int_equal(decode(bytes, length, delta.size), TENON_OK);
	assert_true(out.order == delta.order && out.size == delta.size);
	assert_memory_equal(out_mask, mask, 8 * TENON_DELTA_WORDS(delta.size));
	for (size_t i = 0; i < delta.size; i++)
		assert_int_equal(out_payload[i], changes(&delta, i) ? payload[i] : 0);
}

UNUSED static void assert_corrupt(const unsigned char *bytes, size_t length, size_t size)
{
	assert_int_equal(decode(bytes, length, size), TENON_ECORRUPT);
	assert_true(out.order == 0 && out.size == size);
	for (size_t i = 0; i < TENON_DELTA_WORDS(size); i++)
		assert_true(out_mask[i] == 0);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(out_payload[i], 0);
}

/* The smallest kind is chosen and written as specified; what any kind writes is read. */
UNUSED static void assert_round_trip(void)
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

UNUSED static void assert_words(int status, int expected, const char *words)
{
	assert_int_equal(status, expected);
	if (strstr(tenon_error_detail(), words) != tenon_error_detail())
		fail_msg("'%s' does not begin with '%s'", tenon_error_detail(), words);
}

/* A small delta of which each kind has an encoding; RAW has its own. */
UNUSED static size_t write_small(int kind)
{
	state = 5;
	change_some(kind ? 75 : 12, kind ? 20 : 100, kind == TENON_ENCODING_RLE ? 3 : 1);
	size_t length = write_encoding(&delta, kind, wanted);
	assert_true(length > TENON_DELTA_OVERHEAD);
	assert_decodes(wanted, length);
	return length;
}

/* ---- Runs -------------------------------------------------------------------------------------------------------- */

/* Before, scalar serves; now the best backend of this CPU. */
UNUSED static int open_best(void **unused)
{
	(void)unused;
	return tenon_open(NULL);
}

UNUSED static int close_best(void **unused)
{
	(void)unused;
	return tenon_close();
}

#define ON_BEST(test)                                                     \
	{                                                                 \
		"best backend: " #test, test, open_best, close_best, NULL \
	}

#endif
