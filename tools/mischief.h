/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What happens to a process besides calls and swaps, each at a rate of its own: children that call kernels, signals whose
 * handler does and that interrupt every wait, backends that must be refused, configurations that change or are invalid.
 * One thread does all of it. For the soak; one at a time.
 */
#ifndef TOOLS_MISCHIEF_H
#define TOOLS_MISCHIEF_H

#include <glob.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tools/cases/cases.h"

/* Each so many times a second; 0: never. */
struct mischief_plan {
	uint64_t forks, signals, faults, reloads;
	uint64_t seed;
	char plugin[PATH_MAX]; /* a good one, from which bad ones are made; "" if there is none */
	const char *crashing;  /* a folder of those that only a proof can refuse; NULL for none */
	const char *metrics;   /* [metrics] http of every configuration; NULL for off */
	atomic_bool *found;    /* set at a finding */
};

struct mischief_result {
	uint64_t forks, signals, refused, reloads; /* done, and ended as they should */
	uint64_t disproven;                        /* of the refused: by their proofs */
	uint64_t wrong, failed;
	char problem[512]; /* the first; "" */
};

struct mischief;

/* Finds *.so in a folder, as absolute paths. False: there is none. */
bool find_plugins(const char *folder, glob_t *found);

/*
 * Makes a private folder with a configuration file, and has $TENON_CONFIG name it unless it is set: before tenon_open().
 * State is kept in that folder, too, so that no quarantine or verdict of the machine is touched. NULL with errno.
 */
struct mischief *prepare_mischief(const struct mischief_plan *plan, const struct case_set *learned);

/* The control socket that the configuration names; "" if the configuration is somebody else's. */
const char *mischief_socket(const struct mischief *mischief);

/* Between tenon_open() and tenon_close(). 0 or an errno. */
int start_mischief(struct mischief *mischief);
void stop_mischief(struct mischief *mischief);

/* Meanwhile: how many of each kind that has a rate are done, at least. */
uint64_t count_mischief(const struct mischief *mischief);

/* Removes the folder, and the configuration's name. *result is what was done; a NULL was never made. */
void end_mischief(struct mischief *mischief, struct mischief_result *result);

#endif
