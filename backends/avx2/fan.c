/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The fan effect on avx2. Pure.
 */
#include "backends/avx2/avx2.h"
#include "backends/avx2/vec.h"

#include "backends/shared/fan_body.h"

int avx2_fan_effect(const void *args, void *scratch)
{
	(void)scratch;
	return fan_effect_body(args);
}
