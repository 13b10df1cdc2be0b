/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a thread has counted: a cell for each slot of count.c and kernel, written by its thread alone. A record that
 * passes to another thread goes on where it was, so what ended threads did is not lost.
 */
#ifndef RUNTIME_CELLS_H
#define RUNTIME_CELLS_H

#include <stdatomic.h>
#include <stdint.h>

#include "runtime/kernels.h"

/* Images that may be counted at once; slot 0 is scalar's. */
#define COUNT_SLOTS 32

struct cell {
	_Atomic uint64_t calls;
	_Atomic uint64_t due; /* the number of calls at which the next one is timed; 0: none was chosen yet */
};

struct cells {
	struct cell cell[COUNT_SLOTS][KERNEL_COUNT];
	uint64_t random; /* 0: not seeded yet */
};

#endif
