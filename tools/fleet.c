/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The steps over several processes. The main thread of the tool calls order_fleet(); within a wave each process has a thread
 * (do_each), which touches its own outcome alone.
 */
#include "build.h"

#include "tools/fleet.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/each.h"

#define LOOK_MS 5000 /* for the state of a process, unless --timeout is shorter */
#define BETWEEN_LOOKS_MS 250

/* ---- Signals ----------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void take_signal(int number)
{
	(void)number;
	interrupted = 1;
}

bool is_interrupted(void)
{
	return interrupted;
}

/* Whoever stops a rollout over many processes wants to know how far it came. */
static void heed_signals(void)
{
	struct sigaction action = {.sa_handler = take_signal};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* ---- What an outcome is worth ------------------------------------------------------------------------------------ */

bool is_done(const struct outcome *outcome)
{
	return outcome->wave && !outcome->code;
}

bool can_be_taken_back(const struct outcome *outcome)
{
	return outcome->stands;
}

static uint64_t number_of(const struct answer *answer, const char *key)
{
	return strtoull(find_value(answer, key), NULL, 10);
}

static bool is_true(const struct answer *answer, const char *key)
{
	return strcmp(find_value(answer, key), "true") == 0;
}

/* Keeps the first bad sign for the report. */
static void stop_fleet(struct fleet *fleet, const struct outcome *outcome, const char *sign)
{
	fleet->code = worse_code(fleet->code, outcome->code);
	if (!*fleet->stopped)
		snprintf(fleet->stopped, sizeof fleet->stopped, "process %ld: %s", (long)outcome->process.pid, sign);
}

/* ---- Looking ----------------------------------------------------------------------------------------------------- */

static void look_before(size_t i, void *user)
{
	struct fleet *fleet = user;
	struct outcome *outcome = &fleet->outcomes[i];
	outcome->code = ask_process(&outcome->process, "status", fleet->look_ms, &outcome->before, outcome->error,
				    sizeof outcome->error);
	if (outcome->code || !outcome->before.status)
		return;
	outcome->code = exit_of_status(outcome->before.status);
	snprintf(outcome->error, sizeof outcome->error, "%s", outcome->before.text);
}

static bool compare_states(struct outcome *outcome, const struct answer *now)
{
	const struct answer *then = &outcome->answer, *before = &outcome->before;
	char *text = outcome->since;
	size_t size = sizeof outcome->since;
	if (number_of(now, "rollbacks") > number_of(then, "rollbacks"))
		snprintf(text, size, "it was rolled back: backend %s serves", find_value(now, "backend"));
	else if (strcmp(find_value(now, "backend"), find_value(then, "backend")) != 0)
		snprintf(text, size, "backend %s serves, no longer %s", find_value(now, "backend"),
			 find_value(then, "backend"));
	else if (is_true(now, "degraded") && !is_true(before, "degraded"))
		snprintf(text, size, "it is degraded: %s", find_value(now, "degraded_reason"));
	else if (number_of(now, "quarantined") > number_of(before, "quarantined"))
		snprintf(text, size, "a kernel went into quarantine: see tenon quarantine list");
	return !*text;
}

/* What is done must stay so. */
static void look_again(size_t i, void *user)
{
	struct fleet *fleet = user;
	struct outcome *outcome = &fleet->outcomes[i];
	struct answer now;
	char error[sizeof outcome->since];
	if (!is_done(outcome) || *outcome->since)
		return;
	if (ask_process(&outcome->process, "status", fleet->look_ms, &now, error, sizeof error)) {
		snprintf(outcome->since, sizeof outcome->since, "%s", error);
		outcome->code = EXIT_NO_PROCESS;
		outcome->stands = false;
		return;
	}
	if (!compare_states(outcome, &now)) {
		outcome->code = EXIT_DIFFERS;
		outcome->stands = outcome->stands &&
				  number_of(&now, "rollbacks") == number_of(&outcome->answer, "rollbacks") &&
				  strcmp(find_value(&now, "backend"), find_value(&outcome->answer, "backend")) == 0;
	}
	free_answer(&now);
}

static void judge_looks(struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++)
		if (*fleet->outcomes[i].since)
			stop_fleet(fleet, &fleet->outcomes[i], fleet->outcomes[i].since);
}

static uint64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* At least one look; for settle_ms as long as nothing is wrong. */
static void watch_fleet(struct fleet *fleet)
{
	uint64_t end = clock_ms() + fleet->settle_ms;
	for (;;) {
		do_each(fleet->count, look_again, fleet);
		judge_looks(fleet);
		uint64_t now = clock_ms(), left = now < end ? end - now : 0;
		if (!left || *fleet->stopped || is_interrupted())
			return;
		left = left < BETWEEN_LOOKS_MS ? left : BETWEEN_LOOKS_MS;
		nanosleep(&(struct timespec){.tv_nsec = (long)left * 1000000}, NULL);
	}
}

/* ---- Waves ------------------------------------------------------------------------------------------------------- */

struct wave {
	struct fleet *fleet;
	const struct targets *targets;
	const struct order *order;
	size_t first;
};

static void order_one(size_t i, void *user)
{
	const struct wave *wave = user;
	struct outcome *outcome = &wave->fleet->outcomes[wave->first + i];
	if (wave->order->of_rollout && !is_under_way(&outcome->before)) {
		char error[sizeof outcome->error]; /* its state, for the report */
		outcome->code = ask_process(&outcome->process, "status", wave->fleet->look_ms, &outcome->answer, error,
					    sizeof error);
		snprintf(outcome->ended, sizeof outcome->ended, "no rollout is under way");
		return;
	}
	give_order(wave->targets, wave->order, outcome);
}

/* How many are in the next wave: up to a percentage, else 1, 2, 4 ... */
static size_t plan_wave(const struct fleet *fleet, unsigned number, size_t begun)
{
	const struct rollout_steps *waves = &fleet->waves;
	size_t left = fleet->count - begun, size = left;
	if (waves->count && number <= waves->count) {
		size_t target = (fleet->count * waves->percent[number - 1] + 99) / 100;
		size = target > begun ? target - begun : 1;
	} else if (!fleet->at_once && number < 32) {
		size = (size_t)1 << (number - 1);
	}
	return size < left ? size : left;
}

static void run_wave(struct wave *wave, unsigned number, size_t size)
{
	struct fleet *fleet = wave->fleet;
	for (size_t i = 0; i < size; i++)
		fleet->outcomes[wave->first + i].wave = number;
	do_each(size, order_one, wave);
	for (size_t i = wave->first; i < wave->first + size; i++)
		if (fleet->outcomes[i].code)
			stop_fleet(fleet, &fleet->outcomes[i],
				   *fleet->outcomes[i].error ? fleet->outcomes[i].error : fleet->outcomes[i].ended);
	wave->first += size;
}

/* None is asked to change anything while one of them does not say how it is. */
static void begin_fleet(struct fleet *fleet)
{
	do_each(fleet->count, look_before, fleet);
	for (size_t i = 0; i < fleet->count; i++)
		if (fleet->outcomes[i].code)
			stop_fleet(fleet, &fleet->outcomes[i], fleet->outcomes[i].error);
}

static void step_fleet(struct fleet *fleet, struct wave *wave)
{
	heed_signals();
	begin_fleet(fleet);
	for (unsigned number = 1; wave->first < fleet->count && !*fleet->stopped; number++) {
		if (is_interrupted()) {
			fleet->why_not = "the command was interrupted";
			fleet->code = EXIT_NO_PROCESS;
			snprintf(fleet->stopped, sizeof fleet->stopped, "the command was interrupted");
			return;
		}
		run_wave(wave, number, plan_wave(fleet, number, wave->first));
		watch_fleet(fleet);
	}
}

void order_fleet(struct fleet *fleet, const struct targets *targets, const struct order *order)
{
	struct order adapted = *order;
	struct wave wave = {fleet, targets, &adapted, 0};
	fleet->look_ms = targets->timeout_ms < LOOK_MS ? targets->timeout_ms : LOOK_MS;
	if (targets->several && order->stepwise) {
		adapted.wait = true;
		step_fleet(fleet, &wave);
	} else {
		adapted.of_rollout = false; /* who was named must have one */
		run_wave(&wave, 1, fleet->count);
		*fleet->stopped = '\0'; /* each was asked: nothing stopped */
	}
}

int open_fleet(struct tool *tool, const struct order *order, struct fleet *fleet)
{
	*fleet = (struct fleet){.why_not = "an earlier process failed"};
	if (order->waves && !steps_value.parse(NULL, &fleet->waves, order->waves))
		return fail(tool, EXIT_USAGE,
			    "--waves takes at most 8 growing percentages that end with 100, as 5,25,50,100, or "
			    "off, not '%s'",
			    order->waves);
	if (order->settle && !duration_value.parse(NULL, &fleet->settle_ms, order->settle))
		return fail(tool, EXIT_USAGE, "--settle takes a time with its unit, as 500ms, 30s or 5m, not '%s'",
			    order->settle);
	fleet->at_once = order->waves && !fleet->waves.count;
	return EXIT_DONE;
}
