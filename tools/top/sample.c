/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Answers of a process become numbers; see sample.h. No state.
 */
#include "build.h"

#include "tools/top/sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- status, history --------------------------------------------------------------------------------------------- */

static uint64_t number(const struct answer *answer, const char *key)
{
	return strtoull(find_value(answer, key), NULL, 10);
}

static void text(const struct answer *answer, const char *key, char *to, size_t size)
{
	snprintf(to, size, "%s", find_value(answer, key));
}

static void take_rollout(struct sample *sample, const struct answer *answer)
{
	text(answer, "rollout", sample->rollout, sizeof sample->rollout);
	text(answer, "rollout_backend", sample->rollout_backend, sizeof sample->rollout_backend);
	text(answer, "rollout_reason", sample->rollout_reason, sizeof sample->rollout_reason);
	sample->rollout_percent = number(answer, "rollout_percent");
	sample->rollout_step = number(answer, "rollout_step");
	sample->rollout_steps = number(answer, "rollout_steps");
	sample->rollout_held_ms = number(answer, "rollout_held_ms");
	sample->rollout_hold_ms = number(answer, "rollout_hold_ms");
}

void take_status(struct sample *sample, const struct answer *answer)
{
	text(answer, "program", sample->program, sizeof sample->program);
	text(answer, "label", sample->label, sizeof sample->label);
	text(answer, "backend", sample->backend, sizeof sample->backend);
	text(answer, "degraded_reason", sample->degraded_reason, sizeof sample->degraded_reason);
	sample->degraded = strcmp(find_value(answer, "degraded"), "true") == 0;
	sample->pinned = strcmp(find_value(answer, "pinned"), "true") == 0;
	sample->generation = number(answer, "generation");
	sample->swaps = number(answer, "swaps");
	sample->rollbacks = number(answer, "rollbacks");
	sample->quarantined = number(answer, "quarantined");
	sample->grace_age_ms = number(answer, "grace_age_ms");
	sample->grace_blocker = number(answer, "grace_blocker_tid");
	sample->arena_size = number(answer, "arena_size");
	sample->arena_high_water = number(answer, "arena_high_water");
	sample->arena_overflows = number(answer, "arena_overflows");
	sample->threads = number(answer, "threads_live");
	take_rollout(sample, answer);
}

static void add_event(struct sample *sample, const struct answer *answer, size_t i)
{
	if (sample->events == SAMPLE_EVENTS) {
		memmove(sample->event, sample->event + 1, (SAMPLE_EVENTS - 1) * sizeof sample->event[0]);
		sample->events--;
	}
	struct sample_event *event = &sample->event[sample->events++];
	format_moment(strtoll(in_line(answer, i, "time_ms"), NULL, 10), event->moment);
	snprintf(event->level, sizeof event->level, "%s", in_line(answer, i, "level"));
	snprintf(event->text, sizeof event->text, "%s", in_line(answer, i, "text"));
}

void take_events(struct sample *sample, const struct answer *answer)
{
	sample->events = 0;
	for (size_t i = next_line(answer, 0, "event"); i < answer->count; i = next_line(answer, i + 1, "event"))
		add_event(sample, answer, i);
}

/* ---- metrics ----------------------------------------------------------------------------------------------------- */

/* What stands behind the labels. */
static bool read_value(const char *line, double *value)
{
	const char *at = strrchr(line, ' ');
	char *end;
	if (!at)
		return false;
	*value = strtod(at + 1, &end);
	return end > at + 1 && !*end && *value >= 0;
}

static bool starts(const char *line, const char *name)
{
	size_t length = strlen(name);
	return strncmp(line, name, length) == 0 && (line[length] == '{' || line[length] == ' ');
}

/* The place of a bound among those that are there, ascending; SAMPLE_BUCKETS where there is no room for it. */
static size_t place_bound(struct sample *sample, double bound)
{
	size_t i = 0;
	while (i < sample->buckets && sample->bound[i] < bound)
		i++;
	if (i < sample->buckets && sample->bound[i] == bound)
		return i;
	if (sample->buckets == SAMPLE_BUCKETS)
		return SAMPLE_BUCKETS;
	memmove(sample->bound + i + 1, sample->bound + i, (sample->buckets - i) * sizeof sample->bound[0]);
	memmove(sample->samples + i + 1, sample->samples + i, (sample->buckets - i) * sizeof sample->samples[0]);
	sample->bound[i] = bound;
	sample->samples[i] = 0;
	sample->buckets++;
	return i;
}

/* All kernels and backends have the same bounds: their counts add up. */
static void add_bucket(struct sample *sample, const char *line, double value)
{
	const char *label = strstr(line, "le=\"");
	size_t i = label ? place_bound(sample, strtod(label + 4, NULL)) : SAMPLE_BUCKETS; /* +Inf, too */
	if (i < SAMPLE_BUCKETS)
		sample->samples[i] += value;
}

static void take_metric(struct sample *sample, const char *line)
{
	double value;
	if (!read_value(line, &value))
		return;
	if (starts(line, "tenon_calls_total"))
		sample->calls += value;
	else if (starts(line, "tenon_calls_counted")) /* totals outlive the counting */
		sample->is_counted = value > 0;
	else if (starts(line, "tenon_call_duration_seconds_bucket"))
		add_bucket(sample, line, value);
}

void take_metrics(struct sample *sample, const struct answer *answer)
{
	sample->calls = 0;
	sample->buckets = 0;
	sample->is_counted = false;
	for (size_t i = next_line(answer, 0, "line"); i < answer->count; i = next_line(answer, i + 1, "line"))
		take_metric(sample, in_line(answer, i, "line"));
}

/* ---- Two samples ------------------------------------------------------------------------------------------------- */

/* Calls of bucket i since before, cumulated; a bucket that was not there had none. */
static double since(const struct sample *now, const struct sample *before, size_t i)
{
	double earlier = 0;
	for (size_t j = 0; j < before->buckets && before->bound[j] <= now->bound[i]; j++)
		earlier = before->samples[j];
	return now->samples[i] > earlier ? now->samples[i] - earlier : 0;
}

/* Within a bucket, in proportion; of the last one, which has no end, its beginning. */
static double find_share(const struct sample *now, const struct sample *before, double share)
{
	double all = now->buckets ? since(now, before, now->buckets - 1) : 0, below = 0, from = 0;
	if (all <= 0)
		return -1;
	for (size_t i = 0; i < now->buckets; i++) {
		double count = since(now, before, i);
		if (count >= share * all)
			return isinf(now->bound[i])
				       ? from
				       : from + (now->bound[i] - from) * (share * all - below) / (count - below);
		below = count;
		from = now->bound[i];
	}
	return from;
}

void compare_samples(struct sample *now, const struct sample *before)
{
	now->p50 = now->p99 = -1;
	now->has_rate = before && !before->error[0] && before->is_counted && now->is_counted && !now->error[0] &&
			before->process.pid == now->process.pid && now->taken_ms > before->taken_ms &&
			now->calls >= before->calls;
	if (!now->has_rate)
		return;
	now->calls_per_second = (now->calls - before->calls) * 1000 / (double)(now->taken_ms - before->taken_ms);
	now->p50 = find_share(now, before, 0.5);
	now->p99 = find_share(now, before, 0.99);
}
