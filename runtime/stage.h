/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Staging: a backend file is read once; what is vetted, and then mapped from a private place under a name that was
 * never used before, is that copy. So there is no gap between check and use, nobody can overwrite what runs, and the
 * dynamic linker cannot hand back an older image that it knows by the same name. Callers hold the runtime's lock,
 * except for unstage().
 */
#ifndef RUNTIME_STAGE_H
#define RUNTIME_STAGE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "runtime/file.h"
#include "runtime/why.h"

/* Where the dynamic linker finds the copy. */
struct staged {
	char path[PATH_MAX];
	int descriptor; /* of a memfd, which only has to last until it is mapped; -1 */
	bool is_ours;   /* path is a file to remove */
};

/* mode: auto, directory, memfd or none (original itself). name is for people: gdb and perf show it. */
int stage_source(const struct file *source, const char *original, const char *name, const char *mode,
		 struct staged *staged, struct why *why);

/* The copy is mapped, or never will be: gives up the descriptor. */
void close_staged(struct staged *staged);

/* Removes the file, if it is ours. Any thread. */
void unstage(const struct staged *staged);

/* Removes this process's directory, if nothing is staged there any more. */
void close_stage(void);

/* In a forked child: the directory is the parent's. */
void forget_stage(void);

#endif
