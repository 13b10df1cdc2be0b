/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The query-against-rows family on avx512: the shared body over this ISA's vector. Pure.
 */
#include "backends/avx512/avx512.h"
#include "backends/avx512/vec.h"

#include "backends/shared/similarity_body.h"

int avx512_vector_similarity(const void *args, void *scratch)
{
	(void)scratch;
	return vector_similarity(args);
}

int avx512_inner_product(const void *args, void *scratch)
{
	(void)scratch;
	return inner_product(args);
}

int avx512_squared_distance(const void *args, void *scratch)
{
	(void)scratch;
	return squared_distance(args);
}
