/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon_delta_inspect(): what it tells of encodings of every kind, and in which words it refuses each flaw of a frame.
 */
#include "tests/unit/deltas.h"

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
	assert_words(tenon_delta_inspect(wanted, 27, &info), TENON_ECORRUPT,
		     "tenon_delta_inspect: 27 bytes are no encoded delta");
	assert_inspected(3, 2, "tenon_delta_inspect: it begins with 54 4e 44 02");
	assert_inspected(4, 5, "tenon_delta_inspect: byte 4, the kind, is 5; 4 is the highest");
	assert_inspected(6, 1, "tenon_delta_inspect: bytes 5 to 7 are 00 01 00");
	assert_inspected(19, 0x80, "tenon_delta_inspect: bytes 16 to 19, the size, are 2147483723;");
	assert_inspected(21, 1, "tenon_delta_inspect: it is ");
	assert_inspected(24, 99, "tenon_delta_inspect: its checksum is ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inspection_tells_what_it_is),
		cmocka_unit_test(inspection_tells_what_is_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
