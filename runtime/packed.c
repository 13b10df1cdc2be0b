/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Packed matrices: validation, the panels, the squared norms; <tenon/backend.h> says what each array holds. Keeps no
 * state and knows nothing of threads; packs.c has the public functions.
 */
#include "runtime/packed.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/specs/rows.h"

#define WIDTH ((size_t)TENON_PANEL_ROWS)

static int check_rows(const float *rows, size_t count, size_t dim, size_t stride, struct why *why)
{
	if (count && dim && !rows)
		return explain(why, TENON_EINVAL,
			       "packed: rows is NULL with %zu rows of %zu; pass the rows, or count 0", count, dim);
	if (stride < dim)
		return explain(why, TENON_EINVAL, "packed: stride %zu is less than dim %zu", stride, dim);
	if (count && !rows_fit(count, dim, stride))
		return explain(why, TENON_EINVAL, "packed: %zu rows with stride %zu exceed the address space", count,
			       stride);
	return 0;
}

/* Bytes of all panels and norms, each array a multiple of 64; 0: more than memory can have. */
static size_t size_arrays(size_t count, size_t dim)
{
	size_t padded, floats, bytes;
	if (__builtin_add_overflow(count, WIDTH - 1, &padded) || __builtin_add_overflow(dim, 1, &floats) ||
	    __builtin_mul_overflow(padded / WIDTH * WIDTH, floats, &floats) ||
	    __builtin_mul_overflow(floats, sizeof(float), &bytes) || bytes > PTRDIFF_MAX - 64)
		return 0;
	return bytes;
}

static void fill_panel(float *panel, const float *rows, size_t count, size_t dim, size_t stride)
{
	for (size_t k = 0; k < dim; k++)
		for (size_t c = 0; c < WIDTH; c++)
			panel[k * WIDTH + c] = c < count ? rows[c * stride + k] : 0;
}

/* The canonical sum over 32 lanes. */
static float square_row(const float *row, size_t dim)
{
	float lane[32] = {0};
	for (size_t k = 0; k < dim; k++)
		lane[k % 32] += row[k] * row[k];
	for (size_t w = 16; w; w /= 2)
		for (size_t j = 0; j < w; j++)
			lane[j] += lane[j + w];
	return lane[0];
}

int make_packed(const float *rows, size_t count, size_t dim, size_t stride, struct tenon_packed **out, struct why *why)
{
	_Static_assert(sizeof(struct tenon_packed) <= 64, "a packed matrix's struct fits a cache line");
	if (!out)
		return explain(why, TENON_EINVAL, "packed: the place for the result is NULL");
	int status = check_rows(rows, count, dim, stride, why);
	if (status)
		return status;
	/* The struct comes first, in a cache line of its own, so that one free() does. */
	size_t bytes = size_arrays(count, dim);
	unsigned char *memory = bytes || !count ? aligned_alloc(64, 64 + bytes) : NULL;
	if (!memory)
		return explain(why, TENON_ENOMEM, "packed: out of memory for %zu rows of %zu", count, dim);
	float *panel = (float *)(void *)(memory + 64), *squared = panel + (count + WIDTH - 1) / WIDTH * WIDTH * dim;
	for (size_t r = 0; r < count; r += WIDTH) {
		fill_panel(panel + r * dim, rows + r * stride, count - r, dim, stride);
		for (size_t c = 0; c < WIDTH; c++)
			squared[r + c] = r + c < count ? square_row(rows + (r + c) * stride, dim) : 0;
	}
	*out = (struct tenon_packed *)(void *)memory;
	**out = (struct tenon_packed){count, dim, panel, squared};
	return 0;
}

void free_packed(struct tenon_packed *packed)
{
	free(packed);
}
