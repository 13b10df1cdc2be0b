/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Libraries that compare two vectors at a time, SimSIMD and NumKong: what their built files offer, over all rows. The
 * definitions of the functions are in bench/peers/built/, with the loop over rows, where the library's own inline.
 */
#ifndef BENCH_PEERS_ROWS_H
#define BENCH_PEERS_ROWS_H

#include "bench/peers/peers.h"

typedef void rows_fn(const float *query, const float *rows, size_t count, size_t dim, size_t stride, float *scores);

struct rows {
	any_fn *cosine, *inner_product, *squared_distance;
};

static inline bool open_rows(const char *file, struct rows *rows, char *message, size_t size)
{
	const struct symbol symbols[] = {
		{"peer_cosine", &rows->cosine},
		{"peer_inner_product", &rows->inner_product},
		{"peer_squared_distance", &rows->squared_distance},
	};
	return open_built(file, symbols, sizeof symbols / sizeof *symbols, message, size);
}

/* The three kernels have the same members in their arguments. */
static inline void run_rows(void *context, size_t times)
{
	const struct trial *trial = context;
	const struct tenon_vector_similarity_args *a = trial->args;
	for (size_t t = 0; t < times; t++)
		((rows_fn *)trial->function)(a->query, a->rows, a->count, a->dim, a->stride, a->scores);
}

/*
 * One ISA of such a library is struct library library_<id>, of the built file `file`. The bounds: sums of up to some
 * thousand products in any order; another measure would differ by far more.
 */
#define ROWS_LIBRARY(id, title, isa, file, source)                 \
	static struct rows rows_##id;                              \
	static bool open_##id(char *message, size_t size)          \
	{                                                          \
		return open_rows(file, &rows_##id, message, size); \
	}                                                          \
	static const struct peer peers_##id[] = {                  \
		{.kernel = "vector_similarity",                    \
		 .name = title,                                    \
		 .needs = isa,                                     \
		 .function = &rows_##id.cosine,                    \
		 .run = run_rows,                                  \
		 .absolute = 1e-5},                                \
		{.kernel = "inner_product",                        \
		 .name = title,                                    \
		 .needs = isa,                                     \
		 .function = &rows_##id.inner_product,             \
		 .run = run_rows,                                  \
		 .relative = 1e-4,                                 \
		 .absolute = 1e-4},                                \
		{.kernel = "squared_distance",                     \
		 .name = title,                                    \
		 .needs = isa,                                     \
		 .function = &rows_##id.squared_distance,          \
		 .run = run_rows,                                  \
		 .relative = 1e-5},                                \
	};                                                         \
	const struct library library_##id = {title, source, open_##id, PEERS(peers_##id)}

#endif
