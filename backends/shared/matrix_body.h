/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The matrix-shaped kernels over vec.h, included by each ISA's matrix.c after its vec.h and the size of its tiles. The
 * sums of pairs are sequential, as the plain triple loop has them: lanes and registers are pairs. A tile is some rows by
 * one or three packed panels, whose sums stay in registers from the first dimension to the last. The arithmetic is in
 * docs/NUMERICS.md. Pure but for the scratch, in which panels are packed.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <tenon/backend.h>

#include "backends/shared/lanes.h"
#include "backends/shared/panel.h"

/* The norms of a chunk of rows are summed once, behind its first tiles; the columns pass by in groups. */
#define CHUNK 512

/* Rows that a tile with three panels has at most. */
#define AHEAD_ROWS (TILE_ROWS < 8 ? TILE_ROWS : 8)

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
	size_t squared_end; /* the first row whose squared norm is not there yet */
	float squared[CHUNK];
};

/* What a vector is to its cosines. */
enum nature { ORDINARY, SCALED, ZERO, NONFINITE };
struct judged {
	enum nature nature;
	struct scale by;
	float root;
};

/* What columns bring to their cosines. */
struct columns {
	float root[GROUP]; /* of ordinary ones; 1 behind the last */
	struct judged judged[GROUP];
};

/* Columns that are computed together. */
struct group {
	size_t first, width, panels;
	const float *panel;
	const float *root;
	const struct judged *judged; /* NULL: all are ordinary */
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
		vec column[GROUP_PANELS * PANEL_VECS];
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
#define TILE(tile_rows, tile_panels)                                                                          \
	if (left >= (tile_rows) && g->panels % (tile_panels) == 0) {                                          \
		for (size_t p = 0; p < g->panels; p += (tile_panels))                                         \
			multiply_tile(row, stride, g->panel + p * PANEL * dim, dim, d + p * PANEL, tile_rows, \
				      tile_panels);                                                           \
		return tile_rows;                                                                             \
	}
	TILES
#undef TILE
	return 0;
}

/* ---- Rare vectors ------------------------------------------------------------------------------------------------ */

/* Sequential, unlike the norms. */
static float scaled_dot(const float *a, size_t step_a, struct scale by_a, const float *b, size_t step_b,
			struct scale by_b, size_t n)
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
	return (struct judged){SCALED, by, sqrtf(scaled_norm(v, step, by, n))};
}

/* The scores of a row and the columns from `from` on where not all are ordinary. */
static __attribute__((noinline, cold)) int score_odd(const float *row, float squared, const struct group *g, size_t dim,
						     const float *d, size_t from, float *scores)
{
	int status = TENON_OK;
	struct judged a = judge(row, 1, dim, squared);
	for (size_t c = from; c < g->width; c++) {
		const float *column = g->panel + c / PANEL * PANEL * dim + c % PANEL;
		struct judged b = g->judged ? g->judged[c] : (struct judged){ORDINARY, {1, 1}, g->root[c]};
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

/* The first column of a group that row i is scored with. */
static inline size_t first_column(const struct matrix *m, const struct group *g, size_t i)
{
	return m->pairs && g->first <= i ? i + 1 - g->first : 0;
}

/* Where its score goes. */
static inline float *find_scores(const struct matrix *m, const struct group *g, size_t i)
{
	size_t column = g->first + first_column(m, g, i);
	return m->scores + (m->pairs ? m->count * i - i * (i + 1) / 2 + (column - i - 1) : m->count * i + column);
}

/* The scores of row i with a group, whose sums are d. */
static inline int score_row(const struct matrix *m, const struct group *g, size_t i, float squared, const float *d)
{
	size_t from = first_column(m, g, i);
	float *scores = find_scores(m, g, i);
	if (!is_ordinary(squared) || g->judged)
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

/* The scores of a tile's rows are far from each other: asked for now, they are there when its sums are. */
static inline void expect_scores(const struct matrix *m, const struct group *g, size_t i, size_t end)
{
	for (size_t r = i; r < end && r < i + AHEAD_ROWS; r++) {
		const char *scores = (const char *)find_scores(m, g, r);
		for (size_t at = 0; at < g->panels * PANEL * sizeof(float); at += 64)
			__builtin_prefetch(scores + at, 1);
	}
}

/* Squared norms of the chunk's rows up to end, where they are missing: behind their sums, which brought them to the cache. */
static void square_rows(const struct matrix *m, struct chunk *c, size_t end)
{
	for (; c->squared_end < end; c->squared_end++)
		c->squared[c->squared_end - c->first] = square_row(m->rows + c->squared_end * m->row_stride, m->dim);
}

/* Rows behind the end may be summed, but are not scored. */
static int score_rows(const struct matrix *m, const struct group *g, struct chunk *c, size_t begin, size_t end)
{
	int status = TENON_OK;
	float d[TILE_ROWS * GROUP];
	for (size_t i = begin, rows; i < end; i += rows) {
		expect_scores(m, g, i, end);
		rows = multiply_rows(m->rows + i * m->row_stride, m->row_stride, (m->pairs ? m->count : end) - i, g,
				     m->dim, d);
		square_rows(m, c, end - i < rows ? end : i + rows);
		for (size_t r = 0; r < rows && i + r < end; r++) {
			int row = score_row(m, g, i + r, c->squared[i + r - c->first], d + r * GROUP);
			status = row ? row : status;
		}
	}
	return status;
}

/*
 * Rows before a group and beside its first panel take it whole; of those further down, whose pairs are in the corner at
 * the diagonal, each panel takes what it has.
 */
static int score_pairs(const struct matrix *m, const struct group *g, struct chunk *c)
{
	size_t end = g->first + g->width - 1 < c->end ? g->first + g->width - 1 : c->end;
	size_t corner = g->first + PANEL < end ? g->first + PANEL : end;
	int status = score_rows(m, g, c, c->first, corner);
	for (size_t p = PANEL; p < g->width; p += PANEL) {
		struct group one = {g->first + p,
				    g->width - p < PANEL ? g->width - p : PANEL,
				    1,
				    g->panel + p * m->dim,
				    g->root + p,
				    g->judged ? g->judged + p : NULL};
		size_t last = one.first + one.width - 1 < end ? one.first + one.width - 1 : end;
		int rest = score_rows(m, &one, c, corner > c->first ? corner : c->first, last);
		status = rest ? rest : status;
	}
	return status;
}

/* ---- Groups and chunks ------------------------------------------------------------------------------------------- */

static void judge_columns(struct group *g, size_t dim, const float squared[GROUP], struct columns *columns)
{
	bool odd = false;
	for (size_t c = 0; c < g->panels * PANEL; c += VEC_LANES)
		vec_store(columns->root + c, vec_sqrt(vec_load(squared + c)));
	for (size_t c = g->width; c < GROUP; c++)
		columns->root[c] = 1;
	for (size_t c = 0; c < g->width; c++)
		odd |= !is_ordinary(squared[c]);
	for (size_t c = 0; c < g->width && odd; c++)
		columns->judged[c] = judge(g->panel + c / PANEL * PANEL * dim + c % PANEL, PANEL, dim, squared[c]);
	g->root = columns->root;
	g->judged = odd ? columns->judged : NULL;
}

/* The columns from `first` on, first a multiple of 16. */
static struct group take_group(const struct matrix *m, size_t first, struct columns *columns)
{
	float squared[GROUP];
	size_t left = m->count - first, panels = 1;
	if (left > (GROUP_PANELS - 1) * PANEL && m->dim <= TENON_PANEL_DIM)
		panels = GROUP_PANELS;
	struct group g = {.first = first, .width = left < panels * PANEL ? left : panels * PANEL, .panels = panels};
	if (m->packed) {
		g.panel = m->packed->panel + first * m->dim;
		memcpy(squared, m->packed->squared + first, panels * PANEL * sizeof *squared);
	} else {
		g.panel = m->scratch;
		for (size_t p = 0; p < panels * PANEL; p += PANEL)
			pack_panel(m->columns + (first + p) * m->column_stride, g.width - p, m->column_stride, m->dim,
				   m->scratch + p * m->dim, squared + p);
	}
	judge_columns(&g, m->dim, squared, columns);
	return g;
}

static int score_chunk(const struct matrix *m, struct chunk *c)
{
	int status = TENON_OK;
	struct columns columns;
	for (size_t first = m->pairs ? (c->first + 1) / PANEL * PANEL : 0; first < m->count;) {
		struct group g = take_group(m, first, &columns);
		int group = m->pairs ? score_pairs(m, &g, c) : score_rows(m, &g, c, c->first, c->end);
		status = group ? group : status;
		first += g.width;
	}
	return status;
}

static int score_matrix(const struct matrix *m, size_t begin, size_t end)
{
	int status = TENON_OK;
	struct chunk c;
	for (c.first = begin; c.first < end; c.first = c.end) {
		c.end = end - c.first < CHUNK ? end : c.first + CHUNK;
		c.squared_end = c.first;
		int chunk = score_chunk(m, &c);
		status = chunk ? chunk : status;
	}
	return status;
}

static inline int similarity_matrix(const struct tenon_similarity_matrix_args *a, void *scratch)
{
	struct matrix m = {a->queries, a->centroids, a->query_stride, a->centroid_stride, a->n,
			   a->dim,     a->packed,    scratch,         a->scores,          false};
	return score_matrix(&m, 0, a->m);
}

static inline int pairwise_similarity(const struct tenon_pairwise_similarity_args *a, void *scratch)
{
	struct matrix m = {a->rows, a->rows, a->stride, a->stride, a->n, a->dim, a->packed, scratch, a->scores, true};
	/* The last row has no pairs of its own. */
	return score_matrix(&m, a->begin, a->end < a->n ? a->end : a->n - 1);
}
