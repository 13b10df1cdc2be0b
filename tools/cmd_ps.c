/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon ps: the live processes of this machine that have a control socket, one line each.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/processes.h"

const char help_ps[] =
	"Usage: tenon ps [--timeout T]\n\n"
	"Lists the live processes of this machine that have a control socket and let us talk to them: root all, a "
	"user\n"
	"his own. A process has one if its configuration says `[control] socket = on`. Where it names a path instead,\n"
	"the process is not in this list; give that path to the other commands. With RUNTIME_DIRECTORY set, as inside "
	"a\n"
	"systemd service, only sockets there count.\n\n"
	"  --timeout T    give up on an answer after T, as 500ms, 5s or 2m (default 5s)\n\n"
	"Example: tenon ps --json\n\n"
	"Exit codes: 0 done, also when there is none; 2 usage\n";

/* What an operator must know of a process at a glance. */
static const char *sum_up(const struct answer *answer)
{
	bool degraded = strcmp(find_value(answer, "degraded"), "true") == 0;
	bool pinned = strcmp(find_value(answer, "pinned"), "true") == 0;
	return degraded && pinned ? "degraded, pinned" : degraded ? "degraded" : pinned ? "pinned" : "-";
}

static void print_process(FILE *out, const struct process *process, const struct answer *answer)
{
	const char *label = find_value(answer, "label");
	fprintf(out, "%7ld  %-16s  %-16s  %-12s  %10s  %s\n", (long)process->pid, find_value(answer, "program"),
		*label ? label : "-", find_value(answer, "backend"), find_value(answer, "generation"), sum_up(answer));
}

#ifdef HAVE_JANSSON
static json_t *process_as_json(const struct process *process, const struct answer *answer)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "pid", (json_int_t)process->pid, "program",
			 json_value_text(answer, "program"), "label", json_value_text(answer, "label"), "version",
			 json_value_text(answer, "version"), "backend", json_value_text(answer, "backend"),
			 "generation", json_value_number(answer, "generation"), "degraded",
			 json_value_flag(answer, "degraded"), "pinned", json_value_flag(answer, "pinned"), "socket",
			 json_text(process->socket));
}
#endif

/* Asks each process and prints it, or adds it to the JSON list. One that ends meanwhile is left out. */
static int show_processes(struct tool *tool, const struct targets *targets, const struct process *list, size_t count)
{
#ifdef HAVE_JANSSON
	json_t *array = json_array();
#endif
	if (!tool->json)
		fprintf(tool->out, "%7s  %-16s  %-16s  %-12s  %10s  %s\n", "PID", "PROGRAM", "LABEL", "BACKEND",
			"GENERATION", "STATE");
	for (size_t i = 0; i < count; i++) {
		struct answer answer;
		char error[512];
		if (ask_process(&list[i], "status", targets->timeout_ms, &answer, error, sizeof error) != EXIT_DONE)
			continue;
#ifdef HAVE_JANSSON
		if (tool->json)
			json_array_append_new(array, process_as_json(&list[i], &answer));
#endif
		if (!tool->json)
			print_process(tool->out, &list[i], &answer);
		free_answer(&answer);
	}
#ifdef HAVE_JANSSON
	if (tool->json)
		return emit_json(tool, json_pack("{s:o}", "processes", array));
	json_decref(array);
#endif
	return EXIT_DONE;
}

int run_ps(struct tool *tool, int argc, char **argv)
{
	struct targets targets = {.all = true};
	const struct tool_option options[] = {{"--timeout", OPTION_TEXT, &targets.timeout, 0, 0},
					      {NULL, OPTION_FLAG, NULL, 0, 0}};
	int code = parse_targets(tool, &targets, options, &argc, argv, 0);
	if (code)
		return code;
	struct process *list;
	size_t count;
	if (!find_processes(targets.timeout_ms, &list, &count))
		return fail(tool, EXIT_REFUSED, "out of memory");
	code = show_processes(tool, &targets, list, count);
	free(list);
	return code;
}
