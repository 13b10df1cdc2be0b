/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delta_encode and delta_decode on avx2: bytes are packed eight at a time, by orders from a table. Pure.
 */
#include <immintrin.h>

#include "backends/avx2/avx2.h"
#include "backends/shared/encode.h"

static inline uint64_t map_zeros(__m256i low, __m256i high)
{
	uint32_t first = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, _mm256_setzero_si256()));
	uint32_t second = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, _mm256_setzero_si256()));
	return (uint64_t)second << 32 | first;
}

static inline uint64_t map_bytes(const void *from)
{
	const __m256i *p = from;
	return ~map_zeros(_mm256_loadu_si256(p), _mm256_loadu_si256(p + 1));
}

static inline uint64_t map_high(const void *from)
{
	const __m256i *p = from;
	uint32_t low = (uint32_t)_mm256_movemask_epi8(_mm256_loadu_si256(p));
	return (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_loadu_si256(p + 1)) << 32 | low;
}

static inline void shuffle_eight(void *to, const void *from, uint64_t order)
{
	__m128i bytes = _mm_loadl_epi64(from);
	_mm_storel_epi64(to, _mm_shuffle_epi8(bytes, _mm_cvtsi64_si128((long long)order)));
}

static inline uint32_t update_checksum(uint32_t crc, const void *data, size_t size)
{
	return avx2_update_crc32c(crc, data, size);
}

#include "backends/shared/pack_table.h"

#include "backends/shared/decode_body.h"
#include "backends/shared/encode_body.h"

int avx2_delta_encode(const void *args, void *scratch)
{
	(void)scratch;
	return encode_body(args);
}

int avx2_delta_decode(const void *args, void *scratch)
{
	(void)scratch;
	return decode_body(args);
}
