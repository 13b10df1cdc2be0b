/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The policy of a rollout: which step comes when, and what ends it. Looks at a probe's counts and at a clock that the
 * caller gives; decides, and does nothing. No threads, no lock: rollout.c owns the one that there is.
 */
#ifndef RUNTIME_PROBATION_H
#define RUNTIME_PROBATION_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/config.h"
#include "runtime/probe.h"
#include "runtime/publish.h"
#include "runtime/why.h"

#define ROLLOUT_SHADOW 1024 /* of so many calls one is compared where nobody said another number */

struct rollout_plan {
	struct rollout_steps steps; /* none: publish at once */
	uint64_t hold_ms;
	uint32_t shadow; /* 0: none */
	bool guard;
	unsigned max_p99_increase; /* percent */
};

/* What [rollout] says. */
void plan_rollout(const struct config *config, struct rollout_plan *plan);

/* Latencies of a kernel from some moment on, and how often in a row they were too long. */
struct window {
	struct latencies begun[2]; /* as they were then, by enum probe_side */
	unsigned strikes;
};

struct probation {
	struct rollout_plan plan;
	unsigned step;
	uint64_t step_began; /* milliseconds of the caller's clock, which stands still while paused */
	uint64_t window_began;
	uint64_t calls_before; /* of the candidate, when the step began */
	unsigned idle_steps;   /* bits: those that ended without a call */
	struct window window[KERNEL_COUNT];
};

void start_probation(struct probation *probation, const struct rollout_plan *plan, uint64_t now_ms);
unsigned probation_percent(const struct probation *probation);

/*
 * What is to be done now. WAIT: nothing; why untouched. STEP: the step has changed. PROMOTE: all have held.
 * ROLL_BACK: a kernel diverged, faulted, or is too slow; *kernel is its index. why has the reason in words.
 *
 * A step without one call of the candidate is held twice as long, and then counted as held, which the reason says: an
 * idle process must neither hang in a rollout for ever nor seem to have tried what it has not.
 */
enum probation_move { PROBATION_WAIT, PROBATION_STEP, PROBATION_PROMOTE, PROBATION_ROLL_BACK };
enum probation_move judge_probation(struct probation *probation, const struct probe *probe, uint64_t now_ms,
				    int *kernel, struct why *why);

/* Why a probe whose judgement was ROLL_BACK is taken back. */
enum rollback_cause find_cause(const struct probe *probe);

/* The same for the first half alone, which holds also while a rollout is paused: divergences and faults. */
enum probation_move judge_probe(const struct probe *probe, int *kernel, struct why *why);

#endif
