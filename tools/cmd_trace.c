/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon trace: reads what a process notes while it is traced, bit by bit, and writes it as a timeline. The process keeps
 * little, and takes its tables back when we are gone; tools/trace/ makes the document.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tools/pause.h"
#include "tools/processes.h"
#include "tools/trace/timeline.h"
#include "tools/trace/track.h"

const char help_trace[] =
	"Usage: tenon trace PID [--seconds N] [--output FILE] [--timeout T]\n\n"
	"Writes a timeline of a live process as Trace Event JSON, which ui.perfetto.dev and chrome://tracing open:\n"
	"calls a second of each thread and kernel, about one call in 512 with its duration and backend, what serves,\n"
	"each swap and rollback, the steps of a rollout, arenas, and the events of tenon history. While it is traced\n"
	"the process counts its calls, in tables of Tenon's own that are put back at the end, also if this command is\n"
	"killed; it keeps 256 calls a thread, and what is lost between two readings is counted in the file. A\n"
	"rollout that is under way is traced only where [metrics] calls = on. Ctrl-C ends the trace and writes it.\n\n"
	"  --seconds N    how long (default 10)\n"
	"  --timeout T    give up on an answer after T, as 500ms, 5s or 2m (default 5s)\n\n"
	"Example: tenon trace 4711 --seconds 5 --output trace.json\n\n"
	"Exit codes: 0 done; 2 usage; 3 refused, with the reason; 4 no such process, no answer, or it ended\n"
	"meanwhile (what was read until then is written)\n";

#define READ_EVERY_NS 50000000
#define HISTORY_EVERY 20 /* readings */

static volatile sig_atomic_t interrupted;

static void take_signal(int number)
{
	(void)number;
	interrupted = 1;
}

struct tracer {
	struct targets targets;
	struct process process;
	uint64_t seconds, id;
	struct timeline timeline;
	char version[32], error[512];
};

/* ---- Questions --------------------------------------------------------------------------------------------------- */

static int ask(struct tracer *tracer, const char *request, struct answer *answer)
{
	int code = ask_process(&tracer->process, request, tracer->targets.timeout_ms, answer, tracer->error,
			       sizeof tracer->error);
	if (code || answer->status == TENON_OK)
		return code;
	snprintf(tracer->error, sizeof tracer->error, "%s", answer->text);
	return exit_of_status(answer->status);
}

static int begin(struct tracer *tracer)
{
	char request[64];
	struct answer answer;
	/* What the network of a busy machine adds is the tracer's, who says when it is over. */
	snprintf(request, sizeof request, "trace start %" PRIu64,
		 tracer->seconds * 1000 + 2000 < 3600000 ? tracer->seconds * 1000 + 2000 : 3600000);
	int code = ask(tracer, request, &answer);
	if (!code) {
		tracer->id = strtoull(find_value(&answer, "trace"), NULL, 10);
		quote_json(find_value(&answer, "version"), tracer->version, sizeof tracer->version);
		take_names(&tracer->timeline, &answer);
	}
	free_answer(&answer);
	return code;
}

static int read_once(struct tracer *tracer, bool *more)
{
	char request[64];
	struct answer answer;
	snprintf(request, sizeof request, "trace read %" PRIu64, tracer->id);
	int code = ask(tracer, request, &answer);
	if (!code && !take_answer(&tracer->timeline, &answer))
		code = EXIT_REFUSED;
	*more = !code && strcmp(find_value(&answer, "more"), "true") == 0;
	free_answer(&answer);
	return code;
}

static int read_history(struct tracer *tracer)
{
	struct answer answer;
	int code = ask(tracer, "history 256", &answer);
	if (!code)
		take_history(&tracer->timeline, &answer);
	free_answer(&answer);
	return code;
}

static void end(struct tracer *tracer)
{
	char request[64];
	struct answer answer;
	snprintf(request, sizeof request, "trace stop %" PRIu64, tracer->id);
	ask(tracer, request, &answer);
	free_answer(&answer);
}

/* ---- The trace --------------------------------------------------------------------------------------------------- */

static int follow(struct tracer *tracer)
{
	uint64_t until = now_ns() + tracer->seconds * 1000000000;
	bool more;
	int code = EXIT_DONE;
	for (unsigned reading = 0; !code && !interrupted && now_ns() < until; reading++) {
		code = read_once(tracer, &more);
		if (!code && reading % HISTORY_EVERY == HISTORY_EVERY - 1)
			code = read_history(tracer);
		if (!code && !more)
			sleep_ns(READ_EVERY_NS);
	}
	if (!code)
		code = read_once(tracer, &more);
	return code ? code : read_history(tracer);
}

static void catch_signals(void)
{
	const struct sigaction action = {.sa_handler = take_signal, .sa_flags = (int)SA_RESETHAND};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static int trace(struct tool *tool, struct tracer *tracer)
{
	struct timeline *timeline = &tracer->timeline;
	timeline->pid = tracer->process.pid;
	catch_signals();
	int code = begin(tracer);
	if (code)
		return fail(tool, code, "%s", tracer->error);
	code = follow(tracer);
	end(tracer);
	if (!timeline->started)
		return fail(tool, code, "%s", tracer->error);
	if (code)
		fprintf(stderr, "tenon trace: cut short: %s\n", tracer->error);
	write_timeline(timeline, tracer->version, tool->out);
	return code;
}

int run_trace(struct tool *tool, int argc, char **argv)
{
	static struct tracer tracer = {.seconds = 10};
	const struct tool_option options[] = {{"--seconds", OPTION_NUMBER, &tracer.seconds, 1, 3600},
					      {"--timeout", OPTION_TEXT, &tracer.targets.timeout, 0, 0},
					      {NULL, OPTION_FLAG, NULL, 0, 0}};
	struct process *list;
	size_t count;
	int code = parse_targets(tool, &tracer.targets, options, &argc, argv, 0);
	if (!code)
		code = select_processes(tool, &tracer.targets, &list, &count);
	if (code)
		return code;
	tracer.process = list[0];
	free(list);
	code = trace(tool, &tracer);
	free_timeline(&tracer.timeline);
	return code;
}
