/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The state of the process's one runtime, and the lock that serialises open, swap and close. Kernel calls and rollbacks
 * use neither.
 */
#ifndef RUNTIME_RUNTIME_H
#define RUNTIME_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <tenon/tenon.h>

#include "runtime/config.h"
#include "runtime/cpu.h"
#include "runtime/why.h"

/* Under the lock; a reload (reload.c) replaces config, cpu and policy. */
struct runtime {
	unsigned references;
	struct config config;
	struct cpu cpu;
	unsigned policy; /* counts changes of what may be loaded; an image serves the policy that it was loaded under */
};

/*
 * Takes the lock and defers cancellation of the thread. TENON_EFORKED in a forked child, where the lock may have been
 * held at the fork.
 * unlock_runtime() then tells what was held meanwhile (log.h).
 */
int lock_runtime(struct runtime **runtime, struct why *why);
void unlock_runtime(void);

/* Copies the configuration and the CPU as it caps it; TENON_ENOTOPEN, TENON_EFORKED. Takes the lock. */
int copy_runtime(struct runtime *copy, struct why *why);

/* Is this a child, forked since the runtime was first opened, before tenon_after_fork()? Async-signal-safe. */
bool is_forked(void);

/* Says that this process, as it is now, owns the runtime: at tenon_open() and tenon_after_fork(). */
void adopt_runtime(void);

/* In a forked child, before adopt_runtime(): the lock as new. */
void reset_runtime_lock(void);

/* What status reports of the runtime; from any thread, without the lock. "" for not degraded. */
void set_degraded(const char *reason);
void set_open(bool open, const char *label);
void report_runtime(struct tenon_status_info *info);

#endif
