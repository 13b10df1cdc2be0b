/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Laws of spreading_activation. Calls take their memory from scratch. No state.
 */
#include <math.h>

#include "tests/conform/law.h"

static struct tenon_spreading_activation_args *prepare_call(struct inquiry *q)
{
	struct tenon_spreading_activation_args *b = copy_room(q, q->args, sizeof *b);
	b->workspace = NULL;
	b->activation = room_for_floats(q, b->graph->nodes);
	return b;
}

static bool layouts_agree(struct inquiry *q)
{
	const struct tenon_spreading_activation_args *a = q->args;
	for (uint32_t layout = TENON_LAYOUT_AUTO; layout <= TENON_LAYOUT_SLICED; layout++) {
		struct tenon_spreading_activation_args *b = prepare_call(q);
		b->layout = layout;
		if (layout == TENON_LAYOUT_SLICED && !a->graph->sliced)
			continue;
		call_again(q, b);
		if (!expect_floats(q, "activation in another layout", b->activation, a->activation, a->graph->nodes))
			return false;
	}
	return true;
}

/* All steps are the first one and then the others. */
static bool steps_follow(struct inquiry *q)
{
	const struct tenon_spreading_activation_args *a = q->args;
	if (a->mode != TENON_SPREAD_STEP || a->steps < 2)
		return true;
	struct tenon_spreading_activation_args *first = prepare_call(q), *rest = prepare_call(q);
	first->steps = 1;
	call_again(q, first);
	rest->initial = first->activation;
	rest->steps = a->steps - 1;
	call_again(q, rest);
	return expect_floats(q, "activation step after step", rest->activation, a->activation, a->graph->nodes);
}

/* Without thresholds and norms it is linear. Upwards, so that what is tiny underflows in neither or in one alone. */
static bool activation_scales(struct inquiry *q)
{
	const struct tenon_spreading_activation_args *a = q->args;
	uint32_t nodes = a->graph->nodes;
	enum { EXPONENT = 8 };
	if (a->mode != TENON_SPREAD_STEP || a->norm != TENON_NORM_NONE || a->steps > 2 || !isinf(a->threshold) ||
	    a->threshold > 0 || !are_tame(a->initial, nodes, 0x1p-24f, 8))
		return true;
	for (uint32_t e = 0; e < a->graph->edges; e++)
		if (!are_tame(&a->graph->in[e].weight, 1, 0x1p-24f, 8))
			return true;
	struct tenon_spreading_activation_args *b = prepare_call(q);
	float *initial = room_for_floats(q, nodes), *due = room_for_floats(q, nodes);
	scale_by_power(initial, a->initial, nodes, EXPONENT);
	scale_by_power(due, a->activation, nodes, EXPONENT);
	b->initial = initial;
	call_again(q, b);
	return expect_floats(q, "activation scaled by a power of two", b->activation, due, nodes);
}

const struct law laws_of_spreading[] = {
	{CHECK_LAW_LAYOUT, false, layouts_agree},
	{CHECK_LAW_CONTINUATION, false, steps_follow},
	{CHECK_LAW_SCALING, true, activation_scales},
	{CHECK_NONE, false, NULL},
};
