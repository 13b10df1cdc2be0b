/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delta_encode and delta_decode for CPUs without VBMI2: bytes are packed eight at a time, by orders from a table. Pure.
 */
#include <immintrin.h>

#include "backends/avx512/avx512.h"
#include "backends/shared/encode.h"

static inline uint64_t map_bytes(const void *from)
{
	__m512i bytes = _mm512_loadu_si512(from);
	return _mm512_test_epi8_mask(bytes, bytes);
}

static inline uint64_t map_high(const void *from)
{
	return _mm512_movepi8_mask(_mm512_loadu_si512(from));
}

static inline void shuffle_eight(void *to, const void *from, uint64_t order)
{
	__m128i bytes = _mm_loadl_epi64(from);
	_mm_storel_epi64(to, _mm_shuffle_epi8(bytes, _mm_cvtsi64_si128((long long)order)));
}

static inline uint32_t update_checksum(uint32_t crc, const void *data, size_t size)
{
	return avx512_update_crc32c(crc, data, size);
}

#include "backends/shared/pack_table.h"

#include "backends/shared/decode_body.h"
#include "backends/shared/encode_body.h"

int avx512_delta_encode(const void *args, void *scratch)
{
	(void)scratch;
	return encode_body(args);
}

int avx512_delta_decode(const void *args, void *scratch)
{
	(void)scratch;
	return decode_body(args);
}
