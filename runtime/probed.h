/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The inside of a probe, for probe.c, which makes and reads it, and trampoline.c, which is what a call goes through.
 *
 * RCU rule: slots[i] and its probe are valid for a call that came by a table of that probe; they are freed a grace period
 * after that table, when nobody else refers to the probe either.
 */
#ifndef RUNTIME_PROBED_H
#define RUNTIME_PROBED_H

#include "build.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/burst.h"
#include "runtime/guard.h"
#include "runtime/probe.h"
#include "runtime/regions.h"
#include "runtime/table.h"
#include "runtime/ticks.h"

/* What a call needs, found without a load: a kernel's function gets no table. Others may read it, all of it is atomic. */
struct slot {
	_Atomic(tenon_kernel_fn *) route[KERNEL_COUNT]
					[2]; /* by enum probe_side; the candidate's becomes plain's when it trips */
	struct probe *probe;
};
extern struct slot slots[PROBE_SLOTS];

/* A trampoline of each kernel and slot, and the candidate's side of it where there is a guard. */
struct trampoline {
	tenon_kernel_fn *entry, *guarded;
};
extern const struct trampoline trampolines[KERNEL_COUNT][PROBE_SLOTS];

/* What becomes of one kernel's calls. All counters are relaxed: they are read for information. */
struct watch {
	struct probe *probe;
	unsigned kernel;
	tenon_kernel_fn *candidate, *fallback; /* fallback: where calls go once it tripped */
	struct code code;                      /* of the candidate; nowhere: calls are not guarded */
	bool is_bounded, in_place;
	struct total *total[2]; /* where what was counted goes, by enum probe_side; NULL: nowhere */
	atomic_bool tripped;
	_Atomic uint64_t shadow_checks, divergences, shadow_skipped, faults, caller_faults, unguarded;
	_Atomic uint64_t ticks[2][LATENCY_BUCKETS];
};

/* What tripped first. Written by whoever changed the state from NONE, read when it is KNOWN. */
enum cause_state { CAUSE_NONE, CAUSE_WRITING, CAUSE_KNOWN };
struct cause {
	int kernel;
	int signal; /* of a fault; 0: a divergence */
	uintptr_t address;
	int got_status, want_status;
	const char *region; /* what differs; NULL: the status alone */
	size_t index;
	enum region_kind kind;
	uint64_t got, want;
	int cpu;
};

struct probe {
	_Atomic size_t references;
	unsigned slot;
	bool guard, timing;
	bool counted;                  /* its calls are */
	_Atomic unsigned share;        /* percent */
	_Atomic uint32_t shadow;       /* one of so many calls; 0: none */
	struct table plain, candidate; /* compositions, both without probe */
	_Atomic int cause_state;
	struct cause cause;
	struct moment born;
	struct watch watch[KERNEL_COUNT];
};

/*
 * A call of the candidate that is not just a call: guarded if there is a guard, compared with scalar if shadow says so. Where
 * it went wrong the caller has scalar's answer, and the kernel has tripped. *ticks, if not NULL: the candidate's own.
 */
int call_candidate(struct probe *probe, unsigned kernel, const void *args, void *scratch, bool shadow, uint64_t *ticks);

/* The same, guarded and nothing else: what the candidate's side of a guarded kernel is. */
struct errand;
int run_guarded(struct watch *watch, const void *args, void *scratch, struct errand *errand);

/* A fault was answered; async-signal-safe. */
void count_fault(int signal);

/* For count.c: no probe comes or goes meanwhile; what those that there are have counted, into total->now. */
void lock_probes(void);
void unlock_probes(void);
void add_probes(void);

/* Does the kernel read what it writes, so that half a call cannot be done again without a copy? */
bool kernel_works_in_place(int kernel);

/* The kernel's calls go to the fallback from now on, and who waits for events is woken. Async-signal-safe. */
void trip_kernel(struct probe *probe, int kernel);

#endif
