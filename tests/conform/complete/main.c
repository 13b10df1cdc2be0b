/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Anti-vacuity: the quick profile reaches every kernel. (One without a spec does not link.) TAP.
 */
#include <stdio.h>

#include "tests/conform/sweep.h"

/* visit_fn */
static bool count_point(void *user, const struct point *point)
{
	(void)point;
	++*(unsigned *)user;
	return true;
}

int main(void)
{
	int failures = 0;
	for (int k = 0; k < KERNEL_COUNT; k++) {
		unsigned cases = 0;
		struct sweep sweep = {
			.spec = specs[k], .profile = PROFILE_QUICK, .seed = 1, .visitor = count_point, .user = &cases};
		run_sweep(&sweep);
		printf("%sok %d - %s has a spec: %u quick cases\n", cases ? "" : "not ", k + 1, kernels[k].name, cases);
		failures += !cases;
	}
	printf("1..%d\n", KERNEL_COUNT);
	return failures != 0;
}
