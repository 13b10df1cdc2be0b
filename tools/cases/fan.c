/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cases of binding_decay and fan_effect, which change their floats in place: every form, fans small and large.
 */
#include "tools/cases/cases.h"

enum { SIZE = 500 };

/* Adds a case whose output holds `initial` before each call. */
static bool add_inout_case(struct case_set *set, uint32_t kernel, const void *args, size_t args_size, float *output,
			   const float *initial)
{
	if (!output || !initial || !add_case(set, kernel, args, args_size, output, SIZE * sizeof *output))
		return false;
	get_case(set, count_cases(set) - 1)->initial = initial;
	return true;
}

bool make_binding_decay_cases(struct case_set *set)
{
	const float *initial = take_floats(set, SIZE, 110);
	for (uint32_t form = TENON_FORGETTING_LINEAR; form <= TENON_FORGETTING_EXPONENTIAL; form++) {
		struct tenon_binding_decay_args args = {
			.strengths = take_memory(set, SIZE * sizeof(float)),
			.n = SIZE,
			.rate = 0.01f,
			.dt = 7,
			.form = form,
		};
		if (!add_inout_case(set, TENON_ID_binding_decay, &args, sizeof args, args.strengths, initial))
			return false;
	}
	return true;
}

bool make_fan_effect_cases(struct case_set *set)
{
	const float *initial = take_floats(set, SIZE, 111);
	uint32_t *fans = take_memory(set, SIZE * sizeof *fans);
	if (!fans)
		return false;
	for (size_t i = 0; i < SIZE; i++)
		fans[i] = (uint32_t)(mix_bits(112, i) >> (i < SIZE / 2 ? 60 : 33));
	for (uint32_t form = TENON_FAN_ONE; form <= TENON_FAN_ACT_R; form++) {
		struct tenon_fan_effect_args args = {
			.activations = take_memory(set, SIZE * sizeof(float)),
			.fans = fans,
			.n = SIZE,
			.form = form,
			.weight = 0.5f,
			.strength = 2,
		};
		if (!add_inout_case(set, TENON_ID_fan_effect, &args, sizeof args, args.activations, initial))
			return false;
	}
	return true;
}
