/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon pause: lets a rollout stand still. The processes do it; this only asks.
 */
#include "tools/order.h"

const char help_pause[] =
	"Usage: tenon pause PID|--label L|--all [--timeout T]\n\n"
	"Lets the rollout that is under way stand still at its step. A wrong answer or a fault still takes it back. "
	"Of\n"
	"several processes each is asked, whatever the others answer.\n\n" TARGET_HELP "\n"
	"Example: tenon pause 4711\n\n"
	"Exit codes: 0 done; 2 usage, or there is no such rollout; 3 refused; 4 no such process, no answer\n";

int run_pause(struct tool *tool, int argc, char **argv)
{
	struct targets targets = {0};
	const struct tool_option options[] = {TARGET_OPTIONS(targets), {NULL, OPTION_FLAG, NULL, 0, 0}};
	int code = parse_targets(tool, &targets, options, &argc, argv, 0);
	return code ? code : send_orders(tool, &targets, &(struct order){.request = "pause"});
}
