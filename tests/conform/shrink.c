/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Shrinking, as steps that the caller tries; sweep.h says how. Pure.
 */
#include "tests/conform/sweep.h"

#include <stdlib.h>

/* Long lengths are not all tried: beyond this, one in 64. */
enum { TRIES_MAX = 30000, EXHAUSTIVE = 1024 };

void start_shrink(const struct spec *spec, const struct point *from, struct shrink *shrink)
{
	(void)spec;
	*shrink = (struct shrink){.best = *from, .axis = AXIS_OWN};
}

/* Its own axes in order, then the offset; the data stays. */
static void go_to_next_axis(const struct spec *spec, struct shrink *shrink)
{
	shrink->distance = 0;
	if (shrink->axis == AXIS_OFFSET) {
		shrink->is_done = !shrink->is_changed;
		shrink->is_changed = false;
		shrink->axis = AXIS_OWN;
	} else if (!spec->axes[++shrink->axis].name) {
		shrink->axis = AXIS_OFFSET;
	}
}

/* How far the axis is from its rest. */
static int64_t measure_axis(const struct spec *spec, const struct shrink *shrink)
{
	return llabs(shrink->best.at[shrink->axis] - get_rest(&spec->axes[shrink->axis]));
}

bool next_candidate(const struct spec *spec, struct shrink *shrink, struct point *candidate)
{
	while (!shrink->is_done && shrink->distance >= measure_axis(spec, shrink))
		go_to_next_axis(spec, shrink);
	if (shrink->is_done || shrink->tries++ >= TRIES_MAX)
		return false;
	int64_t rest = get_rest(&spec->axes[shrink->axis]), from = shrink->best.at[shrink->axis];
	*candidate = shrink->best;
	candidate->at[shrink->axis] = from > rest ? rest + shrink->distance : rest - shrink->distance;
	shrink->distance += shrink->distance < EXHAUSTIVE ? 1 : shrink->distance / 64;
	return true;
}

void accept_candidate(struct shrink *shrink, const struct point *candidate)
{
	shrink->best = *candidate;
	shrink->is_changed = true;
}
