/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A process that execs sends SIGCHLD at its end, whatever clone() was told. So the helper is the child of a *warden*: a
 * process without an end signal that shares the host's memory but execs nothing, which neither SIGCHLD nor waitpid(-1)
 * shows. The warden has descriptors of its own, in which the pipe is made (no other thread can leak it by a fork), and
 * takes in whatever the helper leaves behind. The calling thread sleeps in vfork() meanwhile. No state.
 */
#include "build.h"

#include "runtime/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <tenon/tenon.h>
#include <time.h>
#include <unistd.h>

#include "runtime/public.h"

/* ThreadSanitizer takes the warden for a forked child, and would stop watching the host whose memory it shares. */
#ifdef RUNTIME_TSAN
#define SHARE_MEMORY 0
#else
#define SHARE_MEMORY CLONE_VM
#endif

enum { STACK_SIZE = 128 << 10, KERNEL_SIGNALS = 64 };

/* Between the calling thread, the warden and the helper until it execs; shared, because emulators copy on vfork(). */
struct job {
	struct helper helper;
	int error;    /* errno of what could not be done */
	bool is_done; /* the warden came to its end */
	int answer;   /* in the warden: the pipe's end for the helper */
	_Alignas(64) char warden_stack[STACK_SIZE];
	_Alignas(64) char helper_stack[STACK_SIZE];
};

/*
 * From clone() to exec and in the warden, code runs beside the host's other threads, in its memory: system calls alone, no
 * locks, no allocation. The sanitizers' accounts know nothing of these stacks.
 */
#define WARDEN_CODE __attribute__((no_sanitize("address", "thread", "undefined")))

/* ---- The helper until it execs ------------------------------------------------------------------------------------ */

/* What a host ignores would stay ignored in the helper; its handlers are gone with the exec. */
WARDEN_CODE static void reset_signals(void)
{
	const uint64_t none = 0;
	const uint64_t fallback[4] = {0}; /* the kernel's struct sigaction, of SIG_DFL */
	for (int number = 1; number <= KERNEL_SIGNALS; number++)
		syscall(SYS_rt_sigaction, number, fallback, NULL, sizeof none);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
}

WARDEN_CODE static int become_helper(void *data)
{
	struct job *job = data;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0});
	if (dup2(job->answer, HELPER_ANSWER) == HELPER_ANSWER) {
		reset_signals();
		execvpe(job->helper.argv[0], (char *const *)job->helper.argv, (char *const *)job->helper.envp);
	}
	job->error = errno;
	_exit(127);
}

/* ---- The warden --------------------------------------------------------------------------------------------------- */

/*
 * Closes the host's descriptors in the warden's own table; kernels before 5.9 cannot, and the helper does it then. False
 * with errno.
 */
WARDEN_CODE static bool arrange_descriptors(const struct helper *helper)
{
	unsigned first = HELPER_FILE;
	if (helper->file >= 0) {
		int got =
			helper->file == HELPER_FILE ? fcntl(HELPER_FILE, F_SETFD, 0) : dup2(helper->file, HELPER_FILE);
		if (got < 0)
			return false;
		first = HELPER_FIRST_FREE;
	}
	syscall(SYS_close_range, first, ~0u, 0);
	syscall(SYS_close_range, 0u, (unsigned)HELPER_ANSWER, 0);
	int nowhere = open("/dev/null", O_RDWR);
	if (nowhere < 0)
		return false;
	for (int i = 0; i < HELPER_ANSWER; i++)
		if (i != nowhere && dup2(nowhere, i) < 0)
			return false;
	if (nowhere >= HELPER_ANSWER)
		close(nowhere);
	return true;
}

WARDEN_CODE static int64_t get_milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How much came; -1 and errno. What does not fit is read and dropped, so that the helper can come to its end. */
WARDEN_CODE static ssize_t read_answer(struct helper *helper, int pipe)
{
	char rest[512];
	size_t room = sizeof helper->answer - 1 - helper->length;
	ssize_t count = read(pipe, room ? helper->answer + helper->length : rest, room ? room : sizeof rest);
	if (room && count > 0)
		helper->length += (size_t)count;
	return count;
}

/* Until the answer ends, the helper does, or its time is up. 0 or an errno. */
WARDEN_CODE static int hear_helper(struct helper *helper, pid_t pid, int pipe)
{
	int64_t end = get_milliseconds() + helper->deadline_ms;
	struct pollfd wait[2] = {{.fd = pipe, .events = POLLIN}, {.events = POLLIN}};
	wait[1].fd = (int)syscall(SYS_pidfd_open, pid, 0); /* -1, which poll() passes over, on kernels before 5.3 */
	for (;;) {
		int64_t left = end - get_milliseconds();
		int ready = poll(wait, 2, left > 0 ? (int)left : 0);
		if (ready < 0 && errno != EINTR)
			return errno;
		if (ready == 0 || (ready < 0 && left <= 0)) {
			helper->timed_out = true;
			return 0;
		}
		if (ready > 0 && !wait[0].revents)
			return 0;
		ssize_t count = ready > 0 ? read_answer(helper, pipe) : 1;
		if (count == 0)
			return 0;
		if (count < 0 && errno != EINTR)
			return errno;
	}
}

/* Kills the children that /proc shows; false if there are none. */
WARDEN_CODE static bool kill_children(void)
{
	char list[4096];
	int file = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	ssize_t length = file < 0 ? 0 : read(file, list, sizeof list - 1);
	close(file);
	pid_t child = 0;
	for (ssize_t i = 0; i < length; i++) {
		if (list[i] != ' ') {
			child = child * 10 + (list[i] - '0');
			continue;
		}
		kill(child, SIGKILL);
		child = 0;
	}
	return length > 0;
}

/* Orphans of the helper's are the warden's children now, and theirs will be. One that forks without end ends here, too. */
WARDEN_CODE static void kill_descendants(void)
{
	for (int64_t end = get_milliseconds() + 2000; get_milliseconds() < end && kill_children();)
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
}

WARDEN_CODE static void run_job(struct job *job)
{
	int pipes[2];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (!arrange_descriptors(&job->helper) || pipe2(pipes, O_CLOEXEC)) {
		job->error = errno;
		return;
	}
	job->answer = pipes[1];
	pid_t pid = clone(become_helper, job->helper_stack + STACK_SIZE, SHARE_MEMORY | CLONE_VFORK | SIGCHLD, job);
	if (pid < 0)
		job->error = errno;
	close(pipes[1]);
	if (pid < 0)
		return;
	int error = hear_helper(&job->helper, pid, pipes[0]);
	kill(pid, SIGKILL);
	while (waitpid(pid, &job->helper.status, 0) < 0 && errno == EINTR)
		;
	kill_descendants();
	if (error)
		job->error = error;
}

WARDEN_CODE static int be_warden(void *data)
{
	struct job *job = data;
	run_job(job);
	job->is_done = true;
	_exit(0);
}

/* ---- The calling thread ------------------------------------------------------------------------------------------- */

/* Emulators know no child without an end signal: there, and there alone, the host may see one. */
static int start_warden(struct job *job)
{
	int flags = SHARE_MEMORY | CLONE_VFORK;
	pid_t pid = clone(be_warden, job->warden_stack + STACK_SIZE, flags, job);
	if (pid < 0 && errno == EINVAL)
		pid = clone(be_warden, job->warden_stack + STACK_SIZE, flags | SIGCHLD, job);
	if (pid < 0)
		return errno;
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	return job->is_done ? job->error : EINTR;
}

/* No signal may reach the warden, in which the host's handlers would run. */
static int start_undisturbed(struct job *job)
{
	const uint64_t all = ~(uint64_t)0;
	uint64_t before;
	int cancel;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
	int error = start_warden(job);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
	pthread_setcancelstate(cancel, NULL);
	return error;
}

int run_helper(struct helper *helper, struct why *why)
{
	struct job *job = mmap(NULL, sizeof *job, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job == MAP_FAILED)
		return explain(why, TENON_ENOMEM, "%s: no memory to start it", helper->argv[0]);
	job->helper = *helper;
	int error = start_undisturbed(job);
	*helper = job->helper;
	helper->answer[helper->length] = '\0';
	munmap(job, sizeof *job);
	if (error)
		return explain(why, TENON_ESYSTEM, "%s: cannot be run: %s", helper->argv[0], strerror(error));
	return TENON_OK;
}
