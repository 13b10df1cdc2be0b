/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon unpin: lets automatic changes happen again. The processes do it; this only asks.
 */
#include "tools/order.h"

const char help_unpin[] =
	"Usage: tenon unpin PID|--label L|--all [--waves STEPS] [--settle T] [--timeout T]\n\n"
	"A manual swap or rollback pins the backend: nothing automatic changes it. This ends that; "
	"what serves now keeps\n"
	"serving. A pin that was saved with --persist is removed, too.\n\n" FLEET_STORY
	"Nothing takes an unpin back but the next swap or rollback, which pins.\n\n" TARGET_HELP FLEET_HELP
	"\nExample: tenon unpin 4711\n\n"
	"Exit codes: 0 done; 2 usage; 3 refused; 4 no such process, no answer\n";

int run_unpin(struct tool *tool, int argc, char **argv)
{
	struct targets targets = {0};
	struct order order = {.request = "unpin", .stepwise = true};
	const struct tool_option options[] = {
		TARGET_OPTIONS(targets), FLEET_OPTIONS(order), {NULL, OPTION_FLAG, NULL, 0, 0}};
	int code = parse_targets(tool, &targets, options, &argc, argv, 0);
	return code ? code : send_orders(tool, &targets, &order);
}
