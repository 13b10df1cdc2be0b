/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * delta_apply, delta_merge, delta_diff. A predicate of bytes has a bit for each, just as a delta's mask has, so that a part
 * of the mask is loaded as one and stored as one. (Built with -fno-strict-aliasing: no type may alias words as that.) Pure.
 */
#include <string.h>

#include "sve.h"

#define PREDICATE_MAX 32 /* bytes, of the longest vectors; a tail fills up a word, too */

/*
 * Each kernel is a function of one part, inlined twice: for whole vectors, and for what is left, which may be nothing but
 * the rest of a word of the mask; last is a constant there.
 */
#define FOR_PARTS(size, part, ...)                          \
	do {                                                \
		size_t i = 0;                               \
		for (; (size)-i >= svcntb(); i += svcntb()) \
			part(__VA_ARGS__, i, 0);            \
		if (i < 64 * TENON_DELTA_WORDS(size))       \
			part(__VA_ARGS__, i, 1);            \
	} while (0)

/* Bits of byte i on, i a multiple of the vector's length; what is left may be too short to be loaded. */
SVE_INLINE svbool_t load_bits(const struct tenon_delta *d, size_t i, int last)
{
	const unsigned char *mask = (const unsigned char *)d->mask + i / 8;
	if (!last)
		return *(const svbool_t *)(const void *)mask;
	unsigned char part[PREDICATE_MAX] = {0};
	memcpy(part, mask, (d->size - i + 7) / 8);
	return *(const svbool_t *)(const void *)part;
}

/* Behind the last bit the rest of its word is 0. */
SVE_INLINE void store_bits(const struct tenon_delta *d, size_t i, svbool_t bits, int last)
{
	unsigned char *mask = (unsigned char *)d->mask + i / 8;
	if (!last) {
		*(svbool_t *)(void *)mask = bits;
		return;
	}
	unsigned char part[PREDICATE_MAX + 8] = {0};
	*(svbool_t *)(void *)part = bits;
	memcpy(mask, part, 8 * TENON_DELTA_WORDS(d->size) - i / 8);
}

/* The mask says all: bits behind the page are clear. */
SVE_INLINE void apply_part(const struct tenon_delta *d, unsigned char *page, size_t i, int last)
{
	svbool_t bits = load_bits(d, i, last);
	svst1_u8(bits, page + i, svld1_u8(bits, d->payload + i));
}

/* merged's buffers may be first's: each part is read before it is written. */
SVE_INLINE void merge_part(const struct tenon_delta *first, const struct tenon_delta *second,
			   const struct tenon_delta *merged, size_t i, int last)
{
	svbool_t on = last ? svwhilelt_b8_u64(i, first->size) : svptrue_b8();
	svbool_t old = load_bits(first, i, last), new = load_bits(second, i, last);
	svuint8_t bytes = svsel_u8(new, svld1_u8(new, second->payload + i), svld1_u8(old, first->payload + i));
	svst1_u8(on, merged->payload + i, bytes);
	store_bits(merged, i, svorr_b_z(on, old, new), last);
}

SVE_INLINE void diff_part(const unsigned char *before, const unsigned char *after, const struct tenon_delta *d,
			  size_t i, int last)
{
	svbool_t on = last ? svwhilelt_b8_u64(i, d->size) : svptrue_b8();
	svuint8_t now = svld1_u8(on, after + i);
	svbool_t changed = svcmpne_u8(on, svld1_u8(on, before + i), now);
	svst1_u8(on, d->payload + i, svsel_u8(changed, now, svdup_u8(0)));
	store_bits(d, i, changed, last);
}

int sve_delta_apply(const void *args, void *scratch)
{
	const struct tenon_delta_apply_args *a = args;
	const struct tenon_delta d = *a->delta;
	unsigned char *page = a->page;
	(void)scratch;
	FOR_PARTS(d.size, apply_part, &d, page);
	return TENON_OK;
}

int sve_delta_merge(const void *args, void *scratch)
{
	const struct tenon_delta_merge_args *a = args;
	const struct tenon_delta first = *a->first, second = *a->second, merged = *a->merged;
	(void)scratch;
	FOR_PARTS(first.size, merge_part, &first, &second, &merged);
	a->merged->order = second.order;
	return TENON_OK;
}

int sve_delta_diff(const void *args, void *scratch)
{
	const struct tenon_delta_diff_args *a = args;
	const struct tenon_delta d = *a->delta;
	const unsigned char *before = a->before, *after = a->after;
	(void)scratch;
	FOR_PARTS(d.size, diff_part, before, after, &d);
	return TENON_OK;
}
