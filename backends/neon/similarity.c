/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The query-against-rows family on neon: the shared body over this ISA's vector. Pure.
 */
#include "backends/neon/neon.h"
#include "backends/neon/vec.h"

#include "backends/shared/similarity_body.h"

int neon_vector_similarity(const void *args, void *scratch)
{
	(void)scratch;
	return vector_similarity(args);
}

int neon_inner_product(const void *args, void *scratch)
{
	(void)scratch;
	return inner_product(args);
}

int neon_squared_distance(const void *args, void *scratch)
{
	(void)scratch;
	return squared_distance(args);
}
