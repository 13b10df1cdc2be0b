/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cases of top_k: ties, more and fewer scores than vector lanes, k above n.
 */
#include <math.h>

#include "tools/cases/cases.h"

static const struct shape {
	size_t n, k;
} shapes[] = {{1000, 10}, {13, 20}, {257, 64}};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* The three outputs are one: count, indices and values behind one another. */
bool make_top_k_cases(struct case_set *set)
{
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		const struct shape *shape = &shapes[i];
		size_t best = least(shape->n, shape->k), size = 64 + best * (sizeof(uint32_t) + sizeof(float));
		float *scores = take_floats(set, shape->n, 60 + i);
		unsigned char *output = take_memory(set, size);
		if (!scores || !output)
			return false;
		for (size_t j = 0; j < shape->n; j += 3)
			scores[j] = rintf(scores[j] * 8) / 8;
		struct tenon_top_k_args args = {
			.scores = scores,
			.n = shape->n,
			.k = shape->k,
			.count = (size_t *)(void *)output,
			.indices = (uint32_t *)(void *)(output + 64),
			.values = (float *)(void *)(output + 64 + best * sizeof(uint32_t)),
		};
		if (!add_case(set, TENON_ID_top_k, &args, sizeof args, output, size))
			return false;
	}
	return true;
}
