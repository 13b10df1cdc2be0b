/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tenon program: global options, the table of subcommands, help. Knows commands only through commands.def.
 */
#include <signal.h>
#include <string.h>

#include "tools/tool.h"

struct command {
	char name[16]; /* as users write it */
	const char *summary, *help;
	int (*run)(struct tool *tool, int argc, char **argv);
};

static struct command commands[] = {
#define COMMAND(name, summary) {#name, summary, help_##name, run_##name},
#include "tools/commands.def"
#undef COMMAND
	{"", NULL, NULL, NULL},
};

static const char global_options[] =
	"Every command takes\n"
	"  --json         print JSON, and nothing else, on standard output; errors too\n"
	"  --output FILE  write the result to FILE instead, which is replaced only when the result is complete\n"
	"  --help         print its help\n";

static const char exit_codes[] =
	"Exit codes: 0 done or conforms; 1 does not conform, diverged, regressed or rolled back; 2 usage or\n"
	"configuration; 3 cannot load or refused; 4 no such process, no answer or timeout; 77 nothing could run\n"
	"here.\n";

/* The options that every command takes, wherever they stand. */
struct globals {
	bool json, help, version;
	const char *output;
};

/* Names with a dash, which no function can have. */
static void name_commands(void)
{
	for (struct command *command = commands; *command->name; command++)
		for (char *at = strchr(command->name, '_'); at; at = strchr(at, '_'))
			*at = '-';
}

static const struct command *find_command(const char *name)
{
	for (const struct command *command = commands; *command->name; command++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}

static int unknown_command(struct tool *tool, const char *name)
{
	const char *names[sizeof commands / sizeof commands[0]] = {"help"};
	size_t count = 1;
	for (const struct command *command = commands; *command->name; command++)
		names[count++] = command->name;
	char text[512] = "";
	suggest_names(text, sizeof text, name, names, count);
	return fail(tool, EXIT_USAGE, "unknown %s '%s'; %s", name[0] == '-' ? "option" : "command", name, text);
}

/* Takes the global options out of argv, up to a "--". An --output without a name leaves "". */
static struct globals take_globals(int *argc, char **argv)
{
	struct globals globals = {0};
	int kept = 1, i = 1;
	for (; i < *argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--json") == 0)
			globals.json = true;
		else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			globals.help = true;
		else if (strcmp(argv[i], "--version") == 0 && kept == 1)
			globals.version = true;
		else if (strncmp(argv[i], "--output=", 9) == 0)
			globals.output = argv[i] + 9;
		else if (strcmp(argv[i], "--output") == 0)
			globals.output = i + 1 < *argc ? argv[++i] : "";
		else
			argv[kept++] = argv[i];
	}
	for (; i < *argc; i++)
		argv[kept++] = argv[i];
	argv[kept] = NULL;
	*argc = kept;
	return globals;
}

static void print_overview(FILE *out)
{
	fprintf(out, "Usage: tenon COMMAND [ARGUMENT]...\n\nCommands\n");
	for (const struct command *command = commands; *command->name; command++)
		fprintf(out, "  %-12s %s\n", command->name, command->summary);
	fprintf(out, "  %-12s %s\n\n%s\n%s", "help", "this list, or the help of a command", global_options, exit_codes);
}

static int list_as_json(struct tool *tool)
{
#ifdef HAVE_JANSSON
	json_t *list = json_array();
	for (const struct command *command = commands; *command->name; command++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s}", "name", command->name, "summary", command->summary));
	return emit_json(tool, json_pack("{s:o}", "commands", list));
#else
	return fail(tool, EXIT_USAGE, "built without jansson");
#endif
}

/* tenon help [COMMAND] */
static int run_help(struct tool *tool, const char *name)
{
	const struct command *command = name && strcmp(name, "help") != 0 ? find_command(name) : NULL;
	if (name && !command && strcmp(name, "help") != 0)
		return unknown_command(tool, name);
	if (tool->json)
		return list_as_json(tool);
	if (command)
		fprintf(tool->out, "%s\n%s", command->help, global_options);
	else
		print_overview(tool->out);
	return EXIT_DONE;
}

static int print_version(struct tool *tool)
{
#ifdef HAVE_JANSSON
	if (tool->json)
		return emit_json(tool, json_object());
#endif
	fprintf(tool->out, "tenon %s\n", PACKAGE_VERSION);
	return EXIT_DONE;
}

/* argv[1], if any, is the subcommand. */
static int dispatch(struct tool *tool, const struct globals *globals, int argc, char **argv)
{
	if (globals->version)
		return print_version(tool);
	if (argc < 2 || strcmp(argv[1], "help") == 0 || globals->help) {
		bool word = argc > 1 && strcmp(argv[1], "help") == 0;
		return run_help(tool, argc > 1 + word ? argv[1 + word] : NULL);
	}
	const struct command *command = find_command(argv[1]);
	return command ? command->run(tool, argc - 1, argv + 1) : unknown_command(tool, argv[1]);
}

/* The command's name as errors and schemas show it; a word that is no command is not one. */
static const char *name_command(const struct globals *globals, int argc, char **argv)
{
	if (globals->version)
		return "version";
	if (argc < 2 || strcmp(argv[1], "help") == 0 || globals->help)
		return "help";
	return find_command(argv[1]) ? argv[1] : NULL;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN); /* so that a reader that went away is a write error like any other */
	struct tool tool = {.out = stdout};
	name_commands();
	struct globals globals = take_globals(&argc, argv);
	if (argc < 2 && !globals.help && !globals.version && !globals.json && !globals.output) {
		print_overview(stderr);
		return EXIT_USAGE;
	}
	tool.command = name_command(&globals, argc, argv);
#ifdef HAVE_JANSSON
	tool.json = globals.json;
#else
	if (globals.json)
		return fail(&tool, EXIT_USAGE, "--json: built without jansson; install libjansson-dev and build again");
#endif
	int code = globals.output ? open_output(&tool, globals.output) : EXIT_DONE;
	return close_output(&tool, code ? code : dispatch(&tool, &globals, argc, argv));
}
