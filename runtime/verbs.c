/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The verbs of the control protocol: parsing a request, acting through the public API, writing the answer. Keeps no
 * state; the threads of control.c call it. To add a verb: a function and a row in verbs[].
 */
#include "build.h"

#include "runtime/verbs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>
#include <unistd.h>

#include "runtime/find.h"
#include "runtime/kernels.h"
#include "runtime/limit.h"
#include "runtime/quarantine.h"
#include "runtime/reload.h"
#include "runtime/rollout.h"
#include "runtime/runtime.h"
#include "runtime/untold.h"
#include "runtime/verb.h"

struct verb {
	const char *name;
	bool slow, pairs;
	int fewest, most; /* words */
	verb_fn *answer;
};

void answer_status(struct text *answer, int status, const char *text)
{
	add_text(answer, "TENON/%d %d ", PROTOCOL_VERSION, status);
	size_t start = answer->length;
	add_text(answer, "%s", text);
	for (char *at = answer->bytes + start; (at = strchr(at, '\n')); *at = ' ') /* a file name may hold anything */
		;
	add_text(answer, "\n");
}

void answer_failure(struct text *answer, int status)
{
	const char *detail = tenon_error_detail();
	answer_status(answer, status, *detail ? detail : tenon_strerror(status));
}

void answer_why(struct text *answer, const struct why *why)
{
	answer_status(answer, why->status, why->text);
}

/* ---- hello, status ----------------------------------------------------------------------------------------------- */

void add_flag(struct text *answer, const char *key, int flag)
{
	add_pair(answer, key, "%s", flag ? "true" : "false");
	add_text(answer, "\n");
}

void add_count(struct text *answer, const char *key, uint64_t count)
{
	add_pair(answer, key, "%" PRIu64, count);
	add_text(answer, "\n");
}

void add_line(struct text *answer, const char *key, const char *value)
{
	add_pair(answer, key, "%s", value);
	add_text(answer, "\n");
}

static void add_identity(struct text *answer, const struct tenon_status_info *info)
{
	add_count(answer, "pid", (uint64_t)getpid());
	add_line(answer, "program", program_invocation_short_name);
	add_line(answer, "label", info->label);
	add_line(answer, "version", tenon_version());
	add_count(answer, "protocol", PROTOCOL_VERSION);
}

static void say_hello(const struct request *request, struct text *answer)
{
	(void)request;
	struct tenon_status_info info;
	int status = tenon_status_get(&info);
	if (status) {
		answer_failure(answer, status);
		return;
	}
	answer_status(answer, TENON_OK, "hello");
	add_identity(answer, &info);
}

static void add_arena(struct text *answer)
{
	struct tenon_arena_stats stats;
	uint64_t live, ended;
	if (tenon_arena_stats_all(&stats, &live, &ended) != TENON_OK)
		return;
	add_count(answer, "arena_size", stats.size);
	add_count(answer, "arena_current", stats.current);
	add_count(answer, "arena_high_water", stats.high_water);
	add_count(answer, "arena_resets", stats.resets);
	add_count(answer, "arena_overflows", stats.overflows);
	add_count(answer, "arena_fallback_bytes", stats.fallback_bytes);
	add_count(answer, "threads_live", live);
	add_count(answer, "threads_ended", ended);
}

static void add_kernels(struct text *answer)
{
	for (int i = 0; i < KERNEL_COUNT; i++) {
		char name[BACKEND_NAME_SIZE];
		if (tenon_kernel_backend(kernels[i].id, name, sizeof name) != TENON_OK)
			continue;
		add_pair(answer, "kernel", "%s", kernels[i].name);
		add_pair(answer, "source", "%s", name);
		add_text(answer, "\n");
	}
}

static void add_status(struct text *answer, const struct tenon_status_info *info)
{
	add_line(answer, "backend", info->backend);
	add_count(answer, "generation", info->generation);
	add_flag(answer, "degraded", info->degraded);
	add_line(answer, "degraded_reason", info->degraded_reason);
	add_flag(answer, "pinned", info->pinned);
	add_flag(answer, "forked", info->forked);
	add_count(answer, "swaps", info->swaps);
	add_count(answer, "rollbacks", info->rollbacks);
	add_count(answer, "images_loaded", info->images_loaded);
	add_count(answer, "images_pending", info->images_pending);
	add_count(answer, "images_unloaded", info->images_unloaded);
	add_count(answer, "images_resident", info->images_resident);
	add_count(answer, "grace_periods", info->grace_periods);
	add_count(answer, "grace_age_ms", info->grace_period_age_ms);
	add_count(answer, "grace_blocker_tid", (uint64_t)info->grace_blocker_tid);
	add_flag(answer, "unload_disabled", info->unload_disabled);
	add_line(answer, "unload_reason", info->unload_reason);
	add_line(answer, "build_id", info->build_id);
}

static void add_rollout(struct text *answer, const struct rollout_status *rollout)
{
	add_count(answer, "rollout_id", rollout->id);
	add_line(answer, "rollout", name_rollout_state(rollout->state));
	add_line(answer, "rollout_backend", rollout->backend);
	add_count(answer, "rollout_percent", rollout->percent);
	add_count(answer, "rollout_step", rollout->step);
	add_count(answer, "rollout_steps", rollout->steps);
	add_count(answer, "rollout_held_ms", rollout->held_ms);
	add_count(answer, "rollout_hold_ms", rollout->hold_ms);
	add_count(answer, "rollout_calls", rollout->calls);
	add_count(answer, "rollout_checks", rollout->checks);
	add_count(answer, "rollout_divergences", rollout->divergences);
	add_count(answer, "rollout_faults", rollout->faults);
	add_line(answer, "rollout_reason", rollout->reason);
}

static void count_record(const struct quarantined *record, bool saved, void *user)
{
	(void)record;
	(void)saved;
	++*(uint64_t *)user;
}

static void add_standing(struct text *answer)
{
	struct why trouble = {0};
	uint64_t count = 0;
	char path[PATH_MAX], reason[sizeof trouble.text];
	visit_quarantine(count_record, &count, &trouble);
	report_state(path, sizeof path, reason, sizeof reason);
	add_count(answer, "quarantined", count);
	add_line(answer, "state_dir", path);
	add_line(answer, "state_reason", reason);
	add_count(answer, "log_suppressed", count_suppressed());
}

void read_serving(struct serving *serving)
{
	tell_rollbacks();
	report_serving(&serving->info, &serving->rollout);
}

void answer_with(struct text *answer, const char *text, const struct serving *serving)
{
	answer_status(answer, TENON_OK, text);
	add_identity(answer, &serving->info);
	add_status(answer, &serving->info);
	add_rollout(answer, &serving->rollout);
}

void answer_state(struct text *answer, const char *text)
{
	struct serving serving;
	read_serving(&serving);
	answer_with(answer, text, &serving);
}

static void add_reload(struct text *answer)
{
	struct reload_report report;
	report_reload(&report);
	add_count(answer, "config_reloads", report.reloads);
	add_count(answer, "config_reload_failures", report.failures);
	add_flag(answer, "config_last_reload_successful", !*report.error);
	add_line(answer, "config_last_reload_error", report.error);
	add_line(answer, "config_pending", report.pending);
}

static void say_status(const struct request *request, struct text *answer)
{
	(void)request;
	answer_state(answer, "status");
	add_standing(answer);
	add_reload(answer);
	add_arena(answer);
	add_kernels(answer);
}

/* ---- list -------------------------------------------------------------------------------------------------------- */

/* What this process, with its own configuration, would find if it were told to swap now. */
static void add_backends(const struct candidate *list, size_t count, struct text *answer)
{
	for (size_t i = 0; i < count; i++) {
		add_pair(answer, "backend", "%s", list[i].name);
		add_pair(answer, "path", "%s", list[i].path);
		add_pair(answer, "version", "%s", list[i].vetted.version);
		add_pair(answer, "needs", "%s", list[i].vetted.needs);
		add_pair(answer, "status", "%d", list[i].status);
		add_pair(answer, "reason", "%s", list[i].status ? list[i].why.text : "");
		add_text(answer, "\n");
	}
}

static void list_backends(const struct request *request, struct text *answer)
{
	(void)request;
	struct why why = {0};
	struct candidate *list = NULL;
	size_t count = 0;
	struct runtime *copy = malloc(sizeof *copy);
	int status = copy ? copy_runtime(copy, &why) : explain(&why, TENON_ENOMEM, "list: no memory");
	if (status == 0)
		status = find_backends(&copy->config, &copy->cpu, &list, &count, &why);
	answer_status(answer, status, status ? why.text : "backends");
	if (status == 0)
		add_backends(list, count, answer);
	free(list);
	free(copy);
}

/* ---- reload ------------------------------------------------------------------------------------------------------ */

static void reload(const struct request *request, struct text *answer)
{
	(void)request;
	char text[512];
	int status = tenon_reload();
	if (status) {
		answer_failure(answer, status);
		return;
	}
	describe_reload(text, sizeof text);
	answer_state(answer, text);
	add_reload(answer);
}

/* ---- Requests ---------------------------------------------------------------------------------------------------- */

static const struct verb verbs[] = {
	{"hello", false, false, 0, 0, say_hello},          {"status", false, false, 0, 0, say_status},
	{"list", true, false, 0, 0, list_backends},        {"swap", true, true, 1, 7, say_swap},
	{"promote", true, false, 0, 0, say_promote},       {"pause", false, false, 0, 0, say_pause},
	{"resume", false, false, 0, 0, say_resume},        {"rollback", false, false, 0, 2, say_rollback},
	{"unpin", false, false, 0, 0, say_unpin},          {"history", false, false, 0, 1, say_history},
	{"metrics", false, false, 0, 0, say_metrics},      {"explain", true, false, 1, 1, say_explain},
	{"trace", true, false, 2, 2, say_trace},           {"reload", true, false, 0, 0, reload},
	{"quarantine", true, false, 0, 3, say_quarantine},
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

bool is_slow_request(const char *request)
{
	const char *space = strchr(request, ' '), *at = space ? space + 1 : "";
	size_t length = strcspn(at, " ");
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (verbs[i].slow && strlen(verbs[i].name) == length && strncmp(verbs[i].name, at, length) == 0)
			return true;
	return false;
}

static void refuse_verb(struct text *answer)
{
	char bytes[256];
	struct text text;
	start_text(&text, bytes, sizeof bytes);
	add_text(&text, "unknown verb; there are");
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		add_text(&text, "%s %s", i ? "," : "", verbs[i].name);
	answer_status(answer, TENON_EINVAL, bytes);
}

static void answer_verb(char *cursor, struct text *answer)
{
	struct request request = {.words = 0};
	char *name, *word, *value;
	bool good = true;
	if (!next_pair(&cursor, &name, &value) || value) {
		answer_status(answer, TENON_EINVAL, "the request has no verb");
		return;
	}
	const struct verb *verb = find_verb(name);
	while (verb && good && request.words < WORDS_MAX && next_pair(&cursor, &word, &value)) {
		good = !value || verb->pairs;
		request.value[request.words] = value;
		request.word[request.words++] = word;
	}
	if (!verb)
		refuse_verb(answer);
	else if (!good || !cursor || *cursor || request.words < verb->fewest || request.words > verb->most)
		answer_status(answer, TENON_EINVAL, "wrong words behind the verb");
	else
		verb->answer(&request, answer);
}

void answer_request(char *request, struct text *answer)
{
	char *version = request;
	size_t length = strcspn(request, " ");
	char *rest = request + length + (request[length] == ' ');
	request[length] = '\0';
	if (strcmp(version, "TENON/1") == 0)
		answer_verb(rest, answer);
	else if (strncmp(version, "TENON/", 6) == 0)
		answer_status(answer, TENON_EINVAL, "this process speaks TENON/1: use the tenon of its release");
	else
		answer_status(answer, TENON_EINVAL, "not a request: expected TENON/1 VERB");
}
