/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon new-backend: a vendor's project from the templates of tools/new-backend/, where every text of it is.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "runtime/name.h"
#include "tools/offline.h"
#include "tools/project.h"

const char help_new_backend[] =
	"Usage: tenon new-backend DIR --isa ISA [OPTION]...\n\n"
	"Writes a project for a backend of your own to DIR, which must not exist or be empty: one kernel that\n"
	"conforms, its tests, a script for CI, a README. It builds from the installed package alone, outside of\n"
	"Tenon's tree, and is under 0BSD, that is: yours.\n\n"
	"  --isa ISA          avx2, avx512, neon, sve or scalar (what every CPU has), or custom: for features that\n"
	"                     Tenon has no name for\n"
	"  --name NAME        of the backend; the default is DIR's last part\n"
	"  --vendor VENDOR    your name, at most 31 characters; the default is the backend's\n"
	"  --language LANG    c (the default) or c++\n"
	"  --autotools        configure.ac and Makefile.am instead of a plain Makefile\n"
	"  --needs LIST       with custom: what the CPU must have, by name (tenon probe prints names) or raw:\n"
	"                     cpuid:LEAF.SUBLEAF.REG=MASK, xcr0:MASK, hwcap:MASK, hwcap2:MASK, in hexadecimal\n"
	"  --flags FLAGS      with custom: what the compiler needs for that\n\n"
	"Example: tenon new-backend acme --isa avx2 && cd acme && make && make check\n"
	"         tenon new-backend acme --isa custom --needs cpuid:7.1.eax=10 --flags '-mavx2 -mavxvnni'\n\n"
	"Exit codes: 0 written; 2 usage; 3 cannot be written, or DIR is not empty\n";

struct request {
	const char *directory, *name, *isa, *vendor, *language, *needs, *flags;
	bool autotools;
};

/* ---- What is asked ----------------------------------------------------------------------------------------------- */

/* DIR without what leads to it; "" where that is no name, as in "..". */
static void take_base(const char *directory, char name[BACKEND_NAME_SIZE])
{
	size_t length = strlen(directory);
	while (length && directory[length - 1] == '/')
		length--;
	size_t begin = length;
	while (begin && directory[begin - 1] != '/')
		begin--;
	snprintf(name, BACKEND_NAME_SIZE, "%.*s", (int)(length - begin), directory + begin);
}

static int check_name(struct tool *tool, const char *name)
{
	static const char *const taken[] = {"auto", "mixed", "scalar", NULL};
	static const struct config nothing_allowed;
	if (!is_backend_name(name))
		return fail(tool, EXIT_USAGE, "--name '%s': no backend may be called that; use " BACKEND_NAME_RULE,
			    name);
	bool is_taken = auto_may_choose(&nothing_allowed, name);
	for (size_t i = 0; taken[i]; i++)
		is_taken |= strcmp(taken[i], name) == 0;
	if (is_taken)
		return fail(tool, EXIT_USAGE, "--name %s: a name of Tenon's own; add yours to it, for example acme-%s",
			    name, name);
	return EXIT_DONE;
}

/* They become part of C strings, makefiles and shell commands. */
static int check_text(struct tool *tool, const char *option, const char *text, const char *legal, size_t most)
{
	size_t good = 0;
	while (text[good] && (isalnum((unsigned char)text[good]) || strchr(legal, text[good])))
		good++;
	if (text[good])
		return fail(tool, EXIT_USAGE, "%s '%s': '%c' cannot stand there; use letters, digits and any of '%s'",
			    option, text, text[good], legal);
	if (strlen(text) > most)
		return fail(tool, EXIT_USAGE, "%s '%s': has %zu characters, %zu is the most", option, text,
			    strlen(text), most);
	return EXIT_DONE;
}

static int check_custom(struct tool *tool, const struct request *r)
{
	bool is_custom = strcmp(r->isa, "custom") == 0;
	if (!is_custom && (r->needs || r->flags))
		return fail(tool, EXIT_USAGE, "%s is for --isa custom; %s brings its own",
			    r->needs ? "--needs" : "--flags", r->isa);
	if (is_custom && !r->needs)
		return fail(tool, EXIT_USAGE,
			    "--isa custom: say with --needs what the CPU must have, for example "
			    "--needs cpuid:7.1.eax=10 or --needs hwcap2:2");
	int code = check_text(tool, "--flags", r->flags ? r->flags : "", " -_=+.,/", 200);
	if (code || !is_custom)
		return code;
	struct why why;
	struct cpu cpu;
	probe_cpu(&cpu);
	if (strlen(r->needs) >= sizeof(((struct tenon_note *)0)->needs))
		return fail(tool, EXIT_USAGE,
			    "--needs: has %zu characters, %zu is the most; name a level, or move some to the entries",
			    strlen(r->needs), sizeof(((struct tenon_note *)0)->needs) - 1);
	/* Another machine than this one is no mistake. */
	if (check_needs(&cpu, r->needs, &why) == TENON_EREFUSED)
		return fail(tool, EXIT_USAGE, "--needs: %s", why.text);
	return EXIT_DONE;
}

/* A choice is a template in folder; what is there is what there is to choose from. */
static int choose_template(struct tool *tool, const struct project *project, const char *option, const char *folder,
			   const char *word)
{
	char path[PATH_MAX], text[256] = "";
	const char *names[32] = {0};
	struct dirent **entries;
	bool found = false;
	snprintf(path, sizeof path, "%s/%s", project->templates, folder);
	int count = scandir(path, &entries, NULL, alphasort), shown = 0;
	if (count < 0)
		return fail(tool, EXIT_REFUSED,
			    "%s: no templates there; make install puts them there, TENON_TEMPLATES names another "
			    "place",
			    path);
	for (int i = 0; i < count && shown < 32; i++) {
		char *name = entries[i]->d_name, *end = strchr(name, '.');
		if (end == name)
			continue;
		if (end)
			*end = '\0';
		found |= word && strcmp(name, word) == 0;
		names[shown++] = name;
	}
	suggest_names(text, sizeof text, word ? word : "", names, (size_t)shown);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	if (found)
		return EXIT_DONE;
	return word ? fail(tool, EXIT_USAGE, "%s '%s'; %s", option, word, text)
		    : fail(tool, EXIT_USAGE, "%s is missing; %s", option, text);
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

/* Automake's name for it. */
static void set_names(struct project *project, const struct request *r)
{
	char id[BACKEND_NAME_SIZE];
	snprintf(id, sizeof id, "%s", r->name);
	for (char *at = id; *at; at++)
		if (!isalnum((unsigned char)*at))
			*at = '_';
	set_variable(project, "NAME", r->name);
	set_variable(project, "ID", id);
	set_variable(project, "VENDOR", r->vendor);
	set_variable(project, "NEEDS", r->needs ? r->needs : "");
	set_variable(project, "ISA_FLAGS", r->flags ? r->flags : "");
	set_variable(project, "ISA_LDFLAGS", "");
}

static const char *get_needs(const struct project *project)
{
	for (size_t i = 0; i < project->variables; i++)
		if (strcmp(project->variable[i].name, "NEEDS") == 0)
			return project->variable[i].value;
	return "";
}

/* What sets variables comes before what uses them. */
static int write_project(struct project *project, const struct request *r, struct why *why)
{
	char language[PATH_MAX], isa[PATH_MAX];
	snprintf(language, sizeof language, "language/%s", r->language);
	snprintf(isa, sizeof isa, "isa/%s.h", r->isa);
	set_names(project, r);
	int status = begin_project(project, why);
	if (status)
		return status;
	status = write_template(project, language, "", why);
	if (!status)
		status = write_template(project, isa, "dot.h", why);
	set_variable(project, "NEEDS_TEXT", name_isa(get_needs(project)));
	if (!status)
		status = write_templates(project, r->autotools ? "autotools" : "make", why);
	if (!status)
		status = write_templates(project, "common", why);
	if (status)
		undo_project(project);
	return status;
}

static int print_project(struct tool *tool, const struct project *project, const struct request *r)
{
#ifdef HAVE_JANSSON
	if (tool->json) {
		json_t *files = json_array();
		for (size_t i = 0; i < project->count; i++)
			json_array_append_new(files, json_string(project->made_path[i]));
		return emit_json(tool, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "directory", r->directory,
						 "name", r->name, "isa", r->isa, "language", r->language, "build",
						 r->autotools ? "autotools" : "make", "needs", get_needs(project),
						 "files", files));
	}
#endif
	fprintf(tool->out, "%s: the backend %s, needs %s, in %s\n", r->directory, r->name, name_isa(get_needs(project)),
		r->language);
	for (size_t i = 0; i < project->count; i++)
		fprintf(tool->out, "  %s\n", project->made_path[i]);
	fprintf(tool->out, "next: cd '%s' && %smake && make check\n", r->directory,
		r->autotools ? "./autogen.sh && ./configure && " : "");
	return EXIT_DONE;
}

/* ---- The command ------------------------------------------------------------------------------------------------- */

static int check_request(struct tool *tool, const struct project *project, const struct request *r)
{
	int code = choose_template(tool, project, "--isa", "isa", r->isa);
	if (!code)
		code = choose_template(tool, project, "--language", "language", r->language);
	if (!code)
		code = check_name(tool, r->name);
	if (!code)
		code = check_text(tool, "--vendor", r->vendor, " .,&+-_()",
				  sizeof(((struct tenon_note *)0)->vendor) - 1);
	return code ? code : check_custom(tool, r);
}

int run_new_backend(struct tool *tool, int argc, char **argv)
{
	char base[BACKEND_NAME_SIZE];
	struct request r = {.language = "c"};
	const struct tool_option options[] = {
		{"--name", OPTION_TEXT, &r.name, 0, 0},           {"--isa", OPTION_TEXT, &r.isa, 0, 0},
		{"--vendor", OPTION_TEXT, &r.vendor, 0, 0},       {"--language", OPTION_TEXT, &r.language, 0, 0},
		{"--autotools", OPTION_FLAG, &r.autotools, 0, 0}, {"--needs", OPTION_TEXT, &r.needs, 0, 0},
		{"--flags", OPTION_TEXT, &r.flags, 0, 0},         {NULL, OPTION_FLAG, NULL, 0, 0}};
	int code = parse_options(tool, options, &argc, argv, 1, 1);
	if (code)
		return code;
	r.directory = argv[1];
	take_base(r.directory, base);
	r.name = r.name ? r.name : base;
	r.vendor = r.vendor ? r.vendor : r.name;
	struct project *project = calloc(1, sizeof *project);
	if (!project)
		return fail(tool, EXIT_REFUSED, "out of memory");
	const char *templates = getenv("TENON_TEMPLATES");
	project->templates = templates && *templates ? templates : TENON_TEMPLATES;
	project->directory = r.directory;
	code = check_request(tool, project, &r);
	struct why why;
	if (!code && write_project(project, &r, &why))
		code = fail(tool, EXIT_REFUSED, "%s", why.text);
	if (!code)
		code = print_project(tool, project, &r);
	free_project(project);
	free(project);
	return code;
}
