/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Laws of top_k. No state.
 */
#include <math.h>

#include "tests/conform/law.h"

static const struct tenon_top_k_args *rank_again(struct inquiry *q, const float *scores, size_t k)
{
	struct tenon_top_k_args *b = copy_room(q, q->args, sizeof *b);
	b->scores = scores;
	b->k = k;
	b->indices = take_room(q->trial, (k < b->n ? k : b->n) * sizeof(uint32_t));
	b->values = room_for_floats(q, k < b->n ? k : b->n);
	b->count = take_room(q->trial, sizeof *b->count);
	call_again(q, b);
	return b;
}

/* The scores in reverse have the same best ones, zeros of either sign and NaNs being equal. */
static bool ranks_permute(struct inquiry *q)
{
	const struct tenon_top_k_args *a = q->args;
	float *scores = room_for_floats(q, a->n);
	for (size_t i = 0; i < a->n; i++)
		scores[i] = a->scores[a->n - 1 - i];
	const struct tenon_top_k_args *b = rank_again(q, scores, a->k);
	for (size_t i = 0; i < *a->count; i++)
		if (a->values[i] != b->values[i] && !(isnan(a->values[i]) && isnan(b->values[i])))
			return break_law(q, "values[%zu] is %a with the scores in reverse, else %a", i,
					 (double)b->values[i], (double)a->values[i]);
	return true;
}

/* The best few are the first of more. */
static bool fewer_are_first(struct inquiry *q)
{
	const struct tenon_top_k_args *a = q->args, *b = rank_again(q, a->scores, a->k / 2);
	return expect_bytes(q, "the indices of half as many", b->indices, a->indices, *b->count * sizeof(uint32_t)) &&
	       expect_floats(q, "the values of half as many", b->values, a->values, *b->count);
}

const struct law laws_of_ranks[] = {
	{CHECK_LAW_PERMUTATION, true, ranks_permute},
	{CHECK_LAW_CONTINUATION, true, fewer_are_first},
	{CHECK_NONE, false, NULL},
};
