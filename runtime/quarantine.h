/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What this process knows of quarantine, and the pin that outlives it: both kept in the state directory where there
 * is one, quarantine in memory as well. Any thread; a lock of its own, held during reads and writes of small files,
 * under which nothing else is locked. Never logs: callers may hold the runtime's lock.
 */
#ifndef RUNTIME_QUARANTINE_H
#define RUNTIME_QUARANTINE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/config.h"
#include "runtime/record.h"
#include "runtime/why.h"

/*
 * Takes the state directory of a configuration; at tenon_open() and whenever it changes. A failure means that state is
 * kept in memory alone, and why says for what reason; what was known stays known.
 */
int configure_state(const struct config *config, struct why *why);

/* Where state is kept: a path, or "" and the reason. */
void report_state(char *path, size_t path_size, char *reason, size_t reason_size);

/*
 * Must the backend of this build-id not serve the kernel (an index)? Looks at the state directory again, so that what
 * other processes found counts. Called where a table is composed.
 */
bool is_quarantined(const char *build_id, int kernel);

/*
 * Keeps a backend from serving a kernel (a name, or "all"). In memory always; a failure means that it is there alone,
 * and other processes and the next start do not know.
 */
int add_quarantine(const char *build_id, const char *backend, const char *kernel, const char *reason, struct why *why);

/* Ends it, for a backend by name or build-id and a kernel, "" for all; *count records went. */
int clear_quarantine(const char *backend, const char *kernel, unsigned *count, struct why *why);

/*
 * Calls visit for each record; saved: it is in the state directory. *why names a file or a line that cannot be read,
 * else its text is "".
 */
void visit_quarantine(void (*visit)(const struct quarantined *record, bool saved, void *user), void *user,
		      struct why *why);

/* ---- The pin of this program, under this label ------------------------------------------------------------------ */

/* pin->backend is "" without one. *why names a line that cannot be read, with status 0. */
int find_saved_pin(const char *label, struct pin *pin, struct why *why);

/* TENON_ESYSTEM, or find_state_dir()'s: it cannot be saved. */
int save_pin(const char *label, const char *backend, struct why *why);

/* Nothing to do where there is none. */
int forget_pin(const char *label, struct why *why);

/* In a forked child: the lock as new. */
void restart_state(void);

#endif
