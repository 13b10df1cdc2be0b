/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Scalar reference of delta_apply, delta_merge and delta_diff: eight bytes at a time in a 64-bit word, and no branch on a
 * bit, which a CPU could not predict. Pure.
 */
#include "backends/scalar/scalar.h"

#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the first byte in memory is to be the lowest of a word"
#endif

#define ONES UINT64_C(0x0101010101010101)

/* n is at most 8. */
static inline uint64_t load_bytes(const unsigned char *p, size_t n)
{
	uint64_t word = 0;
	memcpy(&word, p, n);
	return word;
}

static inline void store_bytes(unsigned char *p, uint64_t word, size_t n)
{
	memcpy(p, &word, n);
}

/* Bit i becomes byte i, 0xff if it is set: each byte gets a copy of all bits and keeps its own. */
static inline uint64_t widen_bits(uint64_t bits)
{
	uint64_t own = (bits & 0xff) * ONES & UINT64_C(0x8040201008040201);
	return ((own + 0x7f * ONES) >> 7 & ONES) * 0xff;
}

/* Byte i becomes bit i, set unless the byte is 0. The product has them side by side in its highest byte. */
static inline uint64_t narrow_bytes(uint64_t word)
{
	uint64_t set = (((word & 0x7f * ONES) + 0x7f * ONES) | word) >> 7 & ONES;
	return set * UINT64_C(0x0102040810204080) >> 56;
}

static inline size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- delta_apply -------------------------------------------------------------------------------------------------- */

static inline void apply_eight(uint64_t bits, const unsigned char *payload, unsigned char *page, size_t n)
{
	uint64_t change = widen_bits(bits);
	store_bytes(page, (load_bytes(page, n) & ~change) | (load_bytes(payload, n) & change), n);
}

/* The mask's bytes in memory: byte i is for bytes 8*i to 8*i + 7 of the page. */
static inline const unsigned char *mask_bytes(const uint64_t *mask)
{
	return (const unsigned char *)mask;
}

int scalar_delta_apply(const void *args, void *scratch)
{
	const struct tenon_delta_apply_args *a = args;
	const struct tenon_delta d = *a->delta;
	const unsigned char *bits = mask_bytes(d.mask);
	unsigned char *page = a->page;
	size_t eights = d.size / 8;
	(void)scratch;
	for (size_t i = 0; i < eights; i++)
		apply_eight(bits[i], d.payload + 8 * i, page + 8 * i, 8);
	if (d.size % 8)
		apply_eight(bits[eights], d.payload + 8 * eights, page + 8 * eights, d.size % 8);
	return TENON_OK;
}

/* ---- delta_merge -------------------------------------------------------------------------------------------------- */

static inline uint64_t merge_eight(uint64_t old_bits, const unsigned char *old, uint64_t new_bits,
				   const unsigned char *new, size_t n)
{
	uint64_t is_new = widen_bits(new_bits), is_old = widen_bits(old_bits) & ~is_new;
	return (load_bytes(old, n) & is_old) | (load_bytes(new, n) & is_new);
}

/* Masks last: merged's may be first's. */
int scalar_delta_merge(const void *args, void *scratch)
{
	const struct tenon_delta_merge_args *a = args;
	const struct tenon_delta first = *a->first, second = *a->second, merged = *a->merged;
	const unsigned char *old = mask_bytes(first.mask), *new = mask_bytes(second.mask);
	size_t eights = first.size / 8, i = 0;
	(void)scratch;
	for (; i < eights; i++)
		store_bytes(merged.payload + 8 * i,
			    merge_eight(old[i], first.payload + 8 * i, new[i], second.payload + 8 * i, 8), 8);
	if (first.size % 8)
		store_bytes(merged.payload + 8 * i,
			    merge_eight(old[i], first.payload + 8 * i, new[i], second.payload + 8 * i, first.size % 8),
			    first.size % 8);
	for (size_t w = 0; w < TENON_DELTA_WORDS(first.size); w++)
		merged.mask[w] = first.mask[w] | second.mask[w];
	a->merged->order = second.order;
	return TENON_OK;
}

/* ---- delta_diff --------------------------------------------------------------------------------------------------- */

/* Returns the bits of the mask. */
static inline uint64_t diff_eight(const unsigned char *before, const unsigned char *after, unsigned char *payload,
				  size_t n)
{
	uint64_t now = load_bytes(after, n), changed = narrow_bytes(load_bytes(before, n) ^ now);
	store_bytes(payload, now & widen_bits(changed), n);
	return changed;
}

static uint64_t diff_word(const unsigned char *before, const unsigned char *after, unsigned char *payload, size_t size)
{
	uint64_t mask = 0;
	size_t i = 0;
	for (; i + 8 <= size; i += 8)
		mask |= diff_eight(before + i, after + i, payload + i, 8) << i;
	if (i < size)
		mask |= diff_eight(before + i, after + i, payload + i, size - i) << i;
	return mask;
}

int scalar_delta_diff(const void *args, void *scratch)
{
	const struct tenon_delta_diff_args *a = args;
	const struct tenon_delta *d = a->delta;
	(void)scratch;
	for (size_t at = 0; at < d->size; at += 64)
		d->mask[at / 64] = diff_word(a->before + at, a->after + at, d->payload + at, least(d->size - at, 64));
	return TENON_OK;
}
