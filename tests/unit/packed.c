/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Packed matrices: every element in its place, zeros behind the last row, norms over 32 lanes; bad shapes; what
 * happens when memory is short.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/specs/compare.h"

/* Stands in for the C library's, so that memory can be short. */
static int memory_is_short;
void *aligned_alloc(size_t alignment, size_t size)
{
	void *memory;
	return memory_is_short || posix_memalign(&memory, alignment, size) ? NULL : memory;
}

enum { COUNT_MAX = 35, DIM_MAX = 67 };

static void assert_packed(const float *rows, size_t count, size_t dim, size_t stride)
{
	struct tenon_packed *p;
	size_t padded = (count + 15) / 16 * 16;
	assert_int_equal(tenon_packed_create(rows, count, dim, stride, &p), TENON_OK);
	assert_int_equal(p->count, count);
	assert_int_equal(p->dim, dim);
	assert_int_equal((uintptr_t)p->panel % 64, 0);
	assert_int_equal((uintptr_t)p->squared % 64, 0);
	for (size_t r = 0; r < padded; r++) {
		float lane[32] = {0};
		for (size_t k = 0; k < dim; k++) {
			float x = r < count ? rows[r * stride + k] : 0;
			assert_memory_equal(&p->panel[(r / 16 * dim + k) * 16 + r % 16], &x, sizeof x);
			lane[k & 31] += x * x;
		}
		for (size_t half = 16; half; half >>= 1)
			for (size_t k = 0; k < half; k++)
				lane[k] += lane[k + half];
		assert_memory_equal(&p->squared[r], &lane[0], sizeof lane[0]);
	}
	tenon_packed_destroy(p);
}

static void every_shape_is_packed(void **state)
{
	(void)state;
	float rows[COUNT_MAX * (DIM_MAX + 2)];
	make_test_floats(rows, sizeof rows / sizeof *rows, 1);
	for (size_t count = 0; count <= COUNT_MAX; count++)
		for (size_t dim = 0; dim <= DIM_MAX; dim++)
			assert_packed(rows, count, dim, dim + dim % 3);
}

static void nothing_is_legal(void **state)
{
	(void)state;
	struct tenon_packed *p = NULL;
	assert_int_equal(tenon_packed_create(NULL, 0, 5, 5, &p), TENON_OK);
	assert_int_equal(p->count, 0);
	tenon_packed_destroy(p);
	assert_int_equal(tenon_packed_create(NULL, 5, 0, 0, &p), TENON_OK);
	assert_int_equal(p->dim, 0);
	tenon_packed_destroy(p);
	tenon_packed_destroy(NULL);
}

static void assert_refused(const float *rows, size_t count, size_t dim, size_t stride, int status, const char *words)
{
	struct tenon_packed mark, *p = &mark;
	assert_int_equal(tenon_packed_create(rows, count, dim, stride, &p), status);
	assert_ptr_equal(p, &mark);
	if (!strstr(tenon_error_detail(), words))
		fail_msg("\"%s\" does not say \"%s\"", tenon_error_detail(), words);
}

static void bad_shapes_are_refused_in_words(void **state)
{
	(void)state;
	float row[4] = {1, 2, 3, 4};
	assert_refused(NULL, 2, 3, 3, TENON_EINVAL, "rows is NULL with 2 rows of 3");
	assert_refused(row, 2, 3, 2, TENON_EINVAL, "stride 2 is less than dim 3");
	assert_refused(row, SIZE_MAX, 3, 3, TENON_EINVAL,
		       "18446744073709551615 rows with stride 3 exceed the address space");
	assert_refused(row, 2, 3, SIZE_MAX / 4, TENON_EINVAL, "exceed the address space");
	assert_refused(row, 1, SIZE_MAX / 2, SIZE_MAX / 2, TENON_EINVAL, "exceed the address space");
	assert_int_equal(tenon_packed_create(row, 1, 3, 3, NULL), TENON_EINVAL);
	assert_non_null(strstr(tenon_error_detail(), "the place for the result is NULL"));
}

/* Shapes that memory could hold as rows, but not as panels of 16, or whose size is no size_t. */
static void sizes_do_not_wrap(void **state)
{
	(void)state;
	float row[4] = {1, 2, 3, 4};
	assert_refused(row, 1, PTRDIFF_MAX / 8, PTRDIFF_MAX / 8, TENON_ENOMEM, "out of memory for 1 rows of");
	assert_refused(row, 2, (size_t)1 << 58, (size_t)1 << 58, TENON_ENOMEM,
		       "out of memory for 2 rows of 288230376151711744");
	assert_refused(NULL, SIZE_MAX, 0, 0, TENON_ENOMEM, "out of memory for 18446744073709551615 rows of 0");
	assert_refused(NULL, SIZE_MAX / 4, 0, 0, TENON_ENOMEM, "out of memory");
}

static void short_memory_is_told(void **state)
{
	(void)state;
	float row[4] = {1, 2, 3, 4};
	memory_is_short = 1;
	assert_refused(row, 1, 4, 4, TENON_ENOMEM, "packed: out of memory for 1 rows of 4");
	assert_refused(NULL, 0, 0, 0, TENON_ENOMEM, "packed: out of memory for 0 rows of 0");
	memory_is_short = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape_is_packed),
		cmocka_unit_test(nothing_is_legal),
		cmocka_unit_test(bad_shapes_are_refused_in_words),
		cmocka_unit_test(sizes_do_not_wrap),
		cmocka_unit_test(short_memory_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
