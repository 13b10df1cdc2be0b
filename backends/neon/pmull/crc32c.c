/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * crc32c on neon with the crc32 instructions and PMULL on 64 bits: eight registers fold. Only for entries that need
 * "crc32,pmull". Pure.
 */
#include <arm_neon.h>

#include "backends/neon/neon.h"

#define FOLD_BYTES 16
#define FOLD_VECTORS 8
#define FOLD_STREAMS 4
typedef uint64x2_t fold_vec;

static inline fold_vec fold_load(const unsigned char *p)
{
	return vreinterpretq_u64_u8(vld1q_u8(p));
}
static inline fold_vec fold_xor(fold_vec a, fold_vec b)
{
	return veorq_u64(a, b);
}
static inline fold_vec fold_state(uint32_t state)
{
	return vcombine_u64(vcreate_u64(state), vcreate_u64(0));
}
static inline fold_vec fold_factors(uint64_t first, uint64_t second)
{
	return vcombine_u64(vcreate_u64(first), vcreate_u64(second));
}
static inline fold_vec fold_multiply(fold_vec a, fold_vec factors)
{
	poly128_t first = vmull_p64((poly64_t)vgetq_lane_u64(a, 0), (poly64_t)vgetq_lane_u64(factors, 0));
	poly128_t second = vmull_high_p64(vreinterpretq_p64_u64(a), vreinterpretq_p64_u64(factors));
	return veorq_u64(vreinterpretq_u64_p128(first), vreinterpretq_u64_p128(second));
}

static inline void fold_words(fold_vec a, uint64_t word[2])
{
	vst1q_u64(word, a);
}

static inline uint64_t fold_product(uint64_t a, uint64_t b)
{
	return vgetq_lane_u64(vreinterpretq_u64_p128(vmull_p64(a, b)), 0);
}

#include "backends/shared/crc32c_fold.h"

uint32_t neon_fold_crc32c(uint32_t crc, const void *data, size_t size)
{
	return update_with_folds(crc, data, size);
}

int neon_crc32c_pmull(const void *args, void *scratch)
{
	const struct tenon_crc32c_args *a = args;
	(void)scratch;
	*a->result = neon_fold_crc32c(a->crc, a->data, a->size);
	return TENON_OK;
}
