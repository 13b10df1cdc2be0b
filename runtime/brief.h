/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A lock for a few instructions. In a forked child its holder may not exist: the lock knows whose it is, and is taken from
 * another process at once. Waiting is bounded as well, for a child that has its parent's number, in a namespace of its own.
 * Any thread; not for signal handlers. What it guards is to be usable half written.
 */
#ifndef RUNTIME_BRIEF_H
#define RUNTIME_BRIEF_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

struct brief {
	_Atomic pid_t holder; /* 0: none */
};

/* False: the holder does not let go, so do without. */
static inline bool take_briefly(struct brief *lock)
{
	pid_t me = getpid();
	for (int i = 0; i < 1000; i++) {
		pid_t holder = atomic_load(&lock->holder);
		if (holder != me && atomic_compare_exchange_strong(&lock->holder, &holder, me))
			return true;
		sched_yield();
	}
	return false;
}

static inline void let_go(struct brief *lock)
{
	atomic_store(&lock->holder, 0);
}

#endif
