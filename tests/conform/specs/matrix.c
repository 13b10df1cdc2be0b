/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Specs of similarity_matrix and pairwise_similarity. Packed rows are packed here once more, by the words of
 * <tenon/backend.h>. No state.
 */
#include <string.h>

#include "tests/conform/law.h"
#include "tests/conform/specs/cosine.h"

enum { KIND = AXIS_OWN, DIM, N, M, PAD, PACKED, PLACE, VALUE };
enum { BEGIN = M, END = VALUE + 1 }; /* of pairwise_similarity */
enum kind { PLAIN, EDGE, WILD, LONE, SCALED, PARALLEL, WHOLE, KINDS };

static const char *const kinds[] = {"plain", "edge", "wild", "lone", "scaled", "parallel", "whole"};
static const char *const answers[] = {"no", "yes"};

enum { DIM_MAX = 5000, ROWS_MAX = 300 };

/* lone: one special value (VALUE) at PLACE of the rows. scaled: row PLACE by 2^VALUE. */
static const struct axis matrix_axes[] = {
	COMMON_AXES,
	{"kind", 0, KINDS - 1, kinds},
	{"dim", 0, DIM_MAX, NULL},
	{"n", 1, ROWS_MAX, NULL},
	{"m", 1, ROWS_MAX, NULL},
	{"pad", 0, 20, NULL},
	{"packed", 0, 1, answers},
	{"place", 0, 1 << 20, NULL},
	{"value", -160, 160, NULL},
	{NULL, 0, 0, NULL},
};

/* Rows begin to n - end, at most n and in order. */
static const struct axis pairwise_axes[] = {
	COMMON_AXES,
	{"kind", 0, KINDS - 1, kinds},
	{"dim", 0, DIM_MAX, NULL},
	{"n", 1, ROWS_MAX, NULL},
	{"begin", 0, ROWS_MAX, NULL},
	{"pad", 0, 20, NULL},
	{"packed", 0, 1, answers},
	{"place", 0, 1 << 20, NULL},
	{"value", -160, 160, NULL},
	{"end", 0, ROWS_MAX, NULL},
	{NULL, 0, 0, NULL},
};

/* ---- Rows -------------------------------------------------------------------------------------------------------- */

static size_t get(const struct trial *t, int axis)
{
	return (size_t)t->point.at[axis];
}

static size_t get_stride(const struct trial *t)
{
	return get(t, DIM) + get(t, PAD);
}

static float *make_rows(struct trial *t, const char *name, size_t count, unsigned stream)
{
	static const enum fill fills[KINDS] = {[EDGE] = FILL_EDGE, [WILD] = FILL_WILD, [WHOLE] = FILL_WHOLE};
	size_t floats = (count - 1) * get_stride(t) + get(t, DIM);
	float *rows = add_buffer(t, name, ROLE_IN, ELEMENT_F32, floats);
	fill_floats(rows, floats, stream_of(t, stream), fills[get(t, KIND)]);
	return rows;
}

/* The rows that are the second of each pair; first is the first of the others. */
static void spoil_rows(const struct trial *t, const float *first, float *rows, size_t count)
{
	static const float factors[] = {1, -1, 3, 0.1f};
	size_t dim = get(t, DIM), stride = get_stride(t), row = get(t, PLACE) / (dim + !dim) % count;
	int64_t value = t->point.at[VALUE];
	if (get(t, KIND) == LONE && dim)
		rows[row * stride + get(t, PLACE) % dim] = get_lone_value(value);
	if (get(t, KIND) == SCALED)
		scale_floats(rows + get(t, PLACE) % count * stride, dim, value);
	for (size_t r = 0; get(t, KIND) == PARALLEL && r < count; r++)
		for (size_t i = 0; i < dim; i++)
			rows[r * stride + i] = first[i] * factors[r % 4];
}

/* ---- Packing ----------------------------------------------------------------------------------------------------- */

/* The struct, the panels, the squared norms: three buffers, empty where nothing is packed. */
static void pack_rows(struct trial *t, const float *rows, size_t count)
{
	size_t dim = get(t, DIM), columns = get(t, PACKED) ? (count + 15) / 16 * 16 : 0;
	add_buffer(t, "packed", ROLE_IN, ELEMENT_U64, sizeof(struct tenon_packed) / 8);
	float *panel = add_buffer(t, "panel", ROLE_IN, ELEMENT_F32, columns * dim);
	t->buffer[t->buffers - 1].align = 64;
	float *squared = add_buffer(t, "squared", ROLE_IN, ELEMENT_F32, columns);
	t->buffer[t->buffers - 1].align = 64;
	for (size_t c = 0; c < columns; c++) {
		float lane[32] = {0};
		for (size_t k = 0; k < dim; k++) {
			float x = c < count ? rows[c * get_stride(t) + k] : 0;
			panel[(c / 16 * dim + k) * 16 + c % 16] = x;
			lane[k % 32] += x * x;
		}
		for (size_t w = 16; w; w /= 2)
			for (size_t j = 0; j < w; j++)
				lane[j] += lane[j + w];
		squared[c] = lane[0];
	}
}

static const struct tenon_packed *bind_packed(const struct trial *t, const struct placed *p, size_t first, size_t count)
{
	*(struct tenon_packed *)p->ours[first] =
		(struct tenon_packed){count, get(t, DIM), p->seen[first + 1], p->seen[first + 2]};
	return get(t, PACKED) ? p->seen[first] : NULL;
}

static double get_bound(const struct trial *t)
{
	double dim = (double)get(t, DIM), m = ceil(dim / 32) + 6, g = gamma_of(dim);
	if (!t->any_order)
		return g + 1.1 * gamma_of(m) + 4 * UNIT;
	return g + (1 + g) / (1 - g) * (g + 4 * UNIT + 10 * UNIT * UNIT);
}

static enum cosine_data get_data(const struct trial *t)
{
	return get(t, KIND) == WHOLE ? COSINE_WHOLE : get(t, KIND) == PLAIN ? COSINE_MANY : COSINE_ANY;
}

/* ---- Schedule ---------------------------------------------------------------------------------------------------- */

static struct point at(int64_t kind, int64_t dim, int64_t n, int64_t m, int64_t number)
{
	return (struct point){.at = {[KIND] = kind,
				     [DIM] = dim,
				     [N] = n,
				     [M] = m,
				     [PAD] = number % 3,
				     [PACKED] = number / 3 % 2,
				     [PLACE] = number * 7,
				     [VALUE] = number % 280 - 150}};
}

static void sweep(struct sweep *s)
{
	bool is_quick = get_profile(s) == PROFILE_QUICK;
	int64_t number = 0;
	for (int64_t dim = 0; dim <= (is_quick ? 40 : 131); dim++)
		for (int64_t kind = PLAIN; kind <= WILD; kind++, number++)
			visit(s, at(kind, dim, 1 + number % 7, 1 + number / 7 % 3, number));
	for (int64_t n = 1; n <= 70; n++)
		for (int64_t i = 0; i < (is_quick ? 1 : 20); i++, number++)
			visit(s, at(number % KINDS, 1 + number % 9, n, i < 1 ? 1 + n % 11 : 1 + i, number));
	for (int64_t i = 0; i < (is_quick ? 90 : 4000); i++, number++)
		visit(s, at(LONE + i % 3, 5 + i % 20, 3 + i % 20, 1 + i % 5, number));
	for (int64_t exponent = -150; exponent <= 127; exponent += is_quick ? 6 : 1, number++) {
		struct point point = at(SCALED, 37, 5, 3, number);
		point.at[VALUE] = exponent;
		visit(s, point);
	}
	for (int64_t dim = 1; dim <= 100; dim += is_quick ? 9 : 1, number++)
		visit(s, at(WHOLE, dim, 1 + number % 20, 1 + number % 5, number));
	visit(s, at(PLAIN, 300, 50, 20, 0));
	visit(s, at(PLAIN, 700, 33, 17, 3));
	visit_lengths(s, at(PLAIN, 0, 18, 9, 0), DIM, 132, is_quick ? 129 : DIM_MAX);
}

/* ---- similarity_matrix ------------------------------------------------------------------------------------------- */

enum { QUERIES, CENTROIDS, MATRIX_PACKED, MATRIX_PANEL, MATRIX_SQUARED, MATRIX_SCORES };

static void make_matrix(struct trial *t)
{
	const float *queries = make_rows(t, "queries", get(t, M), QUERIES);
	float *centroids = make_rows(t, "centroids", get(t, N), CENTROIDS);
	spoil_rows(t, queries, centroids, get(t, N));
	pack_rows(t, centroids, get(t, N));
	add_buffer(t, "scores", ROLE_OUT, ELEMENT_F32, get(t, M) * get(t, N));
}

static void bind_matrix(const struct trial *t, const struct placed *p, void *args)
{
	const struct tenon_packed *packed = bind_packed(t, p, MATRIX_PACKED, get(t, N));
	*(struct tenon_similarity_matrix_args *)args =
		(struct tenon_similarity_matrix_args){p->seen[QUERIES],
						      get(t, M),
						      get_stride(t),
						      packed ? NULL : p->seen[CENTROIDS],
						      get(t, N),
						      get_stride(t),
						      packed,
						      get(t, DIM),
						      p->seen[MATRIX_SCORES]};
}

static void judge_matrix(const struct trial *t, const struct placed *p, size_t buffer, size_t index,
			 struct answer *answer)
{
	const float *queries = t->buffer[QUERIES].content, *centroids = t->buffer[CENTROIDS].content;
	(void)p;
	(void)buffer;
	judge_cosine(queries + index / get(t, N) * get_stride(t), centroids + index % get(t, N) * get_stride(t),
		     get(t, DIM), get_bound(t), get_data(t), answer);
}

const struct spec spec_similarity_matrix = {.kernel = "similarity_matrix",
					    .axes = matrix_axes,
					    .sweep = sweep,
					    .make = make_matrix,
					    .bind = bind_matrix,
					    .judge = judge_matrix,
					    .laws = laws_of_matrix};

/* ---- pairwise_similarity ----------------------------------------------------------------------------------------- */

enum { ROWS, PAIR_PACKED, PAIR_PANEL, PAIR_SQUARED, PAIR_SCORES };

#define LEFT_ALONE 7.0f

static size_t get_begin(const struct trial *t)
{
	return get(t, BEGIN) < get(t, N) ? get(t, BEGIN) : get(t, N);
}

static size_t get_end(const struct trial *t)
{
	size_t most = get(t, N) - get_begin(t);
	return get(t, N) - (get(t, END) < most ? get(t, END) : most);
}

/* All of the triangle is compared: pairs of other rows are left alone. */
static void make_pairwise(struct trial *t)
{
	size_t n = get(t, N), pairs = n * (n - 1) / 2;
	float *rows = make_rows(t, "rows", n, ROWS);
	spoil_rows(t, rows, rows, n);
	pack_rows(t, rows, n);
	float *scores = add_buffer(t, "scores", ROLE_INOUT, ELEMENT_F32, pairs);
	for (size_t i = 0; i < pairs; i++)
		scores[i] = LEFT_ALONE;
}

static void bind_pairwise(const struct trial *t, const struct placed *p, void *args)
{
	*(struct tenon_pairwise_similarity_args *)args =
		(struct tenon_pairwise_similarity_args){p->seen[ROWS],
							get(t, N),
							get(t, DIM),
							get_stride(t),
							bind_packed(t, p, PAIR_PACKED, get(t, N)),
							get_begin(t),
							get_end(t),
							p->seen[PAIR_SCORES]};
}

static void judge_pairwise(const struct trial *t, const struct placed *p, size_t buffer, size_t index,
			   struct answer *answer)
{
	const float *rows = t->buffer[ROWS].content;
	size_t i = 0, j = index + 1;
	(void)p;
	(void)buffer;
	for (; j >= get(t, N); i++)
		j = j - get(t, N) + i + 2;
	if (i < get_begin(t) || i >= get_end(t))
		*answer = (struct answer){.value = (double)LEFT_ALONE};
	else
		judge_cosine(rows + i * get_stride(t), rows + j * get_stride(t), get(t, DIM), get_bound(t), get_data(t),
			     answer);
}

/* begin is M, which the schedule sets beyond the first rows; a third of the cases ends before the last. */
static void sweep_pairwise(struct sweep *s)
{
	sweep(s);
	for (int64_t n = 2; n <= (get_profile(s) == PROFILE_QUICK ? 24 : 60); n++)
		for (int64_t begin = 0; begin <= n; begin += get_profile(s) == PROFILE_QUICK ? 5 : 1) {
			struct point point = at(n % 3, 1 + n % 9, n, begin, n + begin);
			point.at[END] = (n + begin) % 3;
			visit(s, point);
		}
}

const struct spec spec_pairwise_similarity = {.kernel = "pairwise_similarity",
					      .axes = pairwise_axes,
					      .sweep = sweep_pairwise,
					      .make = make_pairwise,
					      .bind = bind_pairwise,
					      .judge = judge_pairwise,
					      .laws = laws_of_pairs};
