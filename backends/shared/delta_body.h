/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delta_apply, delta_merge and delta_diff over 64 bytes at a time, a word of the mask. The file that includes this brings
 * them:
 *
 *     struct block, struct bits      64 bytes; 64 booleans, in whatever form the ISA has them
 *     load_block(p), store_block(p, a)
 *     load_bits(p)                   from a word of a mask
 *     choose_block(bits, a, b)       a where a bit is set, b elsewhere
 *     keep_block(bits, a)            0 elsewhere
 *     put_block(p, bits, a)          stores where a bit is set; what stays may be read and written back
 *     compare_blocks(p, a, b)        stores a word of a mask, set where they differ, and returns it as bits
 *
 * A last word that has fewer bytes goes through a block on the stack. Descriptors are copied first: a store of bytes might
 * change those that are the caller's, for all that a compiler knows, and it would read them again for each. Pure.
 */
#ifndef BACKENDS_SHARED_DELTA_BODY_H
#define BACKENDS_SHARED_DELTA_BODY_H

#include <stdbool.h>
#include <string.h>

#include <tenon/backend.h>

/* Pages from this size on do not stay in the first caches, so that it pays to ask for what comes. */
enum { DELTA_LARGE = 1 << 18, DELTA_AHEAD = 2048 };

/* For loops over eight words, a cache line of a mask, so that ends and addresses are worked out once for all. */
#define UNROLL_WORDS _Pragma("GCC unroll 8")

static inline void fetch_read(const unsigned char *p)
{
	__builtin_prefetch(p + DELTA_AHEAD);
}
static inline void fetch_write(const unsigned char *p)
{
	__builtin_prefetch(p + DELTA_AHEAD, 1);
}

/* ---- delta_apply -------------------------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void apply_words(const struct tenon_delta *d, unsigned char *page,
							      size_t begin, size_t count, bool large)
{
	const uint64_t *mask = d->mask + begin;
	const unsigned char *payload = d->payload + 64 * begin;
	page += 64 * begin;
	UNROLL_WORDS
	for (size_t w = 0; w < count; w++) {
		if (large) {
			fetch_read(payload + 64 * w);
			fetch_write(page + 64 * w);
		}
		put_block(page + 64 * w, load_bits(mask + w), load_block(payload + 64 * w));
	}
}

static inline __attribute__((always_inline)) void apply_rest(const struct tenon_delta *d, unsigned char *page,
							     size_t word)
{
	unsigned char payload[64] = {0}, rest[64] = {0};
	size_t size = d->size - 64 * word;
	memcpy(payload, d->payload + 64 * word, size);
	memcpy(rest, page + 64 * word, size);
	put_block(rest, load_bits(d->mask + word), load_block(payload));
	memcpy(page + 64 * word, rest, size);
}

static inline int delta_apply_body(const struct tenon_delta_apply_args *a)
{
	const struct tenon_delta d = *a->delta;
	unsigned char *page = a->page;
	size_t words = d.size / 64, w = 0;
	if (d.size >= DELTA_LARGE)
		for (; w + 8 <= words; w += 8)
			apply_words(&d, page, w, 8, true);
	for (; w + 8 <= words; w += 8)
		apply_words(&d, page, w, 8, false);
	for (; w < words; w++)
		apply_words(&d, page, w, 1, false);
	if (d.size % 64)
		apply_rest(&d, page, words);
	return TENON_OK;
}

/* ---- delta_merge -------------------------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void merge_block(const uint64_t *old, const uint64_t *new,
							      const unsigned char *first, const unsigned char *second,
							      unsigned char *merged)
{
	store_block(merged,
		    choose_block(load_bits(new), load_block(second), keep_block(load_bits(old), load_block(first))));
}

/*
 * The masks are joined last and all at once: first's may be where merged's are. Without that order each block would wait for
 * a store.
 */
static inline __attribute__((always_inline)) void merge_words(const struct tenon_delta *first,
							      const struct tenon_delta *second,
							      const struct tenon_delta *merged, size_t begin,
							      size_t count, bool large)
{
	const uint64_t *old = first->mask + begin, *new = second->mask + begin;
	uint64_t joined[8];
	UNROLL_WORDS
	for (size_t w = 0; w < count; w++) {
		size_t at = 64 * (begin + w);
		if (large) {
			fetch_read(first->payload + at);
			fetch_read(second->payload + at);
			fetch_write(merged->payload + at);
		}
		merge_block(old + w, new + w, first->payload + at, second->payload + at, merged->payload + at);
	}
	for (size_t w = 0; w < count; w++)
		joined[w] = old[w] | new[w];
	memcpy(merged->mask + begin, joined, count * sizeof *joined);
}

static inline __attribute__((always_inline)) void merge_rest(const struct tenon_delta *first,
							     const struct tenon_delta *second,
							     const struct tenon_delta *merged, size_t word)
{
	unsigned char old[64] = {0}, new[64] = {0}, joined[64];
	size_t size = first->size - 64 * word;
	memcpy(old, first->payload + 64 * word, size);
	memcpy(new, second->payload + 64 * word, size);
	merge_block(first->mask + word, second->mask + word, old, new, joined);
	memcpy(merged->payload + 64 * word, joined, size);
	merged->mask[word] = first->mask[word] | second->mask[word];
}

static inline int delta_merge_body(const struct tenon_delta_merge_args *a)
{
	const struct tenon_delta first = *a->first, second = *a->second, merged = *a->merged;
	size_t words = first.size / 64, w = 0;
	if (first.size >= DELTA_LARGE)
		for (; w + 8 <= words; w += 8)
			merge_words(&first, &second, &merged, w, 8, true);
	for (; w + 8 <= words; w += 8)
		merge_words(&first, &second, &merged, w, 8, false);
	for (; w < words; w++)
		merge_words(&first, &second, &merged, w, 1, false);
	if (first.size % 64)
		merge_rest(&first, &second, &merged, words);
	a->merged->order = second.order;
	return TENON_OK;
}

/* ---- delta_diff --------------------------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void diff_block(const unsigned char *before, const unsigned char *after,
							     uint64_t *mask, unsigned char *payload)
{
	struct block now = load_block(after);
	store_block(payload, keep_block(compare_blocks(mask, load_block(before), now), now));
}

static inline __attribute__((always_inline)) void diff_words(const unsigned char *before, const unsigned char *after,
							     const struct tenon_delta *d, size_t begin, size_t count,
							     bool large)
{
	UNROLL_WORDS
	for (size_t w = begin; w < begin + count; w++) {
		if (large) {
			fetch_read(before + 64 * w);
			fetch_read(after + 64 * w);
			fetch_write(d->payload + 64 * w);
		}
		diff_block(before + 64 * w, after + 64 * w, d->mask + w, d->payload + 64 * w);
	}
}

/* Zeros on both sides are no difference, so the tail of the mask comes out clear. */
static inline __attribute__((always_inline)) void diff_rest(const unsigned char *before, const unsigned char *after,
							    const struct tenon_delta *d, size_t word)
{
	unsigned char old[64] = {0}, new[64] = {0}, payload[64];
	size_t size = d->size - 64 * word;
	memcpy(old, before + 64 * word, size);
	memcpy(new, after + 64 * word, size);
	diff_block(old, new, d->mask + word, payload);
	memcpy(d->payload + 64 * word, payload, size);
}

static inline int delta_diff_body(const struct tenon_delta_diff_args *a)
{
	const struct tenon_delta d = *a->delta;
	const unsigned char *before = a->before, *after = a->after;
	size_t words = d.size / 64, w = 0;
	if (d.size >= DELTA_LARGE)
		for (; w + 8 <= words; w += 8)
			diff_words(before, after, &d, w, 8, true);
	for (; w + 8 <= words; w += 8)
		diff_words(before, after, &d, w, 8, false);
	for (; w < words; w++)
		diff_words(before, after, &d, w, 1, false);
	if (d.size % 64)
		diff_rest(before, after, &d, words);
	return TENON_OK;
}

#endif
