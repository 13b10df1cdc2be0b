/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bit identity of delta_apply, delta_merge and delta_diff: every size up to four vectors and around eight words, at changing
 * alignments; every alignment; densities from none to all; each bit of a word alone; in place; pages that do not stay in
 * the caches. What lies behind the outputs is hashed, too: it tells an overrun.
 */
#include "tests/bits/bits.h"

#include <stdlib.h>
#include <string.h>

enum { BEHIND = 64, DENSITIES = 6, OLD = 0, NEW = 1 };

struct family {
	tenon_kernel_fn *function;
	struct bits *bits;
	uint64_t kernel, number;
	void (*run)(struct family *f, size_t size, unsigned density, size_t align);
};

static unsigned char *take_bytes(size_t size, size_t align)
{
	return (unsigned char *)bits_alloc((size + align + BEHIND) / sizeof(float) + 1, 0) + align;
}

static void give_bytes(unsigned char *bytes, size_t align)
{
	bits_free((float *)(void *)(bytes - align), 0);
}

static void fill_bytes(struct family *f, unsigned char *out, size_t size, uint64_t buffer)
{
	for (size_t i = 0; i < size; i += 8) {
		uint64_t word = bits_random(f->kernel, f->number, buffer, i);
		memcpy(out + i, &word, size - i < 8 ? size - i : 8);
	}
}

/* Bits of a mask: none, few, some, half, most, all; or, from DENSITIES on, bit `density - DENSITIES` alone. */
static uint64_t draw_word(struct family *f, uint64_t buffer, size_t w, unsigned density)
{
	uint64_t a = bits_random(f->kernel, f->number, 10 + buffer, 3 * w),
		 b = bits_random(f->kernel, f->number, 10 + buffer, 3 * w + 1);
	switch (density) {
	case 0: return 0;
	case 1: return a & b & bits_random(f->kernel, f->number, 10 + buffer, 3 * w + 2) & (a << 1);
	case 2: return a & b;
	case 3: return a;
	case 4: return a | b;
	case 5: return UINT64_MAX;
	default: return UINT64_C(1) << (density - DENSITIES) % 64;
	}
}

/* Its buffers are exact: a word of the mask more, or a byte of the payload, is not ours. */
static struct tenon_delta take_delta(struct family *f, uint64_t buffer, size_t size, unsigned density, size_t align)
{
	size_t words = TENON_DELTA_WORDS(size);
	struct tenon_delta d = {100 + buffer, size, (uint64_t *)(void *)take_bytes(8 * words, 0),
				take_bytes(size, align)};
	for (size_t w = 0; w < words; w++)
		d.mask[w] = draw_word(f, buffer, w, density);
	if (size % 64)
		d.mask[size / 64] &= (UINT64_C(1) << size % 64) - 1;
	fill_bytes(f, d.payload, size, buffer);
	return d;
}

static void give_delta(struct tenon_delta *d, size_t align)
{
	give_bytes((unsigned char *)d->mask, 0);
	give_bytes(d->payload, align);
}

static void poison_delta(struct tenon_delta *d)
{
	memset(d->mask, 0xa5, 8 * TENON_DELTA_WORDS(d->size) + BEHIND);
	memset(d->payload, 0xa5, d->size + BEHIND);
}

static void add_delta(struct family *f, const struct tenon_delta *d, int status)
{
	bits_add_bytes(f->bits, &d->order, sizeof d->order);
	bits_add_bytes(f->bits, d->mask, 8 * TENON_DELTA_WORDS(d->size) + BEHIND);
	bits_add_bytes(f->bits, d->payload, d->size + BEHIND);
	bits_case(f->bits, status);
}

/* ---- The kernels ------------------------------------------------------------------------------------------------- */

static void run_apply(struct family *f, size_t size, unsigned density, size_t align)
{
	struct tenon_delta d = take_delta(f, OLD, size, density, align);
	unsigned char *page = take_bytes(size, align / 3);
	memset(page, 0xa5, size + BEHIND);
	fill_bytes(f, page, size, 5);
	int status = f->function(&(struct tenon_delta_apply_args){&d, page}, NULL);
	bits_add_bytes(f->bits, page, size + BEHIND);
	bits_case(f->bits, status);
	give_bytes(page, align / 3);
	give_delta(&d, align);
}

/* Into other buffers, and over first: its buffers alone, or all of it. */
static void run_merge(struct family *f, size_t size, unsigned density, size_t align)
{
	struct tenon_delta first = take_delta(f, OLD, size, (density + 2) % DENSITIES, align);
	struct tenon_delta second = take_delta(f, NEW, size, density, align / 3);
	struct tenon_delta merged = take_delta(f, 2, size, 0, align / 5);
	poison_delta(&merged);
	add_delta(f, &merged, f->function(&(struct tenon_delta_merge_args){&first, &second, &merged}, NULL));
	struct tenon_delta over = first;
	memset(over.mask + TENON_DELTA_WORDS(size), 0xa5, BEHIND);
	memset(over.payload + size, 0xa5, BEHIND);
	add_delta(f, &over,
		  f->function(&(struct tenon_delta_merge_args){align % 2 ? &over : &first, &second, &over}, NULL));
	give_delta(&first, align);
	give_delta(&second, align / 3);
	give_delta(&merged, align / 5);
}

static void run_diff(struct family *f, size_t size, unsigned density, size_t align)
{
	struct tenon_delta d = take_delta(f, OLD, size, density, align), got = take_delta(f, NEW, size, 0, align / 5);
	unsigned char *before = take_bytes(size, align / 3), *after = take_bytes(size, align);
	fill_bytes(f, before, size, 5);
	for (size_t i = 0; i < size;
	     i++) /* by any difference: the lowest bit, the highest, or random ones, now and then none */
		after[i] =
			before[i] ^ (d.mask[i / 64] >> i % 64 & 1 ? i % 3 ? (i % 3 == 1 ? 1 : 0x80) : d.payload[i] : 0);
	poison_delta(&got);
	add_delta(f, &got, f->function(&(struct tenon_delta_diff_args){before, after, &got}, NULL));
	give_bytes(before, align / 3);
	give_bytes(after, align);
	give_delta(&d, align);
	give_delta(&got, align / 5);
}

/* ---- Shapes ------------------------------------------------------------------------------------------------------ */

static void every_size(struct family *f)
{
	for (size_t size = 1; size <= 4 * 64 + 3; size++)
		for (unsigned density = 0; density < DENSITIES; density++)
			f->number++, f->run(f, size, density, f->number % 64);
	for (size_t size = 440; size <= 1300; size += size % 64 > 60 || size % 64 < 4 ? 1 : 9)
		f->number++, f->run(f, size, 3, f->number % 64);
}

static void every_alignment(struct family *f)
{
	for (size_t align = 0; align < 64; align++)
		for (size_t size = 700; size < 710; size += 4)
			f->number++, f->run(f, size, 3, align);
}

static void every_bit(struct family *f)
{
	for (unsigned bit = 0; bit < 64; bit++)
		f->number++, f->run(f, 64 * 10 + 7, DENSITIES + bit, bit);
}

static void large_ones(struct family *f)
{
	for (size_t i = 0; i < 4; i++)
		f->number++, f->run(f, ((size_t)1 << 18) + i * 333 - 1, 2 + (unsigned)i % 3, i);
}

static void run_family(uint64_t kernel, tenon_kernel_fn *function, struct bits *bits,
		       void (*run)(struct family *f, size_t size, unsigned density, size_t align))
{
	struct family f = {function, bits, kernel, 0, run};
	every_size(&f);
	every_alignment(&f);
	every_bit(&f);
	large_ones(&f);
}

void bits_delta_apply(tenon_kernel_fn *function, struct bits *bits)
{
	run_family(TENON_ID_delta_apply, function, bits, run_apply);
}

/* An empty merge writes the order. */
void bits_delta_merge(tenon_kernel_fn *function, struct bits *bits)
{
	struct tenon_delta first = {1, 0, NULL, NULL}, second = {2, 0, NULL, NULL}, merged = {3, 0, NULL, NULL};
	int status = function(&(struct tenon_delta_merge_args){&first, &second, &merged}, NULL);
	bits_add_bytes(bits, &merged.order, sizeof merged.order);
	bits_case(bits, status);
	run_family(TENON_ID_delta_merge, function, bits, run_merge);
}

void bits_delta_diff(tenon_kernel_fn *function, struct bits *bits)
{
	run_family(TENON_ID_delta_diff, function, bits, run_diff);
}
