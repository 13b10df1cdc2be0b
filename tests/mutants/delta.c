/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Broken kernels of delta_apply, delta_merge and delta_diff; mutants.def says what is wrong with each.
 */
#include <string.h>

#include "tests/mutants/mutant.h"

static int is_set(const struct tenon_delta *d, size_t i)
{
	return (int)(d->mask[i / 64] >> i % 64 & 1);
}

/* ---- delta_apply ------------------------------------------------------------------------------------------------- */

static int run_apply(const struct tenon_delta_apply_args *a, size_t size, size_t group)
{
	for (size_t i = 0; i < size; i++) {
		int chosen = 0;
		for (size_t k = i / group * group; k < i / group * group + group && k < a->delta->size; k++)
			chosen |= is_set(a->delta, k);
		if (chosen)
			a->page[i] = a->delta->payload[i];
	}
	return TENON_OK;
}

int mutant_good_apply(const void *args, void *scratch)
{
	const struct tenon_delta_apply_args *a = args;
	(void)scratch;
	return run_apply(a, a->delta->size, 1);
}

int mutant_applies_groups(const void *args, void *scratch)
{
	const struct tenon_delta_apply_args *a = args;
	(void)scratch;
	return run_apply(a, a->delta->size, 8);
}

int mutant_apply_drops_tail(const void *args, void *scratch)
{
	const struct tenon_delta_apply_args *a = args;
	(void)scratch;
	return run_apply(a, a->delta->size / 64 * 64, 1);
}

int mutant_apply_in_words(const void *args, void *scratch)
{
	const struct tenon_delta_apply_args *a = args;
	int status = mutant_good_apply(args, scratch);
	for (size_t i = a->delta->size; i % 8; i++)
		((volatile unsigned char *)a->page)[i] = 0;
	return status;
}

/* ---- delta_merge ------------------------------------------------------------------------------------------------- */

enum merge_defect { NOTHING, LEFT_BIASED, STALE, KEEPS_ORDER, CLEARS_FIRST };

/* Right in place as well: a byte is read before it is written, and the mask a word at a time, last. */
static int run_merge(const struct tenon_delta_merge_args *a, enum merge_defect defect)
{
	const struct tenon_delta *first = a->first, *second = a->second;
	size_t size = second->size;
	if (defect == CLEARS_FIRST)
		memset(a->merged->payload, 0, size);
	for (size_t i = 0; i < size; i++) {
		int from_second = is_set(second, i) && !(defect == LEFT_BIASED && is_set(first, i));
		unsigned char byte = from_second                           ? second->payload[i]
				     : is_set(first, i) || defect == STALE ? first->payload[i]
									   : 0;
		a->merged->payload[i] = byte;
	}
	for (size_t w = 0; w < TENON_DELTA_WORDS(size); w++)
		a->merged->mask[w] = first->mask[w] | second->mask[w];
	if (defect != KEEPS_ORDER)
		a->merged->order = second->order;
	return TENON_OK;
}

#define MERGE_MUTANT(name, defect)                         \
	int mutant_##name(const void *args, void *scratch) \
	{                                                  \
		(void)scratch;                             \
		return run_merge(args, defect);            \
	}                                                  \
	_Static_assert(1, "")

MERGE_MUTANT(good_merge, NOTHING);
MERGE_MUTANT(merge_left_biased, LEFT_BIASED);
MERGE_MUTANT(merge_stale_bytes, STALE);
MERGE_MUTANT(merge_keeps_order, KEEPS_ORDER);
MERGE_MUTANT(merge_wrong_in_place, CLEARS_FIRST);

/* ---- delta_diff -------------------------------------------------------------------------------------------------- */

int mutant_good_diff(const void *args, void *scratch)
{
	const struct tenon_delta_diff_args *a = args;
	struct tenon_delta *d = a->delta;
	(void)scratch;
	memset(d->mask, 0, 8 * TENON_DELTA_WORDS(d->size));
	for (size_t i = 0; i < d->size; i++) {
		int differs = a->before[i] != a->after[i];
		d->mask[i / 64] |= (uint64_t)differs << i % 64;
		d->payload[i] = differs ? a->after[i] : 0;
	}
	return TENON_OK;
}

int mutant_diff_marks_tail(const void *args, void *scratch)
{
	const struct tenon_delta_diff_args *a = args;
	int status = mutant_good_diff(args, scratch);
	if (a->delta->size % 64)
		a->delta->mask[a->delta->size / 64] |= ~(uint64_t)0 << a->delta->size % 64;
	return status;
}

int mutant_diff_copies_page(const void *args, void *scratch)
{
	const struct tenon_delta_diff_args *a = args;
	int status = mutant_good_diff(args, scratch);
	memcpy(a->delta->payload, a->after, a->delta->size);
	return status;
}

int mutant_diff_sets_order(const void *args, void *scratch)
{
	const struct tenon_delta_diff_args *a = args;
	a->delta->order = 0;
	return mutant_good_diff(args, scratch);
}

int mutant_diff_as_xor(const void *args, void *scratch)
{
	const struct tenon_delta_diff_args *a = args;
	int status = mutant_good_diff(args, scratch);
	for (size_t i = 0; i < a->delta->size; i++)
		a->delta->payload[i] = a->before[i] ^ a->after[i];
	return status;
}
