/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The line discipline of INI files: ordinary files are read as written; every trap of inih is an error with its line.
 * Files are written to a folder of this test's own.
 */
#include "build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <ini.h>

#include "runtime/inifile.h"

static char home[] = "/tmp/tenon-inifile-XXXXXX";
static char file[64];

static int make_home(void **state)
{
	(void)state;
	if (!mkdtemp(home))
		return -1;
	snprintf(file, sizeof file, "%s/c.ini", home);
	return 0;
}

static int empty_home(void **state)
{
	(void)state;
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s/*", home);
	return system(command);
}

static int remove_home(void **state)
{
	(void)state;
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", home);
	return system(command);
}

/* What was read, as "1[a] 2k=v 3k=v ". */
static char seen[2048];
static struct why why;

static int record(void *user, const struct ini_line *line, struct why *reason)
{
	(void)user;
	(void)reason;
	size_t used = strlen(seen);
	if (line->key)
		snprintf(seen + used, sizeof seen - used, "%d%s=%s ", line->number, line->key, line->value);
	else
		snprintf(seen + used, sizeof seen - used, "%d[%s] ", line->number, line->section);
	return 0;
}

static int read_path(const char *path)
{
	seen[0] = '\0';
	memset(&why, 0, sizeof why);
	return read_ini_file(path, true, record, NULL, &why);
}

static int read_bytes(const char *bytes, size_t size)
{
	FILE *out = fopen(file, "wb");
	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, size, out), size);
	assert_int_equal(fclose(out), 0);
	return read_path(file);
}

static void assert_says(const char *part)
{
	if (!strstr(why.text, part))
		fail_msg("'%s' does not say '%s'", why.text, part);
}

static void assert_reads(const char *text, const char *expected)
{
	if (read_bytes(text, strlen(text)) != 0)
		fail_msg("'%s' gave %s", text, why.text);
	assert_string_equal(seen, expected);
}

static void assert_bytes_refused(const char *bytes, size_t size, int line, const char *part)
{
	char place[100];
	assert_int_equal(read_bytes(bytes, size), TENON_ECONFIG);
	snprintf(place, sizeof place, "%s:%d: this line ", file, line);
	assert_says(place);
	assert_says(part);
}

static void assert_refused(const char *text, int line, const char *part)
{
	assert_bytes_refused(text, strlen(text), line, part);
}

/* ---- Lines ------------------------------------------------------------------------------------------------------- */

static void reads_ordinary_files(void **state)
{
	(void)state;
	assert_reads("", "");
	assert_reads("\n\n", "");
	assert_reads("# a\n; b\n  # an indented comment\n\t\n   \n[a] ; c\n[b] # d\n", "6[a] 7[b] ");
	assert_reads("[a]\nk=v", "1[a] 2k=v "); /* no newline at the end */
	assert_reads("[a]\nk\t =  v w \t ; comment\n", "1[a] 2k=v w ");
	assert_reads("[a]\nk =\n", "1[a] 2k= ");
	assert_reads("[a]\r\nk = v\r\n\r\nl = w\r\n", "1[a] 2k=v 4l=w ");
	assert_reads("\xef\xbb\xbf[a]\nk = v\n", "1[a] 2k=v ");
	assert_reads("\xef\xbb\xbf", "");
	assert_reads("[a]\nk = /x=y;z#1:2\n", "1[a] 2k=/x=y;z#1:2 ");
	assert_reads("[a]\nk = caf\xc3\xa9\n", "1[a] 2k=caf\xc3\xa9 ");
	assert_reads("k = v\n[]\nl = w\n[a]\n", "1k=v 2[] 3l=w 4[a] "); /* judged by who knows the keys */
}

static void refuses_what_inih_would_hide(void **state)
{
	(void)state;
	assert_refused("[a]\nk = v\n  l = w\n", 3, "is indented");
	assert_refused("[a]\n\tk = v\n", 2, "is indented");
	assert_refused("[a]\nk = v\n [b]\n", 3, "is indented");
	assert_refused("[a] k = v\n", 1, "text after the section");
	assert_refused("[a\nk = v\n", 1, "has no ']'");
	assert_refused("[a]\nk\n", 2, "has no '='");
	assert_refused("[a]\nk: v\n", 2, "has no '='");
	assert_refused("[a]\nk : x = y\n", 2, "':' before the '='");
	assert_refused("[a]\nk ;x = v\n", 2, "';' before the '='");
	assert_refused("[a]\n= v\n", 2, "no key before");
	assert_refused("[a]\nk = v # fast\n", 2, "'#' comment after the value");
	assert_refused("[a]\nk = #v\n", 2, "'#' comment after the value");
	assert_refused("[a]\nk = \"v\"\n", 2, "quoted");
	assert_refused("[a]\nk = 'v'\n", 2, "quoted");
	assert_refused("[a]\nk = v\rw\n", 2, "control character");
	assert_refused("[a]\nk = v\x1b[31m\n", 2, "control character");
	assert_refused("[a]\n# c\x7f\n", 2, "control character");
}

static void refuses_long_lines_and_names(void **state)
{
	(void)state;
	char text[600], long_value[200], expected[300];
	memset(long_value, 'a', sizeof long_value);
	snprintf(text, sizeof text, "[a]\nk = %.195s\nl = v\n", long_value); /* 199 bytes fit and are read whole */
	snprintf(expected, sizeof expected, "1[a] 2k=%.195s 3l=v ", long_value);
	assert_reads(text, expected);
	snprintf(text, sizeof text, "[a]\r\nk = %.195s\r\nl = v\r\n", long_value);
	assert_reads(text, expected);
	snprintf(text, sizeof text, "[a]\nk = %.196s\n", long_value);
	assert_refused(text, 2, "longer than 199 bytes");
	snprintf(text, sizeof text, "[a]\n# %.198s\n", long_value); /* inih would read its tail as a line */
	assert_refused(text, 2, "longer than 199 bytes");
	snprintf(text, sizeof text, "[a]\n%.49s = x\n", long_value);
	snprintf(expected, sizeof expected, "1[a] 2%.49s=x ", long_value);
	assert_reads(text, expected);
	snprintf(text, sizeof text, "[a]\n%.50s = x\n", long_value);
	assert_refused(text, 2, "a key with more than 49 bytes");
	snprintf(text, sizeof text, "[%.49s]\n", long_value);
	snprintf(expected, sizeof expected, "1[%.49s] ", long_value);
	assert_reads(text, expected);
	snprintf(text, sizeof text, "[%.50s]\n", long_value);
	assert_refused(text, 1, "a section with more than 49 bytes");
}

static void refuses_binary_files(void **state)
{
	(void)state;
	static const char nul[] = "[a]\nk = v\0 ; x\n";
	static const char utf16[] = "\xff\xfe[\0r\0u\0n\0";
	assert_bytes_refused(nul, sizeof nul - 1, 2, "holds a NUL byte");
	assert_bytes_refused(utf16, sizeof utf16 - 1, 1, "holds a NUL byte");
}

/* inih's globals belong to whoever else uses it in the process. */
static void does_not_hang_on_the_hosts_settings(void **state)
{
	(void)state;
	bool multiline = ini_allow_multiline, comments = ini_allow_inline_comments, no_value = ini_allow_no_value;
	char *prefixes = ini_start_comment_prefixes;
	ini_allow_multiline = !multiline;
	ini_allow_no_value = true;
	assert_refused("[a]\nk = v\n  l = w\n", 3, "is indented");
	assert_refused("[a]\nk\n", 2, "has no '='");
	ini_allow_inline_comments = false;
	assert_reads("[a]\nk = v ; c\n", "1[a] 2k=v ; c "); /* which no key of ours accepts */
	ini_start_comment_prefixes = "k";
	assert_refused("[a]\nk = v\nl = w\n", 2, "inih does not take"); /* not skipped in silence */
	ini_allow_multiline = multiline;
	ini_allow_no_value = no_value;
	ini_allow_inline_comments = comments;
	ini_start_comment_prefixes = prefixes;
}

static int refuse_second(void *user, const struct ini_line *line, struct why *reason)
{
	unsigned *calls = user;
	++*calls;
	return line->number == 2 ? explain(reason, TENON_EBUSY, "no %s", line->key) : 0;
}

static void stops_when_told(void **state)
{
	(void)state;
	unsigned calls = 0;
	assert_int_equal(read_bytes("[a]\nk = v\nl = w\n nonsense\n", 27), TENON_ECONFIG);
	assert_int_equal(read_ini_file(file, true, refuse_second, &calls, &why), TENON_EBUSY);
	assert_string_equal(why.text, "no k");
	assert_int_equal(calls, 2);
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static void refuses_what_is_no_file(void **state)
{
	(void)state;
	char path[128];
	snprintf(path, sizeof path, "%s/none.ini", home);
	assert_int_equal(read_path(path), TENON_ECONFIG);
	assert_says("none.ini: there is no such file");
	assert_int_equal(read_ini_file(path, false, record, NULL, &why), 0);
	assert_string_equal(seen, "");
	assert_int_equal(read_path(home), TENON_ECONFIG);
	assert_says("is a directory");
	snprintf(path, sizeof path, "%s/fifo", home);
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(5); /* opening it plainly would wait for a writer for ever */
	assert_int_equal(read_path(path), TENON_ECONFIG);
	alarm(0);
	assert_says("not a regular file");
	assert_int_equal(read_path("/dev/null"), TENON_ECONFIG);
	assert_says("not a regular file");
	read_bytes("", 0);
	snprintf(path, sizeof path, "%s/c.ini/x.ini", home);
	assert_int_equal(read_path(path), TENON_ECONFIG);
	assert_says("Not a directory");
}

static void refuses_a_file_that_is_too_large(void **state)
{
	(void)state;
	read_bytes("", 0);
	assert_int_equal(truncate(file, (1 << 20) + 1), 0);
	assert_int_equal(read_path(file), TENON_ECONFIG);
	assert_says("more than the 1048576");
}

static void refuses_an_unreadable_file(void **state)
{
	(void)state;
	read_bytes("", 0);
	assert_int_equal(chmod(file, 0), 0);
	uid_t user = geteuid();
	if (user == 0)
		assert_int_equal(seteuid(65534), 0); /* root reads everything */
	int status = read_path(file);
	assert_int_equal(seteuid(user), 0);
	assert_int_equal(status, TENON_ECONFIG);
	assert_says("cannot be opened: Permission denied");
}

#define TEST(function) cmocka_unit_test_setup(function, empty_home)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_ordinary_files),
		TEST(refuses_what_inih_would_hide),
		TEST(refuses_long_lines_and_names),
		TEST(refuses_binary_files),
		TEST(does_not_hang_on_the_hosts_settings),
		TEST(stops_when_told),
		TEST(refuses_what_is_no_file),
		TEST(refuses_a_file_that_is_too_large),
		TEST(refuses_an_unreadable_file),
	};
	return cmocka_run_group_tests_name("inifile", tests, make_home, remove_home);
}
