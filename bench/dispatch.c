/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: what a call costs beyond a plain function pointer (section, dereference, call, end of section; validation
 * apart), and what it costs to publish a table and to roll back.
 */
#include <math.h>
#include <tenon/tenon.h>

#include "bench/inside.h"
#include "bench/run.h"

/* The whole entry point of the library, validation and kernel included, on the smallest call. */
static void run_entry(void *context, size_t times)
{
	for (size_t i = 0; i < times; i++)
		tenon_vector_similarity(context);
}

/* A difference of medians: neither run is slower than it needs to be for long. */
static void record_difference(const char *shape, const char *dear, const char *cheap, const char *what)
{
	const struct result *less = find_result("dispatch", shape, cheap), *more = find_result("dispatch", shape, dear);
	if (less && more)
		record_time("dispatch", shape, what, more->timing.median - less->timing.median,
			    more->timing.deviation + less->timing.deviation);
}

bool bench_dispatch(void)
{
	const struct inside *inside = open_inside();
	float one = 1, score;
	struct tenon_vector_similarity_args args = {&one, &one, 1, 1, 1, &score};
	if (!inside || !inside->make_counted())
		return true;
	const struct contender calls[] = {{"plain pointer", inside->run_plain, NULL},
					  {"dispatch", inside->run_dispatch, NULL},
					  {"counted", inside->run_counted, NULL},
					  {"entry point, one float", run_entry, &args}};
	const struct contender changes[] = {{"publish", inside->run_publish, NULL},
					    {"rollback", inside->run_rollback, NULL}};
	const struct race nothing = {.kernel = "dispatch", .shape = "a call of nothing", .own = calls, .own_count = 4};
	const struct race change = {
		.kernel = "dispatch", .shape = "a change of tables", .own = changes, .own_count = 2};
	run_race(&nothing);
	record_difference(nothing.shape, "dispatch", "plain pointer", "over a plain pointer");
	record_difference(nothing.shape, "counted", "dispatch", "counted, over dispatch");
	run_race(&change);
	return true;
}
