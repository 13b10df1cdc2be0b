/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Spreading activation on avx512. Writes only the caller's outputs, the scratch and the workspace.
 */
#include "backends/avx512/avx512.h"
#include "backends/avx512/vec.h"

#include "backends/shared/spread.h"

int avx512_spreading_activation(const void *args, void *scratch)
{
	return spread(args, scratch);
}
