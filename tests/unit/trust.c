/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Trust: who may own a backend and its directory, who may write to them, and the command that each refusal names.
 */
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

#include "runtime/trust.h"

static const struct trusted_owners nobody_else;
static char folder[] = "/tmp/tenon-trust-XXXXXX", path[64];
static struct why why;

static int make_folder(void **state)
{
	(void)state;
	memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/acme.so", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static void assert_refused(uid_t owner, mode_t mode, const char *said)
{
	assert_int_equal(check_trust(path, owner, mode, &nobody_else, &why), TENON_EREFUSED);
	if (!strstr(why.text, said))
		fail_msg("'%s' does not say '%s'", why.text, said);
}

static void root_and_we_are_trusted(void **state)
{
	(void)state;
	assert_int_equal(check_trust(path, 0, S_IFREG | 0755, &nobody_else, &why), TENON_OK);
	assert_int_equal(check_trust(path, geteuid(), S_IFREG | 0644, &nobody_else, &why), TENON_OK);
}

static void others_are_trusted_when_named(void **state)
{
	(void)state;
	struct trusted_owners named = {{54320, 54321}, 2};
	assert_refused(54321, S_IFREG | 0755, "belongs to user 54321");
	assert_non_null(strstr(why.text, "chown root '"));
	assert_int_equal(check_trust(path, 54321, S_IFREG | 0755, &named, &why), TENON_OK);
	assert_int_equal(check_trust(path, 54322, S_IFREG | 0755, &named, &why), TENON_EREFUSED);
}

static void writers_are_refused_with_the_command(void **state)
{
	(void)state;
	assert_refused(0, S_IFREG | 0757, "chmod o-w '/tmp/tenon-trust-");
	assert_refused(0, S_IFREG | 0775, "chmod g-w '/tmp/tenon-trust-");
	assert_refused(0, S_IFREG | S_ISVTX | 0777, "anyone may write to it"); /* the sticky bit is for directories */
}

static void the_directory_counts(void **state)
{
	(void)state;
	assert_int_equal(chmod(folder, 0777), 0);
	assert_refused(0, S_IFREG | 0755, "anyone may write to its directory");
	assert_int_equal(chmod(folder, 0775), 0);
	assert_refused(0, S_IFREG | 0755, "its group may write to its directory");
	assert_int_equal(chmod(folder, 01777), 0);
	if (geteuid() == 0)
		assert_int_equal(check_trust(path, 0, S_IFREG | 0755, &nobody_else, &why), TENON_OK);
	else
		assert_refused(0, S_IFREG | 0755, "anyone may write to its directory"); /* sticky, but not root's */
	assert_int_equal(chmod(folder, 0700), 0);
}

static void a_path_need_not_have_a_directory(void **state)
{
	(void)state;
	assert_int_equal(check_trust("/acme.so", 0, S_IFREG | 0755, &nobody_else, &why), TENON_OK);
	assert_int_equal(check_trust("/no/such/place/acme.so", 0, S_IFREG | 0755, &nobody_else, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "cannot be examined"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_and_we_are_trusted),
		cmocka_unit_test(others_are_trusted_when_named),
		cmocka_unit_test(writers_are_refused_with_the_command),
		cmocka_unit_test(the_directory_counts),
		cmocka_unit_test(a_path_need_not_have_a_directory),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
