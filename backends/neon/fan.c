/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The fan effect on neon. Pure.
 */
#include "backends/neon/neon.h"
#include "backends/neon/vec.h"

#include "backends/shared/fan_body.h"

int neon_fan_effect(const void *args, void *scratch)
{
	(void)scratch;
	return fan_effect_body(args);
}
