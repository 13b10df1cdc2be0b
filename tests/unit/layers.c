/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The layers of the configuration: which file and which variable wins, what a setuid program ignores, and that one bad
 * layer applies nothing. Files are written to a folder of this test's own.
 */
#include "build.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/config.h"
#include "tests/unit/folder.h"

static struct config config;

static int load_layers(const char *program)
{
	memset(&why, 0, sizeof why);
	return load_config_from(&config, home, program, NULL, &why);
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static void layers_files(void **state)
{
	(void)state;
	assert_int_equal(load_layers("prog"), 0); /* none of them exists */
	assert_string_equal(config.backend, "auto");
	write_text("tenon.ini", "[runtime]\nbackend = one\nlabel = main\n[arena]\nsize = 2MiB\n");
	assert_int_equal(load_layers("prog"), 0);
	assert_string_equal(config.backend, "one");
	mkdir(in_home("tenon.ini.d"), 0700);
	write_text("tenon.ini.d/50-b.ini", "[runtime]\nbackend = three\n");
	write_text("tenon.ini.d/10-a.ini", "[runtime]\nbackend = two\nmax_isa = avx2\n");
	write_text("tenon.ini.d/60-c.ini~", "[runtime]\nbackend = backup\n");
	write_text("tenon.ini.d/.hidden.ini", "[runtime]\nbackend = hidden\n");
	assert_int_equal(load_layers("prog"), 0);
	assert_string_equal(config.backend, "three");
	assert_string_equal(config.max_isa, "avx2");
	mkdir(in_home("programs"), 0700);
	write_text("programs/prog.ini", "[runtime]\nbackend = four\n");
	assert_int_equal(load_layers("other"), 0);
	assert_string_equal(config.backend, "three");
	assert_int_equal(load_layers("prog"), 0);
	assert_string_equal(config.backend, "four");
	write_text("named.ini", "[runtime]\nbackend = five\n");
	setenv("TENON_CONFIG", in_home("named.ini"), 1);
	assert_int_equal(load_layers("prog"), 0);
	assert_string_equal(config.backend, "five");
	setenv("TENON_BACKEND", "six", 1);
	assert_int_equal(load_layers("prog"), 0);
	assert_string_equal(config.backend, "six");
	assert_string_equal(config.label, "main"); /* what nobody overrode stays */
	assert_int_equal(config.arena_size, 2 << 20);
	assert_string_equal(config_origin(&config, "runtime", "backend"), "environment TENON_BACKEND");
	assert_non_null(strstr(config_origin(&config, "runtime", "max_isa"), "tenon.ini.d/10-a.ini:3"));
}

static void lets_a_named_file_stand_alone(void **state)
{
	(void)state;
	write_text("tenon.ini", "[runtime]\nlabel = main\n");
	write_text("other.ini", "[runtime]\nlabel = other\n");
	write_text("c.ini", "[runtime]\nbackend = avx2\n");
	setenv("TENON_CONFIG", in_home("other.ini"), 1);
	setenv("TENON_MAX_ISA", "scalar", 1);
	assert_int_equal(load_config_from(&config, home, "prog", in_home("c.ini"), &why), 0);
	assert_string_equal(config.label, "");
	assert_string_equal(config.backend, "avx2");
	assert_string_equal(config.max_isa, "scalar"); /* the environment still overrides */
}

/* Of a path that is too long to keep, the end says more. */
static void keeps_the_end_of_a_long_origin(void **state)
{
	(void)state;
	char name[200], folder[151];
	memset(folder, 'd', 150);
	folder[150] = '\0';
	mkdir(in_home(folder), 0700);
	snprintf(name, sizeof name, "%s/last.ini", folder);
	write_text(name, "[log]\nlevel = warn\n");
	assert_int_equal(load_config_from(&config, home, "", in_home(name), &why), 0);
	const char *origin = config_origin(&config, "log", "level");
	assert_memory_equal(origin, "...d", 4);
	assert_string_equal(origin + strlen(origin) - strlen("dd/last.ini:2"), "dd/last.ini:2");
}

static void applies_nothing_of_a_bad_layer(void **state)
{
	(void)state;
	memset(&config, 0x5a, sizeof config);
	struct config before = config;
	write_text("tenon.ini", "[runtime]\nbackend = one\n");
	mkdir(in_home("tenon.ini.d"), 0700);
	write_text("tenon.ini.d/x.ini", "[runtime]\nbakend = two\n");
	assert_int_equal(load_layers(""), TENON_ECONFIG);
	assert_says("tenon.ini.d/x.ini:2: [runtime] has no key 'bakend'");
	assert_memory_equal(&config, &before, sizeof config);
	unlink(in_home("tenon.ini.d/x.ini"));
	assert_int_equal(rmdir(in_home("tenon.ini.d")), 0);
	write_text("tenon.ini.d", "");
	assert_int_equal(load_layers(""), TENON_ECONFIG);
	assert_says("tenon.ini.d: cannot be read as a directory");
	unlink(in_home("tenon.ini.d"));
	setenv("TENON_CONFIG", in_home("none.ini"), 1);
	assert_int_equal(load_layers(""), TENON_ECONFIG); /* named, so it must be there */
	assert_says("none.ini: there is no such file");
	assert_memory_equal(&config, &before, sizeof config);
}

/* A copy of this program that deletes itself first, as an upgrade does, is still known by its name. */
static int run_deleted(const char *directory)
{
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
	if (length <= 0)
		return 3;
	program[length] = '\0';
	if (unlink(program) || load_config_from(&config, directory, NULL, NULL, &why))
		return 1;
	return strcmp(config.backend, "copied") == 0 ? 0 : 2;
}

static void copy_program(char *program)
{
	char command[2 * PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, PATH_MAX - 1);
	assert_true(length > 0);
	program[length] = '\0';
	snprintf(command, sizeof command, "cp '%s' %s/copy", program, home);
	assert_int_equal(system(command), 0);
}

static void knows_the_program(void **state)
{
	(void)state;
	char name[300], command[200], program[PATH_MAX];
	mkdir(in_home("programs"), 0700);
	snprintf(name, sizeof name, "programs/%s.ini", program_invocation_short_name);
	write_text(name, "[runtime]\nbackend = own\n");
	write_text("programs/copy.ini", "[runtime]\nbackend = copied\n");
	assert_int_equal(load_config_from(&config, home, NULL, NULL, &why), 0);
	assert_string_equal(config.backend, "own");
	copy_program(program);
	snprintf(command, sizeof command, "%s/copy --deleted %s", home, home);
	int status = system(command);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127)
		skip(); /* a foreign program, which only this test's emulator runs */
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void reads_the_system(void **state)
{
	(void)state;
	/* There may be system files on this machine, but a bad variable is an error in any case. */
	setenv("TENON_BACKEND", "not a name", 1);
	assert_int_equal(load_config(&config, NULL, &why), TENON_ECONFIG);
	setenv("TENON_BACKEND", "scalar", 1);
	write_text("c.ini", "");
	assert_int_equal(load_config(&config, in_home("c.ini"), &why), 0);
	assert_string_equal(config.backend, "scalar");
}

static void tells_configurations_apart(void **state)
{
	(void)state;
	struct config other;
	char detour[300];
	write_text("c.ini", "");
	write_text("d.ini", "");
	assert_int_equal(load_config_from(&config, home, "", in_home("c.ini"), &why), 0);
	snprintf(detour, sizeof detour, "%s/../%s/./c.ini", home, strrchr(home, '/') + 1);
	assert_int_equal(load_config_from(&other, home, "", detour, &why), 0);
	assert_string_equal(config.identity, other.identity);
	assert_int_equal(load_config_from(&other, home, "", in_home("d.ini"), &why), 0);
	assert_string_not_equal(config.identity, other.identity);
	assert_int_equal(load_layers(""), 0);
	assert_string_not_equal(config.identity, other.identity);
}

/* ---- Environment ------------------------------------------------------------------------------------------------- */

static void takes_the_environment(void **state)
{
	(void)state;
	setenv("TENON_BACKEND", "/opt/x.so", 1);
	setenv("TENON_BACKEND_PATH", "/a:/b", 1);
	setenv("TENON_MAX_ISA", "avx2", 1);
	setenv("TENON_ARENA_SIZE", "128KiB", 1);
	setenv("TENON_ARENA_OVERFLOW", "fallback", 1);
	setenv("TENON_LOG", "error", 1);
	assert_int_equal(load_layers(""), 0);
	assert_string_equal(config.backend, "/opt/x.so");
	assert_string_equal(config.backend_path, "/a:/b");
	assert_string_equal(config.max_isa, "avx2");
	assert_int_equal(config.arena_size, 128 << 10);
	assert_int_equal(config.arena_overflow, ARENA_FALLBACK);
	assert_int_equal(config.log_level, TENON_LOG_ERROR);
}

static void refuses_bad_variables(void **state)
{
	(void)state;
	static const char *const bad[][2] = {{"TENON_BACKEND", "a b"},          {"TENON_BACKEND_PATH", "relative"},
					     {"TENON_MAX_ISA", "avx1024"},      {"TENON_ARENA_SIZE", "1"},
					     {"TENON_ARENA_OVERFLOW", "panic"}, {"TENON_LOG", "loud"}};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		clear_environment();
		setenv(bad[i][0], bad[i][1], 1);
		assert_int_equal(load_layers(""), TENON_ECONFIG);
		assert_says(bad[i][0]);
		assert_says(bad[i][1]);
		assert_says("expected");
		setenv(bad[i][0], "", 1); /* empty is as good as unset */
		assert_int_equal(load_layers(""), 0);
	}
	/* Each key that a variable overrides is in the list above. */
	for (size_t i = 0; i < count_config_keys(); i++) {
		bool listed = !config_keys[i].variable;
		for (size_t j = 0; j < sizeof bad / sizeof bad[0] && !listed; j++)
			listed = strcmp(config_keys[i].variable, bad[j][0]) == 0;
		assert_true(listed);
	}
}

/* In a copy of this program that is setuid to somebody else: the environment is ignored, the file layers are not. */
#define NOT_SECURE 77
static int run_setuid(const char *directory)
{
	if (!getauxval(AT_SECURE))
		return NOT_SECURE;
	if (load_config_from(&config, directory, "", NULL, &why))
		return 1;
	return strcmp(config.backend, "one") == 0 && strcmp(config.max_isa, "") == 0 ? 0 : 2;
}

static void ignores_the_environment_when_setuid(void **state)
{
	(void)state;
	char command[512], program[PATH_MAX];
	if (geteuid() != 0)
		skip(); /* only root can make a file setuid to another user */
	copy_program(program);
	write_text("tenon.ini", "[runtime]\nbackend = one\n");
	snprintf(command, sizeof command, "cd %s && chown 65534 copy && chmod 4755 copy . && chmod 644 tenon.ini",
		 home);
	assert_int_equal(system(command), 0);
	setenv("TENON_CONFIG", "/nonexistent.ini", 1);
	setenv("TENON_BACKEND", "not a name", 1);
	setenv("TENON_MAX_ISA", "scalar", 1);
	snprintf(command, sizeof command, "%s/copy --setuid %s", home, home);
	int status = system(command);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_SECURE || WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127)
		skip(); /* a file system without setuid, or a foreign program */
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define TEST(function) cmocka_unit_test_setup(function, empty_home)

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--setuid") == 0)
		_exit(run_setuid(
			argv[2])); /* a leak checker at exit() would fail: it cannot attach to a setuid process */
	if (argc == 3 && strcmp(argv[1], "--deleted") == 0)
		return run_deleted(argv[2]);
	const struct CMUnitTest tests[] = {
		TEST(layers_files),
		TEST(lets_a_named_file_stand_alone),
		TEST(keeps_the_end_of_a_long_origin),
		TEST(applies_nothing_of_a_bad_layer),
		TEST(knows_the_program),
		TEST(reads_the_system),
		TEST(tells_configurations_apart),
		TEST(takes_the_environment),
		TEST(refuses_bad_variables),
		TEST(ignores_the_environment_when_setuid),
	};
	return cmocka_run_group_tests_name("layers", tests, make_home, remove_home);
}
