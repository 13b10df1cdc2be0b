/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * OpenBLAS in one thread, with its best kernels for this CPU: it picks AVX2 ones on CPUs that it does not know, and a
 * shell may export OPENBLAS_CORETYPE, so that is set before it is loaded. A cosine is a product of matrices and the
 * norms; where the race packs a matrix beforehand, its norms are computed beforehand too.
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/peers/peers.h"

enum { ROW_MAJOR = 101, NO_TRANS = 111, TRANS = 112, UPPER = 121 };

static any_fn *any_sdot, *any_sgemv, *any_sgemm, *any_ssyrk, *any_threads, *any_corename, *any_config;
static const struct symbol symbols[] = {
	{"cblas_sdot", &any_sdot},
	{"cblas_sgemv", &any_sgemv},
	{"cblas_sgemm", &any_sgemm},
	{"cblas_ssyrk", &any_ssyrk},
	{"openblas_set_num_threads", &any_threads},
	{"openblas_get_corename", &any_corename},
	{"openblas_get_config", &any_config},
};

typedef float sdot_fn(int n, const float *x, int step_x, const float *y, int step_y);
typedef void sgemv_fn(int order, int trans, int m, int n, float alpha, const float *a, int lda, const float *x,
		      int step_x, float beta, float *y, int step_y);
typedef void sgemm_fn(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a, int lda,
		      const float *b, int ldb, float beta, float *c, int ldc);
typedef void ssyrk_fn(int order, int part, int trans, int n, int k, float alpha, const float *a, int lda, float beta,
		      float *c, int ldc);

static bool open_openblas(char *message, size_t size)
{
	const char *core = NULL;
#if defined __x86_64__
	core = __builtin_cpu_supports("avx512bw") ? "SKYLAKEX" : __builtin_cpu_supports("avx2") ? "HASWELL" : NULL;
#endif
	if (core)
		setenv("OPENBLAS_CORETYPE", core, 1);
	else
		unsetenv("OPENBLAS_CORETYPE");
	setenv("OPENBLAS_NUM_THREADS", "1", 1);
	if (!OPEN_LIBRARY(symbols, message, size, "libopenblas.so.0", "libopenblas.so"))
		return false;
	((void (*)(int))any_threads)(1);
	char version[32] = "";
	sscanf(((const char *(*)(void))any_config)(), "OpenBLAS %31s", version);
	snprintf(message, size, "%s, %s kernels", version, ((const char *(*)(void))any_corename)());
	return true;
}

static float dot(const float *x, const float *y, size_t n)
{
	return ((sdot_fn *)any_sdot)((int)n, x, 1, y, 1);
}

static void invert_norms(const float *rows, size_t count, size_t dim, size_t stride, float *inverse)
{
	for (size_t r = 0; r < count; r++)
		inverse[r] = 1 / sqrtf(dot(rows + r * stride, rows + r * stride, dim));
}

/* Contiguous, so that the compiler can vectorise it. */
static void scale(const float *in, const float *inverse, float factor, float *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = in[i] * (inverse[i] * factor);
}

/* ---- One query and rows ------------------------------------------------------------------------------------------ */

static void multiply_rows(const struct tenon_vector_similarity_args *a)
{
	((sgemv_fn *)any_sgemv)(ROW_MAJOR, NO_TRANS, (int)a->count, (int)a->dim, 1, a->rows, (int)a->stride, a->query,
				1, 0, a->scores, 1);
}

static void run_cosine(void *context, size_t times)
{
	const struct trial *trial = context;
	const struct tenon_vector_similarity_args *a = trial->args;
	for (size_t t = 0; t < times; t++) {
		multiply_rows(a);
		invert_norms(a->rows, a->count, a->dim, a->stride, trial->own);
		scale(a->scores, trial->own, 1 / sqrtf(dot(a->query, a->query, a->dim)), a->scores, a->count);
	}
}

static void run_inner_product(void *context, size_t times)
{
	const struct trial *trial = context;
	for (size_t t = 0; t < times; t++)
		multiply_rows(trial->args);
}

static bool prepare_cosine(struct trial *trial)
{
	trial->own = make_memory(((const struct tenon_vector_similarity_args *)trial->args)->count * sizeof(float));
	return true;
}

static void free_own(struct trial *trial)
{
	free(trial->own);
}

/* ---- Matrices ---------------------------------------------------------------------------------------------------- */

struct own {
	float *rows, *inverse, *products; /* rows: what was packed, else NULL */
};

static float *unpack(const struct tenon_packed *packed)
{
	float *rows = make_memory(packed->count * packed->dim * sizeof *rows);
	for (size_t r = 0; r < packed->count; r++)
		for (size_t k = 0; k < packed->dim; k++)
			rows[r * packed->dim + k] =
				packed->panel[(r / TENON_PANEL_ROWS * packed->dim + k) * TENON_PANEL_ROWS +
					      r % TENON_PANEL_ROWS];
	return rows;
}

static void run_matrix(void *context, size_t times)
{
	const struct trial *trial = context;
	const struct tenon_similarity_matrix_args *a = trial->args;
	const struct own *own = trial->own;
	const float *centroids = own->rows ? own->rows : a->centroids;
	size_t stride = own->rows ? a->dim : a->centroid_stride;
	for (size_t t = 0; t < times; t++) {
		((sgemm_fn *)any_sgemm)(ROW_MAJOR, NO_TRANS, TRANS, (int)a->m, (int)a->n, (int)a->dim, 1, a->queries,
					(int)a->query_stride, centroids, (int)stride, 0, a->scores, (int)a->n);
		if (!own->rows)
			invert_norms(centroids, a->n, a->dim, stride, own->inverse);
		for (size_t q = 0; q < a->m; q++) {
			const float *query = a->queries + q * a->query_stride;
			scale(a->scores + q * a->n, own->inverse, 1 / sqrtf(dot(query, query, a->dim)),
			      a->scores + q * a->n, a->n);
		}
	}
}

/* The squared norms are the diagonal. */
static void run_pairs(void *context, size_t times)
{
	const struct trial *trial = context;
	const struct tenon_pairwise_similarity_args *a = trial->args;
	const struct own *own = trial->own;
	for (size_t t = 0; t < times; t++) {
		float *out = a->scores;
		((ssyrk_fn *)any_ssyrk)(ROW_MAJOR, UPPER, NO_TRANS, (int)a->n, (int)a->dim, 1,
					own->rows ? own->rows : a->rows, (int)(own->rows ? a->dim : a->stride), 0,
					own->products, (int)a->n);
		for (size_t i = 0; i < a->n; i++)
			own->inverse[i] = 1 / sqrtf(own->products[i * a->n + i]);
		for (size_t i = 0; i + 1 < a->n; i++) {
			size_t count = a->n - i - 1;
			scale(own->products + i * a->n + i + 1, own->inverse + i + 1, own->inverse[i], out, count);
			out += count;
		}
	}
}

static bool prepare_matrix(struct trial *trial)
{
	const struct tenon_similarity_matrix_args *a = trial->args;
	struct own *own = trial->own = make_memory(sizeof *own);
	own->inverse = make_memory(a->n * sizeof *own->inverse);
	if (a->packed) {
		own->rows = unpack(a->packed);
		invert_norms(own->rows, a->n, a->dim, a->dim, own->inverse);
	}
	return true;
}

static bool prepare_pairs(struct trial *trial)
{
	const struct tenon_pairwise_similarity_args *a = trial->args;
	if (a->begin != 0 || a->end != a->n)
		return false;
	struct own *own = trial->own = make_memory(sizeof *own);
	own->inverse = make_memory(a->n * sizeof *own->inverse);
	own->products = make_memory(a->n * a->n * sizeof *own->products);
	own->rows = a->packed ? unpack(a->packed) : NULL;
	return true;
}

static void finish_matrix(struct trial *trial)
{
	struct own *own = trial->own;
	free(own->rows);
	free(own->inverse);
	free(own->products);
	free(own);
}

/* ---- The list ---------------------------------------------------------------------------------------------------- */

static const struct peer peers[] = {
	{.kernel = "vector_similarity",
	 .name = "OpenBLAS sgemv",
	 .run = run_cosine,
	 .absolute = 1e-5,
	 .prepare = prepare_cosine,
	 .finish = free_own},
	{.kernel = "inner_product",
	 .name = "OpenBLAS sgemv",
	 .run = run_inner_product,
	 .relative = 1e-4,
	 .absolute = 1e-4},
	{.kernel = "similarity_matrix",
	 .name = "OpenBLAS sgemm",
	 .run = run_matrix,
	 .absolute = 1e-5,
	 .prepare = prepare_matrix,
	 .finish = finish_matrix},
	{.kernel = "pairwise_similarity",
	 .name = "OpenBLAS ssyrk",
	 .run = run_pairs,
	 .absolute = 1e-5,
	 .prepare = prepare_pairs,
	 .finish = finish_matrix},
};
const struct library library_openblas = {"OpenBLAS", "Debian package libopenblas0-pthread", open_openblas,
					 PEERS(peers)};
