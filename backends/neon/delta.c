/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delta_apply, delta_merge and delta_diff on neon: 64 bytes in four registers, and for each a byte of ones where the mask has
 * a bit. Pure.
 */
#include <arm_neon.h>

#include "backends/neon/neon.h"

struct block {
	uint8x16x4_t bytes;
};
struct bits {
	uint8x16x4_t bytes;
};

static inline struct block load_block(const unsigned char *p)
{
	return (struct block){vld1q_u8_x4(p)};
}
static inline void store_block(unsigned char *p, struct block a)
{
	vst1q_u8_x4(p, a.bytes);
}

/* Bit i of a byte of a mask belongs to byte i of eight. */
static inline uint8x16_t own_bits(void)
{
	return vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201));
}

/* Each byte gets the byte of the mask that has its bit, and looks at that bit. */
static inline struct bits load_bits(const uint64_t *p)
{
	const uint8x16_t from = vcombine_u8(vdup_n_u8(0), vdup_n_u8(1));
	uint8x16_t mask = vreinterpretq_u8_u64(vld1q_dup_u64(p));
	struct bits set;
	for (int i = 0; i < 4; i++)
		set.bytes.val[i] = vtstq_u8(vqtbl1q_u8(mask, vaddq_u8(from, vdupq_n_u8((uint8_t)(2 * i)))), own_bits());
	return set;
}

static inline struct block choose_block(struct bits set, struct block a, struct block b)
{
	for (int i = 0; i < 4; i++)
		a.bytes.val[i] = vbslq_u8(set.bytes.val[i], a.bytes.val[i], b.bytes.val[i]);
	return a;
}
static inline struct block keep_block(struct bits set, struct block a)
{
	for (int i = 0; i < 4; i++)
		a.bytes.val[i] = vandq_u8(a.bytes.val[i], set.bytes.val[i]);
	return a;
}
static inline void put_block(unsigned char *p, struct bits set, struct block a)
{
	store_block(p, choose_block(set, a, load_block(p)));
}

/* Sums of neighbours bring the eight bits of eight bytes into one. */
static inline struct bits compare_blocks(uint64_t *p, struct block a, struct block b)
{
	struct bits differ;
	uint8x16_t own[4];
	for (int i = 0; i < 4; i++) {
		differ.bytes.val[i] = vmvnq_u8(vceqq_u8(a.bytes.val[i], b.bytes.val[i]));
		own[i] = vandq_u8(differ.bytes.val[i], own_bits());
	}
	uint8x16_t sums = vpaddq_u8(vpaddq_u8(own[0], own[1]), vpaddq_u8(own[2], own[3]));
	vst1_u8((uint8_t *)p, vget_low_u8(vpaddq_u8(sums, sums)));
	return differ;
}

#include "backends/shared/delta_body.h"

int neon_delta_apply(const void *args, void *scratch)
{
	(void)scratch;
	return delta_apply_body(args);
}

int neon_delta_merge(const void *args, void *scratch)
{
	(void)scratch;
	return delta_merge_body(args);
}

int neon_delta_diff(const void *args, void *scratch)
{
	(void)scratch;
	return delta_diff_body(args);
}
