/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the child and its parent share: where the child is, and what it found. It survives the child, so that the next
 * one can go on. The child writes while it lives, the parent after its death; only what is atomic is read meanwhile.
 */
#ifndef CONFORM_BOARD_H
#define CONFORM_BOARD_H

#include <stdatomic.h>

#include "tests/conform/prove.h"
#include "tests/conform/sweep.h"

enum phase { PHASE_LOADING, PHASE_SWEEPING, PHASE_SHRINKING, PHASE_DONE };

struct board {
	enum phase phase;
	atomic_ullong steps;    /* changes as long as the child makes progress */
	atomic_bool is_calling; /* a kernel is running */
	size_t current;         /* the entry that is examined */
	struct point point;     /* the point that is examined */
	bool is_thorough;       /* look at the process after every call, to find which one changed it */
	bool looks_again;       /* the child ended to be followed by a thorough one */
	struct shrink shrink;
	unsigned deaths;      /* of children, in this entry */
	struct finding fault; /* of the child's last moment */
	struct why why;       /* loading failed */
	int status;
	size_t entries;
	struct proof_entry entry[ENTRIES_MAX];
};

/* In the child: goes on from where the board says, and exits. */
_Noreturn void run_child(struct board *board, const struct candidate *candidate, const struct cpu *cpu,
			 const struct proof_options *options);

#endif
