/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The fan effect on avx512. Pure.
 */
#include "backends/avx512/avx512.h"
#include "backends/avx512/vec.h"

#include "backends/shared/fan_body.h"

int avx512_fan_effect(const void *args, void *scratch)
{
	(void)scratch;
	return fan_effect_body(args);
}
