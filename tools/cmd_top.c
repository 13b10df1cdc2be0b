/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon top: what live processes do now. On a screen (tools/top/screen.c), or once as text or JSON.
 */
#include "build.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/events.h"
#include "tools/processes.h"
#include "tools/top/page.h"
#include "tools/top/reader.h"
#include "tools/top/screen.h"

const char help_top[] =
	"Usage: tenon top [PID|--label L|--all] [--once] [--interval N] [--control] [--timeout T]\n\n"
	"Shows what processes do now, on the whole terminal: calls a second, how long calls take (the 50th "
	"and the 99th\n"
	"percentile of a sample), the backend, the state of a rollout, arenas, what is wrong, and the last "
	"events of the\n"
	"chosen process. Without a process: all of this machine that we may talk to. Calls are shown as '-' "
	"where a process\n"
	"does not count them: set [metrics] calls = on and have it read again with tenon config reload.\n\n"
	"It only watches. With --control keys give orders to the chosen process, each after a confirmation.\n"
	"Where the terminal cannot be drawn on (TERM=dumb, a pipe) it shows the state once. NO_COLOR is "
	"respected; a\n"
	"terminal of 40 columns is enough. On a screen the timeout is that of orders: who says nothing for "
	"a second hangs.\n\n" TARGET_HELP "  --once         print the state once, as text or with --json, and end\n"
	"  --interval N   look every N seconds, 1 to 60 (default 1)\n"
	"  --control      let keys pause, resume, promote and roll back\n\n"
	"Keys: up and down choose a process, h shows help, q quits; with --control p pauses, r resumes, m "
	"promotes, b rolls\n"
	"back.\n\n"
	"Example: tenon top --label web\n\n"
	"Exit codes: 0 done; 2 usage; 3 no memory, thread or terminal to be had; 4 no such process, no answer\n";

/* ---- Once -------------------------------------------------------------------------------------------------------- */

/* A page for each process: a page has an end. */
static void print_reading(FILE *out, const struct reading *reading)
{
	static struct page page;
	for (size_t i = 0; i < reading->count; i++) {
		start_page(&page, PAGE_WIDTH);
		add_processes(&page, &reading->sample[i], 1, 1);
		for (size_t j = i ? 1 : 0; j < page.count; j++) /* the heading once */
			fprintf(out, "%s\n", page.line[j].text);
	}
	for (size_t i = 0; i < reading->count; i++) {
		start_page(&page, PAGE_WIDTH);
		add_details(&page, &reading->sample[i], 5);
		fprintf(out, "\n");
		for (size_t j = 0; j < page.count; j++)
			fprintf(out, "%s%s\n", j ? "  " : "", page.line[j].text);
	}
}

#ifdef HAVE_JANSSON
static json_t *known(bool is_known, double value)
{
	return is_known && value >= 0 ? json_figure(value) : json_null();
}

static json_t *rollout_of(const struct sample *sample)
{
	if (!sample->rollout[0] || strcmp(sample->rollout, "none") == 0)
		return json_null();
	return json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:I}", "state", json_text(sample->rollout), "backend",
			 json_text(sample->rollout_backend), "percent", (json_int_t)sample->rollout_percent, "step",
			 (json_int_t)sample->rollout_step, "steps", (json_int_t)sample->rollout_steps, "held_ms",
			 (json_int_t)sample->rollout_held_ms, "hold_ms", (json_int_t)sample->rollout_hold_ms);
}

static json_t *events_of(const struct sample *sample)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sample->events; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:o}", "time", sample->event[i].moment, "level",
						sample->event[i].level, "text", json_text(sample->event[i].text)));
	return list;
}

static json_t *sample_as_json(const struct sample *sample)
{
	if (sample->error[0])
		return json_pack("{s:I, s:o}", "pid", (json_int_t)sample->process.pid, "error",
				 json_text(sample->error));
	return json_pack("{s:I, s:o, s:o, s:o, s:I, s:b, s:o, s:b, s:I, s:I, s:o, s:o, s:o, s:o, s:I, s:o, s:{s:I, "
			 "s:I, s:I, s:I}, s:I, s:o}",
			 "pid", (json_int_t)sample->process.pid, "program", json_text(sample->program), "label",
			 json_text(sample->label), "backend", json_text(sample->backend), "generation",
			 (json_int_t)sample->generation, "degraded", sample->degraded, "degraded_reason",
			 sample->degraded ? json_text(sample->degraded_reason) : json_null(), "pinned", sample->pinned,
			 "swaps", (json_int_t)sample->swaps, "rollbacks", (json_int_t)sample->rollbacks,
			 "calls_counted", sample->taken_ms ? json_boolean(sample->is_counted) : json_null(),
			 "calls_per_second", known(sample->has_rate, sample->calls_per_second), "p50_seconds",
			 known(true, sample->p50), "p99_seconds", known(true, sample->p99), "quarantined",
			 (json_int_t)sample->quarantined, "rollout", rollout_of(sample), "arena", "size",
			 (json_int_t)sample->arena_size, "high_water", (json_int_t)sample->arena_high_water,
			 "overflows", (json_int_t)sample->arena_overflows, "threads", (json_int_t)sample->threads,
			 "grace_period_ms", (json_int_t)sample->grace_age_ms, "events", events_of(sample));
}

static int emit_reading(struct tool *tool, const struct reading *reading)
{
	json_t *list = json_array();
	for (size_t i = 0; i < reading->count; i++)
		json_array_append_new(list, sample_as_json(&reading->sample[i]));
	return emit_json(tool, json_pack("{s:o}", "processes", list));
}
#endif

static bool any_counts(const struct reading *reading)
{
	bool found = false;
	for (size_t i = 0; i < reading->count; i++)
		found = found || reading->sample[i].is_counted;
	return found;
}

static int show_reading(struct tool *tool, const struct reading *reading)
{
	int code = EXIT_DONE;
	for (size_t i = 0; i < reading->count; i++)
		code = reading->sample[i].error[0] ? EXIT_NO_PROCESS : code;
#ifdef HAVE_JANSSON
	if (tool->json) {
		int problem = emit_reading(tool, reading);
		return problem ? problem : code;
	}
#endif
	print_reading(tool->out, reading);
	return code;
}

/* A rate needs two looks. */
static int show_once(struct tool *tool, struct watching *watching)
{
	struct reading reading = {0};
	int code = select_processes(tool, watching->targets, &watching->named, &watching->count);
	if (code)
		return code;
	watching->timeout_ms = watching->targets->timeout_ms;
	bool good = read_round(watching, &reading);
	if (good && any_counts(&reading)) {
		nanosleep(&(struct timespec){.tv_sec = (time_t)(watching->interval_ms / 1000)}, NULL);
		good = read_round(watching, &reading);
	}
	code = good ? show_reading(tool, &reading) : fail(tool, EXIT_REFUSED, "out of memory");
	free(watching->named);
	free(reading.sample);
	return code;
}

/* ---- The command ------------------------------------------------------------------------------------------------- */

/* One that hangs must not keep the others of its round waiting for long. */
enum { LIVE_TIMEOUT_MS = 1000 };

static int show_live(struct tool *tool, struct watching *watching, bool control)
{
	char why[160];
	uint64_t patience = watching->targets->timeout_ms;
	if (!can_draw(why, sizeof why)) {
		fprintf(stderr, "tenon top: %s: the state is shown once\n", why);
		return show_once(tool, watching);
	}
	watching->timeout_ms = patience < LIVE_TIMEOUT_MS ? patience : LIVE_TIMEOUT_MS;
	int code = EXIT_DONE;
	if (watching->targets->designator)
		code = select_processes(tool, watching->targets, &watching->named, &watching->count);
	if (!code && !start_reader(watching))
		code = fail(tool, EXIT_REFUSED, "cannot start a thread: see ulimit -u and the memory that is left");
	if (!code && !run_screen(watching, control, why, sizeof why))
		code = fail(tool, EXIT_REFUSED, "%s: give --once", why);
	return code;
}

static int parse_top(struct tool *tool, struct targets *targets, const struct tool_option *options, int argc,
		     char **argv)
{
	int code = parse_optional_targets(tool, targets, options, &argc, argv, 1);
	if (!code && argc > 1 && !targets->designator && strchr(argv[1], '/')) {
		targets->designator = argv[1];
		argc--;
	}
	if (!code && argc > 1)
		return fail(tool, EXIT_USAGE, "'%s' is neither a PID nor the path of a socket", argv[1]);
	if (!code && !has_targets(targets))
		targets->all = true;
	return code;
}

int run_top(struct tool *tool, int argc, char **argv)
{
	static struct targets targets; /* the reader's thread still looks at it when this returns */
	static struct watching watching = {.targets = &targets};
	bool once = false, control = false;
	uint64_t interval = 1;
	const struct tool_option options[] = {
		TARGET_OPTIONS(targets),
		{"--once", OPTION_FLAG, &once, 0, 0},
		{"--control", OPTION_FLAG, &control, 0, 0},
		{"--interval", OPTION_NUMBER, &interval, 1, 60},
		{0},
	};
	int code = parse_top(tool, &targets, options, argc, argv);
	if (code)
		return code;
	if (!once && (tool->json || tool->out != stdout))
		return fail(tool, EXIT_USAGE, "--json and --output need --once: a screen has neither");
	if (once && control)
		return fail(tool, EXIT_USAGE, "--once and --control exclude each other");
	watching.interval_ms = interval * 1000;
	return once ? show_once(tool, &watching) : show_live(tool, &watching, control);
}
