/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the rollout, the watch, their lock and their thread. probation.c decides what is to be done, swap.c and
 * publish.c do it. A rollback by hand comes without a lock, from anywhere: so whoever takes ours looks first whether
 * what is on probation still serves (settle()), and nobody is told a state that is over.
 */
#include "build.h"

#include "runtime/rollout.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "runtime/flight_store.h"
#include "runtime/culprits.h"
#include "runtime/log.h"
#include "runtime/publish.h"
#include "runtime/quarantine.h"
#include "runtime/retire.h"

#define TICK_MS 20     /* of a rollout; trips do not wait for it */
#define WATCH_MS 10000 /* of a steady shadow, where only trips are of interest */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Under the lock. */
static struct rollout_status status; /* counts and times are filled when somebody asks, and at the end */
static struct probation probation;
static struct probe *trial;   /* ours; NULL: no rollout is under way */
static struct probe *watched; /* ours; of what serves under a steady shadow, else NULL */
static bool orders_pin, was_pinned, persists;
static unsigned swap_flags;
static uint64_t paused_at;

static pthread_t thread;
static bool thread_made; /* and not joined */
static bool thread_running, closing;

static uint64_t read_clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* An event of the rollout: its name, what, why. */
__attribute__((format(printf, 4, 5))) static void note(enum tenon_log_level level, enum event_kind kind,
						       const char *reason, const char *format, ...)
{
	char what[384];
	va_list list;
	va_start(list, format);
	vsnprintf(what, sizeof what, format, list);
	va_end(list);
	hold_event(level,
		   FACTS(kind, .backend = status.backend, .kernel = status.cause, .rollout = status.id,
			 .percent = trial ? probe_share(trial) : status.percent, .reason = reason),
		   "rollout %" PRIu64 " of %s: %s", status.id, status.backend, what);
}

/* ---- What is on probation, what is watched ---------------------------------------------------------------------- */

static void count_calls(void)
{
	struct probe_counts sum;
	sum_probe(trial, &sum);
	status.calls = sum.calls[SIDE_CANDIDATE];
	status.checks = sum.shadow_checks;
	status.divergences = sum.divergences;
	status.faults = sum.faults;
}

static void refresh_status(uint64_t now)
{
	count_calls();
	status.percent = probe_share(trial);
	status.step = probation.step + 1;
	status.held_ms = (status.state == ROLLOUT_PAUSED ? paused_at : now) - probation.step_began;
}

/* The rollout is over; what serves was seen to before. */
static void conclude(enum rollout_state state, enum tenon_log_level level, const char *reason)
{
	bool good = state == ROLLOUT_PROMOTED;
	refresh_status(read_clock_ms());
	status.state = state;
	status.percent = good ? 100 : 0;
	copy_text(status.reason, sizeof status.reason, reason);
	release_probe(trial);
	trial = NULL;
	note(level, good ? EVENT_promoted : EVENT_rolled_back, reason, "%s: %s", good ? "promoted" : "rolled back",
	     reason);
}

/* Brings what we hold in line with what serves. */
static void settle(void)
{
	if (trial && !is_probe_active(trial))
		conclude(ROLLOUT_ROLLED_BACK, TENON_LOG_WARN, "by hand");
	struct probe *serving = keep_watched_probe();
	if (watched)
		release_probe(watched);
	watched = serving;
}

/* ---- Moves, with both locks ------------------------------------------------------------------------------------- */

static int promote(const struct runtime *runtime, const char *reason, struct why *why)
{
	struct why unsaved = {0};
	char backend[sizeof status.backend];
	int result = publish_promotion(trial, runtime->config.shadow, swap_flags, why);
	if (result)
		return result;
	memcpy(backend, status.backend, sizeof backend);
	conclude(ROLLOUT_PROMOTED, TENON_LOG_INFO, reason);
	count_swap();
	set_degraded("");
	if (persists && save_pin(runtime->config.label, backend, &unsaved)) {
		size_t length = strlen(status.reason);
		snprintf(status.reason + length, sizeof status.reason - length, "; %.100s", unsaved.text);
		note(TENON_LOG_WARN, EVENT_trouble, unsaved.text, "%s", unsaved.text);
	}
	settle();
	return TENON_OK;
}

struct decision {
	enum probation_move move;
	int kernel;
	enum rollback_cause cause;
	struct probe *probe; /* about which it is; with a reference, for a later one could have its address */
	struct why why;
};

/*
 * The pin goes back first: a rollback by hand that comes later sets it again, and of one that came before we see
 * the table.
 */
static void withdraw(const struct decision *decision, struct culprits *culprits)
{
	const char *reason = decision->why.text;
	*culprits = (struct culprits){.image = {NULL}};
	if (orders_pin)
		set_pinned(was_pinned);
	if (!is_probe_active(trial)) {
		set_pinned(true);
		settle();
		return;
	}
	find_culprits(trial, decision->kernel, reason, culprits);
	status.cause = kernels[decision->kernel].name;
	roll_back_unpinned(TENON_ROLLBACK_PREVIOUS, decision->cause);
	conclude(ROLLOUT_ROLLED_BACK, TENON_LOG_ERROR, reason);
	settle();
}

/* What serves for good gave a wrong answer, or faulted. */
static void withdraw_serving(const struct decision *decision, struct culprits *culprits)
{
	char text[256];
	const char *reason = decision->why.text;
	find_culprits(watched, decision->kernel, reason, culprits);
	bool to_scalar = leads_to(culprits);
	roll_back_unpinned(to_scalar ? TENON_ROLLBACK_SCALAR : TENON_ROLLBACK_PREVIOUS, decision->cause);
	snprintf(text, sizeof text, "rolled back to %s, because under [rollout] shadow %.180s",
		 to_scalar ? "scalar" : "what served before", reason);
	set_degraded(text);
	const char *name = culprits->image[decision->kernel]->name;
	hold_event(
		TENON_LOG_ERROR,
		FACTS(EVENT_rolled_back, .backend = name, .kernel = kernels[decision->kernel].name, .reason = reason),
		"%s", text);
	settle();
}

/* ---- The thread ------------------------------------------------------------------------------------------------- */

static void decide(struct decision *decision)
{
	struct why *why = &decision->why;
	settle();
	decision->probe = trial ? trial : watched;
	if (decision->probe)
		keep_probe(decision->probe);
	if (!decision->probe)
		decision->move = PROBATION_WAIT;
	else if (!trial || status.state == ROLLOUT_PAUSED)
		decision->move = judge_probe(decision->probe, &decision->kernel, why);
	else
		decision->move = judge_probation(&probation, trial, read_clock_ms(), &decision->kernel, why);
	decision->cause = decision->move == PROBATION_ROLL_BACK ? find_cause(decision->probe) : ROLLBACK_manual;
}

/* Another process, or a person, may have found something against it meanwhile. */
static void consult_quarantine(struct decision *decision)
{
	if (!find_outlawed(trial, &decision->kernel, &decision->why))
		return;
	decision->move = PROBATION_ROLL_BACK;
	decision->cause = ROLLBACK_quarantine;
}

static void enter_step(const char *reason)
{
	unsigned percent = probation_percent(&probation);
	set_probe_share(trial, percent);
	note(TENON_LOG_INFO, EVENT_step, reason, "%u %% of the calls; %s", percent, reason);
}

/* What needs the runtime's lock. While the thread waited for that, the decision may have become pointless. */
static void act(const struct runtime *runtime, const struct decision *decision)
{
	struct why failure = {0};
	struct culprits culprits = {.image = {NULL}};
	bool rolls_back = decision->move == PROBATION_ROLL_BACK;
	hold_images(); /* culprits are read when nothing serves from them any more */
	pthread_mutex_lock(&lock);
	settle();
	if (rolls_back && trial && trial == decision->probe)
		withdraw(decision, &culprits);
	else if (rolls_back && watched && watched == decision->probe)
		withdraw_serving(decision, &culprits);
	else if (!rolls_back && trial && trial == decision->probe && status.state == ROLLOUT_CANARY &&
		 promote(runtime, decision->why.text, &failure))
		note(TENON_LOG_WARN, EVENT_trouble, failure.text, "cannot be promoted yet: %s", failure.text);
	pthread_mutex_unlock(&lock);
	quarantine_culprits(&culprits);
	release_images();
}

/* A turn of the thread. Returns false when there is nothing left to do for it. */
static bool look(struct decision *decision, uint64_t *wait_ms)
{
	pthread_mutex_lock(&lock);
	decide(decision);
	if (decision->move == PROBATION_STEP || decision->move == PROBATION_PROMOTE)
		consult_quarantine(decision);
	if (decision->move == PROBATION_STEP)
		enter_step(decision->why.text);
	*wait_ms = trial ? TICK_MS : WATCH_MS;
	thread_running = !closing && (trial || watched);
	bool goes_on = thread_running;
	pthread_mutex_unlock(&lock);
	return goes_on;
}

static void *run(void *unused)
{
	struct runtime *runtime;
	struct decision decision;
	uint64_t wait_ms;
	(void)unused;
	for (;;) {
		uint32_t seen = count_probe_events();
		bool goes_on = look(&decision, &wait_ms);
		bool waits = decision.move == PROBATION_WAIT || decision.move == PROBATION_STEP;
		tell_held_events();
		store_flights();
		if (goes_on && !waits && lock_runtime(&runtime, &decision.why) == TENON_OK) {
			if (runtime->references)
				act(runtime, &decision);
			unlock_runtime();
		}
		if (decision.probe)
			release_probe(decision.probe);
		if (!goes_on)
			return NULL;
		if (waits)
			wait_probe_event(seen, wait_ms);
	}
}

static void join_ended_thread(void)
{
	if (thread_made && !thread_running) {
		pthread_join(thread, NULL);
		thread_made = false;
	}
}

/* The host's signals are for the host's threads. */
static int start_thread(struct why *why)
{
	sigset_t all, before;
	if (thread_running)
		return TENON_OK;
	join_ended_thread();
	prepare_flight_store();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		return explain(why, TENON_ESYSTEM,
			       "the thread that watches over a rollout cannot be started: %s; nothing changed",
			       strerror(error));
	thread_made = thread_running = true;
	pthread_setname_np(thread, "tenon-rollout");
	return TENON_OK;
}

/* ---- Beginning and ending --------------------------------------------------------------------------------------- */

static void supersede(const char *backend)
{
	char reason[sizeof status.reason];
	snprintf(reason, sizeof reason, "%.200s took its place", backend);
	if (trial)
		conclude(ROLLOUT_ROLLED_BACK, TENON_LOG_INFO, reason);
}

static void install(struct probe *probe, const struct swap *swap, const struct rollout_order *order)
{
	bool pinned_before = trial && orders_pin ? was_pinned : is_pinned();
	supersede(order->backend);
	trial = probe;
	was_pinned = pinned_before;
	orders_pin = order->pin;
	persists = order->persist;
	swap_flags = swap->flags;
	status = (struct rollout_status){.id = status.id + 1,
					 .state = ROLLOUT_CANARY,
					 .steps = order->plan.steps.count,
					 .hold_ms = order->plan.hold_ms};
	copy_text(status.backend, sizeof status.backend, order->backend);
	start_probation(&probation, &order->plan, read_clock_ms());
	if (order->pin)
		set_pinned(true);
	note(TENON_LOG_INFO, EVENT_probation, order->pin ? "by hand" : "as configured",
	     "%u %% of the calls; guard %s, 1/%u compared with scalar", probation_percent(&probation),
	     order->plan.guard ? "on" : "off", order->plan.shadow);
}

int begin_rollout(const struct swap *swap, const struct rollout_order *order, uint64_t *id, struct why *why)
{
	struct probe *probe;
	const struct probe_plan plan = {.shadow = order->plan.shadow, .guard = order->plan.guard, .timing = true};
	pthread_mutex_lock(&lock);
	settle();
	int result = start_thread(why);
	if (result == TENON_OK)
		result = publish_trial(swap, &plan, order->plan.steps.percent[0], &probe, why);
	if (result == TENON_OK) {
		install(probe, swap, order);
		*id = status.id;
	}
	pthread_mutex_unlock(&lock);
	raise_probe_event();
	return result;
}

/* Gives the lock back. */
static void settle_and_wake(void)
{
	settle();
	bool wake = thread_running;
	pthread_mutex_unlock(&lock);
	if (wake)
		raise_probe_event();
}

int finish_at_once(const struct swap *swap, const char *backend, uint32_t shadow, struct why *why)
{
	pthread_mutex_lock(&lock);
	settle();
	int result = shadow ? start_thread(why) : TENON_OK;
	if (result == TENON_OK)
		result = publish_swap(swap, shadow, why);
	if (result == TENON_OK)
		supersede(backend);
	settle_and_wake();
	return result;
}

int change_shadow(uint32_t shadow, struct why *why)
{
	pthread_mutex_lock(&lock);
	settle();
	int result = shadow ? start_thread(why) : TENON_OK;
	if (result == TENON_OK)
		result = publish_shadow(shadow, why);
	settle_and_wake();
	return result;
}

/* ---- By hand ---------------------------------------------------------------------------------------------------- */

static int refuse_order(const char *order, struct why *why)
{
	if (status.id)
		return explain(why, TENON_EINVAL,
			       "%s: no rollout is under way that could be: the last one, of %s, is %s", order,
			       status.backend, name_rollout_state(status.state));
	return explain(why, TENON_EINVAL, "%s: there was no rollout; tenon swap with --canary begins one", order);
}

int promote_rollout(struct why *why)
{
	struct runtime *runtime;
	char reason[64];
	int result = lock_runtime(&runtime, why);
	if (result)
		return result;
	pthread_mutex_lock(&lock);
	settle();
	if (trial) {
		snprintf(reason, sizeof reason, "by hand, at %u %% of the calls", probe_share(trial));
		result = promote(runtime, reason, why);
	} else {
		result = refuse_order("promote", why);
	}
	pthread_mutex_unlock(&lock);
	unlock_runtime();
	return result;
}

int pause_rollout(struct why *why)
{
	int result = TENON_OK;
	pthread_mutex_lock(&lock);
	settle();
	if (trial && status.state == ROLLOUT_CANARY) {
		status.state = ROLLOUT_PAUSED;
		paused_at = read_clock_ms();
		note(TENON_LOG_INFO, EVENT_paused, "by hand", "paused at %u %% of the calls", probe_share(trial));
	} else {
		result = refuse_order("pause", why);
	}
	pthread_mutex_unlock(&lock);
	tell_held_events();
	return result;
}

int resume_rollout(struct why *why)
{
	int result = TENON_OK;
	pthread_mutex_lock(&lock);
	settle();
	if (trial && status.state == ROLLOUT_PAUSED) {
		uint64_t paused = read_clock_ms() - paused_at;
		status.state = ROLLOUT_CANARY;
		probation.step_began += paused;
		probation.window_began += paused;
		note(TENON_LOG_INFO, EVENT_resumed, "by hand", "resumed at %u %% of the calls", probe_share(trial));
	} else {
		result = refuse_order("resume", why);
	}
	pthread_mutex_unlock(&lock);
	tell_held_events();
	return result;
}

void report_rollout(struct rollout_status *report)
{
	pthread_mutex_lock(&lock);
	settle();
	if (trial)
		refresh_status(read_clock_ms());
	*report = status;
	pthread_mutex_unlock(&lock);
	tell_held_events();
}

void report_serving(struct tenon_status_info *info, struct rollout_status *report)
{
	report_rollout(report);
	tenon_status_get(info);
}

bool is_rollout_under_way(void)
{
	pthread_mutex_lock(&lock);
	settle();
	bool under_way = trial != NULL;
	pthread_mutex_unlock(&lock);
	return under_way;
}

void stop_rollouts(void)
{
	pthread_mutex_lock(&lock);
	closing = true;
	pthread_mutex_unlock(&lock);
	raise_probe_event();
	if (thread_made)
		pthread_join(thread, NULL);
	pthread_mutex_lock(&lock);
	thread_made = thread_running = closing = false;
	if (trial)
		conclude(ROLLOUT_ROLLED_BACK, TENON_LOG_WARN, "Tenon was closed");
	if (watched)
		release_probe(watched);
	watched = NULL;
	pthread_mutex_unlock(&lock);
	tell_held_events();
}

void restart_rollouts(void)
{
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	thread_made = thread_running = closing = false;
	restart_flight_store();
	watched = NULL; /* its reference may have been half given back; the table has one of its own */
	if (!trial)
		return;
	/* Nobody would judge it here. */
	roll_back_unpinned(TENON_ROLLBACK_PREVIOUS, ROLLBACK_fork);
	status.state = ROLLOUT_ROLLED_BACK;
	status.percent = 0;
	copy_text(status.reason, sizeof status.reason, "it was the parent's, and this is a forked child");
	trial = NULL;
}
