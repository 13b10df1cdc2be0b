/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon soak: does anything ever go wrong while backends are swapped under load? tools/soak.c runs it; this reports.
 */
#include <inttypes.h>
#include <tenon/tenon.h>
#include <unistd.h>

#include "tools/client.h"
#include "tools/soak.h"

const char help_soak[] =
	"Usage: tenon soak [--seconds N] [--threads T] [--swaps-per-second R] [--swaps N] [--cold] [--seed S]\n\n"
	"Threads that come and go call all kernels, alone and in batches, and compare every result with scalar's bits, while\n"
	"this process swaps through its usable backends and rolls back at random. Then it closes the runtime and looks for\n"
	"what was left behind. Anything wrong, failed, mixed, leaked or not unloaded is a finding.\n\n"
	"  --seconds N            run at most N seconds (default 10)\n"
	"  --threads T            so many at a time (default 8)\n"
	"  --swaps-per-second R   (default 1000; 0: as fast as it goes)\n"
	"  --swaps N              stop after N swaps; to end before that is a timeout\n"
	"  --cold                 each swap loads its backend anew and the replaced one is unloaded\n"
	"  --seed S               of all that is random (default 1)\n\n"
	"Example: tenon soak --seconds 60 --threads 64 --json\n\n"
	"Exit codes: 0 nothing found; 1 something found; 2 usage or configuration; 3 cannot run; 4 --swaps not reached in time\n";

static bool is_clean(const struct soak_result *result)
{
	return result->wrong + result->failed + result->mixed + result->leaked_mappings + result->leaked_fds +
	       result->not_unloaded == 0;
}

static void print_result(FILE *out, const struct soak_plan *plan, const struct soak_result *result)
{
	fprintf(out, "%.1f s, %" PRIu64 " %s swaps, %" PRIu64 " rollbacks, %" PRIu64 " threads, %" PRIu64 " calls\n",
		result->seconds, result->swaps, plan->cold ? "cold" : "warm", result->rollbacks, result->threads_created,
		result->calls);
	for (unsigned i = 0; i < result->backends; i++)
		fprintf(out, "  %-12s %" PRIu64 " swaps to it, %" PRIu64 " batches served\n", result->backend[i].name,
			result->backend[i].swaps, result->backend[i].batches);
	fprintf(out, "  %" PRIu64 " swaps overtaken by a rollback, %" PRIu64 " put off until readers were gone\n",
		result->overtaken, result->try_agains);
	fprintf(out, "wrong %" PRIu64 ", failed %" PRIu64 ", mixed %" PRIu64 ", leaked mappings %" PRIu64
		", leaked descriptors %" PRIu64 ", not unloaded %" PRIu64 "\n", result->wrong, result->failed, result->mixed,
		result->leaked_mappings, result->leaked_fds, result->not_unloaded);
	if (result->problem[0])
		fprintf(out, "first finding: %s\n", result->problem);
}

#ifdef HAVE_JANSSON
static json_t *count(uint64_t number)
{
	return json_integer((json_int_t)number);
}

static json_t *backends_as_json(const struct soak_result *result)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < result->backends; i++)
		json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "name", result->backend[i].name, "swaps",
						      count(result->backend[i].swaps), "batches",
						      count(result->backend[i].batches)));
	return list;
}

static json_t *result_as_json(const struct soak_plan *plan, const struct soak_result *result)
{
	char seed[24];
	snprintf(seed, sizeof seed, "%" PRIu64, plan->seed);
	json_t *object = json_pack("{s:o, s:s, s:o, s:b, s:o, s:o, s:o}", "seconds", json_figure(result->seconds), "seed", seed,
				   "threads", count(plan->threads), "cold", plan->cold, "overtaken", count(result->overtaken),
				   "try_agains", count(result->try_agains), "backends", backends_as_json(result));
	const struct {
		const char *key;
		uint64_t value;
	} counts[] = {
		{"calls", result->calls}, {"swaps", result->swaps}, {"rollbacks", result->rollbacks},
		{"threads_created", result->threads_created}, {"wrong", result->wrong}, {"failed", result->failed},
		{"mixed", result->mixed}, {"leaked_mappings", result->leaked_mappings}, {"leaked_fds", result->leaked_fds},
		{"not_unloaded", result->not_unloaded},
	};
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		json_object_set_new(object, counts[i].key, count(counts[i].value));
	json_object_set_new(object, "problem", result->problem[0] ? json_text(result->problem) : json_null());
	return object;
}
#endif

static int report(struct tool *tool, const struct soak_plan *plan, const struct soak_result *result)
{
	int code = !is_clean(result) ? EXIT_DIFFERS : result->swaps < plan->swaps ? EXIT_NO_PROCESS : EXIT_DONE;
#ifdef HAVE_JANSSON
	if (tool->json) {
		int problem = emit_json(tool, result_as_json(plan, result));
		return problem ? problem : code;
	}
#endif
	print_result(tool->out, plan, result);
	if (code == EXIT_NO_PROCESS)
		fprintf(tool->out, "the time was over before %" PRIu64 " swaps: give more --seconds\n", plan->swaps);
	return code;
}

int run_soak(struct tool *tool, int argc, char **argv)
{
	struct soak_plan plan = {.seconds = 10, .threads = 8, .swaps_per_second = 1000, .seed = 1};
	const struct tool_option options[] = {
		{"--seconds", OPTION_NUMBER, &plan.seconds, 1, 1000000},
		{"--threads", OPTION_NUMBER, &plan.threads, 1, 1024},
		{"--swaps-per-second", OPTION_NUMBER, &plan.swaps_per_second, 0, 1000000},
		{"--swaps", OPTION_NUMBER, &plan.swaps, 0, UINT64_MAX},
		{"--cold", OPTION_FLAG, &plan.cold, 0, 0},
		{"--seed", OPTION_NUMBER, &plan.seed, 0, UINT64_MAX},
		{NULL, OPTION_FLAG, NULL, 0, 0},
	};
	int code = parse_options(tool, options, &argc, argv, 0, 0);
	if (code)
		return code;
	plan.progress = isatty(STDERR_FILENO) && !tool->json;
	struct soak_result result;
	int status = soak_runtime(&plan, &result);
	if (status)
		return fail(tool, exit_of_status(status), "%s", result.problem);
	return report(tool, &plan, &result);
}
