/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Laws of similarity_matrix and pairwise_similarity. Where a law changes rows that came packed, it passes them unpacked.
 * No state.
 */
#include "tests/conform/law.h"

static void reverse_rows(float *out, const float *rows, size_t count, size_t dim, size_t stride)
{
	for (size_t r = 0; r < count; r++)
		for (size_t i = 0; i < dim; i++)
			out[r * stride + i] = rows[(count - 1 - r) * stride + i];
}

/* ---- similarity_matrix ------------------------------------------------------------------------------------------- */

/* The queries in reverse have the rows of scores in reverse. */
static bool queries_permute(struct inquiry *q)
{
	const struct tenon_similarity_matrix_args *a = q->args;
	float *queries = room_for_floats(q, a->m * a->query_stride), *due = room_for_floats(q, a->m * a->n);
	struct tenon_similarity_matrix_args b = *a;
	reverse_rows(queries, a->queries, a->m, a->dim, a->query_stride);
	reverse_rows(due, a->scores, a->m, a->n, a->n);
	b.queries = queries;
	b.scores = room_for_floats(q, a->m * a->n);
	call_again(q, &b);
	return expect_floats(q, "scores of the queries in reverse", b.scores, due, a->m * a->n);
}

/* Queries and centroids exchanged have the scores transposed. */
static bool matrix_transposes(struct inquiry *q)
{
	const struct tenon_similarity_matrix_args *a = q->args;
	float *due = room_for_floats(q, a->m * a->n);
	if (a->packed)
		return true;
	struct tenon_similarity_matrix_args b = {a->centroids, a->n,   a->centroid_stride,
						 a->queries,   a->m,   a->query_stride,
						 NULL,         a->dim, room_for_floats(q, a->m * a->n)};
	for (size_t i = 0; i < a->m; i++)
		for (size_t j = 0; j < a->n; j++)
			due[j * a->m + i] = a->scores[i * a->n + j];
	call_again(q, &b);
	return expect_floats(q, "scores of queries and centroids exchanged", b.scores, due, a->m * a->n);
}

static bool matrix_scales(struct inquiry *q)
{
	const struct tenon_similarity_matrix_args *a = q->args;
	size_t floats = (a->m - 1) * a->query_stride + a->dim;
	float *queries = room_for_floats(q, floats);
	struct tenon_similarity_matrix_args b = *a;
	if (!are_tame(a->queries, floats, 0x1p-24f, 8))
		return true;
	scale_by_power(queries, a->queries, floats, draw_choice(q, 2) ? 12 : -12);
	b.queries = queries;
	b.scores = room_for_floats(q, a->m * a->n);
	call_again(q, &b);
	return expect_floats(q, "scores of the queries scaled by a power of two", b.scores, a->scores, a->m * a->n);
}

const struct law laws_of_matrix[] = {
	{CHECK_LAW_PERMUTATION, false, queries_permute},
	{CHECK_LAW_SYMMETRY, false, matrix_transposes},
	{CHECK_LAW_SCALING, true, matrix_scales},
	{CHECK_NONE, false, NULL},
};

/* ---- pairwise_similarity ----------------------------------------------------------------------------------------- */

static size_t find_pair(size_t n, size_t i, size_t j)
{
	return n * i - i * (i + 1) / 2 + (j - i - 1);
}

/* The whole triangle of rows, which are not packed. */
static const float *score_pairs(struct inquiry *q, const float *rows)
{
	struct tenon_pairwise_similarity_args b = *(const struct tenon_pairwise_similarity_args *)q->args;
	b.rows = rows;
	b.packed = NULL;
	b.begin = 0;
	b.end = b.n;
	b.scores = room_for_floats(q, b.n * (b.n - 1) / 2);
	call_again(q, &b);
	return b.scores;
}

/* The rows in reverse: pair (i, j) is (n-1-j, n-1-i), its sides exchanged. */
static bool pairs_permute(struct inquiry *q)
{
	const struct tenon_pairwise_similarity_args *a = q->args;
	size_t n = a->n;
	float *rows = room_for_floats(q, n * a->stride);
	reverse_rows(rows, a->rows, n, a->dim, a->stride);
	const float *got = score_pairs(q, rows);
	for (size_t i = a->begin; i < a->end; i++)
		for (size_t j = i + 1; j < n; j++)
			if (!expect_floats(q, "a pair of rows in reverse", got + find_pair(n, n - 1 - j, n - 1 - i),
					   a->scores + find_pair(n, i, j), 1))
				return false;
	return true;
}

static bool pairs_scale(struct inquiry *q)
{
	const struct tenon_pairwise_similarity_args *a = q->args;
	size_t floats = (a->n - 1) * a->stride + a->dim;
	float *rows = room_for_floats(q, floats);
	if (!are_tame(a->rows, floats, 0x1p-24f, 8) || a->packed)
		return true;
	scale_by_power(rows, a->rows, floats, draw_choice(q, 2) ? 12 : -12);
	struct tenon_pairwise_similarity_args b = *a;
	b.rows = rows;
	b.scores = copy_room(q, a->scores, a->n * (a->n - 1) / 2 * sizeof(float));
	call_again(q, &b);
	return expect_floats(q, "scores of rows scaled by a power of two", b.scores, a->scores, a->n * (a->n - 1) / 2);
}

const struct law laws_of_pairs[] = {
	{CHECK_LAW_SYMMETRY, false, pairs_permute},
	{CHECK_LAW_SCALING, true, pairs_scale},
	{CHECK_NONE, false, NULL},
};
