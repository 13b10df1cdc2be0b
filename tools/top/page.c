/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lines of tenon top; see page.h. No state.
 */
#include "build.h"

#include "tools/top/page.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* ---- Numbers ----------------------------------------------------------------------------------------------------- */

/* Three digits that count. */
static void format_scaled(double value, const char *const *units, double step, int last, char text[16])
{
	int unit = 0;
	while (value >= step * 0.9995 && unit < last) {
		value /= step;
		unit++;
	}
	int digits = unit == 0 && value == (double)(long)value ? 0 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
	snprintf(text, 16, "%.*f%s", digits, value, units[unit]);
}

void format_rate(double per_second, char text[16])
{
	static const char *const units[] = {"", "k", "M", "G"};
	if (per_second < 0)
		snprintf(text, 16, "-");
	else
		format_scaled(per_second < 100 ? (double)(long)(per_second + 0.5) : per_second, units, 1000, 3, text);
}

void format_seconds(double seconds, char text[16])
{
	static const char *const units[] = {"ns", "us", "ms", "s"};
	if (seconds < 0)
		snprintf(text, 16, "-");
	else
		format_scaled(seconds * 1e9, units, 1000, 3, text);
}

void format_bytes(uint64_t bytes, char text[16])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB"};
	format_scaled((double)bytes, units, 1024, 3, text);
}

/* ---- Lines ------------------------------------------------------------------------------------------------------- */

void start_page(struct page *page, size_t width)
{
	page->count = 0;
	page->tail = SIZE_MAX;
	page->width = width > PAGE_WIDTH ? PAGE_WIDTH : width;
}

/* So much of the text, and ".." for what is left out. */
static void put_line(struct page *page, enum tone tone, bool goes_on, const char *text, size_t length, bool is_cut)
{
	if (page->count == PAGE_LINES)
		return;
	struct page_line *line = &page->line[page->count++];
	size_t indent = goes_on && page->width > 2 ? 2 : 0;
	memset(line->text, ' ', indent);
	for (size_t i = 0; i < length; i++)
		line->text[indent + i] = text[i] < ' ' || text[i] > '~' ? '?' : text[i];
	length += indent;
	if (is_cut && length >= 2)
		memcpy(&line->text[length - 2], "..", 2);
	line->text[length] = '\0';
	line->tone = tone;
	line->goes_on = goes_on;
}

void add_page_line(struct page *page, enum tone tone, const char *format, ...)
{
	char text[1024];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	size_t length = strnlen(text, page->width);
	put_line(page, tone, false, text, length, text[length]);
}

/* Up to width bytes, to the last blank in the second half if there is one. */
static size_t break_text(const char *text, size_t width)
{
	size_t length = strnlen(text, width);
	if (!text[length])
		return length;
	for (size_t i = length; i > width / 2; i--)
		if (text[i] == ' ')
			return i;
	return length;
}

void add_page_text(struct page *page, enum tone tone, const char *format, ...)
{
	char text[1024];
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof text, format, list);
	va_end(list);
	const char *at = text;
	for (int i = 0; i < PAGE_WRAPS && (*at || i == 0); i++) {
		size_t width = page->width - (i && page->width > 2 ? 2 : 0);
		bool last = i + 1 == PAGE_WRAPS;
		size_t length = last ? strnlen(at, width) : break_text(at, width);
		put_line(page, tone, i > 0, at, length, last && at[length]);
		at += length;
		at += strspn(at, " ");
	}
}

void fit_page(struct page *page, size_t height)
{
	size_t tail = page->tail < page->count ? page->tail : page->count, from = tail;
	while (from < page->count &&
	       (page->count - (from - tail) > height || (from > tail && page->line[from].goes_on)))
		from++;
	memmove(page->line + tail, page->line + from, (page->count - from) * sizeof page->line[0]);
	page->count -= from - tail;
}

static const char *name_of(const struct sample *sample)
{
	return sample->label[0] ? sample->label : sample->program;
}

static bool is_under_way(const struct sample *sample)
{
	return strcmp(sample->rollout, "canary") == 0 || strcmp(sample->rollout, "paused") == 0;
}

static enum tone tone_of(const struct sample *sample, bool chosen)
{
	return sample->degraded ? TONE_BAD : chosen ? TONE_CHOSEN : TONE_PLAIN;
}

static void describe_state(const struct sample *sample, char text[64])
{
	const char *state = sample->degraded ? "degraded" : sample->pinned ? "pinned" : "";
	if (is_under_way(sample))
		snprintf(text, 64, "%s %" PRIu64 "%% %" PRIu64 "/%" PRIu64, sample->rollout, sample->rollout_percent,
			 sample->rollout_step, sample->rollout_steps);
	else if (sample->quarantined)
		snprintf(text, 64, "%s%squarantine", state, *state ? " " : "");
	else
		snprintf(text, 64, "%s", *state ? state : "-");
}

static void describe_arena(const struct sample *sample, char text[16])
{
	if (sample->arena_size)
		snprintf(text, 16, "%.0f%%%s", 100.0 * (double)sample->arena_high_water / (double)sample->arena_size,
			 sample->arena_overflows ? "!" : "");
	else
		snprintf(text, 16, "-");
}

/* What is wider than 80 columns goes to names. */
static int name_width(const struct page *page)
{
	return page->width >= PAGE_WIDE + 20 ? 24 : 12;
}

static void add_wide(struct page *page, enum tone tone, const char *name, const char *const cell[7], char mark)
{
	int width = name_width(page);
	add_page_line(page, tone, "%c%7s %-*.*s %-9.9s %7s %7s %7s %5s %s", mark, cell[0], width, width, name, cell[1],
		      cell[2], cell[3], cell[4], cell[5], cell[6]);
}

static void add_narrow(struct page *page, enum tone tone, const char *name, const char *const cell[7], char mark)
{
	bool bad = tone == TONE_BAD;
	add_page_line(page, tone, "%c%s %.12s %s%s%s", mark, cell[0], name, cell[1], strcmp(cell[6], "-") ? " " : "",
		      strcmp(cell[6], "-") ? cell[6] : "");
	add_page_line(page, bad ? TONE_BAD : TONE_PLAIN, " %s/s p50 %s p99 %s mem %s", cell[2], cell[3], cell[4],
		      cell[5]);
}

static void add_process(struct page *page, const struct sample *sample, bool chosen)
{
	char pid[16], rate[16], p50[16], p99[16], arena[16], state[64], mark = chosen ? '>' : ' ';
	const char *const cell[] = {pid, sample->backend, rate, p50, p99, arena, state};
	snprintf(pid, sizeof pid, "%ld", (long)sample->process.pid);
	format_rate(sample->has_rate ? sample->calls_per_second : -1, rate);
	format_seconds(sample->p50, p50);
	format_seconds(sample->p99, p99);
	describe_arena(sample, arena);
	describe_state(sample, state);
	if (sample->error[0] && page->width >= PAGE_WIDE)
		add_page_line(page, TONE_BAD, "%c%7s %-*.*s %s", mark, pid, name_width(page), name_width(page),
			      name_of(sample), sample->error);
	else if (sample->error[0])
		add_page_line(page, TONE_BAD, "%c%s %.12s: %s", mark, pid, name_of(sample), sample->error);
	else
		(page->width >= PAGE_WIDE ? add_wide : add_narrow)(page, tone_of(sample, chosen), name_of(sample), cell,
								   mark);
}

void add_processes(struct page *page, const struct sample *samples, size_t count, size_t chosen)
{
	static const char *const heads[] = {"PID", "BACKEND", "CALLS/S", "P50", "P99", "ARENA", "STATE"};
	if (page->width >= PAGE_WIDE)
		add_wide(page, TONE_HEAD, "NAME", heads, ' ');
	for (size_t i = 0; i < count; i++)
		add_process(page, &samples[i], i == chosen);
}

/* ---- Details ----------------------------------------------------------------------------------------------------- */

static void add_rollout_line(struct page *page, const struct sample *sample)
{
	if (is_under_way(sample))
		add_page_text(page, TONE_GOOD,
			      "rollout: %s, step %" PRIu64 "/%" PRIu64 ", %" PRIu64
			      "%% of calls, held %.1f of %.1f s, to %s",
			      sample->rollout, sample->rollout_step, sample->rollout_steps, sample->rollout_percent,
			      (double)sample->rollout_held_ms / 1000, (double)sample->rollout_hold_ms / 1000,
			      sample->rollout_backend);
	else if (sample->rollout[0] && strcmp(sample->rollout, "none") != 0)
		add_page_text(page, TONE_PLAIN, "last rollout: %s: %s (%s)", sample->rollout, sample->rollout_reason,
			      sample->rollout_backend);
}

static void add_trouble(struct page *page, const struct sample *sample)
{
	if (sample->degraded)
		add_page_text(page, TONE_BAD, "degraded: %s", sample->degraded_reason);
	if (sample->quarantined)
		add_page_text(page, TONE_BAD, "quarantined: %" PRIu64 "; tenon quarantine list %ld",
			      sample->quarantined, (long)sample->process.pid);
	if (sample->grace_age_ms >= 1000)
		add_page_text(page, TONE_BAD, "grace period: %.1f s, waits for thread %" PRIu64,
			      (double)sample->grace_age_ms / 1000, sample->grace_blocker);
	if (sample->taken_ms && !sample->is_counted)
		add_page_text(page, TONE_FAINT, "calls: not counted; [metrics] calls = on, tenon config reload %ld",
			      (long)sample->process.pid);
}

static void add_event_line(struct page *page, const struct sample_event *event)
{
	bool bad = strcmp(event->level, "error") == 0 || strcmp(event->level, "warn") == 0;
	add_page_text(page, bad ? TONE_BAD : TONE_PLAIN, "%.8s %s", event->moment + 11, event->text);
}

static void add_arenas(struct page *page, const struct sample *sample)
{
	char size[16], high[16];
	format_bytes(sample->arena_size, size);
	format_bytes(sample->arena_high_water, high);
	if (sample->arena_size)
		add_page_text(page, sample->arena_overflows ? TONE_BAD : TONE_PLAIN,
			      "arenas: at most %s of %s used, threads %" PRIu64 ", overflows %" PRIu64, high, size,
			      sample->threads, sample->arena_overflows);
}

void add_details(struct page *page, const struct sample *sample, size_t events)
{
	add_page_line(page, TONE_HEAD, "process %ld %s%s%s", (long)sample->process.pid, sample->program,
		      sample->label[0] ? ", label " : "", sample->label);
	if (sample->error[0]) {
		add_page_text(page, TONE_BAD, "%s", sample->error);
		return;
	}
	add_page_text(page, TONE_PLAIN, "backend: %s, generation %" PRIu64 "%s, swaps %" PRIu64 ", rollbacks %" PRIu64,
		      sample->backend, sample->generation, sample->pinned ? ", pinned" : "", sample->swaps,
		      sample->rollbacks);
	add_trouble(page, sample);
	add_rollout_line(page, sample);
	add_arenas(page, sample);
	page->tail = page->count;
	for (size_t i = sample->events > events ? sample->events - events : 0; i < sample->events; i++)
		add_event_line(page, &sample->event[i]);
}

void add_body(struct page *page, const struct sample *samples, size_t count, size_t chosen, size_t height)
{
	bool wide = page->width >= PAGE_WIDE;
	size_t each = wide ? 1 : 2, room = height * 2 / 5 > each ? height * 2 / 5 / each : 1;
	size_t first = chosen >= room ? chosen - room + 1 : 0;
	size_t shown = count - first < room ? count - first : room;
	add_processes(page, samples + first, shown, chosen - first);
	if (wide)
		add_page_line(page, TONE_PLAIN, "%s", "");
	add_details(page, &samples[chosen], SAMPLE_EVENTS);
}
