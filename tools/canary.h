/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rollouts of the process's own runtime, ordered through its control socket as an operator does: some are left alone, some
 * overtaken, some ended by hand, and some are of backends that betray a call and must be taken back. One thread does all
 * of it. For the soak; one at a time.
 */
#ifndef TOOLS_CANARY_H
#define TOOLS_CANARY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct canary_plan {
	uint64_t rate; /* so many rollouts a second */
	uint64_t seed;
	const char *socket;         /* the process's own */
	const char *turncoats;      /* a folder of tests/plugins/turncoat.c, built; NULL for none */
	const char *const *backend; /* good ones, at least one */
	unsigned backends;
	void (*keep_calm)(void *user,
			  bool calm); /* no swap of the soak's begins from its return until it is called again */
	void *user;
	atomic_bool *found; /* set at a finding */
};

struct canary_result {
	uint64_t canaries; /* begun; each was promoted, rolled back for what it did, or overtaken by other orders */
	uint64_t promoted, rolled_back, overtaken;
	uint64_t faults, divergences; /* caught */
	uint64_t wrong, failed;
	char problem[512]; /* the first; "" */
};

struct canaries;

/* Learns the answer of the call that is betrayed: before tenon_open(). NULL with errno. */
struct canaries *prepare_canaries(const struct canary_plan *plan);

/* Between tenon_open() and tenon_close(). 0 or an errno. */
int start_canaries(struct canaries *canaries);
void stop_canaries(struct canaries *canaries);

/* Meanwhile: how many were promoted, or taken back if that is fewer; UINT64_MAX where neither can be expected. */
uint64_t count_canary_ends(const struct canaries *canaries);

/* *result is what was done; a NULL was never made. */
void end_canaries(struct canaries *canaries, struct canary_result *result);

#endif
