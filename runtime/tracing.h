/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a trace tells its reader: how far each thread's ring was read, and the lines of an answer. For trace.c alone, under
 * its lock.
 */
#ifndef RUNTIME_TRACING_H
#define RUNTIME_TRACING_H

#include <stdint.h>

#include "runtime/logfmt.h"

/* Threads beyond these are counted, not told one by one. */
enum { TRACED_THREADS_MAX = 512 };

struct tracing {
	uint64_t tail[TRACED_THREADS_MAX]; /* by place in the list of records, from the oldest */
	uint64_t dropped;                  /* events that were overwritten before they were read */
};

/* From now on: what is in the rings is of an earlier trace. */
void start_progress(struct tracing *progress);

/*
 * The moment, what serves, the rollout, names of backends; for each thread what it has called, its arena, and its timed calls
 * since the last time. What there is no room for comes the next time.
 */
void write_progress(struct tracing *progress, struct text *answer);

#endif
