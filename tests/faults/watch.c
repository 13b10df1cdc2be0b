/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * System calls that fail: a filter of the child sends those of one kind to its parent, which lets them pass or refuses
 * them. So calls that no library can interpose on fail, too: those of libc, of the dynamic linker, and of threads that
 * block all signals. A program that the child starts is not counted, only its start.
 */
#include "build.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/faults/faults.h"

#if defined(__x86_64__)
#define OUR_ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define OUR_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* ---- The child ---------------------------------------------------------------------------------------------------- */

#define LOAD(member) (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define LOAD_HIGH(member) \
	(struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member) + 4)
#define SKIP_UNLESS(value, skip) (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, skip)
#define RETURN(action) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, action)

static size_t write_filter(struct sock_filter *filter)
{
	size_t n = 0;
	uint64_t exempt = (uint64_t)(uintptr_t)unwatched_end;
	filter[n++] = LOAD(instruction_pointer);
	filter[n++] = SKIP_UNLESS(exempt, 3);
	filter[n++] = LOAD_HIGH(instruction_pointer);
	filter[n++] = SKIP_UNLESS(exempt >> 32, 1);
	filter[n++] = RETURN(SECCOMP_RET_ALLOW);
	filter[n++] = LOAD(arch);
	filter[n++] = SKIP_UNLESS(OUR_ARCHITECTURE, 1 + 2 * CALLS_MAX);
	filter[n++] = LOAD(nr);
	for (int i = 0; i < CALLS_MAX; i++) {
		/* No process makes call -1, which is also what this architecture lacks. */
		filter[n++] = SKIP_UNLESS(i < run->kind->count ? run->kind->calls[i] : -1, 1);
		filter[n++] = RETURN(SECCOMP_RET_USER_NOTIF);
	}
	filter[n++] = RETURN(SECCOMP_RET_ALLOW);
	return n;
}

bool start_watch(void)
{
	struct sock_filter filter[9 + 2 * CALLS_MAX];
	struct sock_fprog program = {(unsigned short)write_filter(filter), filter};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return false;
	run->listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	return run->listener >= 0;
}

/* ---- The parent --------------------------------------------------------------------------------------------------- */

/* The flags of a clone: an argument, or in the caller's memory. */
static uint64_t read_clone_flags(const struct seccomp_notif *call)
{
	char path[64];
	uint64_t flags = 0;
	if (call->data.nr != SYS_clone3)
		return call->data.nr == SYS_clone ? call->data.args[0] : 0;
	snprintf(path, sizeof path, "/proc/%u/mem", call->pid);
	int memory = open(path, O_RDONLY | O_CLOEXEC);
	if (memory < 0 || pread(memory, &flags, sizeof flags, (off_t)call->data.args[0]) != sizeof flags)
		flags = 0;
	if (memory >= 0)
		close(memory);
	return flags;
}

static bool is_thread_of(pid_t child, pid_t thread)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/task/%d", child, thread);
	return access(path, F_OK) == 0;
}

/* What runs beside the child is not the helper yet while it is the program that we are, too. */
static bool is_our_program(pid_t process)
{
	char path[64], theirs[PATH_MAX], ours[PATH_MAX];
	snprintf(path, sizeof path, "/proc/%d/exe", process);
	ssize_t size = readlink(path, theirs, sizeof theirs);
	return size > 0 && size == readlink("/proc/self/exe", ours, sizeof ours) &&
	       memcmp(theirs, ours, (size_t)size) == 0;
}

static bool is_process_clone(const struct seccomp_notif *call)
{
	return call->data.nr != SYS_clone && call->data.nr != SYS_clone3 ? true
									 : !(read_clone_flags(call) & CLONE_THREAD);
}

static bool is_counted(pid_t child, const struct seccomp_notif *call)
{
	if (!atomic_load(&run->armed))
		return false;
	if (run->kind->is_of_helper)
		return is_our_program((pid_t)call->pid) &&
		       (run->kind->clones == PROCESS_CLONE ? is_process_clone(call)
							   : !is_thread_of(child, (pid_t)call->pid));
	if (run->kind->clones != ANY_CLONE)
		return is_thread_of(child, (pid_t)call->pid) &&
		       is_process_clone(call) == (run->kind->clones == PROCESS_CLONE);
	/* A process starts a program by a child that is not one of its threads. */
	return call->data.nr == SYS_execve || is_thread_of(child, (pid_t)call->pid);
}

static void show_call(const struct seccomp_notif *call)
{
	fprintf(stderr, "%s: thread %u: system call %d (%#llx, %#llx, %#llx, %#llx) from %#llx\n", run->kind->name,
		call->pid, call->data.nr, call->data.args[0], call->data.args[1], call->data.args[2],
		call->data.args[3], call->data.instruction_pointer);
}

static bool is_refused(pid_t child, const struct seccomp_notif *call)
{
	if (!is_counted(child, call) || !is_chosen(atomic_fetch_add(&run->calls, 1) + 1))
		return false;
	atomic_fetch_add(&run->failures, 1);
	if (run->is_traced)
		show_call(call);
	return true;
}

/* Errors mean that the caller is gone. */
static void decide(int listener, pid_t child)
{
	struct seccomp_notif call = {0};
	struct seccomp_notif_resp answer = {0};
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
		return;
	answer.id = call.id;
	if (is_refused(child, &call))
		answer.error = -run->kind->error;
	else
		answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int watch_child(pid_t child, int pidfd, int channel, unsigned seconds)
{
	int64_t end = now_ms() + seconds * 1000;
	int listener = run->listener < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, run->listener, 0);
	struct pollfd fds[] = {{pidfd, POLLIN, 0}, {listener, POLLIN, 0}};
	int status = write(channel, "", 1) < 0; /* it lives, or poll() says so */
	for (int64_t now = now_ms(); now < end; now = now_ms()) {
		if (poll(fds, 2, (int)(end - now)) <= 0)
			continue;
		if (fds[0].revents)
			break;
		if (fds[1].revents & POLLIN)
			decide(listener, child);
	}
	if (!fds[0].revents)
		kill(child, SIGKILL);
	if (listener >= 0)
		close(listener);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}
