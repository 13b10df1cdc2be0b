/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon doctor: the health of an installation, and what to do about it. tools/doctor/ looks; this reports.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/doctor/doctor.h"
#include "tools/each.h"

const char help_doctor[] =
	"Usage: tenon doctor [--only AREAS] [--baseline FILE] [--program NAME] [--config-dir DIR] [--timeout T]\n\n"
	"Looks whether this machine, what is installed, the configuration and the live processes are fit to serve, "
	"and\n"
	"prints each finding with its remedy. It changes nothing. Permissions are judged for the user who asks: ask as "
	"the\n"
	"user of the service, and once as root, who sees the processes of all.\n\n"
	"  ok        as it should be\n"
	"  note      worth knowing, or nothing could be said; the exit code stays\n"
	"  WARNING   does no harm yet; the exit code stays\n"
	"  FAILURE   calls fail, are slower, or nothing can be changed\n\n"
	"Areas: machine, install, config, permissions, kernel, processes, arenas, performance.\n\n"
	"  --only AREAS     only these areas, separated by commas\n"
	"  --baseline FILE  what performance is compared with (default: baseline.json in the state directory); it "
	"takes\n"
	"                   seconds, and an idle machine\n"
	"  --program NAME   judge the configuration that the program of this name has\n"
	"  --config-dir DIR judge the configuration in DIR, of an image or a checkout, instead of the system's\n"
	"  --timeout T      give up on a process after T, as 500ms, 5s or 2m (default 5s)\n\n"
	"Example: tenon doctor --json | jq '.findings[] | select(.verdict == \"failure\")'\n\n"
	"Exit codes: 0 no failure; 1 degraded, an arena overflowed, or slower than the baseline; 2 usage, or the\n"
	"configuration is wrong; 3 a backend, helper or directory is refused; 4 a process does not answer; of "
	"several:\n"
	"2, then 1, 3, 4\n";

struct area {
	const char *name;
	void (*examine)(struct doctor *doctor);
};

static const struct area areas[] = {
	{"machine", examine_machine},         {"install", examine_install},         {"config", examine_config},
	{"permissions", examine_permissions}, {"kernel", examine_kernel},           {"processes", examine_processes},
	{"arenas", examine_arenas},           {"performance", examine_performance},
};
enum { AREAS = sizeof areas / sizeof areas[0] };

/* ---- What is asked ----------------------------------------------------------------------------------------------- */

static bool is_listed(const char *list, const char *name, size_t length)
{
	for (; list; list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL)
		if (strcspn(list, ",") == length && strncmp(list, name, length) == 0)
			return true;
	return false;
}

static int check_areas(struct tool *tool, const char *list)
{
	const char *names[AREAS];
	char text[256] = "", all[256] = "";
	for (size_t i = 0; i < AREAS; i++) {
		names[i] = areas[i].name;
		snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? "," : "", areas[i].name);
	}
	for (const char *word = list; word; word = strchr(word, ',') ? strchr(word, ',') + 1 : NULL) {
		char name[32];
		size_t length = strcspn(word, ",");
		if (is_listed(all, word, length))
			continue;
		snprintf(name, sizeof name, "%.*s", (int)length, word);
		suggest_names(text, sizeof text, name, names, AREAS);
		return fail(tool, EXIT_USAGE, "--only: there is no area '%s'; %s", name, text);
	}
	return EXIT_DONE;
}

/* ---- What is told ------------------------------------------------------------------------------------------------ */

static int worst_code(const struct doctor *doctor)
{
	int code = EXIT_DONE;
	for (size_t i = 0; i < doctor->count; i++)
		code = worse_code(code, doctor->list[i].code);
	return code;
}

static void count_verdicts(const struct doctor *doctor, int counts[4])
{
	for (size_t i = 0; i < doctor->count; i++)
		counts[doctor->list[i].verdict]++;
}

static void print_findings(FILE *out, const struct doctor *doctor)
{
	static const char *const marks[] = {"ok", "note", "WARNING", "FAILURE"};
	const char *area = "";
	int counts[4] = {0};
	for (size_t i = 0; i < doctor->count; i++) {
		const struct finding *finding = &doctor->list[i];
		if (strcmp(area, finding->area) != 0)
			fprintf(out, "%s%s\n", i ? "\n" : "", finding->area);
		area = finding->area;
		fprintf(out, "  %-8s %s: %s\n", marks[finding->verdict], finding->check, finding->text);
		if (*finding->remedy)
			fprintf(out, "  %-8s   remedy: %s\n", "", finding->remedy);
	}
	count_verdicts(doctor, counts);
	fprintf(out, "\n%d failures, %d warnings, %d notes, %d ok\n", counts[FINDING_FAILURE], counts[FINDING_WARNING],
		counts[FINDING_NOTE], counts[FINDING_OK]);
}

#ifdef HAVE_JANSSON
static const char *const verdict_names[] = {"ok", "note", "warning", "failure"};

static json_t *findings_as_json(const struct doctor *doctor)
{
	json_t *list = json_array();
	int counts[4] = {0};
	count_verdicts(doctor, counts);
	for (size_t i = 0; i < doctor->count; i++) {
		const struct finding *f = &doctor->list[i];
		json_array_append_new(list, json_pack("{s:s, s:o, s:s, s:i, s:o, s:o}", "area", f->area, "check",
						      json_text(f->check), "verdict", verdict_names[f->verdict], "code",
						      f->code, "text", json_text(f->text), "remedy",
						      *f->remedy ? json_text(f->remedy) : json_null()));
	}
	return json_pack("{s:b, s:i, s:i, s:i, s:i, s:o}", "healthy", counts[FINDING_FAILURE] == 0, "failures",
			 counts[FINDING_FAILURE], "warnings", counts[FINDING_WARNING], "notes", counts[FINDING_NOTE],
			 "ok", counts[FINDING_OK], "findings", list);
}
#endif

static int report(struct tool *tool, const struct doctor *doctor)
{
	if (doctor->short_of_memory)
		return fail(tool, EXIT_REFUSED, "out of memory");
#ifdef HAVE_JANSSON
	if (tool->json) {
		int problem = emit_json(tool, findings_as_json(doctor));
		return problem ? problem : worst_code(doctor);
	}
#endif
	print_findings(tool->out, doctor);
	return worst_code(doctor);
}

/* ---- The command ------------------------------------------------------------------------------------------------- */

/* What all areas stand on; a configuration that cannot be read is a finding, and the rest is judged by the defaults. */
static void open_doctor(struct doctor *doctor)
{
	struct why ignored;
	default_config(&doctor->config);
	doctor->trouble.status = load_config_from(&doctor->config, doctor->directory,
						  doctor->program ? doctor->program : "", NULL, &doctor->trouble);
	probe_cpu(&doctor->cpu);
	cap_cpu(&doctor->cpu, doctor->config.max_isa, &ignored);
}

int run_doctor(struct tool *tool, int argc, char **argv)
{
	static struct doctor doctor;
	struct targets targets = {.all = true};
	const char *only = NULL;
	const struct tool_option options[] = {{"--only", OPTION_TEXT, &only, 0, 0},
					      {"--baseline", OPTION_TEXT, &doctor.baseline, 0, 0},
					      {"--program", OPTION_TEXT, &doctor.program, 0, 0},
					      {"--config-dir", OPTION_TEXT, &doctor.directory, 0, 0},
					      {"--timeout", OPTION_TEXT, &targets.timeout, 0, 0},
					      {NULL, OPTION_FLAG, NULL, 0, 0}};
	int code = parse_options(tool, options, &argc, argv, 0, 0);
	if (!code)
		code = parse_timeout(tool, &targets);
	if (!code)
		code = check_areas(tool, only);
	if (code)
		return code;
	doctor.timeout_ms = targets.timeout_ms;
	open_doctor(&doctor);
	for (size_t i = 0; i < AREAS; i++)
		if (!only || is_listed(only, areas[i].name, strlen(areas[i].name))) {
			doctor.area = areas[i].name;
			areas[i].examine(&doctor);
		}
	code = report(tool, &doctor);
	free(doctor.list);
	return code;
}
