/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A table is an immutable array, one entry per kernel; one pointer publishes it. This header and table.c are the only
 * files that know RCU exists. Calls enter and leave; publish.c changes the pointer; retire.c waits for readers.
 *
 * RCU rule: the pointer that enter_table() returns, and everything it reaches, is valid until leave_table().
 */
#ifndef RUNTIME_TABLE_H
#define RUNTIME_TABLE_H

#include "build.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/kernels.h"
#include "runtime/public.h"
#include "runtime/why.h"

/* TSan cannot follow liburcu's fences: sections and grace periods are announced to it. */
#ifdef RUNTIME_TSAN
void __tsan_acquire(void *tag);
void __tsan_release(void *tag);
extern char readers_tag;
#endif

/* Inlines the read side. Sanitizers would judge liburcu by it (its records are less aligned than their type says). */
#ifndef TENON_SANITIZED
#define _LGPL_SOURCE
#endif
#define URCU_API_MAP
#include <urcu/urcu-bp.h>

#include <urcu/static/urcu-bp.h>

struct image;
struct probe;

struct table {
	uint64_t generation;
	tenon_kernel_fn *function[KERNEL_COUNT];
	const struct image *image[KERNEL_COUNT]; /* who provides it */
	const struct image *selected;            /* the backend that was asked for; NULL if several were */
	struct probe *probe;                     /* whose trampolines function[] has; NULL for a plain table */
	bool is_trial;                           /* its rollout is not over: nothing rolls back to it */
};

/* Statically the scalar table, so that calls before our constructor and after our destructor are safe. */
extern const struct table scalar_table;
extern _Atomic(const struct table *) active_table;

/* Registers this thread as a reader. False in a forked child, where nothing is ever unloaded and no section needed. */
__attribute__((cold)) bool register_reader(void);

/* Opens a read-side section; *section goes to leave_table(). Sections nest. */
static inline const struct table *enter_table(bool *section)
{
	*section = likely(URCU_TLS(urcu_bp_reader) != NULL) || register_reader();
	if (likely(*section))
		urcu_bp_read_lock();
	return atomic_load_explicit(&active_table, memory_order_acquire);
}

static inline void leave_table(bool section)
{
#ifdef RUNTIME_TSAN
	__tsan_release(&readers_tag);
#endif
	if (likely(section))
		urcu_bp_read_unlock();
}

/* The generation of the table that serves. */
uint64_t serving_generation(void);

/*
 * Claims this process for grace periods; in a child forked after that they cannot be proven, and why says so. The lock
 * of liburcu's registry may have been held at the fork by a thread that the child does not have.
 */
bool can_wait_for_readers(struct why *why);

/*
 * Returns when every section that was open at the call has ended, however long that takes. TENON_ESYSTEM: cannot be
 * proven on this system. Only the retire thread calls it: a caller may be inside a section of its own.
 */
int wait_for_readers(struct why *why);

/* The kernel thread id of a reader that wait_for_readers() is waiting for, or 0. */
int64_t find_blocker(void);

#endif
