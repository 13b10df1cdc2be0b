/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bit identity of the query-against-rows family: every length around the 32 lanes at every alignment, long vectors,
 * row counts around the blocks, each special value in each lane, every magnitude, parallel vectors.
 */
#include "tests/bits/bits.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef int run_rows_fn(tenon_kernel_fn *function, const struct tenon_inner_product_args *a);

struct family {
	uint64_t id;
	run_rows_fn *run;
	tenon_kernel_fn *function;
	struct bits *bits;
	uint64_t number; /* of the case */
};

/* Query and rows, each flush with the end of its memory, at chosen distances from a 64-byte boundary. */
struct data {
	size_t count, dim, stride, query_offset, row_offset;
	float *query, *rows, *scores;
};

static struct data make_data(struct family *f, size_t count, size_t dim, size_t pad, int special)
{
	struct data d = {.count = count, .dim = dim, .stride = dim + pad};
	uint64_t random = bits_random(f->id, ++f->number, 9, 0);
	d.query_offset = random % 16;
	d.row_offset = f->number % 16;
	size_t floats = (count - 1) * d.stride + dim;
	d.query = bits_alloc(dim, d.query_offset);
	d.rows = bits_alloc(floats, d.row_offset);
	d.scores = bits_alloc(count + 1, random / 16 % 16);
	bits_fill(d.query, dim, f->id, f->number, 0, special == BITS_WILD ? BITS_EDGE : special);
	bits_fill(d.rows, floats, f->id, f->number, 1, special);
	return d;
}

/* Runs the case and frees its data. The float behind the scores tells an overrun. */
static void run_data(struct family *f, struct data *d)
{
	for (size_t i = 0; i <= d->count; i++)
		d->scores[i] = 1234;
	struct tenon_inner_product_args a = {d->query, d->rows, d->count, d->dim, d->stride, d->scores};
	int status = f->run(f->function, &a);
	bits_add_floats(f->bits, d->scores, d->count + 1);
	bits_case(f->bits, status);
	bits_free(d->query, d->query_offset);
	bits_free(d->rows, d->row_offset);
	bits_free(d->scores, bits_random(f->id, f->number, 9, 0) / 16 % 16);
}

static void every_length(struct family *f)
{
	for (size_t dim = 0; dim <= 4 * 32 + 3; dim++)
		for (int special = BITS_PLAIN; special <= BITS_WILD; special++)
			for (int offset = 0; offset < 16; offset++) {
				struct data d = make_data(f, 3, dim, f->number % 7, special);
				run_data(f, &d);
			}
}

static void long_vectors(struct family *f)
{
	static const size_t dims[] = {255,  256,  257,  383,  509,  511,  512,  513,  768,  769,  1021,  1023,
				      1024, 1025, 1536, 2047, 2048, 2049, 4093, 4095, 4096, 4097, 10007, 65537};
	for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
		for (int special = BITS_PLAIN; special <= BITS_EDGE; special++) {
			struct data d = make_data(f, 2, dims[i], i % 3, special);
			run_data(f, &d);
		}
}

static void row_counts(struct family *f)
{
	static const size_t dims[] = {1, 16, 33, 100};
	for (size_t count = 1; count <= 2 * 32 + 3; count++)
		for (size_t i = 0; i < 4; i++)
			for (int special = BITS_PLAIN; special <= BITS_WILD; special++) {
				struct data d = make_data(f, count, dims[i], 0, BITS_PLAIN);
				/* Special rows are rare, so that most of a block is ordinary. */
				if (special)
					bits_fill(d.rows + count / 2 * d.stride, dims[i], f->id, f->number, 2, special);
				run_data(f, &d);
			}
}

/* Each special value alone in each place of the query or of a row. */
static void special_places(struct family *f)
{
	static const float values[] = {NAN,        INFINITY, -INFINITY, -0.0f,  0x1p-149f,
				       -0x1p-126f, FLT_MAX,  -FLT_MAX,  0x1p64f};
	size_t dim = 4 * 32 + 3;
	for (size_t v = 0; v < sizeof values / sizeof *values; v++)
		for (size_t place = 0; place < 2 * dim; place++) {
			struct data d = make_data(f, 2, dim, 1, BITS_PLAIN);
			if (place < dim)
				d.query[place] = values[v];
			else
				d.rows[place - dim] = values[v];
			run_data(f, &d);
		}
}

static void scale(float *v, size_t n, int exponent)
{
	for (size_t i = 0; i < n; i++)
		v[i] = ldexpf(v[i], exponent);
}

static void magnitudes(struct family *f)
{
	for (int exponent = -150; exponent <= 127; exponent++)
		for (int what = 1; what <= 4; what++) {
			struct data d = make_data(f, 3, 37, 2, BITS_PLAIN);
			if (what & 1 || what == 4)
				scale(d.query, d.dim, what == 4 ? -exponent : exponent);
			if (what & 2 || what == 4)
				scale(d.rows + d.stride, d.dim, exponent);
			run_data(f, &d);
		}
}

/* One element each, stepping over the limits where a squared norm leaves its range. */
static void limits(struct family *f)
{
	static const float at[] = {0x1p-50f, 0x1.fffffep63f, 0x1.6a09e6p-63f, 0x1p-75f};
	for (size_t i = 0; i < 4; i++)
		for (int query = 0; query < 2; query++)
			for (int step = -20; step <= 20; step++) {
				struct data d = make_data(f, 3, 1, 0, BITS_PLAIN);
				uint32_t word;
				memcpy(&word, &at[i], sizeof word);
				word += (uint32_t)step;
				memcpy(query ? d.query : d.rows + 1, &word, sizeof word);
				run_data(f, &d);
			}
}

/* Rows that are multiples of the query: cosines that rounding takes beyond 1. */
static void parallel(struct family *f)
{
	for (size_t dim = 1; dim <= 200; dim++) {
		struct data d = make_data(f, 4, dim, 0, BITS_PLAIN);
		for (size_t i = 0; i < 4 * dim; i++)
			d.rows[i] = d.query[i % dim] * (i < dim ? 1 : i < 2 * dim ? -1 : i < 3 * dim ? 3 : 0.1f);
		run_data(f, &d);
	}
}

static void bits_rows(uint64_t id, run_rows_fn *run, tenon_kernel_fn *function, struct bits *bits)
{
	struct family f = {id, run, function, bits, 0};
	every_length(&f);
	long_vectors(&f);
	row_counts(&f);
	special_places(&f);
	magnitudes(&f);
	limits(&f);
	parallel(&f);
}

static int run_inner_product(tenon_kernel_fn *function, const struct tenon_inner_product_args *a)
{
	return function(a, NULL);
}

static int run_vector_similarity(tenon_kernel_fn *function, const struct tenon_inner_product_args *a)
{
	struct tenon_vector_similarity_args b = {a->query, a->rows, a->count, a->dim, a->stride, a->scores};
	return function(&b, NULL);
}

void bits_vector_similarity(tenon_kernel_fn *function, struct bits *bits)
{
	bits_rows(TENON_ID_vector_similarity, run_vector_similarity, function, bits);
}

void bits_inner_product(tenon_kernel_fn *function, struct bits *bits)
{
	bits_rows(TENON_ID_inner_product, run_inner_product, function, bits);
}

static int run_squared_distance(tenon_kernel_fn *function, const struct tenon_inner_product_args *a)
{
	struct tenon_squared_distance_args b = {a->query, a->rows, a->count, a->dim, a->stride, a->scores};
	return function(&b, NULL);
}

void bits_squared_distance(tenon_kernel_fn *function, struct bits *bits)
{
	bits_rows(TENON_ID_squared_distance, run_squared_distance, function, bits);
}
