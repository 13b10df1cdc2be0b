/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delta_encode and delta_decode on avx512 with VBMI2: 64 bytes are packed at once, always in a register, since the
 * forms of these instructions that write memory are slow. Only for entries that need "avx512vbmi2,avx512vpopcntdq"
 * and what the checksum needs. Pure.
 */
#include <immintrin.h>

#include "backends/avx512/avx512.h"
#include "backends/shared/encode.h"

#define UNPACKS_ANYTHING 1

static inline uint64_t map_bytes(const void *from)
{
	__m512i bytes = _mm512_loadu_si512(from);
	return _mm512_test_epi8_mask(bytes, bytes);
}

/* The words are compared themselves. */
static inline uint64_t map_words(const void *from, uint64_t bytes)
{
	__m512i words = _mm512_loadu_si512(from);
	(void)bytes;
	return _mm512_test_epi64_mask(words, words);
}

static inline uint64_t map_high(const void *from)
{
	return _mm512_movepi8_mask(_mm512_loadu_si512(from));
}

/*
 * The forms of these instructions that zero the other bytes wait for what their register held before, five cycles a
 * turn; so the others are merged, into what is new. The empty instructions keep the compiler from zeroing, and from
 * making one of load and expansion.
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

/* The first bytes, as many as mask names. */
static inline __mmask64 as_many(uint64_t mask)
{
	return _bzhi_u64(UINT64_MAX, (unsigned)count_bits(mask));
}

static inline void pack_bytes(void *to, const void *from, uint64_t mask)
{
	_mm512_storeu_si512(to, pack(_mm512_loadu_si512(from), mask));
}

static inline void pack_exactly(void *to, const void *from, uint64_t mask)
{
	_mm512_mask_storeu_epi8(to, as_many(mask), pack(_mm512_loadu_si512(from), mask));
}

static inline void unpack_bytes(void *to, const void *from, uint64_t mask)
{
	_mm512_storeu_si512(to, unpack(_mm512_loadu_si512(from), mask));
}

static inline void unpack_exactly(void *to, const void *from, uint64_t mask)
{
	_mm512_storeu_si512(to, unpack(_mm512_maskz_loadu_epi8(as_many(mask), from), mask));
}

/* Where the bits of a block are; 64 bytes behind them have no meaning. */
static inline size_t find_places(const uint64_t *mask, uint64_t top, uint16_t *places)
{
	const __m512i every =
		_mm512_set_epi64(0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928, 0x2726252423222120,
				 0x1f1e1d1c1b1a1918, 0x1716151413121110, 0x0f0e0d0c0b0a0908, 0x0706050403020100);
	uint16_t *at = places;
	for (; top; top &= top - 1) {
		uint64_t word = mask[first_bit(top)];
		__m512i bits = pack(every, word), base = _mm512_set1_epi16((short)(64 * first_bit(top)));
		__m512i low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(bits));
		_mm512_storeu_si512(at, _mm512_add_epi16(low, base));
		if (__builtin_expect(count_bits(word) > 32, 0)) {
			__m512i high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(bits, 1));
			_mm512_storeu_si512(at + 32, _mm512_add_epi16(high, base));
		}
		at += count_bits(word);
	}
	return (size_t)(at - places);
}

/* 32 gaps at a time become 64 bytes, of which those that count are packed. */
static inline size_t list_gaps(const uint64_t *mask, uint64_t top, unsigned char *out)
{
	uint16_t places[1 + 512 + 64];
	unsigned char *at = out;
	places[0] = UINT16_MAX;
	size_t count = find_places(mask, top, places + 1);
	for (size_t i = 0; i < count; i += 32) {
		uint32_t there = (uint32_t)first_bits(count - i);
		__m512i gap = _mm512_sub_epi16(_mm512_loadu_si512(places + 1 + i), _mm512_loadu_si512(places + i));
		gap = _mm512_sub_epi16(gap, _mm512_set1_epi16(1));
		__m512i upper = _mm512_srli_epi16(gap, 7);
		uint32_t two = _mm512_mask_test_epi16_mask(there, upper, upper);
		__m512i pair = _mm512_and_si512(gap, _mm512_set1_epi16(0x7f));
		pair = _mm512_or_si512(pair, _mm512_slli_epi16(upper, 8));
		pair = _mm512_or_si512(pair, _mm512_maskz_set1_epi16(two, 0x80));
		uint64_t counted = _pdep_u64(there, 0x5555555555555555) | _pdep_u64(two, 0xaaaaaaaaaaaaaaaa);
		_mm512_storeu_si512(at, pack(pair, counted));
		at += count_bits(counted);
	}
	return (size_t)(at - out);
}

/* Eight words at a time; beside each the one before it. */
static inline void count_words(const uint64_t *mask, size_t words, uint64_t before, struct counts *counts)
{
	const uint64_t top = before << 63;
	__m512i last = _mm512_set1_epi64((long long)top), changed = _mm512_setzero_si512(), edges = changed;
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
