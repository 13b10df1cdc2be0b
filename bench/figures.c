/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the results say of each row of figures.def. No state of its own.
 */
#include <math.h>
#include <string.h>

#include "bench/run.h"

const struct goal goals[] = {
#define FIGURE(kernel, shape, backend, against, bound, note) {kernel, shape, backend, against, bound, note},
#include "bench/figures.def"
#undef FIGURE
};
const size_t goal_count = sizeof goals / sizeof goals[0];

bool is_at_most(const struct goal *goal)
{
	return strcmp(goal->against, "ns") == 0;
}

/* Whether any contender has run in this race. */
static bool was_run(const struct goal *goal)
{
	size_t count;
	const struct result *list = list_results(&count);
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].kernel, goal->kernel) == 0 && strcmp(list[i].shape, goal->shape) == 0)
			return true;
	return false;
}

static bool is_backend(const char *name)
{
	static const char *const names[] = {"scalar", "avx2", "avx512", "neon"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* A library may be there for several ISAs or with several functions: what counts is its best. */
static const struct rival *find_other(const struct result *result, const char *name)
{
	if (strcmp(name, "limit") == 0)
		return find_rival(result, NULL, ROLE_LIMIT);
	if (strcmp(name, "loop") == 0)
		return find_rival(result, NULL, ROLE_LOOP);
	const struct rival *exact = find_rival(result, name, ROLE_PEER), *best = NULL;
	for (size_t i = 0; i < result->rival_count && !exact; i++) {
		const struct rival *rival = &result->rivals[i];
		if (rival->role == ROLE_PEER && strncmp(rival->name, name, strlen(name)) == 0 &&
		    (!best || rival->speed.ratio < best->speed.ratio))
			best = rival;
	}
	return exact ? exact : best;
}

static enum outcome compare_with_other(const struct goal *goal, const struct result *result, double *seen,
				       struct interval *interval)
{
	const struct rival *rival = find_other(result, goal->against);
	if (!rival && (strcmp(goal->against, "limit") == 0 || strcmp(goal->against, "loop") == 0))
		return FIGURE_NOT_MEASURED;
	if (!rival)
		return is_backend(goal->against) ? FIGURE_NO_BACKEND : FIGURE_NO_PEER;
	*seen = rival->speed.ratio;
	*interval = rival->speed.interval;
	return *seen >= goal->bound ? FIGURE_REACHED : FIGURE_NOT_REACHED;
}

/* What is swapped in, or on probation, is a backend beside scalar; to see a publication elsewhere takes none. */
static bool lacks_backend(const struct goal *goal)
{
	bool swaps = strcmp(goal->kernel, "probation") == 0 ||
		     (strcmp(goal->kernel, "swap") == 0 && strcmp(goal->backend, "until seen elsewhere") != 0);
	return swaps ? is_wanted(goal->kernel, goal->shape) && backend_count == 1
		     : was_run(goal) && is_backend(goal->backend);
}

enum outcome judge_goal(const struct goal *goal, double *seen, struct interval *interval)
{
	const struct result *result = find_result(goal->kernel, goal->shape, goal->backend);
	if (!result)
		return lacks_backend(goal) ? FIGURE_NO_BACKEND : FIGURE_NOT_MEASURED;
	if (is_at_most(goal)) {
		*seen = result->timing.median;
		*interval = result->timing.interval;
		return *seen <= goal->bound ? FIGURE_REACHED : FIGURE_NOT_REACHED;
	}
	if (strcmp(goal->against, "GB/s") == 0) {
		*seen = result->gb_per_s;
		*interval = (struct interval){NAN, NAN};
		return *seen >= goal->bound ? FIGURE_REACHED : FIGURE_NOT_REACHED;
	}
	return compare_with_other(goal, result, seen, interval);
}

const char *name_outcome(enum outcome outcome)
{
	static const char *const names[] = {"reached", "NOT REACHED", "no such backend here", "no such peer here",
					    "not measured"};
	return names[outcome];
}
