/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delta_apply, delta_merge and delta_diff on avx512: 64 bytes in a zmm register, and the mask in a mask register, loaded from
 * memory because the way through a general register takes twice the time. Bytes that stay are not touched. Pure.
 */
#include <immintrin.h>

#include "backends/avx512/avx512.h"

struct block {
	__m512i bytes;
};
struct bits {
	__mmask64 mask;
};

static inline struct block load_block(const unsigned char *p)
{
	return (struct block){_mm512_loadu_si512(p)};
}
static inline void store_block(unsigned char *p, struct block a)
{
	_mm512_storeu_si512(p, a.bytes);
}
static inline struct bits load_bits(const uint64_t *p)
{
	return (struct bits){_load_mask64((__mmask64 *)p)};
}
static inline struct block choose_block(struct bits set, struct block a, struct block b)
{
	return (struct block){_mm512_mask_mov_epi8(b.bytes, set.mask, a.bytes)};
}
static inline struct block keep_block(struct bits set, struct block a)
{
	return (struct block){_mm512_maskz_mov_epi8(set.mask, a.bytes)};
}
static inline void put_block(unsigned char *p, struct bits set, struct block a)
{
	_mm512_mask_storeu_epi8(p, set.mask, a.bytes);
}
static inline struct bits compare_blocks(uint64_t *p, struct block a, struct block b)
{
	struct bits differ = {_mm512_cmpneq_epi8_mask(a.bytes, b.bytes)};
	_store_mask64((__mmask64 *)p, differ.mask);
	return differ;
}

#include "backends/shared/delta_body.h"

int avx512_delta_apply(const void *args, void *scratch)
{
	(void)scratch;
	return delta_apply_body(args);
}

int avx512_delta_merge(const void *args, void *scratch)
{
	(void)scratch;
	return delta_merge_body(args);
}

int avx512_delta_diff(const void *args, void *scratch)
{
	(void)scratch;
	return delta_diff_body(args);
}
