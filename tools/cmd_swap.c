/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon swap: another backend for the kernels of live processes, at once or step by step. The processes do it; this
 * asks, and waits if it is told to.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/config.h"
#include "runtime/logfmt.h"
#include "tools/order.h"

const char help_swap[] =
	"Usage: tenon swap PID|--label L|--all BACKEND [--canary STEPS|off] [--hold T] [--shadow 1/N|off] [--wait]\n"
	"                  [--persist] [--dry-run] [--cold] [--waves STEPS] [--settle T] [--timeout T]\n\n"
	"Replaces the backend of every kernel in live processes while calls are in flight, all kernels or nothing, "
	"and\n"
	"pins it until tenon unpin. BACKEND is a name (the processes find it in their own configuration) or a file\n"
	"(anything with a slash). Repeating a finished swap changes nothing and succeeds.\n\n" FLEET_STORY
	"A rollout of several processes is waited for, with or without --wait.\n\n"
	"As a rollout (--canary, or [rollout] steps in the configuration) it goes step by step: each share of the "
	"calls is\n"
	"held for a time, compared with scalar, guarded against faults and timed. When all steps held the backend is\n"
	"promoted; a wrong answer, a fault, or a 99th percentile beyond [rollout] max_p99_increase takes it back and "
	"puts\n"
	"the kernel into quarantine (tenon history says why). A step without a single call is held twice as long and "
	"then\n"
	"counted as held; the reason at the end says so. A rollout goes on when this command is gone.\n\n" TARGET_HELP
	"                 with --wait: how long to wait for the end of the rollout (default: as long as it takes)\n"
	"  --canary STEPS growing percentages of the calls that end with 100, as 5,25,50,100; off: at once\n"
	"  --hold T       how long each step must hold, as 500ms, 30s or 5m\n"
	"  --shadow 1/N   compare one call in N with scalar during the rollout\n"
	"  --wait         return when the rollout has ended, and say how\n"
	"  --persist      keep the pin across restarts of the process, in its state directory\n"
	"  --dry-run      say what would happen, kernel by kernel, and change nothing\n"
	"  --cold         load a fresh image even if one is warm, and unload the replaced one as soon as "
	"possible\n" FLEET_HELP "\n"
	"Example: tenon swap 4711 avx2 --canary 5,25,50,100 --hold 30s --wait\n"
	"         tenon swap --label recall avx2 --waves 5,25,50,100 --settle 1m\n\n"
	"Exit codes: 0 done or, with --wait, promoted; 1 rolled back; 2 usage; 3 refused, with the reason; 4 no such\n"
	"process, no answer, or not over in time\n";

struct wishes {
	const char *canary, *hold, *shadow;
	bool cold, wait, persist, dry_run;
};

/* A file as the other process, which has another working folder, can find it. */
static int add_backend(struct tool *tool, struct text *request, const char *backend)
{
	if (!strchr(backend, '/')) {
		add_word(request, backend);
		return EXIT_DONE;
	}
	char *path = realpath(backend, NULL);
	if (!path)
		return fail(tool, EXIT_REFUSED, "%s: %s", backend, strerror(errno));
	add_word(request, path);
	free(path);
	return EXIT_DONE;
}

/* The process would refuse it, too; but a typo is to be found before the first of many processes is asked. */
static int add_value(struct tool *tool, struct text *request, const char *key, const char *value,
		     const struct value_kind *kind, const char *expected)
{
	struct rollout_steps largest; /* any of the kinds fits into it, or into 8 bytes */
	_Static_assert(sizeof largest >= sizeof(uint64_t), "a duration fits");
	if (!value)
		return EXIT_DONE;
	if (!kind->parse(NULL, &largest, value))
		return fail(tool, EXIT_USAGE, "--%s takes %s, not '%s'", key, expected, value);
	add_pair(request, key, "%s", value);
	return EXIT_DONE;
}

static int add_wishes(struct tool *tool, struct text *request, const struct wishes *wishes)
{
	int code = add_value(tool, request, "canary", wishes->canary, &steps_value,
			     "at most 8 growing percentages that end with 100, as 5,25,50,100, or off");
	if (!code)
		code = add_value(tool, request, "hold", wishes->hold, &duration_value,
				 "a time with its unit, as 500ms, 30s or 5m");
	if (!code)
		code = add_value(tool, request, "shadow", wishes->shadow, &interval_value, "1/N or off");
	add_text(request, "%s%s%s", wishes->cold ? " cold" : "", wishes->persist ? " persist" : "",
		 wishes->dry_run ? " dry-run" : "");
	return code;
}

int run_swap(struct tool *tool, int argc, char **argv)
{
	struct targets targets = {0};
	struct wishes wishes = {0};
	struct order order = {.take_back = "rollback"};
	const struct tool_option options[] = {TARGET_OPTIONS(targets),
					      {"--canary", OPTION_TEXT, &wishes.canary, 0, 0},
					      {"--hold", OPTION_TEXT, &wishes.hold, 0, 0},
					      {"--shadow", OPTION_TEXT, &wishes.shadow, 0, 0},
					      {"--wait", OPTION_FLAG, &wishes.wait, 0, 0},
					      {"--persist", OPTION_FLAG, &wishes.persist, 0, 0},
					      {"--dry-run", OPTION_FLAG, &wishes.dry_run, 0, 0},
					      {"--cold", OPTION_FLAG, &wishes.cold, 0, 0},
					      FLEET_OPTIONS(order),
					      {NULL, OPTION_FLAG, NULL, 0, 0}};
	int code = parse_targets(tool, &targets, options, &argc, argv, 1);
	if (code)
		return code;
	char bytes[8000];
	struct text request;
	start_text(&request, bytes, sizeof bytes);
	add_text(&request, "swap ");
	code = add_backend(tool, &request, argv[1]);
	if (!code)
		code = add_wishes(tool, &request, &wishes);
	if (code)
		return code;
	if (request.cut)
		return fail(tool, EXIT_USAGE, "the name of the backend is too long");
	order.request = bytes;
	order.stepwise = !wishes.dry_run;
	order.wait = wishes.wait && !wishes.dry_run;
	return send_orders(tool, &targets, &order);
}
