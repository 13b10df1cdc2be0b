/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A timeline as a Trace Event document, the JSON that Perfetto and chrome://tracing open: events by rising time, in
 * microseconds from the first answer; calls as complete events, spans as pairs of begin and end. See timeline.h.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "tools/trace/timeline.h"
#include "tools/trace/track.h"

static int compare_slices(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	return x->start < y->start ? -1 : x->start > y->start;
}

static int compare_notes(const void *a, const void *b)
{
	const struct note *x = a, *y = b;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static double microseconds(uint64_t nanoseconds)
{
	return (double)nanoseconds / 1000;
}

static void write_name(FILE *out, const struct timeline *t, const char *what, unsigned tid, const char *name)
{
	fprintf(out, "%s{\"ph\":\"M\",\"pid\":%d,\"tid\":%u,\"name\":\"%s\",\"args\":{\"name\":\"%s\"}}",
		what[0] == 'p' ? "" : ",\n", (int)t->pid, tid, what, name);
}

static void write_names(FILE *out, const struct timeline *t)
{
	char text[64];
	snprintf(text, sizeof text, "Tenon in process %d", (int)t->pid);
	write_name(out, t, "process_name", 0, text);
	write_name(out, t, "thread_name", TRACK_SERVING, "what serves");
	write_name(out, t, "thread_name", TRACK_ROLLOUT, "rollout");
	write_name(out, t, "thread_name", TRACK_EVENTS, "events");
	for (size_t i = 0; i < t->track_count; i++) {
		snprintf(text, sizeof text, "calls of thread %d (samples)", t->tracks[i].tid);
		write_name(out, t, "thread_name", (unsigned)t->tracks[i].tid, text);
	}
}

static void write_slice(FILE *out, const struct timeline *t, const struct slice *s)
{
	fprintf(out,
		",\n{\"ts\":%.3f,\"dur\":%.3f,\"ph\":\"X\",\"pid\":%d,\"tid\":%d,\"cat\":\"call\",\"name\":\"%s\","
		"\"args\":{\"backend\":\"%s\"}}",
		microseconds(s->start - t->begin), microseconds(s->ns), (int)t->pid, s->tid, t->kernel[s->kernel],
		t->backend[s->backend]);
}

static void write_note(FILE *out, const struct timeline *t, const struct note *note)
{
	fprintf(out, ",\n{\"ts\":%.3f,\"pid\":%d,%s}", microseconds(note->at - t->begin), (int)t->pid, note->text);
}

/* Spans that are still open end with the trace. */
static void close_spans(FILE *out, const struct timeline *t, uint64_t end)
{
	const struct note serving = {.at = end, .text = "\"ph\":\"E\",\"tid\":1000000001"};
	const struct note rollout = {.at = end, .text = "\"ph\":\"E\",\"tid\":1000000002"};
	_Static_assert(TRACK_SERVING == 1000000001u && TRACK_ROLLOUT == 1000000002u, "the numbers above");
	if (*t->serving)
		write_note(out, t, &serving);
	if (*t->rollout)
		write_note(out, t, &rollout);
}

static void write_events(FILE *out, const struct timeline *t)
{
	size_t s = 0, n = 0;
	uint64_t end = t->end;
	while (s < t->slice_count || n < t->note_count) {
		bool slice = n == t->note_count || (s < t->slice_count && t->slices[s].start < t->notes[n].at);
		uint64_t at = slice ? t->slices[s].start : t->notes[n].at;
		end = at > end ? at : end;
		if (slice)
			write_slice(out, t, &t->slices[s++]);
		else
			write_note(out, t, &t->notes[n++]);
	}
	close_spans(out, t, end);
}

void write_timeline(struct timeline *t, const char *version, FILE *out)
{
	if (t->slice_count)
		qsort(t->slices, t->slice_count, sizeof *t->slices, compare_slices);
	if (t->note_count)
		qsort(t->notes, t->note_count, sizeof *t->notes, compare_notes);
	fprintf(out, "{\"schema\":\"tenon.trace/1\",\"tenon_version\":\"%s\",\"displayTimeUnit\":\"ns\",\n",
		PACKAGE_VERSION);
	fprintf(out,
		"\"otherData\":{\"traced_version\":\"%s\",\"seconds\":%.3f,\"sampled_calls\":%zu,\"dropped\":%" PRIu64
		"},\n",
		version, (double)(t->end - t->begin) / 1e9, t->slice_count, t->dropped + t->untaken);
	fprintf(out, "\"traceEvents\":[\n");
	write_names(out, t);
	write_events(out, t);
	fprintf(out, "\n]}\n");
}
