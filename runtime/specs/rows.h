/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * When the shape of a matrix of rows is one that memory can have. Pure.
 */
#ifndef RUNTIME_SPECS_ROWS_H
#define RUNTIME_SPECS_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* count rows (at least one) of dim floats, stride floats from one to the next. */
static inline bool rows_fit(size_t count, size_t dim, size_t stride)
{
	size_t begin, extent;
	return !__builtin_mul_overflow(count - 1, stride, &begin) && !__builtin_add_overflow(begin, dim, &extent) &&
	       extent <= PTRDIFF_MAX / sizeof(float);
}

#endif
