/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The decay family on neon. Pure.
 */
#include "backends/neon/neon.h"
#include "backends/neon/vec.h"

#include "backends/shared/decay_body.h"

int neon_decay_exponential(const void *args, void *scratch)
{
	(void)scratch;
	return decay_exponential_body(args);
}
