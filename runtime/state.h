/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The state directory: small text files that outlive a process and that several processes share, one record a line. A
 * file is replaced whole, under a lock and by a rename, so that a crash leaves the old or the new one. Pure file
 * work: no threads, nothing kept in memory.
 */
#ifndef RUNTIME_STATE_H
#define RUNTIME_STATE_H

#include <limits.h>
#include <stdbool.h>

#include "runtime/config.h"
#include "runtime/file.h"
#include "runtime/why.h"

/*
 * Where state is kept: [runtime] state_dir, else $STATE_DIRECTORY (its first entry; not in a setuid process), which
 * are made if need be; else /var/lib/tenon if we may write there. Without one, path is "" and the status says why:
 * TENON_ENOENT for none, TENON_EREFUSED for one that others could change (with the remedy), TENON_ESYSTEM for one
 * that cannot be had.
 */
int find_state_dir(const struct config *config, char path[PATH_MAX], struct why *why);

/*
 * Reads DIR/name whole; file->bytes ends with a NUL and is the caller's to free. A file that is not there is empty
 * (bytes NULL). TENON_EREFUSED: others could change it; TENON_ESYSTEM, TENON_ENOMEM.
 */
int read_state(const char *dir, const char *name, struct file *file, struct why *why);

/* Is a line to be taken out? It may be cut up; user is the caller's. */
typedef bool state_line_fn(char *line, void *user);

/*
 * Takes the lines that drop chooses out of DIR/name and appends added (whole lines; NULL for nothing); *dropped says
 * how many went (NULL: never mind). All other lines stay as they are, also those that nobody understands. Waits at
 * most half a second for other processes.
 */
int update_state(const char *dir, const char *name, state_line_fn *drop, void *user, const char *added,
		 unsigned *dropped, struct why *why);

/* DIR/name becomes text, whole or not at all, also when the machine stops in the middle; TENON_ESYSTEM. */
int replace_file(const char *dir, const char *name, const char *text, size_t length, struct why *why);

/* Is DIR/name still in the state that key tells? What is not there has a key of zeros. */
bool is_state_unchanged(const char *dir, const char *name, const struct file_key *key);

#endif
