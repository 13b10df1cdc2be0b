/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The decay family on avx512. Pure.
 */
#include "backends/avx512/avx512.h"
#include "backends/avx512/vec.h"

#include "backends/shared/decay_body.h"

int avx512_decay_exponential(const void *args, void *scratch)
{
	(void)scratch;
	return decay_exponential_body(args);
}
