/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was measured, as text and as JSON. No state.
 */
#include <math.h>
#include <string.h>

#include "tools/bench/bench.h"

/* ---- Text -------------------------------------------------------------------------------------------------------- */

void print_environment(FILE *out, const struct environment *e)
{
	if (!out)
		return;
	fprintf(out, "cpu       %s, %s, processor %d of %ld, governor %s\n", e->cpu, e->level, e->pinned, e->processors,
		e->governor);
	fprintf(out, "system    %s, load average %.2f %.2f %.2f\n", e->kernel, e->load[0], e->load[1], e->load[2]);
	fprintf(out, "build     %s, CFLAGS %s\n", e->compiler, e->cflags);
	fprintf(out, "counters  %s\n", *e->counters ? e->counters : "cycles, instructions, cache misses");
}

static const char *format_number(char text[16], double value)
{
	snprintf(text, 16, value >= 1000 ? "%.0f" : value >= 100 ? "%.1f" : value >= 10 ? "%.2f" : "%.3f", value);
	return text;
}

/* "15.35 x loop" */
static const char *format_seen(char text[64], const struct goal *goal, enum outcome outcome, double seen)
{
	char number[16];
	bool ratio = !is_at_most(goal) && strcmp(goal->against, "GB/s") != 0;
	snprintf(text, 64, "%s%s%s", outcome <= FIGURE_NOT_REACHED ? format_number(number, seen) : "-",
		 ratio ? " x " : " ", goal->against);
	return text;
}

/* The goals are avx512's; avx2 stands beside it, to no goal. */
static void print_beside(FILE *out, struct goal goal)
{
	char seen_text[64];
	double seen = NAN;
	struct interval interval;
	if (strcmp(goal.backend, "avx512") != 0)
		return;
	goal.backend = "avx2";
	enum outcome outcome = judge_goal(&goal, &seen, &interval);
	if (outcome <= FIGURE_NOT_REACHED)
		fprintf(out, "    avx2               %s\n", format_seen(seen_text, &goal, outcome, seen));
}

static enum outcome print_goal(FILE *out, const struct goal *goal)
{
	char seen_text[64], number[16];
	double seen = NAN;
	struct interval interval;
	enum outcome outcome = judge_goal(goal, &seen, &interval);
	if (goal == goals || strcmp(goal->kernel, goal[-1].kernel) != 0 || strcmp(goal->shape, goal[-1].shape) != 0)
		fprintf(out, "\n%s %s\n", goal->kernel, goal->shape);
	fprintf(out, "  %-20s %-30s %s %8s  %s%s%s\n", goal->backend, format_seen(seen_text, goal, outcome, seen),
		is_at_most(goal) ? "<=" : ">=", format_number(number, goal->bound), name_outcome(outcome),
		*goal->note ? "; " : "", goal->note);
	print_beside(out, *goal);
	return outcome;
}

void print_figures(FILE *out, const struct environment *environment)
{
	unsigned counts[FIGURE_NOT_MEASURED + 1] = {0};
	print_environment(out, environment);
	fprintf(out, "\n'x limit' is the share of what the machine can do, 'x loop' times as fast as a plain loop,\n"
		     "'x NAME' times as fast as NAME; a time is of one call. Then the goal, and whether it was "
		     "reached; avx2 beside it.\n");
	for (size_t i = 0; i < goal_count; i++)
		counts[print_goal(out, &goals[i])]++;
	fprintf(out, "\n%zu figures", goal_count);
	for (int i = 0; i <= FIGURE_NOT_MEASURED; i++)
		if (counts[i])
			fprintf(out, ", %u %s", counts[i], name_outcome((enum outcome)i));
	fputc('\n', out);
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

#ifdef HAVE_JANSSON
json_t *environment_as_json(const struct environment *e)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[f, f, f], s:I, s:i, s:s}", "cpu", e->cpu, "level",
			 e->level, "arch", e->arch, "compiler", e->compiler, "flags", e->flags, "cflags", e->cflags,
			 "kernel", e->kernel, "governor", e->governor, "load", e->load[0], e->load[1], e->load[2],
			 "processors", (json_int_t)e->processors, "processor", e->pinned, "counters",
			 *e->counters ? e->counters : "present");
}

static json_t *interval_as_json(struct interval interval)
{
	return json_pack("[o, o]", json_figure(interval.low), json_figure(interval.high));
}

static json_t *peers_as_json(const struct result *r)
{
	json_t *peers = json_object();
	for (size_t i = 0; i < r->rival_count; i++)
		if (r->rivals[i].role == ROLE_PEER)
			json_object_set_new(peers, r->rivals[i].name, json_figure(r->rivals[i].speed.ratio));
	return peers;
}

static json_t *rivals_as_json(const struct result *r)
{
	json_t *rivals = json_object();
	for (size_t i = 0; i < r->rival_count; i++)
		json_object_set_new(rivals, r->rivals[i].name,
				    json_pack("{s:o, s:o}", "ratio", json_figure(r->rivals[i].speed.ratio), "interval",
					      interval_as_json(r->rivals[i].speed.interval)));
	return rivals;
}

static json_t *latency_as_json(const struct latency *l)
{
	if (l->calls == 0)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:I, s:I}", "p50", json_figure(l->p50), "p99", json_figure(l->p99), "p999",
			 json_figure(l->p999), "samples", (json_int_t)l->calls, "calls_per_sample",
			 (json_int_t)l->batch);
}

static json_t *result_as_json(const struct result *r)
{
	static const char *const roles[] = {"backend", "loop", "limit", "peer"};
	json_t *counts =
		json_pack("{s:o, s:o, s:o}", "cycles", json_figure(r->counts.cycles), "instructions",
			  json_figure(r->counts.instructions), "cache_misses", json_figure(r->counts.cache_misses));
	return json_pack("{s:s, s:s, s:s, s:s, s:f, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kernel",
			 r->kernel, "shape", r->shape, "backend", r->name, "role", roles[r->role], "ns_median",
			 r->timing.median, "ns_mad", json_figure(r->timing.deviation), "ns_interval",
			 interval_as_json(r->timing.interval), "samples", (json_int_t)r->timing.rounds, "gb_per_s",
			 json_figure(r->gb_per_s), "ratio_scalar", json_figure(r->ratio_scalar), "ratio_limit",
			 json_figure(r->ratio_limit), "peers", peers_as_json(r), "rivals", rivals_as_json(r), "latency",
			 latency_as_json(&r->latency), "counts", counts);
}

static json_t *goal_as_json(const struct goal *goal)
{
	double seen = NAN;
	struct interval interval = {NAN, NAN};
	enum outcome verdict = judge_goal(goal, &seen, &interval);
	return json_pack("{s:s, s:s, s:s, s:s, s:f, s:s, s:o, s:o, s:s, s:s}", "kernel", goal->kernel, "shape",
			 goal->shape, "backend", goal->backend, "against", goal->against, "goal", goal->bound, "bound",
			 is_at_most(goal) ? "at most" : "at least", "seen", json_figure(seen), "interval",
			 interval_as_json(interval), "verdict", name_outcome(verdict), "note", goal->note);
}

json_t *report_as_json(const struct wishes *w)
{
	size_t count;
	const struct result *list = list_results(&count);
	json_t *results = json_array(), *figures = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(results, result_as_json(&list[i]));
	for (size_t i = 0; i < goal_count && plan.figures; i++)
		json_array_append_new(figures, goal_as_json(&goals[i]));
	json_t *object = json_pack("{s:o, s:b, s:o}", "environment", environment_as_json(&w->environment), "quick",
				   w->quick, "results", results);
	if (plan.figures)
		json_object_set(object, "figures", figures);
	json_decref(figures);
	return object;
}
#endif
