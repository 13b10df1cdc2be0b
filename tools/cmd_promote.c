/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon promote and resume: a rollout goes on by hand. The processes do it; this only asks.
 */
#include "tools/order.h"

#define ROLLOUT_HELP(name, does)                                                                        \
	"Usage: tenon " name " PID|--label L|--all [--waves STEPS] [--settle T] [--timeout T]\n\n" does \
	"\n" TARGET_HELP FLEET_HELP "\nExample: tenon " name " 4711\n\n"                                \
	"Exit codes: 0 done; 2 usage, or there is no such rollout; 3 refused; 4 no such process, no answer\n"

const char help_promote[] = ROLLOUT_HELP("promote", "Ends the rollout that is under way: its backend serves all calls "
						    "from now on, whatever steps are left.\n" FLEET_STORY
						    "Of several processes those without a rollout are left alone.\n");

const char help_resume[] = ROLLOUT_HELP(
	"resume",
	"Lets a paused rollout go on where it was.\n" FLEET_STORY
	"Of several processes those without a rollout are left alone, and the end of the others' is waited for.\n");

static int order_rollout(struct tool *tool, int argc, char **argv, struct order order)
{
	struct targets targets = {0};
	const struct tool_option options[] = {
		TARGET_OPTIONS(targets), FLEET_OPTIONS(order), {NULL, OPTION_FLAG, NULL, 0, 0}};
	int code = parse_targets(tool, &targets, options, &argc, argv, 0);
	return code ? code : send_orders(tool, &targets, &order);
}

int run_promote(struct tool *tool, int argc, char **argv)
{
	return order_rollout(
		tool, argc, argv,
		(struct order){.request = "promote", .stepwise = true, .of_rollout = true, .take_back = "rollback"});
}

int run_resume(struct tool *tool, int argc, char **argv)
{
	return order_rollout(
		tool, argc, argv,
		(struct order){.request = "resume", .stepwise = true, .of_rollout = true, .take_back = "rollback"});
}
