/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where events go. Any thread but never a kernel call; no allocation. The lock guards two pointers and is held for a
 * few instructions, never during a write or a callback; waiting for it is bounded, because in a forked child its holder
 * may not exist.
 */
#include "runtime/log.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "runtime/public.h"

#define LINE_SIZE 768
#define REPEAT_SECONDS 10

enum log_target { TARGET_CALLBACK, TARGET_STDERR, TARGET_SYSLOG, TARGET_NONE };

static const char *const target_names[] = {"callback", "stderr", "syslog", "none"};
static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const int syslog_levels[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

static _Atomic int configured_level = TENON_LOG_WARN;
static _Atomic int configured_target = TARGET_CALLBACK;

static atomic_flag sink_lock = ATOMIC_FLAG_INIT;
static tenon_log_fn *sink_callback; /* both under sink_lock */
static void *sink_user;

static _Atomic uint64_t last_line; /* its hash */
static _Atomic int64_t last_time;  /* when it was written, in seconds */
static _Atomic unsigned repeats;

static bool lock_sink(void)
{
	for (int i = 0; i < 1000; i++) {
		if (!atomic_flag_test_and_set_explicit(&sink_lock, memory_order_acquire))
			return true;
		sched_yield();
	}
	return false;
}

static void unlock_sink(void)
{
	atomic_flag_clear_explicit(&sink_lock, memory_order_release);
}

TENON_PUBLIC void tenon_log_set(tenon_log_fn *callback, void *user)
{
	lock_sink(); /* unlike a reader, a writer may take the lock of a holder that is gone */
	sink_callback = callback;
	sink_user = user;
	unlock_sink();
}

void configure_log(const struct config *config)
{
	atomic_store(&configured_level, config->log_level);
	for (int i = 0; i <= TARGET_NONE; i++)
		if (strcmp(config->log_target, target_names[i]) == 0)
			atomic_store(&configured_target, i);
}

static void write_callback(enum tenon_log_level level, const char *line)
{
	if (!lock_sink())
		return;
	tenon_log_fn *callback = sink_callback;
	void *user = sink_user;
	unlock_sink();
	if (callback)
		callback(level, line, user);
}

/* One write, so that lines of several threads do not mix. */
static void write_stderr(enum tenon_log_level level, const char *line)
{
	char text[LINE_SIZE + 32];
	int length = snprintf(text, sizeof text, "tenon: %s: %s\n", level_names[level], line);
	if (write(STDERR_FILENO, text, (size_t)length) < 0)
		return; /* nowhere left to say so */
}

static void write_line(enum tenon_log_level level, const char *line)
{
	switch (atomic_load(&configured_target)) {
	case TARGET_CALLBACK: write_callback(level, line); break;
	case TARGET_STDERR: write_stderr(level, line); break;
	case TARGET_SYSLOG: syslog(syslog_levels[level], "tenon: %s", line); break;
	}
}

static uint64_t hash_line(const char *line)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */
	while (*line)
		hash = (hash ^ (unsigned char)*line++) * 0x100000001b3;
	return hash;
}

/* Is this the line that was just written? Counts it if so; else *missed is how often the one before was. */
static bool is_repeat(const char *line, unsigned *missed)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	uint64_t hash = hash_line(line);
	bool same = atomic_exchange(&last_line, hash) == hash;
	if (same && now.tv_sec - atomic_load(&last_time) < REPEAT_SECONDS) {
		atomic_fetch_add(&repeats, 1);
		return true;
	}
	atomic_store(&last_time, now.tv_sec);
	*missed = atomic_exchange(&repeats, 0);
	return false;
}

void log_event(enum tenon_log_level level, const char *format, ...)
{
	if ((int)level > atomic_load_explicit(&configured_level, memory_order_relaxed))
		return;
	int error = errno; /* the caller's */
	char line[LINE_SIZE], note[64];
	unsigned missed;
	va_list list;
	va_start(list, format);
	vsnprintf(line, sizeof line, format, list);
	va_end(list);
	if (!is_repeat(line, &missed)) {
		if (missed) {
			snprintf(note, sizeof note, "the previous line was repeated %u times", missed);
			write_line(level, note);
		}
		write_line(level, line);
	}
	errno = error;
}
