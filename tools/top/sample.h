/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What tenon top knows of one process at one moment, and what two moments tell: calls a second, latencies between them.
 * Pure functions over answers of the control protocol; no state, no threads, nothing of screens.
 */
#ifndef TOOLS_TOP_SAMPLE_H
#define TOOLS_TOP_SAMPLE_H

#include "runtime/event.h"
#include "runtime/rollout.h"
#include "tools/client.h"

#define SAMPLE_EVENTS 12
#define SAMPLE_BUCKETS 64

struct sample_event {
	char moment[EVENT_TIME_SIZE], level[8], text[sizeof((struct event *)NULL)->text];
};

struct sample {
	struct process process;
	char error[512];  /* "" if it answered; then all below counts */
	int64_t taken_ms; /* its metrics, on the monotonic clock; 0: they are not known */
	char program[NAME_MAX + 1], label[64], backend[64], degraded_reason[256];
	bool degraded, pinned;
	uint64_t generation, swaps, rollbacks, quarantined, grace_age_ms, grace_blocker;
	char rollout[16], rollout_backend[sizeof((struct rollout_status *)NULL)->backend];
	char rollout_reason[sizeof((struct rollout_status *)NULL)->reason];
	uint64_t rollout_percent, rollout_step, rollout_steps, rollout_held_ms, rollout_hold_ms;
	uint64_t arena_size, arena_high_water, arena_overflows, threads;
	bool is_counted; /* calls are, in this process */
	double calls, calls_per_second;
	double bound[SAMPLE_BUCKETS],
		samples[SAMPLE_BUCKETS]; /* of all kernels: seconds, and so many calls took no longer */
	size_t buckets;
	double p50, p99; /* seconds; below 0 for unknown */
	bool has_rate;
	struct sample_event event[SAMPLE_EVENTS]; /* oldest first */
	size_t events;
};

/* From the answer to `status`. */
void take_status(struct sample *sample, const struct answer *answer);

/* From the answer to `history`: the last ones. */
void take_events(struct sample *sample, const struct answer *answer);

/* From the answer to `metrics`; what it does not understand it passes over. */
void take_metrics(struct sample *sample, const struct answer *answer);

/* Fills rate and latencies from an earlier sample of the same process; NULL, or another process's: unknown. */
void compare_samples(struct sample *now, const struct sample *before);

#endif
