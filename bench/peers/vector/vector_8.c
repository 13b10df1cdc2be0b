/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The loops of vector_loops.h at a width of 8, for AVX2; see vector.h. A file for each width, because clang passes vectors by
 * the instruction set of the file, whatever that of the function. A function compiled for AVX ends with vzeroupper, so that no
 * peer leaves dirty upper halves behind.
 */
#include <string.h>

#include "bench/peers/vector.h"

#define WIDTH 8
#define LOOP(name) name##_8
#define JOIN(low, high) __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7)
#include "bench/peers/vector_loops.h"
