/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Many processes at once. The main thread of the tool calls it; the threads that it starts are gone when it returns, and touch
 * nothing but the entry that is theirs.
 */
#include "build.h"

#include "tools/each.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* ---- At the same time -------------------------------------------------------------------------------------------- */

#define THREADS_MAX 32

struct crowd {
	void (*one)(size_t i, void *user);
	void *user;
	size_t count;
	atomic_size_t next;
};

static void *work(void *argument)
{
	struct crowd *crowd = argument;
	size_t i;
	while ((i = atomic_fetch_add(&crowd->next, 1)) < crowd->count)
		crowd->one(i, crowd->user);
	return NULL;
}

void do_each(size_t count, void (*one)(size_t i, void *user), void *user)
{
	struct crowd crowd = {.one = one, .user = user, .count = count};
	pthread_t thread[THREADS_MAX];
	size_t started = 0;
	while (started + 1 < count && started < THREADS_MAX &&
	       pthread_create(&thread[started], NULL, work, &crowd) == 0)
		started++;
	work(&crowd); /* so it goes on, one by one, where no thread can be had */
	for (size_t i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
}

int worse_code(int a, int b)
{
	static const int order[] = {EXIT_USAGE, EXIT_DIFFERS, EXIT_REFUSED, EXIT_NO_PROCESS};
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return EXIT_DONE;
}

/* ---- Asking and showing ------------------------------------------------------------------------------------------ */

struct inquiry {
	const struct view *view;
	uint64_t timeout_ms;
	struct reply *replies;
};

static void ask_twice(struct reply *reply, const struct view *view, uint64_t timeout_ms)
{
	char ignored[sizeof reply->error];
	if (view->more &&
	    ask_process(&reply->process, view->more, timeout_ms, &reply->more, ignored, sizeof ignored) == EXIT_DONE &&
	    reply->more.status)
		free_answer(&reply->more);
}

static void inquire(size_t i, void *user)
{
	const struct inquiry *inquiry = user;
	struct reply *reply = &inquiry->replies[i];
	reply->code = ask_process(&reply->process, inquiry->view->request, inquiry->timeout_ms, &reply->answer,
				  reply->error, sizeof reply->error);
	if (reply->code)
		return;
	if (reply->answer.pid)
		reply->process.pid = reply->answer.pid;
	reply->code = exit_of_status(reply->answer.status);
	if (reply->code)
		snprintf(reply->error, sizeof reply->error, "%s", reply->answer.text);
	else
		ask_twice(reply, inquiry->view, inquiry->timeout_ms);
}

static int fail_alone(struct tool *tool, const struct reply *reply)
{
	if (reply->process.pid)
		return fail(tool, reply->code, "process %ld: %s", (long)reply->process.pid, reply->error);
	return fail(tool, reply->code, "%s", reply->error);
}

static int show_alone(struct tool *tool, const struct view *view, const struct reply *reply)
{
	if (reply->code)
		return fail_alone(tool, reply);
#ifdef HAVE_JANSSON
	if (tool->json)
		return emit_json(tool, view->as_json(reply));
#endif
	view->print(tool->out, reply);
	return EXIT_DONE;
}

#ifdef HAVE_JANSSON
static int emit_list(struct tool *tool, const struct view *view, const struct reply *replies, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, replies[i].code
						    ? json_pack("{s:I, s:o}", "pid", (json_int_t)replies[i].process.pid,
								"error", json_text(replies[i].error))
						    : view->as_json(&replies[i]));
	return emit_json(tool, json_pack("{s:o}", "processes", list));
}
#endif

static int show_list(struct tool *tool, const struct view *view, const struct reply *replies, size_t count)
{
	int code = EXIT_DONE;
	for (size_t i = 0; i < count; i++)
		code = worse_code(code, replies[i].code);
#ifdef HAVE_JANSSON
	if (tool->json) {
		int problem = emit_list(tool, view, replies, count);
		return problem ? problem : code;
	}
#endif
	for (size_t i = 0; i < count; i++)
		if (replies[i].code)
			fprintf(view->print_together ? stderr : tool->out, "process %ld: failed: %s\n",
				(long)replies[i].process.pid, replies[i].error);
		else if (!view->print_together)
			view->print(tool->out, &replies[i]);
	if (view->print_together)
		view->print_together(tool->out, replies, count);
	return code;
}

static int ask_and_show(struct tool *tool, const struct targets *targets, const struct view *view,
			const struct process *list, size_t count)
{
	struct reply *replies = calloc(count, sizeof *replies);
	if (!replies)
		return fail(tool, EXIT_REFUSED, "out of memory");
	for (size_t i = 0; i < count; i++)
		replies[i].process = list[i];
	do_each(count, inquire, &(struct inquiry){view, targets->timeout_ms, replies});
	int code = targets->several || view->always_list ? show_list(tool, view, replies, count)
							 : show_alone(tool, view, replies);
	for (size_t i = 0; i < count; i++) {
		free_answer(&replies[i].answer);
		free_answer(&replies[i].more);
	}
	free(replies);
	return code;
}

int show_processes(struct tool *tool, const struct targets *targets, const struct view *view)
{
	struct process *list;
	size_t count;
	int code = select_processes(tool, targets, &list, &count);
	if (code)
		return code;
	code = ask_and_show(tool, targets, view, list, count);
	free(list);
	return code;
}
