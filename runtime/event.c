/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lines of events; see event.h. No state. JSON is written here because libtenon links no JSON library.
 */
#include "build.h"

#include "runtime/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime/logfmt.h"
#include "runtime/why.h"

const char *name_event(enum event_kind kind)
{
	static const char *const names[] = {
#define EVENT(name, meaning) #name,
#include "runtime/events.def"
#undef EVENT
	};
	return names[kind];
}

const char *name_level(enum tenon_log_level level)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	return names[level];
}

static int64_t read_clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void copy_fact(char *to, size_t size, const char *from)
{
	copy_text(to, size, from ? from : "");
}

void fill_event(struct event *event, enum tenon_log_level level, const struct facts *facts)
{
	event->sequence = event->generation = 0;
	event->repeats = 0;
	event->time_ms = read_clock();
	event->level = level;
	event->kind = facts->kind;
	event->rollout = facts->rollout;
	event->percent = facts->percent;
	copy_fact(event->backend, sizeof event->backend, facts->backend);
	copy_fact(event->kernel, sizeof event->kernel, facts->kernel);
	copy_fact(event->reason, sizeof event->reason, facts->reason);
}

void format_moment(int64_t time_ms, char text[EVENT_TIME_SIZE])
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm parts;
	char whole[32] = "?";
	if (gmtime_r(&seconds, &parts))
		strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text, EVENT_TIME_SIZE, "%s.%03dZ", whole, (int)(time_ms % 1000 + 1000) % 1000);
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

/* The length of the well-formed UTF-8 sequence at bytes, or 0. */
static int measure_utf8(const unsigned char *bytes)
{
	int length = bytes[0] < 0x80                       ? 1
		     : bytes[0] >= 0xc2 && bytes[0] < 0xe0 ? 2
		     : bytes[0] >= 0xe0 && bytes[0] < 0xf0 ? 3
		     : bytes[0] >= 0xf0 && bytes[0] < 0xf5 ? 4
							   : 0;
	for (int i = 1; i < length; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	bool overlong = (bytes[0] == 0xe0 && bytes[1] < 0xa0) || (bytes[0] == 0xf0 && bytes[1] < 0x90);
	bool beyond = (bytes[0] == 0xed && bytes[1] >= 0xa0) || (bytes[0] == 0xf4 && bytes[1] >= 0x90);
	return overlong || beyond ? 0 : length;
}

static void add_string(struct text *line, const char *value)
{
	add_text(line, "\"");
	for (const unsigned char *at = (const unsigned char *)value; *at;) {
		int length = measure_utf8(at);
		if (length == 0)
			add_text(line, "\\ufffd");
		else if (*at < ' ' || *at == 0x7f)
			add_text(line, "\\u%04x", *at);
		else
			add_text(line, "%s%.*s", *at == '"' || *at == '\\' ? "\\" : "", length, (const char *)at);
		at += length ? length : 1;
	}
	add_text(line, "\"");
}

/* ---- Fields ------------------------------------------------------------------------------------------------------ */

static void add_name(struct text *line, enum log_format format, const char *name)
{
	if (format == FORMAT_JSON)
		add_text(line, "%s\"%s\":", line->length > 1 ? "," : "", name);
	else
		add_text(line, "%s%s=", line->length ? " " : "", name);
}

static void add_field(struct text *line, enum log_format format, const char *name, const char *value)
{
	if (!value[0])
		return;
	add_name(line, format, name);
	if (format == FORMAT_JSON)
		add_string(line, value);
	else
		add_word(line, value);
}

static void add_number(struct text *line, enum log_format format, const char *name, uint64_t value)
{
	add_name(line, format, name);
	add_text(line, "%" PRIu64, value);
}

static void add_fields(struct text *line, const struct event *event, const char *label, enum log_format format)
{
	char time[EVENT_TIME_SIZE];
	format_moment(event->time_ms, time);
	add_field(line, format, "time", time);
	add_field(line, format, "level", name_level(event->level));
	add_field(line, format, "event", name_event(event->kind));
	add_number(line, format, "pid", (uint64_t)getpid());
	add_field(line, format, "label", label);
	add_field(line, format, "backend", event->backend);
	add_field(line, format, "kernel", event->kernel);
	add_number(line, format, "generation", event->generation);
	if (event->rollout)
		add_number(line, format, "rollout", event->rollout);
	if (event->percent)
		add_number(line, format, "percent", event->percent);
	add_field(line, format, "reason", event->reason);
	add_field(line, format, "text", event->text);
}

void format_event(const struct event *event, const char *label, enum log_format format, char line[EVENT_LINE_SIZE])
{
	struct text text;
	start_text(&text, line, EVENT_LINE_SIZE - 2); /* a brace and a newline may follow */
	if (format == FORMAT_JSON)
		add_text(&text, "{");
	if (format == FORMAT_JSON || format == FORMAT_LOGFMT)
		add_fields(&text, event, label, format);
	else
		add_text(&text, "%s", event->text);
	if (format == FORMAT_JSON)
		memcpy(line + text.length, "}", 2);
}
