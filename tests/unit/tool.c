/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Options and suggestions of the command line tool. Output and JSON are tested from outside (tests/tools/main_test.sh).
 */
#include "tools/tool.c"

#include <setjmp.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
	bool flag;
	const char *text;
	uint64_t number;
} got;

static const struct tool_option options[] = {
	{"--flag", OPTION_FLAG, &got.flag, 0, 0},
	{"--text", OPTION_TEXT, &got.text, 0, 0},
	{"--number", OPTION_NUMBER, &got.number, 1, 1000},
	{"--numbers", OPTION_NUMBER, &(uint64_t){0}, 0, UINT64_MAX},
	{NULL, OPTION_FLAG, NULL, 0, 0},
};

static char complaint[1024];
static int operands;
static char *argv[16];

/* Parses words, a NULL-terminated list, allowing for one to two operands. */
static int parse(const char *const *words)
{
	static char copies[15][64];
	struct tool tool = {.command = "test", .out = stdout};
	int fds[2], saved = dup(STDERR_FILENO);
	got.flag = false;
	got.text = "default";
	got.number = 7;
	operands = 0;
	argv[operands++] = (char[]){"test"};
	for (; *words; words++, operands++) {
		snprintf(copies[operands], sizeof copies[0], "%s", *words);
		argv[operands] = copies[operands];
	}
	argv[operands] = NULL;
	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	int code = parse_options(&tool, options, &operands, argv, 1, 2);
	dup2(saved, STDERR_FILENO);
	close(saved);
	ssize_t length = read(fds[0], complaint, sizeof complaint - 1);
	close(fds[0]);
	complaint[length > 0 ? length : 0] = '\0';
	assert_int_equal(tool.failed, code != EXIT_DONE);
	operands--;
	return code;
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void operands_stay_in_order(void **state)
{
	(void)state;
	assert_int_equal(PARSE("a", "--flag", "b"), EXIT_DONE);
	assert_int_equal(operands, 2);
	assert_string_equal(argv[1], "a");
	assert_string_equal(argv[2], "b");
	assert_null(argv[3]);
	assert_true(got.flag);
}

static void what_is_absent_keeps_its_default(void **state)
{
	(void)state;
	assert_int_equal(PARSE("a"), EXIT_DONE);
	assert_false(got.flag);
	assert_string_equal(got.text, "default");
	assert_int_equal(got.number, 7);
}

static void values_follow_or_are_joined(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--text", "x y", "--number=1000", "a"), EXIT_DONE);
	assert_string_equal(got.text, "x y");
	assert_int_equal(got.number, 1000);
	assert_int_equal(PARSE("--text=a=b", "a", "--number", "1"), EXIT_DONE);
	assert_string_equal(got.text, "a=b");
	assert_int_equal(got.number, 1);
	assert_int_equal(PARSE("--text=", "a"), EXIT_DONE);
	assert_string_equal(got.text, "");
}

static void two_dashes_end_the_options(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--", "--flag"), EXIT_DONE);
	assert_int_equal(operands, 1);
	assert_string_equal(argv[1], "--flag");
	assert_false(got.flag);
	assert_int_equal(PARSE("-"), EXIT_DONE);
	assert_string_equal(argv[1], "-");
}

static void numbers_stay_in_range(void **state)
{
	static const char *const bad[] = {"0",  "1001", "",     "-1",  "+1",
					  " 1", "1x",   "0x10", "1.5", "99999999999999999999"};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(PARSE("a", "--number", bad[i]), EXIT_USAGE);
		assert_int_equal(got.number, 7);
		assert_non_null(strstr(complaint, "tenon test: --number takes a number from 1 to 1000, not '"));
	}
}

static void a_missing_value_is_named(void **state)
{
	(void)state;
	assert_int_equal(PARSE("a", "--text"), EXIT_USAGE);
	assert_string_equal(complaint, "tenon test: --text needs a value\n");
	assert_int_equal(PARSE("a", "--flag=yes"), EXIT_USAGE);
	assert_string_equal(complaint, "tenon test: --flag takes no value\n");
}

static void an_unknown_option_gets_the_nearest(void **state)
{
	(void)state;
	assert_int_equal(PARSE("a", "--flog"), EXIT_USAGE);
	assert_string_equal(complaint, "tenon test: unknown option '--flog'; did you mean --flag?\n");
	assert_int_equal(PARSE("a", "--numb=3"), EXIT_USAGE);
	assert_string_equal(complaint, "tenon test: unknown option '--numb=3'; did you mean --number or --numbers?\n");
	assert_int_equal(PARSE("a", "-x"), EXIT_USAGE);
	assert_string_equal(complaint, "tenon test: unknown option '-x'; there are --json, --output, --help, "
				       "--flag, --text, --number, --numbers\n");
}

static void operands_are_counted(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--flag"), EXIT_USAGE);
	assert_string_equal(complaint, "tenon test: an argument is missing; see tenon help test\n");
	assert_int_equal(PARSE("a", "b", "c"), EXIT_USAGE);
	assert_string_equal(complaint, "tenon test: unexpected 'c'; see tenon help test\n");
}

static void suggestions_stay_in_their_space(void **state)
{
	static const char *const names[] = {"alpha", "beta", "gamma",
					    "a name that is very much longer than the space for it"};
	char text[24];
	(void)state;
	text[0] = '\0';
	suggest_names(text, sizeof text, "gama", names, 4);
	assert_string_equal(text, "did you mean gamma?");
	text[0] = '\0';
	suggest_names(text, sizeof text, "nothing like them", names, 4);
	assert_int_equal(strlen(text), sizeof text - 1);
}

static void edits_are_counted(void **state)
{
	char longest[100];
	(void)state;
	memset(longest, 'x', 99);
	longest[99] = '\0';
	assert_int_equal(count_edits("", ""), 0);
	assert_int_equal(count_edits("swap", "swap"), 0);
	assert_int_equal(count_edits("swap", "swop"), 1);
	assert_int_equal(count_edits("status", "stats"), 1);
	assert_int_equal(count_edits("kitten", "sitting"), 3);
	assert_int_equal(count_edits("", "abc"), 3);
	assert_int_equal(count_edits(longest, "x"), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operands_stay_in_order),
		cmocka_unit_test(what_is_absent_keeps_its_default),
		cmocka_unit_test(values_follow_or_are_joined),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(numbers_stay_in_range),
		cmocka_unit_test(a_missing_value_is_named),
		cmocka_unit_test(an_unknown_option_gets_the_nearest),
		cmocka_unit_test(operands_are_counted),
		cmocka_unit_test(suggestions_stay_in_their_space),
		cmocka_unit_test(edits_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
