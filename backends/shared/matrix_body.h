/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The matrix-shaped kernels over vec.h, included by each ISA's matrix.c after its vec.h and the size of its tiles. Sums
 * are sequential, as the plain triple loop has them: lanes and registers are pairs. A tile is some rows by one or three
 * packed panels, whose sums stay in registers from the first dimension to the last. The arithmetic is in
 * docs/NUMERICS.md. Pure but for the scratch, in which panels are packed.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <tenon/backend.h>

#include "backends/shared/norm.h"
#include "backends/shared/panel.h"

/* The norms of a chunk of rows are summed once; for each chunk the columns pass by in groups of panels. */
#define CHUNK 512
#define GROUP (TILE_PANELS * PANEL)

/* A call of either kernel; count columns. */
struct matrix {
	const float *rows, *columns;
	size_t row_stride, column_stride, count, dim;
	const struct tenon_packed *packed;
	float *scratch, *scores;
	bool pairs; /* columns are the rows, and a score is wanted only for those behind the row */
};

struct chunk {
	size_t first, end;
	float squared[CHUNK];
};

/* What a vector is to its cosines. */
enum nature { ORDINARY, SCALED, ZERO, NONFINITE };
struct judged {
	enum nature nature;
	struct scale by;
	float root;
};

/* Columns that are computed together. */
struct group {
	size_t first, width, panels;
	const float *panel;
	bool odd;          /* not all of them are ordinary; judged is then filled */
	float root[GROUP]; /* of ordinary columns; 1 behind the last */
	struct judged judged[GROUP];
};

/* ---- Sums -------------------------------------------------------------------------------------------------------- */

/*
 * d[r*GROUP + c] = the sum for row r and column c, of `rows` rows and `panels` panels. Both are constants, so that the
 * sums are registers.
 */
static inline __attribute__((always_inline)) void multiply_tile(const float *row, size_t stride, const float *panel,
	size_t dim, float *d, size_t rows, size_t panels)
{
	const size_t width = panels * PANEL_VECS;
	vec sum[TILE_SUMS];
	UNROLL
	for (size_t i = 0; i < rows * width; i++)
		sum[i] = vec_set(0);
	for (size_t k = 0; k < dim; k++) {
		vec column[TILE_PANELS * PANEL_VECS];
		UNROLL
		for (size_t w = 0; w < width; w++)
			column[w] = vec_load(panel + (w / PANEL_VECS * dim + k) * PANEL + w % PANEL_VECS * VEC_LANES);
		UNROLL
		for (size_t r = 0; r < rows; r++) {
			vec x = vec_set(row[r * stride + k]);
			UNROLL
			for (size_t w = 0; w < width; w++)
				sum[r * width + w] = vec_add(sum[r * width + w], vec_mul(x, column[w]));
		}
	}
	UNROLL
	for (size_t r = 0; r < rows; r++) {
		UNROLL
		for (size_t w = 0; w < width; w++)
			vec_store(d + r * GROUP + w * VEC_LANES, sum[r * width + w]);
	}
}

/* The sums of some of the left rows; returns how many. */
static size_t multiply_rows(const float *row, size_t stride, size_t left, const struct group *g, size_t dim, float *d)
{
#define TILE(tile_rows, tile_panels)                                                                   \
	if (left >= (tile_rows) && g->panels == (tile_panels)) {                                         \
		multiply_tile(row, stride, g->panel, dim, d, tile_rows, tile_panels);                    \
		return tile_rows;                                                                        \
	}
	TILES
#undef TILE
	return 0;
}

/* ---- Rare vectors ------------------------------------------------------------------------------------------------ */

static float scaled_dot(const float *a, size_t step_a, struct scale by_a, const float *b, size_t step_b, struct scale by_b,
	size_t n)
{
	float sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += a[i * step_a] * by_a.up * by_a.more * (b[i * step_b] * by_b.up * by_b.more);
	return sum;
}

/* What becomes of v[i*step], whose squared norm is given. */
static __attribute__((noinline, cold)) struct judged judge(const float *v, size_t step, size_t n, float squared)
{
	if (is_ordinary(squared))
		return (struct judged){ORDINARY, {1, 1}, sqrtf(squared)};
	uint32_t max = largest(v, n, step);
	if (max >= NOT_FINITE)
		return (struct judged){NONFINITE, {1, 1}, 1};
	if (max == 0)
		return (struct judged){ZERO, {1, 1}, 1};
	struct scale by = scale_of(max);
	return (struct judged){SCALED, by, sqrtf(scaled_dot(v, step, by, v, step, by, n))};
}

/* The scores of a row and the columns from `from` on where not all are ordinary. */
static __attribute__((noinline, cold)) int score_odd(const float *row, float squared, const struct group *g, size_t dim,
	const float *d, size_t from, float *scores)
{
	int status = TENON_OK;
	struct judged a = judge(row, 1, dim, squared);
	for (size_t c = from; c < g->width; c++) {
		const float *column = g->panel + c / PANEL * PANEL * dim + c % PANEL;
		struct judged b = g->odd ? g->judged[c] : (struct judged){ORDINARY, {1, 1}, g->root[c]};
		float x;
		if (a.nature == NONFINITE || b.nature == NONFINITE)
			x = NAN;
		else if (a.nature == ZERO || b.nature == ZERO)
			x = 0;
		else if (a.nature == ORDINARY && b.nature == ORDINARY)
			x = clamp(d[c] / (a.root * b.root));
		else
			x = clamp(scaled_dot(row, 1, a.by, column, PANEL, b.by, dim) / (a.root * b.root));
		if (x != x)
			status = TENON_ENONFINITE;
		scores[c - from] = x;
	}
	return status;
}

/* ---- Scores ------------------------------------------------------------------------------------------------------ */

static inline void score_ordinary(float root, const struct group *g, const float *d, float *scores)
{
	vec a = vec_set(root), one = vec_set(1), minus_one = vec_set(-1);
	for (size_t c = 0; c < g->panels * PANEL; c += VEC_LANES) {
		vec x = vec_div(vec_load(d + c), vec_mul(a, vec_load(g->root + c)));
		x = vec_select(vec_less(x, minus_one), minus_one, vec_select(vec_less(one, x), one, x));
		vec_store(scores + c, x);
	}
}

/* The scores of row i with a group, whose sums are d. */
static inline int score_row(const struct matrix *m, const struct group *g, size_t i, float squared, const float *d)
{
	size_t from = m->pairs && g->first <= i ? i + 1 - g->first : 0;
	size_t at = m->pairs ? m->count * i - i * (i + 1) / 2 + (g->first + from - i - 1) : m->count * i + g->first;
	float *scores = m->scores + at;
	if (!is_ordinary(squared) || g->odd)
		return score_odd(m->rows + i * m->row_stride, squared, g, m->dim, d, from, scores);
	if (from == 0 && g->width == g->panels * PANEL) {
		score_ordinary(sqrtf(squared), g, d, scores);
	} else {
		float x[GROUP];
		score_ordinary(sqrtf(squared), g, d, x);
		memcpy(scores, x + from, (g->width - from) * sizeof *x);
	}
	return TENON_OK;
}

static int score_group(const struct matrix *m, const struct group *g, const struct chunk *c)
{
	int status = TENON_OK;
	float d[TILE_ROWS * GROUP];
	size_t end = m->pairs && g->first + g->width - 1 < c->end ? g->first + g->width - 1 : c->end, rows;
	for (size_t i = c->first; i < end; i += rows) {
		rows = multiply_rows(m->rows + i * m->row_stride, m->row_stride, end - i, g, m->dim, d);
		for (size_t r = 0; r < rows; r++) {
			int row = score_row(m, g, i + r, c->squared[i + r - c->first], d + r * GROUP);
			status = row ? row : status;
		}
	}
	return status;
}

/* ---- Groups and chunks ------------------------------------------------------------------------------------------- */

static void judge_columns(struct group *g, size_t dim, const float squared[GROUP])
{
	for (size_t c = 0; c < g->panels * PANEL; c += VEC_LANES)
		vec_store(g->root + c, vec_sqrt(vec_load(squared + c)));
	for (size_t c = g->width; c < GROUP; c++)
		g->root[c] = 1;
	g->odd = false;
	for (size_t c = 0; c < g->width; c++)
		g->odd |= !is_ordinary(squared[c]);
	for (size_t c = 0; c < g->width && g->odd; c++)
		g->judged[c] = judge(g->panel + c / PANEL * PANEL * dim + c % PANEL, PANEL, dim, squared[c]);
}

/* The columns from `first` on, first a multiple of 16. */
static void take_group(const struct matrix *m, size_t first, struct group *g)
{
	float squared[GROUP];
	size_t left = m->count - first;
	g->first = first;
	g->panels = left > (TILE_PANELS - 1) * PANEL && m->dim <= TENON_PANEL_DIM ? TILE_PANELS : 1;
	g->width = left < g->panels * PANEL ? left : g->panels * PANEL;
	if (m->packed) {
		g->panel = m->packed->panel + first * m->dim;
		memcpy(squared, m->packed->squared + first, g->panels * PANEL * sizeof *squared);
	} else {
		g->panel = m->scratch;
		for (size_t p = 0; p < g->panels * PANEL; p += PANEL)
			pack_panel(m->columns + (first + p) * m->column_stride, g->width - p, m->column_stride, m->dim,
				m->scratch + p * m->dim, squared + p);
	}
	judge_columns(g, m->dim, squared);
}

static int score_chunk(const struct matrix *m, struct chunk *c)
{
	int status = TENON_OK;
	struct group g;
	for (size_t r = c->first; r < c->end; r += PANEL)
		pack_panel(m->rows + r * m->row_stride, c->end - r, m->row_stride, m->dim, NULL,
			c->squared + (r - c->first));
	for (size_t first = m->pairs ? (c->first + 1) / PANEL * PANEL : 0; first < m->count; first += g.width) {
		take_group(m, first, &g);
		int group = score_group(m, &g, c);
		status = group ? group : status;
	}
	return status;
}

static int score_matrix(const struct matrix *m, size_t begin, size_t end)
{
	int status = TENON_OK;
	struct chunk c;
	for (c.first = begin; c.first < end; c.first = c.end) {
		c.end = end - c.first < CHUNK ? end : c.first + CHUNK;
		int chunk = score_chunk(m, &c);
		status = chunk ? chunk : status;
	}
	return status;
}

static inline int similarity_matrix(const struct tenon_similarity_matrix_args *a, void *scratch)
{
	struct matrix m = {a->queries, a->centroids, a->query_stride, a->centroid_stride, a->n, a->dim, a->packed, scratch,
			   a->scores, false};
	return score_matrix(&m, 0, a->m);
}

static inline int pairwise_similarity(const struct tenon_pairwise_similarity_args *a, void *scratch)
{
	struct matrix m = {a->rows, a->rows, a->stride, a->stride, a->n, a->dim, a->packed, scratch, a->scores, true};
	return score_matrix(&m, a->begin, a->end);
}
