/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The runtime that tests/unit/control.c plays behind the control socket: it counts its orders, and its swap can be made to
 * hang, so that "rollback never waits for a swap" is a fact and not a matter of luck. For one file: everything is defined here.
 */
#ifndef TESTS_UNIT_PLAYED_H
#define TESTS_UNIT_PLAYED_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>
#include <time.h>

#include "runtime/change.h"
#include "runtime/find.h"
#include "runtime/history.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/prove.h"
#include "runtime/quarantine.h"
#include "runtime/reload.h"
#include "runtime/runtime.h"
#include "runtime/trace.h"
#include "runtime/untold.h"
#include "runtime/verbs.h"

static sem_t swap_entered, swap_released;
static atomic_bool swap_hangs, has_pinned;
static atomic_int swaps, rollbacks, unpins, reloads, swap_flags;
static char serving[32] = "scalar";
static struct change_order ordered;

const char *tenon_version(void)
{
	return "9.8.7";
}

const char *tenon_error_detail(void)
{
	return "no backend \"nosuch\"\nthere are scalar and avx2";
}

int change_backend(const struct change_order *order, struct change *change, struct why *why)
{
	*change = (struct change){.outcome = order->plan.steps.count ? CHANGE_ROLLOUT : CHANGE_AT_ONCE,
				  .rollout = 1,
				  .differs = true,
				  .note = "a note"};
	ordered = *order;
	atomic_store(&swap_flags, (int)order->flags);
	if (atomic_load(&swap_hangs)) {
		sem_post(&swap_entered);
		sem_wait(&swap_released);
	}
	if (strcmp(order->backend, "nosuch") == 0)
		return explain(why, TENON_ENOENT, "no backend \"nosuch\"\nthere are scalar and avx2");
	if (order->dry_run)
		return TENON_OK;
	change->repeats =
		!order->flags && !order->persist && atomic_load(&has_pinned) && strcmp(serving, order->backend) == 0;
	if (change->repeats)
		return TENON_OK;
	snprintf(serving, sizeof serving, "%.31s", order->backend);
	atomic_store(&has_pinned, true);
	atomic_fetch_add(&swaps, 1);
	return TENON_OK;
}

int read_rollout_plan(struct rollout_plan *plan, struct why *why)
{
	(void)why;
	*plan = (struct rollout_plan){.hold_ms = 1000, .shadow = 1024};
	return TENON_OK;
}

static atomic_bool fails; /* what follows, with "it failed" */

static int act(struct why *why)
{
	return atomic_load(&fails) ? explain(why, TENON_EINVAL, "it failed") : TENON_OK;
}

int promote_rollout(struct why *why)
{
	return act(why);
}

int pause_rollout(struct why *why)
{
	return act(why);
}

int resume_rollout(struct why *why)
{
	return act(why);
}

int save_serving_pin(struct why *why)
{
	return act(why);
}

int leave_quarantined(bool *changed, struct why *why)
{
	*changed = true;
	return act(why);
}

static struct rollout_status rollout;

#define METRIC_LINES 4000

/* More than the client's own buffer holds. */
void write_metrics(struct text *out)
{
	for (int i = 0; i < METRIC_LINES; i++)
		add_text(out, "tenon_some_metric{label=\"a value\"} %d\n", i);
}

void report_rollout(struct rollout_status *report)
{
	*report = rollout;
}

void report_state(char *state_path, size_t path_size, char *reason, size_t reason_size)
{
	snprintf(state_path, path_size, "/state");
	snprintf(reason, reason_size, "a reason");
}

void visit_quarantine(void (*visit)(const struct quarantined *record, bool saved, void *user), void *user,
		      struct why *why)
{
	const struct quarantined record = {
		.build_id = "ab", .backend = "avx2", .kernel = "top_k", .reason = "bad bits"};
	visit(&record, true, user);
	visit(&record, false, user);
	explain(why, TENON_OK, "line 3");
}

int name_quarantined(const struct config *for_config, const struct cpu *cpu, const char *backend, const char *kernel,
		     const char *reason, struct quarantined *record, struct why *why)
{
	(void)for_config;
	(void)cpu;
	(void)why;
	*record = (struct quarantined){.build_id = "ab"};
	snprintf(record->reason, sizeof record->reason, "%s", reason);
	snprintf(record->backend, sizeof record->backend, "%.31s", backend);
	snprintf(record->kernel, sizeof record->kernel, "%.31s", kernel);
	return TENON_OK;
}

static char named[96];

int add_quarantine(const char *build_id, const char *backend, const char *kernel, const char *reason, struct why *why)
{
	snprintf(named, sizeof named, "%s %s %s %s", build_id, backend, kernel, reason);
	return act(why);
}

int clear_quarantine(const char *backend, const char *kernel, unsigned *count, struct why *why)
{
	snprintf(named, sizeof named, "%s %s", backend, kernel);
	*count = 2;
	return act(why);
}

void format_time(int64_t time, char text[RECORD_TIME_SIZE])
{
	(void)time;
	strcpy(text, "then");
}

static atomic_bool history_is_long;

size_t read_history(struct event *events, size_t count)
{
	size_t all = history_is_long ? HISTORY_SIZE : 3, kept = count < all ? count : all;
	for (size_t i = 0; i < kept; i++) {
		events[i] = (struct event){.sequence = all - kept + i + 1,
					   .time_ms = 1500,
					   .level = TENON_LOG_WARN,
					   .kind = EVENT_step,
					   .backend = "b",
					   .text = "it happened"};
		memset(events[i].reason, 'x', history_is_long ? sizeof events[i].reason - 1 : 0);
		memset(events[i].text, 'y', history_is_long ? sizeof events[i].text - 1 : 0);
	}
	return kept;
}

int start_trace(uint64_t milliseconds, uint64_t *id, struct why *why)
{
	*id = milliseconds;
	return act(why);
}

int read_trace(uint64_t id, struct text *answer, struct why *why)
{
	(void)id;
	add_text(answer, "now=1\n");
	return act(why);
}

int stop_trace(uint64_t id, struct why *why)
{
	(void)id;
	return act(why);
}

void tenon_rollback(enum tenon_rollback_target target)
{
	atomic_fetch_add(&rollbacks, target == TENON_ROLLBACK_SCALAR ? 100 : 1);
}

int tenon_unpin(void)
{
	atomic_store(&has_pinned, false);
	atomic_fetch_add(&unpins, 1);
	return TENON_OK;
}

int tenon_reload(void)
{
	return atomic_fetch_add(&reloads, 1) ? TENON_ENOENT : TENON_OK;
}

void describe_reload(char *text, size_t size)
{
	snprintf(text, size, "2 keys changed");
}

void report_reload(struct reload_report *report)
{
	*report = (struct reload_report){
		.reloads = 1, .failures = 1, .error = "x.ini:3: no", .pending = "[control] socket"};
}

int copy_runtime(struct runtime *copy, struct why *why)
{
	(void)why;
	memset(copy, 0, sizeof *copy);
	return TENON_OK;
}

int tenon_status_get(struct tenon_status_info *info)
{
	*info = (struct tenon_status_info){.generation = 7, .pinned = atomic_load(&has_pinned), .label = "a \"b\""};
	snprintf(info->backend, sizeof info->backend, "%s", serving);
	return TENON_OK;
}

void report_serving(struct tenon_status_info *info, struct rollout_status *report)
{
	report_rollout(report);
	tenon_status_get(info);
}

int resolve_backend(const struct config *config, const struct cpu *cpu, const char *name, struct candidate *out,
		    struct why *why)
{
	(void)config;
	(void)cpu;
	memset(out, 0, sizeof *out);
	if (strcmp(name, "nosuch") == 0)
		return explain(why, TENON_ENOENT, "there is no backend nosuch");
	snprintf(out->name, sizeof out->name, "%.31s", name);
	snprintf(out->path, sizeof out->path, "/lib/%.31s.so", name);
	return TENON_OK;
}

int examine_every_rule(const struct config *config, const struct cpu *cpu, const char *file, const char *name,
		       vet_observer *observer, void *user, struct candidate *out)
{
	(void)config;
	(void)cpu;
	(void)file;
	snprintf(out->vetted.version, sizeof out->vetted.version, "%s", name ? "by name" : "by path");
	observer(user, "elf", TENON_EREFUSED, "is no \"ELF\"");
	return out->status = explain(&out->why, TENON_EREFUSED, "is no \"ELF\"");
}

void explain_proof(const struct config *config, const struct cpu *cpu, struct candidate *candidate,
		   vet_observer *observer, void *user)
{
	(void)config;
	(void)cpu;
	observer(user, "proof", candidate->status ? VET_OPEN : TENON_OK, "later");
}

int lock_runtime(struct runtime **locked, struct why *why)
{
	static struct runtime runtime;
	(void)why;
	*locked = &runtime;
	return TENON_OK;
}

void unlock_runtime(void)
{
}

bool is_quarantined(const char *build_id, int kernel)
{
	(void)build_id;
	(void)kernel;
	return false;
}

bool auto_may_choose(const struct config *config, const char *name)
{
	(void)config;
	(void)name;
	return false;
}

int tenon_kernel_backend(uint32_t kernel, char *name, size_t size)
{
	snprintf(name, size, "from%u", kernel);
	return TENON_OK;
}

int tenon_arena_stats_all(struct tenon_arena_stats *stats, uint64_t *live, uint64_t *ended)
{
	*stats = (struct tenon_arena_stats){.size = 1048576, .resets = 3};
	*live = 2;
	*ended = 5;
	return TENON_OK;
}

/* Very many backends, so that the answer does not fit. */
int find_backends(const struct config *config, const struct cpu *cpu, struct candidate **list, size_t *count,
		  struct why *why)
{
	(void)config;
	(void)cpu;
	(void)why;
	*count = 4000;
	*list = calloc(*count, sizeof **list);
	for (size_t i = 0; i < *count; i++)
		snprintf((*list)[i].name, sizeof(*list)[i].name, "b%zu", i);
	return 0;
}

void log_event(enum tenon_log_level level, const struct facts *facts, const char *format, ...)
{
	(void)level;
	(void)facts;
	(void)format;
}

void tell_rollbacks(void)
{
}

void tell_suppressed(bool all)
{
	(void)all;
}

#endif
