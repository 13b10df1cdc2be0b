/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opens and closes the runtime: configuration, choice of backend, the things that a configuration may turn on. Any
 * thread; an opening lock of its own, outside the runtime's, because the control socket's thread takes the latter and
 * is waited for.
 */
#include "build.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>

#include "runtime/arena.h"
#include "runtime/change.h"
#include "runtime/control.h"
#include "runtime/count.h"
#include "runtime/fork.h"
#include "runtime/load.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/probe.h"
#include "runtime/public.h"
#include "runtime/publish.h"
#include "runtime/quarantine.h"
#include "runtime/reload.h"
#include "runtime/retire.h"
#include "runtime/rollout.h"
#include "runtime/runtime.h"
#include "runtime/scrape.h"
#include "runtime/stage.h"
#include "runtime/table.h"
#include "runtime/thread.h"
#include "runtime/trace.h"
#include "runtime/untold.h"
#include "runtime/watch.h"

static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

/* ---- Opening ----------------------------------------------------------------------------------------------------- */

/* What can fail without a runtime: reads the configuration and the CPU into fresh. */
static int prepare_runtime(struct runtime *fresh, const char *path, struct why *why)
{
	int status = load_config(&fresh->config, path, why);
	if (status)
		return status;
	probe_cpu(&fresh->cpu);
	return cap_cpu(&fresh->cpu, fresh->config.max_isa, why);
}

/* The first open. Without `fallback = fail`, a backend that cannot serve degrades the runtime instead of failing it. */
static int start_runtime(struct runtime *runtime, const struct runtime *fresh, struct why *why)
{
	*runtime = *fresh;
	reset_reload();
	apply_settings(&runtime->config);
	set_pinned(false);
	set_degraded("");
	if (set_counting(wants_counting(&runtime->config), why))
		hold_event(TENON_LOG_WARN, FACTS(EVENT_trouble, .reason = why->text), "calls are not counted: %s",
			   why->text);
	int status = open_backend(runtime, why);
	set_adrift(status != TENON_OK);
	if (status == TENON_OK || status == TENON_EROLLEDBACK)
		return TENON_OK;
	if (runtime->config.fallback_fail) {
		retire_everything();
		set_counting(false, why);
		set_open(false, "");
		return status;
	}
	set_degraded(why->text);
	return TENON_OK;
}

/* A second open shares the first's runtime if it means the same configuration. */
static int join_runtime(const struct runtime *runtime, const struct runtime *fresh, struct why *why)
{
	if (strcmp(runtime->config.identity, fresh->config.identity) == 0)
		return TENON_OK;
	return explain(why, TENON_EBUSY,
		       "tenon_open: open already with %s; this is %s; close the first, or open with the same",
		       runtime->config.identity, fresh->config.identity);
}

static int open_prepared(const struct runtime *fresh, bool *first, struct why *why)
{
	struct runtime *runtime;
	int status = lock_runtime(&runtime, why);
	if (status)
		return status;
	*first = runtime->references == 0;
	status = *first ? start_runtime(runtime, fresh, why) : join_runtime(runtime, fresh, why);
	runtime->references += status == TENON_OK;
	unlock_runtime();
	return status;
}

static void note_missing(const struct why *why)
{
	struct tenon_status_info info;
	report_runtime(&info);
	log_event(TENON_LOG_ERROR, FACTS(EVENT_degraded, .reason = why->text), "%s", why->text);
	if (!info.degraded)
		set_degraded(why->text);
}

/* What an operator's configuration turns on beside the backend. */
static void start_threads(const struct config *config)
{
	struct why why;
	if (start_control(config, &why))
		note_missing(&why);
	if (start_watch(config, &why))
		note_missing(&why);
	if (start_scrape(config, &why))
		note_missing(&why);
	if (strcmp(config->socket, "off") != 0 || strcmp(config->http, "off") != 0)
		note_refused_backends();
}

/* A socket that cannot be had does not stop the host: its operator finds out from the log and the status. */
static void start_operator_path(const struct config *config)
{
	struct tenon_status_info info;
	report_runtime(&info);
	if (*config->ignored)
		log_event(TENON_LOG_WARN, FACTS(EVENT_trouble, .reason = config->ignored), "configuration: %s",
			  config->ignored);
	if (info.degraded)
		log_event(TENON_LOG_WARN, FACTS(EVENT_degraded, .reason = info.degraded_reason),
			  "degraded, kernels run on scalar: %s", info.degraded_reason);
	start_threads(config);
}

static int open_locked(const char *path, struct why *why)
{
	bool first;
	struct runtime *fresh = calloc(1, sizeof *fresh);
	if (!fresh)
		return explain(why, TENON_ENOMEM, "tenon_open: no memory");
	int status = prepare_runtime(fresh, path, why);
	if (status == TENON_OK)
		status = open_prepared(fresh, &first, why);
	if (status == TENON_OK && first)
		start_operator_path(&fresh->config);
	free(fresh);
	return status;
}

TENON_PUBLIC int tenon_open(const char *config)
{
	struct why why;
	int cancel, status;
	if (is_forked()) {
		explain(&why, TENON_EFORKED, "tenon_open: this is a forked child; call tenon_after_fork() in it first");
		return report_failure(&why);
	}
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	pthread_mutex_lock(&opening);
	adopt_runtime();
	watch_forks();
	can_wait_for_readers(NULL);
	status = open_locked(config, &why);
	pthread_mutex_unlock(&opening);
	pthread_setcancelstate(cancel, NULL);
	return status ? report_failure(&why) : TENON_OK;
}

/* ---- Closing ----------------------------------------------------------------------------------------------------- */

static void stop_runtime(void)
{
	struct why why;
	struct runtime *runtime;
	tell_rollbacks();
	stop_control();
	stop_watch();
	end_traces();
	if (lock_runtime(&runtime, &why))
		return;
	runtime->references = 0; /* no swap begins a rollout from here on */
	unlock_runtime();
	stop_scrape();
	stop_rollouts();
	if (lock_runtime(&runtime, &why))
		return;
	retire_everything();
	set_counting(false, NULL);
	close_stage();
	set_pinned(false);
	set_degraded("");
	set_open(false, "");
	unlock_runtime();
	tell_suppressed(true);
}

/* Gives back a reference; *last if nobody else has one, which stop_runtime() then gives up. */
static int give_back(bool *last, struct why *why)
{
	struct runtime *runtime;
	int status = lock_runtime(&runtime, why);
	if (status)
		return status;
	if (!runtime->references)
		status = explain(why, TENON_ENOTOPEN, "tenon_close: the runtime is not open");
	*last = runtime->references == 1;
	if (runtime->references > 1)
		runtime->references--;
	unlock_runtime();
	return status;
}

TENON_PUBLIC int tenon_close(void)
{
	struct why why;
	bool last = false;
	int cancel, status;
	if (is_forked()) {
		explain(&why, TENON_EFORKED, "tenon_close: this is a forked child; its parent's runtime stays open");
		return report_failure(&why);
	}
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	pthread_mutex_lock(&opening);
	status = give_back(&last, &why);
	if (last)
		stop_runtime();
	pthread_mutex_unlock(&opening);
	pthread_setcancelstate(cancel, NULL);
	return status ? report_failure(&why) : TENON_OK;
}

/* ---- A forked child ---------------------------------------------------------------------------------------------- */

/*
 * Every lock may have been held at the fork by a thread that is not here. Nothing is ever unloaded in a child, because
 * no grace period can be proven in it (table.c); all else works again.
 */
static void repair_child(void)
{
	opening = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	reset_runtime_lock();
	restart_log();
	restart_scrape();
	restart_probes();
	restart_counting();
	restart_traces();
	restart_state();
	restart_rollouts();
	restart_retirement();
	restart_loading();
	restart_reload();
	forget_rollbacks_under_way();
	forget_stage();
	adopt_runtime();
}

/* From a copy: the first thread may reload the configuration before the second has read it. */
static void restart_threads(void)
{
	struct runtime *copy = malloc(sizeof *copy);
	if (copy && copy_runtime(copy, NULL) == TENON_OK)
		start_threads(&copy->config);
	free(copy);
}

TENON_PUBLIC int tenon_after_fork(void)
{
	struct why why;
	struct runtime *runtime;
	if (!is_forked())
		return TENON_OK;
	repair_child();
	int status = lock_runtime(&runtime, &why);
	if (status)
		return report_failure(&why);
	unlock_runtime();
	restart_threads();
	return TENON_OK;
}
