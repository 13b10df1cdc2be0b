/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Packed matrices: what <tenon/tenon.h> says of tenon_packed_create(), with the failure in why. Immutable once made, so
 * any thread may read one.
 */
#ifndef RUNTIME_PACKED_H
#define RUNTIME_PACKED_H

#include <tenon/tenon.h>

#include "runtime/why.h"

int make_packed(const float *rows, size_t count, size_t dim, size_t stride, struct tenon_packed **packed,
		struct why *why);
void free_packed(struct tenon_packed *packed);

#endif
