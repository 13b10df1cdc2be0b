/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon list: every backend found on this machine, whether it can be used, and which kernels it brings.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/client.h"
#include "tools/offline.h"

const char help_list[] =
	"Usage: tenon list [--config FILE]\n\n"
	"Lists the backends in the order in which they are looked for, each with its state (usable;\n"
	"unsupported: only this CPU or max_isa is in the way; refused: `tenon explain NAME` says what to do),\n"
	"what it needs of the CPU, and the kernels that it has of its own; all others are inherited from\n"
	"scalar. '*' marks the one that a process with this configuration starts on. Usable backends are\n"
	"loaded into this command, and self-tested, to be asked.\n\n"
	"  --config FILE  use FILE instead of the system's configuration\n\n"
	"Example: tenon list --json | jq '.backends[] | {name, state, reason}'\n\n"
	"Exit codes: 0 done; 2 usage or configuration; 3 out of memory\n";

/* What was found, and what came of asking. */
struct listing {
	struct candidate *list;
	struct offer *offers;
	size_t count;
	struct selection selection;
	struct why warning;
};

static int find_everything(struct tool *tool, const struct machine *machine, struct listing *listing)
{
	if (find_backends(&machine->config, &machine->cpu, &listing->list, &listing->count, &listing->warning))
		return fail(tool, EXIT_REFUSED, "%s", listing->warning.text);
	listing->offers = calloc(listing->count, sizeof *listing->offers);
	if (!listing->offers)
		return fail(tool, EXIT_REFUSED, "out of memory");
	for (size_t i = 0; i < listing->count; i++)
		ask_backend(machine, &listing->list[i], &listing->offers[i]);
	select_backend(machine, &listing->selection);
	return EXIT_DONE;
}

/* What serves where the selected backend cannot be had is scalar. */
static bool is_selected(const struct listing *listing, const struct candidate *candidate)
{
	const struct candidate *selected = &listing->selection.candidate;
	return strcmp(candidate->path, selected->status ? "" : selected->path) == 0;
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

#ifdef HAVE_JANSSON
static json_t *backend_as_json(const struct listing *listing, size_t i)
{
	const struct candidate *c = &listing->list[i];
	return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:b, s:o}", "name", c->name, "path",
			 *c->path ? json_text(c->path) : json_null(), "state", name_state(c->status), "reason",
			 c->status ? json_text(c->why.text) : json_null(), "isa", json_text(name_isa(c->vetted.needs)),
			 "version", json_text(c->vetted.version), "selected", is_selected(listing, c), "kernels",
			 offer_as_json(c, &listing->offers[i]));
}

static int print_json(struct tool *tool, const struct machine *machine, const struct listing *listing)
{
	const struct candidate *selected = &listing->selection.candidate;
	json_t *backends = json_array();
	for (size_t i = 0; i < listing->count; i++)
		json_array_append_new(backends, backend_as_json(listing, i));
	json_t *selection = json_pack(
		"{s:o, s:s, s:o, s:b, s:o, s:o}", "backend", json_text(machine->config.backend), "name",
		selected->status ? "scalar" : selected->name, "origin",
		json_text(config_origin(&machine->config, "runtime", "backend")), "degraded", selected->status != 0,
		"reason", selected->status ? json_text(selected->why.text) : json_null(), "passed_over",
		*listing->selection.passed_over.text ? json_text(listing->selection.passed_over.text) : json_null());
	return emit_json(tool, json_pack("{s:o, s:o}", "backends", backends, "selection", selection));
}
#endif

/* ---- Text -------------------------------------------------------------------------------------------------------- */

static void print_kernels(FILE *out, const struct offer *offer)
{
	unsigned own = 0;
	if (!offer->known) {
		fprintf(out, "      kernels unknown: it was not loaded\n");
		return;
	}
	fprintf(out, "      kernels");
	for (int i = 0; i < KERNEL_COUNT; i++)
		if (offer->own[i])
			fprintf(out, "%s %s%s", own++ ? "," : "", kernels[i].name,
				offer->numeric_class[i] == TENON_EXACT ? "" : " (bounded)");
	fprintf(out, "%s\n", own ? "" : " none of its own");
}

static void print_backend(FILE *out, const struct listing *listing, size_t i)
{
	const struct candidate *c = &listing->list[i];
	fprintf(out, "%c %-12s  %-11s  %-12s  %-8s  %s\n", is_selected(listing, c) ? '*' : ' ', c->name,
		name_state(c->status), name_isa(c->vetted.needs), *c->vetted.version ? c->vetted.version : "-",
		*c->path ? c->path : "(linked in)");
	if (c->status)
		fprintf(out, "      %s\n", c->why.text);
	print_kernels(out, &listing->offers[i]);
}

static void print_text(FILE *out, const struct machine *machine, const struct listing *listing)
{
	char text[1024], directory[PATH_MAX];
	fprintf(out, "  %-12s  %-11s  %-12s  %-8s  %s\n", "BACKEND", "STATE", "NEEDS", "VERSION", "FILE");
	for (size_t i = 0; i < listing->count; i++)
		print_backend(out, listing, i);
	describe_selection(machine, &listing->selection, text, sizeof text);
	fprintf(out, "\n%s\n", text);
	if (*listing->selection.passed_over.text)
		fprintf(out, "%s\n", listing->selection.passed_over.text);
	fprintf(out, "looked in");
	for (size_t i = 0; backend_directory(&machine->config, i, directory); i++)
		fprintf(out, "%s %s", i ? "," : "", directory);
	fprintf(out, "\n");
	if (*listing->warning.text)
		fprintf(out, "%s\n", listing->warning.text);
}

static int print_listing(struct tool *tool, const struct machine *machine, const struct listing *listing)
{
#ifdef HAVE_JANSSON
	if (tool->json)
		return print_json(tool, machine, listing);
#endif
	print_text(tool->out, machine, listing);
	return EXIT_DONE;
}

int run_list(struct tool *tool, int argc, char **argv)
{
	const char *path = NULL;
	const struct tool_option options[] = {{"--config", OPTION_TEXT, &path, 0, 0}, {NULL, OPTION_FLAG, NULL, 0, 0}};
	struct machine machine;
	struct listing listing = {0};
	int code = parse_options(tool, options, &argc, argv, 0, 0);
	if (!code)
		code = open_machine(tool, path, &machine);
	if (!code)
		code = find_everything(tool, &machine, &listing);
	if (!code)
		code = print_listing(tool, &machine, &listing);
	free(listing.offers);
	free(listing.list);
	return code;
}
