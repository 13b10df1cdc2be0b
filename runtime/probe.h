/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Probation: a table whose calls go to a candidate for a share and to what serves now, `plain`, for the rest; counted,
 * timed, compared with scalar and guarded against faults as the plan says. Policy (rollout, steady-state shadow) makes
 * the table, publishes it by hand_over() as any other, reads it and decides; it does not touch a call.
 *
 * A kernel that diverged or faulted is *tripped*: from that moment all of its calls go to plain (to scalar where plain is
 * the same code), and the caller of the bad call gets scalar's answer. Nothing here needs to be told to do that.
 *
 * Thread rule: make_probe() under the runtime's lock; the other functions from any thread that holds a reference.
 */
#ifndef RUNTIME_PROBE_H
#define RUNTIME_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/burst.h"
#include "runtime/table.h"
#include "runtime/why.h"

struct probe;

struct probe_plan {
	uint32_t shadow; /* compare one of so many calls of the candidate with scalar; 0: none */
	bool guard;      /* recover from faults of the candidate's code */
	bool timing;     /* sample how long calls take */
};

/* ---- Making ------------------------------------------------------------------------------------------------------ */

/*
 * Composes *table, to be published by hand_over(), of two compositions; what either has of a probe of its own is ignored
 * (plain_of()). The share is 0 at first. Where both are the same the table is no trial but `candidate` under watch: set
 * its share to 100. table->probe carries one reference, the caller's: release_probe() it when it will not be read any
 * more, published or not. selected and image[] of the table name plain.
 * TENON_EAGAIN: PROBE_SLOTS earlier probes still wait for calls to end. TENON_ENOMEM.
 */
int make_probe(const struct table *plain, const struct table *candidate, const struct probe_plan *plan,
	       struct table *table, struct why *why);

void keep_probe(struct probe *probe);
void release_probe(struct probe *probe);

/* The composition without probation: what serves when the table is promoted; table itself if it has no probe. */
const struct table *plain_of(const struct table *table);

/* In percent of calls, chosen for up to 64 calls of a kernel in a thread at once; takes effect as they end. */
void set_probe_share(struct probe *probe, unsigned percent);
unsigned probe_share(const struct probe *probe);

/* One of interval calls of the candidate is compared; 0: none. Likewise. */
void set_probe_shadow(struct probe *probe, uint32_t interval);

/* Sends a kernel's calls to plain from now on, as if it had diverged; no cause is kept. */
void trip_probe(struct probe *probe, int kernel);

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

/* Since make_probe(). Calls are exact for calls that have ended, but for those of a burst in which the kernel tripped. */
struct probe_counts {
	bool watched; /* false: both sides are scalar's own code, so calls do not come by here */
	bool tripped;
	uint64_t calls[2]; /* by enum probe_side */
	uint64_t shadow_checks, divergences;
	uint64_t shadow_skipped; /* BOUNDED, or more memory than a thread may copy */
	uint64_t faults;         /* of the candidate, answered by scalar */
	uint64_t caller_faults;  /* scalar faulted on the same call: the caller's pointers were bad */
	uint64_t unguarded;      /* sent to plain because what they change in place is too large to save */
};
void read_probe(const struct probe *probe, int kernel, struct probe_counts *counts);

/* The calls, checks, divergences and faults of all kernels. */
void sum_probe(const struct probe *probe, struct probe_counts *sum);

/* How long sampled calls took, in nanoseconds: a histogram of 4 buckets an octave. */
struct latencies {
	uint64_t count;
	uint64_t bucket[LATENCY_BUCKETS];
	double nanoseconds; /* of a tick, the unit of the buckets */
};
void read_latencies(const struct probe *probe, int kernel, enum probe_side side, struct latencies *latencies);

/* The time that a share of the calls (0.99) stayed below, to a quarter of an octave; 0 without a sample. */
double find_quantile(const struct latencies *latencies, double share);

/* Since the process started, of all probes. */
struct probe_totals {
	uint64_t shadow_checks[KERNEL_COUNT];
	uint64_t ill, segv, bus, fpe; /* faults by their signal */
};
void read_probe_totals(struct probe_totals *totals);

/* What tripped first, in words; the kernel, or -1 (and "") if nothing did. *signal is 0 for a divergence. */
int read_first_cause(const struct probe *probe, int *signal, char *text, size_t size);

/* ---- Waiting ----------------------------------------------------------------------------------------------------- */

/*
 * Events of all probes are counted: a kernel tripped, or somebody said raise_probe_event(), which is async-signal-safe.
 * wait_probe_event() returns when the count is no longer seen, or after that time.
 */
uint32_t count_probe_events(void);
void wait_probe_event(uint32_t seen, uint64_t milliseconds);
void raise_probe_event(void);

/* ---- A forked child ---------------------------------------------------------------------------------------------- */

/* From tenon_after_fork(): a lock may have been held at the fork. */
void restart_probes(void);

#endif
