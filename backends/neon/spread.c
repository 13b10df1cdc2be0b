/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Spreading activation on neon. Writes only the caller's outputs, the scratch and the workspace.
 */
#include "backends/neon/neon.h"
#include "backends/neon/vec.h"

#include "backends/shared/spread.h"

int neon_spreading_activation(const void *args, void *scratch)
{
	return spread(args, scratch);
}
