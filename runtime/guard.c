/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the handlers of faults and what they found installed before them; guard.h says what is promised. The lock is for
 * installing and taking away; the handler takes none.
 */
#include "build.h"

#include "runtime/guard.h"

#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/thread.h"

#if HAS_GUARD
#include "runtime/fault.h"
#endif

/* ---- Whose code -------------------------------------------------------------------------------------------------- */

struct search {
	uintptr_t wanted;
	struct code found;
};

/* All executable segments of the object that has the wanted address in one of them. */
static int look_at_object(struct dl_phdr_info *info, size_t size, void *user)
{
	struct search *search = user;
	struct code code = {UINTPTR_MAX, 0};
	bool has_it = false;
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
			continue;
		uintptr_t begin = info->dlpi_addr + segment->p_vaddr, end = begin + segment->p_memsz;
		has_it = has_it || (search->wanted >= begin && search->wanted < end);
		code.begin = begin < code.begin ? begin : code.begin;
		code.end = end > code.end ? end : code.end;
	}
	if (has_it)
		search->found = code;
	return has_it;
}

struct code find_code(tenon_kernel_fn *function)
{
	struct search search = {.wanted = (uintptr_t)function};
	dl_iterate_phdr(look_at_object, &search);
	return search.found;
}

#if HAS_GUARD

/* ---- The host's handlers ----------------------------------------------------------------------------------------- */

static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
#define SIGNALS (int)(sizeof signals / sizeof *signals)

/*
 * A host may put a handler above ours that passes on to ours. When we then put ours on top again there are two to pass on
 * to: the host's, and, when that has passed it on, what was there before any of us.
 */
static struct host {
	struct sigaction first, latest;
	bool is_buried; /* ours is somewhere below the host's */
} hosts[SIGNALS];

/* Kernels of signals put NULL there and never look; a context that we have passed on already says so. */
static ucontext_t passed_on;

static int find_signal(int signal)
{
	int i = 0;
	while (i < SIGNALS - 1 && signals[i] != signal)
		i++;
	return i;
}

/* An instruction faulted, and does so again if it is run again. */
static bool is_synchronous(const siginfo_t *info)
{
	return info->si_code > 0 && !(info->si_signo == SIGBUS && info->si_code == BUS_MCEERR_AO);
}

/* As the kernel would have done it: the process ends, with the registers of the fault in its core. */
static void die_by(int signal, siginfo_t *info)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigaction(signal, &action, NULL);
	if (!is_synchronous(info))
		syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), signal, info);
}

static void pass_on(int signal, siginfo_t *info, ucontext_t *context)
{
	struct host *host = &hosts[find_signal(signal)];
	bool again = context->uc_link == &passed_on;
	struct sigaction *action = again ? &host->first : &host->latest;
	struct sigaction now = *action;
	if (now.sa_flags & SA_RESETHAND)
		action->sa_handler = SIG_DFL;
	if (now.sa_handler == SIG_IGN && !is_synchronous(info))
		return;
	if (now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN) {
		die_by(signal, info);
		return;
	}
	context->uc_link = &passed_on;
	if (now.sa_flags & SA_SIGINFO)
		now.sa_sigaction(signal, info, context);
	else
		now.sa_handler(signal);
	context->uc_link = NULL;
}

/* ---- The handler ------------------------------------------------------------------------------------------------- */

static bool is_within(struct code code, uintptr_t address)
{
	return address >= code.begin && address < code.end;
}

/*
 * The kernel's own code faulted, or a function without a frame that it called, or the place that it jumped to. The stack
 * is looked at only where it is certain to be one.
 */
static bool is_guarded(const struct guard *guard, const ucontext_t *context)
{
	uintptr_t depth = (uintptr_t)guard - context_sp(context);
	if (is_within(guard->code, context_pc(context)))
		return true;
	return depth < (1u << 20) && context_sp(context) % sizeof(uintptr_t) == 0 &&
	       is_within(guard->code, context_caller(context));
}

static void handle_fault(int signal, siginfo_t *info, void *any)
{
	allow_misalignment();
	ucontext_t *context = any;
	struct thread *thread = this_thread;
	struct guard *guard = thread ? atomic_load_explicit(&thread->guard, memory_order_relaxed) : NULL;
	if (!guard || !is_synchronous(info)) {
		pass_on(signal, info, context);
	} else if (is_guarded(guard, context)) {
		guard->signal = signal;
		guard->address = info->si_addr;
		resume_guard(context, guard);
	} else {
		/* The host may not come back, so a guard that only watches ends here. */
		bool is_watching = !guard->code.end;
		if (is_watching)
			guard->has_faulted = true;
		if (is_watching)
			pop_guard(&thread->guard, guard);
		pass_on(signal, info, context);
	}
}

/* ---- Installing -------------------------------------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t holders;

static bool is_ours(const struct sigaction *action)
{
	return action->sa_flags & SA_SIGINFO && action->sa_sigaction == handle_fault;
}

/* Mask and flags are the host's, so that the kernel treats its handler as before; it is called by ours. */
static void install_handler(int i)
{
	struct host *host = &hosts[i];
	struct sigaction found, ours;
	sigaction(signals[i], NULL, &found);
	if (is_ours(&found))
		return;
	host->latest = found;
	if (!host->is_buried)
		host->first = found;
	bool is_default =
		!(found.sa_flags & SA_SIGINFO) && (found.sa_handler == SIG_DFL || found.sa_handler == SIG_IGN);
	ours = found;
	ours.sa_sigaction = handle_fault;
	ours.sa_flags = (found.sa_flags & ~SA_RESETHAND) | SA_SIGINFO | (is_default ? SA_ONSTACK : 0);
	sigaction(signals[i], &ours, NULL);
}

/* What the host has put above ours in the meantime stays. */
static void take_handler_away(int i)
{
	struct sigaction found;
	sigaction(signals[i], &hosts[i].latest, &found);
	if (is_ours(&found))
		return;
	sigaction(signals[i], &found, NULL);
	hosts[i].is_buried = true;
}

void hold_guard(void)
{
	pthread_mutex_lock(&lock);
	for (int i = 0; i < SIGNALS && holders == 0; i++)
		install_handler(i);
	holders++;
	pthread_mutex_unlock(&lock);
}

void let_guard_go(void)
{
	pthread_mutex_lock(&lock);
	holders--;
	for (int i = 0; i < SIGNALS && holders == 0; i++)
		take_handler_away(i);
	pthread_mutex_unlock(&lock);
}

void restart_guard(void)
{
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

#else

/* Nobody asks where there is no guard. */
void hold_guard(void)
{
}

void let_guard_go(void)
{
}

void restart_guard(void)
{
}

#endif
