/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon swap: another backend for the kernels of live processes. The processes do it; this only asks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/logfmt.h"
#include "tools/order.h"

const char help_swap[] =
	"Usage: tenon swap PID|--label L|--all BACKEND [--cold] [--timeout T]\n\n"
	"Replaces the backend of every kernel in live processes while calls are in flight, all kernels or nothing, and\n"
	"pins it until tenon unpin. BACKEND is a name (the processes find it in their own configuration) or a file\n"
	"(anything with a slash). Several processes change one by one; the first failure stops it. Repeating a finished\n"
	"swap changes nothing and succeeds.\n\n"
	TARGET_HELP
	"  --cold         load a fresh image even if one is warm, and unload the replaced one as soon as possible\n\n"
	"Example: tenon swap 4711 avx2\n\n"
	"Exit codes: 0 done; 1 a rollback overtook it; 2 usage; 3 refused, with the reason; 4 no such process, no answer\n";

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

int run_swap(struct tool *tool, int argc, char **argv)
{
	struct targets targets = {0};
	bool cold = false;
	const struct tool_option options[] = {
		TARGET_OPTIONS(targets), {"--cold", OPTION_FLAG, &cold, 0, 0}, {NULL, OPTION_FLAG, NULL, 0, 0}};
	int code = parse_targets(tool, &targets, options, &argc, argv, 1);
	if (code)
		return code;
	char bytes[8000];
	struct text request;
	start_text(&request, bytes, sizeof bytes);
	add_text(&request, "swap ");
	code = add_backend(tool, &request, argv[1]);
	if (code)
		return code;
	if (cold)
		add_text(&request, " cold");
	if (request.cut)
		return fail(tool, EXIT_USAGE, "the name of the backend is too long");
	return send_orders(tool, &targets, bytes, true);
}
