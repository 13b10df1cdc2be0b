/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * crc32c on avx2 with PCLMULQDQ, which nearly every CPU of the level has: four xmm registers fold. Only for entries that
 * need "pclmulqdq". Pure.
 */
#include <immintrin.h>

#include "backends/avx2/avx2.h"

#define FOLD_BYTES 16
#define FOLD_VECTORS 4
#define FOLD_STREAMS 4
typedef __m128i fold_vec;

static inline fold_vec fold_load(const unsigned char *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}
static inline fold_vec fold_xor(fold_vec a, fold_vec b)
{
	return _mm_xor_si128(a, b);
}
static inline fold_vec fold_state(uint32_t state)
{
	return _mm_cvtsi32_si128((int)state);
}
static inline fold_vec fold_factors(uint64_t first, uint64_t second)
{
	return _mm_set_epi64x((long long)second, (long long)first);
}
static inline fold_vec fold_multiply(fold_vec a, fold_vec factors)
{
	return _mm_xor_si128(_mm_clmulepi64_si128(a, factors, 0x00), _mm_clmulepi64_si128(a, factors, 0x11));
}

static inline void fold_words(fold_vec a, uint64_t word[2])
{
	word[0] = (uint64_t)_mm_cvtsi128_si64(a);
	word[1] = (uint64_t)_mm_extract_epi64(a, 1);
}

static inline uint64_t fold_product(uint64_t a, uint64_t b)
{
	__m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)a), _mm_cvtsi64_si128((long long)b), 0);
	return (uint64_t)_mm_cvtsi128_si64(product);
}

#include "backends/shared/crc32c_fold.h"

uint32_t avx2_fold_crc32c_narrowly(uint32_t crc, const void *data, size_t size)
{
	return update_with_folds(crc, data, size);
}

int avx2_crc32c_pclmulqdq(const void *args, void *scratch)
{
	const struct tenon_crc32c_args *a = args;
	(void)scratch;
	*a->result = avx2_fold_crc32c_narrowly(a->crc, a->data, a->size);
	return TENON_OK;
}
