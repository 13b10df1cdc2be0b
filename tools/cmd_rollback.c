/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon rollback: back to what served before, or to scalar. The processes do it; this only asks.
 */
#include <string.h>

#include "tools/order.h"

const char help_rollback[] =
	"Usage: tenon rollback PID|--label L|--all [--to previous|scalar] [--persist] [--timeout T]\n\n"
	"Takes the last swap back: one store in the process, which cannot fail, wins over a swap in flight, and pins "
	"what\n"
	"it published until tenon unpin. It ends a rollout that is under way. Of several processes each is asked, "
	"whatever\n"
	"the others answer.\n\n" TARGET_HELP
	"  --to scalar    the emergency form: to the reference backend, which is always there\n"
	"  --persist      keep the pin across restarts of the process, in its state directory\n\n"
	"Example: tenon rollback --all --to scalar\n\n"
	"Exit codes: 0 done; 2 usage; 3 refused; 4 no such process, no answer\n";

int run_rollback(struct tool *tool, int argc, char **argv)
{
	struct targets targets = {0};
	const char *target = "previous";
	bool persist = false;
	const struct tool_option options[] = {TARGET_OPTIONS(targets),
					      {"--to", OPTION_TEXT, &target, 0, 0},
					      {"--persist", OPTION_FLAG, &persist, 0, 0},
					      {NULL, OPTION_FLAG, NULL, 0, 0}};
	int code = parse_targets(tool, &targets, options, &argc, argv, 0);
	if (code)
		return code;
	if (strcmp(target, "scalar") != 0 && strcmp(target, "previous") != 0)
		return fail(tool, EXIT_USAGE, "--to takes previous or scalar, not '%s'; any other backend is a swap",
			    target);
	char request[64];
	snprintf(request, sizeof request, "rollback %s%s", target, persist ? " persist" : "");
	return send_orders(tool, &targets, &(struct order){.request = request});
}
