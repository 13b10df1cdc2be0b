/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A host for the tests of the ABI: prints who serves inner_product, and its result; NEWER: and those of the kernel of a later
 * minor version.
 */
#include <stdio.h>
#include <tenon/tenon.h>

int main(void)
{
	float query[4] = {1, 2, 3, 4}, rows[2][4] = {{1, 1, 1, 1}, {0, 0, 0, 2}}, scores[2];
	struct tenon_inner_product_args args = {query, rows[0], 2, 4, 4, scores};
	struct tenon_status_info info;
	char backend[32];
	if (tenon_open(NULL) || tenon_inner_product(&args) || tenon_status_get(&info) ||
	    tenon_kernel_backend(TENON_ID_inner_product, backend, sizeof backend))
		return fprintf(stderr, "%s\n", tenon_error_detail()), 1;
	printf("inner_product %g %g by %s\n", scores[0], scores[1], backend);
	if (info.degraded)
		printf("degraded: %s\n", info.degraded_reason);
#ifdef NEWER
	uint32_t result = 0;
	struct tenon_later_args later = {21, &result};
	if (tenon_later(&later) || tenon_kernel_backend(TENON_ID_later, backend, sizeof backend))
		return fprintf(stderr, "%s\n", tenon_error_detail()), 1;
	printf("later %u by %s\n", result, backend);
#endif
	return tenon_close();
}
