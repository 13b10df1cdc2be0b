/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What subcommands share: errors, JSON, options and suggestions. Called from the main thread of the tool only. No
 * state.
 */
#include "tools/tool.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- Errors and JSON --------------------------------------------------------------------------------------------- */

#ifdef HAVE_JANSSON
/* One object, schema first; takes over the reference. False when memory is short or the write fails. */
static bool print_object(FILE *out, const char *schema, json_t *object)
{
	json_t *whole = json_pack("{s:s++, s:s}", "schema", "tenon.", schema, "/1", "tenon_version", PACKAGE_VERSION);
	bool good = whole && object && json_object_update(whole, object) == 0 &&
		    json_dumpf(whole, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF;
	json_decref(whole);
	json_decref(object);
	return good;
}

int emit_json(struct tool *tool, json_t *object)
{
	if (!print_object(tool->out, tool->command, object) && !ferror(tool->out))
		return fail(tool, EXIT_REFUSED, "out of memory");
	return EXIT_DONE;
}

json_t *json_figure(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}
#endif

int fail(struct tool *tool, int code, const char *format, ...)
{
	char message[1024];
	va_list list;
	va_start(list, format);
	vsnprintf(message, sizeof message, format, list);
	va_end(list);
	tool->failed = true;
#ifdef HAVE_JANSSON
	if (tool->json) {
		json_t *error = json_pack("{s:{s:i, s:s}}", "error", "code", code, "message", message);
		if (print_object(stdout, "error", error))
			return code;
	}
#endif
	fprintf(stderr, "tenon%s%s: %s\n", tool->command ? " " : "", tool->command ? tool->command : "", message);
	return code;
}

/* ---- Suggestions ------------------------------------------------------------------------------------------------- */

/* Levenshtein's distance; words of more than 63 letters are far from everything. */
static unsigned count_edits(const char *a, const char *b)
{
	size_t length = strlen(b);
	unsigned row[64];
	if (length >= 64 || strlen(a) >= 64)
		return 64;
	for (unsigned j = 0; j <= length; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= length; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			best = row[j] + 1 < best ? row[j] + 1 : best;
			row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
		}
	}
	return row[length];
}

static bool resembles(const char *word, const char *name)
{
	size_t length = strlen(word);
	return count_edits(word, name) <= (length > 3 ? 2 : 1) || (length > 2 && strncmp(word, name, length) == 0);
}

void suggest_names(char *text, size_t size, const char *word, const char *const *names, size_t count)
{
	size_t near = 0, used = strlen(text);
	for (size_t i = 0; i < count; i++)
		near += resembles(word, names[i]);
	const char *separator = near ? "did you mean " : "there are ";
	for (size_t i = 0; i < count && used < size; i++)
		if (!near || resembles(word, names[i])) {
			used += (size_t)snprintf(text + used, size - used, "%s%s", separator, names[i]);
			separator = near ? " or " : ", ";
		}
	if (near && used < size)
		snprintf(text + used, size - used, "?");
}

/* ---- Options ----------------------------------------------------------------------------------------------------- */

static int parse_number(struct tool *tool, const struct tool_option *option, const char *text)
{
	char *end;
	errno = 0;
	uint64_t number = strtoull(text, &end, 10);
	if (errno || text[0] < '0' || text[0] > '9' || *end || number < option->least || number > option->most)
		return fail(tool, EXIT_USAGE, "%s takes a number from %" PRIu64 " to %" PRIu64 ", not '%s'",
			    option->name, option->least, option->most, text);
	*(uint64_t *)option->value = number;
	return EXIT_DONE;
}

static int set_option(struct tool *tool, const struct tool_option *option, const char *text)
{
	if (option->kind == OPTION_FLAG && text)
		return fail(tool, EXIT_USAGE, "%s takes no value", option->name);
	if (option->kind == OPTION_FLAG)
		*(bool *)option->value = true;
	else if (!text)
		return fail(tool, EXIT_USAGE, "%s needs a value", option->name);
	else if (option->kind == OPTION_NUMBER)
		return parse_number(tool, option, text);
	else
		*(const char **)option->value = text;
	return EXIT_DONE;
}

static int unknown_option(struct tool *tool, const struct tool_option *options, const char *word)
{
	const char *names[32] = {"--json", "--output", "--help"};
	size_t count = 3;
	for (; options->name && count < 32; options++)
		names[count++] = options->name;
	char text[512] = "", name[64];
	snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
	suggest_names(text, sizeof text, name, names, count);
	return fail(tool, EXIT_USAGE, "unknown option '%s'; %s", word, text);
}

/* Consumes argv[*i], and its value if that is the next word. */
static int take_option(struct tool *tool, const struct tool_option *options, int *i, char **argv)
{
	char *word = argv[*i];
	size_t length = strcspn(word, "=");
	const struct tool_option *option = options;
	while (option->name && (strlen(option->name) != length || strncmp(option->name, word, length) != 0))
		option++;
	if (!option->name)
		return unknown_option(tool, options, word);
	const char *text = word[length] ? word + length + 1 : NULL;
	if (!text && option->kind != OPTION_FLAG && argv[*i + 1])
		text = argv[++*i];
	return set_option(tool, option, text);
}

int parse_options(struct tool *tool, const struct tool_option *options, int *argc, char **argv, int fewest, int most)
{
	int kept = 1, i = 1, code = EXIT_DONE;
	for (; i < *argc && strcmp(argv[i], "--") != 0 && !code; i++)
		if (argv[i][0] == '-' && argv[i][1])
			code = take_option(tool, options, &i, argv);
		else
			argv[kept++] = argv[i];
	for (i++; i < *argc && !code; i++)
		argv[kept++] = argv[i];
	if (code)
		return code;
	argv[kept] = NULL;
	*argc = kept;
	if (kept - 1 > most)
		return fail(tool, EXIT_USAGE, "unexpected '%s'; see tenon help %s", argv[1 + most], tool->command);
	if (kept - 1 < fewest)
		return fail(tool, EXIT_USAGE, "an argument is missing; see tenon help %s", tool->command);
	return EXIT_DONE;
}

int parse_time(struct tool *tool, const char *option, const char *text, uint64_t *ms)
{
	static const struct unit {
		const char *name;
		uint64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}};
	char *end;
	uint64_t number = strtoull(text, &end, 10);
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (text[0] >= '0' && text[0] <= '9' && strcmp(end, units[i].name) == 0 && number > 0 &&
		    number <= 100000) {
			*ms = number * units[i].ms;
			return EXIT_DONE;
		}
	return fail(tool, EXIT_USAGE, "%s takes a number and a unit, as 500ms, 5s or 2m, not '%s'", option, text);
}
