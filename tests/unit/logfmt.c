/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words of the control protocol: what is written is read back, what does not parse is refused, nothing overflows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/logfmt.h"

static const char *const values[] = {
	"avx2", "", " ", "/a b/c.so", "a=b", "say \"hi\"", "back\\slash", "line\nbreak", "tab\t\x7f\x01", "caf\xc3\xa9",
};

static void reads_back_what_it_wrote(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		char bytes[256], *cursor = bytes, *key, *value;
		struct text text;
		start_text(&text, bytes, sizeof bytes);
		add_pair(&text, "first", "%s", values[i]);
		add_pair(&text, "second", "%d", 2);
		add_text(&text, " ");
		add_word(&text, values[i]);
		assert_false(text.cut);
		assert_null(strchr(bytes, '\n'));
		assert_true(next_pair(&cursor, &key, &value));
		assert_string_equal(key, "first");
		assert_string_equal(value, values[i]);
		assert_true(next_pair(&cursor, &key, &value));
		assert_string_equal(key, "second");
		assert_string_equal(value, "2");
		assert_true(next_pair(&cursor, &key, &value));
		assert_string_equal(key, values[i]);
		assert_null(value);
		assert_false(next_pair(&cursor, &key, &value));
		assert_non_null(cursor);
	}
}

static void refuses_what_does_not_parse(void **state)
{
	(void)state;
	const char *bad[] = {"\"open", "a=\"open", "\"a\"b", "a\"b\"", "\"\\n\"", "\"\\x4\"", "\"\\", "a=\"b\"c"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char bytes[64], *cursor = bytes, *key, *value;
		strcpy(bytes, bad[i]);
		assert_false(next_pair(&cursor, &key, &value));
		assert_null(cursor);
		assert_false(next_pair(&cursor, &key, &value));
	}
}

/* At every size: no byte beyond it, no half pair, and the cut is told. */
static void keeps_within_its_buffer(void **state)
{
	(void)state;
	const char *whole = "a=1 b=\"2 \\\"3\\\" 4\"";
	for (size_t size = 1; size <= strlen(whole) + 1; size++) {
		char *bytes = malloc(size);
		struct text text;
		start_text(&text, bytes, size);
		add_pair(&text, "a", "1");
		add_pair(&text, "b", "2 \"3\" 4");
		assert_int_equal(strlen(bytes), text.length);
		assert_true(text.length < size);
		const char *want = size > strlen(whole) ? whole : size > 3 ? "a=1" : "";
		assert_string_equal(bytes, want);
		assert_int_equal(text.cut, size <= strlen(whole));
		free(bytes);
	}
}

/* Random bytes: it ends, and stays inside (AddressSanitizer watches). */
static void survives_garbage(void **state)
{
	(void)state;
	uint64_t random = 1;
	for (int round = 0; round < 20000; round++) {
		char bytes[24], *cursor, *key, *value;
		for (size_t i = 0; i < sizeof bytes - 1; i++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			bytes[i] = "a=\"\\ x4\n"[random >> 61];
		}
		bytes[sizeof bytes - 1] = '\0';
		char *copy = strdup(bytes);
		cursor = copy;
		int words = 0;
		while (next_pair(&cursor, &key, &value))
			assert_true(++words <= 24);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back_what_it_wrote),
		cmocka_unit_test(refuses_what_does_not_parse),
		cmocka_unit_test(keeps_within_its_buffer),
		cmocka_unit_test(survives_garbage),
	};
	return cmocka_run_group_tests_name("logfmt", tests, NULL, NULL);
}
