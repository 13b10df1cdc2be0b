/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon probe: what this CPU, this operating system and the configured cap allow.
 */
#include <string.h>

#include "tools/offline.h"

const char help_probe[] =
	"Usage: tenon probe [--config FILE]\n\n"
	"Shows what this CPU and operating system can run: the architecture, the best ISA level, the features\n"
	"that a backend may need, and the features that the CPU has but that are masked, because the\n"
	"operating system does not save their registers or because max_isa caps them.\n\n"
	"  --config FILE  take max_isa from FILE instead of the system's configuration\n\n"
	"Example: TENON_MAX_ISA=avx2 tenon probe\n\n"
	"Exit codes: 0 done; 2 usage or configuration\n";

#ifdef HAVE_JANSSON
static int print_json(struct tool *tool, const struct cpu *cpu)
{
	json_t *features = json_array(), *masked = json_array();
	for (size_t i = 0; i < count_cpu_features(); i++) {
		if (cpu->has[i])
			json_array_append_new(features, json_string(name_cpu_feature(i)));
		if (cpu->masked[i])
			json_array_append_new(masked, json_pack("{s:s, s:s}", "feature", name_cpu_feature(i), "reason",
								cpu->masked[i]));
	}
	return emit_json(tool,
			 json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "arch", cpu->arch, "vendor", cpu->vendor, "model",
				   cpu->model, "level", cpu->level, "features", features, "masked", masked));
}
#endif

/* Words after a label, folded at 100 columns. */
static void print_word(FILE *out, int *column, const char *word)
{
	if (*column + (int)strlen(word) + 1 > 100) {
		fprintf(out, "\n         ");
		*column = 9;
	}
	*column += fprintf(out, " %s", word);
}

static void print_features(FILE *out, const struct cpu *cpu)
{
	int column = fprintf(out, "features ");
	for (size_t i = 0; i < count_cpu_features(); i++)
		if (cpu->has[i])
			print_word(out, &column, name_cpu_feature(i));
	fprintf(out, "\n");
}

/* One line a reason: there are few, each with many features. */
static void print_masked(FILE *out, const struct cpu *cpu)
{
	const char *reason = NULL;
	bool any = false;
	for (size_t i = 0; i < count_cpu_features(); i++) {
		bool first = cpu->masked[i] != NULL;
		for (size_t j = 0; j < i && first; j++)
			first = !cpu->masked[j] || strcmp(cpu->masked[j], cpu->masked[i]) != 0;
		if (!first)
			continue;
		any = true;
		reason = cpu->masked[i];
		int column = fprintf(out, "masked    (%s)", reason);
		for (size_t j = i; j < count_cpu_features(); j++)
			if (cpu->masked[j] && strcmp(cpu->masked[j], reason) == 0)
				print_word(out, &column, name_cpu_feature(j));
		fprintf(out, "\n");
	}
	if (!any)
		fprintf(out, "masked    none\n");
}

int run_probe(struct tool *tool, int argc, char **argv)
{
	const char *path = NULL;
	const struct tool_option options[] = {{"--config", OPTION_TEXT, &path, 0, 0}, {NULL, OPTION_FLAG, NULL, 0, 0}};
	struct machine machine;
	int code = parse_options(tool, options, &argc, argv, 0, 0);
	if (!code)
		code = open_machine(tool, path, &machine);
	if (code)
		return code;
	const struct cpu *cpu = &machine.cpu;
#ifdef HAVE_JANSSON
	if (tool->json)
		return print_json(tool, cpu);
#endif
	fprintf(tool->out, "arch      %s\nvendor    %s\nmodel     %s\nlevel     %s\n", cpu->arch,
		*cpu->vendor ? cpu->vendor : "unknown", *cpu->model ? cpu->model : "unknown",
		*cpu->level ? cpu->level : "none");
	print_features(tool->out, cpu);
	print_masked(tool->out, cpu);
	return EXIT_DONE;
}
