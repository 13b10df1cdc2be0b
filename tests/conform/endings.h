/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a plugin's calls of functions that never return go: behind such a call stands other code, which it does not run.
 * Pure; no state.
 */
#ifndef CONFORM_ENDINGS_H
#define CONFORM_ENDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/elf.h"

#define ENDINGS_MAX 16

/* The addresses whose content, filled in by the dynamic linker, is the function's. */
struct endings {
	uint64_t slot[ENDINGS_MAX];
	size_t count;
};

/* After elf_check_segments(); none where the dynamic section makes no sense, or there are no such imports. */
void find_endings(struct elf *elf, struct endings *endings);

bool is_ending(const struct endings *endings, uint64_t slot);

#endif
