/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where control sockets live: the choice of the folder, the mode from creation, stale and foreign files in the way.
 */
#include "build.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/socket.h"
#include "tests/leave.h"

static char home[] = "/tmp/tenon-socket-XXXXXX";

static int make_home(void **state)
{
	(void)state;
	unsetenv("RUNTIME_DIRECTORY");
	unsetenv("XDG_RUNTIME_DIR");
	return mkdtemp(home) ? 0 : -1;
}

static int remove_home(void **state)
{
	(void)state;
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", home);
	return system(command);
}

static void in_home(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", home, name);
}

static void chooses_the_folder(void **state)
{
	(void)state;
	char folder[64];
	struct why why;
	assert_int_equal(find_socket_folder(folder, sizeof folder, &why), 0);
	assert_string_equal(folder, "/run/tenon");
	setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	assert_int_equal(find_socket_folder(folder, sizeof folder, &why), 0);
	assert_string_equal(folder, "/run/user/7/tenon");
	setenv("RUNTIME_DIRECTORY", "/run/one:/run/two", 1);
	assert_int_equal(find_socket_folder(folder, sizeof folder, &why), 0);
	assert_string_equal(folder, "/run/one");
	setenv("RUNTIME_DIRECTORY", "relative", 1);
	assert_int_equal(find_socket_folder(folder, sizeof folder, &why), TENON_ECONFIG);
	assert_non_null(strstr(why.text, "RUNTIME_DIRECTORY"));
	setenv("RUNTIME_DIRECTORY", "/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789", 1);
	assert_int_equal(find_socket_folder(folder, sizeof folder, &why), TENON_ECONFIG);
	unsetenv("RUNTIME_DIRECTORY");
	unsetenv("XDG_RUNTIME_DIR");
}

static void names_processes(void **state)
{
	(void)state;
	char name[64];
	name_socket(name, sizeof name, 4711);
	assert_int_equal(parse_socket_name(name), 4711);
	const char *bad[] = {"",
			     "tenon-",
			     "tenon-.sock",
			     "tenon-0.sock",
			     "tenon-07.sock",
			     "tenon--1.sock",
			     "tenon-1.socket",
			     "tenon-99999999999.sock",
			     "4711.sock"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(parse_socket_name(bad[i]), 0);
}

static void is_private_from_creation(void **state)
{
	(void)state;
	char path[SOCKET_PATH_SIZE], folder[64];
	struct why why;
	struct stat info;
	in_home(folder, sizeof folder, "session");
	assert_int_equal(mkdir(folder, 0700), 0);
	setenv("XDG_RUNTIME_DIR", folder, 1);
	mode_t before = umask(0);
	int fd = bind_socket("on", path, &why);
	umask(before);
	assert_true(fd >= 0);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	in_home(folder, sizeof folder, "session/tenon");
	assert_int_equal(stat(folder, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0700);
	assert_int_equal(grant_socket(path, getegid(), &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "cannot pass through"));
	assert_non_null(strstr(why.text, "chmod g+x"));
	assert_int_equal(chmod(folder, 0710), 0);
	assert_int_equal(grant_socket(path, getegid(), &why), TENON_OK);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0660);
	assert_int_equal(grant_socket(path, -1, &why), TENON_OK);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(grant_socket("/nonexistent/socket", getegid(), &why), TENON_ESYSTEM);
	close(fd);
	unsetenv("XDG_RUNTIME_DIR");
}

static void expect_failure(const char *setting, int status, const char *words)
{
	char path[SOCKET_PATH_SIZE];
	struct why why = {0};
	assert_int_equal(bind_socket(setting, path, &why), status);
	assert_int_equal(why.status, status);
	if (!strstr(why.text, words))
		fail_msg("\"%s\" does not say \"%s\"", why.text, words);
}

static void refuses_bad_places(void **state)
{
	(void)state;
	char path[256], shared[64];
	expect_failure("relative.sock", TENON_ECONFIG, "absolute path");
	memset(path, 'x', sizeof path - 1);
	path[0] = '/';
	path[sizeof path - 1] = '\0';
	expect_failure(path, TENON_ECONFIG, "at most 107");
	in_home(path, sizeof path, "absent/a.sock");
	expect_failure(path, TENON_ESYSTEM, "No such file");
	in_home(path, sizeof path, "file");
	fclose(fopen(path, "w"));
	expect_failure(path, TENON_EREFUSED, "not a socket");
	assert_int_equal(access(path, F_OK), 0);
	in_home(shared, sizeof shared, "shared");
	assert_int_equal(mkdir(shared, 0700), 0);
	assert_int_equal(chmod(shared, 0777), 0);
	setenv("RUNTIME_DIRECTORY", shared, 1);
	expect_failure("on", TENON_EREFUSED, "chmod 700");
	in_home(path, sizeof path, "file");
	setenv("RUNTIME_DIRECTORY", path, 1);
	expect_failure("on", TENON_ESYSTEM, "not a usable folder");
	unsetenv("RUNTIME_DIRECTORY");
}

static void replaces_only_what_nobody_serves(void **state)
{
	(void)state;
	char setting[64], path[SOCKET_PATH_SIZE];
	struct why why;
	in_home(setting, sizeof setting, "one.sock");
	int fd = bind_socket(setting, path, &why);
	assert_true(fd >= 0);
	expect_failure(setting, TENON_EREFUSED, "in use");
	close(fd);
	assert_int_equal(access(path, F_OK), 0);
	fd = bind_socket(setting, path, &why);
	assert_true(fd >= 0);
	close(fd);
}

/* A socket of a dead process goes; that of a living one stays even though nobody listens (it may just be starting). */
static void removes_what_the_dead_left(void **state)
{
	(void)state;
	char folder[64], name[64], path[SOCKET_PATH_SIZE];
	struct why why;
	pid_t dead = fork();
	if (dead == 0)
		leave(0);
	assert_int_equal(waitpid(dead, NULL, 0), dead);
	in_home(folder, sizeof folder, "service");
	assert_int_equal(mkdir(folder, 0755), 0);
	setenv("RUNTIME_DIRECTORY", folder, 1);
	pid_t owners[] = {dead, getppid()};
	char left[2][128];
	for (int i = 0; i < 2; i++) {
		name_socket(name, sizeof name, owners[i]);
		snprintf(left[i], sizeof left[i], "%s/%s", folder, name);
		close(bind_socket(left[i], path, &why));
		assert_int_equal(access(left[i], F_OK), 0);
	}
	int fd = bind_socket("on", path, &why);
	assert_true(fd >= 0);
	assert_int_not_equal(access(left[0], F_OK), 0);
	assert_int_equal(access(left[1], F_OK), 0);
	close(fd);
	unsetenv("RUNTIME_DIRECTORY");
}

static void trusts_its_own_user(void **state)
{
	(void)state;
	int pair[2];
	uid_t uid = (uid_t)-1;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_true(is_trusted_peer(pair[0], -1, &uid));
	assert_int_equal(uid, geteuid());
	close(pair[0]);
	close(pair[1]);
	assert_false(is_trusted_peer(-1, -1, &uid));
}

/* The peer's user is the one at the time of the connection: as root, made by a child that is somebody else. */
static void refuses_another_user(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("another user needs root\n");
		skip();
	}
	int pair[2];
	pid_t child = fork();
	if (child == 0) {
		uid_t uid;
		if (seteuid(65534) != 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || seteuid(0) != 0)
			leave(2);
		/* The pair was made by 65534 and is looked at by root. */
		leave(is_trusted_peer(pair[0], -1, &uid) || is_trusted_peer(pair[0], 4711, &uid) ? 1
		      : !is_trusted_peer(pair[0], getegid(), &uid)                               ? 3
												 : uid != 65534);
	}
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void gives_the_socket_to_a_group(void **state)
{
	(void)state;
	char folder[64], path[80];
	struct why why;
	struct stat status;
	in_home(folder, sizeof folder, "passage");
	assert_int_equal(mkdir(folder, 0700), 0);
	snprintf(path, sizeof path, "%s/one.sock", folder);
	assert_int_equal(grant_socket(path, -1, &why), TENON_ESYSTEM);
	assert_int_equal(grant_socket(path, getegid(), &why), TENON_ESYSTEM);
	assert_non_null(strstr(why.text, "as a member of it"));
	close(open(path, O_CREAT | O_WRONLY, 0666));
	assert_int_equal(grant_socket(path, getegid(), &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "cannot pass through"));
	assert_int_equal(chmod(folder, 0710), 0);
	assert_int_equal(grant_socket(path, getegid(), &why), TENON_OK);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0660);
	assert_int_equal(grant_socket(path, -1, &why), TENON_OK);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses_the_folder),
		cmocka_unit_test(names_processes),
		cmocka_unit_test(is_private_from_creation),
		cmocka_unit_test(refuses_bad_places),
		cmocka_unit_test(replaces_only_what_nobody_serves),
		cmocka_unit_test(removes_what_the_dead_left),
		cmocka_unit_test(trusts_its_own_user),
		cmocka_unit_test(refuses_another_user),
		cmocka_unit_test(gives_the_socket_to_a_group),
	};
	return cmocka_run_group_tests_name("socket", tests, make_home, remove_home);
}
