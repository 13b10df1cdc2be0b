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

#include "runtime/cpu.h"
#include "runtime/find.h"
#include "runtime/kernels.h"

#define WORDS_MAX 4

struct request {
	const struct config *config;
	const char *word[WORDS_MAX]; /* behind the verb */
	int words;
};

struct verb {
	const char *name;
	bool slow;
	int fewest, most; /* words */
	void (*answer)(const struct request *request, struct text *answer);
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

static void answer_failure(struct text *answer, int status)
{
	const char *detail = tenon_error_detail();
	answer_status(answer, status, *detail ? detail : tenon_strerror(status));
}

/* ---- hello, status ----------------------------------------------------------------------------------------------- */

static void add_flag(struct text *answer, const char *key, int flag)
{
	add_pair(answer, key, "%s", flag ? "true" : "false");
	add_text(answer, "\n");
}

static void add_count(struct text *answer, const char *key, uint64_t count)
{
	add_pair(answer, key, "%" PRIu64, count);
	add_text(answer, "\n");
}

static void add_line(struct text *answer, const char *key, const char *value)
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
}

/* The state after a verb; its text says what the verb did. */
static void answer_state(struct text *answer, const char *text)
{
	struct tenon_status_info info;
	int status = tenon_status_get(&info);
	if (status) {
		answer_failure(answer, status);
		return;
	}
	answer_status(answer, TENON_OK, text);
	add_identity(answer, &info);
	add_status(answer, &info);
}

static void say_status(const struct request *request, struct text *answer)
{
	(void)request;
	answer_state(answer, "status");
	add_arena(answer);
	add_kernels(answer);
}

/* ---- list -------------------------------------------------------------------------------------------------------- */

/* What this process, with its own configuration, would find if it were told to swap now. */
static void list_backends(const struct request *request, struct text *answer)
{
	struct why why = {0};
	struct cpu cpu;
	struct candidate *list = NULL;
	size_t count = 0;
	probe_cpu(&cpu);
	int status = cap_cpu(&cpu, request->config->max_isa, &why);
	if (status == 0)
		status = find_backends(request->config, &cpu, &list, &count, &why);
	answer_status(answer, status, status ? why.text : "backends");
	for (size_t i = 0; status == 0 && i < count; i++) {
		add_pair(answer, "backend", "%s", list[i].name);
		add_pair(answer, "path", "%s", list[i].path);
		add_pair(answer, "version", "%s", list[i].vetted.version);
		add_pair(answer, "needs", "%s", list[i].vetted.needs);
		add_pair(answer, "status", "%d", list[i].status);
		add_pair(answer, "reason", "%s", list[i].status ? list[i].why.text : "");
		add_text(answer, "\n");
	}
	free(list);
}

/* ---- swap, rollback, unpin --------------------------------------------------------------------------------------- */

/* A swap that would change nothing is one that an operator, or a tool that retries, repeats. */
static bool is_done_already(const char *backend)
{
	struct tenon_status_info info;
	return tenon_status_get(&info) == TENON_OK && info.pinned && strcmp(info.backend, backend) == 0;
}

static void swap_backend(const struct request *request, struct text *answer)
{
	bool cold = request->words == 2 && strcmp(request->word[1], "cold") == 0;
	if (request->words == 2 && !cold) {
		answer_status(answer, TENON_EINVAL, "swap takes a backend and, at most, the word cold");
		return;
	}
	if (!cold && is_done_already(request->word[0])) {
		answer_state(answer, "unchanged");
		return;
	}
	int status = tenon_swap(request->word[0], cold ? TENON_SWAP_COLD : 0);
	if (status)
		answer_failure(answer, status);
	else
		answer_state(answer, "swapped");
}

static void roll_back(const struct request *request, struct text *answer)
{
	const char *target = request->words ? request->word[0] : "previous";
	if (strcmp(target, "previous") == 0) {
		tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	} else if (strcmp(target, "scalar") == 0) {
		tenon_rollback(TENON_ROLLBACK_SCALAR);
	} else {
		answer_status(answer, TENON_EINVAL, "rollback goes to previous or scalar");
		return;
	}
	answer_state(answer, "rolled back");
}

static void unpin(const struct request *request, struct text *answer)
{
	(void)request;
	int status = tenon_unpin();
	if (status)
		answer_failure(answer, status);
	else
		answer_state(answer, "unpinned");
}

/* ---- Requests ---------------------------------------------------------------------------------------------------- */

static const struct verb verbs[] = {
	{"hello", false, 0, 0, say_hello},
	{"status", false, 0, 0, say_status},
	{"list", true, 0, 0, list_backends},
	{"swap", true, 1, 2, swap_backend},
	{"rollback", false, 0, 1, roll_back},
	{"unpin", false, 0, 0, unpin},
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
	const char *at = strchr(request, ' ');
	size_t length = at ? strcspn(++at, " ") : 0;
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (verbs[i].slow && strlen(verbs[i].name) == length && strncmp(verbs[i].name, at, length) == 0)
			return true;
	return false;
}

static void answer_verb(const struct config *config, char *cursor, struct text *answer)
{
	struct request request = {.config = config};
	char *name, *word, *value;
	if (!next_pair(&cursor, &name, &value) || value) {
		answer_status(answer, TENON_EINVAL, "the request has no verb");
		return;
	}
	const struct verb *verb = find_verb(name);
	while (verb && request.words < WORDS_MAX && next_pair(&cursor, &word, &value) && !value)
		request.word[request.words++] = word;
	if (!verb)
		answer_status(answer, TENON_EINVAL, "unknown verb; there are hello, status, list, swap, rollback and unpin");
	else if (!cursor || *cursor || value || request.words < verb->fewest || request.words > verb->most)
		answer_status(answer, TENON_EINVAL, "wrong words behind the verb");
	else
		verb->answer(&request, answer);
}

void answer_request(const struct config *config, char *request, struct text *answer)
{
	char *version = request;
	size_t length = strcspn(request, " ");
	char *rest = request + length + (request[length] == ' ');
	request[length] = '\0';
	if (strcmp(version, "TENON/1") == 0)
		answer_verb(config, rest, answer);
	else if (strncmp(version, "TENON/", 6) == 0)
		answer_status(answer, TENON_EINVAL, "this process speaks TENON/1: use the tenon of its release");
	else
		answer_status(answer, TENON_EINVAL, "not a request: expected TENON/1 VERB");
}
