/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finding and choosing: which backend files there are, in which directory order, and which one `auto` takes. Reads
 * files; runs nothing of them; knows nothing of threads.
 */
#ifndef RUNTIME_FIND_H
#define RUNTIME_FIND_H

#include <limits.h>

#include "runtime/config.h"
#include "runtime/cpu.h"
#include "runtime/vet.h"

struct candidate {
	char name[BACKEND_NAME_SIZE];
	char path[PATH_MAX];     /* "" for the linked-in scalar */
	struct vetted vetted;
	int status;              /* 0 usable, else the status of its refusal */
	int rank;                /* ISA rank among usable ones; higher is preferred by auto */
	struct why why;          /* why refused */
};

/* Every backend found, scalar first, then in search order; a name found twice keeps its first file. free() the list. */
int find_backends(const struct config *config, const struct cpu *cpu, struct candidate **list, size_t *count,
		  struct why *why);

/*
 * The one that name means: a name, a path (anything with a slash), or "auto" (the best usable shipped or allowed one).
 * TENON_ENOENT lists the valid names; a refusal is its candidate's.
 */
int resolve_backend(const struct config *config, const struct cpu *cpu, const char *name, struct candidate *out,
		    struct why *why);

#endif
