/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The public functions over packed matrices: packed.c, with failures kept for tenon_error_detail(). Any thread.
 */
#include <tenon/tenon.h>

#include "runtime/packed.h"
#include "runtime/public.h"
#include "runtime/thread.h"

TENON_PUBLIC int tenon_packed_create(const float *rows, size_t count, size_t dim, size_t stride,
				     struct tenon_packed **packed)
{
	struct why why;
	return make_packed(rows, count, dim, stride, packed, &why) ? report_failure(&why) : TENON_OK;
}

TENON_PUBLIC void tenon_packed_destroy(struct tenon_packed *packed)
{
	free_packed(packed);
}
