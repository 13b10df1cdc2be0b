/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The loops of vector_loops.h at a width of 4, for NEON; see vector.h. A file for each width, because clang passes vectors by
 * the instruction set of the file, whatever that of the function.
 */
#include <string.h>

#include "bench/peers/vector.h"

#if defined __aarch64__
#define WIDTH 4
#define LOOP(name) name##_4
#define JOIN(low, high) __builtin_shufflevector(low, high, 0, 1, 2, 3)
#include "bench/peers/vector_loops.h"
#endif
