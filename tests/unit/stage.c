/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Staging: private copies under new names, in each mode; what is left of dead processes is swept; what cannot be done
 * is said with its cause.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "runtime/stage.h"
#include "tests/live.h"

static char base[] = "/tmp/tenon-test-XXXXXX";

static int make_base(void **state)
{
	(void)state;
	memcpy(base + sizeof base - 7, "XXXXXX", 6);
	if (!mkdtemp(base))
		return -1;
	return setenv("XDG_RUNTIME_DIR", base, 1);
}

static int remove_base(void **state)
{
	(void)state;
	char command[sizeof base + 16];
	close_stage();
	forget_stage();
	snprintf(command, sizeof command, "rm -rf %s", base);
	return system(command);
}

static struct file read_plugin(void)
{
	struct file source;
	struct why why;
	assert_int_equal(read_file(SCALAR_PLUGIN, BACKEND_FILE_MAX, TENON_EREFUSED, &source, &why), TENON_OK);
	return source;
}

/* Stages and maps the scalar plugin; the handle. */
static void *map_copy(const char *mode, struct staged *staged)
{
	struct file source = read_plugin();
	struct why why;
	assert_int_equal(stage_source(&source, SCALAR_PLUGIN, "scalar", mode, staged, &why), TENON_OK);
	free(source.bytes);
	void *handle = dlopen(staged->path, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		fail_msg("%s", dlerror());
	close_staged(staged);
	return handle;
}

static void copies_are_private_and_new(void **state)
{
	(void)state;
	struct staged staged[3];
	struct stat status;
	for (int i = 0; i < 3; i++) {
		void *handle = map_copy("directory", &staged[i]);
		assert_true(strncmp(staged[i].path, base, strlen(base)) == 0);
		assert_int_equal(stat(staged[i].path, &status), 0);
		assert_int_equal(status.st_mode & 0777, 0400);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(staged[i].path, staged[j].path);
		dlclose(handle);
	}
	*strrchr(staged[0].path, '/') = '\0';
	assert_int_equal(stat(staged[0].path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	for (int i = 1; i < 3; i++) {
		unstage(&staged[i]);
		assert_int_equal(access(staged[i].path, F_OK), -1);
	}
}

/* The descriptor's number is reused, the spelling of the path is not: the linker sees a new object each time. */
static void memfd_names_are_new(void **state)
{
	(void)state;
	struct staged staged[5];
	void *handle[5];
	int before = count_entries("/proc/self/fd");
	for (int i = 0; i < 5; i++) {
		handle[i] = map_copy("memfd", &staged[i]);
		for (int j = 0; j < i; j++) {
			assert_string_not_equal(staged[i].path, staged[j].path);
			assert_ptr_not_equal(handle[i], handle[j]);
			assert_ptr_not_equal(dlsym(handle[i], "tenon_backend_entry"),
					     dlsym(handle[j], "tenon_backend_entry"));
		}
	}
	assert_int_equal(count_entries("/proc/self/fd"), before);
	for (int i = 0; i < 5; i++)
		dlclose(handle[i]);
}

static void memfd_cannot_be_written(void **state)
{
	(void)state;
	struct file source = read_plugin();
	struct staged staged;
	struct why why;
	assert_int_equal(stage_source(&source, SCALAR_PLUGIN, "scalar", "memfd", &staged, &why), TENON_OK);
	assert_int_equal(write(staged.descriptor, "x", 1), -1);
	assert_int_equal(ftruncate(staged.descriptor, 0), -1);
	close_staged(&staged);
	free(source.bytes);
}

static void none_is_the_file_itself(void **state)
{
	(void)state;
	struct file source = read_plugin();
	struct staged staged;
	assert_int_equal(stage_source(&source, "/some/where.so", "scalar", "none", &staged, NULL), TENON_OK);
	assert_string_equal(staged.path, "/some/where.so");
	unstage(&staged);
	free(source.bytes);
}

static void make_leftover(char *path, size_t size, const char *name)
{
	char file[128];
	snprintf(path, size, "%s/%s", base, name);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(file, sizeof file, "%s/old-1.so", path);
	close(open(file, O_CREAT | O_WRONLY, 0400));
}

static void leftovers_of_the_dead_are_swept(void **state)
{
	(void)state;
	char dead[64], live[64], foreign[64];
	make_leftover(dead, sizeof dead, "tenon-stage-1-aaaaaa");
	make_leftover(live, sizeof live, "tenon-stage-1-bbbbbb");
	make_leftover(foreign, sizeof foreign, "something-else");
	int lock = open(live, O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	struct staged staged;
	dlclose(map_copy("auto", &staged));
	assert_int_equal(access(dead, F_OK), -1);
	assert_int_equal(access(live, F_OK), 0);
	assert_int_equal(access(foreign, F_OK), 0);
	close(lock);
	unstage(&staged);
}

static void directory_goes_with_the_last_copy(void **state)
{
	(void)state;
	struct staged staged;
	dlclose(map_copy("directory", &staged));
	close_stage();
	assert_int_equal(count_entries(base), 3);
	unstage(&staged);
	close_stage();
	assert_int_equal(count_entries(base), 2);
}

/* Somebody cleaned up: the next copy makes a new directory. */
static void vanished_directory_is_made_again(void **state)
{
	(void)state;
	struct staged staged;
	char command[PATH_MAX + 16];
	dlclose(map_copy("directory", &staged));
	*strrchr(staged.path, '/') = '\0';
	snprintf(command, sizeof command, "rm -rf '%s'", staged.path);
	assert_int_equal(system(command), 0);
	dlclose(map_copy("directory", &staged));
	unstage(&staged);
}

static void falls_back_to_tmp(void **state)
{
	(void)state;
	struct staged staged;
	setenv("XDG_RUNTIME_DIR", "/no/such/place", 1);
	dlclose(map_copy("directory", &staged));
	assert_true(strncmp(staged.path, "/tmp/tenon-stage-", 17) == 0);
	unstage(&staged);
	close_stage();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(copies_are_private_and_new, make_base, remove_base),
		cmocka_unit_test_setup_teardown(memfd_names_are_new, make_base, remove_base),
		cmocka_unit_test_setup_teardown(memfd_cannot_be_written, make_base, remove_base),
		cmocka_unit_test_setup_teardown(none_is_the_file_itself, make_base, remove_base),
		cmocka_unit_test_setup_teardown(leftovers_of_the_dead_are_swept, make_base, remove_base),
		cmocka_unit_test_setup_teardown(directory_goes_with_the_last_copy, make_base, remove_base),
		cmocka_unit_test_setup_teardown(vanished_directory_is_made_again, make_base, remove_base),
		cmocka_unit_test_setup_teardown(falls_back_to_tmp, make_base, remove_base),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
