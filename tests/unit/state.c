/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The state directory and its records: where it is, who may change it, what a crash, a second process and a spoiled
 * file do to it, and what this process makes of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "runtime/kernels.h"
#include "runtime/quarantine.h"
#include "runtime/record.h"
#include "tests/leave.h"
#include "tests/live.h"

static char home[64], path[PATH_MAX];
static struct config config;
static struct why why;

static int make_home(void **state)
{
	(void)state;
	strcpy(home, "/tmp/tenon-state-XXXXXX");
	memset(&config, 0, sizeof config);
	memset(&why, 0, sizeof why);
	unsetenv("STATE_DIRECTORY");
	if (!mkdtemp(home))
		return -1;
	snprintf(config.state_dir, sizeof config.state_dir, "%s/state", home);
	return 0;
}

static int remove_home(void **state)
{
	char command[128];
	unsigned count;
	(void)state;
	clear_quarantine("", "", &count, &why);
	snprintf(command, sizeof command, "rm -rf '%s'", home);
	return system(command);
}

static const char *file_named(const char *name)
{
	static char file[2 * PATH_MAX];
	snprintf(file, sizeof file, "%s/%s", config.state_dir, name);
	return file;
}

static void write_text(const char *name, const char *text)
{
	FILE *file = fopen(file_named(name), "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static const char *read_text(const char *name)
{
	static char text[8192];
	FILE *file = fopen(file_named(name), "r");
	size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
	text[length] = '\0';
	if (file)
		fclose(file);
	return text;
}

static void expect_reason(const char *words)
{
	if (!strstr(why.text, words))
		fail_msg("\"%s\" is not in: %s", words, why.text);
}

/* ---- The directory ---------------------------------------------------------------------------------------------- */

static void named_directory_is_made(void **state)
{
	(void)state;
	assert_int_equal(find_state_dir(&config, path, &why), TENON_OK);
	assert_string_equal(path, config.state_dir);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static void environment_stands_in(void **state)
{
	(void)state;
	char list[PATH_MAX + 16];
	snprintf(list, sizeof list, "%s:/other", config.state_dir);
	setenv("STATE_DIRECTORY", list, 1);
	char expected[PATH_MAX];
	strcpy(expected, config.state_dir);
	config.state_dir[0] = '\0';
	assert_int_equal(find_state_dir(&config, path, &why), TENON_OK);
	assert_string_equal(path, expected);
	strcpy(config.state_dir, expected);
}

static void unsafe_directory_is_refused(void **state)
{
	(void)state;
	find_state_dir(&config, path, &why);
	chmod(config.state_dir, 01777); /* sticky is no excuse: anyone may still add files */
	assert_int_equal(find_state_dir(&config, path, &why), TENON_EREFUSED);
	expect_reason("chmod o-w");
	assert_string_equal(path, "");
	chmod(config.state_dir, 0770);
	assert_int_equal(find_state_dir(&config, path, &why), TENON_EREFUSED);
	expect_reason("chmod g-w");
	if (geteuid() == 0) {
		chmod(config.state_dir, 0700);
		assert_int_equal(chown(config.state_dir, 12345, 12345), 0);
		assert_int_equal(find_state_dir(&config, path, &why), TENON_EREFUSED);
		expect_reason("chown root");
		config.trusted_owners.uid[config.trusted_owners.count++] = 12345;
		assert_int_equal(find_state_dir(&config, path, &why), TENON_OK);
	}
}

static void directory_that_cannot_be_is_told(void **state)
{
	(void)state;
	snprintf(config.state_dir, sizeof config.state_dir, "%s/no/such", home);
	assert_int_equal(find_state_dir(&config, path, &why), TENON_ESYSTEM);
	expect_reason("cannot be made");
	snprintf(config.state_dir, sizeof config.state_dir, "%s/file", home);
	close(open(config.state_dir, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(find_state_dir(&config, path, &why), TENON_EREFUSED);
	expect_reason("is no directory");
}

/* ---- Quarantine ------------------------------------------------------------------------------------------------- */

static const struct quarantined bad_top_k = {.build_id = "abcdef0123456789",
					     .backend = "acme",
					     .kernel = "top_k",
					     .reason = "said \"no\" = wrong",
					     .time = 1772282096};

static void records_read_back(void **state)
{
	(void)state;
	struct quarantine_list list;
	struct quarantined other = bad_top_k;
	strcpy(other.kernel, "crc32c");
	find_state_dir(&config, path, &why);
	assert_int_equal(read_quarantine(path, &list, &why), TENON_OK);
	assert_int_equal(list.count, 0);
	assert_int_equal(write_quarantined(path, &bad_top_k, &why), TENON_OK);
	assert_int_equal(write_quarantined(path, &other, &why), TENON_OK);
	assert_int_equal(write_quarantined(path, &bad_top_k, &why), TENON_OK); /* in the place of the first */
	assert_int_equal(read_quarantine(path, &list, &why), TENON_OK);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.bad_line, 0);
	assert_memory_equal(&list.entry[1], &bad_top_k, sizeof bad_top_k);
	free(list.entry);
	assert_non_null(
		strstr(read_text("quarantine"), "time=2026-02-28T12:34:56Z reason=\"said \\\"no\\\" = wrong\"\n"));
	unsigned count;
	assert_int_equal(erase_quarantined(path, "acme", "crc32c", &count, &why), TENON_OK);
	assert_int_equal(count, 1);
	assert_int_equal(erase_quarantined(path, "abcdef0123456789", "", &count, &why), TENON_OK);
	assert_int_equal(count, 1);
	assert_string_equal(read_text("quarantine"), "");
}

static const char spoiled[] = "# a note\n"
			      "build_id=00112233 backend=x kernel=top_k reason=r time=2026-01-01T00:00:00Z later=1\n"
			      "what is this\n"
			      "build_id=00112233 backend=x kernel=top_k reason=r\n"
			      "build_id=00112233 backend=x kernel=all reason=r time=never\n"
			      "build_id=00112233 backend=\"x\n";

static void spoiled_lines_are_told_and_kept(void **state)
{
	(void)state;
	struct quarantine_list list;
	find_state_dir(&config, path, &why);
	write_text("quarantine", spoiled);
	assert_int_equal(read_quarantine(path, &list, &why), TENON_OK);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.bad_line, 3);
	expect_reason("/state/quarantine:3: cannot be read");
	free(list.entry);
	assert_int_equal(write_quarantined(path, &bad_top_k, &why), TENON_OK);
	assert_int_equal(strncmp(read_text("quarantine"), spoiled, sizeof spoiled - 1), 0);
	assert_non_null(strstr(read_text("quarantine"), "backend=acme"));
}

static void unsafe_files_are_refused(void **state)
{
	(void)state;
	struct quarantine_list list;
	find_state_dir(&config, path, &why);
	write_text("quarantine", spoiled);
	chmod(file_named("quarantine"), 0666);
	assert_int_equal(read_quarantine(path, &list, &why), TENON_EREFUSED);
	expect_reason("chmod o-w");
	chmod(file_named("quarantine"), 0600);
	int fd = open(file_named("quarantine"), O_WRONLY);
	assert_int_equal(write(fd, "a\0b", 3), 3);
	close(fd);
	assert_int_equal(read_quarantine(path, &list, &why), TENON_ESYSTEM);
	expect_reason("NUL byte");
	assert_int_equal(truncate(file_named("quarantine"), 2 << 20), 0);
	assert_int_equal(write_quarantined(path, &bad_top_k, &why), TENON_ESYSTEM);
	expect_reason("more than");
}

/* What a crash left of a temporary file is in nobody's way, and a lock goes with its holder. */
static void crash_leaves_the_old_file(void **state)
{
	(void)state;
	struct quarantine_list list;
	find_state_dir(&config, path, &why);
	assert_int_equal(write_quarantined(path, &bad_top_k, &why), TENON_OK);
	write_text("quarantine.new", "half a li");
	assert_int_equal(read_quarantine(path, &list, &why), TENON_OK);
	assert_int_equal(list.count, 1);
	free(list.entry);
	pid_t child = fork();
	if (child == 0) {
		int fd = open(file_named("lock"), O_RDWR);
		leave(flock(fd, LOCK_EX | LOCK_NB) != 0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	struct quarantined other = bad_top_k;
	strcpy(other.kernel, "all");
	assert_int_equal(write_quarantined(path, &other, &why), TENON_OK);
	assert_int_equal(access(file_named("quarantine.new"), F_OK), -1);
}

static void held_lock_is_told(void **state)
{
	(void)state;
	find_state_dir(&config, path, &why);
	assert_int_equal(write_quarantined(path, &bad_top_k, &why), TENON_OK);
	int fd = open(file_named("lock"), O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(erase_quarantined(path, "", "", NULL, &why), TENON_ESYSTEM);
	expect_reason("held by another process");
	close(fd);
}

/* On a busy machine the others may hold the lock for longer than a call waits; what it says then is followed. */
static int write_patiently(const struct quarantined *record)
{
	struct why told;
	int status = TENON_ESYSTEM;
	for (int tries = 0; tries < 100 && status == TENON_ESYSTEM; tries++) {
		status = write_quarantined(path, record, &told);
		if (status && !strstr(told.text, "is held by another process; state is not saved; try again"))
			return status;
	}
	return status;
}

static void several_processes_lose_nothing(void **state)
{
	(void)state;
	enum { PROCESSES = 4, RECORDS = 10 };
	struct quarantine_list list;
	find_state_dir(&config, path, &why);
	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0) {
			struct quarantined record = bad_top_k;
			int failures = 0;
			for (int j = 0; j < RECORDS; j++) {
				snprintf(record.build_id, sizeof record.build_id, "%032x", i * RECORDS + j);
				failures += write_patiently(&record) != TENON_OK;
			}
			leave(failures);
		}
	for (int i = 0; i < PROCESSES; i++) {
		int status;
		wait(&status);
		assert_int_equal(status, 0);
	}
	assert_int_equal(read_quarantine(path, &list, &why), TENON_OK);
	assert_int_equal(list.count, PROCESSES * RECORDS);
	free(list.entry);
}

static void full_disk_keeps_the_old_file(void **state)
{
	(void)state;
	find_state_dir(&config, path, &why);
	assert_int_equal(write_quarantined(path, &bad_top_k, &why), TENON_OK);
	char before[1024];
	snprintf(before, sizeof before, "%s", read_text("quarantine"));
	assert_int_equal(mkdir(file_named("quarantine.new"), 0700), 0); /* so that the new one cannot be written */
	assert_int_equal(erase_quarantined(path, "", "", NULL, &why), TENON_ESYSTEM);
	expect_reason("the old one stays");
	assert_string_equal(read_text("quarantine"), before);
}

/* ---- What this process knows ------------------------------------------------------------------------------------ */

static void is_shared_through_the_directory(void **state)
{
	(void)state;
	assert_int_equal(configure_state(&config, &why), TENON_OK);
	assert_false(is_quarantined("abcdef0123456789", KERNEL_top_k));
	assert_int_equal(add_quarantine("abcdef0123456789", "acme", "top_k", "wrong", &why), TENON_OK);
	assert_true(is_quarantined("abcdef0123456789", KERNEL_top_k));
	assert_false(is_quarantined("abcdef0123456789", KERNEL_crc32c));
	assert_false(is_quarantined("", KERNEL_top_k));
	/* another process */
	struct quarantined other = bad_top_k;
	strcpy(other.build_id, "99");
	strcpy(other.kernel, "all");
	assert_int_equal(write_quarantined(config.state_dir, &other, &why), TENON_OK);
	assert_true(is_quarantined("99", KERNEL_crc32c));
	unsigned count;
	assert_int_equal(clear_quarantine("acme", "", &count, &why), TENON_OK);
	assert_int_equal(count, 2);
	assert_false(is_quarantined("99", KERNEL_crc32c));
}

static void count_saved(const struct quarantined *record, bool saved, void *user)
{
	int *counts = user;
	(void)record;
	counts[saved]++;
}

static void memory_stands_in(void **state)
{
	(void)state;
	char dir[PATH_MAX], reason[512];
	snprintf(config.state_dir, sizeof config.state_dir, "%s/no/such", home);
	assert_int_equal(configure_state(&config, &why), TENON_ESYSTEM);
	report_state(dir, sizeof dir, reason, sizeof reason);
	assert_string_equal(dir, "");
	assert_non_null(strstr(reason, "no/such"));
	assert_int_equal(add_quarantine("55", "acme", "top_k", "wrong", &why), TENON_OK);
	assert_int_equal(add_quarantine("55", "acme", "top_k", "wrong again", &why), TENON_OK);
	assert_true(is_quarantined("55", KERNEL_top_k));
	int counts[2] = {0, 0};
	visit_quarantine(count_saved, counts, &why);
	assert_true(counts[false] == 1 && counts[true] == 0);
	assert_int_equal(save_pin("label", "avx2", &why), TENON_ESYSTEM);
	expect_reason("the pin cannot be saved");
	assert_int_equal(forget_pin("label", &why), TENON_OK);
}

static void what_cannot_be_saved_still_counts(void **state)
{
	(void)state;
	assert_int_equal(configure_state(&config, &why), TENON_OK);
	assert_int_equal(mkdir(file_named("quarantine.new"), 0700), 0);
	assert_int_equal(add_quarantine("66", "acme", "top_k", "wrong", &why), TENON_ESYSTEM);
	assert_true(is_quarantined("66", KERNEL_top_k));
}

static void file_that_becomes_unreadable_frees_nobody(void **state)
{
	(void)state;
	assert_int_equal(configure_state(&config, &why), TENON_OK);
	assert_int_equal(add_quarantine("77", "acme", "top_k", "wrong", &why), TENON_OK);
	chmod(file_named("quarantine"), 0666);
	assert_true(is_quarantined("77", KERNEL_top_k));
	int counts[2] = {0, 0};
	visit_quarantine(count_saved, counts, &why);
	assert_int_equal(counts[true], 1);
	expect_reason("chmod o-w");
}

static void operator_names_what_he_means(void **state)
{
	(void)state;
	struct cpu cpu;
	struct quarantined record;
	probe_cpu(&cpu);
	assert_int_equal(name_quarantined(&config, &cpu, SCALAR_PLUGIN, "top_k", "by hand", &record, &why), TENON_OK);
	assert_string_equal(record.backend, "scalar");
	assert_true(strlen(record.build_id) >= 16);
	assert_int_equal(name_quarantined(&config, &cpu, "0123456789abcdef", "all", "by hand", &record, &why),
			 TENON_OK);
	assert_string_equal(record.build_id, "0123456789abcdef");
	assert_int_equal(name_quarantined(&config, &cpu, "avx2", "no_kernel", "by hand", &record, &why), TENON_ENOENT);
	expect_reason("there is no kernel 'no_kernel'");
	assert_int_equal(name_quarantined(&config, &cpu, "nosuch", "all", "by hand", &record, &why), TENON_ENOENT);
	assert_int_equal(name_quarantined(&config, &cpu, "/no/such.so", "all", "by hand", &record, &why), TENON_ENOENT);
	expect_reason("no backend with a build-id");
}

/* ---- Pins ------------------------------------------------------------------------------------------------------- */

static void pins_are_of_a_program_and_label(void **state)
{
	(void)state;
	struct pin pin;
	assert_int_equal(configure_state(&config, &why), TENON_OK);
	assert_int_equal(save_pin("one", "/opt/my backends/acme.so", &why), TENON_OK);
	assert_int_equal(save_pin("two", "avx2", &why), TENON_OK);
	assert_int_equal(save_pin("one", "/opt/my backends/acme=2.so", &why), TENON_OK);
	assert_int_equal(find_saved_pin("one", &pin, &why), TENON_OK);
	assert_string_equal(pin.backend, "/opt/my backends/acme=2.so");
	assert_true(pin.time > 1700000000);
	assert_int_equal(read_pin(config.state_dir, "another", "one", &pin, &why), TENON_OK);
	assert_string_equal(pin.backend, "");
	assert_int_equal(forget_pin("one", &why), TENON_OK);
	assert_int_equal(forget_pin("one", &why), TENON_OK);
	find_saved_pin("one", &pin, &why);
	assert_string_equal(pin.backend, "");
	find_saved_pin("two", &pin, &why);
	assert_string_equal(pin.backend, "avx2");
	write_text("pins", "nonsense\n");
	assert_int_equal(find_saved_pin("two", &pin, &why), TENON_OK);
	expect_reason("/state/pins:1: cannot be read");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_home, remove_home)
	const struct CMUnitTest tests[] = {
		TEST(named_directory_is_made),
		TEST(environment_stands_in),
		TEST(unsafe_directory_is_refused),
		TEST(directory_that_cannot_be_is_told),
		TEST(records_read_back),
		TEST(spoiled_lines_are_told_and_kept),
		TEST(unsafe_files_are_refused),
		TEST(crash_leaves_the_old_file),
		TEST(held_lock_is_told),
		TEST(several_processes_lose_nothing),
		TEST(full_disk_keeps_the_old_file),
		TEST(is_shared_through_the_directory),
		TEST(memory_stands_in),
		TEST(what_cannot_be_saved_still_counts),
		TEST(file_that_becomes_unreadable_frees_nobody),
		TEST(operator_names_what_he_means),
		TEST(pins_are_of_a_program_and_label),
	};
	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
