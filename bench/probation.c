/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: what a call costs while its table is on probation, over the same call through a plain table: one pair of 768
 * dimensions by the best backend there is, and what is left of that once the table is promoted.
 */
#include <math.h>
#include <stdlib.h>

#include "bench/inside.h"
#include "bench/run.h"

enum { DIM = 768 };

static void record_difference(const char *shape, const char *name, const char *what)
{
	const struct result *plain = find_result("probation", shape, "plain");
	const struct result *other = find_result("probation", shape, name);
	if (plain && other)
		record_time("probation", shape, what, other->timing.median - plain->timing.median,
			    other->timing.deviation + plain->timing.deviation);
}

static void race_pairs(const struct inside *inside, tenon_kernel_fn *function)
{
	static const char *const names[TABLE_KINDS] = {"plain", "on probation", "guarded, too", "promoted"};
	float *query = make_floats(DIM, 1), *row = make_floats(DIM, 2), score;
	const struct tenon_vector_similarity_args args = {query, row, 1, DIM, DIM, &score};
	struct contender own[TABLE_KINDS];
	bool good = true;
	for (int i = 0; i < TABLE_KINDS; i++) {
		own[i] = (struct contender){names[i], inside->run_pair, NULL};
		good = inside->make_pair(function, &args, (enum inside_table)i, &own[i].context) && good;
	}
	const struct race race = {.kernel = "probation", .shape = "1 x 1 x 768", .own = own, .own_count = TABLE_KINDS};
	if (good && run_race(&race)) {
		record_difference(race.shape, "on probation", "over plain");
		record_difference(race.shape, "guarded, too", "guarded, over plain");
	}
	free(query);
	free(row);
}

bool bench_probation(void)
{
	const struct inside *inside = open_inside();
	tenon_kernel_fn *function =
		backend_count ? backends[backend_count - 1].function[KERNEL_vector_similarity] : NULL;
	if (!inside || !is_wanted("probation", "1 x 1 x 768"))
		return true;
	if (function && backend_count > 1)
		race_pairs(inside, function);
	else
		say("\nprobation 1 x 1 x 768\n  needs a backend beside scalar\n");
	return true;
}
