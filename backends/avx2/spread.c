/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Spreading activation on avx2. Writes only the caller's outputs, the scratch and the workspace.
 */
#include "backends/avx2/avx2.h"
#include "backends/avx2/vec.h"

#include "backends/shared/spread.h"

int avx2_spreading_activation(const void *args, void *scratch)
{
	return spread(args, scratch);
}
