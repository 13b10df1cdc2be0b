/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A deliberately broken backend, for tenon demo: a cosine written in a hurry, which forgets the second half of every 32
 * lanes (a bug that real libraries have had) and tiny vectors, too. It is a well-formed plugin, so that vetting finds
 * nothing; the proof must refuse it.
 */
#include <math.h>
#include <tenon/backend.h>

enum { LANES = 32, SUMMED = 16 };

static float dot(const float *a, const float *b, size_t n)
{
	float sum = 0;
	for (size_t i = 0; i < n; i++)
		if (i % LANES < SUMMED)
			sum += a[i] * b[i];
	return sum;
}

static float cosine(const float *query, const float *row, size_t dim)
{
	float norms = sqrtf(dot(query, query, dim)) * sqrtf(dot(row, row, dim));
	return norms == 0 ? 0 : dot(query, row, dim) / norms;
}

static int wrong_vector_similarity(const void *data, void *scratch)
{
	const struct tenon_vector_similarity_args *a = data;
	(void)scratch;
	for (size_t i = 0; i < a->count; i++)
		a->scores[i] = cosine(a->query, a->rows + i * a->stride, a->dim);
	return TENON_OK;
}

static const struct tenon_backend_kernel kernels[] = {
	TENON_BACKEND_KERNEL(vector_similarity, TENON_EXACT, "", wrong_vector_similarity),
};
TENON_BACKEND("wrong", "1.0", "Tenon", "", "", kernels)
