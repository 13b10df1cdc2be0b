/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Laws of the query-against-rows family. No state.
 */
#include "tests/conform/law.h"

/* All three kernels have the layout of struct tenon_inner_product_args; specs/dense.c asserts it. */

static size_t count_floats(const struct tenon_inner_product_args *a)
{
	return a->count ? (a->count - 1) * a->stride + a->dim : 0;
}

/* The rows in reverse have the scores in reverse. */
static bool rows_permute(struct inquiry *q)
{
	const struct tenon_inner_product_args *a = q->args;
	float *rows = room_for_floats(q, a->count * a->stride), *due = room_for_floats(q, a->count);
	struct tenon_inner_product_args b = *a;
	b.rows = rows;
	b.scores = room_for_floats(q, a->count);
	for (size_t r = 0; r < a->count; r++) {
		for (size_t i = 0; i < a->dim; i++)
			rows[r * a->stride + i] = a->rows[(a->count - 1 - r) * a->stride + i];
		due[r] = a->scores[a->count - 1 - r];
	}
	call_again(q, &b);
	return expect_floats(q, "scores of the rows in reverse", b.scores, due, a->count);
}

/* The last row against the query. */
static bool sides_commute(struct inquiry *q)
{
	const struct tenon_inner_product_args *a = q->args;
	struct tenon_inner_product_args b = *a;
	if (a->count == 0)
		return true;
	b.query = a->rows + (a->count - 1) * a->stride;
	b.rows = a->query;
	b.count = 1;
	b.scores = room_for_floats(q, 1);
	call_again(q, &b);
	return expect_floats(q, "score of the last row and the query exchanged", b.scores, a->scores + a->count - 1, 1);
}

/* inner_product scales with the query, squared_distance with the square of both, a cosine with neither. */
static bool scores_scale(struct inquiry *q)
{
	const struct tenon_inner_product_args *a = q->args;
	int exponent = draw_choice(q, 2) ? 12 : -12;
	bool is_distance = q->kernel == KERNEL_squared_distance;
	size_t floats = count_floats(a);
	float *query = room_for_floats(q, a->dim), *rows = room_for_floats(q, floats),
	      *due = room_for_floats(q, a->count);
	struct tenon_inner_product_args b = *a;
	if (!are_tame(a->query, a->dim, 0x1p-24f, 8) || !are_tame(a->rows, floats, 0x1p-24f, 8))
		return true;
	scale_by_power(query, a->query, a->dim, exponent);
	scale_by_power(rows, a->rows, floats, is_distance ? exponent : 0);
	scale_by_power(due, a->scores, a->count,
		       is_distance                         ? 2 * exponent
		       : q->kernel == KERNEL_inner_product ? exponent
							   : 0);
	b.query = query;
	b.rows = rows;
	b.scores = room_for_floats(q, a->count);
	call_again(q, &b);
	return expect_floats(q, "scores of the query scaled by a power of two", b.scores, due, a->count);
}

const struct law laws_of_rows[] = {
	{CHECK_LAW_PERMUTATION, false, rows_permute},
	{CHECK_LAW_SYMMETRY, false, sides_commute},
	{CHECK_LAW_SCALING, true, scores_scale},
	{CHECK_NONE, false, NULL},
};
