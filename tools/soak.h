/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The soak: threads that come and go call every kernel and compare every bit, while a driver swaps and workers roll back.
 * One soak a process at a time, because there is one runtime.
 */
#ifndef TOOLS_SOAK_H
#define TOOLS_SOAK_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/canary.h"
#include "tools/mischief.h"
#include "tools/remains.h"

#define SOAK_BACKENDS_MAX 16

struct soak_plan {
	uint64_t seconds; /* the longest time */
	uint64_t threads;
	uint64_t swaps_per_second; /* 0: as fast as it goes */
	uint64_t swaps;            /* stop after so many; 0: when the time is over */
	uint64_t each;             /* stop after so many of everything that is done; 0: no such end */
	uint64_t forks_per_second, signals_per_second, faults_per_second, reloads_per_second;
	uint64_t canaries_per_second;
	const char *crashing;  /* folders of backends that a proof must refuse, */
	const char *turncoats; /* and that probation must catch; NULL for none */
	const char *metrics;   /* where to serve metrics, as [metrics] http; NULL for nowhere */
	uint64_t linger;       /* seconds to stay after the last call, for who reads them */
	uint64_t seed;
	bool cold;
	bool progress; /* a line a second on stderr */
};

struct soak_backend {
	char name[32];
	uint64_t swaps;   /* to it */
	uint64_t batches; /* that it served */
};

struct soak_result {
	double seconds;
	uint64_t calls, swaps, rollbacks, threads_created;
	uint64_t wrong, failed, mixed;
	uint64_t overtaken;  /* swaps that a rollback won against */
	uint64_t try_agains; /* swaps put off because too many images waited for readers */
	struct remains left;
	struct mischief_result mischief; /* whose findings are among those above, */
	struct canary_result canary;     /* as are these */
	bool complete;                   /* what plan->swaps and plan->each ask for was reached in time */
	struct soak_backend backend[SOAK_BACKENDS_MAX];
	unsigned backends;
	char problem[512]; /* the first thing that went wrong, in words; "" */
};

/* Runs plan. 0, or a negative status with result->problem if it could not be run at all. */
int soak_runtime(const struct soak_plan *plan, struct soak_result *result);

#endif
