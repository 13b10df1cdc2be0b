/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The per-thread record, behind one 8-byte thread-local pointer: arena and failure detail. Made at a thread's first
 * need, given up by a pthread key destructor, used again by a later thread. Lock-free for its owner; no RCU.
 */
#ifndef RUNTIME_THREAD_H
#define RUNTIME_THREAD_H

#include <stdatomic.h>
#include <stddef.h>

#include "runtime/arena.h"
#include "runtime/burst.h"
#include "runtime/cells.h"
#include "runtime/copies.h"
#include "runtime/guard.h"
#include "runtime/public.h"
#include "runtime/ring.h"
#include "runtime/why.h"

/* LOST: its thread stayed behind at a fork; never used again. */
enum thread_state { THREAD_FREE, THREAD_LIVE, THREAD_LOST };

struct thread {
	struct arena arena;
	struct thread *next; /* immutable once the record is in the list */
	_Atomic int state;   /* enum thread_state */
	struct probing probing;
	_Atomic(struct guard *) guard; /* the innermost call that one is around */
	struct copies copies;
	struct ring ring;
	char detail[sizeof((struct why *)0)->text];
	struct cells cells;
};

/* NULL before the first need, and again after the destructor ran. */
extern __thread struct thread *this_thread;

/* The newest of all records, busy or not; they are never unmapped. */
struct thread *first_thread(void);

__attribute__((cold)) struct thread *make_thread(void);

/* This thread's record; NULL when memory is short. */
static inline struct thread *get_thread(void)
{
	return likely(this_thread != NULL) ? this_thread : make_thread();
}

/* Keeps why's text as this thread's tenon_error_detail() and returns its status. */
__attribute__((cold)) int report_failure(const struct why *why);

#endif
