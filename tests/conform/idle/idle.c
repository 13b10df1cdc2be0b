/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A schedule that visits nothing: linked in place of tests/conform/sweep.c it must turn red whatever counts cases.
 */
#include "tests/conform/sweep.h"

bool run_sweep(struct sweep *sweep)
{
	(void)sweep;
	return true;
}

enum profile get_profile(const struct sweep *sweep)
{
	return sweep->profile;
}

void visit(struct sweep *sweep, struct point point)
{
	(void)sweep;
	(void)point;
}

void visit_lengths(struct sweep *sweep, struct point point, int axis, int64_t from, int64_t most)
{
	(void)axis;
	(void)from;
	(void)most;
	visit(sweep, point);
}
