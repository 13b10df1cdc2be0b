/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Topic: a page of 4 KiB of which every other byte changes, at random: applying a delta, merging two, making one. The
 * limit is a memcpy of the page.
 */
#include <string.h>

#include "bench/bench.h"

enum { PAGE = 4096, WORDS = TENON_DELTA_WORDS(PAGE) };

struct change {
	_Alignas(64) uint64_t mask[WORDS];
	_Alignas(64) unsigned char payload[PAGE];
};
static struct change one, other, out;
static _Alignas(64) unsigned char before[PAGE], after[PAGE], page[PAGE], copy[PAGE];
static struct copying limit = {before, copy, PAGE};

static bool is_changed(const struct tenon_delta *delta, size_t i)
{
	return delta->mask[i / 64] >> i % 64 & 1;
}

static void run_apply_loop(void *context, size_t times)
{
	const struct tenon_delta_apply_args *a = context;
	for (size_t t = 0; t < times; t++)
		for (size_t i = 0; i < a->delta->size; i++)
			if (is_changed(a->delta, i))
				a->page[i] = a->delta->payload[i];
}

static void run_merge_loop(void *context, size_t times)
{
	const struct tenon_delta_merge_args *a = context;
	for (size_t t = 0; t < times; t++) {
		for (size_t i = 0; i < TENON_DELTA_WORDS(a->first->size); i++)
			a->merged->mask[i] = a->first->mask[i] | a->second->mask[i];
		for (size_t i = 0; i < a->first->size; i++)
			a->merged->payload[i] = is_changed(a->second, i)  ? a->second->payload[i]
						: is_changed(a->first, i) ? a->first->payload[i]
									  : 0;
	}
}

static void run_diff_loop(void *context, size_t times)
{
	const struct tenon_delta_diff_args *a = context;
	for (size_t t = 0; t < times; t++) {
		memset(a->delta->mask, 0, TENON_DELTA_WORDS(a->delta->size) * sizeof *a->delta->mask);
		for (size_t i = 0; i < a->delta->size; i++) {
			bool changed = a->before[i] != a->after[i];
			a->delta->mask[i / 64] |= (uint64_t)changed << i % 64;
			a->delta->payload[i] = changed ? a->after[i] : 0;
		}
	}
}

static void fill(void)
{
	uint64_t state = 5;
	for (size_t i = 0; i < PAGE; i++) {
		before[i] = (unsigned char)(next_random(&state) >> 24);
		for (struct change *change = &one; change; change = change == &one ? &other : NULL)
			if (next_random(&state) >> 31) {
				change->mask[i / 64] |= UINT64_C(1) << i % 64;
				change->payload[i] = (unsigned char)(next_random(&state) >> 24);
			}
		after[i] = next_random(&state) >> 31 ? before[i] : (unsigned char)(before[i] + 1);
	}
}

static bool race_kernel(const char *kernel, const void *args, void *output, size_t size, const void *initial,
			void (*loop)(void *context, size_t times))
{
	return run_race(&(struct race){
		.kernel = kernel,
		.shape = "4 KiB",
		.args = args,
		.output = output,
		.size = size,
		.initial = initial,
		.bytes = PAGE,
		.limit = {"memcpy", run_copying, &limit},
		.strict = {"plain loop", loop, (void *)(uintptr_t)args},
	});
}

bool bench_delta(void)
{
	struct tenon_delta first = {1, PAGE, one.mask, one.payload}, second = {2, PAGE, other.mask, other.payload};
	struct tenon_delta made = {3, PAGE, out.mask, out.payload};
	struct tenon_delta_apply_args apply = {&first, page};
	struct tenon_delta_merge_args merge = {&first, &second, &made};
	struct tenon_delta_diff_args diff = {before, after, &made};
	fill();
	bool good = race_kernel("delta_apply", &apply, page, sizeof page, before, run_apply_loop);
	good = race_kernel("delta_merge", &merge, &out, sizeof out, NULL, run_merge_loop) && good;
	return race_kernel("delta_diff", &diff, &out, sizeof out, NULL, run_diff_loop) && good;
}
