/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Failures in words: what explain() keeps, and that every status code has a text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/why.h"

static void explain_keeps_status_and_text(void **state)
{
	(void)state;
	struct why why;
	assert_int_equal(explain(&why, TENON_EREFUSED, "%s line %d", "a.ini", 7), TENON_EREFUSED);
	assert_int_equal(why.status, TENON_EREFUSED);
	assert_string_equal(why.text, "a.ini line 7");
}

static void explain_to_nobody_gives_the_status(void **state)
{
	(void)state;
	assert_int_equal(explain(NULL, TENON_ENOENT, "%s", "dropped"), TENON_ENOENT);
}

static void a_long_text_is_cut_with_dots(void **state)
{
	(void)state;
	struct why why;
	char longest[sizeof why.text + 100];
	memset(longest, 'x', sizeof longest);
	longest[sizeof why.text - 1] = '\0';
	explain(&why, TENON_EINVAL, "%s", longest);
	assert_string_equal(why.text, longest);
	longest[sizeof why.text - 1] = 'x';
	longest[sizeof longest - 1] = '\0';
	explain(&why, TENON_EINVAL, "%s", longest);
	assert_int_equal(strlen(why.text), sizeof why.text - 1);
	assert_string_equal(why.text + sizeof why.text - 4, "...");
}

static const int codes[] = {
#define TENON_STATUS(name, number, text) name,
#include <tenon/status.def>
#undef TENON_STATUS
};

static void every_status_has_its_own_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		assert_string_not_equal(tenon_strerror(codes[i]), tenon_strerror(1));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(tenon_strerror(codes[i]), tenon_strerror(codes[j]));
	}
}

static void an_unknown_status_has_a_text(void **state)
{
	(void)state;
	assert_string_equal(tenon_strerror(1), "unknown status");
	assert_string_equal(tenon_strerror(INT32_MIN), "unknown status");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explain_keeps_status_and_text), cmocka_unit_test(explain_to_nobody_gives_the_status),
		cmocka_unit_test(a_long_text_is_cut_with_dots),  cmocka_unit_test(every_status_has_its_own_text),
		cmocka_unit_test(an_unknown_status_has_a_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
