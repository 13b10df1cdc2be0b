/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delta_encode and delta_decode on neon: bytes are packed eight at a time, by orders from a table. Only for entries
 * that need "crc32", for the checksum; a CPU without it inherits scalar, whose checksum it could not beat. Pure.
 */
#include <arm_neon.h>

#include "backends/neon/neon.h"
#include "backends/shared/encode.h"

/* One bit of each of 64 bytes that are 0 or 0xff: pairs are added until eight of them are one byte. */
static inline uint64_t gather_bits(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d)
{
	const uint8x16_t weight = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201));
	uint8x16_t low = vpaddq_u8(vandq_u8(a, weight), vandq_u8(b, weight));
	uint8x16_t high = vpaddq_u8(vandq_u8(c, weight), vandq_u8(d, weight));
	uint8x16_t all = vpaddq_u8(low, high);
	return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
}

static inline uint64_t map_bytes(const void *from)
{
	const uint8_t *p = from;
	uint8x16_t a = vld1q_u8(p), b = vld1q_u8(p + 16), c = vld1q_u8(p + 32), d = vld1q_u8(p + 48);
	return gather_bits(vtstq_u8(a, a), vtstq_u8(b, b), vtstq_u8(c, c), vtstq_u8(d, d));
}

static inline uint64_t map_high(const void *from)
{
	const int8_t *p = from;
	return gather_bits(vcltzq_s8(vld1q_s8(p)), vcltzq_s8(vld1q_s8(p + 16)), vcltzq_s8(vld1q_s8(p + 32)),
			   vcltzq_s8(vld1q_s8(p + 48)));
}

/* A place beyond the table, such as 0x80, gives 0. */
static inline void shuffle_eight(void *to, const void *from, uint64_t order)
{
	vst1_u8(to, vtbl1_u8(vld1_u8(from), vcreate_u8(order)));
}

static inline uint32_t update_checksum(uint32_t crc, const void *data, size_t size)
{
	return neon_update_crc32c(crc, data, size);
}

#include "backends/shared/pack_table.h"

#include "backends/shared/decode_body.h"
#include "backends/shared/encode_body.h"

int neon_delta_encode_crc32(const void *args, void *scratch)
{
	(void)scratch;
	return encode_body(args);
}

int neon_delta_decode_crc32(const void *args, void *scratch)
{
	(void)scratch;
	return decode_body(args);
}
