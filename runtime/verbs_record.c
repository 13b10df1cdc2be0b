/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The verbs about what was: history and quarantine. No state.
 */
#include "build.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>

#include "runtime/change.h"
#include "runtime/history.h"
#include "runtime/quarantine.h"
#include "runtime/log.h"
#include "runtime/runtime.h"
#include "runtime/untold.h"
#include "runtime/verb.h"

/* ---- history ---------------------------------------------------------------------------------------------------- */

static void add_event(struct text *answer, const struct event *event)
{
	add_pair(answer, "event", "%" PRIu64, event->sequence);
	add_pair(answer, "time_ms", "%" PRId64, event->time_ms);
	add_pair(answer, "level", "%s", name_level(event->level));
	add_pair(answer, "kind", "%s", name_event(event->kind));
	add_pair(answer, "repeats", "%u", event->repeats);
	add_pair(answer, "generation", "%" PRIu64, event->generation);
	add_pair(answer, "rollout", "%" PRIu64, event->rollout);
	add_pair(answer, "percent", "%u", event->percent);
	add_pair(answer, "backend", "%s", event->backend);
	add_pair(answer, "kernel", "%s", event->kernel);
	add_pair(answer, "reason", "%s", event->reason);
	add_pair(answer, "text", "%s", event->text);
	add_text(answer, "\n");
}

/* The youngest of the events that an answer holds, oldest first: those that are asked about are the last ones. */
static void add_events(struct text *answer, const struct event *events, size_t count)
{
	struct text empty = *answer;
	for (size_t first = 0; first <= count; first += (count - first) / 4 + 1) {
		*answer = empty;
		answer_status(answer, TENON_OK, "history");
		if (first)
			add_line(answer, "cut", "true");
		for (size_t i = first; i < count; i++)
			add_event(answer, &events[i]);
		if (!answer->cut)
			return;
	}
}

static bool parse_count(const char *word, size_t *count)
{
	char *end;
	unsigned long number = strtoul(word, &end, 10);
	*count = number < HISTORY_SIZE ? number : HISTORY_SIZE;
	return *word >= '0' && *word <= '9' && !*end;
}

void say_history(const struct request *request, struct text *answer)
{
	size_t count = HISTORY_SIZE;
	if (request->words && !parse_count(request->word[0], &count)) {
		answer_status(answer, TENON_EINVAL, "history takes a number of events");
		return;
	}
	struct event *events = malloc((count + 1) * sizeof *events);
	if (!events) {
		answer_status(answer, TENON_ENOMEM, "history: no memory");
		return;
	}
	tell_rollbacks();
	count = read_history(events, count);
	add_events(answer, events, count);
	free(events);
}

/* ---- quarantine ------------------------------------------------------------------------------------------------- */

static void add_record(const struct quarantined *record, bool saved, void *user)
{
	struct text *answer = user;
	char time[RECORD_TIME_SIZE];
	format_time(record->time, time);
	add_pair(answer, "quarantined", "%s", record->backend);
	add_pair(answer, "build_id", "%s", record->build_id);
	add_pair(answer, "kernel", "%s", record->kernel);
	add_pair(answer, "time", "%s", time);
	add_pair(answer, "saved", "%s", saved ? "true" : "false");
	add_pair(answer, "reason", "%s", record->reason);
	add_text(answer, "\n");
}

static void answer_quarantine(struct text *answer, const char *text)
{
	struct why trouble = {0};
	char path[PATH_MAX], reason[sizeof trouble.text];
	report_state(path, sizeof path, reason, sizeof reason);
	answer_status(answer, TENON_OK, text);
	add_line(answer, "state_dir", path);
	visit_quarantine(add_record, answer, &trouble);
	add_line(answer, "trouble", trouble.text);
}

static int add_by_order(const struct request *request, struct why *why)
{
	struct quarantined record;
	const char *kernel = request->words > 2 ? request->word[2] : "all";
	struct runtime *copy = malloc(sizeof *copy);
	int status = copy ? copy_runtime(copy, why) : explain(why, TENON_ENOMEM, "quarantine: no memory");
	if (status == TENON_OK)
		status = name_quarantined(&copy->config, &copy->cpu, request->word[1], kernel, "by hand", &record, why);
	if (status == TENON_OK)
		status = add_quarantine(record.build_id, record.backend, record.kernel, record.reason, why);
	if (status == TENON_OK)
		log_event(TENON_LOG_WARN,
			  FACTS(EVENT_quarantined, .backend = record.backend, .kernel = record.kernel,
				.reason = record.reason),
			  "quarantined by hand: %s of %s (build-id %s)", record.kernel, record.backend,
			  record.build_id);
	free(copy);
	return status;
}

static void add_and_answer(const struct request *request, struct text *answer)
{
	struct why why = {0};
	bool changed = false;
	int status = add_by_order(request, &why);
	if (status == TENON_OK)
		status = leave_quarantined(&changed, &why);
	if (status)
		answer_why(answer, &why);
	else
		answer_quarantine(answer, changed ? "quarantined; what served it is replaced"
						  : "quarantined; it serves nothing now");
}

static void clear_and_answer(const struct request *request, struct text *answer)
{
	struct why why;
	unsigned count;
	char text[96];
	const char *backend = strcmp(request->word[1], "all") == 0 ? "" : request->word[1];
	const char *kernel = request->words > 2 ? request->word[2] : "";
	int status = clear_quarantine(backend, kernel, &count, &why);
	if (status == TENON_OK && count)
		log_event(TENON_LOG_INFO,
			  FACTS(EVENT_cleared, .backend = backend, .kernel = kernel, .reason = "by hand"),
			  "cleared from quarantine by hand: %u", count);
	snprintf(text, sizeof text, "cleared %u; the next swap may use %s", count, count == 1 ? "it" : "them");
	if (status)
		answer_why(answer, &why);
	else
		answer_quarantine(answer, count ? text : "nothing matched");
}

void say_quarantine(const struct request *request, struct text *answer)
{
	const char *word = request->words ? request->word[0] : "list";
	if (strcmp(word, "list") == 0 && request->words <= 1)
		answer_quarantine(answer, "quarantine");
	else if (strcmp(word, "add") == 0 && request->words >= 2)
		add_and_answer(request, answer);
	else if (strcmp(word, "clear") == 0 && request->words >= 2)
		clear_and_answer(request, answer);
	else
		answer_status(answer, TENON_EINVAL,
			      "quarantine takes list, add BACKEND [KERNEL], or clear BACKEND|all [KERNEL]");
}
