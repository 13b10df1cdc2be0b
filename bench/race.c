/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A race from its description to its table: who conforms, who is timed, how they compare. One thread.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/peers/peers.h"

enum { NOBODY = CONTENDERS_MAX };

/* A kernel call, as a contender's context. */
struct call {
	tenon_kernel_fn *function;
	const void *args;
	void *scratch;
};

/* Backends come first, then the strict loop, the limit and the peers, as far as there are any. */
struct field {
	struct contender list[CONTENDERS_MAX];
	struct timing timings[CONTENDERS_MAX];
	struct call calls[BACKENDS_MAX];
	size_t count, backends, strict, limit, peers; /* strict and limit: an index or NOBODY */
	void *expected;                               /* scalar's output */
};

static void run_call(void *context, size_t times)
{
	const struct call *call = context;
	for (size_t i = 0; i < times; i++)
		call->function(call->args, call->scratch);
}

/* ---- Conformance ------------------------------------------------------------------------------------------------- */

/* Poisoned first, so that what a backend does not write shows. */
static int call_once(const struct race *race, tenon_kernel_fn *function)
{
	if (race->initial)
		memcpy(race->output, race->initial, race->size);
	else
		memset(race->output, 0xa5, race->size);
	return function(race->args, race->scratch);
}

static bool conforms(const struct race *race, tenon_kernel_fn *function, const void *expected, int status)
{
	return call_once(race, function) == status && memcmp(race->output, expected, race->size) == 0;
}

/* ---- The field --------------------------------------------------------------------------------------------------- */

static size_t enter(struct field *field, const struct contender *contender)
{
	if (!contender->run || field->count == CONTENDERS_MAX)
		return NOBODY;
	field->list[field->count] = *contender;
	return field->count++;
}

/* A backend that inherits scalar's function would only run it twice. A wrong kernel has no speed. */
static bool enter_backends(struct field *field, const struct race *race, int kernel)
{
	bool good = true;
	int status = call_once(race, kernels[kernel].scalar);
	field->expected = make_memory(race->size);
	memcpy(field->expected, race->output, race->size);
	for (size_t i = 0; i < backend_count; i++) {
		tenon_kernel_fn *function = backends[i].function[kernel];
		if (i > 0 && function == backends[0].function[kernel])
			continue;
		if (!conforms(race, function, field->expected, status)) {
			printf("  %-12s differs from scalar: not timed\n", backends[i].name);
			good = false;
			continue;
		}
		field->calls[i] = (struct call){function, race->args, race->scratch};
		enter(field, &(struct contender){backends[i].name, run_call, &field->calls[i]});
	}
	field->backends = field->count;
	return good;
}

static void enter_others(struct field *field, const struct race *race)
{
	field->strict = enter(field, &race->strict);
	field->limit = enter(field, &race->limit);
	field->peers = field->count;
	for (size_t i = 0; i < race->peer_count; i++)
		enter(field, &race->peers[i]);
	field->count += find_peers(race, field->expected, &field->list[field->count], CONTENDERS_MAX - field->count);
	if (field->strict == NOBODY && field->backends > 0)
		field->strict = 0;
}

/* ---- The table --------------------------------------------------------------------------------------------------- */

static double ratio_to(size_t one, size_t other)
{
	return other == NOBODY ? NAN : compare_contenders(one, other);
}

static void print_ratio(double ratio)
{
	if (isnan(ratio))
		printf(" %9s", "-");
	else
		printf(" %9.2f", ratio);
}

static void report_line(const struct field *field, const struct race *race, size_t i)
{
	const char *names[CONTENDERS_MAX];
	double ratios[CONTENDERS_MAX];
	const struct timing *timing = &field->timings[i];
	struct figure f = {race->kernel, race->shape, &field->list[i], timing,
			   race->bytes > 0 ? race->bytes / timing->median : NAN, ratio_to(i, field->strict),
			   ratio_to(i, field->limit), 0, names, ratios};
	for (size_t p = field->peers; p < field->count && i < field->backends; p++) {
		names[f.peer_count] = field->list[p].name;
		ratios[f.peer_count++] = compare_contenders(i, p);
	}
	printf("  %-16s %14.1f %10.1f", field->list[i].name, timing->median, timing->deviation);
	print_ratio(f.gb_per_s);
	print_ratio(f.ratio_limit);
	print_ratio(f.ratio_scalar);
	for (size_t p = 0; p < f.peer_count; p++)
		printf("%s%.2f x %s", p ? ", " : "   ", ratios[p], names[p]);
	printf("\n");
	record_figure(&f);
}

bool run_race(const struct race *race)
{
	static struct field field;
	int kernel = find_kernel_name(race->kernel);
	field = (struct field){.count = 0};
	printf("\n%s %s\n", race->kernel, race->shape);
	if (kernel < 0)
		return printf("  no such kernel\n"), false;
	bool good = enter_backends(&field, race, kernel);
	enter_others(&field, race);
	free(field.expected);
	if (race->untimed) {
		for (size_t i = 0; i < field.count; i++)
			printf("  %-16s %s\n", field.list[i].name, i < field.backends ? "conforms" : "agrees");
		return good;
	}
	time_contenders(field.list, field.count, 300e3, field.timings);
	printf("  %-16s %14s %10s %9s %9s %9s\n", "", "ns", "MAD", "GB/s", "of limit", "x strict");
	for (size_t i = 0; i < field.count; i++)
		report_line(&field, race, i);
	fflush(stdout);
	return good;
}
