/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * FAISS's functions over rows, as its library for AVX-512 has them (built with FAISS_OPT_LEVEL=avx512, from version 1.9
 * on), by the names that C++ gives them. Debian's 1.7.3 has none for AVX-512, and is no peer.
 */
#include <math.h>

#include "bench/peers/peers.h"

static any_fn *inner_products, *squared_norm, *squared_distances;
static const struct symbol symbols[] = {
	{"_ZN5faiss22fvec_inner_products_nyEPfPKfS2_mm", &inner_products},
	{"_ZN5faiss15fvec_norm_L2sqrEPKfm", &squared_norm},
	{"_ZN5faiss13fvec_L2sqr_nyEPfPKfS2_mm", &squared_distances},
};

typedef void rows_fn(float *scores, const float *query, const float *rows, size_t dim, size_t count);
typedef float norm_fn(const float *row, size_t dim);

static bool open_faiss(char *message, size_t size)
{
	return OPEN_LIBRARY(symbols, message, size, "libfaiss_avx512.so");
}

/* Its rows have no gaps. */
static bool is_dense(struct trial *trial)
{
	const struct tenon_vector_similarity_args *a = trial->args;
	return a->stride == a->dim;
}

static void run_cosine(void *context, size_t times)
{
	const struct tenon_vector_similarity_args *a = ((const struct trial *)context)->args;
	norm_fn *norm = (norm_fn *)squared_norm;
	for (size_t t = 0; t < times; t++) {
		float inverse = 1 / sqrtf(norm(a->query, a->dim));
		((rows_fn *)inner_products)(a->scores, a->query, a->rows, a->dim, a->count);
		for (size_t r = 0; r < a->count; r++)
			a->scores[r] *= inverse / sqrtf(norm(a->rows + r * a->dim, a->dim));
	}
}

static void run_rows(void *context, size_t times)
{
	const struct trial *trial = context;
	const struct tenon_vector_similarity_args *a = trial->args;
	for (size_t t = 0; t < times; t++)
		((rows_fn *)trial->function)(a->scores, a->query, a->rows, a->dim, a->count);
}

static const struct peer peers[] = {
	{.kernel = "vector_similarity",
	 .name = "FAISS",
	 .needs = "x86-64-v4",
	 .run = run_cosine,
	 .absolute = 1e-5,
	 .prepare = is_dense},
	{.kernel = "inner_product",
	 .name = "FAISS",
	 .needs = "x86-64-v4",
	 .function = &inner_products,
	 .run = run_rows,
	 .relative = 1e-4,
	 .absolute = 1e-4,
	 .prepare = is_dense},
	{.kernel = "squared_distance",
	 .name = "FAISS",
	 .needs = "x86-64-v4",
	 .function = &squared_distances,
	 .run = run_rows,
	 .relative = 1e-5,
	 .prepare = is_dense},
};
const struct library library_faiss = {"FAISS", "no package: FAISS's source with FAISS_OPT_LEVEL=avx512", open_faiss,
				      PEERS(peers)};
