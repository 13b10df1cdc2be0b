/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cases of the dense family: whole lanes, tails, rows that are apart; matrices of several panels, packed and not.
 */
#include "tools/cases/cases.h"

static const struct shape {
	size_t count, dim, stride;
} shapes[] = {{1, 768, 768}, {5, 13, 16}, {16, 100, 100}};

/* The kernels of the family have the same arguments, but each its own struct. */
#define ROWS_CASES(name)                                                                            \
	bool make_##name##_cases(struct case_set *set)                                              \
	{                                                                                           \
		for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {                     \
			const struct shape *shape = &shapes[i];                                     \
			size_t size = shape->count * sizeof(float);                                 \
			struct tenon_##name##_args args = {                                         \
				.query = take_floats(set, shape->dim, 10 + i),                      \
				.rows = take_floats(set, shape->count * shape->stride, 20 + i),     \
				.count = shape->count,                                              \
				.dim = shape->dim,                                                  \
				.stride = shape->stride,                                            \
				.scores = take_memory(set, size),                                   \
			};                                                                          \
			if (!args.query || !args.rows || !args.scores ||                            \
			    !add_case(set, TENON_ID_##name, &args, sizeof args, args.scores, size)) \
				return false;                                                       \
		}                                                                                   \
		return true;                                                                        \
	}

ROWS_CASES(vector_similarity)
ROWS_CASES(inner_product)
ROWS_CASES(squared_distance)

/* More than one panel, the last one not full; a call with one panel; packed and not. */
static const struct matrix {
	size_t m, n, dim;
	int packed;
} matrices[] = {{5, 16, 100, 0}, {19, 60, 33, 0}, {8, 16, 768, 1}};

static void destroy_packed(void *packed)
{
	tenon_packed_destroy(packed);
}

static struct tenon_packed *pack(struct case_set *set, const float *rows, size_t count, size_t dim)
{
	struct tenon_packed *packed = NULL;
	if (!rows || tenon_packed_create(rows, count, dim, dim, &packed))
		return NULL;
	return hold_object(set, packed, destroy_packed) ? packed : NULL;
}

bool make_similarity_matrix_cases(struct case_set *set)
{
	for (size_t i = 0; i < sizeof matrices / sizeof matrices[0]; i++) {
		const struct matrix *x = &matrices[i];
		size_t size = x->m * x->n * sizeof(float);
		struct tenon_similarity_matrix_args args = {
			.queries = take_floats(set, x->m * x->dim, 30 + i),
			.m = x->m,
			.query_stride = x->dim,
			.centroids = take_floats(set, x->n * x->dim, 40 + i),
			.n = x->n,
			.centroid_stride = x->dim,
			.dim = x->dim,
			.scores = take_memory(set, size),
		};
		if (x->packed)
			args.packed = pack(set, args.centroids, x->n, x->dim);
		if (!args.queries || !args.centroids || !args.scores || (x->packed && !args.packed) ||
		    !add_case(set, TENON_ID_similarity_matrix, &args, sizeof args, args.scores, size))
			return false;
	}
	return true;
}

bool make_pairwise_similarity_cases(struct case_set *set)
{
	for (size_t i = 0; i < sizeof matrices / sizeof matrices[0]; i++) {
		const struct matrix *x = &matrices[i];
		size_t size = x->n * (x->n - 1) / 2 * sizeof(float);
		struct tenon_pairwise_similarity_args args = {
			.rows = take_floats(set, x->n * x->dim, 50 + i),
			.n = x->n,
			.dim = x->dim,
			.stride = x->dim,
			.end = x->n,
			.scores = take_memory(set, size),
		};
		if (x->packed)
			args.packed = pack(set, args.rows, x->n, x->dim);
		if (!args.rows || !args.scores || (x->packed && !args.packed) ||
		    !add_case(set, TENON_ID_pairwise_similarity, &args, sizeof args, args.scores, size))
			return false;
	}
	return true;
}
