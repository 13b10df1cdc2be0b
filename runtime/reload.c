/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Live reload; see reload.h. Everything that can fail, a swap included, happens before the first change; what is left
 * then are stores. The facts that status reports have a lock of their own, so that status never waits for a swap.
 */
#include "build.h"

#include "runtime/reload.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>
#include <time.h>

#include "runtime/arena.h"
#include "runtime/change.h"
#include "runtime/control.h"
#include "runtime/count.h"
#include "runtime/fork.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/public.h"
#include "runtime/publish.h"
#include "runtime/retire.h"
#include "runtime/runtime.h"
#include "runtime/scrape.h"
#include "runtime/thread.h"
#include "runtime/trace.h"

static pthread_mutex_t facts_lock = PTHREAD_MUTEX_INITIALIZER;
static struct reload_report facts;
static char last_change[sizeof facts.error];
static unsigned policies; /* under the runtime's lock */

/* ---- What a key's change means ----------------------------------------------------------------------------------- */

enum effect {
	APPLIES = 0, /* a store */
	CHOOSES = 1, /* which backend serves */
	JUDGES = 2,  /* what may be loaded: images that were loaded under the old rule serve no new table */
	WAITS = 4,   /* only a new process can have it */
	WATCHES = 8, /* whether what serves is compared with scalar */
	COUNTS = 16  /* whether calls are counted */
};

static enum effect effect_of(const struct config_key *key)
{
	static const struct {
		const char *section, *name;
		enum effect effect;
	} effects[] = {
		{"runtime", "backend", CHOOSES},     {"runtime", "backend_path", CHOOSES},
		{"runtime", "allow", CHOOSES},       {"runtime", "max_isa", JUDGES},
		{"runtime", "numerics", JUDGES},     {"runtime", "trust", JUDGES},
		{"runtime", "trusted_keys", JUDGES}, {"runtime", "trusted_owners", JUDGES},
		{"rollout", "shadow", WATCHES},      {"runtime", "state_dir", WAITS},
		{"control", "socket", WAITS},        {"control", "watch", WAITS},
		{"metrics", "http", COUNTS},         {"metrics", "calls", COUNTS},
	};
	if (strcmp(key->section, "kernels") == 0)
		return CHOOSES;
	for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++)
		if (strcmp(key->section, effects[i].section) == 0 && strcmp(key->name, effects[i].name) == 0)
			return effects[i].effect;
	return APPLIES;
}

/* ---- Comparing --------------------------------------------------------------------------------------------------- */

/* One reload under way; on the heap, it is too large for a host's small thread stack. */
struct reload {
	struct runtime next;
	char before[PATH_MAX], after[PATH_MAX];
	unsigned changed, effects;
	bool swapped, kept; /* the backend: that of the configuration serves; or what served stays */
	bool rolls_out;     /* swapped, step by step: it has only begun to */
	struct why kept_why;
	bool ignores; /* another tuned file than before does not count here */
	char names[256], pending[256];
	char was[BACKEND_NAME_SIZE], now[BACKEND_NAME_SIZE]; /* what served */
};

static void add_name(char *text, size_t size, const struct config_key *key)
{
	size_t used = strlen(text);
	snprintf(text + used, size - used, "%s[%s] %s", used ? ", " : "", key->section, key->name);
}

/* The old value, and where it came from, for a key that a running process cannot change. */
static void keep_key(struct config *next, const struct config *running, size_t index)
{
	const struct config_key *key = &config_keys[index];
	memcpy((char *)next + key->offset, (const char *)running + key->offset, key->size);
	memcpy(next->origin[index], running->origin[index], sizeof next->origin[index]);
}

static void compare_key(struct reload *reload, const struct config *running, size_t index)
{
	const struct config_key *key = &config_keys[index];
	format_config_value(running, key, reload->before, sizeof reload->before);
	format_config_value(&reload->next.config, key, reload->after, sizeof reload->after);
	if (strcmp(reload->before, reload->after) == 0)
		return;
	enum effect effect = effect_of(key);
	if (effect == WAITS) {
		add_name(reload->pending, sizeof reload->pending, key);
		keep_key(&reload->next.config, running, index);
		return;
	}
	reload->changed++;
	reload->effects |= effect;
	add_name(reload->names, sizeof reload->names, key);
}

static int prepare_next(struct reload *reload, const struct runtime *runtime, struct why *why)
{
	struct runtime *next = &reload->next;
	int status = reload_config(&runtime->config, &next->config, why);
	if (status)
		return status;
	for (size_t i = 0; i < count_config_keys(); i++)
		compare_key(reload, &runtime->config, i);
	reload->ignores = *next->config.ignored && strcmp(next->config.ignored, runtime->config.ignored) != 0;
	next->references = runtime->references;
	/* Never used before: what a reload loaded that failed later was judged by rules that nobody has. */
	next->policy = reload->effects & JUDGES ? ++policies : runtime->policy;
	probe_cpu(&next->cpu);
	return cap_cpu(&next->cpu, next->config.max_isa, why);
}

/* ---- Counting ---------------------------------------------------------------------------------------------------- */

bool wants_counting(const struct config *config)
{
	return config->metrics_calls == CALLS_ON ||
	       (config->metrics_calls == CALLS_AUTO && strcmp(config->http, "off") != 0);
}

/* What serves, and what a rollback would bring back, in tables that are counted, or not counted any more. */
static int count_serving(const struct reload *reload, struct why *why)
{
	int status = reload->swapped ? TENON_OK : change_shadow(reload->next.config.shadow, why);
	return status ? status : renew_previous(why);
}

/* ---- Applying ---------------------------------------------------------------------------------------------------- */

void apply_settings(const struct config *config)
{
	configure_log(config);
	configure_arena(config->arena_size, config->arena_overflow);
	set_fork_policy(config->fork_scalar);
	set_open(true, config->label);
}

/*
 * A manual action outlasts reloads; one that comes while we swap does, too. A backend that the file does not change, and
 * that could not be had before, may be missing still: that is no reason to refuse the rest.
 */
static int follow_backend(struct reload *reload, struct why *why)
{
	struct tenon_status_info info;
	bool ordered = reload->effects & (CHOOSES | JUDGES);
	if (!ordered && !is_adrift())
		return reload->effects & WATCHES ? change_shadow(reload->next.config.shadow, why) : TENON_OK;
	tenon_status_get(&info);
	memcpy(reload->was, info.backend, sizeof reload->was);
	int status =
		is_pinned() ? explain(&reload->kept_why, TENON_EBUSY, "it is pinned; after `tenon unpin`, reload again")
			    : apply_backend(&reload->next, &reload->rolls_out, &reload->kept_why);
	reload->swapped = status == TENON_OK;
	reload->kept = !reload->swapped && (!ordered || status == TENON_EBUSY || status == TENON_EROLLEDBACK);
	if (!reload->swapped && !reload->kept)
		*why = reload->kept_why;
	return reload->kept ? TENON_OK : status;
}

static void commit(struct runtime *runtime, struct reload *reload)
{
	struct tenon_status_info info;
	runtime->config = reload->next.config;
	runtime->cpu = reload->next.cpu;
	runtime->policy = reload->next.policy;
	apply_settings(&runtime->config);
	if (reload->swapped)
		set_degraded("");
	if (reload->swapped || reload->kept)
		set_adrift(reload->kept);
	tenon_status_get(&info);
	memcpy(reload->now, info.backend, sizeof reload->now);
}

static int follow(struct reload *reload, struct why *why)
{
	bool counted = is_counting(),
	     counts = wants_counting(&reload->next.config) || (counted && atomic_load(&is_traced));
	int status = counts == counted ? TENON_OK : set_counting(counts, why);
	if (status)
		return status;
	status = follow_backend(reload, why);
	if (status == TENON_OK && counts != counted)
		status = count_serving(reload, why);
	if (status && counts != counted)
		set_counting(counted, NULL);
	return status;
}

static int reload_locked(struct reload *reload, struct why *why)
{
	struct runtime *runtime;
	int status = lock_runtime(&runtime, why);
	if (status)
		return status;
	if (!runtime->references)
		status = explain(why, TENON_ENOTOPEN, "tenon_reload: the runtime is not open; call tenon_open() first");
	else
		status = prepare_next(reload, runtime, why);
	if (status == TENON_OK)
		status = follow(reload, why);
	if (status == TENON_OK)
		commit(runtime, reload);
	unlock_runtime();
	return status;
}

/* ---- Saying so --------------------------------------------------------------------------------------------------- */

static double read_time(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void note_facts(int status, const struct reload *reload, const char *text)
{
	if (status == TENON_ENOTOPEN || status == TENON_EFORKED)
		return;
	pthread_mutex_lock(&facts_lock);
	facts.reloads += status == TENON_OK;
	facts.failures += status != TENON_OK;
	if (status == TENON_OK)
		facts.read_at = read_time();
	snprintf(facts.error, sizeof facts.error, "%s", status ? text : "");
	snprintf(last_change, sizeof last_change, "%s", status ? "" : text);
	if (status == TENON_OK)
		memcpy(facts.pending, reload->pending, sizeof facts.pending);
	pthread_mutex_unlock(&facts_lock);
}

static void describe(const struct reload *reload, char *text, size_t size)
{
	int used = reload->changed ? snprintf(text, size, "%u key%s changed: %s", reload->changed,
					      reload->changed > 1 ? "s" : "", reload->names)
				   : snprintf(text, size, "nothing changed");
	if (used >= (int)size)
		return;
	text += used, size -= (size_t)used;
	if (reload->kept)
		snprintf(text, size, "; backend %s stays: %s", reload->was, reload->kept_why.text);
	else if (reload->rolls_out)
		snprintf(text, size, "; a rollout to backend %s has begun", reload->next.config.backend);
	else if (reload->swapped && strcmp(reload->was, reload->now) != 0)
		snprintf(text, size, "; backend %s replaced by %s", reload->was, reload->now);
}

/* After the lock: the callback may call us. */
static void announce(const struct reload *reload, const char *text)
{
	bool news = reload->changed || reload->kept;
	log_event(news ? TENON_LOG_INFO : TENON_LOG_DEBUG, FACTS(EVENT_reloaded, .reason = text),
		  "configuration reloaded: %s", text);
	if (reload->ignores)
		log_event(TENON_LOG_WARN, FACTS(EVENT_reloaded, .reason = reload->next.config.ignored),
			  "configuration: %s", reload->next.config.ignored);
	if (*reload->pending)
		log_event(TENON_LOG_WARN, FACTS(EVENT_reloaded, .reason = "only a new process can have it"),
			  "configuration: a running process keeps its value of %s; start it again for the new one",
			  reload->pending);
}

void report_reload(struct reload_report *report)
{
	pthread_mutex_lock(&facts_lock);
	*report = facts;
	pthread_mutex_unlock(&facts_lock);
}

void describe_reload(char *text, size_t size)
{
	pthread_mutex_lock(&facts_lock);
	snprintf(text, size, "%s", last_change);
	pthread_mutex_unlock(&facts_lock);
}

void reset_reload(void)
{
	pthread_mutex_lock(&facts_lock);
	memset(&facts, 0, sizeof facts);
	facts.read_at = read_time();
	pthread_mutex_unlock(&facts_lock);
}

void restart_reload(void)
{
	facts_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

/* Outside the lock. A port that cannot be had is no reason to refuse a configuration. */
static void follow_metrics(void)
{
	struct why why;
	struct tenon_status_info info;
	note_refused_backends();
	if (renew_scrape(&why) == TENON_OK)
		return;
	log_event(TENON_LOG_ERROR, FACTS(EVENT_degraded, .reason = why.text), "%s", why.text);
	report_runtime(&info);
	if (!info.degraded)
		set_degraded(why.text);
}

TENON_PUBLIC int tenon_reload(void)
{
	struct why why;
	char text[sizeof facts.error];
	struct reload *reload = calloc(1, sizeof *reload);
	int status = reload ? reload_locked(reload, &why) : explain(&why, TENON_ENOMEM, "tenon_reload: no memory");
	if (status == TENON_OK)
		describe(reload, text, sizeof text);
	else
		memcpy(text, why.text, sizeof text);
	note_facts(status, reload, text);
	if (status == TENON_OK)
		set_control_group(reload->next.config.group);
	if (status == TENON_OK) {
		announce(reload, text);
		follow_metrics();
	} else {
		log_event(TENON_LOG_ERROR, FACTS(EVENT_reload_failed, .reason = text),
			  "configuration not reloaded, nothing changed: %s", text);
	}
	free(reload);
	return status ? report_failure(&why) : TENON_OK;
}
