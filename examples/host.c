/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <stdio.h>
#include <tenon/tenon.h>

int main(void)
{
	float query[4] = {1, 2, 3, 4}, rows[2][4] = {{1, 1, 1, 1}, {0, 0, 0, 2}}, scores[2];
	struct tenon_inner_product_args args = {query, rows[0], 2, 4, 4, scores};
	char backend[32];
	if (tenon_open(NULL) || tenon_inner_product(&args) || tenon_kernel_backend(TENON_ID_inner_product, backend, 32))
		return fprintf(stderr, "%s\n", tenon_error_detail()), 1;
	printf("%g %g by %s\n", scores[0], scores[1], backend); /* 10 8 by avx512, or the best that your CPU has */
	return tenon_close();
}
