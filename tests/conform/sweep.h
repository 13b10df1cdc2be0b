/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The schedule: what a profile visits of a spec, first systematically, as the spec says, then biased random points. And
 * shrinking: from a point that fails, every value of one axis after the other, ascending from its rest.
 */
#ifndef CONFORM_SWEEP_H
#define CONFORM_SWEEP_H

#include "tests/conform/spec.h"

/* Returns false to stop the sweep. */
typedef bool visit_fn(void *user, const struct point *point);

struct sweep {
	const struct spec *spec;
	enum profile profile;
	uint64_t seed;
	double seconds; /* nightly: until when random points go on, from the begin */
	visit_fn *visitor;
	void *user;
	/* the schedule's own */
	int64_t number;
	bool is_stopped;
};

/* Visits every point of the profile; false if it was stopped. */
bool run_sweep(struct sweep *sweep);

/* Plain data: it survives the child that tries candidates. */
struct shrink {
	struct point best;
	int axis;
	int64_t distance; /* of the next candidate from the axis's rest */
	bool is_changed, is_done;
	unsigned tries;
};

void start_shrink(const struct spec *spec, const struct point *from, struct shrink *shrink);

/* The next candidate; false at the end. */
bool next_candidate(const struct spec *spec, struct shrink *shrink, struct point *candidate);

/* The candidate fails, too. */
void accept_candidate(struct shrink *shrink, const struct point *candidate);

#endif
