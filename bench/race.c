/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A race from its description to its results: who conforms, who is timed, how they compare. One thread.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/peers/peers.h"
#include "bench/run.h"

size_t race_count;

enum { NOBODY = CONTENDERS_MAX };

/* Backends come first, then the plain loop, the limit and the peers, as far as there are any. */
struct field {
	struct contender list[CONTENDERS_MAX];
	enum role roles[CONTENDERS_MAX];
	struct timing timings[CONTENDERS_MAX];
	struct call calls[BACKENDS_MAX];
	size_t count, loop, limit; /* loop and limit: an index or NOBODY */
	void *expected;            /* what scalar makes of the race's call, and its status */
	int status;
};

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

static void run_call(void *context, size_t times)
{
	const struct call *call = context;
	const struct race *race = call->race;
	for (size_t i = 0; i < times; i++) {
		if (race->renew && i % race->renew == 0)
			memcpy(race->output, race->initial, race->size);
		call->function(race->args, race->scratch);
	}
}

struct contender call_contender(const char *name, struct call *call)
{
	return (struct contender){name, run_call, call};
}

/* Poisoned first, so that what a backend does not write shows. */
static int call_once(const struct race *race, tenon_kernel_fn *function)
{
	if (race->initial)
		memcpy(race->output, race->initial, race->size);
	else
		memset(race->output, 0xa5, race->size);
	return function(race->args, race->scratch);
}

/* Of what is no kernel, the first of ours says what is right. */
static void learn_expected(struct field *field, const struct race *race, int kernel)
{
	field->expected = make_memory(race->size);
	field->status = TENON_OK;
	if (kernel >= 0)
		field->status = call_once(race, kernels[kernel].scalar);
	else if (race->own_count > 0)
		race->own[0].run(race->own[0].context, 1);
	if (race->size > 0)
		memcpy(field->expected, race->output, race->size);
}

static bool conforms(const struct field *field, const struct race *race, tenon_kernel_fn *function)
{
	return call_once(race, function) == field->status && memcmp(race->output, field->expected, race->size) == 0;
}

bool race_conforms(const struct race *race, tenon_kernel_fn *function)
{
	struct field field;
	learn_expected(&field, race, find_kernel_name(race->kernel));
	bool good = conforms(&field, race, function);
	free(field.expected);
	return good;
}

/* ---- The field --------------------------------------------------------------------------------------------------- */

static size_t enter(struct field *field, const struct contender *contender, enum role role)
{
	if (!contender->run || field->count == CONTENDERS_MAX)
		return NOBODY;
	field->list[field->count] = *contender;
	field->roles[field->count] = role;
	return field->count++;
}

/* One that inherits scalar's function would only run it twice. A wrong kernel has no speed. */
static bool enter_backends(struct field *field, const struct race *race, int kernel)
{
	bool good = true;
	for (size_t i = 0; i < backend_count; i++) {
		const char *name = backends[i].candidate.name;
		tenon_kernel_fn *function = backends[i].function[kernel];
		if (!function || !is_listed(plan.backends, name))
			continue;
		if (!conforms(field, race, function)) {
			fprintf(stderr, "tenon bench: %s: %s %s differs from scalar: not timed\n", name, race->kernel,
				race->shape);
			good = false;
			continue;
		}
		field->calls[i] = (struct call){function, race};
		const struct contender contender = call_contender(name, &field->calls[i]);
		enter(field, &contender, ROLE_BACKEND);
	}
	return good;
}

static void enter_others(struct field *field, const struct race *race)
{
	for (size_t i = 0; i < race->own_count; i++)
		enter(field, &race->own[i], ROLE_BACKEND);
	bool has_scalar = field->count > 0 && strcmp(field->list[0].name, "scalar") == 0;
	field->loop = enter(field, &race->strict, ROLE_LOOP);
	if (field->loop == NOBODY && has_scalar)
		field->loop = 0;
	field->limit = enter(field, &race->limit, ROLE_LIMIT);
	for (size_t i = 0; i < race->peer_count; i++)
		enter(field, &race->peers[i], ROLE_PEER);
	struct contender found[CONTENDERS_MAX];
	size_t count = find_peers(race, field->expected, found, CONTENDERS_MAX - field->count);
	for (size_t i = 0; i < count; i++)
		enter(field, &found[i], ROLE_PEER);
}

/* ---- Results ----------------------------------------------------------------------------------------------------- */

static double ratio_to(size_t one, size_t other)
{
	return other == NOBODY ? NAN : compare_contenders(one, other);
}

static void fill_rivals(struct result *result, const struct field *field, size_t i)
{
	for (size_t k = 0; k < field->count; k++) {
		if (k == i)
			continue;
		struct rival *rival = &result->rivals[result->rival_count++];
		snprintf(rival->name, sizeof rival->name, "%s", field->list[k].name);
		rival->role = field->roles[k];
		rival->speed = compare_timings(i, k);
	}
}

static void fill_result(struct result *result, const struct field *field, const struct race *race, size_t i)
{
	*result = (struct result){.role = field->roles[i], .timing = field->timings[i], .counts = {NAN, NAN, NAN}};
	snprintf(result->kernel, sizeof result->kernel, "%s", race->kernel);
	snprintf(result->shape, sizeof result->shape, "%s", race->shape);
	snprintf(result->name, sizeof result->name, "%s", field->list[i].name);
	result->gb_per_s = race->bytes > 0 ? race->bytes / result->timing.median : NAN;
	result->ratio_scalar = ratio_to(i, field->loop);
	result->ratio_limit = ratio_to(i, field->limit);
	if (result->role != ROLE_BACKEND)
		return;
	fill_rivals(result, field, i);
	result->latency = time_calls(&field->list[i], result->timing.median);
	result->counts = count_events(&field->list[i], result->timing.median);
}

/* ---- The table --------------------------------------------------------------------------------------------------- */

static void say_number(int width, int digits, double number)
{
	if (isfinite(number))
		say(" %*.*f", width, digits, number);
	else
		say(" %*s", width, "-");
}

static void say_result(const struct result *r)
{
	say("  %-22s", r->name);
	say_number(13, r->timing.median < 100 ? 2 : 1, r->timing.median);
	say_number(6, 1, 50 * (r->timing.interval.high - r->timing.interval.low) / r->timing.median);
	say_number(13, 1, r->latency.calls ? r->latency.p99 : NAN);
	say_number(13, 1, r->latency.calls ? r->latency.p999 : NAN);
	say_number(7, 1, r->gb_per_s);
	say_number(8, 2, r->ratio_limit);
	say_number(8, 2, r->ratio_scalar);
	if (isfinite(r->counts.instructions))
		say("  %.2f instructions a cycle", r->counts.instructions / r->counts.cycles);
	say("%s\n", r->latency.batch > 1 ? "  *" : "");
}

/* Peers beside the best of ours. */
static void say_peers(const struct result *result)
{
	size_t said = 0;
	for (size_t i = 0; i < result->rival_count; i++) {
		const struct rival *rival = &result->rivals[i];
		if (rival->role != ROLE_PEER)
			continue;
		if (said++ == 0)
			say("  %s is", result->name);
		say("%s %.2f x %s", said > 1 ? "," : "", rival->speed.ratio, rival->name);
	}
	if (said > 0)
		say("\n");
}

static void say_checked(const struct field *field)
{
	for (size_t i = 0; i < field->count; i++)
		say("  %-22s %s\n", field->list[i].name, field->roles[i] == ROLE_BACKEND ? "conforms" : "agrees");
}

static void time_field(struct field *field, const struct race *race)
{
	static struct result result, best;
	best = (struct result){.rival_count = 0};
	time_contenders(field->list, field->count, 300e3, field->timings);
	say("  %-22s %13s %6s %13s %13s %7s %8s %8s\n", "", "ns", "+-%", "p99", "p99.9", "GB/s", "of limit", "x loop");
	for (size_t i = 0; i < field->count; i++) {
		fill_result(&result, field, race, i);
		record_result(&result);
		say_result(&result);
		if (result.role == ROLE_BACKEND && (!best.name[0] || result.timing.median < best.timing.median))
			best = result;
	}
	say_peers(&best);
}

bool run_race(const struct race *race)
{
	static struct field field;
	int kernel = find_kernel_name(race->kernel);
	if (!is_wanted(race->kernel, race->shape) || (plan.race && race->untimed))
		return true;
	race_count++;
	if (plan.race)
		return plan.race(race);
	field = (struct field){.count = 0};
	say("\n%s %s\n", race->kernel, race->shape);
	learn_expected(&field, race, kernel);
	bool good = kernel < 0 || enter_backends(&field, race, kernel);
	enter_others(&field, race);
	free(field.expected);
	if (race->untimed)
		say_checked(&field);
	else
		time_field(&field, race);
	if (plan.out)
		fflush(plan.out);
	return good;
}
