/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The kernels that misbehaved under a probe, found before a rollback and put into quarantine after it. For rollout.c;
 * all of it with the runtime's lock held, so that no swap composes a table in between.
 */
#ifndef RUNTIME_CULPRITS_H
#define RUNTIME_CULPRITS_H

#include <stdbool.h>

#include "runtime/load.h"
#include "runtime/probe.h"

struct culprits {
	const struct image *image[KERNEL_COUNT]; /* by kernel; NULL: none */
	char reason[224];
};

/* Every kernel that tripped, and the one that was the cause. */
void find_culprits(struct probe *probe, int cause, const char *reason, struct culprits *culprits);

/* A kernel of what is on probation that somebody put into quarantine meanwhile, and why that counts; false: none. */
bool find_outlawed(struct probe *probe, int *kernel, struct why *why);

/* Would a rollback bring one of them back? */
bool leads_to(const struct culprits *culprits);

/* Waits for files: without the lock of rollout.c. */
void quarantine_culprits(const struct culprits *culprits);

#endif
