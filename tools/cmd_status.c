/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon status: what live processes say of themselves. Two questions each: its state, which it always answers at once,
 * and the backends that it would find, for which it reads files; without the second the report is shorter.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/each.h"
#include "tools/offline.h"

const char help_status[] =
	"Usage: tenon status PID|--label L|--all [--timeout T]\n\n"
	"Prints what serves the kernels of live processes, and in what state: generation, pin, why it is degraded, "
	"images\n"
	"loaded and waiting for readers, a grace period that hangs and the thread that holds it up, arenas, and the\n"
	"backends that the process could be told to swap to. With a PID --json prints one object, else "
	"`processes`.\n\n" TARGET_HELP "\nExample: tenon status 4711\n\n"
	"Exit codes: 0 done; 2 usage; 4 no such process, no answer\n";

static bool serves(const struct answer *state, const char *backend)
{
	for (size_t i = next_line(state, 0, "kernel"); i < state->count; i = next_line(state, i + 1, "kernel"))
		if (strcmp(in_line(state, i, "source"), backend) == 0)
			return true;
	return false;
}

/* The states of tenon list, and "active" for what serves. */
static const char *state_of(const struct reply *reply, size_t i)
{
	if (serves(&reply->answer, in_line(&reply->more, i, "backend")))
		return "active";
	return name_state(atoi(in_line(&reply->more, i, "status")));
}

/* ---- Text ------------------------------------------------------------------------------------------------------- */

static bool is_set(const struct answer *answer, const char *key)
{
	const char *value = find_value(answer, key);
	return strcmp(value, "") != 0 && strcmp(value, "0") != 0 && strcmp(value, "false") != 0;
}

static void print_rollout(FILE *out, const struct answer *state)
{
	const char *what = find_value(state, "rollout");
	if (strcmp(what, "canary") == 0 || strcmp(what, "paused") == 0)
		fprintf(out,
			"  rollout      %s of %s: %s %% of the calls, step %s of %s, %s of %s ms held; %s calls, %s "
			"compared%s\n",
			what, find_value(state, "rollout_backend"), find_value(state, "rollout_percent"),
			find_value(state, "rollout_step"), find_value(state, "rollout_steps"),
			find_value(state, "rollout_held_ms"), find_value(state, "rollout_hold_ms"),
			find_value(state, "rollout_calls"), find_value(state, "rollout_checks"),
			strcmp(what, "paused") == 0 ? " (tenon resume)" : "");
	else if (is_set(state, "rollout_id"))
		fprintf(out, "  rollout      the last one, of %s: %s: %s\n", find_value(state, "rollout_backend"), what,
			find_value(state, "rollout_reason"));
}

static void print_standing(FILE *out, const struct answer *state)
{
	if (is_set(state, "quarantined"))
		fprintf(out, "  quarantined  %s kernels of backends (tenon quarantine list)\n",
			find_value(state, "quarantined"));
	if (is_set(state, "state_dir"))
		fprintf(out, "  state        in %s\n", find_value(state, "state_dir"));
	if (is_set(state, "state_reason"))
		fprintf(out, "  state        %s\n", find_value(state, "state_reason"));
}

static void print_state(FILE *out, const struct answer *state)
{
	fprintf(out, "  backend      %s, generation %s%s\n", find_value(state, "backend"),
		find_value(state, "generation"), is_set(state, "pinned") ? ", pinned (tenon unpin ends that)" : "");
	if (is_set(state, "build_id"))
		fprintf(out, "  build-id     %s\n", find_value(state, "build_id"));
	if (is_set(state, "degraded"))
		fprintf(out, "  degraded     %s\n", find_value(state, "degraded_reason"));
	if (strcmp(find_value(state, "config_last_reload_successful"), "false") == 0)
		fprintf(out, "  config       not reloaded, nothing changed: %s\n",
			find_value(state, "config_last_reload_error"));
	if (is_set(state, "config_pending"))
		fprintf(out, "  config       waits for a new process: %s\n", find_value(state, "config_pending"));
	print_rollout(out, state);
	print_standing(out, state);
	fprintf(out, "  changes      %s swaps, %s rollbacks\n", find_value(state, "swaps"),
		find_value(state, "rollbacks"));
	fprintf(out, "  images       %s loaded, %s waiting for readers, %s unloaded, %s resident\n",
		find_value(state, "images_loaded"), find_value(state, "images_pending"),
		find_value(state, "images_unloaded"), find_value(state, "images_resident"));
	if (is_set(state, "grace_age_ms"))
		fprintf(out, "  waiting      for readers since %s ms, thread %s\n", find_value(state, "grace_age_ms"),
			is_set(state, "grace_blocker_tid") ? find_value(state, "grace_blocker_tid") : "unknown");
	if (is_set(state, "unload_disabled"))
		fprintf(out, "  never unload %s\n", find_value(state, "unload_reason"));
	fprintf(out, "  arenas       %s threads, %s ended; at most %s bytes used of %s, %s overflows\n",
		find_value(state, "threads_live"), find_value(state, "threads_ended"),
		find_value(state, "arena_high_water"), find_value(state, "arena_size"),
		find_value(state, "arena_overflows"));
}

static void print_report(FILE *out, const struct reply *reply)
{
	const struct answer *state = &reply->answer, *backends = &reply->more;
	const char *label = find_value(state, "label");
	fprintf(out, "process %ld (%s)%s%s, Tenon %s\n", (long)reply->process.pid, find_value(state, "program"),
		*label ? ", label " : "", label, find_value(state, "version"));
	print_state(out, state);
	for (size_t i = next_line(state, 0, "kernel"); i < state->count; i = next_line(state, i + 1, "kernel"))
		fprintf(out, "  kernel       %-24s %s\n", in_line(state, i, "kernel"), in_line(state, i, "source"));
	for (size_t i = next_line(backends, 0, "backend"); i < backends->count;
	     i = next_line(backends, i + 1, "backend"))
		fprintf(out, "  available    %-12s %-8s %s\n", in_line(backends, i, "backend"), state_of(reply, i),
			*in_line(backends, i, "reason") ? in_line(backends, i, "reason")
							: in_line(backends, i, "path"));
	if (backends->count == 0)
		fprintf(out, "  available    unknown: the process is busy with a swap or cannot read its folders\n");
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

#ifdef HAVE_JANSSON
/* The kernels that a backend serves. Their class is known to the process only. */
static json_t *kernels_as_json(const struct answer *state, const char *backend)
{
	json_t *list = json_array();
	for (size_t i = next_line(state, 0, "kernel"); i < state->count; i = next_line(state, i + 1, "kernel"))
		if (strcmp(in_line(state, i, "source"), backend) == 0)
			json_array_append_new(list, json_pack("{s:o, s:n, s:o}", "name",
							      json_text(in_line(state, i, "kernel")), "class", "source",
							      json_text(backend)));
	return list;
}

static json_t *text_or_null(const char *text)
{
	return *text ? json_text(text) : json_null();
}

static json_t *backend_as_json(const struct reply *reply, size_t i)
{
	const struct answer *found = &reply->more;
	const char *name = in_line(found, i, "backend");
	return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o}", "name", json_text(name), "path",
			 text_or_null(in_line(found, i, "path")), "state", state_of(reply, i), "reason",
			 text_or_null(in_line(found, i, "reason")), "isa",
			 json_text(name_isa(in_line(found, i, "needs"))), "version",
			 json_text(in_line(found, i, "version")), "kernels", kernels_as_json(&reply->answer, name));
}

static bool is_listed(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_object_get(json_array_get(list, i), "name")), name) == 0)
			return true;
	return false;
}

/* What serves without being found: it came by path, its file is gone, or the process was too busy to look. */
static void add_serving(const struct answer *state, json_t *list)
{
	for (size_t i = next_line(state, 0, "kernel"); i < state->count; i = next_line(state, i + 1, "kernel")) {
		const char *name = in_line(state, i, "source");
		if (!is_listed(list, name))
			json_array_append_new(list,
					      json_pack("{s:o, s:n, s:s, s:n, s:n, s:n, s:o}", "name", json_text(name),
							"path", "state", "active", "reason", "isa", "version",
							"kernels", kernels_as_json(state, name)));
	}
}

static json_t *backends_as_json(const struct reply *reply)
{
	const struct answer *found = &reply->more;
	json_t *list = json_array();
	for (size_t i = next_line(found, 0, "backend"); i < found->count; i = next_line(found, i + 1, "backend"))
		json_array_append_new(list, backend_as_json(reply, i));
	add_serving(&reply->answer, list);
	return list;
}

static json_t *arena_as_json(const struct answer *state)
{
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "size", json_value_number(state, "arena_size"), "current",
		json_value_number(state, "arena_current"), "high_water", json_value_number(state, "arena_high_water"),
		"resets", json_value_number(state, "arena_resets"), "overflows",
		json_value_number(state, "arena_overflows"), "fallback_bytes",
		json_value_number(state, "arena_fallback_bytes"), "threads_live",
		json_value_number(state, "threads_live"), "threads_ended", json_value_number(state, "threads_ended"));
}

static json_t *grace_as_json(const struct answer *state)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "completed", json_value_number(state, "grace_periods"), "age_ms",
			 json_value_number(state, "grace_age_ms"), "blocker_tid",
			 is_set(state, "grace_blocker_tid") ? json_value_number(state, "grace_blocker_tid")
							    : json_null(),
			 "unload_disabled", json_value_flag(state, "unload_disabled"), "reason",
			 text_or_null(find_value(state, "unload_reason")));
}

static json_t *images_as_json(const struct answer *state)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "build_id", text_or_null(find_value(state, "build_id")), "loaded",
			 json_value_number(state, "images_loaded"), "pending",
			 json_value_number(state, "images_pending"), "unloaded",
			 json_value_number(state, "images_unloaded"), "resident",
			 json_value_number(state, "images_resident"));
}

static json_t *config_as_json(const struct answer *state)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "reloads", json_value_number(state, "config_reloads"), "failures",
			 json_value_number(state, "config_reload_failures"), "last_reload_successful",
			 json_value_flag(state, "config_last_reload_successful"), "error",
			 text_or_null(find_value(state, "config_last_reload_error")), "pending",
			 text_or_null(find_value(state, "config_pending")));
}

static json_t *report_as_json(const struct reply *reply)
{
	const struct answer *state = &reply->answer;
	return json_pack(
		"{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"pid", (json_int_t)reply->process.pid, "program", json_value_text(state, "program"), "label",
		json_value_text(state, "label"), "version", json_value_text(state, "version"), "backend",
		json_value_text(state, "backend"), "generation", json_value_number(state, "generation"), "degraded",
		json_value_flag(state, "degraded"), "degraded_reason",
		text_or_null(find_value(state, "degraded_reason")), "pinned", json_value_flag(state, "pinned"),
		"rollout", rollout_as_json(state), "state_dir", text_or_null(find_value(state, "state_dir")),
		"state_reason", text_or_null(find_value(state, "state_reason")), "quarantined",
		json_value_number(state, "quarantined"), "swaps", json_value_number(state, "swaps"), "rollbacks",
		json_value_number(state, "rollbacks"), "images", images_as_json(state), "arena", arena_as_json(state),
		"grace_period", grace_as_json(state), "config", config_as_json(state), "backends",
		backends_as_json(reply));
}
#endif

/* ---- The command ------------------------------------------------------------------------------------------------ */

static const struct view status_view = {
	.request = "status",
	.more = "list",
	.print = print_report,
#ifdef HAVE_JANSSON
	.as_json = report_as_json,
#endif
};

int run_status(struct tool *tool, int argc, char **argv)
{
	struct targets targets = {0};
	const struct tool_option options[] = {TARGET_OPTIONS(targets), {NULL, OPTION_FLAG, NULL, 0, 0}};
	int code = parse_targets(tool, &targets, options, &argc, argv, 0);
	return code ? code : show_processes(tool, &targets, &status_view);
}
