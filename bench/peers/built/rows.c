/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Built by tools/fetch-peers, never by make: one ISA of SimSIMD or NumKong, whose functions are inline in their
 * headers, looped over rows. HEADER, and the functions COSINE (a distance), INNER_PRODUCT and SQUARED_DISTANCE, which
 * write a double, come from the command line, with the flags of that ISA and no others: inline functions of one name
 * that are compiled for several ISAs would be merged by the linker.
 */
#include HEADER
#include <stddef.h>

#define PUBLIC __attribute__((visibility("default")))

/* Data, so that they can be read before any code of this file runs. */
PUBLIC const char peer_needs[] = NEEDS;
PUBLIC const char peer_version[] = VERSION;

#define ROWS(name, distance, score) \
	PUBLIC void peer_##name(const float *query, const float *rows, size_t count, size_t dim, size_t stride, \
				float *scores); \
	PUBLIC void peer_##name(const float *query, const float *rows, size_t count, size_t dim, size_t stride, \
				float *scores) \
	{ \
		for (size_t r = 0; r < count; r++) { \
			double result; \
			distance(query, rows + r * stride, dim, &result); \
			scores[r] = (float)(score); \
		} \
	}

ROWS(cosine, COSINE, 1 - result)
ROWS(inner_product, INNER_PRODUCT, result)
ROWS(squared_distance, SQUARED_DISTANCE, result)
