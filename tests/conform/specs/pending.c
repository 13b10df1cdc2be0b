/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Kernels whose specs are still to be written: the harness skips them, by name, and `make check-conform-complete` fails.
 * A kernel leaves this list when it gets its spec; the list goes when it is empty.
 */
#include "tests/conform/spec.h"

#define PENDING(name) \
	extern const struct spec spec_##name; \
	const struct spec spec_##name = {.kernel = #name}

PENDING(delta_apply);
PENDING(delta_merge);
PENDING(delta_diff);
