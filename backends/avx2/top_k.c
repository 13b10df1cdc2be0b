/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * top_k on avx2: the shared body over this ISA's vector. Pure.
 */
#include "backends/avx2/avx2.h"
#include "backends/avx2/vec.h"

#include "backends/shared/top_k_body.h"

int avx2_top_k(const void *args, void *scratch)
{
	(void)scratch;
	return top_k(args);
}
