/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * crc32c on neon with the crc32 instructions. Only for entries that need "crc32". Pure.
 */
#include "backends/neon/neon.h"

#include "backends/shared/crc32c_streams.h"

uint32_t neon_update_crc32c(uint32_t crc, const void *data, size_t size)
{
	return update_with_streams(crc, data, size);
}

int neon_crc32c_crc32(const void *args, void *scratch)
{
	const struct tenon_crc32c_args *a = args;
	(void)scratch;
	*a->result = neon_update_crc32c(a->crc, a->data, a->size);
	return TENON_OK;
}
