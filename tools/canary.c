/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The thread that orders rollouts. It owns its answers and counters. A rollout ends as it was to end, or because somebody
 * else's order came first: a reload, a worker's rollback; that is no finding, whatever it was a rollout of.
 */
#include "build.h"

#include "tools/canary.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>
#include <unistd.h>

#include "tests/plugins/turncoat.h"
#include "tools/client.h"
#include "tools/mischief.h"
#include "tools/pause.h"
#include "tools/random.h"

/* On a loaded machine 64 threads of ours come first: what is waited for is what must come, not when. */
#define ANSWER_MS 120000
#define END_MS 120000
#define RECORD_MS 15000
#define CALLS_AT_ONCE 256

struct canaries {
	struct canary_plan plan;
	struct canary_result result;
	struct process process;
	glob_t turncoats;
	size_t turn; /* the next of them */
	uint64_t random;
	float query[BETRAYED_DIM], rows[BETRAYED_COUNT * BETRAYED_DIM], expected[BETRAYED_COUNT];
	atomic_bool stopping;
	_Atomic uint64_t least; /* of every kind of end that can be expected */
	pthread_t thread;
};

__attribute__((format(printf, 3, 4))) static void note_problem(struct canaries *c, uint64_t *count, const char *format,
							       ...)
{
	va_list list;
	va_start(list, format);
	if (!c->result.problem[0])
		vsnprintf(c->result.problem, sizeof c->result.problem, format, list);
	va_end(list);
	atomic_store(c->plan.found, true);
	++*count;
}

static uint64_t now_ms(void)
{
	return now_ns() / 1000000;
}

static void sleep_ms(uint64_t ms)
{
	sleep_ns(ms * 1000000);
}

/* ---- Orders ------------------------------------------------------------------------------------------------------ */

/* False, and a finding, when nobody answers. */
static bool order(struct canaries *c, const char *request, struct answer *answer)
{
	char error[512];
	if (ask_process(&c->process, request, ANSWER_MS, answer, error, sizeof error) == EXIT_DONE)
		return true;
	note_problem(c, &c->result.failed, "%.40s: %.400s", request, error);
	return false;
}

/* For orders that may come too late. */
static void give_order(struct canaries *c, const char *request)
{
	struct answer answer;
	if (order(c, request, &answer))
		free_answer(&answer);
}

/* False when no rollout began: it would change nothing, it has to wait, somebody was faster, or it is a finding. */
static bool begin(struct canaries *c, const char *backend, const char *plan)
{
	char request[2048];
	struct answer answer;
	snprintf(request, sizeof request, "swap %.1900s %s", backend, plan);
	if (!order(c, request, &answer))
		return false;
	bool begun = answer.status == TENON_OK && strcmp(answer.text, "rollout begun") == 0;
	if (begun)
		c->result.canaries++;
	else if (answer.status != TENON_OK && answer.status != TENON_EAGAIN && answer.status != TENON_EROLLEDBACK)
		note_problem(c, &c->result.failed, "canary of %.200s: %.280s", backend, answer.text);
	free_answer(&answer);
	return begun;
}

/* ---- The betrayed call ------------------------------------------------------------------------------------------- */

static bool call_betrayed(struct canaries *c, float scores[BETRAYED_COUNT])
{
	const struct tenon_inner_product_args args = {.query = c->query,
						      .rows = c->rows,
						      .count = BETRAYED_COUNT,
						      .dim = BETRAYED_DIM,
						      .stride = BETRAYED_DIM,
						      .scores = scores};
	return tenon_inner_product(&args) == TENON_OK;
}

static bool learn_betrayed(struct canaries *c)
{
	for (size_t i = 0; i < BETRAYED_DIM; i++)
		c->query[i] = BETRAYED_FIRST + (float)i / 64;
	for (size_t i = 0; i < BETRAYED_COUNT * BETRAYED_DIM; i++)
		c->rows[i] = (float)(i % 37) / 16 - 1;
	return call_betrayed(c, c->expected);
}

static void provoke(struct canaries *c)
{
	for (int i = 0; i < CALLS_AT_ONCE; i++) {
		float scores[BETRAYED_COUNT] = {0};
		if (!call_betrayed(c, scores) || memcmp(scores, c->expected, sizeof scores) != 0)
			note_problem(c, &c->result.wrong,
				     "a call that a backend on probation betrays got a wrong answer");
	}
}

/* ---- Ends -------------------------------------------------------------------------------------------------------- */

/* True with the state in which it ended, which the caller frees. */
static bool await_end(struct canaries *c, bool provoking, struct answer *state)
{
	for (uint64_t end = now_ms() + END_MS; now_ms() < end; sleep_ms(provoking ? 0 : 5)) {
		if (provoking)
			provoke(c);
		if (!order(c, "status", state))
			return false;
		const char *rollout = find_value(state, "rollout");
		if (strcmp(rollout, "canary") != 0 && strcmp(rollout, "paused") != 0)
			return true;
		free_answer(state);
	}
	note_problem(c, &c->result.failed, "a rollout did not end");
	give_order(c, "rollback");
	return false;
}

/* Somebody else's order; these are the words of rollout.c for it. */
static bool is_overtaken(const struct answer *state)
{
	const char *reason = find_value(state, "rollout_reason");
	return strcmp(find_value(state, "rollout"), "rolled-back") == 0 &&
	       (strcmp(reason, "by hand") == 0 || strstr(reason, " took its place"));
}

static void judge_good(struct canaries *c, const struct answer *state)
{
	const char *reason = find_value(state, "rollout_reason");
	if (strcmp(find_value(state, "rollout"), "promoted") == 0) {
		c->result.promoted++;
	} else if (is_overtaken(state)) {
		c->result.overtaken++;
	} else if (strstr(reason, " is too slow")) { /* a loaded machine: no finding, but nothing of it may stay */
		c->result.rolled_back++;
		give_order(c, "quarantine clear all");
	} else {
		note_problem(c, &c->result.failed, "good backend %.60s was rolled back: %.280s",
			     find_value(state, "rollout_backend"), reason);
	}
}

static bool is_in_quarantine(struct canaries *c)
{
	struct answer answer;
	bool found = order(c, "quarantine list", &answer);
	if (found) {
		found = next_line(&answer, 0, "quarantined") < answer.count;
		free_answer(&answer);
	}
	return found;
}

/* The state says that it was rolled back before the record is written. */
static void await_quarantine(struct canaries *c, const char *backend)
{
	bool found = false;
	for (uint64_t end = now_ms() + RECORD_MS; !found && now_ms() < end; sleep_ms(2))
		found = is_in_quarantine(c);
	if (!found)
		note_problem(c, &c->result.failed, "%.300s was rolled back, and is not in quarantine", backend);
}

static void judge_turncoat(struct canaries *c, const char *backend, const struct answer *state)
{
	if (strcmp(find_value(state, "rollout"), "rolled-back") != 0) {
		note_problem(c, &c->result.failed, "%.300s betrays a call, and was promoted", backend);
	} else if (is_overtaken(state)) {
		c->result.overtaken++;
	} else {
		c->result.rolled_back++;
		c->result.faults += strtoull(find_value(state, "rollout_faults"), NULL, 10);
		c->result.divergences += strtoull(find_value(state, "rollout_divergences"), NULL, 10);
		await_quarantine(c, backend);
	}
	give_order(c, "quarantine clear all");
}

/* ---- Kinds of rollouts ------------------------------------------------------------------------------------------- */

static const char *choose_good(struct canaries *c)
{
	return c->plan.backend[next_random(&c->random) % c->plan.backends];
}

static void finish_good(struct canaries *c)
{
	struct answer state;
	if (!await_end(c, false, &state))
		return;
	judge_good(c, &state);
	free_answer(&state);
}

/* Left alone, it should be promoted. */
static void run_quietly(struct canaries *c)
{
	c->plan.keep_calm(c->plan.user, true);
	if (begin(c, choose_good(c), "canary=25,100 hold=20ms"))
		finish_good(c);
	c->plan.keep_calm(c->plan.user, false);
}

static void run_among_swaps(struct canaries *c)
{
	uint64_t random = next_random(&c->random);
	if (!begin(c, choose_good(c), "canary=25,100 hold=20ms"))
		return;
	sleep_ms(random % 50);
	if (random >> 32 & 1)
		give_order(c, "rollback");
	finish_good(c);
}

static void expect_paused(struct canaries *c)
{
	struct answer state;
	if (!order(c, "status", &state))
		return;
	if (strcmp(find_value(&state, "rollout"), "canary") == 0)
		note_problem(c, &c->result.failed, "a rollout that was paused goes on");
	free_answer(&state);
}

/* As somebody would who is told that too many images wait for readers. */
static void promote(struct canaries *c)
{
	struct answer answer;
	int status = TENON_EAGAIN;
	for (int i = 0; i < 1000 && status == TENON_EAGAIN && order(c, "promote", &answer); i++) {
		status = answer.status;
		free_answer(&answer);
		if (status == TENON_EAGAIN)
			sleep_ms(5);
	}
}

static void run_by_hand(struct canaries *c)
{
	c->plan.keep_calm(c->plan.user, true);
	if (begin(c, choose_good(c), "canary=25,100 hold=1h")) {
		give_order(c, "pause");
		expect_paused(c);
		give_order(c, "resume");
		promote(c);
		finish_good(c);
	}
	c->plan.keep_calm(c->plan.user, false);
}

/* Every call of it is compared, so that each wrong answer is caught before its caller sees it. */
static void run_turncoat(struct canaries *c)
{
	const char *backend = c->turncoats.gl_pathv[c->turn++ % c->turncoats.gl_pathc];
	struct answer state;
	c->plan.keep_calm(c->plan.user, true);
	if (begin(c, backend, "canary=25,100 hold=1h shadow=1/1") && await_end(c, true, &state)) {
		judge_turncoat(c, backend, &state);
		free_answer(&state);
	}
	c->plan.keep_calm(c->plan.user, false);
}

/* ---- The thread -------------------------------------------------------------------------------------------------- */

/* A machine without another backend than scalar has nothing good to roll out. */
static void count_ends(struct canaries *c)
{
	uint64_t good = c->plan.backends > 1 ? c->result.promoted : UINT64_MAX;
	uint64_t bad = c->turncoats.gl_pathc ? c->result.rolled_back : UINT64_MAX;
	atomic_store(&c->least, good < bad ? good : bad);
}

/* Signals are for threads that can do with interruptions of every wait; a fault's comes to us as to everyone. */
static void *run_canaries(void *argument)
{
	static void (*const kinds[])(struct canaries *) = {run_quietly, run_among_swaps, run_by_hand, run_turncoat};
	struct canaries *c = argument;
	unsigned usable = c->turncoats.gl_pathc ? 4 : 3;
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	for (uint64_t due = now_ms(); !atomic_load(&c->stopping);) {
		uint64_t now = now_ms();
		if (now < due) {
			sleep_ms(due - now < 100 ? due - now : 100);
			continue;
		}
		kinds[next_random(&c->random) % usable](c);
		count_ends(c);
		due = now + 1000 / c->plan.rate;
	}
	return NULL;
}

struct canaries *prepare_canaries(const struct canary_plan *plan)
{
	struct canaries *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->plan = *plan;
	c->random = plan->seed ^ 0x63616e6172696573; /* not the driver's */
	c->process.pid = getpid();
	snprintf(c->process.socket, sizeof c->process.socket, "%s", plan->socket);
	count_ends(c);
	if (learn_betrayed(c) && (!plan->turncoats || find_plugins(plan->turncoats, &c->turncoats)))
		return c;
	free(c);
	return NULL;
}

uint64_t count_canary_ends(const struct canaries *c)
{
	return atomic_load(&c->least);
}

int start_canaries(struct canaries *c)
{
	return pthread_create(&c->thread, NULL, run_canaries, c);
}

void stop_canaries(struct canaries *c)
{
	atomic_store(&c->stopping, true);
	pthread_join(c->thread, NULL);
}

void end_canaries(struct canaries *c, struct canary_result *result)
{
	*result = (struct canary_result){0};
	if (!c)
		return;
	*result = c->result;
	globfree(&c->turncoats);
	free(c);
}
