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
 * What a rollback goes back to afterwards: what table replaces, or what it would have gone back to before. The latter is
 * for a table that is no step of its own, the same backends as before with or without a probe.
 */
enum publication { PUBLISH_STEP, PUBLISH_SAME };

/*
 * Ends a swap: publishes table, or returns TENON_EROLLEDBACK, leaving what the rollback chose, if one began since
 * begin_swap(). A table that is active already changes nothing. A trial (table->is_trial) that is replaced never becomes
 * what a rollback goes back to, whatever publication says. The caller keeps the retire thread from looking.
 */
int finish_swap(uint64_t vetoes, const struct table *table, enum publication publication, struct why *why);

/* Back to scalar, with nothing to roll back to. False if rollbacks kept interfering: call again. */
bool reset_publication(void);

/*
 * The table of scalar from now on, wherever it serves or would: the plain one or the counted one, which are static. Under
 * the lock that begin_swap()'s caller holds.
 */
void set_standby(const struct table *table);

/* What a rollback goes back to, if that is before: the same backends in another table, which is kept. Likewise. */
void replace_previous(const struct table *before, const struct table *after);

/* tenon_rollback(). Async-signal-safe. */
void roll_back(enum tenon_rollback_target target);

/* Why a rollback came, as metrics name it. */
#define ROLLBACK_CAUSES(X) X(manual) X(divergence) X(fault) X(slow) X(quarantine) X(fork)
#define ROLLBACK_CAUSE(name) ROLLBACK_##name,
enum rollback_cause { ROLLBACK_CAUSES(ROLLBACK_CAUSE) ROLLBACK_CAUSE_COUNT };
#undef ROLLBACK_CAUSE

/* The same for a rollback that no operator ordered: the pin stays as it is. */
void roll_back_unpinned(enum tenon_rollback_target target, enum rollback_cause cause);

uint64_t count_rollbacks_for(enum rollback_cause cause);

/* What tenon_rollback(TENON_ROLLBACK_PREVIOUS) would publish; inside a read-side section. */
const struct table *previous_table(void);

/*
 * True, with the tables that calls or rollbacks can still reach, if no rollback is under way: from then on no other
 * table can become reachable, except by a swap.
 */
bool find_reachable(const struct table *reachable[2]);

/* In a forked child: the rollbacks that other threads had begun will not end. */
void forget_rollbacks_under_way(void);

uint64_t count_rollbacks(void);

/* Those of roll_back() alone: somebody's order, not Tenon's own. */
uint64_t count_ordered_rollbacks(void);
bool is_pinned(void);
void set_pinned(bool pinned);

/* Adrift: what serves was not chosen by the configuration, though nothing is pinned any more; the next reload mends it. */
bool is_adrift(void);
void set_adrift(bool adrift);

#ifdef TENON_TEST_HOOKS
/* Called at named steps of the protocol, so that a test can force each interleaving. */
extern void (*publish_hook)(const char *step);
#endif

#endif
