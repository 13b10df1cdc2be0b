/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delta_apply, delta_merge and delta_diff on avx2: 64 bytes in two ymm registers, and for each a byte of ones where the mask
 * has a bit. Pure.
 */
#include <immintrin.h>
#include <string.h>

#include "backends/avx2/avx2.h"

struct block {
	__m256i half[2];
};
struct bits {
	__m256i half[2];
};

static inline struct block load_block(const unsigned char *p)
{
	const __m256i *from = (const __m256i *)(const void *)p;
	return (struct block){{_mm256_loadu_si256(from), _mm256_loadu_si256(from + 1)}};
}
static inline void store_block(unsigned char *p, struct block a)
{
	__m256i *to = (__m256i *)(void *)p;
	_mm256_storeu_si256(to, a.half[0]);
	_mm256_storeu_si256(to + 1, a.half[1]);
}

/* Each byte gets the byte of the mask that has its bit, and keeps that bit alone. */
static inline __m256i widen_half(uint32_t half)
{
	const __m256i from = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
	const __m256i own = _mm256_set1_epi64x((long long)0x8040201008040201);
	__m256i copies = _mm256_shuffle_epi8(_mm256_set1_epi32((int)half), from);
	return _mm256_cmpeq_epi8(_mm256_and_si256(copies, own), own);
}
static inline struct bits load_bits(const uint64_t *p)
{
	uint32_t half[2];
	memcpy(half, p, sizeof half);
	return (struct bits){{widen_half(half[0]), widen_half(half[1])}};
}

static inline struct block choose_block(struct bits set, struct block a, struct block b)
{
	return (struct block){{_mm256_blendv_epi8(b.half[0], a.half[0], set.half[0]),
			       _mm256_blendv_epi8(b.half[1], a.half[1], set.half[1])}};
}
static inline struct block keep_block(struct bits set, struct block a)
{
	return (struct block){{_mm256_and_si256(a.half[0], set.half[0]), _mm256_and_si256(a.half[1], set.half[1])}};
}
static inline void put_block(unsigned char *p, struct bits set, struct block a)
{
	store_block(p, choose_block(set, a, load_block(p)));
}

static inline struct bits compare_blocks(uint64_t *p, struct block a, struct block b)
{
	const __m256i ones = _mm256_set1_epi8(-1);
	struct bits differ;
	uint32_t half[2];
	for (int i = 0; i < 2; i++) {
		differ.half[i] = _mm256_xor_si256(_mm256_cmpeq_epi8(a.half[i], b.half[i]), ones);
		half[i] = (uint32_t)_mm256_movemask_epi8(differ.half[i]);
	}
	memcpy(p, half, sizeof half);
	return differ;
}

#include "backends/shared/delta_body.h"

int avx2_delta_apply(const void *args, void *scratch)
{
	(void)scratch;
	return delta_apply_body(args);
}

int avx2_delta_merge(const void *args, void *scratch)
{
	(void)scratch;
	return delta_merge_body(args);
}

int avx2_delta_diff(const void *args, void *scratch)
{
	(void)scratch;
	return delta_diff_body(args);
}
