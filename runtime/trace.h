/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A trace: for its time calls are counted and sampled (count.h), and each sampled call leaves an event in its thread's
 * ring. `tenon trace` reads it bit by bit over the control socket, so nothing grows in here. A thread of ours,
 * tenon-trace, all signals blocked, puts the tables back when the time is over, or when nobody has read for a while.
 *
 * Locks: this file's before the runtime's. None of these from a kernel call but note_call().
 */
#ifndef RUNTIME_TRACE_H
#define RUNTIME_TRACE_H

#include "build.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/logfmt.h"
#include "runtime/thread.h"
#include "runtime/why.h"

/* A tracer that says nothing for so long is dead. */
#define TRACE_SILENCE_MS 3000

/* Relaxed: a call more or less at either end is none. */
extern atomic_bool is_traced;

/* A call that was timed, at the end of it, by its thread. Async-signal-safe. */
static inline void note_call(struct thread *thread, unsigned kernel, unsigned backend, uint64_t start, uint64_t ticks)
{
	if (unlikely(atomic_load_explicit(&is_traced, memory_order_relaxed)))
		write_ring(&thread->ring, kernel, backend, start, ticks);
}

/*
 * Begins one for so many milliseconds; *id names it. TENON_EBUSY: somebody traces already; TENON_EAGAIN: a rollout is under
 * way whose calls are not counted, and its table may not be replaced; the failures of a swap.
 */
int start_trace(uint64_t milliseconds, uint64_t *id, struct why *why);

/* What happened since the last time, as far as there is room: lines for an answer. TENON_ENOENT: that one is over. */
int read_trace(uint64_t id, struct text *answer, struct why *why);

/* Ends one; what was not read is lost. Waits for the tables to be as before, but no longer than a second. */
int stop_trace(uint64_t id, struct why *why);

/* tenon_close(): ends whatever trace there is, and its thread; not with the runtime's lock held. */
void end_traces(void);

/* In a forked child: there is no trace, and no thread. */
void restart_traces(void);

#endif
