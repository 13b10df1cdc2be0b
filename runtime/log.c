/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where events go. Any thread but never a kernel call; no allocation. The sink's lock is held for a few instructions,
 * never during a write or a callback.
 */
#include "build.h"

#include "runtime/log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "runtime/brief.h"
#include "runtime/history.h"
#include "runtime/limit.h"
#include "runtime/public.h"
#include "runtime/runtime.h"
#include "runtime/table.h"

enum log_target { TARGET_CALLBACK, TARGET_STDERR, TARGET_SYSLOG, TARGET_NONE };

static const char *const target_names[] = {"callback", "stderr", "syslog", "none"};
static const int syslog_levels[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

static _Atomic int configured_level = TENON_LOG_WARN;
static _Atomic int configured_target = TARGET_CALLBACK;
static _Atomic int configured_format = FORMAT_AUTO;

static struct brief sink_lock;
static struct sink {
	tenon_log_fn *callback;
	void *user;
} sinks[2]; /* these under sink_lock; whoever changes them fills the other one first, so that one is always whole */
static atomic_uint chosen_sink;
static char label[sizeof((struct config *)0)->label];

TENON_PUBLIC void tenon_log_set(tenon_log_fn *callback, void *user)
{
	take_briefly(&sink_lock); /* a writer goes on without it */
	unsigned other = !atomic_load(&chosen_sink);
	sinks[other] = (struct sink){callback, user};
	atomic_store(&chosen_sink, other);
	let_go(&sink_lock);
}

void configure_log(const struct config *config)
{
	atomic_store(&configured_level, config->log_level);
	atomic_store(&configured_format, config->log_format);
	for (int i = 0; i <= TARGET_NONE; i++)
		if (strcmp(config->log_target, target_names[i]) == 0)
			atomic_store(&configured_target, i);
	take_briefly(&sink_lock);
	copy_text(label, sizeof label, config->label);
	let_go(&sink_lock);
}

static void write_callback(enum tenon_log_level level, const char *line)
{
	if (!take_briefly(&sink_lock))
		return;
	struct sink sink = sinks[atomic_load(&chosen_sink)];
	let_go(&sink_lock);
	if (sink.callback)
		sink.callback(level, line, sink.user);
}

/* One write, so that lines of several threads do not mix. */
static void write_stderr(char *line)
{
	size_t length = strlen(line);
	line[length] = '\n';
	if (write(STDERR_FILENO, line, length + 1) < 0)
		return; /* nowhere left to say so */
}

/* A host's callback gets what people read, and wraps it itself; everything else is for machines, too. */
static enum log_format choose_format(int target)
{
	enum log_format format = (enum log_format)atomic_load(&configured_format);
	if (format != FORMAT_AUTO)
		return format;
	return target == TARGET_CALLBACK ? FORMAT_TEXT : FORMAT_LOGFMT;
}

static void write_event(const struct event *event)
{
	int target = atomic_load(&configured_target);
	char line[EVENT_LINE_SIZE], name[sizeof label] = "";
	if (take_briefly(&sink_lock)) {
		memcpy(name, label, sizeof name);
		let_go(&sink_lock);
	}
	format_event(event, name, choose_format(target), line);
	switch (target) {
	case TARGET_CALLBACK: write_callback(event->level, line); break;
	case TARGET_STDERR: write_stderr(line); break;
	case TARGET_SYSLOG: syslog(syslog_levels[event->level], "tenon: %s", line); break;
	}
}

static int64_t read_clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- What was held back ------------------------------------------------------------------------------------------ */

static void write_suppressed(enum event_kind kind, uint64_t count)
{
	struct event event;
	char reason[80];
	snprintf(reason, sizeof reason, "more than one a second of them after the first %d, or the same again",
		 LIMIT_BURST);
	fill_event(&event, TENON_LOG_WARN, FACTS(EVENT_suppressed, .reason = reason));
	event.generation = serving_generation();
	snprintf(event.text, sizeof event.text,
		 "%" PRIu64 " more of the events '%s' were not written; tenon history has the last %d of all kinds",
		 count, name_event(kind), HISTORY_SIZE);
	write_event(&event);
}

static void tell_suppressed_of(enum event_kind kind, bool all)
{
	enum event_kind found = kind;
	uint64_t count;
	int64_t now = read_clock();
	for (int i = 0; i < EVENT_KINDS && take_suppressed(&found, all, now, &count); i++, found = kind)
		write_suppressed(found, count);
}

void tell_suppressed(bool all)
{
	tell_suppressed_of(EVENT_suppressed, all);
}

/* ---- Events ------------------------------------------------------------------------------------------------------ */

static bool is_reported(enum tenon_log_level level)
{
	return (int)level <= atomic_load_explicit(&configured_level, memory_order_relaxed);
}

/* As copy_text() would: a cut is seen. */
static void format_text(struct event *event, const char *format, va_list list)
{
	int length = vsnprintf(event->text, sizeof event->text, format, list);
	if (length >= (int)sizeof event->text)
		memcpy(event->text + sizeof event->text - 4, "...", 4);
}

/* What an operator will ask for afterwards is kept, however little a host wants to be told. */
static void take_event(const struct event *event)
{
	int error = errno; /* the caller's */
	if (is_reported(event->level) || event->level <= TENON_LOG_INFO)
		note_event(event);
	if (is_reported(event->level) && allow_event(event->kind, event->text, read_clock())) {
		tell_suppressed_of(event->kind, false);
		write_event(event);
	}
	errno = error;
}

void log_event(enum tenon_log_level level, const struct facts *facts, const char *format, ...)
{
	struct event event;
	va_list list;
	if (!is_reported(level) && level > TENON_LOG_INFO)
		return;
	fill_event(&event, level, facts);
	event.generation = serving_generation();
	va_start(list, format);
	format_text(&event, format, list);
	va_end(list);
	take_event(&event);
}

/* ---- Held events ------------------------------------------------------------------------------------------------- */

#define HELD_MAX 64

static pthread_mutex_t held_lock = PTHREAD_MUTEX_INITIALIZER;
static struct event held[HELD_MAX]; /* both under held_lock */
static unsigned held_count;

void hold_event(enum tenon_log_level level, const struct facts *facts, const char *format, ...)
{
	va_list list;
	if (!is_reported(level) && level > TENON_LOG_INFO)
		return;
	pthread_mutex_lock(&held_lock);
	if (held_count < HELD_MAX) {
		struct event *event = &held[held_count++];
		fill_event(event, level, facts);
		event->generation = serving_generation();
		va_start(list, format);
		format_text(event, format, list);
		va_end(list);
	}
	pthread_mutex_unlock(&held_lock);
}

static bool take_held_event(struct event *event)
{
	pthread_mutex_lock(&held_lock);
	bool found = held_count > 0;
	if (found) {
		*event = held[0];
		memmove(held, held + 1, --held_count * sizeof held[0]);
	}
	pthread_mutex_unlock(&held_lock);
	return found;
}

void tell_held_events(void)
{
	struct event event;
	while (take_held_event(&event))
		take_event(&event);
}

void restart_log(void)
{
	held_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	held_count = 0;
}
