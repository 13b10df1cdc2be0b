/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Answers become events; see timeline.h. document.c writes them.
 */
#define _GNU_SOURCE
#include "tools/trace/timeline.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/trace/track.h"

static uint64_t number_of(const char *text)
{
	return strtoull(text, NULL, 10);
}

/* ---- Notes ------------------------------------------------------------------------------------------------------- */

/* Takes the text, which may be NULL. */
static void keep_note(struct timeline *t, uint64_t at, char *text)
{
	if (t->note_count == t->note_room && t->note_room < NOTES_MAX) {
		size_t room = t->note_room ? 2 * t->note_room : 1024;
		struct note *notes = realloc(t->notes, room * sizeof *notes);
		if (notes) {
			t->notes = notes;
			t->note_room = room;
		}
	}
	if (!text || t->note_count >= t->note_room) {
		t->untaken++;
		free(text);
		return;
	}
	t->notes[t->note_count] = (struct note){at, (unsigned)t->note_count, text};
	t->note_count++;
}

__attribute__((format(printf, 3, 4))) static void add_note(struct timeline *t, uint64_t at, const char *format, ...)
{
	char *text;
	va_list list;
	va_start(list, format);
	int length = vasprintf(&text, format, list);
	va_end(list);
	keep_note(t, at, length < 0 ? NULL : text);
}

void quote_json(const char *text, char *quoted, size_t size)
{
	size_t used = 0;
	for (; *text && used + 3 < size; text++) {
		bool plain = (unsigned char)*text >= ' ' && (unsigned char)*text < 0x7f;
		if (*text == '"' || *text == '\\')
			quoted[used++] = '\\';
		quoted[used++] = plain ? *text : '?';
	}
	quoted[used] = '\0';
}

/* Another thing serves, or is rolled out, than before: ends the span of a track and begins the next. */
static void change_span(struct timeline *t, uint64_t at, unsigned track, char *open, size_t size, const char *name)
{
	char quoted[256];
	if (strncmp(open, name, size - 1) == 0)
		return;
	if (*open)
		add_note(t, at, "\"ph\":\"E\",\"tid\":%u", track);
	snprintf(open, size, "%s", name);
	quote_json(open, quoted, sizeof quoted);
	if (*open)
		add_note(t, at, "\"ph\":\"B\",\"tid\":%u,\"cat\":\"backend\",\"name\":\"%s\"", track, quoted);
}

static void add_instant(struct timeline *t, uint64_t at, const char *category, const char *name)
{
	char quoted[1200];
	quote_json(name, quoted, sizeof quoted);
	add_note(t, at, "\"ph\":\"i\",\"s\":\"p\",\"tid\":%u,\"cat\":\"%s\",\"name\":\"%s\"", TRACK_EVENTS, category,
		 quoted);
}

/* ---- The process ------------------------------------------------------------------------------------------------- */

static void follow_rollout(struct timeline *t, uint64_t at, const struct answer *answer)
{
	char name[sizeof t->rollout] = "";
	const char *state = find_value(answer, "rollout");
	if (strcmp(state, "canary") == 0 || strcmp(state, "paused") == 0)
		snprintf(name, sizeof name, "%.80s: %s %% of the calls%s", find_value(answer, "rollout_backend"),
			 find_value(answer, "rollout_percent"), strcmp(state, "paused") == 0 ? ", paused" : "");
	change_span(t, at, TRACK_ROLLOUT, t->rollout, sizeof t->rollout, name);
	add_note(t, at, "\"ph\":\"C\",\"tid\":%u,\"name\":\"rollout\",\"args\":{\"percent\":%" PRIu64 "}",
		 TRACK_ROLLOUT, *name ? number_of(find_value(answer, "rollout_percent")) : 0);
}

/* The process knows when it published what serves; it was between the last answer and this one. */
static uint64_t date_change(const struct timeline *t, uint64_t at, const struct answer *answer)
{
	uint64_t published = number_of(find_value(answer, "published"));
	return published < t->end ? t->end : published < at ? published : at;
}

/* A rollback tells nobody, for it may come from a signal handler; it is counted, and dated when it is seen. */
static void follow_changes(struct timeline *t, uint64_t at, const struct answer *answer)
{
	char text[128];
	const char *serving = find_value(answer, "serving");
	uint64_t swaps = number_of(find_value(answer, "swaps")), rollbacks = number_of(find_value(answer, "rollbacks"));
	uint64_t moment = t->started ? date_change(t, at, answer) : at;
	snprintf(text, sizeof text, "swap: %.64s serves", serving);
	if (t->started && swaps != t->swaps)
		add_instant(t, moment, "swap", text);
	snprintf(text, sizeof text, "rollback: %.64s serves", serving);
	if (t->started && rollbacks != t->rollbacks)
		add_instant(t, moment = at, "rollback", text);
	t->swaps = swaps;
	t->rollbacks = rollbacks;
	change_span(t, moment, TRACK_SERVING, t->serving, sizeof t->serving, serving);
}

void take_names(struct timeline *t, const struct answer *answer)
{
	for (size_t i = next_line(answer, 0, "kernel"); i < answer->count; i = next_line(answer, i + 1, "kernel")) {
		char(*names)[40] = realloc(t->kernel, (t->kernels + 1) * sizeof *names);
		if (!names)
			return;
		t->kernel = names;
		snprintf(names[t->kernels++], sizeof *names, "%s", in_line(answer, i, "kernel"));
	}
}

static void take_backends(struct timeline *t, const struct answer *answer)
{
	for (size_t i = next_line(answer, 0, "name"); i < answer->count; i = next_line(answer, i + 1, "name")) {
		uint64_t id = number_of(in_line(answer, i, "id"));
		if (id > 0 && id < 256)
			quote_json(in_line(answer, i, "name"), t->backend[id], sizeof t->backend[id]);
	}
}

/* ---- Threads ----------------------------------------------------------------------------------------------------- */

static struct track *find_track(struct timeline *t, uint64_t place)
{
	for (size_t i = 0; i < t->track_count; i++)
		if (t->tracks[i].place == place)
			return &t->tracks[i];
	struct track *tracks = realloc(t->tracks, (t->track_count + 1) * sizeof *tracks);
	if (!tracks)
		return NULL;
	t->tracks = tracks;
	tracks[t->track_count] = (struct track){.place = place};
	return &tracks[t->track_count++];
}

/* Calls since the last answer, kernel by kernel, as a counter; one that fell began anew. */
static void count_calls(struct timeline *t, struct track *track, uint64_t at, const struct answer *answer, size_t line)
{
	char text[2048] = "";
	size_t used = 0;
	double seconds = (double)(at - track->at) / 1e9;
	for (size_t k = 0; k < t->kernels && k < TRACK_KERNELS_MAX; k++) {
		uint64_t calls = number_of(in_line(answer, line, t->kernel[k]));
		double rate = calls >= track->calls[k] && seconds > 0 ? (double)(calls - track->calls[k]) / seconds : 0;
		bool shown = track->told && (rate > 0 || track->rate[k] > 0) && used + 80 < sizeof text;
		if (shown)
			used += (size_t)snprintf(text + used, sizeof text - used, "%s\"%s\":%.1f", used ? "," : "",
						 t->kernel[k], rate);
		track->calls[k] = calls;
		track->rate[k] = rate;
	}
	if (used)
		add_note(t, at, "\"ph\":\"C\",\"tid\":%d,\"name\":\"calls per second, thread %d\",\"args\":{%s}",
			 track->tid, track->tid, text);
}

static void take_thread(struct timeline *t, uint64_t at, const struct answer *answer, size_t line)
{
	struct track *track = find_track(t, number_of(in_line(answer, line, "thread")));
	uint64_t arena = number_of(in_line(answer, line, "arena")),
		 high = number_of(in_line(answer, line, "high_water"));
	if (!track)
		return;
	track->tid = (int)number_of(in_line(answer, line, "tid"));
	count_calls(t, track, at, answer, line);
	if (!track->told || arena != track->arena || high != track->high_water)
		add_note(t, at,
			 "\"ph\":\"C\",\"tid\":%d,\"name\":\"arena bytes, thread %d\",\"args\":{\"used\":%" PRIu64
			 ",\"high_water\":%" PRIu64 "}",
			 track->tid, track->tid, arena, high);
	track->arena = arena;
	track->high_water = high;
	track->at = at;
	track->told = true;
}

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

static bool grow_slices(struct timeline *t)
{
	if (t->slice_count < t->slice_room)
		return true;
	if (t->slice_room >= SLICES_MAX)
		return false;
	size_t room = t->slice_room ? 2 * t->slice_room : 4096;
	struct slice *slices = realloc(t->slices, room * sizeof *slices);
	if (!slices)
		return false;
	t->slices = slices;
	t->slice_room = room;
	return true;
}

static void take_call(struct timeline *t, const struct answer *answer, size_t line)
{
	const struct track *track = find_track(t, number_of(in_line(answer, line, "thread")));
	uint64_t kernel = number_of(in_line(answer, line, "call"));
	if (!track || kernel >= t->kernels || !grow_slices(t)) {
		t->untaken++;
		return;
	}
	uint64_t start = number_of(in_line(answer, line, "start"));
	t->slices[t->slice_count++] =
		(struct slice){start > t->begin ? start : t->begin, number_of(in_line(answer, line, "ns")), track->tid,
			       (uint8_t)kernel, (uint8_t)number_of(in_line(answer, line, "backend"))};
}

/* ---- Answers ----------------------------------------------------------------------------------------------------- */

bool take_answer(struct timeline *t, const struct answer *answer)
{
	uint64_t at = number_of(find_value(answer, "now"));
	t->wall_offset = (int64_t)number_of(find_value(answer, "wall_ms")) - (int64_t)(at / 1000000);
	t->begin = t->started ? t->begin : at;
	take_backends(t, answer);
	follow_changes(t, at, answer);
	t->end = at;
	follow_rollout(t, at, answer);
	t->started = true;
	for (size_t i = next_line(answer, 0, "thread"); i < answer->count; i = next_line(answer, i + 1, "thread"))
		take_thread(t, at, answer, i);
	for (size_t i = next_line(answer, 0, "call"); i < answer->count; i = next_line(answer, i + 1, "call"))
		take_call(t, answer, i);
	t->dropped = number_of(find_value(answer, "dropped"));
	return t->tracks != NULL || !t->track_count;
}

void take_history(struct timeline *t, const struct answer *answer)
{
	for (size_t i = next_line(answer, 0, "event"); i < answer->count; i = next_line(answer, i + 1, "event")) {
		uint64_t sequence = number_of(in_line(answer, i, "event"));
		int64_t ms = (int64_t)number_of(in_line(answer, i, "time_ms")) - t->wall_offset;
		uint64_t at = ms > 0 ? (uint64_t)ms * 1000000 : 0;
		if (sequence <= t->last_event)
			continue;
		t->last_event = sequence;
		/* the log's clock has milliseconds */
		if (at + 1000000 >= t->begin && t->begin)
			add_instant(t, at > t->begin ? at : t->begin, "event", in_line(answer, i, "text"));
	}
}

void free_timeline(struct timeline *t)
{
	for (size_t i = 0; i < t->note_count; i++)
		free(t->notes[i].text);
	free(t->notes);
	free(t->slices);
	free(t->tracks);
	free(t->kernel);
}
