/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delta_encode and delta_decode on avx512 with VBMI2: 64 bytes are packed at once, always in a register, since the forms of
 * these instructions that write memory are slow. Only for entries that need "avx512vbmi2,avx512vpopcntdq" and what the
 * checksum needs. Pure.
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

/*
 * The forms of these instructions that zero the other bytes wait for what their register held before, five cycles a turn;
 * so the others are merged, into what is new. The empty instructions keep the compiler from zeroing, and from making one
 * of load and expansion.
 */
static inline __m512i pack(__m512i bytes, uint64_t mask)
{
	return _mm512_mask_compress_epi8(bytes, mask, bytes);
}

static inline __m512i unpack(__m512i bytes, uint64_t mask)
{
	__m512i zeros = _mm512_setzero_si512();
	__asm__("" : "+v"(zeros), "+v"(bytes));
	return _mm512_mask_expand_epi8(zeros, mask, bytes);
}

static inline void pack_bytes(void *to, const void *from, uint64_t mask)
{
	_mm512_storeu_si512(to, pack(_mm512_loadu_si512(from), mask));
}

static inline void pack_exactly(void *to, const void *from, uint64_t mask)
{
	_mm512_mask_storeu_epi8(to, first_bits(count_bits(mask)), pack(_mm512_loadu_si512(from), mask));
}

static inline void unpack_bytes(void *to, const void *from, uint64_t mask)
{
	_mm512_storeu_si512(to, unpack(_mm512_loadu_si512(from), mask));
}

static inline void unpack_exactly(void *to, const void *from, uint64_t mask)
{
	_mm512_storeu_si512(to, unpack(_mm512_maskz_loadu_epi8(first_bits(count_bits(mask)), from), mask));
}

/* The marks from the second on, less those from the first on. */
static inline void put_near(unsigned char *out, uint64_t marks, unsigned skip)
{
	const __m512i places = _mm512_set_epi64(0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928, 0x2726252423222120,
		0x1f1e1d1c1b1a1918, 0x1716151413121110, 0x0f0e0d0c0b0a0908, 0x0706050403020100);
	__m512i from = pack(_mm512_add_epi8(places, _mm512_set1_epi8((char)skip)), marks);
	__m512i to = pack(places, marks & (marks - 1));
	_mm512_mask_storeu_epi8(out, first_bits(count_bits(marks) - 1), _mm512_sub_epi8(to, from));
}

/* Eight words at a time; beside each the one before it. */
static inline void count_words(const uint64_t *mask, size_t words, uint64_t before, struct counts *counts)
{
	__m512i last = _mm512_set1_epi64((long long)(before << 63)), changed = _mm512_setzero_si512(), edges = changed;
	__mmask8 full = 0;
	for (size_t i = 0; i < words; i += 8) {
		__mmask8 there = (__mmask8)first_bits(words - i);
		__m512i word = _mm512_maskz_loadu_epi64(there, mask + i);
		__m512i moved = _mm512_shldi_epi64(word, _mm512_alignr_epi64(word, last, 7), 1);
		changed = _mm512_add_epi64(changed, _mm512_popcnt_epi64(word));
		edges = _mm512_add_epi64(edges, _mm512_maskz_popcnt_epi64(there, _mm512_xor_si512(word, moved)));
		full |= _mm512_cmpeq_epi64_mask(word, _mm512_set1_epi64(-1));
		last = word;
	}
	counts->changed += (size_t)_mm512_reduce_add_epi64(changed);
	counts->edges += (size_t)_mm512_reduce_add_epi64(edges);
	counts->full |= full;
}

static inline uint32_t update_checksum(uint32_t crc, const void *data, size_t size)
{
	return avx512_fold_crc32c(crc, data, size);
}

#include "backends/shared/decode_body.h"
#include "backends/shared/encode_body.h"

int avx512_delta_encode_vbmi2(const void *args, void *scratch)
{
	(void)scratch;
	return encode_body(args);
}

int avx512_delta_decode_vbmi2(const void *args, void *scratch)
{
	(void)scratch;
	return decode_body(args);
}
