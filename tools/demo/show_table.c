/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the show prints. See show.h. Reads the counters of the crowd while it works.
 */
#include <inttypes.h>
#include <string.h>

#include "tools/demo/show.h"
#include "tools/demo/tell.h"

static uint64_t read_count(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

double rate_of_step(const struct show *show, unsigned i)
{
	const struct step *step = &show->steps[i];
	double until = step->ended > 0 ? step->ended : now_seconds();
	double lasted = until - step->began;
	return lasted > 0 ? (double)read_count(&show->crowd->phases[i].queries) / lasted : 0;
}

/* The step of a backend that nothing disturbed; -1 if there is none. */
static int find_step(const struct show *show, const char *backend)
{
	for (unsigned i = 0; i < show->count; i++)
		if (show->steps[i].counts && strcmp(show->steps[i].backend, backend) == 0)
			return (int)i;
	return -1;
}

static double ratio_to_scalar(const struct show *show, unsigned i)
{
	int scalar = find_step(show, "scalar");
	double base = scalar < 0 ? 0 : rate_of_step(show, (unsigned)scalar);
	return base > 0 ? rate_of_step(show, i) / base : 0;
}

/* Rows stay within 80 columns: a wrapped one could not be drawn over. */
static void print_head(FILE *out)
{
	fprintf(out, "  %-9s %9s %9s %10s %10s  %s\n", "backend", "answers/s", "vs scalar", "p50", "p99", "event");
}

static void print_step(const struct show *show, unsigned i)
{
	const struct step *step = &show->steps[i];
	const struct phase_counts *counts = &show->crowd->phases[i];
	fprintf(show->tool->out, "%s %-9s %9.1f %8.2fx %7.1f ms %7.1f ms  %s\n", step->ended > 0 ? " " : ">",
		step->backend, rate_of_step(show, i), ratio_to_scalar(show, i), latency_quantile(counts, 0.5) * 1e3,
		latency_quantile(counts, 0.99) * 1e3, step->event);
}

static void print_totals(const struct show *show)
{
	const struct crowd *crowd = show->crowd;
	struct tenon_status_info info;
	tenon_status_get(&info);
	fprintf(show->tool->out,
		"  %" PRIu64 " answers, bits changed in %" PRIu64 ", calls failed %" PRIu64 ", swaps %" PRIu64
		", rollbacks %" PRIu64 "\n",
		read_count(&crowd->answered), read_count(&crowd->changed), read_count(&crowd->failed), info.swaps,
		info.rollbacks);
}

/* The whole table, over the one before, without wrapping in a narrow window. */
static void redraw_table(struct show *show)
{
	FILE *out = show->tool->out;
	if (show->lines)
		fprintf(out, "\033[%uA\033[J", show->lines);
	fprintf(out, "\033[?7l");
	print_head(out);
	for (unsigned i = 0; i < show->count; i++)
		print_step(show, i);
	print_totals(show);
	fprintf(out, "\033[?7h");
	show->lines = show->count + 2;
}

/* On a terminal all of it; elsewhere the row that has just ended. */
void draw_table(struct show *show)
{
	if (show->tool->json)
		return;
	if (show->terminal) {
		redraw_table(show);
	} else {
		if (show->count == 1)
			print_head(show->tool->out);
		print_step(show, show->count - 1);
	}
	fflush(show->tool->out);
}

void finish_table(struct show *show)
{
	if (show->tool->json)
		return;
	if (show->terminal)
		draw_table(show);
	else
		print_totals(show);
}

void tell_verdict(const struct show *show)
{
	const struct crowd *crowd = show->crowd;
	FILE *out = show->tool->out;
	int best = -1;
	fprintf(out, "\n");
	for (unsigned i = 0; i < show->refused; i++)
		fprintf(out, "refused: %s\n", show->refusals[i].reason);
	for (unsigned i = 0; i < show->count; i++)
		if (show->steps[i].counts && (best < 0 || rate_of_step(show, i) > rate_of_step(show, (unsigned)best)))
			best = (int)i;
	if (best >= 0 && ratio_to_scalar(show, (unsigned)best) > 1)
		fprintf(out, "%s gave %.1f times as many answers a second as scalar.\n", show->steps[best].backend,
			ratio_to_scalar(show, (unsigned)best));
	if (read_count(&crowd->failed))
		fprintf(out, "%" PRIu64 " calls FAILED, the last with: %s\n", read_count(&crowd->failed),
			tenon_strerror(atomic_load(&crowd->status)));
	if (read_count(&crowd->changed))
		fprintf(out, "%" PRIu64 " answers DIFFER from scalar's.\n", read_count(&crowd->changed));
	else
		fprintf(out,
			"Swapped and rolled back under %u working threads; not one bit of %" PRIu64
			" answers changed.\n",
			crowd->count, read_count(&crowd->answered));
}

#ifdef HAVE_JANSSON
static json_t *latency_as_json(const struct phase_counts *counts)
{
	return json_pack("{s:o, s:o}", "p50", json_figure(latency_quantile(counts, 0.5) * 1e3), "p99",
			 json_figure(latency_quantile(counts, 0.99) * 1e3));
}

json_t *show_as_json(const struct show *show)
{
	const struct crowd *crowd = show->crowd;
	json_t *rates = json_object(), *latencies = json_object(), *refused = json_array();
	for (unsigned i = 0; i < show->count; i++) {
		const struct step *step = &show->steps[i];
		if (!step->counts)
			continue;
		json_object_set_new(rates, step->backend, json_figure(rate_of_step(show, i)));
		json_object_set_new(latencies, step->backend, latency_as_json(&crowd->phases[i]));
	}
	for (unsigned i = 0; i < show->refused; i++)
		json_array_append_new(refused, json_pack("{s:s, s:s}", "name", show->refusals[i].name, "reason",
							 show->refusals[i].reason));
	return json_pack("{s:o, s:I, s:I, s:o, s:o, s:I, s:I, s:o, s:I, s:I}", "dataset", memory_as_json(crowd->memory),
			 "threads", (json_int_t)crowd->count, "queries", (json_int_t)read_count(&crowd->answered),
			 "queries_per_second", rates, "latency_ms", latencies, "swaps", (json_int_t)show->swaps,
			 "rollbacks", (json_int_t)show->rollbacks, "refused", refused, "bits_changed",
			 (json_int_t)read_count(&crowd->changed), "calls_failed",
			 (json_int_t)read_count(&crowd->failed));
}
#endif
