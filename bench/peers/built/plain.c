/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Built by tools/fetch-peers, never by make: branch-free C for deltas, as one would write it for a compiler to vectorise,
 * with every feature of the machine that builds it (-march=native), at -O3, unrolled, with the widest registers.
 */
#include <stddef.h>
#include <stdint.h>

#define PUBLIC __attribute__((visibility("default")))

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

PUBLIC void peer_delta_merge(const uint64_t *first_mask, const unsigned char *restrict first, const uint64_t *second_mask,
			     const unsigned char *restrict second, uint64_t *restrict mask, unsigned char *restrict payload,
			     size_t size);
PUBLIC void peer_delta_merge(const uint64_t *first_mask, const unsigned char *restrict first, const uint64_t *second_mask,
			     const unsigned char *restrict second, uint64_t *restrict mask, unsigned char *restrict payload,
			     size_t size)
{
	for (size_t i = 0; i < (size + 63) / 64; i++)
		mask[i] = first_mask[i] | second_mask[i];
	for (size_t i = 0; i < size; i++) {
		unsigned char take = select(second_mask, i);
		payload[i] = (unsigned char)((first[i] & select(first_mask, i) & ~take) | (second[i] & take));
	}
}
