/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A bucket of tokens for each kind of event; see limit.h. The lock is held for a few instructions.
 */
#include "build.h"

#include "runtime/limit.h"

#include <stdatomic.h>

#include "runtime/brief.h"

#define TOKEN_MS 1000

static struct brief lock;
static struct allowance {
	int64_t since;      /* when the bucket was LIMIT_BURST short of tokens, moved on as they are taken */
	int64_t written_ms; /* when the last line was written */
	int64_t refused_ms; /* when the last one was held back */
	uint64_t line;      /* its hash */
	uint64_t suppressed;
	bool used;
} allowances[EVENT_KINDS]; /* under the lock */
static _Atomic uint64_t total;

static uint64_t hash_line(const char *line)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */
	while (*line)
		hash = (hash ^ (unsigned char)*line++) * 0x100000001b3;
	return hash;
}

/* Takes a token; there is one more for every TOKEN_MS that passed since `since`. */
static bool take_token(struct allowance *allowance, int64_t now_ms)
{
	int64_t fullest = now_ms - (int64_t)LIMIT_BURST * TOKEN_MS;
	if (!allowance->used || allowance->since < fullest)
		allowance->since = fullest;
	if (allowance->since + TOKEN_MS > now_ms)
		return false;
	allowance->since += TOKEN_MS;
	return true;
}

static bool allow_line(struct allowance *allowance, uint64_t line, int64_t now_ms)
{
	bool repeats = allowance->used && allowance->line == line && now_ms - allowance->written_ms < LIMIT_REPEAT_MS;
	bool allowed = !repeats && take_token(allowance, now_ms);
	allowance->used = true;
	if (allowed) {
		allowance->line = line;
		allowance->written_ms = now_ms;
	} else {
		allowance->suppressed++;
		allowance->refused_ms = now_ms;
	}
	return allowed;
}

bool allow_event(enum event_kind kind, const char *line, int64_t now_ms)
{
	uint64_t hash = hash_line(line);
	bool allowed = take_briefly(&lock);
	if (allowed) {
		allowed = allow_line(&allowances[kind], hash, now_ms);
		let_go(&lock);
	}
	if (!allowed)
		atomic_fetch_add(&total, 1);
	return allowed;
}

static bool is_due(const struct allowance *allowance, bool all, int64_t now_ms)
{
	return allowance->suppressed && (all || now_ms - allowance->refused_ms >= LIMIT_REPEAT_MS);
}

bool take_suppressed(enum event_kind *kind, bool all, int64_t now_ms, uint64_t *count)
{
	*count = 0;
	if (!take_briefly(&lock))
		return false;
	for (int i = 0; i < EVENT_KINDS && !*count; i++) {
		struct allowance *allowance = &allowances[i];
		if (!is_due(allowance, all || i == (int)*kind, now_ms))
			continue;
		*kind = (enum event_kind)i;
		*count = allowance->suppressed;
		allowance->suppressed = 0;
	}
	let_go(&lock);
	return *count > 0;
}

uint64_t count_suppressed(void)
{
	return atomic_load(&total);
}
