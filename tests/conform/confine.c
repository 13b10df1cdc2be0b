/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The filter of system calls and the limit of memory; see confine.h. State: what the limit was set to.
 */
#include "build.h"

#include "tests/conform/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/conform/sentry.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif

static const struct {
	int number;
	const char *deed;
} refused[] = {
#ifdef SYS_fork
	{SYS_fork, "starts a process"},
	{SYS_vfork, "starts a process"},
#endif
	{SYS_clone, "starts a process"},
	{SYS_execve, "runs a program"},
	{SYS_execveat, "runs a program"},
	{SYS_kill, "signals a process"},
	{SYS_tgkill, "signals a process"},
	{SYS_tkill, "signals a process"},
	{SYS_rt_sigqueueinfo, "signals a process"},
	{SYS_rt_tgsigqueueinfo, "signals a process"},
	{SYS_pidfd_send_signal, "signals a process"},
	{SYS_ptrace, "controls a process"},
	{SYS_process_vm_writev, "writes to a process"},
};

enum { REFUSED = sizeof refused / sizeof *refused };

/* ---- System calls ------------------------------------------------------------------------------------------------- */

#ifdef NATIVE_ARCH
/* To its own process a signal may go: abort() sends one. */
static bool names_process(int number)
{
	return number == SYS_kill || number == SYS_tgkill || number == SYS_rt_sigqueueinfo ||
	       number == SYS_rt_tgsigqueueinfo;
}

struct filter {
	struct sock_filter code[8 + 4 * REFUSED];
	unsigned short length;
};

static void add(struct filter *filter, struct sock_filter instruction)
{
	filter->code[filter->length++] = instruction;
}

static void load_field(struct filter *filter, size_t offset)
{
	add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

static void give_verdict(struct filter *filter, unsigned verdict)
{
	add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict));
}

static void refuse_call(struct filter *filter, int number)
{
	bool by_argument = number == SYS_clone || names_process(number);
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, by_argument ? 4 : 1));
	if (by_argument) {
		load_field(filter, offsetof(struct seccomp_data, args));
		add(filter,
		    number == SYS_clone
			    ? (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1)
			    : (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)getpid(), 0, 1));
		give_verdict(filter, SECCOMP_RET_ALLOW);
	}
	give_verdict(filter, SECCOMP_RET_TRAP);
}

static void build_filter(struct filter *filter)
{
	load_field(filter, offsetof(struct seccomp_data, arch));
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0));
	give_verdict(filter, SECCOMP_RET_KILL_PROCESS);
	load_field(filter, offsetof(struct seccomp_data, nr));
	/* Its flags are in memory, where a filter cannot look; the C library then takes clone(). */
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1));
	give_verdict(filter, SECCOMP_RET_ERRNO | ENOSYS);
	for (int i = 0; i < REFUSED; i++)
		refuse_call(filter, refused[i].number);
	give_verdict(filter, SECCOMP_RET_ALLOW);
}

void refuse_calls(void)
{
	struct filter filter = {.length = 0};
	build_filter(&filter);
	const struct sock_fprog program = {filter.length, filter.code};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
}
#else
void refuse_calls(void)
{
}
#endif

/* ---- Memory ------------------------------------------------------------------------------------------------------- */

static size_t memory_before, memory_allowed;

/* Bytes of addresses that are mapped; 0 if /proc does not say. */
static size_t count_mapped(void)
{
	char text[64] = "";
	int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t length = file < 0 ? 0 : read(file, text, sizeof text - 1);
	if (file >= 0)
		close(file);
	size_t pages = 0;
	for (ssize_t i = 0; i < length && text[i] >= '0' && text[i] <= '9'; i++)
		pages = pages * 10 + (size_t)(text[i] - '0');
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

void limit_memory(size_t bytes)
{
	memory_before = count_mapped();
	if (IS_SANITIZED || !memory_before)
		return;
	memory_allowed = bytes;
	setrlimit(RLIMIT_AS, &(struct rlimit){memory_before + bytes, memory_before + bytes});
}

bool find_memory_taken(struct finding *finding)
{
	size_t taken = count_mapped() - memory_before;
	if (!memory_allowed || taken < memory_allowed / 2 || taken > 2 * memory_allowed)
		return false;
	find(finding, CHECK_HEAP, "took %zu of the %zu MiB that it may", taken >> 20, memory_allowed >> 20);
	return true;
}

/* ---- Findings ----------------------------------------------------------------------------------------------------- */

void describe_refused_call(int number, struct finding *finding)
{
	for (int i = 0; i < REFUSED; i++)
		if (refused[i].number == number) {
			find(finding, CHECK_PROCESSES, "made a system call that %s", refused[i].deed);
			return;
		}
	find(finding, CHECK_CRASH, "made system call %d, which was refused", number);
}
