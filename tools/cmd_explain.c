/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon explain: one backend, rule by rule; why it is chosen or not, and what to do about a refusal. Offline, or as a live
 * process sees it.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/logfmt.h"
#include "runtime/prove.h"
#include "runtime/record.h"
#include "tools/offline.h"
#include "tools/processes.h"

const char help_explain[] =
	"Usage: tenon explain [--config FILE] NAME|FILE\n"
	"       tenon explain --pid PID [--timeout T] NAME|FILE\n\n"
	"Judges a backend, by name or file (anything with a slash is a file), as the runtime would: every\n"
	"rule with its verdict, and with the remedy where it refuses; what it needs of the CPU; which kernels\n"
	"it has, and why it has not the others; what is quarantined; and which line of the configuration\n"
	"chooses it, or another. With --pid a live process is asked, which judges by its own configuration, CPU\n"
	"cap and quarantine, and says what serves each kernel now, and why.\n\n"
	"  --config FILE  use FILE instead of the system's configuration\n"
	"  --pid PID      ask that process; it loads nothing for it\n"
	"  --timeout T    give up on an answer after T, as 500ms, 5s or 2m (default 5s)\n\n"
	"Example: tenon explain ./mine.so\n\n"
	"Exit codes: 0 usable; 2 usage or configuration; 3 refused, or there is no such backend; 4 no such process, "
	"no\n"
	"answer; 77 only this CPU, or max_isa, is in the way\n";

#define RULES_MAX 48

struct rule {
	char name[32];
	int verdict;
	char text[sizeof((struct why *)0)->text];
};

struct subject {
	struct candidate candidate;
	struct offer offer;
	struct selection selection;
	bool chosen; /* it is what [runtime] backend takes */
	bool quarantined[KERNEL_COUNT];
	struct rule rules[RULES_MAX];
	size_t count;
};

/* vet_observer */
static void note_rule(void *user, const char *rule, int verdict, const char *text)
{
	struct subject *subject = user;
	if (subject->count == RULES_MAX)
		return;
	struct rule *noted = &subject->rules[subject->count++];
	snprintf(noted->name, sizeof noted->name, "%s", rule);
	noted->verdict = verdict;
	snprintf(noted->text, sizeof noted->text, "%s", text);
}

static const char *name_verdict(int verdict)
{
	switch (verdict) {
	case 0: return "passed";
	case VET_WARNED: return "warning";
	case VET_EXEMPT: return "exempt";
	case VET_OPEN: return "open";
	case TENON_EUNSUPPORTED: return "unsupported";
	default: return "refused";
	}
}

/* ---- Offline ----------------------------------------------------------------------------------------------------- */

static bool covers(const struct quarantined *record, const char *build_id, const char *kernel)
{
	return strcmp(record->build_id, build_id) == 0 &&
	       (strcmp(record->kernel, "all") == 0 || strcmp(record->kernel, kernel) == 0);
}

/* What the state directory says of this build. */
static void judge_quarantine(const struct machine *machine, struct subject *subject)
{
	char directory[PATH_MAX], text[sizeof subject->rules[0].text];
	struct quarantine_list list = {.count = 0};
	struct why why = {0};
	const struct candidate *c = &subject->candidate;
	if (find_state_dir(&machine->config, directory, &why) == TENON_ENOENT) {
		note_rule(subject, "quarantine", 0,
			  "without a state directory each process knows of its own alone: ask it with --pid");
		return;
	}
	if (why.status || read_quarantine(directory, &list, &why)) {
		snprintf(text, sizeof text, "unknown: %.400s", why.text);
		note_rule(subject, "quarantine", VET_OPEN, text);
		return;
	}
	snprintf(text, sizeof text, "no kernel of this build is quarantined");
	unsigned found = 0;
	for (size_t i = 0; i < list.count; i++)
		for (int k = 0; k < KERNEL_COUNT; k++)
			if (covers(&list.entry[i], c->vetted.build_id, kernels[k].name)) {
				found += !subject->quarantined[k];
				subject->quarantined[k] = true;
				snprintf(text, sizeof text,
					 "%u kernels stay with scalar (%.200s); to end that: tenon quarantine clear %s",
					 found, list.entry[i].reason, c->name);
			}
	free(list.entry);
	note_rule(subject, "quarantine", found ? VET_WARNED : 0, text);
}

/* Judges the file that resolving found; loads it if it may be. */
static void examine(const struct machine *machine, struct subject *subject, bool by_name)
{
	struct candidate *c = &subject->candidate;
	char path[PATH_MAX], name[BACKEND_NAME_SIZE];
	if (*c->path) {
		memcpy(path, c->path, sizeof path);
		memcpy(name, c->name, sizeof name);
		examine_every_rule(&machine->config, &machine->cpu, path, by_name ? name : NULL, note_rule, subject, c);
	}
	if (*c->path)
		explain_proof(&machine->config, &machine->cpu, c, note_rule, subject);
	bool loadable = !c->status && *c->path;
	ask_backend(machine, c, &subject->offer);
	if (*c->path)
		note_rule(subject, "load", loadable ? c->status : VET_OPEN,
			  loadable && c->status ? c->why.text : "mapped, agreed with and self-tested");
	if (*c->path)
		judge_quarantine(machine, subject);
	select_backend(machine, &subject->selection);
	const struct candidate *selected = &subject->selection.candidate;
	subject->chosen = !c->status && !selected->status && strcmp(c->path, selected->path) == 0;
}

/* Why scalar serves a kernel; "" if it does not. */
static const char *name_obstacle(const struct subject *subject, int kernel)
{
	const struct offer *offer = &subject->offer;
	if (!offer->own[kernel])
		return *offer->lacks[kernel] ? offer->lacks[kernel] : "it has none";
	return subject->quarantined[kernel] ? "its own is quarantined" : "";
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

#ifdef HAVE_JANSSON
static json_t *rules_as_json(const struct subject *subject)
{
	json_t *rules = json_array();
	for (size_t i = 0; i < subject->count; i++)
		json_array_append_new(rules, json_pack("{s:s, s:s, s:o}", "rule", subject->rules[i].name, "verdict",
						       name_verdict(subject->rules[i].verdict), "text",
						       json_text(subject->rules[i].text)));
	return rules;
}

/* The kernels of list, with the reason why scalar serves one. */
static json_t *kernels_as_json(const struct subject *subject)
{
	json_t *kernels = offer_as_json(&subject->candidate, &subject->offer);
	for (int i = 0; i < KERNEL_COUNT; i++) {
		const char *obstacle = subject->offer.known ? name_obstacle(subject, i) : "";
		json_object_set_new(json_array_get(kernels, (size_t)i), "reason",
				    *obstacle ? json_text(obstacle) : json_null());
	}
	return kernels;
}

static int print_json(struct tool *tool, const struct machine *machine, const struct subject *subject)
{
	const struct candidate *c = &subject->candidate;
	char chosen_by[1024];
	describe_selection(machine, &subject->selection, chosen_by, sizeof chosen_by);
	return emit_json(tool,
			 json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o}", "name",
				   json_text(c->name), "path", *c->path ? json_text(c->path) : json_null(), "state",
				   name_state(c->status), "reason", c->status ? json_text(c->why.text) : json_null(),
				   "isa", json_text(name_isa(c->vetted.needs)), "version", json_text(c->vetted.version),
				   "vendor", json_text(c->vetted.vendor), "build_id", json_text(c->vetted.build_id),
				   "chosen", subject->chosen, "selection", json_text(chosen_by), "ignored",
				   *machine->config.ignored ? json_text(machine->config.ignored) : json_null(), "rules",
				   rules_as_json(subject), "kernels", kernels_as_json(subject)));
}
#endif

/* ---- Text -------------------------------------------------------------------------------------------------------- */

static void print_identity(FILE *out, const struct candidate *c)
{
	const struct vetted *noted = &c->vetted;
	fprintf(out, "%s: %s\n", *c->name ? c->name : c->path, name_state(c->status));
	if (c->status)
		fprintf(out, "  %s\n", c->why.text);
	fprintf(out, "\n  file       %s\n", *c->path ? c->path : "linked into the runtime");
	if (!*noted->name)
		return;
	fprintf(out, "  version    %s by %s, ABI %u.%u to %u.%u\n", noted->version, noted->vendor, noted->abi_min >> 16,
		noted->abi_min & 0xffff, noted->abi_max >> 16, noted->abi_max & 0xffff);
	fprintf(out, "  needs      %s\n", name_isa(c->vetted.needs));
	if (*noted->uses)
		fprintf(out, "  uses       %s, where the CPU has it\n", noted->uses);
	if (*noted->build_id)
		fprintf(out, "  build-id   %s\n", noted->build_id);
}

static void print_choice(FILE *out, const struct machine *machine, const struct subject *subject)
{
	const struct config *config = &machine->config;
	const char *name = subject->candidate.name;
	char text[1024];
	describe_selection(machine, &subject->selection, text, sizeof text);
	fprintf(out, "  chosen     %s: %s\n", subject->chosen ? "yes" : "no", text);
	if (!subject->candidate.status && strcmp(config->backend, "auto") == 0 && !auto_may_choose(config, name))
		fprintf(out,
			"             auto takes shipped backends only; set [runtime] allow = %s to let it take %s\n",
			name, name);
	for (int i = 0; i < KERNEL_COUNT; i++)
		if (*name && strcmp(config->kernel_backend[i], name) == 0)
			fprintf(out, "             [kernels] %s = %s (%s)\n", kernels[i].name, name,
				config_origin(config, "kernels", kernels[i].name));
	if (*config->ignored)
		fprintf(out, "  tuning     %s\n", config->ignored);
	if (*config->max_isa)
		fprintf(out, "  cap        [runtime] max_isa = %s (%s)\n", config->max_isa,
			config_origin(config, "runtime", "max_isa"));
}

static void print_kernel(FILE *out, const struct subject *subject, int kernel)
{
	const struct offer *offer = &subject->offer;
	const char *obstacle = name_obstacle(subject, kernel), *lacks = offer->lacks[kernel];
	if (*obstacle)
		fprintf(out, "  %-22s inherited from scalar: %s\n", kernels[kernel].name, obstacle);
	else
		fprintf(out, "  %-22s its own, %s%s%s\n", kernels[kernel].name,
			name_class(offer->numeric_class[kernel]), *lacks ? "; not its best, which " : "", lacks);
}

static void print_rules(FILE *out, const struct subject *subject)
{
	if (subject->count)
		fprintf(out, "\n");
	for (size_t i = 0; i < subject->count; i++)
		fprintf(out, "  %-11s  %-16s  %s\n", name_verdict(subject->rules[i].verdict), subject->rules[i].name,
			subject->rules[i].text);
	fprintf(out, "\n");
}

static void print_text(FILE *out, const struct machine *machine, const struct subject *subject)
{
	print_identity(out, &subject->candidate);
	print_choice(out, machine, subject);
	print_rules(out, subject);
	for (int i = 0; i < KERNEL_COUNT; i++)
		if (subject->offer.known)
			print_kernel(out, subject, i);
	if (!subject->offer.known)
		fprintf(out, "  its kernels are unknown: it was not loaded\n");
}

/* ---- A live process ---------------------------------------------------------------------------------------------- */

/* What it answered, as if we had judged it ourselves. */
static void take_answer(const struct answer *answer, struct subject *subject)
{
	struct candidate *c = &subject->candidate;
	for (size_t i = next_line(answer, 0, "rule"); i < answer->count; i = next_line(answer, i + 1, "rule"))
		note_rule(subject, in_line(answer, i, "rule"), atoi(in_line(answer, i, "verdict")),
			  in_line(answer, i, "text"));
	c->status = atoi(find_value(answer, "status"));
	snprintf(c->why.text, sizeof c->why.text, "%s", find_value(answer, "reason"));
	snprintf(c->name, sizeof c->name, "%s", find_value(answer, "name"));
	snprintf(c->path, sizeof c->path, "%s", find_value(answer, "path"));
	snprintf(c->vetted.name, sizeof c->vetted.name, "%s", c->name);
	snprintf(c->vetted.version, sizeof c->vetted.version, "%s", find_value(answer, "version"));
	snprintf(c->vetted.vendor, sizeof c->vetted.vendor, "%s", find_value(answer, "vendor"));
	snprintf(c->vetted.needs, sizeof c->vetted.needs, "%s", find_value(answer, "needs"));
	snprintf(c->vetted.uses, sizeof c->vetted.uses, "%s", find_value(answer, "uses"));
	snprintf(c->vetted.build_id, sizeof c->vetted.build_id, "%s", find_value(answer, "build_id"));
	c->vetted.abi_min = (uint32_t)strtoul(find_value(answer, "abi_min"), NULL, 10);
	c->vetted.abi_max = (uint32_t)strtoul(find_value(answer, "abi_max"), NULL, 10);
	subject->chosen = *find_value(answer, "takes") && strcmp(find_value(answer, "takes_path"), c->path) == 0;
}

/* What one process said: of the backend, and of itself. */
struct live {
	struct process process;
	struct answer answer, state;
};

static void describe_live_choice(const struct live *live, char *text, size_t size)
{
	const struct answer *answer = &live->answer;
	const char *takes = find_value(answer, "takes"), *reason = find_value(answer, "takes_reason");
	snprintf(text, size, "[runtime] backend = %s (%s) %s%s%s%s", find_value(answer, "config_backend"),
		 find_value(answer, "config_origin"), *takes ? "takes " : "cannot be had", takes, *reason ? ": " : "",
		 reason);
}

/* Why the process is where it is, beside its configuration. */
static void describe_standing(const struct live *live, char *text, size_t size)
{
	const struct answer *state = &live->state;
	const char *rollout = find_value(state, "rollout");
	size_t used = (size_t)snprintf(text, size, "%s, generation %s", find_value(state, "backend"),
				       find_value(state, "generation"));
	if (strcmp(find_value(state, "pinned"), "true") == 0 && used < size)
		used += (size_t)snprintf(text + used, size - used, "; pinned by hand (tenon unpin ends that)");
	if (*rollout && strcmp(rollout, "none") != 0 && used < size)
		used += (size_t)snprintf(text + used, size - used, "; rollout of %s: %s, %s %% of calls",
					 find_value(state, "rollout_backend"), rollout,
					 find_value(state, "rollout_percent"));
	if (*find_value(state, "rollout_reason") && used < size)
		used += (size_t)snprintf(text + used, size - used, ": %s", find_value(state, "rollout_reason"));
	if (*find_value(state, "degraded_reason") && used < size)
		snprintf(text + used, size - used, "; degraded: %s", find_value(state, "degraded_reason"));
}

static void print_live_kernel(FILE *out, const struct answer *answer, size_t line)
{
	const char *override = in_line(answer, line, "override");
	fprintf(out, "  %-22s served by %s now", in_line(answer, line, "kernel"), in_line(answer, line, "source"));
	if (*override)
		fprintf(out, "; [kernels] says %s (%s)", override, in_line(answer, line, "origin"));
	fprintf(out, "%s\n",
		strcmp(in_line(answer, line, "quarantined"), "true") == 0
			? "; its own is quarantined (tenon quarantine list)"
			: "");
}

static void print_live(FILE *out, const struct live *live, const struct subject *subject)
{
	char text[2048];
	const struct answer *answer = &live->answer;
	print_identity(out, &subject->candidate);
	describe_live_choice(live, text, sizeof text);
	fprintf(out, "  chosen     %s: %s\n", subject->chosen ? "yes" : "no", text);
	if (strcmp(find_value(answer, "config_backend"), "auto") == 0 &&
	    strcmp(find_value(answer, "auto_may_choose"), "false") == 0)
		fprintf(out,
			"             auto takes shipped backends only; set [runtime] allow = %s to let it take %s\n",
			subject->candidate.name, subject->candidate.name);
	if (*find_value(answer, "config_ignored"))
		fprintf(out, "  tuning     %s\n", find_value(answer, "config_ignored"));
	if (*find_value(answer, "max_isa"))
		fprintf(out, "  cap        [runtime] max_isa = %s (%s)\n", find_value(answer, "max_isa"),
			find_value(answer, "max_isa_origin"));
	describe_standing(live, text, sizeof text);
	fprintf(out, "  serving    process %ld (%s): %s\n", (long)live->process.pid,
		find_value(&live->state, "program"), text);
	print_rules(out, subject);
	for (size_t i = next_line(answer, 0, "kernel"); i < answer->count; i = next_line(answer, i + 1, "kernel"))
		print_live_kernel(out, answer, i);
}

#ifdef HAVE_JANSSON
static json_t *live_kernels_as_json(const struct answer *answer)
{
	json_t *list = json_array();
	for (size_t i = next_line(answer, 0, "kernel"); i < answer->count; i = next_line(answer, i + 1, "kernel")) {
		const char *override = in_line(answer, i, "override");
		json_array_append_new(list,
				      json_pack("{s:o, s:n, s:o, s:o, s:o, s:b}", "name",
						json_text(in_line(answer, i, "kernel")), "class", "source",
						json_text(in_line(answer, i, "source")), "override",
						*override ? json_text(override) : json_null(), "origin",
						*override ? json_text(in_line(answer, i, "origin")) : json_null(),
						"quarantined", strcmp(in_line(answer, i, "quarantined"), "true") == 0));
	}
	return list;
}

static int print_live_json(struct tool *tool, const struct live *live, const struct subject *subject)
{
	char choice[2048], standing[2048];
	const struct candidate *c = &subject->candidate;
	describe_live_choice(live, choice, sizeof choice);
	describe_standing(live, standing, sizeof standing);
	return emit_json(
		tool, json_pack("{s:I, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
				"pid", (json_int_t)live->process.pid, "name", json_text(c->name), "path",
				*c->path ? json_text(c->path) : json_null(), "state", name_state(c->status), "reason",
				c->status ? json_text(c->why.text) : json_null(), "isa",
				json_text(name_isa(c->vetted.needs)), "version", json_text(c->vetted.version), "vendor",
				json_text(c->vetted.vendor), "build_id", json_text(c->vetted.build_id), "chosen",
				subject->chosen, "selection", json_text(choice), "ignored",
				*find_value(&live->answer, "config_ignored")
					? json_text(find_value(&live->answer, "config_ignored"))
					: json_null(),
				"serving", json_text(standing), "pinned", json_value_flag(&live->state, "pinned"),
				"rollout", rollout_as_json(&live->state), "rules", rules_as_json(subject), "kernels",
				live_kernels_as_json(&live->answer)));
}
#endif

/* The process's working folder is not ours. */
static bool write_request(const char *name, char *request, size_t size)
{
	struct text text;
	char *path = strchr(name, '/') ? realpath(name, NULL) : NULL;
	start_text(&text, request, size);
	add_text(&text, "explain ");
	add_word(&text, path ? path : name);
	free(path);
	return !text.cut;
}

static int ask_live(struct tool *tool, const struct targets *targets, const char *name, struct live *live)
{
	char error[512], request[8000];
	if (!write_request(name, request, sizeof request))
		return fail(tool, EXIT_USAGE, "the name of the backend is too long");
	int code = ask_process(&live->process, "status", targets->timeout_ms, &live->state, error, sizeof error);
	if (!code)
		code = ask_process(&live->process, request, targets->timeout_ms, &live->answer, error, sizeof error);
	if (code)
		return fail(tool, code, "process %ld: %s", (long)live->process.pid, error);
	if (live->answer.pid)
		live->process.pid = live->answer.pid;
	if (live->answer.status)
		return fail(tool, exit_of_status(live->answer.status), "process %ld: %s", (long)live->process.pid,
			    live->answer.text);
	return EXIT_DONE;
}

static int exit_of_subject(const struct subject *subject)
{
	int status = subject->candidate.status;
	return status == 0 ? EXIT_DONE : status == TENON_EUNSUPPORTED ? EXIT_NOTHING_RUN : EXIT_REFUSED;
}

static int explain_live(struct tool *tool, const struct targets *targets, const char *name)
{
	static struct subject subject;
	struct live live = {.process.pid = 0};
	struct process *list;
	size_t count;
	int code = select_processes(tool, targets, &list, &count);
	if (code)
		return code;
	live.process = list[0];
	free(list);
	code = ask_live(tool, targets, name, &live);
	if (!code) {
		take_answer(&live.answer, &subject);
#ifdef HAVE_JANSSON
		if (tool->json)
			code = print_live_json(tool, &live, &subject);
#endif
		if (!tool->json)
			print_live(tool->out, &live, &subject);
		code = code ? code : exit_of_subject(&subject);
	}
	free_answer(&live.answer);
	free_answer(&live.state);
	return code;
}

/* ---- The command ------------------------------------------------------------------------------------------------- */

static int explain_subject(struct tool *tool, const struct machine *machine, const char *name)
{
	static struct subject subject; /* too large for comfort on the stack */
	struct why why;
	int status = resolve_backend(&machine->config, &machine->cpu, name, &subject.candidate, &why);
	if (status == TENON_ENOENT || status == TENON_ENOMEM)
		return fail(tool, EXIT_REFUSED, "%s", why.text);
	examine(machine, &subject, strchr(name, '/') == NULL);
	int code = EXIT_DONE;
#ifdef HAVE_JANSSON
	if (tool->json)
		code = print_json(tool, machine, &subject);
	else
#endif
		print_text(tool->out, machine, &subject);
	return code ? code : exit_of_subject(&subject);
}

int run_explain(struct tool *tool, int argc, char **argv)
{
	const char *path = NULL, *pid = NULL, *timeout = NULL;
	const struct tool_option options[] = {{"--config", OPTION_TEXT, &path, 0, 0},
					      {"--pid", OPTION_TEXT, &pid, 0, 0},
					      {"--timeout", OPTION_TEXT, &timeout, 0, 0},
					      {NULL, OPTION_FLAG, NULL, 0, 0}};
	struct machine machine;
	int code = parse_options(tool, options, &argc, argv, 1, 1);
	if (code)
		return code;
	if (pid && path)
		return fail(tool, EXIT_USAGE,
			    "--pid and --config exclude each other: a process has a configuration of its own");
	if (pid) {
		struct targets targets = {.designator = pid, .timeout = timeout};
		code = parse_timeout(tool, &targets);
		return code ? code : explain_live(tool, &targets, argv[1]);
	}
	code = open_machine(tool, path, &machine);
	return code ? code : explain_subject(tool, &machine, argv[1]);
}
