/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A crowd: threads that recall one query after the other, compare every bit of every answer with the one that scalar
 * gave, and count. The main thread says which phase it is and reads the counts while the crowd works.
 */
#ifndef TOOLS_DEMO_CROWD_H
#define TOOLS_DEMO_CROWD_H

#include <pthread.h>
#include <stdatomic.h>

#include "tools/demo/memory.h"

enum { PHASES = 16, LATENCIES = 256, CROWD_MOST = 64 };

/* What happened while one phase lasted; a pass that began in another phase counts in totals alone. */
struct phase_counts {
	_Atomic uint64_t queries;
	_Atomic uint64_t latency[LATENCIES]; /* passes, by bucket_of() their duration */
};

struct crowd {
	const struct memory *memory;
	const uint32_t *queries;       /* [query_count] rows of vectors; a multiple of TOGETHER */
	const struct answer *expected; /* [query_count] by scalar */
	size_t query_count;
	_Atomic unsigned phase;
	_Atomic bool leave;
	_Atomic uint64_t answered, changed, failed;
	_Atomic int status; /* of the last kernel call that failed */
	struct phase_counts phases[PHASES];
	unsigned count;
	struct member {
		struct crowd *crowd;
		struct mind mind;
		pthread_t thread;
		size_t next;
	} members[CROWD_MOST];
};

/* Computes what to expect: each query's answer from the backend that serves now. Returns 0 or a status. */
int ask_all(const struct memory *memory, const uint32_t *queries, size_t count, struct answer *answers);

/* Starts the threads on a crowd whose first four members are set. Returns 0, or -1 with the reason in why. */
int gather_crowd(struct crowd *crowd, unsigned threads, char *why, size_t size);

/* Ends and joins the threads. */
void dismiss_crowd(struct crowd *crowd);

/* A quantile (0 to 1) of the latencies of a phase, in seconds; 0 if there is none. Within 10 %. */
double latency_quantile(const struct phase_counts *phase, double quantile);

/* The bucket of a duration, and the middle of a bucket, in seconds. */
unsigned bucket_of(double seconds);
double middle_of_bucket(unsigned bucket);

double now_seconds(void);

#endif
