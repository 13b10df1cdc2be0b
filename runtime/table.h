/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A table is an immutable array, one entry per kernel; one pointer publishes it. This header and table.c are the only
 * files that know RCU exists. Calls enter and leave; swap.c composes and publishes; retire.c waits for readers.
 *
 * RCU rule: the pointer that enter_table() returns, and everything it reaches, is valid until leave_table().
 */
#ifndef RUNTIME_TABLE_H
#define RUNTIME_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef __SANITIZE_THREAD__
#define _LGPL_SOURCE /* inlines the read side; TSan builds call it instead, so that it is seen */
#endif
#define URCU_API_MAP
#include <urcu/urcu-bp.h>

#include "runtime/kernels.h"
#include "runtime/public.h"

struct image;

struct table {
	uint64_t generation;
	tenon_kernel_fn *function[KERNEL_COUNT];
	const struct image *image[KERNEL_COUNT]; /* who provides it */
	const struct image *selected;            /* the backend that was asked for; NULL if several were */
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
	if (likely(section))
		urcu_bp_read_unlock();
}

#endif
