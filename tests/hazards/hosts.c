/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Hosts with habits: liburcu of their own, seccomp filters, children, late destructors, nowhere to write.
 */
#include "build.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define URCU_API_MAP
#include <urcu/urcu-bp.h>

#include "tests/hazards/hazards.h"

/* ---- liburcu ----------------------------------------------------------------------------------------------------- */

static atomic_bool stopping;

static void *wait_for_bp_readers(void *unused)
{
	while (!atomic_load(&stopping))
		urcu_bp_synchronize_rcu();
	return unused;
}

static void call_in_bp_child(void)
{
	CHECK(calls_work());
	urcu_bp_synchronize_rcu(); /* the host's hooks made that legal */
	CHECK(calls_work());
}

void hazard_host_uses_bp(void)
{
	pthread_t thread;
	CHECK(open_quietly() == TENON_OK);
	CHECK(pthread_atfork(urcu_bp_before_fork, urcu_bp_after_fork_parent, urcu_bp_after_fork_child) == 0);
	CHECK(pthread_create(&thread, NULL, wait_for_bp_readers, NULL) == 0);
	for (int i = 0; i < 30; i++) {
		urcu_bp_read_lock();
		CHECK(tenon_swap(i % 2 ? HOOKED_PLUGIN : ODD_PLUGIN, TENON_SWAP_COLD) == TENON_OK);
		CHECK(calls_work());
		urcu_bp_read_unlock();
		if (i % 3 == 0)
			check_child(call_in_bp_child);
	}
	urcu_bp_read_lock();
	CHECK(tenon_swap("scalar", TENON_SWAP_COLD) == TENON_OK);
	CHECK(tenon_swap(ODD_PLUGIN, TENON_SWAP_COLD) == TENON_OK);
	uint64_t pending = get_status().images_pending;
	sleep_ms(50);
	CHECK(pending && get_status().images_pending >= 1); /* our section holds it */
	urcu_bp_read_unlock();
	atomic_store(&stopping, true);
	CHECK(pthread_join(thread, NULL) == 0);
	check_everything_unloads();
}

/* ---- seccomp ----------------------------------------------------------------------------------------------------- */

/* Refuses membarrier in every thread from now on. */
static void refuse_membarrier(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof code / sizeof *code, code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program))
		skip_hazard("seccomp filters are not available here");
}

void hazard_seccomp(void)
{
	CHECK(open_quietly() == TENON_OK);
	for (int i = 0; i < 4; i++)
		CHECK(tenon_swap(i % 2 ? HOOKED_PLUGIN : ODD_PLUGIN, TENON_SWAP_COLD) == TENON_OK);
	CHECK(wait_until(get_status().images_pending == 0 && get_status().grace_periods > 0));
	CHECK(!get_status().unload_disabled);
	refuse_membarrier();
	for (int i = 0; i < 3000; i++)
		CHECK(tenon_swap(i % 2 ? HOOKED_PLUGIN : ODD_PLUGIN, 0) == TENON_OK);
	CHECK(wait_until(get_status().unload_disabled));
	CHECK(strstr(get_status().unload_reason, "membarrier"));
	uint64_t unloaded = get_status().images_unloaded;
	int status, swaps = 0;
	while ((status = tenon_swap(swaps % 2 ? HOOKED_PLUGIN : ODD_PLUGIN, TENON_SWAP_COLD)) == TENON_OK)
		CHECK(++swaps < 200);
	CHECK(status == TENON_EAGAIN && strstr(tenon_error_detail(), "membarrier"));
	CHECK(get_status().images_unloaded == unloaded);
	tenon_rollback(TENON_ROLLBACK_SCALAR);
	CHECK(serves("scalar") && calls_work());
	CHECK(tenon_swap(HOOKED_PLUGIN, 0) == TENON_OK);
	CHECK(tenon_close() == TENON_OK);
	CHECK(calls_work());
}

/* ---- Children ---------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t children;

static void count_child(int number)
{
	(void)number;
	children++;
}

static void check_no_children(int flags)
{
	struct sigaction action = {.sa_handler = count_child, .sa_flags = flags | SA_RESTART};
	CHECK(sigaction(SIGCHLD, &action, NULL) == 0);
	CHECK(open_with("[runtime]\nbackend = auto\n") == TENON_OK);
	for (int i = 0; i < 10; i++) {
		CHECK(tenon_swap(i % 2 ? HOOKED_PLUGIN : ODD_PLUGIN, TENON_SWAP_COLD) == TENON_OK);
		CHECK(waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD);
	}
	CHECK(tenon_close() == TENON_OK);
	CHECK(children == 0);
}

/* Whatever this process inherited: a handler counts as itself. */
static void note_handlers(void (*handlers[NSIG])(int))
{
	for (int number = 1; number < NSIG; number++) {
		struct sigaction action;
		handlers[number] = sigaction(number, NULL, &action) ? SIG_ERR : action.sa_handler;
	}
}

void hazard_no_children(void)
{
	void (*before[NSIG])(int), (*after[NSIG])(int);
	need_no_emulator("qemu knows no child without an end signal");
	note_handlers(before);
	check_no_children(0);
	check_no_children(SA_NOCLDWAIT);
	signal(SIGCHLD, SIG_IGN);
	CHECK(open_quietly() == TENON_OK);
	CHECK(tenon_swap(HOOKED_PLUGIN, 0) == TENON_OK);
	CHECK(tenon_close() == TENON_OK);
	/* Nor did we touch any handler. */
	note_handlers(after);
	for (int number = 1; number < NSIG; number++)
		CHECK(number == SIGCHLD || after[number] == before[number]);
}

/* ---- The end of the process -------------------------------------------------------------------------------------- */

static bool watch_end, leave_open;

static void check_end(void)
{
	if (!watch_end)
		return;
	CHECK(calls_work());
	CHECK(leave_open ? serves("hooked") : serves("scalar"));
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	CHECK(calls_work());
	leave_open = false;
	if (tenon_close() == TENON_OK)
		CHECK(calls_work());
}

__attribute__((destructor)) static void check_end_in_destructor(void)
{
	check_end();
}

static void end_process(void)
{
	watch_end = true;
	CHECK(open_quietly() == TENON_OK);
	CHECK(tenon_swap(ODD_PLUGIN, TENON_SWAP_COLD) == TENON_OK);
	CHECK(tenon_swap("scalar", TENON_SWAP_COLD) == TENON_OK);
	CHECK(tenon_swap(HOOKED_PLUGIN, TENON_SWAP_COLD) == TENON_OK);
	CHECK(atexit(check_end) == 0);
	if (!leave_open)
		CHECK(tenon_close() == TENON_OK);
	exit(0);
}

void hazard_static_destructors(void)
{
	check_child(end_process);
	leave_open = true;
	check_child(end_process);
}

/* ---- Nowhere to write -------------------------------------------------------------------------------------------- */

static void forbid_execution_in_tmp(void)
{
	struct statvfs system;
	CHECK(statvfs("/tmp", &system) == 0);
	unsigned long kept = (system.f_flag & ST_NOSUID ? MS_NOSUID : 0) | (system.f_flag & ST_NODEV ? MS_NODEV : 0);
	if (unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS))
		skip_hazard("no mount namespace of our own here");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("/tmp", "/tmp", NULL, MS_BIND, NULL) ||
	    mount(NULL, "/tmp", NULL, MS_REMOUNT | MS_BIND | MS_NOEXEC | kept, NULL))
		skip_hazard("no mount of /tmp as noexec here");
}

/* The helper may lie under /tmp, too: opened before, it can be executed all the same. */
static void keep_helper(void)
{
	char path[64];
	int helper = open(getenv("TENON_PROVE"), O_PATH | O_CLOEXEC);
	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), helper);
	CHECK(helper >= 0 && setenv("TENON_PROVE", path, 1) == 0);
}

static void hide_proc(void)
{
	if (mount("tenon", "/proc", "tmpfs", 0, NULL))
		skip_hazard("no mount over /proc here");
}

void hazard_nowhere_to_stage(void)
{
	char text[PATH_MAX + 64];
	keep_helper();
	forbid_execution_in_tmp();
	unsetenv("XDG_RUNTIME_DIR");
	snprintf(text, sizeof text, "[runtime]\nbackend = %s\n", HOOKED_PLUGIN);
	CHECK(open_with(text) == TENON_OK && serves("hooked")); /* in a memfd */
	CHECK(count_mappings("memfd:hooked") > 0);
	CHECK(tenon_close() == TENON_OK);
	hide_proc();
	CHECK(open_with(text) == TENON_OK && serves("scalar"));
	struct tenon_status_info info = get_status();
	CHECK(info.degraded && strstr(info.degraded_reason, "noexec") && strstr(info.degraded_reason, "memfd"));
	CHECK(calls_work());
	CHECK(tenon_swap("nosuch", 0) == TENON_ENOENT);
	CHECK(tenon_swap("scalar", 0) == TENON_OK);
	CHECK(umount2("/proc", MNT_DETACH) == 0); /* a leak check at the exit reads it */
}
