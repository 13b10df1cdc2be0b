/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One event: what happened, to which backend, why; and its line, as text, logfmt or JSON. Pure functions over the caller's
 * memory; log.c says where lines go, history.c keeps the last ones.
 */
#ifndef RUNTIME_EVENT_H
#define RUNTIME_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/tenon.h>

enum event_kind {
#define EVENT(name, meaning) EVENT_##name,
#include "runtime/events.def"
#undef EVENT
	EVENT_KINDS
};

/* What a line says beside its text; NULL and 0 for what does not apply. */
struct facts {
	enum event_kind kind;
	const char *backend, *kernel, *reason;
	uint64_t rollout;
	unsigned percent; /* of the calls */
};

/* FACTS(EVENT_promoted, .backend = name, .reason = why.text) */
#define FACTS(...) (&(const struct facts){.kind = __VA_ARGS__})

struct event {
	uint64_t sequence; /* from 1, without gaps; 0 before history.c has it */
	int64_t time_ms;   /* since 1970 */
	enum tenon_log_level level;
	enum event_kind kind;
	unsigned repeats; /* further times that it happened in a row, the last at time_ms */
	unsigned percent;
	uint64_t generation, rollout;
	char backend[128], kernel[40], reason[256], text[640];
};

/* In the order of the words that config.c lists for [log] format. */
enum log_format { FORMAT_AUTO, FORMAT_TEXT, FORMAT_LOGFMT, FORMAT_JSON };

/* All fields, and every byte of them escaped. */
enum { EVENT_LINE_SIZE = 8192 };

/* "promoted" */
const char *name_event(enum event_kind kind);

/* "warn" */
const char *name_level(enum tenon_log_level level);

/* Everything but text, sequence and generation. */
void fill_event(struct event *event, enum tenon_log_level level, const struct facts *facts);

/*
 * The event's line, without a newline: the text alone, or with all fields, of a process whose label is that (perhaps "").
 * FORMAT_AUTO is for the caller to resolve.
 */
void format_event(const struct event *event, const char *label, enum log_format format, char line[EVENT_LINE_SIZE]);

/* UTC, as 2026-02-28T12:34:56.789Z. */
#define EVENT_TIME_SIZE 40
void format_moment(int64_t time_ms, char text[EVENT_TIME_SIZE]);

#endif
