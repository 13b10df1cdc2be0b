/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Branch-free C for deltas, as one would write it for a compiler to vectorise at -O3. tools/fetch-peers builds it with
 * every feature of this machine (-march=native), unrolled, with the widest registers; bench/peers/plain.c includes it,
 * for what comes of it at the baseline ISA.
 */
#include <stddef.h>
#include <stdint.h>

#ifndef PUBLIC
#define PUBLIC __attribute__((visibility("default")))
#endif

/* Data, so that it can be read before any code of this file runs. */
PUBLIC const char peer_version[] = VERSION;
PUBLIC const char peer_needs[] = ""
#ifdef __AVX2__
				 "x86-64-v3"
#endif
#ifdef __AVX512BW__
				 ",x86-64-v4"
#endif
#ifdef __AVX512VBMI__
				 ",avx512vbmi"
#endif
#ifdef __AVX512VBMI2__
				 ",avx512vbmi2"
#endif
#ifdef __AVX512BITALG__
				 ",avx512bitalg"
#endif
#ifdef __AVX512VPOPCNTDQ__
				 ",avx512vpopcntdq"
#endif
#ifdef __GFNI__
				 ",gfni"
#endif
	;

/* ---- A byte at a time -------------------------------------------------------------------------------------------- */

/* All ones where bit i is set. */
static inline unsigned char select(const uint64_t *mask, size_t i)
{
	return (unsigned char)-(mask[i / 64] >> i % 64 & 1);
}

PUBLIC void peer_delta_apply(const uint64_t *mask, const unsigned char *restrict payload, unsigned char *restrict page,
			     size_t size);
PUBLIC void peer_delta_apply(const uint64_t *mask, const unsigned char *restrict payload, unsigned char *restrict page,
			     size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char take = select(mask, i);
		page[i] = (unsigned char)((page[i] & ~take) | (payload[i] & take));
	}
}

PUBLIC void peer_delta_merge(const uint64_t *first_mask, const unsigned char *restrict first,
			     const uint64_t *second_mask, const unsigned char *restrict second, uint64_t *restrict mask,
			     unsigned char *restrict payload, size_t size);
PUBLIC void peer_delta_merge(const uint64_t *first_mask, const unsigned char *restrict first,
			     const uint64_t *second_mask, const unsigned char *restrict second, uint64_t *restrict mask,
			     unsigned char *restrict payload, size_t size)
{
	for (size_t i = 0; i < (size + 63) / 64; i++)
		mask[i] = first_mask[i] | second_mask[i];
	for (size_t i = 0; i < size; i++) {
		unsigned char take = select(second_mask, i);
		payload[i] = (unsigned char)((first[i] & select(first_mask, i) & ~take) | (second[i] & take));
	}
}

/* ---- Eight bytes at a time --------------------------------------------------------------------------------------- */

/* Eight bits become eight bytes of ones. */
static inline uint64_t spread(unsigned char bits)
{
	uint64_t each = bits * UINT64_C(0x0101010101010101) & UINT64_C(0x8040201008040201);
	return (((each + UINT64_C(0x7f7f7f7f7f7f7f7f)) | each) >> 7 & UINT64_C(0x0101010101010101)) * 0xff;
}

static inline uint64_t load(const unsigned char *from)
{
	uint64_t word;
	__builtin_memcpy(&word, from, sizeof word);
	return word;
}

static inline void store(unsigned char *to, uint64_t word)
{
	__builtin_memcpy(to, &word, sizeof word);
}

/* Little-endian; size is a multiple of 8. */
PUBLIC void peer_delta_apply_words(const uint64_t *mask, const unsigned char *restrict payload,
				   unsigned char *restrict page, size_t size);
PUBLIC void peer_delta_apply_words(const uint64_t *mask, const unsigned char *restrict payload,
				   unsigned char *restrict page, size_t size)
{
	const unsigned char *bits = (const unsigned char *)mask;
	for (size_t i = 0; i < size / 8; i++) {
		uint64_t take = spread(bits[i]);
		store(page + 8 * i, (load(page + 8 * i) & ~take) | (load(payload + 8 * i) & take));
	}
}

PUBLIC void peer_delta_merge_words(const uint64_t *first_mask, const unsigned char *restrict first,
				   const uint64_t *second_mask, const unsigned char *restrict second,
				   uint64_t *restrict mask, unsigned char *restrict payload, size_t size);
PUBLIC void peer_delta_merge_words(const uint64_t *first_mask, const unsigned char *restrict first,
				   const uint64_t *second_mask, const unsigned char *restrict second,
				   uint64_t *restrict mask, unsigned char *restrict payload, size_t size)
{
	const unsigned char *first_bits = (const unsigned char *)first_mask,
			    *second_bits = (const unsigned char *)second_mask;
	for (size_t i = 0; i < (size + 63) / 64; i++)
		mask[i] = first_mask[i] | second_mask[i];
	for (size_t i = 0; i < size / 8; i++) {
		uint64_t take = spread(second_bits[i]), keep = spread(first_bits[i]) & ~take;
		store(payload + 8 * i, (load(first + 8 * i) & keep) | (load(second + 8 * i) & take));
	}
}
