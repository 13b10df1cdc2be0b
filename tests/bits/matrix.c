/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bit identity of the matrix-shaped kernels: every count of rows and columns around the tiles and panels, every length
 * at every alignment, packed and not, special values in each place, every magnitude, parallel rows, parts of
 * the triangle.
 */
#include "tests/bits/bits.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/packed.h"

/* One of the two kernels; both take a case of the same kind. */
struct family {
	uint64_t id;
	tenon_kernel_fn *function;
	struct bits *bits;
	uint64_t number; /* of the case */
};

struct shape {
	size_t m, n, dim;
	int special;
};

/* Buffers flush with the end of their memory, at chosen distances from a 64-byte boundary. Pairs have rows alone. */
struct data {
	struct shape shape;
	size_t stride, query_at, row_at, score_at, scores;
	float *queries, *rows, *result;
};

static bool is_pairs(const struct family *f)
{
	return f->id == TENON_ID_pairwise_similarity;
}

static struct data make_data(struct family *f, struct shape s)
{
	uint64_t random = bits_random(f->id, ++f->number, 9, 0);
	struct data d = {.shape = s,
			 .stride = s.dim + random % 3,
			 .query_at = random / 4 % 16,
			 .row_at = f->number % 16,
			 .score_at = random / 64 % 16,
			 .scores = is_pairs(f) ? s.n * (s.n - 1) / 2 : s.m * s.n};
	size_t queries = (s.m - 1) * d.stride + s.dim, rows = (s.n - 1) * d.stride + s.dim;
	d.queries = bits_alloc(queries, d.query_at);
	d.rows = bits_alloc(rows, d.row_at);
	d.result = bits_alloc(d.scores + 1, d.score_at);
	bits_fill(d.queries, queries, f->id, f->number, 0, s.special == BITS_WILD ? BITS_EDGE : s.special);
	bits_fill(d.rows, rows, f->id, f->number, 1, s.special);
	return d;
}

static int call(struct family *f, const struct data *d, const struct tenon_packed *packed, void *scratch)
{
	const struct shape *s = &d->shape;
	struct tenon_similarity_matrix_args matrix = {
		d->queries, s->m, d->stride, packed ? NULL : d->rows, s->n, d->stride, packed, s->dim, d->result};
	struct tenon_pairwise_similarity_args pairs = {d->rows, s->n, s->dim, d->stride, packed, 0, s->n, d->result};
	if (f->number % 4 == 3 && s->n > 4) { /* a part of the triangle */
		pairs.begin = s->n / 3;
		pairs.end = s->n - s->n / 4;
	}
	return f->function(is_pairs(f) ? (void *)&pairs : (void *)&matrix, scratch);
}

static struct tenon_packed *pack(const struct data *d)
{
	struct tenon_packed *packed;
	if (make_packed(d->rows, d->shape.n, d->shape.dim, d->stride, &packed, NULL)) {
		fputs("Bail out! out of memory\n", stdout);
		exit(1);
	}
	return packed;
}

/* Runs the case, every other one packed, and frees its data. The float behind the scores tells an overrun. */
static void run_data(struct family *f, struct data *d)
{
	struct tenon_packed *packed = f->number % 2 ? NULL : pack(d);
	size_t floats = packed ? 0 : TENON_PANEL_SCRATCH(d->shape.n, d->shape.dim) / sizeof(float);
	float *scratch = bits_alloc(floats, 0);
	for (size_t i = 0; i <= d->scores; i++)
		d->result[i] = 1234;
	memset(scratch, 0xa5, floats * sizeof *scratch);
	int status = call(f, d, packed, packed ? NULL : scratch);
	bits_add_floats(f->bits, d->result, d->scores + 1);
	bits_case(f->bits, status);
	bits_free(scratch, 0);
	bits_free(d->queries, d->query_at);
	bits_free(d->rows, d->row_at);
	bits_free(d->result, d->score_at);
	free_packed(packed);
}

static void run_case(struct family *f, struct shape s)
{
	struct data d = make_data(f, s);
	run_data(f, &d);
}

static void every_length(struct family *f)
{
	for (size_t dim = 0; dim <= 4 * 16 + 3; dim++)
		for (int special = BITS_PLAIN; special <= BITS_WILD; special++)
			for (int offset = 0; offset < 16; offset++)
				run_case(f, (struct shape){1 + f->number % 19, 2 + f->number % 21, dim, special});
}

static void every_count(struct family *f)
{
	for (size_t n = 1; n <= 4 * 16 + 3; n++)
		for (size_t m = 1; m <= (is_pairs(f) ? 6 : 2 * 16 + 3); m++)
			run_case(f, (struct shape){m, n, 5 + m % 4, (int)(n % 2)});
}

static void large_ones(struct family *f)
{
	static const struct shape shapes[] = {{3, 20, 1023, 1}, {40, 16, 768, 0},  {9, 50, 769, 1},   {2, 17, 4095, 0},
					      {2, 33, 4096, 0}, {2, 34, 4097, 0},  {1, 18, 10007, 1}, {514, 3, 9, 0},
					      {600, 49, 7, 0},  {1030, 16, 33, 0}, {5, 530, 17, 0},   {5, 1040, 3, 1}};
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
		for (int k = 0; k < 4; k++)
			run_case(f, shapes[i]);
}

/* Each special value alone in places of every row and of every query. */
static void special_places(struct family *f)
{
	static const float values[] = {NAN,        INFINITY, -INFINITY, -0.0f,  0x1p-149f,
				       -0x1p-126f, FLT_MAX,  -FLT_MAX,  0x1p64f};
	struct shape s = {18, 50, 19, BITS_PLAIN};
	for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
		for (size_t place = 0; place < s.n * s.dim; place += 3) {
			struct data d = make_data(f, s);
			d.rows[place / s.dim * d.stride + place % s.dim] = values[v];
			run_data(f, &d);
		}
		for (size_t place = 0; place < s.m * s.dim; place += 2) {
			struct data d = make_data(f, s);
			d.queries[place / s.dim * d.stride + place % s.dim] = values[v];
			run_data(f, &d);
		}
	}
}

static void scale_row(float *row, size_t n, int exponent)
{
	for (size_t i = 0; i < n; i++)
		row[i] = ldexpf(row[i], exponent);
}

/* A query, a row, both, or one up and one down; and rows that are all zero. */
static void magnitudes(struct family *f)
{
	for (int exponent = -150; exponent <= 128; exponent++)
		for (int what = 1; what <= 4; what++) {
			struct data d = make_data(f, (struct shape){3, 19, 21, BITS_PLAIN});
			int down = exponent == 128 ? -300 : exponent;
			if (what & 1 || what == 4)
				scale_row(d.queries + d.stride, 21, what == 4 ? -exponent : down);
			if (what & 1 || what == 4)
				scale_row(d.rows + 4 * d.stride, 21, what == 4 ? -exponent : down);
			if (what & 2 || what == 4)
				scale_row(d.rows + 17 * d.stride, 21, down);
			run_data(f, &d);
		}
}

/* One element each, stepping over the limits where a squared norm leaves its range. */
static void limits(struct family *f)
{
	static const float at[] = {0x1p-50f, 0x1.fffffep63f, 0x1.6a09e6p-63f, 0x1p-75f};
	for (size_t i = 0; i < 4; i++)
		for (int step = -20; step <= 20; step++) {
			struct data d = make_data(f, (struct shape){3, 18, 1, BITS_PLAIN});
			uint32_t word;
			memcpy(&word, &at[i], sizeof word);
			word += (uint32_t)step;
			memcpy(step % 2 ? d.queries : d.rows, &word, sizeof word);
			memcpy(d.rows + 16 * d.stride, &word, sizeof word);
			run_data(f, &d);
		}
}

/* Rows that are multiples of each other: cosines that rounding takes beyond 1. */
static void parallel(struct family *f)
{
	static const float factor[] = {1, -1, 3, 0.1f, 7};
	for (size_t dim = 1; dim <= 200; dim++) {
		struct data d = make_data(f, (struct shape){5, 17, dim, BITS_PLAIN});
		for (size_t r = 0; r < 17; r++)
			for (size_t i = 0; i < dim; i++)
				d.rows[r * d.stride + i] = d.queries[i] * factor[r % 5];
		run_data(f, &d);
	}
}

static void run_family(uint64_t id, tenon_kernel_fn *function, struct bits *bits)
{
	struct family f = {id, function, bits, 0};
	every_length(&f);
	every_count(&f);
	large_ones(&f);
	special_places(&f);
	magnitudes(&f);
	limits(&f);
	parallel(&f);
}

void bits_similarity_matrix(tenon_kernel_fn *function, struct bits *bits)
{
	run_family(TENON_ID_similarity_matrix, function, bits);
}

void bits_pairwise_similarity(tenon_kernel_fn *function, struct bits *bits)
{
	run_family(TENON_ID_pairwise_similarity, function, bits);
}
