/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Kept verdicts: what is kept is recalled for exactly what it was about; what others could have written, or what is damaged,
 * is not believed; there is an end to how many are kept.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "tests/live.h"
#include "tools/prove/identity.h"
#include "tools/prove/verdicts.h"

static char base[] = "/tmp/tenon-test-XXXXXX";
static char identity[IDENTITY_SIZE];
static const struct kept_verdict pass = {.passed = true}, fail_wrong = {.reason = "it is \"wrong\"\nand long"};

static int make_base(void **state)
{
	(void)state;
	struct cpu cpu;
	memcpy(base + sizeof base - 7, "XXXXXX", 6);
	if (!mkdtemp(base))
		return -1;
	probe_cpu(&cpu);
	describe_identity(can_digest() ? "0123abcd" : "", &cpu, identity);
	return 0;
}

static int remove_base(void **state)
{
	(void)state;
	char command[sizeof base + 16];
	snprintf(command, sizeof command, "rm -rf %s", base);
	return system(command);
}

static bool recalls(const char *about, const struct kept_verdict *wanted)
{
	struct kept_verdict got;
	return recall_verdict(base, about, &got) && got.passed == wanted->passed &&
	       strcmp(got.reason, wanted->reason) == 0;
}

static bool recalls_nothing(const char *about)
{
	struct kept_verdict got;
	return !recall_verdict(base, about, &got);
}

static void keep(const struct kept_verdict *verdict)
{
	struct why why;
	if (!keep_verdict(base, identity, verdict, &why))
		fail_msg("%s", why.text);
}

static void name_file(char path[PATH_MAX])
{
	assert_true(name_verdict_file(base, identity, path, PATH_MAX));
}

static void what_is_kept_is_recalled(void **state)
{
	(void)state;
	assert_true(recalls_nothing(identity));
	keep(&pass);
	assert_true(recalls(identity, &pass));
	keep(&fail_wrong);
	assert_true(recalls(identity, &fail_wrong));
}

static void only_for_what_it_was_about(void **state)
{
	(void)state;
	char other[IDENTITY_SIZE];
	keep(&pass);
	for (size_t i = 0; identity[i]; i += 7) {
		memcpy(other, identity, sizeof other);
		other[i] ^= 1;
		assert_true(recalls_nothing(other));
	}
}

/* What the kernel would run on another CPU, or another harness would find, is another identity. */
static void the_identity_tells_everything(void **state)
{
	(void)state;
	static const char *const keys[] = {
		"plugin=0123abcd", "cpu=", "microcode=", "features=", "harness=", "version=", "profile=quick"};
	char changed[IDENTITY_SIZE];
	struct cpu cpu;
	probe_cpu(&cpu);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		assert_non_null(strstr(identity, keys[i]));
	for (size_t i = 0; i < count_cpu_features(); i++)
		cpu.has[i] = !cpu.has[i];
	describe_identity("0123abcd", &cpu, changed);
	assert_string_not_equal(identity, changed);
	describe_identity("", &cpu, changed);
	assert_string_equal(changed, "");
}

static void damaged_ones_are_not_believed(void **state)
{
	(void)state;
	char path[PATH_MAX];
	struct stat status;
	keep(&pass);
	name_file(path);
	assert_int_equal(stat(path, &status), 0);
	for (off_t size = status.st_size - 2; size >= 0; size -= 5) {
		assert_int_equal(truncate(path, size), 0);
		assert_true(recalls_nothing(identity));
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_true(recalls_nothing(identity));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_true(recalls_nothing(identity));
}

static void what_others_may_write_is_not_believed(void **state)
{
	(void)state;
	char path[PATH_MAX], folder[PATH_MAX];
	struct why why;
	static const mode_t bad[] = {0666, 0664, 0622};
	keep(&pass);
	name_file(path);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(chmod(path, bad[i]), 0);
		assert_true(recalls_nothing(identity));
	}
	assert_int_equal(chmod(path, 0644), 0);
	assert_true(recalls(identity, &pass));
	snprintf(folder, sizeof folder, "%s/verdicts", base);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_true(recalls_nothing(identity));
	assert_false(keep_verdict(base, identity, &pass, &why));
	assert_non_null(strstr(why.text, folder));
	assert_int_equal(chmod(folder, 0755), 0);
	if (geteuid() == 0 && chown(path, 12345, (gid_t)-1) == 0)
		assert_true(recalls_nothing(identity));
}

static void the_oldest_go(void **state)
{
	(void)state;
	char path[PATH_MAX], folder[64];
	const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	keep(&pass);
	snprintf(folder, sizeof folder, "%s/verdicts", base);
	for (int i = 0; i < VERDICTS_MAX + 3; i++) {
		snprintf(path, sizeof path, "%s/%d.verdict", folder, i);
		close(open(path, O_CREAT | O_WRONLY, 0644));
		if (i < 4)
			utimensat(AT_FDCWD, path, old, 0);
	}
	keep(&fail_wrong);
	assert_in_range(count_entries(folder), VERDICTS_MAX, 2 + VERDICTS_MAX);
	assert_true(recalls(identity, &fail_wrong));
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s/%d.verdict", folder, i);
		assert_int_equal(access(path, F_OK), -1);
	}
}

static void what_cannot_be_kept_is_said(void **state)
{
	(void)state;
	struct why why;
	char path[PATH_MAX];
	assert_false(keep_verdict("/no/such/place", identity, &pass, &why));
	assert_non_null(strstr(why.text, "/no/such/place"));
	assert_false(keep_verdict(base, "", &pass, &why));
	assert_non_null(strstr(why.text, "libsodium"));
	name_file(path);
	assert_false(name_verdict_file(base, identity, path, 10));
	memset(path, 'x', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	assert_false(keep_verdict(path, identity, &pass, &why));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_kept_is_recalled, make_base, remove_base),
		cmocka_unit_test_setup_teardown(only_for_what_it_was_about, make_base, remove_base),
		cmocka_unit_test_setup_teardown(the_identity_tells_everything, make_base, remove_base),
		cmocka_unit_test_setup_teardown(damaged_ones_are_not_believed, make_base, remove_base),
		cmocka_unit_test_setup_teardown(what_others_may_write_is_not_believed, make_base, remove_base),
		cmocka_unit_test_setup_teardown(the_oldest_go, make_base, remove_base),
		cmocka_unit_test_setup_teardown(what_cannot_be_kept_is_said, make_base, remove_base),
	};
	if (!can_digest()) {
		printf("1..0 # SKIP built without libsodium: no verdicts are kept\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
