/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delta_decode through the public entry point, on scalar and on the best backend: every flipped bit, burst of bits (all of
 * them, by linear algebra), cut and addition refused; every form that is not canonical; bad input; and that the self-test sees wrong bytes.
 */
#include "tests/unit/deltas.h"

/* ---- What is refused --------------------------------------------------------------------------------------------- */

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
					uint32_t some = ends | (next() << 4 ^ next()) % all;
					uint32_t pattern = way == 0 ? ends : way == 1 ? all : some;
					memcpy(encoded, wanted, bits / 8);
					flip(encoded, at, pattern);
					assert_corrupt(encoded, bits / 8, delta.size);
				}
	}
}

/* What a flipped bit changes in the comparison of the checksum with the bytes before it. */
static uint32_t syndrome_of(const unsigned char *bytes, size_t length)
{
	uint32_t stored = 0;
	for (size_t i = 0; i < 4; i++)
		stored |= (uint32_t)bytes[length - 4 + i] << 8 * i;
	return checksum_of(bytes, length - 4) ^ stored;
}

/* How many of the vectors are independent over GF(2). */
static size_t rank_of(const uint32_t *vectors, size_t count)
{
	uint32_t by_top_bit[32] = {0};
	size_t rank = 0;
	for (size_t i = 0; i < count; i++) {
		uint32_t left = vectors[i];
		while (left && by_top_bit[31 - __builtin_clz(left)])
			left ^= by_top_bit[31 - __builtin_clz(left)];
		if (left) {
			by_top_bit[31 - __builtin_clz(left)] = left;
			rank++;
		}
	}
	return rank;
}

/*
 * All bursts of at most 32 bits, by linear algebra: such a burst escapes only if the exclusive or of the syndromes of its
 * bits is 0. The checksum is affine, so the syndrome of a bit does not depend on the others; where the 32 from a place on
 * are independent, no choice of them cancels.
 */
static void no_burst_cancels(void **unused)
{
	(void)unused;
	static uint32_t syndromes[8 * 4096];
	for (int kind = 0; kind < 5; kind++) {
		size_t length = write_small(kind), bits = 8 * length;
		assert_true(bits <= sizeof syndromes / sizeof *syndromes);
		assert_int_equal(syndrome_of(wanted, length), 0);
		for (size_t bit = 0; bit < bits; bit++) {
			memcpy(encoded, wanted, length);
			flip(encoded, bit, 1);
			syndromes[bit] = syndrome_of(encoded, length);
			assert_corrupt(encoded, length, delta.size);
		}
		for (size_t at = 0; at < bits; at++) {
			size_t count = bits - at < 32 ? bits - at : 32;
			assert_int_equal(rank_of(&syndromes[at], count), count);
		}
		uint32_t same[2] = {syndromes[5], syndromes[5]};
		assert_int_equal(rank_of(same, 2), 1); /* it can tell */
	}
}

/*
 * Under a checksum that is right, bytes are refused, or they are just what would be written of what they were read
 * as.
 */
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

/* ---- Bad input --------------------------------------------------------------------------------------------------- */

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

/* ---- Self-tests -------------------------------------------------------------------------------------------------- */

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

static void the_self_test_sees_wrong_bytes(void **unused)
{
	(void)unused;
	struct why why;
	assert_int_equal(test_delta_decode(scalar_delta_decode, &why), 0);
	assert_int_equal(test_delta_decode(forgets_the_order, &why), TENON_EREFUSED);
	assert_int_equal(test_delta_decode(leaves_stale_bytes, &why), TENON_EREFUSED);
	assert_int_equal(test_delta_decode(believes_damage, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "delta_decode: self-test size "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_burst_is_seen),
		cmocka_unit_test(no_burst_cancels),
		cmocka_unit_test(every_cut_and_addition_is_seen),
		cmocka_unit_test(every_other_byte_is_refused_or_canonical),
		cmocka_unit_test(what_is_not_canonical_is_refused),
		cmocka_unit_test(another_size_is_refused),
		cmocka_unit_test(bad_decode_calls_are_refused_in_words),
		cmocka_unit_test(the_self_test_sees_wrong_bytes),
		ON_BEST(every_burst_is_seen),
		ON_BEST(no_burst_cancels),
		ON_BEST(every_cut_and_addition_is_seen),
		ON_BEST(every_other_byte_is_refused_or_canonical),
		ON_BEST(what_is_not_canonical_is_refused),
		ON_BEST(another_size_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
