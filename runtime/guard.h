/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The crash guard: a call of a kernel from which a fault of that kernel's code returns, as if the call had ended. Handlers
 * of SIGSEGV, SIGBUS, SIGILL and SIGFPE are there while somebody holds the guard; what is not a fault of guarded code goes
 * on to the host's own handlers, as if ours were not there. Any thread; calls nest, signal handlers' among them.
 *
 * Not covered: a fault deep inside the C library, called by the kernel; a stack overflow without an alternate stack; a
 * handler that the host installs later and that does not pass on; memory that was corrupted before.
 */
#ifndef RUNTIME_GUARD_H
#define RUNTIME_GUARD_H

#include "build.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <tenon/backend.h>

/* Where the code of a kernel's image is. */
struct code {
	uintptr_t begin, end;
};

/* Of whatever image contains function. */
struct code find_code(tenon_kernel_fn *function);

/* One guarded call, on the stack of its caller. */
struct guard {
	void *resume[5]; /* __builtin_setjmp's */
	struct guard *outer;
	struct code code;
	uint32_t float_control; /* which a kernel must leave as it was */
	volatile int signal;    /* that ended the call; 0: it returned */
	void *volatile address;
	volatile bool has_faulted; /* watched code did: the host's handler was asked, and returned */
};

/* Is there a guard in this build? Not under a sanitizer, which has handlers and a stack of its own. */
#if (!defined(TENON_SANITIZED) || defined(TENON_COVERAGE)) && \
	(defined(__x86_64__) || (defined(__aarch64__) && !defined(__clang__)))
#define HAS_GUARD 1
#else
#define HAS_GUARD 0
#endif

/* Handlers are installed by the first that holds the guard, and taken away by the last that lets it go. */
void hold_guard(void);
void let_guard_go(void);

/*
 * Between these two a fault of that code comes back to guard->resume, which the caller has set by __builtin_setjmp(), with
 * guard->signal set. Without code faults go to the host, and guard->has_faulted is set if it comes back. The fences keep
 * the compiler from moving the call out of what the handler sees; that runs in this thread.
 */
static inline void push_guard(_Atomic(struct guard *) *innermost, struct guard *guard, struct code code)
{
	guard->outer = atomic_load_explicit(innermost, memory_order_relaxed);
	guard->code = code;
	guard->signal = 0;
	guard->has_faulted = false;
#if defined(__x86_64__)
	__asm__ volatile("stmxcsr %0" : "=m"(guard->float_control));
#elif defined(__aarch64__)
	uint64_t control;
	__asm__ volatile("mrs %0, fpcr" : "=r"(control));
	guard->float_control = (uint32_t)control;
#endif
	atomic_signal_fence(memory_order_seq_cst);
	atomic_store_explicit(innermost, guard, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void pop_guard(_Atomic(struct guard *) *innermost, const struct guard *guard)
{
	atomic_signal_fence(memory_order_seq_cst);
	atomic_store_explicit(innermost, guard->outer, memory_order_relaxed);
}

/* In a forked child: a lock may have been held at the fork. */
void restart_guard(void);

#endif
