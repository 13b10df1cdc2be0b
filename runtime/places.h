/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a change can change what a configuration says: the entries of directories that its paths go through, symbolic
 * links followed one by one. Looks at names only, never into files. No state, no threads: watch.c does the watching.
 */
#ifndef RUNTIME_PLACES_H
#define RUNTIME_PLACES_H

#include "runtime/config.h"

struct place {
	char *path;              /* of a directory, or of a file itself */
	char name[NAME_MAX + 1]; /* the entry of the directory that counts; "" for every file that is a layer */
	bool is_file;            /* what happens to the file itself counts: it may be written by another path */
	bool is_vital;           /* not merely a directory on the way */
	int watch;               /* the watcher's */
};

struct places {
	struct place *list;
	size_t count, room;
};

/* Fills *places, which free_places() empties. False: memory is short, or a path is too long to follow. */
bool find_places(const struct config *config, struct places *places);
void free_places(struct places *places);

/* The files as they are now. */
void look_at_layers(const struct config *config, struct look *look);

#endif
