/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The C library's functions of one float, in the loop that one would write.
 */
#include <math.h>
#include <stdio.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "bench/peers/peers.h"

static bool open_libm(char *message, size_t size)
{
#ifdef __GLIBC__
	snprintf(message, size, "glibc %s", gnu_get_libc_version());
#else
	snprintf(message, size, "the C library");
#endif
	return true;
}

static void run_exp(void *context, size_t times)
{
	const struct tenon_exp_args *a = ((const struct trial *)context)->args;
	for (size_t t = 0; t < times; t++)
		for (size_t i = 0; i < a->n; i++)
			a->e[i] = expf(-a->x[i]);
}

static void run_decay_exponential(void *context, size_t times)
{
	const struct tenon_decay_exponential_args *a = ((const struct trial *)context)->args;
	for (size_t t = 0; t < times; t++)
		for (size_t i = 0; i < a->n; i++)
			a->out[i] = a->values[i] * expf(-(float)a->ages[i] / a->tau);
}

static void run_decay_power_law(void *context, size_t times)
{
	const struct tenon_decay_power_law_args *a = ((const struct trial *)context)->args;
	for (size_t t = 0; t < times; t++)
		for (size_t i = 0; i < a->n; i++)
			a->out[i] = a->values[i] * powf(1 + (float)a->ages[i] / a->t0, -a->beta);
}

static void run_decay_two_component(void *context, size_t times)
{
	const struct tenon_decay_two_component_args *a = ((const struct trial *)context)->args;
	for (size_t t = 0; t < times; t++)
		for (size_t i = 0; i < a->n; i++)
			a->out[i] = a->values[i] * powf(a->base, (float)a->ages[i] / a->stabilities[i]);
}

/* In place; what is timed goes on from what the last call left. */
static void run_fan_effect(void *context, size_t times)
{
	const struct tenon_fan_effect_args *a = ((const struct trial *)context)->args;
	for (size_t t = 0; t < times; t++)
		for (size_t i = 0; i < a->n; i++)
			a->activations[i] += a->weight * (a->strength - logf((float)(a->fans[i] ? a->fans[i] : 1)));
}

static bool is_act_r(struct trial *trial)
{
	return ((const struct tenon_fan_effect_args *)trial->args)->form == TENON_FAN_ACT_R;
}

static const struct peer peers[] = {
	{.kernel = "exp", .name = "libm", .run = run_exp, .relative = 3e-7},
	{.kernel = "decay_exponential", .name = "libm", .run = run_decay_exponential, .relative = 1e-6},
	{.kernel = "decay_power_law", .name = "libm", .run = run_decay_power_law, .relative = 5e-6},
	{.kernel = "decay_two_component", .name = "libm", .run = run_decay_two_component, .relative = 5e-6},
	{.kernel = "fan_effect",
	 .name = "libm",
	 .run = run_fan_effect,
	 .relative = 1e-5,
	 .absolute = 1e-5,
	 .prepare = is_act_r},
};
const struct library library_libm = {"libm", "the C library", open_libm, PEERS(peers)};
