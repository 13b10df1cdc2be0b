/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bit identity of top_k: sizes around the vectors, every k that matters, ties, zeros of both signs, NaNs and orders
 * that make a heap work.
 */
#include "tests/bits/bits.h"

#include <math.h>

/* Scores by kind; the number of the case makes them differ. */
enum kind { PLAIN, WILD, TIES, SIGNED_ZEROS, MOSTLY_NAN, ASCENDING, DESCENDING, EQUAL, KIND_COUNT };

static float make_score(enum kind kind, uint64_t number, size_t i)
{
	uint64_t random = bits_random(TENON_ID_top_k, number, 0, i);
	switch (kind) {
	case PLAIN: return bits_float(random, BITS_PLAIN);
	case WILD: return bits_float(random, BITS_WILD);
	case TIES: return (float)(random % 5);
	case SIGNED_ZEROS: return random % 3 == 0 ? 0.0f : random % 3 == 1 ? -0.0f : -1.0f;
	case MOSTLY_NAN: return random % 16 ? NAN : bits_float(random, BITS_EDGE);
	case ASCENDING: return (float)i;
	case DESCENDING: return -(float)i;
	default: return 0.5f;
	}
}

/* What lies behind the results is hashed, too: it tells an overrun. */
static void run_case(tenon_kernel_fn *function, struct bits *bits, enum kind kind, size_t n, size_t k, uint64_t number)
{
	size_t room = (k < n ? k : n) + 1, offset = number % 16, count = 99;
	float *scores = bits_alloc(n, offset), *values = bits_alloc(room, 0), *indices = bits_alloc(room, 0);
	for (size_t i = 0; i < n; i++)
		scores[i] = make_score(kind, number, i);
	for (size_t i = 0; i < room; i++)
		values[i] = indices[i] = 1234;
	struct tenon_top_k_args a = {scores, n, k, (uint32_t *)indices, values, &count};
	int status = function(&a, NULL);
	bits_add_bytes(bits, &count, 2);
	bits_add_floats(bits, values, room);
	bits_add_bytes(bits, indices, room * sizeof *indices);
	bits_case(bits, status);
	bits_free(scores, offset);
	bits_free(values, 0);
	bits_free(indices, 0);
}

void bits_top_k(tenon_kernel_fn *function, struct bits *bits)
{
	static const size_t ks[] = {0, 1, 2, 3, 8, 10, 31, 64, 100, 1000, 3000};
	static const size_t sizes[] = {255, 256, 257, 1000, 4099, 20011};
	uint64_t number = 0;
	for (int kind = 0; kind < KIND_COUNT; kind++)
		for (size_t k = 0; k < sizeof ks / sizeof *ks; k++) {
			for (size_t n = 0; n <= 4 * 32 + 3; n++)
				run_case(function, bits, kind, n, ks[k], number++);
			for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
				run_case(function, bits, kind, sizes[i], ks[k], number++);
		}
}
