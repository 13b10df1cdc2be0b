/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon config: judges configuration files before a process has to, shows the merged result of all layers, and has live
 * processes read theirs again.
 */
#include <limits.h>
#include <string.h>

#include "runtime/config.h"
#include "tools/order.h"

const char help_config[] =
	"Usage: tenon config check [FILE] [--program NAME]\n"
	"       tenon config show [FILE] [--program NAME] [--defaults]\n"
	"       tenon config reload PID|--label L|--all [--waves STEPS] [--settle T] [--timeout T]\n\n"
	"check reads the configuration as a process would, all of it, and says what is wrong: file, line, value\n"
	"and remedy. show prints what is in force, and beside each value the line, or the variable of the\n"
	"environment, that won. FILE stands in for the system's layers: tenon.ini, tenon.ini.d/*.ini,\n"
	"programs/NAME.ini, then $TENON_CONFIG. The environment counts in either case, as it would for the\n"
	"process. reload has live processes read their configuration again: each applies all of it or, if\n"
	"anything in it is wrong, nothing; what only a new process can have is named. A pinned backend "
	"stays.\n\n" FLEET_STORY "Put the old file back before you have those read it again.\n\n"
	"  --program NAME  take programs/NAME.ini as the program of that name would (default: none)\n"
	"  --defaults      show keys that nobody set, too\n" TARGET_HELP FLEET_HELP "\n"
	"Example: tenon config check /etc/tenon/tenon.ini && tenon config show --program recalld\n\n"
	"Exit codes: 0 valid, or applied; 2 usage, or an invalid configuration; 3 reload: refused, with the\n"
	"reason; 4 reload: no such process, no answer\n";

struct view {
	struct config config;
	const char *program;
	bool defaults;
};

static const char *find_origin(const struct view *view, size_t i)
{
	return config_origin(&view->config, config_keys[i].section, config_keys[i].name);
}

static bool is_shown(const struct view *view, size_t i)
{
	return view->defaults || strcmp(find_origin(view, i), "the default") != 0;
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

#ifdef HAVE_JANSSON
static json_t *key_as_json(const struct view *view, size_t i)
{
	char value[PATH_MAX];
	const struct config_key *key = &config_keys[i];
	format_config_value(&view->config, key, value, sizeof value);
	return json_pack("{s:s, s:s, s:o, s:s, s:o, s:s}", "section", key->section, "key", key->name, "value",
			 json_string(value), "origin", find_origin(view, i), "variable",
			 key->variable ? json_string(key->variable) : json_null(), "meaning", key->meaning);
}

static int print_json(struct tool *tool, const struct view *view, bool show)
{
	json_t *keys = json_array();
	for (size_t i = 0; show && i < count_config_keys(); i++)
		if (is_shown(view, i))
			json_array_append_new(keys, key_as_json(view, i));
	return emit_json(tool,
			 json_pack("{s:b, s:s, s:o, s:o}", "valid", 1, "identity", view->config.identity, "keys", keys,
				   "ignored", *view->config.ignored ? json_string(view->config.ignored) : json_null()));
}
#endif

/* ---- Text -------------------------------------------------------------------------------------------------------- */

/* As a file that would say the same. */
static void print_view(FILE *out, const struct view *view)
{
	const char *section = "";
	if (*view->config.ignored)
		fprintf(out, "; %s\n", view->config.ignored);
	for (size_t i = 0; i < count_config_keys(); i++) {
		char value[PATH_MAX];
		if (!is_shown(view, i))
			continue;
		if (strcmp(section, config_keys[i].section) != 0)
			fprintf(out, "%s[%s]\n", *section ? "\n" : "", config_keys[i].section);
		section = config_keys[i].section;
		format_config_value(&view->config, &config_keys[i], value, sizeof value);
		if (!*value && !config_keys[i].initial)
			fprintf(out, "; %s is not set: %s\n", config_keys[i].name, config_keys[i].meaning);
		else
			fprintf(out, "; %s\n%s = %s\n", find_origin(view, i), config_keys[i].name, value);
	}
	if (!*section)
		fprintf(out, "; nothing is set; the defaults are in force (--defaults prints them)\n");
}

/* ---- The command ------------------------------------------------------------------------------------------------- */

static int load_view(struct tool *tool, struct view *view, const char *path)
{
	struct why why;
	const char *program = view->program ? view->program : "";
	if (view->program && (!*program || strchr(program, '/')))
		return fail(tool, EXIT_USAGE,
			    "--program %s: the name of a program, without its directory, was expected", program);
	if (load_config_from(&view->config, NULL, program, path, &why))
		return fail(tool, EXIT_USAGE, "%s", why.text);
	return EXIT_DONE;
}

static int order_reload(struct tool *tool, int argc, char **argv)
{
	struct targets targets = {0};
	struct order order = {.request = "reload", .stepwise = true, .take_back = "config reload"};
	const struct tool_option options[] = {
		TARGET_OPTIONS(targets), FLEET_OPTIONS(order), {NULL, OPTION_FLAG, NULL, 0, 0}};
	int code = parse_targets(tool, &targets, options, &argc, argv, 0);
	return code ? code : send_orders(tool, &targets, &order);
}

int run_config(struct tool *tool, int argc, char **argv)
{
	static struct view view;
	const struct tool_option options[] = {{"--program", OPTION_TEXT, &view.program, 0, 0},
					      {"--defaults", OPTION_FLAG, &view.defaults, 0, 0},
					      {NULL, OPTION_FLAG, NULL, 0, 0}};
	if (argc > 1 && strcmp(argv[1], "reload") == 0)
		return order_reload(tool, argc - 1, argv + 1);
	int code = parse_options(tool, options, &argc, argv, 1, 2);
	if (code)
		return code;
	bool show = strcmp(argv[1], "show") == 0;
	if (!show && strcmp(argv[1], "check") != 0)
		return fail(tool, EXIT_USAGE, "'%s' is none of check, show and reload", argv[1]);
	code = load_view(tool, &view, argc > 2 ? argv[2] : NULL);
	if (code)
		return code;
#ifdef HAVE_JANSSON
	if (tool->json)
		return print_json(tool, &view, show);
#endif
	if (show)
		print_view(tool->out, &view);
	else
		fprintf(tool->out, "valid: %s%s%s\n", view.config.identity, *view.config.ignored ? "; " : "",
			view.config.ignored);
	return EXIT_DONE;
}
