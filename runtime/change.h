/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The ways in which the backend changes: by hand (tenon_swap(), the control socket), at tenon_open(), by a reload; at
 * once or as a rollout. The public functions of it are in change.c.
 */
#ifndef RUNTIME_CHANGE_H
#define RUNTIME_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/rollout.h"

struct change_order {
	const char *backend;      /* a name, a path or "auto" */
	unsigned flags;           /* enum tenon_swap_flags */
	struct rollout_plan plan; /* without steps: at once */
	bool persist;             /* save the pin, at the end of a rollout if it is one */
	bool dry_run;             /* do everything but publish, and unload what that loaded */
};

enum change_outcome { CHANGE_AT_ONCE, CHANGE_ROLLOUT };

/* What came of it, or would. */
struct change {
	enum change_outcome outcome;
	uint64_t rollout; /* its id; 0 for a dry run */
	bool differs;     /* any kernel gets other code than it has */
	bool repeats;     /* of a finished change by hand: pinned already, nothing differs; nothing was done */
	bool loaded;      /* a file was judged, proven and loaded for it, not just found warm */
	char note[512];   /* which kernels are quarantined; "" */
	char source[KERNEL_COUNT][BACKEND_NAME_SIZE]; /* who serves each kernel then */
	bool is_quarantined[KERNEL_COUNT];
};

/* By hand: pins, and takes the runtime's lock. On failure what served goes on. */
int change_backend(const struct change_order *order, struct change *change, struct why *why);

/* What the configuration in force says of rollouts. */
int read_rollout_plan(struct rollout_plan *plan, struct why *why);

/* Saves the pin of what serves now; a rollback has put it there. */
int save_serving_pin(struct why *why);

/*
 * Composes again what serves, so that what is quarantined now serves no longer; pins stay. *changed: it did serve
 * something. TENON_EINVAL: [kernels] mixes several backends, so that the next swap has to do it.
 */
int leave_quarantined(bool *changed, struct why *why);

/*
 * With the runtime's lock held. open_backend() serves the saved pin, else [runtime] backend; at once. apply_backend()
 * is for a changed configuration: its backend by its [rollout]; *rolls_out: that has begun, and nothing is replaced
 * yet.
 */
int open_backend(const struct runtime *runtime, struct why *why);
int apply_backend(const struct runtime *runtime, bool *rolls_out, struct why *why);

#endif
