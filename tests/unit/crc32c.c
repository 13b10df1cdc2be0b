/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * crc32c: the known answers of RFC 3720, appendix B.4, long division bit by bit as oracle, sums continued at every place,
 * what it refuses, and the self-test's verdict on bodies that are wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/kernels.h"

static unsigned char data[2000];

static uint32_t checksum(const void *bytes, size_t size, uint32_t crc)
{
	uint32_t result = ~crc;
	struct tenon_crc32c_args a = {bytes, size, crc, &result};
	assert_int_equal(tenon_crc32c(&a), TENON_OK);
	return result;
}

/* Long division: the remainder in the order of the polynomial, bytes and result reflected by hand. */
static uint32_t reflect(uint32_t word, int bits)
{
	uint32_t reflected = 0;
	for (int i = 0; i < bits; i++)
		reflected |= (word >> i & 1) << (bits - 1 - i);
	return reflected;
}

static uint32_t divide_slowly(const unsigned char *bytes, size_t size, uint32_t crc)
{
	uint32_t remainder = reflect(~crc, 32);
	for (size_t i = 0; i < size; i++) {
		remainder ^= reflect(bytes[i], 8) << 24;
		for (int bit = 0; bit < 8; bit++)
			remainder = remainder << 1 ^ (remainder >> 31 ? 0x1edc6f41 : 0);
	}
	return ~reflect(remainder, 32);
}

static void fill(void)
{
	uint32_t seed = 9;
	for (size_t i = 0; i < sizeof data; i++) {
		seed = seed * 1664525 + 1013904223;
		data[i] = (unsigned char)(seed >> 24);
	}
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

/* The RFC prints the bytes of a checksum in the order in which they are sent: lowest first. */
static void the_known_answers(void **state)
{
	(void)state;
	static const unsigned char read_command[48] = {
		0x01, 0xc0, [16] = 0x14, [22] = 0x04, [27] = 0x14, [31] = 0x18, [32] = 0x28, [40] = 0x02};
	unsigned char bytes[32];
	memset(bytes, 0, 32);
	assert_int_equal(checksum(bytes, 32, 0), 0x8a9136aa);
	memset(bytes, 0xff, 32);
	assert_int_equal(checksum(bytes, 32, 0), 0x62a8ab43);
	for (int i = 0; i < 32; i++)
		bytes[i] = (unsigned char)i;
	assert_int_equal(checksum(bytes, 32, 0), 0x46dd794e);
	for (int i = 0; i < 32; i++)
		bytes[i] = (unsigned char)(31 - i);
	assert_int_equal(checksum(bytes, 32, 0), 0x113fdb5c);
	assert_int_equal(checksum(read_command, 48, 0), 0xd9963a56);
	assert_int_equal(checksum("123456789", 9, 0), 0xe3069283); /* the check value of catalogues of such sums */
}

static void it_is_the_remainder_of_a_division(void **state)
{
	(void)state;
	fill();
	for (size_t size = 0; size <= 1100; size += size < 40 ? 1 : 13)
		for (size_t at = 0; at < 8; at++) {
			uint32_t crc = (uint32_t)(size * at * 0x9e3779b9u);
			assert_int_equal(checksum(data + at, size, crc), divide_slowly(data + at, size, crc));
		}
}

static void a_sum_may_be_continued_anywhere(void **state)
{
	(void)state;
	fill();
	uint32_t whole = checksum(data, 1100, 0);
	for (size_t at = 0; at <= 1100; at++)
		assert_int_equal(checksum(data + at, 1100 - at, checksum(data, at, 0)), whole);
	uint32_t bytewise = 0;
	for (size_t i = 0; i < 1100; i++)
		bytewise = checksum(data + i, 1, bytewise);
	assert_int_equal(bytewise, whole);
}

static void no_bytes_give_the_sum_back(void **state)
{
	(void)state;
	assert_int_equal(checksum(NULL, 0, 0x12345678), 0x12345678);
	assert_int_equal(checksum(data, 0, 0), 0);
}

/* ---- Bad input --------------------------------------------------------------------------------------------------- */

static void bad_arguments_are_named_with_their_values(void **state)
{
	(void)state;
	uint32_t result = 77;
	const struct {
		struct tenon_crc32c_args args;
		const char *words;
	} bad[] = {
		{{data, 5, 0, NULL}, "result is NULL"},
		{{NULL, 5, 0, &result}, "data is NULL with size 5"},
		{{data, SIZE_MAX, 0, &result}, "18446744073709551615 bytes exceed"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(tenon_crc32c(&bad[i].args), TENON_EINVAL);
		assert_ptr_equal(strstr(tenon_error_detail(), "crc32c: "), tenon_error_detail());
		assert_non_null(strstr(tenon_error_detail(), bad[i].words));
	}
	assert_int_equal(result, 77);
}

/* ---- Self-test --------------------------------------------------------------------------------------------------- */

static int wrong_tail(const void *args, void *scratch)
{
	struct tenon_crc32c_args a = *(const struct tenon_crc32c_args *)args;
	a.size &= ~(size_t)7;
	return scalar_crc32c(&a, scratch);
}

static int wrong_start(const void *args, void *scratch)
{
	struct tenon_crc32c_args a = *(const struct tenon_crc32c_args *)args;
	a.crc = 0;
	return scalar_crc32c(&a, scratch);
}

/* A result that nobody wrote: what the caller had there. */
static int wrong_nothing(const void *args, void *scratch)
{
	const struct tenon_crc32c_args *a = args;
	return a->size ? scalar_crc32c(args, scratch) : TENON_OK;
}

static int wrong_long_ones(const void *args, void *scratch)
{
	const struct tenon_crc32c_args *a = args;
	int status = scalar_crc32c(args, scratch);
	*a->result ^= a->size > 2048;
	return status;
}

static int wrong_status(const void *args, void *scratch)
{
	scalar_crc32c(args, scratch);
	return TENON_ENONFINITE;
}

static void the_self_test_refuses_wrong_bodies(void **state)
{
	(void)state;
	static tenon_kernel_fn *const wrong[] = {wrong_tail, wrong_start, wrong_nothing, wrong_long_ones, wrong_status};
	struct why why;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(test_crc32c(wrong[i], &why), TENON_EREFUSED);
		assert_non_null(strstr(why.text, "crc32c: self-test"));
	}
	assert_int_equal(test_crc32c(scalar_crc32c, &why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_known_answers),
		cmocka_unit_test(it_is_the_remainder_of_a_division),
		cmocka_unit_test(a_sum_may_be_continued_anywhere),
		cmocka_unit_test(no_bytes_give_the_sum_back),
		cmocka_unit_test(bad_arguments_are_named_with_their_values),
		cmocka_unit_test(the_self_test_refuses_wrong_bodies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
