/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Laws of binding_decay and fan_effect, which change their array in place: what they were given is the trial's. No state.
 */
#include <math.h>

#include "tests/conform/law.h"

enum { ARRAY, FANS }; /* buffers of both specs, in order */

static const float *get_before(const struct inquiry *q)
{
	return q->trial->buffer[ARRAY].content;
}

/* ---- binding_decay ----------------------------------------------------------------------------------------------- */

static bool bindings_permute(struct inquiry *q)
{
	const struct tenon_binding_decay_args *a = q->args;
	float *due = room_for_floats(q, a->n);
	struct tenon_binding_decay_args b = *a;
	b.strengths = room_for_floats(q, a->n);
	for (size_t i = 0; i < a->n; i++) {
		b.strengths[i] = get_before(q)[a->n - 1 - i];
		due[i] = a->strengths[a->n - 1 - i];
	}
	call_again(q, &b);
	return expect_floats(q, "strengths in reverse", b.strengths, due, a->n);
}

/* Without a rate only the clamp is left. */
static bool bindings_stay(struct inquiry *q)
{
	struct tenon_binding_decay_args b = *(const struct tenon_binding_decay_args *)q->args;
	float *due = room_for_floats(q, b.n);
	for (size_t i = 0; i < b.n; i++)
		due[i] = get_before(q)[i] < 0 ? 0 : get_before(q)[i] > 1 ? 1 : get_before(q)[i];
	b.strengths = copy_room(q, get_before(q), b.n * sizeof(float));
	b.rate = 0;
	call_again(q, &b);
	return expect_floats(q, "strengths without a rate", b.strengths, due, b.n);
}

/* Half as strong, half as strong afterwards, where nothing was clamped. */
static bool bindings_scale(struct inquiry *q)
{
	const struct tenon_binding_decay_args *a = q->args;
	float *due = room_for_floats(q, a->n);
	struct tenon_binding_decay_args b = *a;
	b.strengths = room_for_floats(q, a->n);
	scale_by_power(b.strengths, get_before(q), a->n, -1);
	scale_by_power(due, a->strengths, a->n, -1);
	call_again(q, &b);
	for (size_t i = 0; i < a->n; i++)
		if (fabsf(get_before(q)[i]) >= 0x1p-60f && a->strengths[i] >= 0x1p-100f && a->strengths[i] < 1 &&
		    !expect_floats(q, "a strength halved", b.strengths + i, due + i, 1))
			return false;
	return true;
}

const struct law laws_of_binding[] = {
	{CHECK_LAW_PERMUTATION, false, bindings_permute},
	{CHECK_LAW_IDENTITY, true, bindings_stay},
	{CHECK_LAW_SCALING, true, bindings_scale},
	{CHECK_NONE, false, NULL},
};

/* ---- fan_effect -------------------------------------------------------------------------------------------------- */

static bool fans_permute(struct inquiry *q)
{
	const struct tenon_fan_effect_args *a = q->args;
	float *due = room_for_floats(q, a->n);
	uint32_t *fans = take_room(q->trial, a->n * sizeof *fans);
	struct tenon_fan_effect_args b = *a;
	b.activations = room_for_floats(q, a->n);
	b.fans = fans;
	for (size_t i = 0; i < a->n; i++) {
		b.activations[i] = get_before(q)[a->n - 1 - i];
		fans[i] = a->fans[a->n - 1 - i];
		due[i] = a->activations[a->n - 1 - i];
	}
	call_again(q, &b);
	return expect_floats(q, "activations in reverse", b.activations, due, a->n);
}

/* Who has no other facts shares nothing. */
static bool single_facts_stay(struct inquiry *q)
{
	struct tenon_fan_effect_args b = *(const struct tenon_fan_effect_args *)q->args;
	uint32_t *fans = take_room(q->trial, b.n * sizeof *fans);
	if (b.form == TENON_FAN_ACT_R)
		return true;
	for (size_t i = 0; i < b.n; i++)
		fans[i] = i % 2;
	b.fans = fans;
	b.activations = copy_room(q, get_before(q), b.n * sizeof(float));
	call_again(q, &b);
	return expect_floats(q, "activations that nobody shares", b.activations, get_before(q), b.n);
}

static bool fans_scale(struct inquiry *q)
{
	const struct tenon_fan_effect_args *a = q->args;
	int exponent = draw_choice(q, 2) ? 12 : -12;
	float *due = room_for_floats(q, a->n);
	struct tenon_fan_effect_args b = *a;
	if (a->form == TENON_FAN_ACT_R || !are_tame(get_before(q), a->n, 0x1p-40f, 0x1p40f))
		return true;
	b.activations = room_for_floats(q, a->n);
	scale_by_power(b.activations, get_before(q), a->n, exponent);
	scale_by_power(due, a->activations, a->n, exponent);
	call_again(q, &b);
	return expect_floats(q, "activations scaled by a power of two", b.activations, due, a->n);
}

const struct law laws_of_fans[] = {
	{CHECK_LAW_PERMUTATION, false, fans_permute},
	{CHECK_LAW_IDENTITY, true, single_facts_stay},
	{CHECK_LAW_SCALING, true, fans_scale},
	{CHECK_NONE, false, NULL},
};
