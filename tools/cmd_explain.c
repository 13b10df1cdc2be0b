/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon explain: one backend, rule by rule; why it is chosen or not, and what to do about a refusal.
 */
#include <string.h>

#include "tools/client.h"
#include "tools/offline.h"

const char help_explain[] =
	"Usage: tenon explain [--config FILE] NAME\n"
	"       tenon explain [--config FILE] FILE\n\n"
	"Judges a backend, by name or file (anything with a slash is a file), as the runtime would: every\n"
	"rule with its verdict, and with the remedy where it refuses; what it needs of the CPU; which kernels\n"
	"it has; and which line of the configuration chooses it, or another.\n\n"
	"  --config FILE  use FILE instead of the system's configuration\n\n"
	"Example: tenon explain ./mine.so\n\n"
	"Exit codes: 0 usable; 2 usage or configuration; 3 refused, or there is no such backend; 77 only this\n"
	"CPU, or max_isa, is in the way\n";

#define RULES_MAX 40

struct rule {
	char name[32];
	int verdict;
	char text[sizeof ((struct why *)0)->text];
};

struct subject {
	struct candidate candidate;
	struct offer offer;
	struct selection selection;
	bool chosen; /* it is what [runtime] backend takes */
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
	bool loadable = !c->status && *c->path;
	ask_backend(machine, c, &subject->offer);
	if (*c->path)
		note_rule(subject, "load", loadable ? c->status : VET_OPEN, loadable && c->status ? c->why.text :
			  "mapped, agreed with and self-tested");
	select_backend(machine, &subject->selection);
	const struct candidate *selected = &subject->selection.candidate;
	subject->chosen = !c->status && !selected->status && strcmp(c->path, selected->path) == 0;
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

#ifdef HAVE_JANSSON
static int print_json(struct tool *tool, const struct machine *machine, const struct subject *subject)
{
	const struct candidate *c = &subject->candidate;
	char chosen_by[1024];
	json_t *rules = json_array();
	for (size_t i = 0; i < subject->count; i++)
		json_array_append_new(rules, json_pack("{s:s, s:s, s:o}", "rule", subject->rules[i].name, "verdict",
						       name_verdict(subject->rules[i].verdict), "text",
						       json_text(subject->rules[i].text)));
	describe_selection(machine, &subject->selection, chosen_by, sizeof chosen_by);
	return emit_json(tool,
			 json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o}", "name",
				   json_text(c->name), "path", *c->path ? json_text(c->path) : json_null(), "state",
				   name_state(c->status), "reason", c->status ? json_text(c->why.text) : json_null(),
				   "isa", json_text(name_isa(c->vetted.needs)), "version", json_text(c->vetted.version),
				   "vendor", json_text(c->vetted.vendor), "build_id", json_text(c->vetted.build_id),
				   "chosen", subject->chosen, "selection", json_text(chosen_by), "rules", rules,
				   "kernels", offer_as_json(c, &subject->offer)));
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
		fprintf(out, "             auto takes shipped backends only; set [runtime] allow = %s to let it take %s\n",
			name, name);
	for (int i = 0; i < KERNEL_COUNT; i++)
		if (*name && strcmp(config->kernel_backend[i], name) == 0)
			fprintf(out, "             [kernels] %s = %s (%s)\n", kernels[i].name, name,
				config_origin(config, "kernels", kernels[i].name));
	if (*config->max_isa)
		fprintf(out, "  cap        [runtime] max_isa = %s (%s)\n", config->max_isa,
			config_origin(config, "runtime", "max_isa"));
}

static void print_text(FILE *out, const struct machine *machine, const struct subject *subject)
{
	print_identity(out, &subject->candidate);
	print_choice(out, machine, subject);
	if (subject->count)
		fprintf(out, "\n");
	for (size_t i = 0; i < subject->count; i++)
		fprintf(out, "  %-11s  %-16s  %s\n", name_verdict(subject->rules[i].verdict), subject->rules[i].name,
			subject->rules[i].text);
	fprintf(out, "\n");
	for (int i = 0; i < KERNEL_COUNT; i++)
		if (subject->offer.known)
			fprintf(out, "  %-22s %s\n", kernels[i].name, !subject->offer.own[i] ? "inherited from scalar" :
				subject->offer.numeric_class[i] == TENON_EXACT ? "its own, exact" : "its own, bounded");
	if (!subject->offer.known)
		fprintf(out, "  its kernels are unknown: it was not loaded\n");
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
	if (code)
		return code;
	status = subject.candidate.status;
	return status == 0 ? EXIT_DONE : status == TENON_EUNSUPPORTED ? EXIT_NOTHING_RUN : EXIT_REFUSED;
}

int run_explain(struct tool *tool, int argc, char **argv)
{
	const char *path = NULL;
	const struct tool_option options[] = {{"--config", OPTION_TEXT, &path, 0, 0}, {NULL, OPTION_FLAG, NULL, 0, 0}};
	struct machine machine;
	int code = parse_options(tool, options, &argc, argv, 1, 1);
	if (!code)
		code = open_machine(tool, path, &machine);
	return code ? code : explain_subject(tool, &machine, argv[1]);
}
