/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon tune: which backend is the fastest for each kernel on this machine, as a configuration file that counts on this
 * machine alone. tools/tune/ has the parts; the races are the bench's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tenon/tenon.h>

#include "runtime/state.h"
#include "tools/tune/tune.h"

const char help_tune[] =
	"Usage: tenon tune [--config DIR] [--kernel LIST] [--backend LIST] [--time T] [--dry-run]\n\n"
	"Measures, for each kernel, which backend is the fastest here, and writes DIR/" TUNED_FOLDER "/" TUNED_FILE
	",\n"
	"which chooses it ([kernels]) and which processes read with their configuration: at their start, or at\n"
	"tenon config reload. Only backends that auto may choose compete, and only kernels that conform: each is\n"
	"proven first, as by tenon verify. They are timed in turn, two by two, on the shapes of tenon bench; one\n"
	"takes the place of another only if, with 95 % confidence, it is faster by more than 2 % at some shape and\n"
	"slower at none. Otherwise what serves anyway stays, and no line is written for it. A kernel that another\n"
	"file configures is left alone.\n\n"
	"The file says which CPU (vendor, model, features, microcode), which max_isa and which Tenon it is for;\n"
	"elsewhere it is ignored, and the log, tenon config show and tenon explain say so.\n\n"
	"  --config DIR    the folder of tenon.ini, for reading and writing (default: the system's)\n"
	"  --kernel LIST   only these kernels, separated by commas; the file then has no others\n"
	"  --backend LIST  let these compete, shipped or not, and what serves now; nobody else\n"
	"  --time T        for each comparison of two backends at one shape, at most (default 300ms)\n"
	"  --dry-run       print the file, write nothing\n\n"
	"Example: tenon tune --dry-run --kernel vector_similarity,top_k\n\n"
	"Exit codes: 0 done; 1 done, but a backend does not conform and did not compete; 2 usage or configuration, or\n"
	"the file cannot be written; 3 what is configured cannot be had; 77 there was nothing to choose between\n";

struct wishes_of_tuning {
	const char *directory, *time;
	uint64_t ms;
	bool dry_run;
	struct config config;
	struct cpu cpu;
	struct field field;
	struct choice choices[KERNEL_COUNT];
};

/* ---- Options ----------------------------------------------------------------------------------------------------- */

static int check_kernels(struct tool *tool)
{
	const char *names[KERNEL_COUNT];
	char word[64], text[768] = "";
	for (int i = 0; i < KERNEL_COUNT; i++)
		names[i] = kernels[i].name;
	if (!find_stranger(plan.kernels, names, KERNEL_COUNT, word, sizeof word))
		return EXIT_DONE;
	suggest_names(text, sizeof text, word, names, KERNEL_COUNT);
	return fail(tool, EXIT_USAGE, "--kernel: there is no '%s'; %s", word, text);
}

static int check_backends(struct tool *tool)
{
	const char *names[BACKENDS_MAX];
	char word[64], text[768] = "";
	for (size_t i = 0; i < backend_count; i++)
		names[i] = backends[i].candidate.name;
	if (!find_stranger(plan.backends, names, backend_count, word, sizeof word))
		return EXIT_DONE;
	suggest_names(text, sizeof text, word, names, backend_count);
	return fail(tool, EXIT_USAGE, "--backend: there is no usable '%s'; %s", word, text);
}

static int read_options(struct tool *tool, int argc, char **argv, struct wishes_of_tuning *w)
{
	const struct tool_option options[] = {
		{"--config", OPTION_TEXT, &w->directory, 0, 0},   {"--kernel", OPTION_TEXT, &plan.kernels, 0, 0},
		{"--backend", OPTION_TEXT, &plan.backends, 0, 0}, {"--time", OPTION_TEXT, &w->time, 0, 0},
		{"--dry-run", OPTION_FLAG, &w->dry_run, 0, 0},    {NULL, OPTION_FLAG, NULL, 0, 0}};
	struct stat status;
	int code = parse_options(tool, options, &argc, argv, 0, 0);
	if (!code)
		code = parse_time(tool, "--time", w->time, &w->ms);
	if (!code)
		code = check_kernels(tool);
	if (!code && w->directory && (stat(w->directory, &status) || !S_ISDIR(status.st_mode)))
		code = fail(tool, EXIT_USAGE, "--config %s: is no folder; name that of tenon.ini", w->directory);
	return code;
}

static int read_machine(struct tool *tool, struct wishes_of_tuning *w)
{
	struct why why;
	if (load_config_from(&w->config, w->directory, "", NULL, &why))
		return fail(tool, EXIT_USAGE, "%s", why.text);
	probe_cpu(&w->cpu);
	if (cap_cpu(&w->cpu, w->config.max_isa, &why))
		return fail(tool, EXIT_USAGE, "%s", why.text);
	return EXIT_DONE;
}

/* ---- Measuring --------------------------------------------------------------------------------------------------- */

/* All backends are looked at: what serves now competes, whatever --backend says. */
static int collect(struct tool *tool, struct wishes_of_tuning *w)
{
	struct why why;
	const char *listed = plan.backends;
	plan.backends = NULL;
	plan.command = "tune";
	bool good = collect_backends(&w->config, &w->cpu, &why);
	plan.backends = listed;
	return good ? check_backends(tool) : fail(tool, EXIT_REFUSED, "%s", why.text);
}

static int measure(struct tool *tool, struct wishes_of_tuning *w)
{
	size_t count;
	int code = enter_competitors(tool, &w->config, &w->cpu, &w->field);
	if (code)
		return code;
	if (tenon_open(NULL)) /* the topics make graphs and packed matrices */
		return fail(tool, EXIT_REFUSED, "%s", tenon_error_detail());
	if (!run_duels(&w->field, &w->cpu, w->ms, tool->json || w->dry_run ? NULL : tool->out))
		code = fail(tool, EXIT_REFUSED, "out of memory");
	tenon_close();
	list_duels(&count);
	for (size_t i = 0; i < w->field.count && !code && count == 0; i++)
		if (w->field.list[i].fails)
			code = fail(tool, EXIT_DIFFERS, "there is nothing to choose between: %s does not conform: %s",
				    w->field.list[i].backend->candidate.name, w->field.list[i].reason);
	if (!code && count == 0)
		code = fail(tool, EXIT_NOTHING_RUN, "there is nothing to choose between: %s",
			    w->field.count < 2 ? "no backend is usable here beside scalar (tenon list says why)"
					       : "no two backends have these kernels");
	return code;
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

/* Others read it, whatever this shell's umask is; and it must count where it was made. */
static int write_tuned(struct tool *tool, const struct wishes_of_tuning *w, const char *text)
{
	char folder[sizeof w->config.directory + sizeof TUNED_FOLDER + 1];
	static struct config again;
	struct why why;
	snprintf(folder, sizeof folder, "%s/" TUNED_FOLDER, w->config.directory);
	umask(022);
	if (mkdir(folder, 0755) != 0 && errno != EEXIST)
		return fail(tool, EXIT_USAGE, "cannot create %s: %s", folder, strerror(errno));
	if (replace_file(folder, TUNED_FILE, text, strlen(text), &why))
		return fail(tool, EXIT_USAGE, "%s", why.text);
	if (load_config_from(&again, w->directory, "", NULL, &why))
		return fail(tool, EXIT_USAGE, "%s", why.text);
	return EXIT_DONE;
}

static int report(struct tool *tool, const struct wishes_of_tuning *w, const char *text)
{
#ifdef HAVE_JANSSON
	if (tool->json) {
		char path[PATH_MAX];
		snprintf(path, sizeof path, "%s/" TUNED_FOLDER "/" TUNED_FILE, w->config.directory);
		json_t *object = tuning_as_json(&w->field, w->choices);
		json_object_set_new(object, "path", json_string(path));
		json_object_set_new(object, "dry_run", json_boolean(w->dry_run));
		json_object_set_new(object, "file", json_string(text));
		return emit_json(tool, object);
	}
#endif
	if (w->dry_run) {
		fputs(text, tool->out);
		return EXIT_DONE;
	}
	print_choices(tool->out, &w->field, w->choices);
	fprintf(tool->out,
		"\nwrote %s/" TUNED_FOLDER "/" TUNED_FILE
		"; processes have it from their start, or after tenon config reload\n",
		w->config.directory);
	return EXIT_DONE;
}

static int conclude(struct tool *tool, struct wishes_of_tuning *w)
{
	choose_winners(&w->field, &w->config, w->choices);
	char *text = compose_tuned_file(&w->field, &w->config, w->choices);
	if (!text)
		return fail(tool, EXIT_REFUSED, "out of memory");
	int code = w->dry_run ? EXIT_DONE : write_tuned(tool, w, text);
	if (!code)
		code = report(tool, w, text);
	free(text);
	for (size_t i = 0; i < w->field.count && !code; i++)
		code = w->field.list[i].fails ? EXIT_DIFFERS : EXIT_DONE;
	return code;
}

int run_tune(struct tool *tool, int argc, char **argv)
{
	static struct wishes_of_tuning w = {.time = "300ms"};
	int code = read_options(tool, argc, argv, &w);
	if (!code)
		code = read_machine(tool, &w);
	if (!code)
		code = collect(tool, &w);
	if (!code) {
		pin_thread();
		code = measure(tool, &w);
	}
	if (!code)
		code = conclude(tool, &w);
	release_backends();
	return code;
}
