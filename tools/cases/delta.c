/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cases of delta_apply, delta_merge and delta_diff: a page, and a size with a tail.
 */
#include <string.h>

#include "tools/cases/cases.h"

static const size_t sizes[] = {4096, 1000};

enum { OLD = 210, NEW = 220, PAGE = 230 };

/* Mask and payload behind one another, so that they can be one output; half of the bytes change. */
static struct tenon_delta *take_delta(struct case_set *set, size_t size, uint64_t stream)
{
	size_t words = TENON_DELTA_WORDS(size);
	struct tenon_delta *delta = take_memory(set, sizeof *delta);
	uint64_t *mask = take_memory(set, 8 * words + size);
	if (!delta || !mask)
		return NULL;
	*delta = (struct tenon_delta){stream, size, mask, (unsigned char *)(mask + words)};
	for (size_t w = 0; w < words; w++)
		mask[w] = mix_bits(stream, w) & (size - 64 * w < 64 ? (UINT64_C(1) << size % 64) - 1 : UINT64_MAX);
	for (size_t i = 0; i < size; i++)
		delta->payload[i] = (unsigned char)mix_bits(stream + 1, i);
	return delta;
}

static unsigned char *take_page(struct case_set *set, size_t size, uint64_t stream)
{
	unsigned char *page = take_memory(set, size);
	for (size_t i = 0; page && i < size; i++)
		page[i] = (unsigned char)mix_bits(stream, i);
	return page;
}

bool make_delta_apply_cases(struct case_set *set)
{
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct tenon_delta_apply_args args = {take_delta(set, sizes[i], OLD + i),
						      take_page(set, sizes[i], PAGE)};
		unsigned char *initial = take_page(set, sizes[i], PAGE);
		if (!args.delta || !args.page || !initial ||
		    !add_case(set, TENON_ID_delta_apply, &args, sizeof args, args.page, sizes[i]))
			return false;
		get_case(set, count_cases(set) - 1)->initial = initial;
	}
	return true;
}

bool make_delta_merge_cases(struct case_set *set)
{
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct tenon_delta *merged = take_delta(set, sizes[i], PAGE);
		struct tenon_delta_merge_args args = {take_delta(set, sizes[i], OLD + i),
						      take_delta(set, sizes[i], NEW + i), merged};
		size_t size = 8 * TENON_DELTA_WORDS(sizes[i]) + sizes[i];
		if (!args.first || !args.second || !merged ||
		    !add_case(set, TENON_ID_delta_merge, &args, sizeof args, merged->mask, size))
			return false;
	}
	return true;
}

/* The difference of two random pages, a quarter of which is equal. */
bool make_delta_diff_cases(struct case_set *set)
{
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		unsigned char *before = take_page(set, sizes[i], PAGE), *after = take_page(set, sizes[i], OLD);
		struct tenon_delta *delta = take_delta(set, sizes[i], NEW);
		struct tenon_delta_diff_args args = {before, after, delta};
		size_t size = 8 * TENON_DELTA_WORDS(sizes[i]) + sizes[i];
		if (!before || !after || !delta)
			return false;
		memcpy(after, before, sizes[i] / 4);
		if (!add_case(set, TENON_ID_delta_diff, &args, sizeof args, delta->mask, size))
			return false;
	}
	return true;
}
