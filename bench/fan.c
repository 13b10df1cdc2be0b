/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: fan_effect in cache against the loop that one would write, and binding_decay in the last-level cache against the
 * loop that reads and writes back.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"

/* ---- fan_effect -------------------------------------------------------------------------------------------------- */

enum { FAN_COUNT = 10000 };

struct fan_loop {
	const struct tenon_fan_effect_args *args;
	const float *initial;
	unsigned renew;
};

static void share_sqrt(const struct tenon_fan_effect_args *a)
{
	for (size_t i = 0; i < a->n; i++)
		a->activations[i] /= sqrtf((float)(a->fans[i] ? a->fans[i] : 1));
}

static void share_linear(const struct tenon_fan_effect_args *a)
{
	for (size_t i = 0; i < a->n; i++)
		a->activations[i] /= (float)(a->fans[i] ? a->fans[i] : 1);
}

static void associate(const struct tenon_fan_effect_args *a)
{
	for (size_t i = 0; i < a->n; i++)
		a->activations[i] += a->weight * (a->strength - logf((float)(a->fans[i] ? a->fans[i] : 1)));
}

static void run_fan_loop(void *context, size_t times)
{
	const struct fan_loop *loop = context;
	for (size_t t = 0; t < times; t++) {
		if (t % loop->renew == 0)
			memcpy(loop->args->activations, loop->initial, loop->args->n * sizeof *loop->initial);
		if (loop->args->form == TENON_FAN_SQRT)
			share_sqrt(loop->args);
		else if (loop->args->form == TENON_FAN_LINEAR)
			share_linear(loop->args);
		else
			associate(loop->args);
	}
}

/* Fans below limit. renew: so many calls do not bring a float near the subnormals. */
static bool race_fan(const char *shape, uint32_t form, uint32_t limit, unsigned renew)
{
	float *initial = make_floats(FAN_COUNT, 1), *activations = make_memory(FAN_COUNT * sizeof *activations);
	uint32_t *fans = make_memory(FAN_COUNT * sizeof *fans);
	uint64_t state = 2;
	for (size_t i = 0; i < FAN_COUNT; i++)
		fans[i] = next_random(&state) % limit;
	const struct tenon_fan_effect_args args = {activations, fans, FAN_COUNT, form, 0.5f, 2};
	struct fan_loop loop = {&args, initial, renew};
	const struct race race = {.kernel = "fan_effect",
				  .shape = shape,
				  .args = &args,
				  .output = activations,
				  .size = FAN_COUNT * sizeof *activations,
				  .initial = initial,
				  .renew = renew,
				  .bytes = 12.0 * FAN_COUNT,
				  .strict = {"loop", run_fan_loop, &loop}};
	bool good = run_race(&race);
	free(initial);
	free(activations);
	free(fans);
	return good;
}

/* ---- binding_decay ----------------------------------------------------------------------------------------------- */

static void run_binding_loop(void *context, size_t times)
{
	const struct tenon_binding_decay_args *a = context;
	for (size_t t = 0; t < times; t++)
		for (size_t i = 0; i < a->n; i++) {
			float y = a->strengths[i] * (1 - a->rate * a->dt);
			a->strengths[i] = y < 0 ? 0 : y > 1 ? 1 : y;
		}
}

/* Nothing fades, so that the values are the same in each call; the work is that of any rate. */
static bool race_binding(size_t n, const char *shape)
{
	float *initial = make_floats(n, 1), *strengths = make_memory(n * sizeof *strengths);
	const struct tenon_binding_decay_args args = {strengths, n, 0, 1, TENON_FORGETTING_LINEAR};
	struct updating limit = {strengths, n * sizeof *strengths};
	const struct race race = {.kernel = "binding_decay",
				  .shape = shape,
				  .args = &args,
				  .output = strengths,
				  .size = n * sizeof *strengths,
				  .initial = initial,
				  .bytes = 8.0 * (double)n,
				  .strict = {"loop", run_binding_loop, (void *)&args},
				  .limit = {"read and write back", run_updating, &limit}};
	bool good = run_race(&race);
	free(initial);
	free(strengths);
	return good;
}

bool bench_fan(void)
{
	bool good = race_fan("10000, sqrt, fan < 32", TENON_FAN_SQRT, 32, 40);
	good = race_fan("10000, sqrt, any fan", TENON_FAN_SQRT, 1 << 20, 10) && good;
	good = race_fan("10000, linear", TENON_FAN_LINEAR, 1 << 10, 10) && good;
	good = race_fan("10000, ACT-R", TENON_FAN_ACT_R, 1 << 20, 40) && good;
	return race_binding(1000000, "1000000") && good;
}
