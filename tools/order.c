/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One order to one process, and the command that sends orders: fleet.c has the steps over several, outcome.c the report.
 * give_order() may run on several threads at once, for different outcomes.
 */
#include "tools/order.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/fleet.h"

/* ---- Waiting for the end of a rollout --------------------------------------------------------------------------- */

#define POLL_MS 100
#define ANSWER_MS 5000 /* for the state of a process */
#define BEGIN_MS 60000 /* for a backend to be judged, proven and loaded */

static uint64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* What is left until the deadline (0: none), at most limit. */
static uint64_t time_left(uint64_t deadline, uint64_t limit)
{
	uint64_t now = clock_ms();
	uint64_t left = !deadline ? limit : deadline > now ? deadline - now : 0;
	return left < limit ? left : limit;
}

bool is_under_way(const struct answer *state)
{
	const char *what = find_value(state, "rollout");
	return strcmp(what, "canary") == 0 || strcmp(what, "paused") == 0;
}

/* Which may have ended already when its answer was written. */
static bool has_begun(const struct answer *answer)
{
	return strcmp(answer->text, "rollout begun") == 0;
}

static void tell_timeout(struct outcome *outcome)
{
	outcome->code = EXIT_NO_PROCESS;
	outcome->stands = true;
	snprintf(outcome->error, sizeof outcome->error,
		 "the rollout of %s is not over %s: %s, %s %% of the calls; it goes on: see tenon "
		 "status",
		 find_value(&outcome->answer, "rollout_backend"),
		 is_interrupted() ? "as this command is interrupted" : "in time",
		 find_value(&outcome->answer, "rollout"), find_value(&outcome->answer, "rollout_percent"));
}

/* What was promoted is an ordinary outcome, and so is what was rolled back, but for the code. */
static void conclude(struct outcome *outcome, const char *id)
{
	const struct answer *state = &outcome->answer;
	bool same = strcmp(find_value(state, "rollout_id"), id) == 0;
	bool promoted = same && strcmp(find_value(state, "rollout"), "promoted") == 0;
	snprintf(outcome->ended, sizeof outcome->ended, "%s: %s", promoted ? "promoted" : "rolled back",
		 same ? find_value(state, "rollout_reason") : "another rollout took its place");
	outcome->code = promoted ? EXIT_DONE : EXIT_DIFFERS;
	outcome->stands = promoted;
}

static void wait_for_end(struct outcome *outcome, uint64_t deadline)
{
	char id[32];
	snprintf(id, sizeof id, "%s", find_value(&outcome->answer, "rollout_id"));
	while (is_under_way(&outcome->answer) && strcmp(find_value(&outcome->answer, "rollout_id"), id) == 0) {
		struct answer state;
		uint64_t left = time_left(deadline, ANSWER_MS);
		if (!left || is_interrupted()) {
			tell_timeout(outcome);
			return;
		}
		outcome->code =
			ask_process(&outcome->process, "status", left, &state, outcome->error, sizeof outcome->error);
		if (outcome->code) {
			if (!time_left(deadline, 1)) /* the last question had less of it than an answer may take */
				tell_timeout(outcome);
			return;
		}
		free_answer(&outcome->answer);
		outcome->answer = state;
		uint64_t pause = time_left(deadline, POLL_MS);
		nanosleep(&(struct timespec){.tv_nsec = (long)pause * 1000000}, NULL);
	}
	conclude(outcome, id);
}

/* ---- One order -------------------------------------------------------------------------------------------------- */

void give_order(const struct targets *targets, const struct order *order, struct outcome *outcome)
{
	uint64_t deadline = order->wait && targets->timeout ? clock_ms() + targets->timeout_ms : 0;
	uint64_t patience = order->wait ? time_left(deadline, BEGIN_MS) : targets->timeout_ms;
	outcome->code = order_process(&outcome->process, order->request, patience, &outcome->answer, outcome->error,
				      sizeof outcome->error);
	if (outcome->code)
		return;
	if (outcome->answer.pid)
		outcome->process.pid = outcome->answer.pid;
	outcome->code = exit_of_status(outcome->answer.status);
	outcome->stands = !outcome->code && strcmp(outcome->answer.text, "unchanged") != 0;
	if (outcome->code)
		snprintf(outcome->error, sizeof outcome->error, "%s", outcome->answer.text);
	else if (order->wait && (has_begun(&outcome->answer) || is_under_way(&outcome->answer)))
		wait_for_end(outcome, deadline);
}

/* ---- The command ------------------------------------------------------------------------------------------------- */

int send_orders(struct tool *tool, const struct targets *targets, const struct order *order)
{
	struct process *list;
	size_t count;
	struct fleet fleet;
	int code = open_fleet(tool, order, &fleet);
	if (!code)
		code = select_processes(tool, targets, &list, &count);
	if (code)
		return code;
	struct outcome *outcomes = calloc(count, sizeof *outcomes);
	for (size_t i = 0; outcomes && i < count; i++)
		outcomes[i].process = list[i];
	free(list);
	if (!outcomes)
		return fail(tool, EXIT_REFUSED, "out of memory");
	fleet.outcomes = outcomes;
	fleet.count = count;
	order_fleet(&fleet, targets, order);
	code = report_fleet(tool, &fleet, order);
	for (size_t i = 0; i < count; i++) {
		free_answer(&outcomes[i].before);
		free_answer(&outcomes[i].answer);
	}
	free(outcomes);
	return code;
}
