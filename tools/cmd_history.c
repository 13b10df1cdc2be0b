/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon history: the last events of live processes, as each process kept them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/event.h"
#include "tools/each.h"
#include "tools/events.h"

const char help_history[] =
	"Usage: tenon history PID|--label L|--all [-n N] [--timeout T]\n\n"
	"Prints what happened to the backends of live processes and why, oldest first: swaps, "
	"every step and the end of\n"
	"rollouts, rollbacks, quarantine, refusals, unloading. A process keeps its last 256 events "
	"in memory; the time is\n"
	"UTC. With a PID --json prints one object, else `processes`; its events have the fields "
	"that the log has with\n"
	"[log] format = logfmt or json: `event` (what kind), `backend`, `kernel`, `generation` (that served "
	"then), `rollout`,\n"
	"`percent` (of the calls) and `reason`, null where they do not apply.\n\n" TARGET_HELP
	"  -n N           the last N events alone\n\n"
	"Example: tenon history 4711 -n 20\n\n"
	"Exit codes: 0 done; 2 usage; 4 no such process, no answer\n";

static void print_history(FILE *out, const struct reply *reply)
{
	const struct answer *answer = &reply->answer;
	fprintf(out, "process %ld\n", (long)reply->process.pid);
	for (size_t i = next_line(answer, 0, "event"); i < answer->count; i = next_line(answer, i + 1, "event")) {
		char moment[EVENT_TIME_SIZE];
		const char *repeats = in_line(answer, i, "repeats");
		format_moment(strtoll(in_line(answer, i, "time_ms"), NULL, 10), moment);
		fprintf(out, "  %s  %-5s  %s", moment, in_line(answer, i, "level"), in_line(answer, i, "text"));
		fprintf(out, strcmp(repeats, "0") == 0 ? "%.0s\n" : " (and %s times more, the last at this time)\n",
			repeats);
	}
	if (strcmp(find_value(answer, "cut"), "true") == 0)
		fprintf(out, "  there were more before these than one answer holds\n");
}

#ifdef HAVE_JANSSON
/* What does not apply is null. */
static json_t *fact_text(const struct answer *answer, size_t i, const char *key)
{
	const char *value = in_line(answer, i, key);
	return *value ? json_text(value) : json_null();
}

static json_t *fact_number(const struct answer *answer, size_t i, const char *key)
{
	long long value = strtoll(in_line(answer, i, key), NULL, 10);
	return value ? json_integer(value) : json_null();
}

json_t *event_as_json(const struct answer *answer, size_t i)
{
	char moment[EVENT_TIME_SIZE];
	format_moment(strtoll(in_line(answer, i, "time_ms"), NULL, 10), moment);
	return json_pack("{s:I, s:s, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "sequence",
			 (json_int_t)strtoll(in_line(answer, i, "event"), NULL, 10), "time", moment, "level",
			 json_text(in_line(answer, i, "level")), "event", fact_text(answer, i, "kind"), "repeats",
			 (json_int_t)strtoll(in_line(answer, i, "repeats"), NULL, 10), "backend",
			 fact_text(answer, i, "backend"), "kernel", fact_text(answer, i, "kernel"), "generation",
			 json_integer(strtoll(in_line(answer, i, "generation"), NULL, 10)), "rollout",
			 fact_number(answer, i, "rollout"), "percent", fact_number(answer, i, "percent"), "reason",
			 fact_text(answer, i, "reason"), "text", json_text(in_line(answer, i, "text")));
}

static json_t *history_as_json(const struct reply *reply)
{
	const struct answer *answer = &reply->answer;
	json_t *list = json_array();
	for (size_t i = next_line(answer, 0, "event"); i < answer->count; i = next_line(answer, i + 1, "event"))
		json_array_append_new(list, event_as_json(answer, i));
	return json_pack("{s:I, s:o}", "pid", (json_int_t)reply->process.pid, "events", list);
}
#endif

int run_history(struct tool *tool, int argc, char **argv)
{
	struct targets targets = {0};
	uint64_t most = 256;
	const struct tool_option options[] = {
		TARGET_OPTIONS(targets), {"-n", OPTION_NUMBER, &most, 1, 256}, {NULL, OPTION_FLAG, NULL, 0, 0}};
	int code = parse_targets(tool, &targets, options, &argc, argv, 0);
	if (code)
		return code;
	char request[32];
	snprintf(request, sizeof request, "history %" PRIu64, most);
	struct view view = {.request = request, .print = print_history};
#ifdef HAVE_JANSSON
	view.as_json = history_as_json;
#endif
	return show_processes(tool, &targets, &view);
}
