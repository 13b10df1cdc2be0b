/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns tenon_delta_init(): a delta over the caller's buffers, checked. Any thread; no state.
 */
#include <tenon/tenon.h>

#include "runtime/public.h"
#include "runtime/specs/delta.h"
#include "runtime/thread.h"

static int init_delta(struct tenon_delta *to, const struct tenon_delta *delta, struct why *why)
{
	if (!to)
		return explain(why, TENON_EINVAL, "tenon_delta_init: delta is NULL");
	int status = explain_delta_buffers(why, "tenon_delta_init", "delta", delta);
	if (!status)
		status = explain_delta_tail(why, "tenon_delta_init", "delta", delta);
	if (!status)
		*to = *delta;
	return status;
}

TENON_PUBLIC int tenon_delta_init(struct tenon_delta *delta, size_t size, uint64_t *mask, unsigned char *payload,
				  uint64_t order)
{
	struct why why;
	const struct tenon_delta made = {order, size, mask, payload};
	int status = init_delta(delta, &made, &why);
	return unlikely(status) ? report_failure(&why) : TENON_OK;
}
