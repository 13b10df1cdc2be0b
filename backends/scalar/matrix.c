/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scalar reference of the matrix-shaped kernels: the sum of each pair sequential, 16 side by side, so that a compiler
 * may vectorise across them, and norms over lanes; docs/NUMERICS.md has the arithmetic. Columns come packed, or are
 * packed panel by panel in the scratch. Pure but for that.
 */
#include "backends/scalar/norm.h"
#include "backends/scalar/scalar.h"

#define WIDTH TENON_PANEL_ROWS

/* Where element i of a vector is, at[i * step], and its squared norm. */
struct vector {
	const float *at;
	size_t step;
	float squared;
};

/* Up to 16 columns of the result. */
struct panel {
	const float *at;
	size_t dim, width;
	float squared[WIDTH];
};

/* Sequential, unlike the norms. */
static float scaled_dot(const struct vector *a, struct scale by_a, const struct vector *b, struct scale by_b, size_t n)
{
	float sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += a->at[i * a->step] * by_a.up * by_a.more * (b->at[i * b->step] * by_b.up * by_b.more);
	return sum;
}

/* The score when a squared norm left its range: rescale that vector, or find it to be zero or not finite. */
static float odd_cosine(const struct vector *a, const struct vector *b, size_t n)
{
	uint32_t max_a = largest(a->at, n, a->step), max_b = largest(b->at, n, b->step);
	if (max_a >= NOT_FINITE || max_b >= NOT_FINITE)
		return NAN;
	if (max_a == 0 || max_b == 0)
		return 0;
	struct scale by_a = is_ordinary(a->squared) ? unscaled : scale_of(max_a);
	struct scale by_b = is_ordinary(b->squared) ? unscaled : scale_of(max_b);
	float aa = scaled_norm(a->at, a->step, by_a, n), bb = scaled_norm(b->at, b->step, by_b, n);
	return clamp(scaled_dot(a, by_a, b, by_b, n) / (sqrtf(aa) * sqrtf(bb)));
}

static void pack(const float *rows, size_t stride, float *panel, struct panel *p)
{
	for (size_t k = 0; k < p->dim; k++)
		for (size_t c = 0; c < WIDTH; c++)
			panel[k * WIDTH + c] = c < p->width ? rows[c * stride + k] : 0;
	for (size_t c = 0; c < p->width; c++)
		p->squared[c] = dot(rows + c * stride, rows + c * stride, p->dim);
}

/* The columns from `first` on, of count. */
static struct panel take_panel(const struct tenon_packed *packed, const float *rows, size_t stride, size_t dim,
			       size_t first, size_t count, float *scratch)
{
	struct panel p = {scratch, dim, count - first < WIDTH ? count - first : WIDTH, {0}};
	if (packed) {
		p.at = packed->panel + first * dim;
		memcpy(p.squared, packed->squared + first, sizeof p.squared);
	} else {
		pack(rows + first * stride, stride, scratch, &p);
	}
	return p;
}

/* Four sums side by side. A struct, because gcc keeps a struct in a register, where it keeps an array in memory. */
struct four {
	float sum[4];
};

static inline struct four add_products(struct four four, float x, const float *column)
{
	for (int c = 0; c < 4; c++)
		four.sum[c] += x * column[c];
	return four;
}

/* d[c] = the sum of row[k] * column c [k]. */
static void multiply(const float *row, const struct panel *p, float d[WIDTH])
{
	_Static_assert(WIDTH == 16, "four times four columns");
	struct four a = {{0}}, b = a, c = a, e = a;
	for (size_t k = 0; k < p->dim; k++) {
		const float *column = p->at + k * WIDTH;
		a = add_products(a, row[k], column);
		b = add_products(b, row[k], column + 4);
		c = add_products(c, row[k], column + 8);
		e = add_products(e, row[k], column + 12);
	}
	memcpy(d, &a, sizeof a);
	memcpy(d + 4, &b, sizeof b);
	memcpy(d + 8, &c, sizeof c);
	memcpy(d + 12, &e, sizeof e);
}

/* The scores of a row and the columns of a panel, from the column `from` on. */
static int score(const float *row, const struct panel *p, size_t from, float *scores)
{
	int status = TENON_OK;
	float d[WIDTH];
	const struct vector a = {row, 1, dot(row, row, p->dim)};
	multiply(row, p, d);
	for (size_t c = from; c < p->width; c++) {
		const struct vector b = {p->at + c, WIDTH, p->squared[c]};
		float x;
		if (is_ordinary(a.squared) && is_ordinary(b.squared))
			x = clamp(d[c] / (sqrtf(a.squared) * sqrtf(b.squared)));
		else
			x = odd_cosine(&a, &b, p->dim);
		if (x != x)
			status = TENON_ENONFINITE;
		scores[c - from] = x;
	}
	return status;
}

int scalar_similarity_matrix(const void *args, void *scratch)
{
	const struct tenon_similarity_matrix_args *a = args;
	int status = TENON_OK;
	for (size_t first = 0; first < a->n; first += WIDTH) {
		struct panel p = take_panel(a->packed, a->centroids, a->centroid_stride, a->dim, first, a->n, scratch);
		for (size_t i = 0; i < a->m; i++)
			if (score(a->queries + i * a->query_stride, &p, 0, a->scores + i * a->n + first))
				status = TENON_ENONFINITE;
	}
	return status;
}

int scalar_pairwise_similarity(const void *args, void *scratch)
{
	const struct tenon_pairwise_similarity_args *a = args;
	int status = TENON_OK;
	for (size_t first = (a->begin + 1) / WIDTH * WIDTH; first < a->n; first += WIDTH) {
		struct panel p = take_panel(a->packed, a->rows, a->stride, a->dim, first, a->n, scratch);
		for (size_t i = a->begin; i < a->end && i + 1 < first + p.width; i++) {
			size_t from = i < first ? 0 : i + 1 - first, pair = a->n * i - i * (i + 1) / 2;
			if (score(a->rows + i * a->stride, &p, from, a->scores + pair + (first + from - i - 1)))
				status = TENON_ENONFINITE;
		}
	}
	return status;
}
