/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The report on orders: what each process did; over several also where it stopped, what is done, what is not, and the command
 * that takes back what is. Main thread of the tool.
 */
#include <string.h>

#include "runtime/logfmt.h"
#include "tools/fleet.h"

static bool has_failed(const struct outcome *outcome)
{
	return outcome->code && !outcome->ended[0];
}

static bool was_asked(const struct outcome *outcome)
{
	return outcome->wave || outcome->code;
}

static const char *describe_outcome(const struct outcome *outcome)
{
	return outcome->ended[0] ? outcome->ended : outcome->answer.text;
}

/* The answer to a dry run. */
static void print_plan(FILE *out, const struct answer *answer)
{
	for (size_t i = next_line(answer, 0, "would"); i < answer->count; i = next_line(answer, i + 1, "would"))
		fprintf(out, "  kernel       %-24s %s%s\n", in_line(answer, i, "would"), in_line(answer, i, "source"),
			strcmp(in_line(answer, i, "quarantined"), "true") == 0 ? " (quarantined)" : "");
}

static void print_outcome(FILE *out, const struct fleet *fleet, const struct outcome *outcome)
{
	const struct answer *answer = &outcome->answer;
	fprintf(out, "process %ld", (long)outcome->process.pid);
	if (!was_asked(outcome)) {
		fprintf(out, ": not asked, because %s\n", fleet->why_not);
		return;
	}
	if (has_failed(outcome)) {
		fprintf(out, ": failed: %s\n", outcome->error);
		return;
	}
	fprintf(out, " (%s): %s; backend %s, generation %s%s", find_value(answer, "program"), describe_outcome(outcome),
		find_value(answer, "backend"), find_value(answer, "generation"),
		strcmp(find_value(answer, "pinned"), "true") == 0 ? ", pinned" : "");
	if (is_under_way(answer))
		fprintf(out, "; %s %% of the calls to %s", find_value(answer, "rollout_percent"),
			find_value(answer, "rollout_backend"));
	fprintf(out, "%s%s\n", *outcome->since ? "; since then: " : "", outcome->since);
	print_plan(out, answer);
}

#ifdef HAVE_JANSSON
static json_t *plan_as_json(const struct answer *answer)
{
	json_t *list = json_array();
	for (size_t i = next_line(answer, 0, "would"); i < answer->count; i = next_line(answer, i + 1, "would"))
		json_array_append_new(list, json_pack("{s:o, s:o, s:b}", "name", json_text(in_line(answer, i, "would")),
						      "source", json_text(in_line(answer, i, "source")), "quarantined",
						      strcmp(in_line(answer, i, "quarantined"), "true") == 0));
	return list;
}

static json_t *failure_as_json(const struct fleet *fleet, const struct outcome *outcome)
{
	bool asked = was_asked(outcome);
	return json_pack("{s:I, s:i, s:s, s:i, s:o}", "pid", (json_int_t)outcome->process.pid, "wave",
			 (int)outcome->wave, "outcome", asked ? "failed" : "skipped", "code", outcome->code, "reason",
			 json_text(asked ? outcome->error : fleet->why_not));
}

static json_t *outcome_as_json(const struct fleet *fleet, const struct outcome *outcome)
{
	const struct answer *answer = &outcome->answer;
	if (!was_asked(outcome) || has_failed(outcome))
		return failure_as_json(fleet, outcome);
	json_t *object = json_pack(
		"{s:I, s:i, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "pid", (json_int_t)outcome->process.pid,
		"wave", (int)outcome->wave, "outcome", json_text(describe_outcome(outcome)), "code", outcome->code,
		"program", json_value_text(answer, "program"), "label", json_value_text(answer, "label"), "backend",
		json_value_text(answer, "backend"), "generation", json_value_number(answer, "generation"), "pinned",
		json_value_flag(answer, "pinned"), "rollout", rollout_as_json(answer), "since",
		*outcome->since ? json_text(outcome->since) : json_null());
	if (next_line(answer, 0, "would") < answer->count) {
		json_object_set_new(object, "note", json_value_text(answer, "note"));
		json_object_set_new(object, "kernels", plan_as_json(answer));
	}
	return object;
}

static json_t *pids_as_json(const struct fleet *fleet, bool done)
{
	json_t *list = json_array();
	for (size_t i = 0; i < fleet->count; i++)
		if (is_done(&fleet->outcomes[i]) == done)
			json_array_append_new(list, json_integer(fleet->outcomes[i].process.pid));
	return list;
}

static json_t *fleet_as_json(const struct fleet *fleet, const char *take_back)
{
	json_t *list = json_array();
	for (size_t i = 0; i < fleet->count; i++)
		json_array_append_new(list, outcome_as_json(fleet, &fleet->outcomes[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "processes", list, "done", pids_as_json(fleet, true), "not_done",
			 pids_as_json(fleet, false), "stopped",
			 *fleet->stopped ? json_text(fleet->stopped) : json_null(), "take_back",
			 *take_back ? json_text(take_back) : json_null());
}
#endif

/* ---- The whole --------------------------------------------------------------------------------------------------- */

static void add_pids(struct text *text, const struct fleet *fleet, bool (*chosen)(const struct outcome *outcome),
		     bool value)
{
	const char *separator = "";
	for (size_t i = 0; i < fleet->count; i++)
		if (chosen(&fleet->outcomes[i]) == value) {
			add_text(text, "%s%ld", separator, (long)fleet->outcomes[i].process.pid);
			separator = ",";
		}
}

/* The command that undoes what was done, and nothing that was not; "" if nothing was, or nothing undoes it. */
static void format_take_back(const struct fleet *fleet, const struct order *order, char *bytes, size_t size)
{
	struct text text;
	size_t count = 0;
	for (size_t i = 0; i < fleet->count; i++)
		count += can_be_taken_back(&fleet->outcomes[i]);
	start_text(&text, bytes, size);
	if (!order->take_back || !count)
		return;
	add_text(&text, "tenon %s ", order->take_back);
	add_pids(&text, fleet, can_be_taken_back, true);
}

static void print_fleet(FILE *out, const struct fleet *fleet, const char *take_back)
{
	char bytes[2][8000];
	struct text text[2];
	for (size_t i = 0; i < fleet->count; i++)
		print_outcome(out, fleet, &fleet->outcomes[i]);
	if (!*fleet->stopped)
		return;
	for (int done = 0; done < 2; done++) {
		start_text(&text[done], bytes[done], sizeof bytes[done]);
		add_pids(&text[done], fleet, is_done, done);
	}
	fprintf(out, "stopped: %s\ndone: %s\nnot done: %s\n", fleet->stopped, *bytes[1] ? bytes[1] : "none",
		*bytes[0] ? bytes[0] : "none");
	if (*take_back)
		fprintf(out, "to take back what is done: %s\n", take_back);
}

int report_fleet(struct tool *tool, const struct fleet *fleet, const struct order *order)
{
	const struct outcome *first = fleet->outcomes;
	char take_back[8000];
	if (fleet->count == 1 && has_failed(first) && first->process.pid)
		return fail(tool, fleet->code, "process %ld: %s", (long)first->process.pid, first->error);
	if (fleet->count == 1 && has_failed(first))
		return fail(tool, fleet->code, "%s", first->error);
	format_take_back(fleet, order, take_back, sizeof take_back);
#ifdef HAVE_JANSSON
	if (tool->json) {
		int problem = emit_json(tool, fleet_as_json(fleet, *fleet->stopped ? take_back : ""));
		return problem ? problem : fleet->code;
	}
#endif
	print_fleet(tool->out, fleet, take_back);
	return fleet->code;
}
