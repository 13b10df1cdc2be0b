/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cases of crc32c: a page, a size with every kind of tail, a continued sum, nothing.
 */
#include "tools/cases/cases.h"

bool make_crc32c_cases(struct case_set *set)
{
	static const size_t sizes[] = {4096, 1013, 37, 0};
	const float *data = take_floats(set, 1024, 180);
	for (size_t i = 0; data && i < sizeof sizes / sizeof sizes[0]; i++) {
		uint32_t *result = take_memory(set, sizeof *result);
		struct tenon_crc32c_args args = {data, sizes[i], (uint32_t)mix_bits(181, i), result};
		if (!result || !add_case(set, TENON_ID_crc32c, &args, sizeof args, result, sizeof *result))
			return false;
	}
	return data != NULL;
}
