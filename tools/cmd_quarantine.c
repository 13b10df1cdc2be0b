/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon quarantine: which kernels of which backends must not serve. Asks live processes, or reads and changes the
 * files of a state directory, which those who share it look at when they swap.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/logfmt.h"
#include "runtime/record.h"
#include "tools/each.h"
#include "tools/offline.h"

const char help_quarantine[] =
	"Usage: tenon quarantine list [PID|--label L|--all|--state-dir DIR]\n"
	"       tenon quarantine add [PID|...] BACKEND [KERNEL]\n"
	"       tenon quarantine clear [PID|...] BACKEND|all [KERNEL]\n\n"
	"A kernel of a backend that gave a wrong answer, faulted, or was too slow in a rollout does not serve any "
	"more: scalar\n"
	"does, in every process that shares the state directory, until it is cleared. The backend is told by its "
	"build-id,\n"
	"so that a repaired one is free. BACKEND is a name, a file, or a build-id in hex; without KERNEL all are "
	"meant.\n"
	"With a process it is that process's quarantine, which may be in its memory alone; an added kernel stops "
	"serving\n"
	"there at once. Without one it is that of the state directory: DIR, else the configured one.\n\n" TARGET_HELP
	"  --state-dir D  another state directory than the configured one\n\n"
	"Example: tenon quarantine clear 4711 avx2 top_k\n\n"
	"Exit codes: 0 done, also when nothing matched; 2 usage, or a line that cannot be read; 3 refused; 4 no such "
	"process\n";

/* ---- Live ------------------------------------------------------------------------------------------------------- */

#ifdef HAVE_JANSSON
static json_t *record_as_json(const char *backend, const char *build_id, const char *kernel, const char *time,
			      bool saved, const char *reason)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:b, s:o}", "backend", json_text(backend), "build_id",
			 json_text(build_id), "kernel", json_text(kernel), "time", json_text(time), "saved", saved,
			 "reason", json_text(reason));
}

static json_t *answer_as_json(const struct reply *reply)
{
	const struct answer *answer = &reply->answer;
	json_t *list = json_array();
	for (size_t i = next_line(answer, 0, "quarantined"); i < answer->count;
	     i = next_line(answer, i + 1, "quarantined"))
		json_array_append_new(list,
				      record_as_json(in_line(answer, i, "quarantined"), in_line(answer, i, "build_id"),
						     in_line(answer, i, "kernel"), in_line(answer, i, "time"),
						     strcmp(in_line(answer, i, "saved"), "true") == 0,
						     in_line(answer, i, "reason")));
	return json_pack("{s:I, s:o, s:o, s:o, s:o}", "pid", (json_int_t)reply->process.pid, "outcome",
			 json_text(answer->text), "state_dir", json_value_text(answer, "state_dir"), "trouble",
			 json_value_text(answer, "trouble"), "quarantine", list);
}
#endif

static void print_record(FILE *out, const char *backend, const char *build_id, const char *kernel, const char *time,
			 const char *reason)
{
	fprintf(out, "  %-12s %-24s %s  build-id %s: %s\n", backend, kernel, time, build_id, reason);
}

static void print_answer(FILE *out, const struct reply *reply)
{
	const struct answer *answer = &reply->answer;
	const char *dir = find_value(answer, "state_dir"), *trouble = find_value(answer, "trouble");
	fprintf(out, "process %ld: %s, in %s\n", (long)reply->process.pid, answer->text,
		*dir ? dir : "its memory alone");
	for (size_t i = next_line(answer, 0, "quarantined"); i < answer->count;
	     i = next_line(answer, i + 1, "quarantined"))
		print_record(out, in_line(answer, i, "quarantined"), in_line(answer, i, "build_id"),
			     in_line(answer, i, "kernel"), in_line(answer, i, "time"), in_line(answer, i, "reason"));
	if (*trouble)
		fprintf(out, "  %s\n", trouble);
}

static int ask_processes(struct tool *tool, const struct targets *targets, char **words, int count)
{
	char bytes[8000];
	struct text request;
	start_text(&request, bytes, sizeof bytes);
	add_text(&request, "quarantine");
	for (int i = 0; i < count; i++) {
		add_text(&request, " ");
		add_word(&request, words[i]);
	}
	if (request.cut)
		return fail(tool, EXIT_USAGE, "the name of the backend is too long");
	struct view view = {.request = bytes, .print = print_answer, .always_list = true};
#ifdef HAVE_JANSSON
	view.as_json = answer_as_json;
#endif
	return show_processes(tool, targets, &view);
}

/* ---- Offline ---------------------------------------------------------------------------------------------------- */

static int open_state(struct tool *tool, const char *named, struct machine *machine, char path[PATH_MAX])
{
	struct why why;
	struct stat st;
	int code = open_machine(tool, NULL, machine);
	if (code)
		return code;
	if (named) {
		char *real = realpath(named, NULL);
		if (!real)
			return fail(tool, EXIT_REFUSED, "--state-dir %s: there is no such directory", named);
		snprintf(machine->config.state_dir, sizeof machine->config.state_dir, "%s", real);
		free(real);
	}
	/* Whoever owns it may decide about it; that others can write there is still refused. */
	struct trusted_owners *owners = &machine->config.trusted_owners;
	if (stat(machine->config.state_dir, &st) == 0 && owners->count < TRUSTED_OWNERS_MAX)
		owners->uid[owners->count++] = st.st_uid;
	if (find_state_dir(&machine->config, path, &why))
		return fail(tool, EXIT_REFUSED, "%s", why.text);
	return EXIT_DONE;
}

/* Shows it after the action, text. A line that cannot be read makes the code 2, when the rest was done. */
static int show_state(struct tool *tool, const char *path, const char *text)
{
	struct why why = {0};
	struct quarantine_list list;
	if (read_quarantine(path, &list, &why))
		return fail(tool, EXIT_REFUSED, "%s", why.text);
	int code = list.bad_line ? EXIT_USAGE : EXIT_DONE;
	if (!tool->json)
		fprintf(tool->out, "%s, in %s\n", text, path);
#ifdef HAVE_JANSSON
	json_t *array = json_array();
#endif
	for (size_t i = 0; i < list.count; i++) {
		const struct quarantined *record = &list.entry[i];
		char time[RECORD_TIME_SIZE];
		format_time(record->time, time);
#ifdef HAVE_JANSSON
		json_array_append_new(array, record_as_json(record->backend, record->build_id, record->kernel, time,
							    true, record->reason));
#endif
		if (!tool->json)
			print_record(tool->out, record->backend, record->build_id, record->kernel, time,
				     record->reason);
	}
	free(list.entry);
#ifdef HAVE_JANSSON
	if (tool->json)
		emit_json(tool, json_pack("{s:s, s:o, s:s, s:O}", "outcome", text, "state_dir", json_text(path),
					  "trouble", why.text, "quarantine", array));
	json_decref(array);
#endif
	if (code && !tool->json)
		fprintf(tool->out, "%s\n", why.text);
	return code;
}

static int add_offline(struct tool *tool, const struct machine *machine, const char *path, const char *backend,
		       const char *kernel)
{
	struct quarantined record;
	struct why why;
	int status = name_quarantined(&machine->config, &machine->cpu, backend, kernel, "by hand", &record, &why);
	if (status == TENON_OK)
		status = write_quarantined(path, &record, &why);
	return status ? fail(tool, EXIT_REFUSED, "%s", why.text) : show_state(tool, path, "quarantined");
}

static int clear_offline(struct tool *tool, const char *path, const char *backend, const char *kernel)
{
	unsigned count = 0;
	struct why why;
	char text[64];
	if (erase_quarantined(path, strcmp(backend, "all") == 0 ? "" : backend, kernel, &count, &why))
		return fail(tool, EXIT_REFUSED, "%s", why.text);
	snprintf(text, sizeof text, count ? "cleared %u" : "nothing matched", count);
	return show_state(tool, path, text);
}

static int act_offline(struct tool *tool, const char *named, char **words, int count)
{
	static struct machine machine;
	char path[PATH_MAX];
	int code = open_state(tool, named, &machine, path);
	if (code)
		return code;
	if (strcmp(words[0], "add") == 0)
		return add_offline(tool, &machine, path, words[1], count > 2 ? words[2] : "all");
	if (strcmp(words[0], "clear") == 0)
		return clear_offline(tool, path, words[1], count > 2 ? words[2] : "");
	return show_state(tool, path, "quarantine");
}

/* ---- The command ------------------------------------------------------------------------------------------------ */

static bool is_action(char **words, int count)
{
	if (count == 1)
		return strcmp(words[0], "list") == 0;
	return (count == 2 || count == 3) && (strcmp(words[0], "add") == 0 || strcmp(words[0], "clear") == 0);
}

int run_quarantine(struct tool *tool, int argc, char **argv)
{
	struct targets targets = {0};
	const char *named = NULL;
	char path[PATH_MAX];
	const struct tool_option options[] = {
		TARGET_OPTIONS(targets), {"--state-dir", OPTION_TEXT, &named, 0, 0}, {NULL, OPTION_FLAG, NULL, 0, 0}};
	int code = parse_optional_targets(tool, &targets, options, &argc, argv, 2);
	if (code)
		return code;
	if (!is_action(argv + 1, argc - 1))
		return fail(
			tool, EXIT_USAGE,
			"quarantine takes list, add BACKEND [KERNEL], or clear BACKEND|all [KERNEL]; see tenon help "
			"quarantine");
	if (named && has_targets(&targets))
		return fail(tool, EXIT_USAGE, "--state-dir is for no process; name one or the other");
	if (argc > 2 && strchr(argv[2], '/') && realpath(argv[2], path))
		argv[2] = path;
	return has_targets(&targets) ? ask_processes(tool, &targets, argv + 1, argc - 1)
				     : act_offline(tool, named, argv + 1, argc - 1);
}
