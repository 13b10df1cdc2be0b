/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Broken kernels of the matrix family; mutants.def says what is wrong with each.
 */
#include <math.h>

#include "tests/mutants/mutant.h"

int mutant_good_matrix(const void *args, void *scratch)
{
	return scalar_similarity_matrix(args, scratch);
}

/* Row by row with the kernel for one query, whose sums are over 32 lanes. */
int mutant_matrix_in_lanes(const void *args, void *scratch)
{
	const struct tenon_similarity_matrix_args *a = args;
	int status = TENON_OK;
	if (a->packed)
		return scalar_similarity_matrix(args, scratch);
	for (size_t i = 0; i < a->m; i++) {
		struct tenon_vector_similarity_args row = {a->queries + i * a->query_stride,
							   a->centroids,
							   a->n,
							   a->dim,
							   a->centroid_stride,
							   a->scores + i * a->n};
		int code = scalar_vector_similarity(&row, scratch);
		status = code ? code : status;
	}
	return status;
}

static float sum_in_order(const float *a, const float *b, size_t n)
{
	float sum = 0;
	for (size_t k = 0; k < n; k++)
		sum += a[k] * b[k];
	return sum;
}

/* Only what is ordinary; scalar has scored the rest. */
int mutant_norms_in_order(const void *args, void *scratch)
{
	const struct tenon_similarity_matrix_args *a = args;
	int status = scalar_similarity_matrix(args, scratch);
	for (size_t i = 0; i < a->m && !a->packed; i++)
		for (size_t j = 0; j < a->n; j++) {
			const float *q = a->queries + i * a->query_stride, *c = a->centroids + j * a->centroid_stride;
			float qq = sum_in_order(q, q, a->dim), cc = sum_in_order(c, c, a->dim);
			float x = sum_in_order(q, c, a->dim) / (sqrtf(qq) * sqrtf(cc));
			if (qq >= 1 && qq <= 0x1p60f && cc >= 1 && cc <= 0x1p60f)
				a->scores[i * a->n + j] = x < -1 ? -1 : (x > 1 ? 1 : x);
		}
	return status;
}

int mutant_scores_whole_panels(const void *args, void *scratch)
{
	const struct tenon_similarity_matrix_args *a = args;
	int status = scalar_similarity_matrix(args, scratch);
	for (size_t j = a->n; j % TENON_PANEL_ROWS; j++)
		((volatile float *)a->scores)[(a->m - 1) * a->n + j] = 0;
	return status;
}

UNSANITIZED int mutant_ignores_packed(const void *args, void *scratch)
{
	struct tenon_similarity_matrix_args a = *(const struct tenon_similarity_matrix_args *)args;
	const float *volatile centroids = a.centroids;
	(void)*(const volatile float *)(a.dim ? centroids : a.scores);
	return scalar_similarity_matrix(args, scratch);
}

int mutant_swaps_strides(const void *args, void *scratch)
{
	struct tenon_similarity_matrix_args a = *(const struct tenon_similarity_matrix_args *)args;
	a.query_stride = a.dim;
	return scalar_similarity_matrix(&a, scratch);
}

int mutant_good_pairs(const void *args, void *scratch)
{
	return scalar_pairwise_similarity(args, scratch);
}

int mutant_pairs_of_all_rows(const void *args, void *scratch)
{
	struct tenon_pairwise_similarity_args a = *(const struct tenon_pairwise_similarity_args *)args;
	a.begin = 0;
	return scalar_pairwise_similarity(&a, scratch);
}

int mutant_pairs_end_early(const void *args, void *scratch)
{
	struct tenon_pairwise_similarity_args a = *(const struct tenon_pairwise_similarity_args *)args;
	int status = scalar_pairwise_similarity(&a, scratch);
	if (a.n > 20 && a.end == a.n && a.begin == 0)
		a.scores[a.n * (a.n - 1) / 2 - 1] = 0;
	return status;
}
