/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Sending one order to one or several processes, and the report on it. Called from the main thread of the tool.
 */
#include "tools/order.h"

#include <stdlib.h>
#include <string.h>

/* What became of the order in one process. */
struct outcome {
	struct process process;
	struct answer answer;
	char error[512]; /* "" unless code says that it failed */
	int code;
	bool skipped;
};

static void give_order(const struct targets *targets, const char *request, struct outcome *outcome)
{
	outcome->code = ask_process(&outcome->process, request, targets->timeout_ms, &outcome->answer, outcome->error,
				    sizeof outcome->error);
	if (outcome->code)
		return;
	if (outcome->answer.pid)
		outcome->process.pid = outcome->answer.pid;
	outcome->code = exit_of_status(outcome->answer.status);
	if (outcome->code)
		snprintf(outcome->error, sizeof outcome->error, "%s", outcome->answer.text);
}

/* Several subjects: 2, then 1, 3, 4. */
static int worse_code(int a, int b)
{
	static const int order[] = {EXIT_USAGE, EXIT_DIFFERS, EXIT_REFUSED, EXIT_NO_PROCESS};
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return EXIT_DONE;
}

static void print_outcome(FILE *out, const struct outcome *outcome)
{
	const struct answer *answer = &outcome->answer;
	fprintf(out, "process %ld", (long)outcome->process.pid);
	if (outcome->skipped)
		fprintf(out, ": not asked, because an earlier process failed\n");
	else if (outcome->code)
		fprintf(out, ": failed: %s\n", outcome->error);
	else
		fprintf(out, " (%s): %s; backend %s, generation %s%s\n", find_value(answer, "program"), answer->text,
			find_value(answer, "backend"), find_value(answer, "generation"),
			strcmp(find_value(answer, "pinned"), "true") == 0 ? ", pinned" : "");
}

#ifdef HAVE_JANSSON
static json_t *outcome_as_json(const struct outcome *outcome)
{
	json_t *object = json_pack("{s:I}", "pid", (json_int_t)outcome->process.pid);
	if (outcome->skipped || outcome->code) {
		json_object_set_new(object, "outcome", json_string(outcome->skipped ? "skipped" : "failed"));
		json_object_set_new(object, "code", json_integer(outcome->code));
		json_object_set_new(object, "reason", json_text(outcome->skipped ? "an earlier process failed" :
								outcome->error));
		return object;
	}
	json_object_set_new(object, "outcome", json_text(outcome->answer.text));
	json_object_set_new(object, "program", json_value_text(&outcome->answer, "program"));
	json_object_set_new(object, "label", json_value_text(&outcome->answer, "label"));
	json_object_set_new(object, "backend", json_value_text(&outcome->answer, "backend"));
	json_object_set_new(object, "generation", json_value_number(&outcome->answer, "generation"));
	json_object_set_new(object, "pinned", json_value_flag(&outcome->answer, "pinned"));
	return object;
}
#endif

static int report(struct tool *tool, const struct outcome *outcomes, size_t count, int code)
{
	if (count == 1 && code && outcomes[0].process.pid)
		return fail(tool, code, "process %ld: %s", (long)outcomes[0].process.pid, outcomes[0].error);
	if (count == 1 && code)
		return fail(tool, code, "%s", outcomes[0].error);
#ifdef HAVE_JANSSON
	if (tool->json) {
		json_t *list = json_array();
		for (size_t i = 0; i < count; i++)
			json_array_append_new(list, outcome_as_json(&outcomes[i]));
		int problem = emit_json(tool, json_pack("{s:o}", "processes", list));
		return problem ? problem : code;
	}
#endif
	for (size_t i = 0; i < count; i++)
		print_outcome(tool->out, &outcomes[i]);
	return code;
}

static int order_all(struct tool *tool, const struct targets *targets, const char *request, bool stop,
		     const struct process *list, size_t count)
{
	struct outcome *outcomes = calloc(count, sizeof *outcomes);
	if (!outcomes)
		return fail(tool, EXIT_REFUSED, "out of memory");
	int code = EXIT_DONE;
	for (size_t i = 0; i < count; i++) {
		outcomes[i].process = list[i];
		outcomes[i].skipped = stop && code;
		if (outcomes[i].skipped)
			continue;
		give_order(targets, request, &outcomes[i]);
		code = worse_code(code, outcomes[i].code);
	}
	code = report(tool, outcomes, count, code);
	for (size_t i = 0; i < count; i++)
		free_answer(&outcomes[i].answer);
	free(outcomes);
	return code;
}

int send_orders(struct tool *tool, const struct targets *targets, const char *request, bool stop)
{
	struct process *list;
	size_t count;
	int code = select_processes(tool, targets, &list, &count);
	if (code)
		return code;
	code = order_all(tool, targets, request, stop, list, count);
	free(list);
	return code;
}
