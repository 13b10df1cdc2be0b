/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a runtime that was closed has left in the process. Single-threaded.
 */
#ifndef TOOLS_REMAINS_H
#define TOOLS_REMAINS_H

#include <stddef.h>
#include <stdint.h>

#include "tools/footprint.h"

struct remains {
	uint64_t leaked_mappings, leaked_fds, not_unloaded;
	uint64_t unknown; /* 1: /proc cannot be read */
};

/* After tenon_close(): waits for what is being unloaded yet, then compares. problem[size] has the first finding, or "". */
void find_remains(const struct footprint *before, struct remains *remains, char *problem, size_t size);

#endif
