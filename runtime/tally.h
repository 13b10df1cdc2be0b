/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A counter that one thread writes and others read at any time. Adding is one instruction where that is cheap (x86), so
 * that a signal handler that calls kernels cannot come between the reading and the writing, and the count never falls.
 */
#ifndef RUNTIME_TALLY_H
#define RUNTIME_TALLY_H

#include <stdatomic.h>
#include <stdint.h>

#include "runtime/table.h"

static inline uint64_t read_tally(const _Atomic uint64_t *tally)
{
	return atomic_load_explicit(tally, memory_order_relaxed);
}

static inline void add_one(_Atomic uint64_t *tally)
{
#if defined(__x86_64__) && !defined(RUNTIME_TSAN)
	__asm__("addq $1, %0" : "+m"(*tally) : : "cc");
#else
	atomic_fetch_add_explicit(tally, 1, memory_order_relaxed);
#endif
}

#endif
