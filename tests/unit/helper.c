/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Helpers, played by the shell: the host's SIGCHLD handler and its waitpid(-1) see nothing of them; they see nothing of the
 * host's descriptors, signals and environment; whatever they do, they and what they started are gone afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "runtime/helper.h"
#include "tests/live.h"

/* Emulators know no child without an end signal. */
static bool is_emulated(void)
{
	const char *emulator = getenv("EMULATOR");
	return emulator && *emulator;
}

static void need_no_emulator(const char *reason)
{
	if (!is_emulated())
		return;
	print_message("%s\n", reason);
	skip();
}

static const char *const environment[] = {"PATH=/usr/bin:/bin", "COLOUR=red", NULL};

/* What sh answers to the script, with so much time. */
static struct helper ask(const char *script, int deadline_ms)
{
	const char *const words[] = {"/bin/sh", "-c", script, NULL};
	struct helper helper = {.argv = words, .envp = environment, .file = -1, .deadline_ms = deadline_ms};
	struct why why;
	if (run_helper(&helper, &why))
		fail_msg("%s", why.text);
	helper.argv = NULL;
	return helper;
}

static bool is_gone(pid_t pid)
{
	return kill(pid, 0) && errno == ESRCH;
}

/* ---- What the host sees ------------------------------------------------------------------------------------------- */

static atomic_int child_signals;
static atomic_bool is_asking;

static void count_child(int number)
{
	(void)number;
	atomic_fetch_add(&child_signals, 1);
}

/* What a host's reaper thread would find while a helper runs. */
static void *reap_children(void *data)
{
	atomic_int *reaped = data;
	while (atomic_load(&is_asking)) {
		if (waitpid(-1, NULL, WNOHANG) >= 0)
			atomic_fetch_add(reaped, 1);
		sleep_ms(1);
	}
	return NULL;
}

static void host_sees_no_child(void **state)
{
	(void)state;
	pthread_t reaper;
	atomic_int reaped = 0;
	if (is_emulated())
		skip();
	struct sigaction action = {.sa_handler = count_child}, before;
	sigaction(SIGCHLD, &action, &before);
	atomic_store(&is_asking, true);
	pthread_create(&reaper, NULL, reap_children, &reaped);
	for (int i = 0; i < 3; i++)
		assert_string_equal(ask("sleep 0.1; echo hello >&3", 10000).answer, "hello\n");
	ask("sleep 60", 50);
	atomic_store(&is_asking, false);
	pthread_join(reaper, NULL);
	sigaction(SIGCHLD, &before, NULL);
	assert_int_equal(atomic_load(&child_signals), 0);
	assert_int_equal(atomic_load(&reaped), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* The check of the check: a child as others make it is seen by both. */
static void an_ordinary_child_is_seen(void **state)
{
	(void)state;
	atomic_store(&child_signals, 0);
	struct sigaction action = {.sa_handler = count_child}, before;
	sigaction(SIGCHLD, &action, &before);
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	assert_true(wait_until(atomic_load(&child_signals) == 1));
	assert_int_equal(waitpid(-1, NULL, 0), child);
	sigaction(SIGCHLD, &before, NULL);
}

static void hosts_that_ignore_children_are_served(void **state)
{
	(void)state;
	signal(SIGCHLD, SIG_IGN);
	assert_string_equal(ask("echo here >&3", 10000).answer, "here\n");
	signal(SIGCHLD, SIG_DFL);
}

/* ---- What the helper sees ----------------------------------------------------------------------------------------- */

enum { MANY = 3000 };

static void host_descriptors_stay_the_hosts(void **state)
{
	(void)state;
	static int many[MANY];
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < MANY; i++)
		many[i] = open("/dev/null", O_RDONLY);
	int before = count_entries("/proc/self/fd");
	/* sh's own, and the one that ls lists them by. */
	struct helper helper = ask("for f in /proc/self/fd/*; do echo ${f##*/}; done >&3", 10000);
	for (const char *line = helper.answer; *line; line += strcspn(line, "\n") + 1)
		assert_true(atoi(line) <= 16);
	assert_non_null(strstr(helper.answer, "0\n1\n"));
	assert_int_equal(count_entries("/proc/self/fd"), before);
	for (int i = 0; i < MANY; i++)
		close(many[i]);
}

/* Its pipe is made of descriptors that the host does not have. */
static void a_host_without_free_descriptors_is_served(void **state)
{
	(void)state;
	static int many[64];
	struct rlimit limit, low = {64, 0};
	int count = 0;
	getrlimit(RLIMIT_NOFILE, &limit);
	low.rlim_max = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &low);
	while ((many[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		count++;
	struct helper helper = ask("echo here >&3", 10000);
	while (count > 0)
		close(many[--count]);
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_string_equal(helper.answer, "here\n");
}

static void it_gets_the_file_that_it_is_given(void **state)
{
	(void)state;
	FILE *file = tmpfile();
	fputs("contents\n", file);
	fflush(file);
	fseek(file, 0, SEEK_SET);
	const char *const words[] = {"/bin/sh", "-c", "cat <&4 >&3", NULL};
	for (int at = HELPER_ANSWER; at <= HELPER_FIRST_FREE + 2; at++) {
		lseek(fileno(file), 0, SEEK_SET);
		int copy = fileno(file) == at ? at : dup2(fileno(file), at);
		fcntl(copy, F_SETFD, FD_CLOEXEC);
		struct helper helper = {.argv = words, .envp = environment, .file = copy, .deadline_ms = 10000};
		assert_int_equal(run_helper(&helper, NULL), TENON_OK);
		assert_string_equal(helper.answer, "contents\n");
		if (copy != fileno(file))
			close(copy);
	}
	fclose(file);
}

static void its_signals_are_as_new(void **state)
{
	(void)state;
	need_no_emulator("the emulator sets a signal of its own");
	sigset_t all, blocked, after, before;
	sigfillset(&all);
	signal(SIGUSR1, SIG_IGN);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	struct helper helper = ask("grep -E 'Sig(Blk|Ign)' /proc/self/status | tr -d '\\t\\n' >&3", 10000);
	pthread_sigmask(SIG_SETMASK, &before, &after);
	signal(SIGUSR1, SIG_DFL);
	assert_memory_equal(&blocked, &after, 8);
	assert_string_equal(helper.answer, "SigBlk:0000000000000000SigIgn:0000000000000000");
}

static void its_output_leads_nowhere(void **state)
{
	(void)state;
	struct helper helper =
		ask("echo out; echo err >&2; read line; links=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2); "
		    "echo \"$links\" >&3",
		    10000);
	assert_string_equal(helper.answer, "/dev/null\n/dev/null\n/dev/null\n");
}

static void its_environment_is_what_it_was_given(void **state)
{
	(void)state;
	setenv("COLOUR", "blue", 1);
	setenv("TASTE", "sweet", 1);
	assert_string_equal(ask("echo $COLOUR$TASTE >&3", 10000).answer, "red\n");
	unsetenv("COLOUR");
	unsetenv("TASTE");
}

/* ---- Its end ------------------------------------------------------------------------------------------------------ */

static void its_end_is_told(void **state)
{
	(void)state;
	struct helper helper = ask("echo half >&3; exit 7", 10000);
	assert_string_equal(helper.answer, "half\n");
	assert_true(WIFEXITED(helper.status) && WEXITSTATUS(helper.status) == 7);
	helper = ask("kill -SEGV $$", 10000);
	assert_string_equal(helper.answer, "");
	assert_true(WIFSIGNALED(helper.status) && WTERMSIG(helper.status) == SIGSEGV);
}

static void time_runs_out(void **state)
{
	(void)state;
	struct helper helper = ask("echo $$ >&3; trap '' TERM INT; sleep 60", 300);
	assert_true(helper.timed_out);
	assert_true(is_gone(atoi(helper.answer)));
}

/* A pipe that somebody else still holds does not keep the host waiting; whoever it is goes, too. */
static void what_it_started_goes_with_it(void **state)
{
	(void)state;
	need_no_emulator("processes and /proc are the emulator's: what escapes a helper is not found there");
	struct helper helper =
		ask("setsid sh -c 'echo $$ >&3; setsid sleep 60 & exec sleep 61' & sleep 0.2; exit 0", 10000);
	assert_false(helper.timed_out);
	assert_true(atoi(helper.answer) > 1);
	assert_true(is_gone(atoi(helper.answer)));
}

static void long_answers_are_cut(void **state)
{
	(void)state;
	struct helper helper = ask("head -c 100000 /dev/zero | tr '\\0' x >&3", 10000);
	assert_int_equal(helper.length, sizeof helper.answer - 1);
	assert_int_equal(strlen(helper.answer), sizeof helper.answer - 1);
	assert_true(WIFEXITED(helper.status) && WEXITSTATUS(helper.status) == 0);
}

static void what_cannot_start_is_said(void **state)
{
	(void)state;
	struct why why;
	const char *const words[] = {"/no/such/helper", NULL};
	struct helper helper = {.argv = words, .envp = environment, .file = -1, .deadline_ms = 1000};
	int status = run_helper(&helper, &why);
	/* An emulator's vfork() copies: what went wrong is then only to be seen in the exit status. */
	if (is_emulated()) {
		assert_true(status == TENON_ESYSTEM || WEXITSTATUS(helper.status) == 127);
		return;
	}
	assert_int_equal(status, TENON_ESYSTEM);
	assert_non_null(strstr(why.text, "/no/such/helper"));
	assert_non_null(strstr(why.text, strerror(ENOENT)));
}

/* A host that is killed takes its helper with it. */
static void it_does_not_outlive_the_host(void **state)
{
	(void)state;
	char path[] = "/tmp/tenon-test-XXXXXX", script[128], line[16] = "";
	int file = mkstemp(path);
	snprintf(script, sizeof script, "echo $$ > %s; sleep 60", path);
	pid_t host = fork();
	if (host == 0) {
		ask(script, 60000);
		_exit(0);
	}
	assert_true(wait_until(pread(file, line, sizeof line - 1, 0) > 1));
	kill(host, SIGKILL);
	assert_int_equal(waitpid(host, NULL, 0), host);
	assert_true(wait_until(is_gone(atoi(line))));
	close(file);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_sees_no_child),
		cmocka_unit_test(an_ordinary_child_is_seen),
		cmocka_unit_test(hosts_that_ignore_children_are_served),
		cmocka_unit_test(host_descriptors_stay_the_hosts),
		cmocka_unit_test(a_host_without_free_descriptors_is_served),
		cmocka_unit_test(it_gets_the_file_that_it_is_given),
		cmocka_unit_test(its_signals_are_as_new),
		cmocka_unit_test(its_output_leads_nowhere),
		cmocka_unit_test(its_environment_is_what_it_was_given),
		cmocka_unit_test(its_end_is_told),
		cmocka_unit_test(time_runs_out),
		cmocka_unit_test(what_it_started_goes_with_it),
		cmocka_unit_test(long_answers_are_cut),
		cmocka_unit_test(what_cannot_start_is_said),
		cmocka_unit_test(it_does_not_outlive_the_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
