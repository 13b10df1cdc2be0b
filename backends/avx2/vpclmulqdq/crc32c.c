/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * crc32c on avx2 with VPCLMULQDQ: eight ymm registers fold. Only for entries that need "pclmulqdq,vpclmulqdq". Pure.
 */
#include <immintrin.h>

#include "backends/avx2/avx2.h"
#include "backends/shared/crc32c_shifts.h"

#define FOLD_BYTES 32
#define FOLD_VECTORS 8
typedef __m256i fold_vec;

static inline fold_vec fold_load(const unsigned char *p) { return _mm256_loadu_si256((const __m256i *)(const void *)p); }
static inline fold_vec fold_xor(fold_vec a, fold_vec b) { return _mm256_xor_si256(a, b); }
static inline fold_vec fold_state(uint32_t state) { return _mm256_zextsi128_si256(_mm_cvtsi32_si128((int)state)); }
static inline fold_vec fold_factors(uint32_t first, uint32_t second)
{
	return _mm256_broadcastsi128_si256(_mm_set_epi64x(second, first));
}
static inline fold_vec fold_multiply(fold_vec a, fold_vec factors)
{
	return _mm256_xor_si256(_mm256_clmulepi64_epi128(a, factors, 0x00), _mm256_clmulepi64_epi128(a, factors, 0x11));
}

/* The lower 128 bits are 16 bytes before the upper ones. */
static inline void fold_words(fold_vec a, uint64_t word[2])
{
	const __m128i factors = _mm_set_epi64x(CRC32C_SHIFT_16, CRC32C_SHIFT_24);
	__m128i first = _mm256_castsi256_si128(a), one = _mm256_extracti128_si256(a, 1);
	one = _mm_xor_si128(one, _mm_clmulepi64_si128(first, factors, 0x00));
	one = _mm_xor_si128(one, _mm_clmulepi64_si128(first, factors, 0x11));
	_mm_storeu_si128((__m128i *)(void *)word, one);
}

static inline uint64_t fold_product(uint32_t a, uint32_t b)
{
	__m128i product = _mm_clmulepi64_si128(_mm_cvtsi32_si128((int)a), _mm_cvtsi32_si128((int)b), 0);
	return (uint64_t)_mm_cvtsi128_si64(product);
}

#include "backends/shared/crc32c_fold.h"

uint32_t avx2_fold_crc32c(uint32_t crc, const void *data, size_t size)
{
	return update_with_folds(crc, data, size);
}

int avx2_crc32c_vpclmulqdq(const void *args, void *scratch)
{
	const struct tenon_crc32c_args *a = args;
	(void)scratch;
	*a->result = avx2_fold_crc32c(a->crc, a->data, a->size);
	return TENON_OK;
}
