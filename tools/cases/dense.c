/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cases of the query-against-rows family: whole lanes, tails, and rows that are not packed.
 */
#include "tools/cases/cases.h"

static const struct shape {
	size_t count, dim, stride;
} shapes[] = {{1, 768, 768}, {5, 13, 16}, {16, 100, 100}};

/* The kernels of the family have the same arguments, but each its own struct. */
#define ROWS_CASES(name)                                                                                            \
	bool make_##name##_cases(struct case_set *set)                                                              \
	{                                                                                                           \
		for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {                                     \
			const struct shape *shape = &shapes[i];                                                     \
			size_t size = shape->count * sizeof(float);                                                 \
			struct tenon_##name##_args args = {                                                         \
				.query = take_floats(set, shape->dim, 10 + i),                                      \
				.rows = take_floats(set, shape->count * shape->stride, 20 + i),                     \
				.count = shape->count, .dim = shape->dim, .stride = shape->stride,                  \
				.scores = take_memory(set, size),                                                   \
			};                                                                                          \
			if (!args.query || !args.rows || !args.scores ||                                            \
			    !add_case(set, TENON_ID_##name, &args, sizeof args, args.scores, size))                 \
				return false;                                                                       \
		}                                                                                                   \
		return true;                                                                                        \
	}

ROWS_CASES(vector_similarity)
ROWS_CASES(inner_product)
