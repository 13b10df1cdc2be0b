/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What this process holds of the system: mapped files and descriptors, as /proc/self shows them. Two of these tell what
 * was left behind. The caller owns them; single-threaded.
 */
#ifndef TOOLS_FOOTPRINT_H
#define TOOLS_FOOTPRINT_H

#include <stdbool.h>
#include <stddef.h>

/* Sorted lines, with repetitions. */
struct lines {
	char **line;
	size_t count;
};

struct footprint {
	struct lines mappings;    /* the file of each mapping that has one, memfds included */
	struct lines descriptors; /* "number target" */
};

/* False when /proc cannot be read or memory is short; then *footprint holds nothing. */
bool take_footprint(struct footprint *footprint);
void free_footprint(struct footprint *footprint);

/* How many lines of after are not in before, counting repetitions; *first is one of them, or "". */
size_t count_new(const struct lines *before, const struct lines *after, const char **first);

#endif
