/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Broken kernels of top_k; mutants.def says what is wrong with each.
 */
#include <float.h>
#include <math.h>

#include "tests/mutants/mutant.h"

/* Is score x at index i to come before y at j? i > j always. */
typedef int before_fn(float x, float y);

static int before(float x, float y)
{
	return isnan(y) ? !isnan(x) : x > y;
}

static int before_ties_backwards(float x, float y)
{
	return isnan(y) ? !isnan(x) : x >= y;
}

static int before_nan_first(float x, float y)
{
	return isnan(x) ? !isnan(y) : x > y;
}

static int before_zero_signs(float x, float y)
{
	return before(x, y) || (x == 0 && y == 0 && !signbit(x) && signbit(y));
}

static int before_nan_is_equal(float x, float y)
{
	return x > y;
}

/* Inserts one score after the other into the best so far. */
static int select_best(const struct tenon_top_k_args *a, before_fn *is_before)
{
	size_t room = a->k < a->n ? a->k : a->n, used = 0;
	int status = TENON_OK;
	for (size_t i = 0; i < a->n && room; i++) {
		size_t at = used;
		if (used == room && !is_before(a->scores[i], a->values[room - 1]))
			continue;
		if (used == room)
			at = room - 1;
		for (; at > 0 && is_before(a->scores[i], a->values[at - 1]); at--) {
			a->values[at] = a->values[at - 1];
			a->indices[at] = a->indices[at - 1];
		}
		a->values[at] = a->scores[i];
		a->indices[at] = (uint32_t)i;
		used += used < room;
	}
	*a->count = room;
	for (size_t i = 0; i < room; i++)
		status = fabsf(a->values[i]) <= FLT_MAX ? status : TENON_ENONFINITE;
	return status;
}

#define RANK_MUTANT(name, is_before)                       \
	int mutant_##name(const void *args, void *scratch) \
	{                                                  \
		(void)scratch;                             \
		return select_best(args, is_before);       \
	}                                                  \
	_Static_assert(1, "")

RANK_MUTANT(good_top_k, before);
RANK_MUTANT(ties_backwards, before_ties_backwards);
RANK_MUTANT(nan_first, before_nan_first);
RANK_MUTANT(zero_signs, before_zero_signs);
RANK_MUTANT(nan_is_equal, before_nan_is_equal);

int mutant_writes_k(const void *args, void *scratch)
{
	const struct tenon_top_k_args *a = args;
	int status = mutant_good_top_k(args, scratch);
	for (size_t i = a->n; i < a->k && i < a->n + 4; i++)
		((volatile float *)a->values)[i] = -INFINITY;
	return status;
}

int mutant_forgets_count(const void *args, void *scratch)
{
	const struct tenon_top_k_args *a = args;
	return a->k ? mutant_good_top_k(args, scratch) : TENON_OK;
}

int mutant_count_is_k(const void *args, void *scratch)
{
	const struct tenon_top_k_args *a = args;
	int status = mutant_good_top_k(args, scratch);
	*a->count = a->k;
	return status;
}

int mutant_index_16_bits(const void *args, void *scratch)
{
	const struct tenon_top_k_args *a = args;
	int status = mutant_good_top_k(args, scratch);
	for (size_t i = 0; i < *a->count; i++)
		a->indices[i] &= 0xffff;
	return status;
}
