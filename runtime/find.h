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
	char path[PATH_MAX]; /* "" for the linked-in scalar */
	struct vetted vetted;
	int status;          /* 0 usable, else the status of its refusal */
	int rank;            /* ISA rank among usable ones; higher is preferred by auto */
	struct why why;      /* why refused */
	struct why distrust; /* why loading would refuse it for its owner or mode, status and all; else 0 */
};

/*
 * Only loading refuses a file for whom it belongs to: to look at one, or to verify it, is no risk. So those who list
 * and judge get that as `distrust`, and resolve_backend(), which is for loading, as a refusal.
 */

/*
 * Every backend found, scalar first, then in search order; a name found twice keeps its first file. free() the list.
 * A directory that cannot be read is passed over; *why then names it, with status 0.
 */
int find_backends(const struct config *config, const struct cpu *cpu, struct candidate **list, size_t *count,
		  struct why *why);

/*
 * The one that name means: a name, a path (anything with a slash), or "auto" (the best usable shipped or allowed one).
 * In a directory NAME.so must say NAME in its note; a path may lead to any file. TENON_ENOENT lists the valid names and
 * where they were looked for; a refusal is its candidate's. After "auto", *why names a backend that was passed over
 * because it was refused (not for want of a CPU feature), with status 0; its text is empty if there is none.
 */
int resolve_backend(const struct config *config, const struct cpu *cpu, const char *name, struct candidate *out,
		    struct why *why);

/* Judges one file as a backend, whatever it is called; out->status is also the result. */
int examine_backend(const struct config *config, const struct cpu *cpu, const char *path, struct candidate *out);

/* The same for a file that must be called name (NULL for any); the observer sees every rule, vetting's included. */
int examine_every_rule(const struct config *config, const struct cpu *cpu, const char *path, const char *name,
		       vet_observer *observer, void *user, struct candidate *out);

/* Whether it is a file that we ship, where it is installed. */
bool is_shipped(const struct candidate *candidate);

/* Whether auto may choose the name: it is shipped with Tenon or stands in config->allow. */
bool auto_may_choose(const struct config *config, const char *name);

/* The index-th directory that is searched; false beyond the last. */
bool backend_directory(const struct config *config, size_t index, char directory[PATH_MAX]);

#endif
