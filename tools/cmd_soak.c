/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon soak: does anything ever go wrong while backends are swapped under load? tools/soak.c runs it; this reports.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <tenon/tenon.h>
#include <unistd.h>

#include "tools/client.h"
#include "tools/soak.h"

const char help_soak[] =
	"Usage: tenon soak [--seconds N] [--threads T] [--swaps-per-second R] [--swaps N] [--cold] [--seed S]\n"
	"                  [--forks-per-second R] [--signals-per-second R] [--faults-per-second R] "
	"[--reloads-per-second R]\n"
	"                  [--canaries-per-second R] [--each N] [--crashing DIR] [--turncoats DIR]\n"
	"                  [--metrics ADDRESS:PORT] [--linger N]\n\n"
	"Threads that come and go call all kernels, alone and in batches, and compare every result with scalar's bits, "
	"while\n"
	"this process swaps through its usable backends and rolls back at random. Meanwhile children are forked and "
	"call\n"
	"kernels, signals interrupt every wait and have a handler that calls a kernel, backends are offered that must "
	"be\n"
	"refused, the configuration changes or becomes invalid, and rollouts begin by orders to the control socket: "
	"left\n"
	"alone, overtaken, paused and promoted by hand, or taken back. Then it closes the runtime and looks for what "
	"was\n"
	"left behind. Anything wrong, failed, mixed, leaked or not unloaded is a finding. State is kept in a folder of "
	"its\n"
	"own, so that no quarantine, pin or verdict of the machine is touched. If TENON_CONFIG names a configuration, "
	"that\n"
	"one is used, and there are no changes of it and no rollouts.\n\n"
	"  --seconds N            run at most N seconds (default 10)\n"
	"  --threads T            so many at a time (default 8)\n"
	"  --swaps-per-second R   (default 1000; 0: as fast as it goes)\n"
	"  --swaps N              stop after N swaps; to end before that is a timeout\n"
	"  --each N               stop after N each of swaps, children, signals, bad backends, configurations and ends "
	"of\n"
	"                         rollouts, as far as they have a rate, or at the first finding; to end before that is "
	"a\n"
	"                         timeout\n"
	"  --cold                 each swap loads its backend anew and the replaced one is unloaded\n"
	"  --seed S               of all that is random (default 1)\n"
	"  --forks-per-second R, --signals-per-second R, --faults-per-second R, --reloads-per-second R\n"
	"                         at most so many children, signals, bad backends, configurations (default 5, 200, 20, "
	"5;\n"
	"                         0: none)\n"
	"  --canaries-per-second R  at most so many rollouts (default 1; 0: none)\n"
	"  --crashing DIR         offer these backends (*.so), too, which crash when they run: their proofs must "
	"refuse them\n"
	"  --turncoats DIR        roll out these, too, which betray one call that no proof makes "
	"(tests/plugins/turncoat.h):\n"
	"                         they must be taken back and put into quarantine, and every answer must be right\n"
	"  --metrics ADDRESS:PORT  serve its metrics there, for a Prometheus to scrape\n"
	"  --linger N             stay N seconds after the last call, so that who scrapes sees the final counts "
	"(default 0)\n\n"
	"Example: tenon soak --seconds 60 --threads 64 --json\n\n"
	"Exit codes: 0 nothing found; 1 something found; 2 usage or configuration; 3 cannot run; 4 --swaps or --each "
	"not reached in time\n";

static bool is_clean(const struct soak_result *result)
{
	return result->wrong + result->failed + result->mixed + result->left.leaked_mappings + result->left.leaked_fds +
		       result->left.not_unloaded ==
	       0;
}

static void print_result(FILE *out, const struct soak_plan *plan, const struct soak_result *result)
{
	fprintf(out, "%.1f s, %" PRIu64 " %s swaps, %" PRIu64 " rollbacks, %" PRIu64 " threads, %" PRIu64 " calls\n",
		result->seconds, result->swaps, plan->cold ? "cold" : "warm", result->rollbacks,
		result->threads_created, result->calls);
	for (unsigned i = 0; i < result->backends; i++)
		fprintf(out, "  %-12s %" PRIu64 " swaps to it, %" PRIu64 " batches served\n", result->backend[i].name,
			result->backend[i].swaps, result->backend[i].batches);
	fprintf(out, "  %" PRIu64 " swaps overtaken by a rollback, %" PRIu64 " put off until readers were gone\n",
		result->overtaken, result->try_agains);
	fprintf(out,
		"  %" PRIu64 " children, %" PRIu64 " signals, %" PRIu64 " bad backends refused, %" PRIu64
		" configurations\n",
		result->mischief.forks, result->mischief.signals, result->mischief.refused, result->mischief.reloads);
	fprintf(out, "  %" PRIu64 " crashing backends refused by their proofs\n", result->mischief.disproven);
	fprintf(out,
		"  %" PRIu64 " canaries: %" PRIu64 " promoted, %" PRIu64 " rolled back, %" PRIu64 " overtaken; %" PRIu64
		" faults and %" PRIu64 " wrong answers caught\n",
		result->canary.canaries, result->canary.promoted, result->canary.rolled_back, result->canary.overtaken,
		result->canary.faults, result->canary.divergences);
	fprintf(out,
		"wrong %" PRIu64 ", failed %" PRIu64 ", mixed %" PRIu64 ", leaked mappings %" PRIu64
		", leaked descriptors %" PRIu64 ", not unloaded %" PRIu64 "\n",
		result->wrong, result->failed, result->mixed, result->left.leaked_mappings, result->left.leaked_fds,
		result->left.not_unloaded);
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
	json_t *object =
		json_pack("{s:o, s:s, s:o, s:b, s:o, s:o, s:o}", "seconds", json_figure(result->seconds), "seed", seed,
			  "threads", count(plan->threads), "cold", plan->cold, "overtaken", count(result->overtaken),
			  "try_agains", count(result->try_agains), "backends", backends_as_json(result));
	const struct {
		const char *key;
		uint64_t value;
	} counts[] = {
		{"calls", result->calls},
		{"swaps", result->swaps},
		{"rollbacks", result->rollbacks},
		{"threads_created", result->threads_created},
		{"wrong", result->wrong},
		{"failed", result->failed},
		{"mixed", result->mixed},
		{"leaked_mappings", result->left.leaked_mappings},
		{"leaked_fds", result->left.leaked_fds},
		{"not_unloaded", result->left.not_unloaded},
		{"forks", result->mischief.forks},
		{"signals", result->mischief.signals},
		{"refused", result->mischief.refused},
		{"reloads", result->mischief.reloads},
		{"disproven", result->mischief.disproven},
		{"canaries", result->canary.canaries},
		{"promoted", result->canary.promoted},
		{"rolled_back", result->canary.rolled_back},
		{"canaries_overtaken", result->canary.overtaken},
		{"faults_caught", result->canary.faults},
		{"divergences_caught", result->canary.divergences},
	};
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		json_object_set_new(object, counts[i].key, count(counts[i].value));
	json_object_set_new(object, "problem", result->problem[0] ? json_text(result->problem) : json_null());
	return object;
}
#endif

static int report(struct tool *tool, const struct soak_plan *plan, const struct soak_result *result)
{
	int code = !is_clean(result) ? EXIT_DIFFERS : !result->complete ? EXIT_NO_PROCESS : EXIT_DONE;
#ifdef HAVE_JANSSON
	if (tool->json) {
		int problem = emit_json(tool, result_as_json(plan, result));
		return problem ? problem : code;
	}
#endif
	print_result(tool->out, plan, result);
	if (code == EXIT_NO_PROCESS && result->swaps < plan->swaps)
		fprintf(tool->out, "the time was over before %" PRIu64 " swaps: give more --seconds\n", plan->swaps);
	else if (code == EXIT_NO_PROCESS)
		fprintf(tool->out, "the time was over before %" PRIu64 " of each: give more --seconds\n", plan->each);
	return code;
}

int run_soak(struct tool *tool, int argc, char **argv)
{
	struct soak_plan plan = {.seconds = 10,
				 .threads = 8,
				 .swaps_per_second = 1000,
				 .seed = 1,
				 .forks_per_second = 5,
				 .signals_per_second = 200,
				 .faults_per_second = 20,
				 .reloads_per_second = 5,
				 .canaries_per_second = 1};
	const struct tool_option options[] = {
		{"--seconds", OPTION_NUMBER, &plan.seconds, 1, 1000000},
		{"--threads", OPTION_NUMBER, &plan.threads, 1, 1024},
		{"--swaps-per-second", OPTION_NUMBER, &plan.swaps_per_second, 0, 1000000},
		{"--swaps", OPTION_NUMBER, &plan.swaps, 0, UINT64_MAX},
		{"--cold", OPTION_FLAG, &plan.cold, 0, 0},
		{"--seed", OPTION_NUMBER, &plan.seed, 0, UINT64_MAX},
		{"--forks-per-second", OPTION_NUMBER, &plan.forks_per_second, 0, 1000},
		{"--signals-per-second", OPTION_NUMBER, &plan.signals_per_second, 0, 1000000},
		{"--faults-per-second", OPTION_NUMBER, &plan.faults_per_second, 0, 1000},
		{"--reloads-per-second", OPTION_NUMBER, &plan.reloads_per_second, 0, 1000},
		{"--canaries-per-second", OPTION_NUMBER, &plan.canaries_per_second, 0, 1000},
		{"--each", OPTION_NUMBER, &plan.each, 0, UINT64_MAX},
		{"--crashing", OPTION_TEXT, &plan.crashing, 0, 0},
		{"--turncoats", OPTION_TEXT, &plan.turncoats, 0, 0},
		{"--metrics", OPTION_TEXT, &plan.metrics, 0, 0},
		{"--linger", OPTION_NUMBER, &plan.linger, 0, 3600},
		{NULL, OPTION_FLAG, NULL, 0, 0},
	};
	int code = parse_options(tool, options, &argc, argv, 0, 0);
	if (code)
		return code;
	if (plan.metrics && getenv("TENON_CONFIG"))
		return fail(tool, EXIT_USAGE,
			    "--metrics %s: $TENON_CONFIG names a configuration, so set [metrics] http there",
			    plan.metrics);
	plan.progress = isatty(STDERR_FILENO) && !tool->json;
	struct soak_result result;
	int status = soak_runtime(&plan, &result);
	if (status)
		return fail(tool, exit_of_status(status), "%s", result.problem);
	return report(tool, &plan, &result);
}
