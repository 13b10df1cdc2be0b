/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon metrics: what live processes say of themselves to a monitoring system. The text of one process goes through as it
 * is; those of several become one, in which each sample says its pid.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/each.h"

const char help_metrics[] =
	"Usage: tenon metrics PID|--label L|--all [--timeout T]\n\n"
	"Prints the metrics of live processes as Prometheus text (docs/METRICS.md lists them). Calls are "
	"counted where\n"
	"[metrics] calls or http says so. Of several processes each sample has a label pid.\n\n" TARGET_HELP
	"\nExample: tenon metrics 4711 | grep tenon_calls_total\n\n"
	"Exit codes: 0 done; 2 usage; 4 no such process, no answer\n";

/* ---- Lines ------------------------------------------------------------------------------------------------------- */

/* "# HELP name ..." begins a family. */
static bool begins_family(const char *line)
{
	return strncmp(line, "# HELP ", 7) == 0;
}

static void print_sample(FILE *out, const char *line, pid_t pid)
{
	size_t name = strcspn(line, "{ ");
	fprintf(out, "%.*s{pid=\"%ld\"", (int)name, line, (long)pid);
	if (line[name] == '{')
		fprintf(out, ",%s\n", line + name + 1);
	else
		fprintf(out, "}%s\n", line + name);
}

static const char *get_line(const struct answer *answer, size_t i)
{
	return answer->pairs[i].value;
}

static void print_metrics(FILE *out, const struct reply *reply)
{
	for (size_t i = 0; i < reply->answer.count; i++)
		fprintf(out, "%s\n", get_line(&reply->answer, i));
}

/* ---- Several processes ------------------------------------------------------------------------------------------- */

/* The pair behind the head of a family, or the count. */
static size_t find_family(const struct answer *answer, const char *head)
{
	for (size_t i = 0; i < answer->count; i++)
		if (strcmp(get_line(answer, i), head) == 0)
			return i + 1;
	return answer->count;
}

static void print_samples(FILE *out, const struct reply *reply, const char *head)
{
	const struct answer *answer = &reply->answer;
	for (size_t i = find_family(answer, head); i < answer->count && !begins_family(get_line(answer, i)); i++)
		if (get_line(answer, i)[0] != '#')
			print_sample(out, get_line(answer, i), reply->process.pid);
}

/* The families of the first process that has them, with the samples of all: processes may be of several releases. */
static void print_family(FILE *out, const struct reply *replies, size_t count, size_t first, size_t at)
{
	const struct answer *answer = &replies[first].answer;
	const char *head = get_line(answer, at);
	for (size_t i = 0; i < first; i++)
		if (find_family(&replies[i].answer, head) < replies[i].answer.count)
			return;
	fprintf(out, "%s\n%s\n", head, at + 1 < answer->count ? get_line(answer, at + 1) : "");
	for (size_t i = first; i < count; i++)
		print_samples(out, &replies[i], head);
}

static void print_together(FILE *out, const struct reply *replies, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < replies[i].answer.count; j++)
			if (begins_family(get_line(&replies[i].answer, j)))
				print_family(out, replies, count, i, j);
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

#ifdef HAVE_JANSSON
/* name="value",... up to the brace, unescaped; *at moves behind it. */
static json_t *parse_labels(const char **at)
{
	json_t *labels = json_object();
	while (**at && **at != '}') {
		char name[64], value[1024];
		size_t length = strcspn(*at, "="), used = 0;
		snprintf(name, sizeof name, "%.*s", (int)length, *at);
		for (*at += length + 2; **at && **at != '"'; ++*at) {
			char c = **at;
			if (c == '\\' && (*at)[1])
				c = *++*at == 'n' ? '\n' : **at;
			if (used + 1 < sizeof value)
				value[used++] = c;
		}
		value[used] = '\0';
		*at += **at == '"';
		*at += **at == ',';
		json_object_set_new(labels, name, json_text(value));
	}
	*at += **at == '}';
	return labels;
}

static json_t *sample_as_json(const char *line)
{
	size_t name = strcspn(line, "{ ");
	const char *at = line + name + (line[name] == '{');
	json_t *labels = line[name] == '{' ? parse_labels(&at) : json_object();
	return json_pack("{s:s%, s:o, s:o}", "name", line, name, "labels", labels, "value",
			 json_figure(strtod(at, NULL)));
}

static json_t *metrics_as_json(const struct reply *reply)
{
	json_t *list = json_array();
	for (size_t i = 0; i < reply->answer.count; i++)
		if (get_line(&reply->answer, i)[0] != '#')
			json_array_append_new(list, sample_as_json(get_line(&reply->answer, i)));
	return json_pack("{s:I, s:o}", "pid", (json_int_t)reply->process.pid, "samples", list);
}
#endif

int run_metrics(struct tool *tool, int argc, char **argv)
{
	struct targets targets = {0};
	const struct tool_option options[] = {TARGET_OPTIONS(targets), {NULL, OPTION_FLAG, NULL, 0, 0}};
	int code = parse_targets(tool, &targets, options, &argc, argv, 0);
	if (code)
		return code;
	struct view view = {.request = "metrics", .print = print_metrics, .print_together = print_together};
#ifdef HAVE_JANSSON
	view.as_json = metrics_as_json;
#endif
	return show_processes(tool, &targets, &view);
}
