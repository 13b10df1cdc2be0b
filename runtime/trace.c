/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of a trace: its tables, its thread, its end; see trace.h. trace_read.c says what is in it. No RCU: the tables
 * change as they do when a configuration turns counting on or off.
 */
#include "build.h"

#include "runtime/trace.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <tenon/tenon.h>
#include <time.h>

#include "runtime/count.h"
#include "runtime/log.h"
#include "runtime/reload.h"
#include "runtime/retire.h"
#include "runtime/rollout.h"
#include "runtime/runtime.h"
#include "runtime/ticks.h"
#include "runtime/tracing.h"

#define RETRY_MS 200

atomic_bool is_traced;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static struct trace {
	uint64_t id;        /* of the youngest */
	bool on;            /* it is not over; until the tables are as before */
	bool ending;        /* somebody said so */
	bool has_thread;    /* that nobody joined */
	uint64_t end, read; /* ns: when its time is over; when it was read last */
	pthread_t thread;
	struct tracing progress;
} trace;

static uint64_t later(uint64_t ms)
{
	return read_nanoseconds() + ms * 1000000;
}

/* With the lock: until something changes, or that moment. */
static void wait_until(uint64_t moment)
{
	struct timespec time = {(time_t)(moment / 1000000000), (long)(moment % 1000000000)};
	pthread_cond_timedwait(&changed, &lock, &time);
}

/* ---- Tables ------------------------------------------------------------------------------------------------------ */

/* What serves, and what a rollback would bring back, counted or not. */
static int renew_tables(const struct runtime *runtime, struct why *why)
{
	int status = change_shadow(runtime->config.shadow, why);
	return status ? status : renew_previous(why);
}

static int switch_counting(const struct runtime *runtime, bool on, struct why *why)
{
	if (is_counting() == on)
		return TENON_OK;
	int status = set_counting(on, why);
	if (status)
		return status;
	status = renew_tables(runtime, why);
	if (status)
		set_counting(!on, NULL);
	return status;
}

static int begin_counting(struct why *why)
{
	struct runtime *runtime;
	int status = lock_runtime(&runtime, why);
	if (status)
		return status;
	if (!runtime->references)
		status = explain(why, TENON_ENOTOPEN, "trace: the runtime is not open");
	else if (!is_counting() && is_rollout_under_way())
		status = explain(why, TENON_EAGAIN,
				 "trace: a rollout is under way, and its calls are not counted; try again when it is "
				 "over (with [metrics] calls = on a rollout can be traced)");
	else
		status = switch_counting(runtime, true, why);
	unlock_runtime();
	return status;
}

/* A rollout that began meanwhile has to end first. True: all is as the configuration wants it. */
static bool stop_counting(void)
{
	struct why why;
	struct runtime *runtime;
	if (lock_runtime(&runtime, &why))
		return true;
	int status = runtime->references && !wants_counting(&runtime->config) ? switch_counting(runtime, false, &why)
									      : TENON_OK;
	unlock_runtime();
	return status == TENON_OK;
}

/* ---- The thread -------------------------------------------------------------------------------------------------- */

static bool is_over(void)
{
	uint64_t now = read_nanoseconds(), silence = (uint64_t)TRACE_SILENCE_MS * 1000000;
	return trace.ending || now >= trace.end || now - trace.read >= silence;
}

static uint64_t next_look(void)
{
	uint64_t silent = trace.read + (uint64_t)TRACE_SILENCE_MS * 1000000;
	return silent < trace.end ? silent : trace.end;
}

static void *watch(void *unused)
{
	(void)unused;
	pthread_setname_np(pthread_self(), "tenon-trace");
	pthread_mutex_lock(&lock);
	while (!is_over())
		wait_until(next_look());
	atomic_store_explicit(&is_traced, false, memory_order_relaxed);
	bool asked = trace.ending, done = false;
	while (!done) {
		pthread_mutex_unlock(&lock);
		done = stop_counting();
		pthread_mutex_lock(&lock);
		if (!done && trace.ending && trace.end == 0)
			break; /* close does the rest */
		if (!done)
			wait_until(later(RETRY_MS));
	}
	uint64_t id = trace.id;
	bool silent = !asked && read_nanoseconds() < trace.end;
	trace.on = false;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	log_event(TENON_LOG_INFO, FACTS(EVENT_traced), "trace %ju ended: %s", (uintmax_t)id,
		  asked    ? "by its tracer"
		  : silent ? "its tracer says nothing any more"
			   : "its time is over");
	return NULL;
}

static int start_thread(struct why *why)
{
	sigset_t all, before;
	if (trace.has_thread)
		pthread_join(trace.thread, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&trace.thread, NULL, watch, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	trace.has_thread = error == 0;
	return error ? explain(why, TENON_ESYSTEM, "trace: its thread cannot be started: %s; nothing changed",
			       strerror(error))
		     : TENON_OK;
}

/* ---- Orders ------------------------------------------------------------------------------------------------------ */

static void prepare_clock(void)
{
	static bool done;
	pthread_condattr_t attributes;
	if (done)
		return;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &attributes);
	pthread_condattr_destroy(&attributes);
	done = true;
}

static int begin(uint64_t milliseconds, struct why *why)
{
	int status = begin_counting(why);
	if (status)
		return status;
	trace.ending = false;
	trace.read = read_nanoseconds();
	trace.end = later(milliseconds);
	start_progress(&trace.progress);
	status = start_thread(why);
	if (status) {
		stop_counting();
		return status;
	}
	trace.id++;
	trace.on = true;
	atomic_store_explicit(&is_traced, true, memory_order_relaxed);
	return TENON_OK;
}

int start_trace(uint64_t milliseconds, uint64_t *id, struct why *why)
{
	pthread_mutex_lock(&lock);
	prepare_clock();
	int status = trace.on ? explain(why, TENON_EBUSY,
					"trace: this process is traced already; try again when that is over")
			      : begin(milliseconds, why);
	*id = trace.id;
	pthread_mutex_unlock(&lock);
	if (status == TENON_OK)
		log_event(TENON_LOG_INFO, FACTS(EVENT_traced),
			  "trace %ju began: calls are counted and sampled for %ju ms at most", (uintmax_t)*id,
			  (uintmax_t)milliseconds);
	return status;
}

static int check_id(uint64_t id, struct why *why)
{
	if (trace.on && id == trace.id)
		return TENON_OK;
	return explain(why, TENON_ENOENT, "trace %ju is over", (uintmax_t)id);
}

int read_trace(uint64_t id, struct text *answer, struct why *why)
{
	pthread_mutex_lock(&lock);
	int status = check_id(id, why);
	if (status == TENON_OK) {
		trace.read = read_nanoseconds();
		write_progress(&trace.progress, answer);
	}
	pthread_mutex_unlock(&lock);
	return status;
}

int stop_trace(uint64_t id, struct why *why)
{
	pthread_mutex_lock(&lock);
	uint64_t patience = later(1000);
	int status = check_id(id, why);
	if (status == TENON_OK) {
		trace.ending = true;
		pthread_cond_broadcast(&changed);
	}
	while (status == TENON_OK && trace.on && trace.id == id && read_nanoseconds() < patience)
		wait_until(patience);
	pthread_mutex_unlock(&lock);
	return status;
}

/* ---- The end ----------------------------------------------------------------------------------------------------- */

void end_traces(void)
{
	pthread_mutex_lock(&lock);
	trace.ending = true;
	trace.end = 0;
	if (trace.has_thread)
		pthread_cond_broadcast(&changed);
	bool joins = trace.has_thread;
	trace.has_thread = false;
	pthread_mutex_unlock(&lock);
	if (joins)
		pthread_join(trace.thread, NULL);
}

void restart_traces(void)
{
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	trace.on = trace.has_thread = false;
	atomic_store(&is_traced, false);
}
