/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs every hazard, or those named, each in a child with a deadline, and prints TAP.
 */
#include "build.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/hazards/hazards.h"

#define DEADLINE_SECONDS 60
#define SKIPPED 77

static const struct hazard {
	const char *name, *what;
	void (*run)(void);
} hazards[] = {
#define HAZARD(name, what) {#name, what, hazard_##name},
#include "tests/hazards/hazards.def"
#undef HAZARD
};
#define HAZARDS (sizeof hazards / sizeof *hazards)

static char *skip_reason; /* shared with the children */

void fail_hazard(const char *file, int line, const char *text)
{
	dprintf(STDOUT_FILENO, "# %s:%d: %s: %s\n", file, line, text, tenon_error_detail());
	_exit(1);
}

void skip_hazard(const char *reason)
{
	snprintf(skip_reason, 256, "%s", reason);
	_exit(SKIPPED);
}

#if defined(__SANITIZE_THREAD__)
#define TSAN true
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TSAN true
#endif
#endif
#ifndef TSAN
#define TSAN false
#endif

void need_no_tsan(void)
{
	if (TSAN)
		skip_hazard("the thread sanitizer does not survive it");
}

#if defined(__SANITIZE_ADDRESS__)
#define ASAN true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASAN true
#endif
#endif
#ifndef ASAN
#define ASAN false
#endif

void need_no_asan(const char *reason)
{
	if (ASAN)
		skip_hazard(reason);
}

void need_threads_after_fork(void)
{
	need_no_tsan();
	need_no_emulator("qemu does not survive it");
}

void need_no_emulator(const char *reason)
{
	const char *emulator = getenv("EMULATOR");
	if (emulator && emulator[0])
		skip_hazard(reason);
}

/* Waits for pid, kills it at the deadline; its wait status. */
static int wait_bounded(pid_t pid, int seconds)
{
	int status;
	for (int i = 0; i < seconds * 200; i++) {
		pid_t got = waitpid(pid, &status, WNOHANG);
		if (got == pid || (got < 0 && errno != EINTR))
			return got == pid ? status : -1;
		sleep_ms(5);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return status;
}

void check_child(void (*function)(void))
{
	pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		function();
		_exit(0);
	}
	int status = wait_bounded(child, 10);
	if (WIFSIGNALED(status))
		dprintf(STDOUT_FILENO, "# the child was killed by signal %d (9: past the deadline)\n",
			WTERMSIG(status));
	CHECK(status == 0);
}

static void report(size_t number, const struct hazard *hazard, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		printf("ok %zu - %s: %s\n", number, hazard->name, hazard->what);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED)
		printf("ok %zu - %s # SKIP %s\n", number, hazard->name, skip_reason);
	else if (WIFSIGNALED(status))
		printf("not ok %zu - %s: %s\n# killed by signal %d (9: past the deadline)\n", number, hazard->name,
		       hazard->what, WTERMSIG(status));
	else
		printf("not ok %zu - %s: %s\n", number, hazard->name, hazard->what);
}

static bool run_hazard(size_t number, const struct hazard *hazard)
{
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		hazard->run();
		exit(0); /* through atexit handlers and destructors, as a host ends */
	}
	int status = child < 0 ? -1 : wait_bounded(child, DEADLINE_SECONDS);
	report(number, hazard, status);
	return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == SKIPPED);
}

static bool is_chosen(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc == 1;
}

int main(int argc, char **argv)
{
	size_t chosen = 0, number = 0;
	bool passed = true;
	skip_reason = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < HAZARDS; i++)
		chosen += is_chosen(hazards[i].name, argc, argv);
	printf("1..%zu\n", chosen);
	for (size_t i = 0; i < HAZARDS; i++)
		if (is_chosen(hazards[i].name, argc, argv))
			passed &= run_hazard(++number, &hazards[i]);
	return passed && chosen ? 0 : 1;
}
