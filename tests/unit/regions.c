/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The memory of a call, for every kernel, on every case of tools/cases and every point of the quick profile: a copy of
 * what is listed, each region flush with an inaccessible page and inputs read-only, answers as the call itself; no pointer
 * leads anywhere else; outputs made private leave the caller's alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/regions.h"
#include "tests/conform/guard.h"
#include "tests/conform/sweep.h"
#include "tests/conform/trial.h"
#include "tools/cases/cases.h"

#define POISON 0xa5

enum { SCRATCH_MAX = 4 << 20, MEMORY_MAX = 64 << 20 };
static unsigned char *scratch, *memory, *saved;

/* ---- One call, judged -------------------------------------------------------------------------------------------- */

static int call_scalar(int kernel, const void *args)
{
	uint64_t size = get_scratch_size(kernel, args);
	assert_true(size <= SCRATCH_MAX);
	memset(scratch, POISON, size);
	return kernels[kernel].scalar(args, size ? scratch : NULL);
}

/* May nothing in it be written, not even a member? */
static bool is_input(const struct regions *r, int i)
{
	for (int k = 0; k < r->count; k++)
		if (r->list[k].is_inside && resolve_region(r, r->list[k].parent) == i)
			return false;
	return r->list[i].role == REGION_IN;
}

static size_t align_of(const struct region *region)
{
	size_t natural = region->kind == REGION_STRUCT ? 8 : size_of_kind(region->kind);
	return (uintptr_t)region->base % 64 == 0 && region->size % 64 == 0 ? 64
	       : natural > 1                                               ? natural
	       : region->size % 8 == 0                                     ? 8
									   : 1;
}

/* The list of a copy in guarded memory; ours: where we may write. */
static const void *copy_guarded(const struct regions *r, struct regions *ours)
{
	struct regions seen = *r;
	*ours = *r;
	for (int i = 0; i < r->count; i++) {
		const struct region *from = &r->list[i];
		if (from->alias >= 0 || from->is_inside || !from->size)
			continue;
		struct guarded at = place_guarded(i, SIDE_RIGHT, 0, from->size, align_of(from), is_input(r, i));
		ours->list[i].base = at.ours;
		seen.list[i].base = at.seen;
		memset(at.ours, POISON, from->size);
		if (from->role != REGION_OUT)
			memcpy(at.ours, from->base, from->size);
	}
	/* Written through ours, what points is as seen. */
	for (int i = 1; i < r->count; i++) {
		const struct region *region = &seen.list[i];
		int target = resolve_region(r, i), parent = resolve_region(r, region->parent);
		const unsigned char *pointer = region->size ? seen.list[target].base - region->lead : NULL;
		if (!region->is_inside)
			memcpy(ours->list[parent].base + region->at, &pointer, sizeof pointer);
		else
			ours->list[i].base = ours->list[parent].base + region->at;
	}
	return seen.list[0].base;
}

static void assert_same_answers(const struct regions *got, const struct regions *want, const char *what)
{
	struct region_difference d;
	if (!compare_answers(got, want, &d))
		fail_msg("%s: %s: %s[%zu] differs", kernels[got->kernel].name, what, got->list[d.region].name, d.index);
}

/* Outputs are private, nothing of the caller's is written, and the answer is the same. */
static void judge_twin(const struct regions *r, int status)
{
	struct regions twin;
	size_t outputs = measure_regions(r, REGION_ANSWERS), size = measure_copy(r, REGION_ANSWERS);
	assert_true(size + 8 <= MEMORY_MAX && outputs <= MEMORY_MAX);
	memset(memory + size, POISON, 8);
	const void *args = copy_regions(r, REGION_ANSWERS, memory, &twin);
	save_regions(r, REGION_ANSWERS, saved);
	if (r->at_rest)
		*r->at_rest = 0;
	assert_int_equal(call_scalar(r->kernel, args), status);
	for (int i = 0; i < 8; i++)
		assert_int_equal(memory[size + (size_t)i], POISON);
	size_t at = 0;
	for (int i = 0; i < r->count; i++) {
		if (!(r->list[i].role & REGION_ANSWERS) || r->list[i].alias >= 0 || !r->list[i].size)
			continue;
		assert_memory_equal(saved + at, r->list[i].base, r->list[i].size);
		at += r->list[i].size;
	}
	assert_int_equal(at, outputs);
	give_answers(&twin, r);
	assert_same_answers(r, &twin, "given");
}

static void judge_call(int kernel, const void *args)
{
	struct regions r, guarded;
	find_regions(kernel, args, &r);
	assert_false(r.has_failed);
	assert_false(are_tangled(&r));
	int got = call_scalar(kernel, copy_guarded(&r, &guarded));
	size_t inout = measure_regions(&r, REGION_EVERY);
	assert_true(2 * inout <= MEMORY_MAX);
	save_regions(&r, REGION_EVERY, saved + MEMORY_MAX / 2);
	int want = call_scalar(kernel, args);
	assert_int_equal(got, want);
	assert_same_answers(&guarded, &r, "a guarded copy");
	restore_regions(&r, REGION_EVERY, saved + MEMORY_MAX / 2);
	judge_twin(&r, want);
	assert_same_answers(&guarded, &r, "a twin");
}

/* ---- Cases ------------------------------------------------------------------------------------------------------- */

static bool is_listed(const struct regions *r, int parent, size_t at)
{
	for (int i = 1; i < r->count; i++)
		if (resolve_region(r, r->list[i].parent) == parent && r->list[i].at == at)
			return true;
	return false;
}

/* Two sets differ in their pointers alone (and in a workspace's flag): each must be listed. */
static void judge_pointers(const struct regions *a, const struct regions *b)
{
	assert_int_equal(a->count, b->count);
	for (int i = 0; i < a->count; i++) {
		if (a->list[i].kind != REGION_STRUCT || a->list[i].is_inside)
			continue;
		for (size_t at = 0; at + 8 <= a->list[i].size; at += 8)
			if (memcmp(a->list[i].base + at, b->list[i].base + at, 8) &&
			    !is_listed(a, resolve_region(a, i), at))
				fail_msg("%s: byte %zu of %s is a pointer that is not listed", kernels[a->kernel].name,
					 at, a->list[i].name);
	}
}

static void every_case_is_listed(void **state)
{
	(void)state;
	struct case_set *a = make_cases(), *b = make_cases();
	bool seen[KERNEL_COUNT] = {false};
	assert_true(a && b && learn_cases(a));
	for (size_t i = 0; i < count_cases(a); i++) {
		struct kernel_case *c = get_case(a, i);
		struct regions one, two;
		int kernel = find_kernel_id(c->kernel);
		seen[kernel] = true;
		reset_case(c);
		reset_case(get_case(b, i));
		find_regions(kernel, c->args, &one);
		find_regions(kernel, get_case(b, i)->args, &two);
		judge_pointers(&one, &two);
		judge_call(kernel, c->args);
		assert_int_equal(find_difference(c), c->size);
	}
	for (int k = 0; k < KERNEL_COUNT; k++)
		assert_true(seen[k]);
	free_cases(b);
	free_cases(a);
}

/* ---- Points of the profile --------------------------------------------------------------------------------------- */

static struct trial trial;

/* Builds the point's call in the arena. */
static const void *bind_point(int kernel, const struct point *point)
{
	struct placed placed;
	build_trial(&trial, specs[kernel], 1, point);
	for (size_t b = 0; b < trial.buffers; b++) {
		const struct buffer *buffer = &trial.buffer[b];
		placed.ours[b] = buffer->content ? buffer->content : take_room(&trial, size_of_buffer(buffer));
		placed.seen[b] = placed.ours[b];
		if (!buffer->content)
			memset(placed.ours[b], POISON, size_of_buffer(buffer));
	}
	void *args = take_room(&trial, get_args_size(kernel));
	trial.spec->bind(&trial, &placed, args);
	return args;
}

/* visit_fn */
static bool judge_point(void *user, const struct point *point)
{
	int kernel = *(int *)user;
	judge_call(kernel, bind_point(kernel, point));
	return true;
}

static void every_point_is_listed(void **state)
{
	(void)state;
	for (int k = 0; k < KERNEL_COUNT; k++) {
		struct sweep sweep = {
			.spec = specs[k], .profile = PROFILE_QUICK, .seed = 1, .visitor = judge_point, .user = &k};
		assert_true(run_sweep(&sweep));
	}
}

/* ---- Lists out of nowhere ---------------------------------------------------------------------------------------- */

static void assert_refused(int kernel, const void *args, const struct regions *r, int i, struct region changed)
{
	struct regions expected = *r, found;
	expected.list[i] = changed;
	assert_false(expect_regions(kernel, args, expected.list, expected.count, &found));
	assert_true(found.count <= i);
}

/* A list that is short, or wrong in one thing, is refused there. */
static void lists_are_believed_exactly(void **state)
{
	(void)state;
	struct case_set *set = make_cases();
	assert_non_null(set);
	for (size_t n = 0; n < count_cases(set); n++) {
		const void *args = get_case(set, n)->args;
		int kernel = find_kernel_id(get_case(set, n)->kernel);
		struct regions r, found;
		find_regions(kernel, args, &r);
		assert_true(expect_regions(kernel, args, r.list, r.count, &found));
		assert_int_equal(found.count, r.count);
		assert_false(expect_regions(kernel, args, r.list, r.count - 1, &found));
		for (int i = 0; i < r.count; i++) {
			struct region changed = r.list[i];
			changed.size--;
			assert_refused(kernel, args, &r, i, changed);
			changed = r.list[i];
			changed.kind = (changed.kind + 1) % REGION_KINDS;
			assert_refused(kernel, args, &r, i, changed);
			changed = r.list[i];
			changed.at += 8;
			assert_refused(kernel, args, &r, i, changed);
		}
	}
	free_cases(set);
}

/* ---- Aliases ----------------------------------------------------------------------------------------------------- */

enum { SIZE = 70 };

/* merged is first: one struct, one mask, one payload, each read and written. */
static void a_merge_in_place_is_one_delta(void **state)
{
	(void)state;
	uint64_t mask[2][2] = {{0x55, 1}, {0xf0, 2}};
	unsigned char payload[2][SIZE] = {{1, 2, 3}, {4, 5, 6, 7, 8}};
	struct tenon_delta first = {1, SIZE, mask[0], payload[0]}, second = {2, SIZE, mask[1], payload[1]};
	struct tenon_delta_merge_args a = {&first, &second, &first};
	struct regions r, copy;
	find_regions(KERNEL_delta_merge, &a, &r);
	assert_int_equal(measure_regions(&r, REGION_ANSWERS), sizeof mask[0] + SIZE + 8);
	assert_int_equal(r.list[resolve_region(&r, 7)].role, REGION_IN);
	assert_int_equal(r.list[7].alias, 1);
	assert_int_equal(r.list[2].role, REGION_INOUT);
	assert_false(are_tangled(&r));
	assert_int_equal(find_misplaced(&r), 0);
	const struct tenon_delta_merge_args *moved = copy_regions(&r, REGION_EVERY, memory, &copy);
	assert_ptr_equal(moved->first, moved->merged);
	assert_ptr_not_equal(moved->first, &first);
	assert_ptr_not_equal(moved->first->mask, first.mask);
	judge_call(KERNEL_delta_merge, &a);
	assert_int_equal(first.order, 2);
	assert_int_equal(mask[0][0], 0xf5);
}

static void outputs_that_overlap_otherwise_are_told(void **state)
{
	(void)state;
	float values[SIZE + 1] = {1};
	uint64_t ages[SIZE] = {0};
	struct regions r;
	struct tenon_decay_exponential_args a = {values, ages, SIZE, 1, 0, values + 1};
	find_regions(KERNEL_decay_exponential, &a, &r);
	assert_true(are_tangled(&r));
	a.out = values;
	find_regions(KERNEL_decay_exponential, &a, &r);
	assert_false(are_tangled(&r));
	assert_int_equal(r.list[1].role, REGION_INOUT);
}

/* Only inputs may share memory, with their like, but for a delta that is merged into the first. */
static void memory_that_may_not_be_shared_is_told(void **state)
{
	(void)state;
	float values[SIZE] = {1};
	uint64_t ages[SIZE] = {0}, mask[2][2] = {{0x55, 1}, {0xf0, 2}};
	unsigned char payload[2][SIZE] = {{1, 2, 3}, {4, 5, 6, 7, 8}};
	struct tenon_delta first = {1, SIZE, mask[0], payload[0]}, second = {2, SIZE, mask[1], payload[1]};
	struct tenon_decay_exponential_args decay = {values, ages, SIZE, 1, 0, values};
	struct tenon_delta_merge_args merge = {&first, &second, &second};
	struct tenon_delta_diff_args diff = {payload[0], payload[0], &second};
	struct tenon_delta_apply_args apply = {&first, (unsigned char *)&apply};
	struct regions r;
	find_regions(KERNEL_decay_exponential, &decay, &r);
	assert_string_equal(r.list[find_misplaced(&r)].name, "out");
	find_regions(KERNEL_delta_merge, &merge, &r);
	assert_string_equal(r.list[find_misplaced(&r)].name, "merged");
	find_regions(KERNEL_delta_diff, &diff, &r);
	assert_int_equal(find_misplaced(&r), 0);
	first.size = sizeof apply;
	find_regions(KERNEL_delta_apply, &apply, &r);
	assert_string_equal(r.list[find_misplaced(&r)].name, "page");
	first.size = sizeof first;
	second = (struct tenon_delta){2, sizeof first, mask[1], payload[1]};
	diff = (struct tenon_delta_diff_args){(unsigned char *)&second, payload[0], &second};
	find_regions(KERNEL_delta_diff, &diff, &r);
	assert_string_equal(r.list[find_misplaced(&r)].name, "before");
}

/* NaNs are alike, zeros are not; the first difference is told. */
static void answers_are_compared_by_bits(void **state)
{
	(void)state;
	uint32_t got[4] = {0x3f800000, 0x7fc00001, 0x80000000, 5}, want[4] = {0x3f800000, 0xffc00000, 0, 6};
	struct tenon_binding_decay_args a = {(float *)(void *)got, 4, 0, 0, 0}, b = {(float *)(void *)want, 4, 0, 0, 0};
	struct regions one, two;
	struct region_difference d;
	find_regions(KERNEL_binding_decay, &a, &one);
	find_regions(KERNEL_binding_decay, &b, &two);
	assert_false(compare_answers(&one, &two, &d));
	assert_int_equal(d.region, 1);
	assert_int_equal(d.index, 2);
	got[2] = 0;
	assert_false(compare_answers(&one, &two, &d));
	assert_int_equal(d.index, 3);
	got[3] = 6;
	assert_true(compare_answers(&one, &two, &d));
}

/* Pairs of other rows are other calls'. */
static void a_share_of_pairs_lists_its_own(void **state)
{
	(void)state;
	float rows[6] = {1, 2, 3, 4, 5, 6}, scores[15];
	struct regions r;
	struct tenon_pairwise_similarity_args a = {rows, 6, 1, 1, NULL, 2, 4, scores};
	find_regions(KERNEL_pairwise_similarity, &a, &r);
	const struct region *out = &r.list[r.count - 1];
	assert_ptr_equal(out->base, scores + 9);
	assert_int_equal(out->size, 5 * sizeof(float));
	assert_int_equal(out->lead, 9 * sizeof(float));
	judge_call(KERNEL_pairwise_similarity, &a);
}

static int prepare(void **state)
{
	(void)state;
	scratch = aligned_alloc(64, SCRATCH_MAX);
	memory = aligned_alloc(64, MEMORY_MAX);
	saved = malloc(MEMORY_MAX);
	return !scratch || !memory || !saved || !make_room() || !make_guards();
}

static int release(void **state)
{
	(void)state;
	free(scratch);
	free(memory);
	free(saved);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_is_listed),
		cmocka_unit_test(every_point_is_listed),
		cmocka_unit_test(lists_are_believed_exactly),
		cmocka_unit_test(a_merge_in_place_is_one_delta),
		cmocka_unit_test(outputs_that_overlap_otherwise_are_told),
		cmocka_unit_test(memory_that_may_not_be_shared_is_told),
		cmocka_unit_test(answers_are_compared_by_bits),
		cmocka_unit_test(a_share_of_pairs_lists_its_own),
	};
	return cmocka_run_group_tests(tests, prepare, release);
}
