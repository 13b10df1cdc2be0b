/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rollouts, and the watch over what serves with a steady shadow: policy on a thread of its own, tenon-rollout, which
 * exists only while there is one of them and blocks all signals. At most one rollout at a time; the last one's end is
 * remembered.
 *
 * Locks: the runtime's before this file's. Functions that say so are called with the runtime's lock held; none may be
 * called by a log callback.
 */
#ifndef RUNTIME_ROLLOUT_H
#define RUNTIME_ROLLOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/probation.h"
#include "runtime/runtime.h"
#include "runtime/swap.h"
#include "runtime/why.h"

enum rollout_state { ROLLOUT_NONE, ROLLOUT_CANARY, ROLLOUT_PAUSED, ROLLOUT_PROMOTED, ROLLOUT_ROLLED_BACK };

struct rollout_status {
	uint64_t id; /* of the youngest, from 1; 0 for none */
	enum rollout_state state;
	char backend[PATH_MAX];                      /* as it was asked for */
	unsigned percent;                            /* of the calls; 100 when promoted, 0 when rolled back */
	unsigned step, steps;                        /* from 1 */
	uint64_t held_ms, hold_ms;                   /* of the step */
	uint64_t calls, checks, divergences, faults; /* of the candidate, while it is or was on probation */
	const char *cause;                           /* the kernel that it was rolled back for, or NULL */
	char reason[256];                            /* why it ended or stands still; "" */
};

/* As status and JSON have it. */
static inline const char *name_rollout_state(enum rollout_state state)
{
	static const char *const names[] = {"none", "canary", "paused", "promoted", "rolled-back"};
	return names[state];
}

/* ---- With the runtime's lock held ------------------------------------------------------------------------------- */

/* What begins a rollout, beside its swap. */
struct rollout_order {
	const char *backend;
	struct rollout_plan plan;
	bool pin;     /* a person's order: pinned from now on, unless it is rolled back */
	bool persist; /* save that pin when it is promoted */
};

/*
 * Publishes a prepared swap for the first step's share, in the place of a rollout that is under way; *id is its id. On
 * failure nothing changed.
 */
int begin_rollout(const struct swap *swap, const struct rollout_order *order, uint64_t *id, struct why *why);

/* Publishes a prepared swap at once, ending a rollout that is under way for that reason. */
int finish_at_once(const struct swap *swap, const char *backend, uint32_t shadow, struct why *why);

/* Turns the steady shadow of what serves on, off, or to another share. */
int change_shadow(uint32_t shadow, struct why *why);

/* ---- Without it ------------------------------------------------------------------------------------------------- */

/* By hand. TENON_EINVAL: there is no rollout under way, or it is (or is not) paused already. */
int promote_rollout(struct why *why);
int pause_rollout(struct why *why);
int resume_rollout(struct why *why);

void report_rollout(struct rollout_status *status);

/* With what serves. That may be younger, but never older: what a rollout has ended with is in info. */
void report_serving(struct tenon_status_info *info, struct rollout_status *status);

/* Logs nothing, so it may be asked with the runtime's lock held. */
bool is_rollout_under_way(void);

/* For tenon_close(): ends a rollout and the thread. */
void stop_rollouts(void);

/* In a forked child: the thread is gone, and the lock may have been held. */
void restart_rollouts(void);

#endif
