/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * top_k on neon: the shared body over this ISA's vector. Pure.
 */
#include "backends/neon/neon.h"
#include "backends/neon/vec.h"

#include "backends/shared/top_k_body.h"

int neon_top_k(const void *args, void *scratch)
{
	(void)scratch;
	return top_k(args);
}
