/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the conversion of a half-life to the time constant that kernels take. Any thread; no state of its own.
 */
#include <float.h>
#include <math.h>
#include <tenon/tenon.h>

#include "runtime/public.h"
#include "runtime/thread.h"

static const double ln2 = 0x1.62e42fefa39efp-1;

/* A half-life that never comes is a tau that never comes; any other must fit. */
static int convert_half_life(double half_life, float *tau, struct why *why)
{
	double exact = half_life / ln2;
	if (!tau)
		return explain(why, TENON_EINVAL, "tenon_tau_from_half_life: tau is NULL");
	if (!(half_life > 0))
		return explain(why, TENON_EINVAL, "tenon_tau_from_half_life: half_life is %g; pass seconds above 0",
			       half_life);
	if (isfinite(half_life) && (exact > (double)FLT_MAX || exact < (double)FLT_MIN))
		return explain(why, TENON_EINVAL, "tenon_tau_from_half_life: half_life %g gives a tau outside %g to %g",
			       half_life, (double)FLT_MIN, (double)FLT_MAX);
	*tau = (float)exact;
	return 0;
}

TENON_PUBLIC int tenon_tau_from_half_life(double half_life, float *tau)
{
	struct why why;
	int status = convert_half_life(half_life, tau, &why);
	return unlikely(status) ? report_failure(&why) : TENON_OK;
}
