/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * top_k on avx512: the shared body over this ISA's vector. Pure.
 */
#include "backends/avx512/avx512.h"
#include "backends/avx512/vec.h"

#include "backends/shared/top_k_body.h"

int avx512_top_k(const void *args, void *scratch)
{
	(void)scratch;
	return top_k(args);
}
