/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Publication: how the active table changes. Swaps are serialised by their callers and may fail; a rollback may come
 * from any thread or signal handler at any moment, never fails, and wins. publish.c has the protocol and why it holds.
 */
#ifndef RUNTIME_PUBLISH_H
#define RUNTIME_PUBLISH_H

#include <tenon/tenon.h>

#include "runtime/table.h"
#include "runtime/why.h"

/* Begins a swap and returns in *vetoes what finish_swap() compares. TENON_EROLLEDBACK while a rollback is under way. */
int begin_swap(uint64_t *vetoes, struct why *why);

/*
 * Ends a swap: publishes table, or returns TENON_EROLLEDBACK, leaving what the rollback chose, if one began since
 * begin_swap(). A table that is active already changes nothing. The caller keeps the retire thread from looking
 * (lock_kept()).
 */
int finish_swap(uint64_t vetoes, const struct table *table, struct why *why);

/* Back to scalar, with nothing to roll back to. False if rollbacks kept interfering: call again. */
bool reset_publication(void);

/* tenon_rollback(). Async-signal-safe. */
void roll_back(enum tenon_rollback_target target);

/*
 * True, with the tables that calls or rollbacks can still reach, if no rollback is under way: from then on no other
 * table can become reachable, except by a swap.
 */
bool find_reachable(const struct table *reachable[2]);

/* In a forked child: the rollbacks that other threads had begun will not end. */
void forget_rollbacks_under_way(void);

uint64_t count_rollbacks(void);
bool is_pinned(void);
void set_pinned(bool pinned);

#ifdef TENON_TEST_HOOKS
/* Called at named steps of the protocol, so that a test can force each interleaving. */
extern void (*publish_hook)(const char *step);
#endif

#endif
