/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The watcher, with a reload that only counts: every way in which a layer of the configuration can be replaced is noticed,
 * soon, and what is no change is not. Without inotify, too. The latencies seen are printed.
 */
#include "build.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/log.h"
#include "runtime/places.h"
#include "runtime/watch.h"
#include "tests/leave.h"
#include "tests/live.h"

/* ---- What the watcher meets -------------------------------------------------------------------------------------- */

static atomic_int reloads;
static _Atomic int64_t reloaded_at;
static atomic_int init_error, add_error, warnings;
static char last_warning[512];

static int64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int tenon_reload(void)
{
	atomic_store(&reloaded_at, now_us());
	atomic_fetch_add(&reloads, 1);
	return TENON_OK;
}

void log_event(enum tenon_log_level level, const struct facts *facts, const char *format, ...)
{
	va_list list;
	(void)facts;
	va_start(list, format);
	vsnprintf(last_warning, sizeof last_warning, format, list);
	va_end(list);
	atomic_fetch_add(&warnings, level == TENON_LOG_WARN);
}

int inotify_init1(int flags)
{
	errno = atomic_load(&init_error);
	return errno ? -1 : (int)syscall(SYS_inotify_init1, flags);
}

int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	errno = atomic_load(&add_error);
	return errno ? -1 : (int)syscall(SYS_inotify_add_watch, fd, path, mask);
}

/* ---- A folder of layers ------------------------------------------------------------------------------------------ */

static char home[64];
static struct config config;

static const char *at(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s", home, name);
	return path;
}

static void write_to(const char *name, const char *text)
{
	FILE *out = fopen(at(name), "we");
	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static void make_folder(const char *name)
{
	assert_int_equal(mkdir(at(name), 0755), 0);
}

static void load_layers(const char *path)
{
	struct why why;
	if (load_config_from(&config, at("etc"), "prog", path, &why))
		fail_msg("%s", why.text);
	config.watch = true;
}

static int make_home(void **state)
{
	(void)state;
	strcpy(home, "/tmp/tenon-watch-XXXXXX");
	if (!mkdtemp(home))
		return -1;
	unsetenv("TENON_CONFIG");
	atomic_store(&init_error, 0);
	atomic_store(&add_error, 0);
	atomic_store(&warnings, 0);
	return 0;
}

static int remove_home(void **state)
{
	(void)state;
	char command[128];
	stop_watch();
	snprintf(command, sizeof command, "rm -rf '%s'", home);
	return system(command);
}

static int watchers(void)
{
	int count = 0;
	DIR *list = opendir("/proc/self/task");
	for (struct dirent *entry; list && (entry = readdir(list)) != NULL;) {
		char path[300], name[32] = "";
		snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
		FILE *comm = fopen(path, "re");
		if (comm && fgets(name, sizeof name, comm))
			count += strcmp(name, "tenon-watch\n") == 0;
		if (comm)
			fclose(comm);
	}
	closedir(list);
	return count;
}

/* Has the watcher done what it does first, and waits? */
static bool watcher_waits(void)
{
	bool waits = false;
	DIR *list = opendir("/proc/self/task");
	for (struct dirent *entry; list && (entry = readdir(list)) != NULL;) {
		char path[300], line[128] = "";
		snprintf(path, sizeof path, "/proc/self/task/%s/stat", entry->d_name);
		FILE *stat = fopen(path, "re");
		if (stat && fgets(line, sizeof line, stat))
			waits |= strstr(line, "(tenon-watch) S ") != NULL;
		if (stat)
			fclose(stat);
	}
	closedir(list);
	return waits;
}

/* The watcher, once all of its watches are there: it reads young files again after it has placed them. */
static void start_watching(bool young)
{
	struct why why;
	if (start_watch(&config, &why))
		fail_msg("%s", why.text);
	assert_true(wait_until(watchers() == 1));
	if (young)
		assert_true(wait_until(atomic_load(&reloads) > 0));
	assert_true(wait_until(watcher_waits()));
	sleep_ms(100);
	atomic_store(&reloads, 0);
}

/* One reload, or a few where a change has several steps; never none. */
static void expect_reload(const char *what, int64_t since)
{
	if (!wait_until(atomic_load(&reloads) > 0))
		fail_msg("%s: not noticed", what);
	print_message("# %s: noticed after %ld ms\n", what, (long)((atomic_load(&reloaded_at) - since) / 1000));
	sleep_ms(2 * WATCH_QUIET_MS + 20);
	assert_in_range(atomic_load(&reloads), 1, 2);
	atomic_store(&reloads, 0);
}

static void expect_silence(void)
{
	sleep_ms(2 * WATCH_QUIET_MS + 20);
	assert_int_equal(atomic_load(&reloads), 0);
}

/* ---- Tests ------------------------------------------------------------------------------------------------------- */

static void test_off_means_no_thread(void **state)
{
	(void)state;
	load_layers(NULL);
	config.watch = false;
	assert_int_equal(start_watch(&config, NULL), 0);
	sleep_ms(20);
	assert_int_equal(watchers(), 0);
	stop_watch();
}

static void test_one_file(void **state)
{
	(void)state;
	int64_t start;
	make_folder("etc");
	write_to("etc/one.ini", "[log]\nlevel = info\n");
	load_layers(at("etc/one.ini"));
	start_watching(true);
	start = now_us();
	write_to("etc/one.ini", "[log]\nlevel = warn\n");
	expect_reload("edited in place", start);
	write_to("etc/new.ini", "[log]\nlevel = debug\n");
	expect_silence();
	start = now_us();
	assert_int_equal(rename(at("etc/new.ini"), at("etc/one.ini")), 0);
	expect_reload("replaced by rename", start);
	write_to("etc/one.ini", "[log]\nlevel = error\n");
	expect_reload("edited after the rename", now_us());
	start = now_us();
	unlink(at("etc/one.ini"));
	write_to("etc/one.ini", "[log]\nlevel = warn\n");
	expect_reload("deleted and made again", start);
	assert_int_equal(chmod(at("etc/one.ini"), 0600), 0);
	expect_reload("made unreadable to others", now_us());
	close(open(at("etc/one.ini"), O_RDONLY | O_CLOEXEC));
	expect_silence();
	/* Another name of the same file, in a folder that is not watched. */
	assert_int_equal(link(at("etc/one.ini"), at("elsewhere")), 0);
	sleep_ms(2 * WATCH_QUIET_MS + 20);
	atomic_store(&reloads, 0);
	write_to("elsewhere", "[log]\nlevel = info\n");
	expect_reload("written by another name", now_us());
}

/* An editor that takes its time between two steps: nothing is read before it has finished. */
static void test_slow_writer(void **state)
{
	(void)state;
	make_folder("etc");
	write_to("etc/one.ini", "");
	load_layers(at("etc/one.ini"));
	start_watching(true);
	int64_t start = now_us();
	assert_int_equal(rename(at("etc/one.ini"), at("etc/one.ini~")), 0);
	sleep_ms(2 * WATCH_QUIET_MS);
	int fd = open(at("etc/one.ini"), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, "[log]\n", 6), 6);
	sleep_ms(2 * WATCH_QUIET_MS);
	assert_int_equal(atomic_load(&reloads), 0);
	assert_int_equal(write(fd, "level = warn\n", 13), 13);
	close(fd);
	expect_reload("moved away and written anew, slowly", start);
}

/* Kubernetes: file -> ..data/file, ..data -> a folder with a time stamp; an update replaces ..data by a rename. */
static void test_config_map(void **state)
{
	(void)state;
	make_folder("etc");
	make_folder("etc/..2026_01");
	write_to("etc/..2026_01/one.ini", "[log]\nlevel = info\n");
	assert_int_equal(symlink("..2026_01", at("etc/..data")), 0);
	assert_int_equal(symlink("..data/one.ini", at("etc/one.ini")), 0);
	load_layers(at("etc/one.ini"));
	start_watching(true);
	for (int i = 2; i < 5; i++) {
		char folder[32], file[48];
		snprintf(folder, sizeof folder, "etc/..2026_0%d", i);
		snprintf(file, sizeof file, "%s/one.ini", folder);
		make_folder(folder);
		write_to(file, "[log]\nlevel = warn\n");
		assert_int_equal(symlink(folder + 4, at("etc/..data_tmp")), 0);
		expect_silence();
		int64_t start = now_us();
		assert_int_equal(rename(at("etc/..data_tmp"), at("etc/..data")), 0);
		expect_reload("ConfigMap, ..data replaced", start);
	}
}

/* A link far up the path; and what it led to before no longer counts. */
static void test_linked_folder(void **state)
{
	(void)state;
	make_folder("v1");
	make_folder("v2");
	write_to("v1/one.ini", "");
	write_to("v2/one.ini", "");
	assert_int_equal(symlink("v1", at("current")), 0);
	assert_int_equal(symlink(at("current"), at("etc")), 0);
	load_layers(at("etc/one.ini"));
	start_watching(true);
	assert_int_equal(symlink("v2", at("next")), 0);
	expect_silence();
	int64_t start = now_us();
	assert_int_equal(rename(at("next"), at("current")), 0);
	expect_reload("a link on the way replaced", start);
	write_to("v1/one.ini", "[log]\n");
	expect_silence();
	write_to("v2/one.ini", "[log]\n");
	expect_reload("edited behind the new link", now_us());
}

static void test_layers(void **state)
{
	(void)state;
	load_layers(NULL);
	start_watching(false);
	int64_t start = now_us();
	make_folder("etc");
	expect_reload("the folder appears", start);
	write_to("etc/tenon.ini", "[log]\nlevel = info\n");
	expect_reload("tenon.ini appears", now_us());
	make_folder("etc/tenon.ini.d");
	expect_reload("tenon.ini.d appears", now_us());
	write_to("etc/tenon.ini.d/50-a.ini", "[log]\nlevel = warn\n");
	expect_reload("a file in it appears", now_us());
	write_to("etc/tenon.ini.d/.50-a.ini.swp", "x");
	write_to("etc/tenon.ini.d/README", "x");
	write_to("etc/other", "x");
	expect_silence();
	make_folder("etc/programs");
	expect_reload("programs appears", now_us());
	write_to("etc/programs/other.ini", "");
	expect_silence();
	write_to("etc/programs/prog.ini", "");
	expect_reload("the program's file appears", now_us());
	start = now_us();
	unlink(at("etc/tenon.ini.d/50-a.ini"));
	expect_reload("a file in tenon.ini.d is gone", start);
	assert_int_equal(rename(at("etc"), at("etc.old")), 0);
	expect_reload("the folder is gone", now_us());
	assert_int_equal(rename(at("etc.old"), at("etc")), 0);
	expect_reload("and back", now_us());
	write_to("etc/tenon.ini", "");
	expect_reload("and is watched again", now_us());
}

static void test_named_layer(void **state)
{
	(void)state;
	make_folder("etc");
	write_to("named.ini", "");
	setenv("TENON_CONFIG", at("named.ini"), 1);
	load_layers(NULL);
	unsetenv("TENON_CONFIG");
	start_watching(true);
	write_to("named.ini", "[log]\n");
	expect_reload("$TENON_CONFIG edited", now_us());
}

/* What changed just before, perhaps after tenon_open() read it, is read again. */
static void test_young_file_is_read_again(void **state)
{
	(void)state;
	make_folder("etc");
	write_to("etc/one.ini", "");
	load_layers(at("etc/one.ini"));
	assert_int_equal(start_watch(&config, NULL), 0);
	assert_true(wait_until(atomic_load(&reloads) > 0));
}

/* A backend was proven meanwhile, or a child forked: the change is as old as one likes. */
static void test_changed_since_it_was_read(void **state)
{
	(void)state;
	make_folder("etc");
	write_to("etc/one.ini", "[log]\nlevel = info\n");
	load_layers(at("etc/one.ini"));
	write_to("etc/one.ini", "[log]\nlevel = warn\n");
	sleep_ms(1100); /* no longer young */
	assert_int_equal(start_watch(&config, NULL), 0);
	assert_true(wait_until(atomic_load(&reloads) > 0));
}

static void poll_for_changes(void)
{
	make_folder("etc");
	make_folder("etc/tenon.ini.d");
	write_to("etc/tenon.ini", "");
	sleep_ms(1100); /* an old file: the watcher has no reason to read it again */
	load_layers(NULL);
	start_watching(false);
	assert_int_equal(atomic_load(&warnings), 1);
	int64_t start = now_us();
	write_to("etc/tenon.ini.d/50-a.ini", "");
	assert_true(wait_until(atomic_load(&reloads) > 0));
	print_message("# by looking: noticed after %ld ms\n", (long)((atomic_load(&reloaded_at) - start) / 1000));
	assert_int_equal(atomic_load(&warnings), 1);
}

static void test_without_inotify(void **state)
{
	(void)state;
	atomic_store(&init_error, EMFILE);
	poll_for_changes();
	assert_non_null(strstr(last_warning, "every 2 s instead; raise fs.inotify.max_user_instances"));
}

static void test_out_of_watches(void **state)
{
	(void)state;
	atomic_store(&add_error, ENOSPC);
	poll_for_changes();
	assert_non_null(strstr(last_warning, "every 2 s instead; raise fs.inotify.max_user_watches"));
}

static void test_forked_child_has_none(void **state)
{
	(void)state;
#ifdef __SANITIZE_THREAD__
	print_message("ThreadSanitizer has no threads in a forked child\n");
	skip();
#endif
	const char *emulator = getenv("EMULATOR");
	if (emulator && *emulator) {
		print_message("qemu does not survive a thread in a forked child\n");
		skip();
	}
	make_folder("etc");
	load_layers(NULL);
	start_watching(false);
	int before = count_entries("/proc/self/fd");
	pid_t child = fork();
	if (child == 0) {
		abandon_watch();
		bool none = watchers() == 0 && count_entries("/proc/self/fd") == before - 2;
		stop_watch();
		bool again = start_watch(&config, NULL) == 0 && wait_until(watchers() == 1);
		stop_watch();
		leave(none && again ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(watchers(), 1);
	stop_watch();
	assert_true(wait_until(watchers() == 0));
	assert_int_equal(count_entries("/proc/self/fd"), before - 2);
}

static void test_path_that_leads_nowhere(void **state)
{
	(void)state;
	struct places places;
	make_folder("etc");
	assert_int_equal(symlink("loop", at("loop")), 0);
	assert_int_equal(symlink(at("loop"), at("etc/tenon.ini")), 0);
	assert_int_equal(symlink("../etc/./../etc/deep.ini", at("etc/tenon.ini.d")), 0);
	load_config_from(&config, at("none"), "prog", NULL, NULL);
	snprintf(config.directory, sizeof config.directory, "%s", at("etc"));
	assert_true(find_places(&config, &places));
	bool loop = false, deep = false;
	for (size_t i = 0; i < places.count; i++) {
		loop = loop || strcmp(places.list[i].name, "loop") == 0;
		deep = deep ||
		       (strcmp(places.list[i].name, "deep.ini") == 0 && strcmp(places.list[i].path, at("etc")) == 0);
	}
	assert_true(loop && deep);
	free_places(&places);
	char name[300];
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	snprintf(config.file, sizeof config.file, "/%s", name);
	assert_false(find_places(&config, &places));
	free_places(&places);
}

#define WATCH_TEST(function) cmocka_unit_test_setup_teardown(function, make_home, remove_home)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WATCH_TEST(test_off_means_no_thread),
		WATCH_TEST(test_one_file),
		WATCH_TEST(test_slow_writer),
		WATCH_TEST(test_config_map),
		WATCH_TEST(test_linked_folder),
		WATCH_TEST(test_layers),
		WATCH_TEST(test_named_layer),
		WATCH_TEST(test_young_file_is_read_again),
		WATCH_TEST(test_changed_since_it_was_read),
		WATCH_TEST(test_without_inotify),
		WATCH_TEST(test_out_of_watches),
		WATCH_TEST(test_forked_child_has_none),
		WATCH_TEST(test_path_that_leads_nowhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
