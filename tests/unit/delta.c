/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * delta_apply, delta_merge and delta_diff: against loops over bytes and bits, the laws of their algebra for every delta of
 * small pages, tenon_delta_init(), what they refuse, and the self-tests' verdicts on bodies that are wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/kernels.h"

enum { SIZE_MAX_HERE = 700, WORDS = TENON_DELTA_WORDS(SIZE_MAX_HERE), STALE = 0xee };

/* A delta with its buffers. */
struct own {
	struct tenon_delta delta;
	uint64_t mask[WORDS];
	unsigned char payload[SIZE_MAX_HERE];
};

static void init(struct own *own, size_t size, uint64_t order)
{
	memset(own->mask, 0, sizeof own->mask);
	memset(own->payload, STALE, sizeof own->payload);
	assert_int_equal(tenon_delta_init(&own->delta, size, own->mask, own->payload, order), TENON_OK);
}

static void set_byte(struct own *own, size_t i, unsigned char byte)
{
	own->mask[i / 64] |= UINT64_C(1) << i % 64;
	own->payload[i] = byte;
}

static int is_set(const struct own *own, size_t i)
{
	return (int)(own->mask[i / 64] >> i % 64 & 1);
}

static void apply(const struct own *own, unsigned char *page)
{
	assert_int_equal(tenon_delta_apply(&(struct tenon_delta_apply_args){&own->delta, page}), TENON_OK);
}

static void merge(const struct own *first, const struct own *second, struct own *merged)
{
	struct tenon_delta_merge_args a = {&first->delta, &second->delta, &merged->delta};
	assert_int_equal(tenon_delta_merge(&a), TENON_OK);
	assert_int_equal(merged->delta.order, second->delta.order);
}

static void diff(const unsigned char *before, const unsigned char *after, struct own *own)
{
	assert_int_equal(tenon_delta_diff(&(struct tenon_delta_diff_args){before, after, &own->delta}), TENON_OK);
}

static void assert_same(const struct own *a, const struct own *b)
{
	assert_int_equal(a->delta.size, b->delta.size);
	assert_memory_equal(a->mask, b->mask, sizeof a->mask);
	assert_memory_equal(a->payload, b->payload, a->delta.size);
}

/* ---- Against loops ----------------------------------------------------------------------------------------------- */

static uint32_t seed;

static unsigned draw(unsigned below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 16) % below;
}

/* share of 100 bytes change; stale bytes lie under the others. */
static void draw_delta(struct own *own, size_t size, unsigned share, uint64_t order)
{
	init(own, size, order);
	for (size_t i = 0; i < size; i++)
		if (draw(100) < share)
			set_byte(own, i, (unsigned char)draw(256));
}

static void check_apply(size_t size, unsigned share)
{
	struct own own;
	unsigned char page[SIZE_MAX_HERE + 1], want[SIZE_MAX_HERE + 1];
	draw_delta(&own, size, share, 1);
	for (size_t i = 0; i <= size; i++) {
		page[i] = (unsigned char)draw(256);
		want[i] = i < size && is_set(&own, i) ? own.payload[i] : page[i];
	}
	apply(&own, page);
	assert_memory_equal(page, want, size + 1);
}

static void check_merge(size_t size, unsigned share)
{
	struct own first, second, want, merged;
	draw_delta(&first, size, 50, 1);
	draw_delta(&second, size, share, 2);
	init(&want, size, 2);
	init(&merged, size, 0);
	memset(want.payload, 0, size);
	memset(merged.mask, STALE, TENON_DELTA_WORDS(size) * 8);
	for (size_t i = 0; i < size; i++)
		if (is_set(&first, i) || is_set(&second, i))
			set_byte(&want, i, is_set(&second, i) ? second.payload[i] : first.payload[i]);
	merge(&first, &second, &merged);
	assert_memory_equal(&merged.payload[size], &first.payload[size], SIZE_MAX_HERE - size);
	assert_same(&merged, &want);
	merge(&first, &second, &first);
	assert_same(&first, &want);
}

static void check_diff(size_t size, unsigned share)
{
	struct own want, got;
	unsigned char before[SIZE_MAX_HERE], after[SIZE_MAX_HERE];
	init(&want, size, 7);
	init(&got, size, 7);
	memset(want.payload, 0, size);
	memset(got.mask, STALE, TENON_DELTA_WORDS(size) * 8);
	for (size_t i = 0; i < size; i++) {
		before[i] = (unsigned char)draw(256);
		after[i] = (unsigned char)(draw(100) < share ? draw(256) : before[i]);
		if (after[i] != before[i])
			set_byte(&want, i, after[i]);
	}
	diff(before, after, &got);
	assert_int_equal(got.delta.order, 7);
	assert_same(&got, &want);
}

static void they_do_what_loops_over_bytes_do(void **state)
{
	(void)state;
	static const unsigned shares[] = {0, 3, 50, 97, 100};
	for (size_t size = 0; size <= SIZE_MAX_HERE; size += size < 200 ? 1 : 23)
		for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
			check_apply(size, shares[i]);
			check_merge(size, shares[i]);
			check_diff(size, shares[i]);
		}
}

/* ---- Algebra ----------------------------------------------------------------------------------------------------- */

enum { SMALL = 3, DELTAS = 27, PAGES = 8 }; /* bytes of a page that are left alone, set to 0 or set to 1 */

static void make_small(struct own *own, size_t size, unsigned number)
{
	init(own, size, 0);
	for (size_t i = 0; i < size; i++, number /= 3)
		if (number % 3)
			set_byte(own, i, number % 3 - 1);
}

static unsigned count_small(size_t size, unsigned each)
{
	unsigned count = 1;
	while (size--)
		count *= each;
	return count;
}

static void merging_is_associative(void **state)
{
	(void)state;
	static struct own all[DELTAS], left, right;
	for (size_t size = 0; size <= SMALL; size++) {
		unsigned count = count_small(size, 3);
		for (unsigned i = 0; i < count; i++)
			make_small(&all[i], size, i);
		for (unsigned i = 0; i < count * count * count; i++) {
			const struct own *a = &all[i % count], *b = &all[i / count % count],
					 *c = &all[i / count / count];
			make_small(&left, size, 0);
			make_small(&right, size, 0);
			merge(a, b, &left);
			merge(&left, c, &left);
			merge(b, c, &right);
			merge(a, &right, &right);
			assert_same(&left, &right);
		}
	}
}

static void merging_is_idempotent_and_takes_the_later_byte(void **state)
{
	(void)state;
	struct own a, b, merged, again;
	for (size_t size = 0; size <= SMALL; size++) {
		unsigned count = count_small(size, 3);
		for (unsigned i = 0; i < count * count; i++) {
			make_small(&a, size, i % count);
			make_small(&b, size, i / count);
			init(&merged, size, 0);
			init(&again, size, 0);
			merge(&a, &b, &merged);
			merge(&merged, &merged, &again);
			assert_same(&merged, &again);
			merge(&merged, &b, &again);
			assert_same(&merged, &again);
			for (size_t k = 0; k < size; k++)
				assert_int_equal(merged.payload[k], is_set(&b, k)   ? b.payload[k]
								    : is_set(&a, k) ? a.payload[k]
										    : 0);
		}
	}
}

static void make_page(unsigned char *page, size_t size, unsigned number)
{
	for (size_t i = 0; i < size; i++)
		page[i] = number >> i & 1;
}

static void applying_a_merged_delta_is_applying_both(void **state)
{
	(void)state;
	struct own a, b, merged;
	unsigned char one[SMALL], other[SMALL];
	for (size_t size = 1; size <= SMALL; size++) {
		unsigned count = count_small(size, 3), pages = count_small(size, 2);
		for (unsigned i = 0; i < count * count * pages; i++) {
			make_small(&a, size, i / pages % count);
			make_small(&b, size, i / pages / count);
			make_page(one, size, i % pages);
			make_page(other, size, i % pages);
			init(&merged, size, 0);
			apply(&a, one);
			apply(&b, one);
			merge(&a, &b, &merged);
			apply(&merged, other);
			assert_memory_equal(one, other, size);
		}
	}
}

static void applying_a_difference_makes_the_other_page(void **state)
{
	(void)state;
	struct own own;
	unsigned char before[SMALL], after[SMALL], page[SMALL];
	for (size_t size = 1; size <= SMALL; size++)
		for (unsigned i = 0; i < 1u << 2 * size; i++) {
			make_page(before, size, i % (1u << size));
			make_page(after, size, i >> size);
			memcpy(page, before, size);
			init(&own, size, 0);
			diff(before, after, &own);
			for (size_t k = 0; k < size; k++)
				assert_int_equal(is_set(&own, k), before[k] != after[k]);
			apply(&own, page);
			assert_memory_equal(page, after, size);
		}
}

/* Also: the difference of what a delta made is that delta, where it changed something. */
static void differences_merge_like_pages_follow(void **state)
{
	(void)state;
	static unsigned char page[3][SIZE_MAX_HERE];
	struct own first, second, direct, merged;
	for (size_t i = 0; i < 3 * SIZE_MAX_HERE; i++)
		page[i / SIZE_MAX_HERE][i % SIZE_MAX_HERE] = (unsigned char)draw(3);
	init(&first, SIZE_MAX_HERE, 1);
	init(&second, SIZE_MAX_HERE, 2);
	init(&direct, SIZE_MAX_HERE, 3);
	init(&merged, SIZE_MAX_HERE, 4);
	diff(page[0], page[1], &first);
	diff(page[1], page[2], &second);
	merge(&first, &second, &merged);
	apply(&merged, page[0]);
	assert_memory_equal(page[0], page[2], SIZE_MAX_HERE);
	diff(page[0], page[2], &direct);
	for (size_t w = 0; w < WORDS; w++)
		assert_int_equal(direct.mask[w], 0);
}

static void an_empty_page_takes_no_buffers(void **state)
{
	(void)state;
	struct tenon_delta a = {3, 0, NULL, NULL}, b = {5, 0, NULL, NULL}, c = {9, 0, NULL, NULL};
	assert_int_equal(tenon_delta_apply(&(struct tenon_delta_apply_args){&a, NULL}), TENON_OK);
	assert_int_equal(tenon_delta_diff(&(struct tenon_delta_diff_args){NULL, NULL, &a}), TENON_OK);
	assert_int_equal(tenon_delta_merge(&(struct tenon_delta_merge_args){&a, &b, &c}), TENON_OK);
	assert_int_equal(c.order, 5);
	assert_int_equal(a.order, 3);
}

/* Shares of a merge write merged's order as well; over first, where all shares would read it, one does everything. */
static void shares_of_a_merge_write_the_order(void **state)
{
	(void)state;
	struct own a, b, merged, whole;
	draw_delta(&a, 650, 40, 1);
	draw_delta(&b, 650, 40, 6);
	init(&whole, 650, 0);
	merge(&a, &b, &whole);
	init(&merged, 650, 0);
	struct tenon_delta_merge_args args = {&a.delta, &b.delta, &merged.delta};
	for (size_t part = 0; part < 3; part++)
		assert_int_equal(tenon_call_part(TENON_ID_delta_merge, &args, part, 3), TENON_OK);
	assert_int_equal(merged.delta.order, 6);
	assert_same(&merged, &whole);
	args.merged = &a.delta;
	assert_int_equal(tenon_call_part(TENON_ID_delta_merge, &args, 1, 3), TENON_OK);
	assert_int_equal(a.delta.order, 1);
	assert_int_equal(tenon_call_part(TENON_ID_delta_merge, &args, 0, 3), TENON_OK);
	assert_int_equal(a.delta.order, 6);
	assert_same(&a, &whole);
}

/* ---- Bad input --------------------------------------------------------------------------------------------------- */

static void init_checks_what_it_is_given(void **state)
{
	(void)state;
	struct tenon_delta delta = {42, 42, NULL, NULL};
	uint64_t mask[3] = {UINT64_MAX, 1, UINT64_MAX};
	unsigned char payload[130];
	const struct {
		struct tenon_delta *delta;
		size_t size;
		uint64_t *mask;
		unsigned char *payload;
		const char *words;
	} bad[] = {
		{NULL, 64, mask, payload, "delta is NULL"},
		{&delta, 64, NULL, payload, "delta->mask is NULL with size 64"},
		{&delta, 64, mask, NULL, "delta->payload is NULL with size 64"},
		{&delta, (size_t)TENON_DELTA_LIMIT + 1, mask, payload,
		 "delta->size is 1073741825, but TENON_DELTA_LIMIT is"},
		{&delta, 130, mask, payload, "bit 130 of delta->mask is set, but the page has 130 bytes"},
		{&delta, 1, mask, payload, "bit 1 of delta->mask is set, but the page has 1 bytes"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(tenon_delta_init(bad[i].delta, bad[i].size, bad[i].mask, bad[i].payload, 7),
				 TENON_EINVAL);
		assert_ptr_equal(strstr(tenon_error_detail(), "tenon_delta_init: "), tenon_error_detail());
		assert_non_null(strstr(tenon_error_detail(), bad[i].words));
		assert_true(delta.order == 42 && delta.size == 42 && !delta.mask && !delta.payload);
	}
	assert_int_equal(tenon_delta_init(&delta, 65, mask, payload, 7), TENON_OK);
	assert_true(delta.order == 7 && delta.size == 65 && delta.mask == mask && delta.payload == payload);
	assert_int_equal(tenon_delta_init(&delta, 0, NULL, NULL, 8), TENON_OK);
}

static struct own good[3];
static unsigned char page[100];

static void make_good(void)
{
	for (int i = 0; i < 3; i++)
		init(&good[i], 100, (uint64_t)i);
	memset(page, 1, sizeof page);
	set_byte(&good[0], 5, 2);
}

/* What may be wrong with a delta, and what is said. damage() returns false after the last. */
static int damage(struct tenon_delta *delta, int number, char *words, const char *name)
{
	static const char *const texts[] = {"%s->mask is NULL with size 100", "%s->payload is NULL with size 100",
					    "%s->size is 1073741825, but TENON_DELTA_LIMIT is",
					    "bit 101 of %s->mask is set, but the page has 100 bytes"};
	if (number > 3)
		return 0;
	switch (number) {
	case 0: delta->mask = NULL; break;
	case 1: delta->payload = NULL; break;
	case 2: delta->size = (size_t)TENON_DELTA_LIMIT + 1; break;
	default: delta->mask[1] |= UINT64_C(1) << 37;
	}
	snprintf(words, 100, texts[number], name);
	return 1;
}

static void refused(int status, const char *kernel, const char *words)
{
	assert_int_equal(status, TENON_EINVAL);
	assert_ptr_equal(strstr(tenon_error_detail(), kernel), tenon_error_detail());
	assert_non_null(strstr(tenon_error_detail(), words));
}

static void bad_deltas_are_named(void **state)
{
	(void)state;
	static const char *const names[] = {"first", "second", "merged"};
	char words[100];
	for (int i = 0; make_good(), damage(&good[0].delta, i, words, "delta"); i++) {
		refused(tenon_delta_apply(&(struct tenon_delta_apply_args){&good[0].delta, page}),
			"delta_apply: ", words);
		assert_true(page[5] == 1);
	}
	for (int which = 0; which < 3; which++)
		for (int i = 0; make_good(), damage(&good[which].delta, i, words, names[which]); i++) {
			struct tenon_delta_merge_args a = {&good[0].delta, &good[1].delta, &good[2].delta};
			if (which == 2 && i == 3) /* what the mask of an output holds does not matter */
				assert_int_equal(tenon_delta_merge(&a), TENON_OK);
			else
				refused(tenon_delta_merge(&a), "delta_merge: ", words);
		}
	for (int i = 0; make_good(), i < 3 && damage(&good[0].delta, i, words, "delta"); i++)
		refused(tenon_delta_diff(&(struct tenon_delta_diff_args){page, page, &good[0].delta}),
			"delta_diff: ", words);
}

static void bad_arguments_are_named(void **state)
{
	(void)state;
	make_good();
	struct tenon_delta *d[3] = {&good[0].delta, &good[1].delta, &good[2].delta};
	refused(tenon_delta_apply(&(struct tenon_delta_apply_args){NULL, page}), "delta_apply: ", "delta is NULL");
	refused(tenon_delta_apply(&(struct tenon_delta_apply_args){d[0], NULL}),
		"delta_apply: ", "page is NULL with size 100");
	refused(tenon_delta_diff(&(struct tenon_delta_diff_args){page, page, NULL}), "delta_diff: ", "delta is NULL");
	refused(tenon_delta_diff(&(struct tenon_delta_diff_args){NULL, page, d[0]}),
		"delta_diff: ", "before is NULL with size 100");
	refused(tenon_delta_diff(&(struct tenon_delta_diff_args){page, NULL, d[0]}),
		"delta_diff: ", "after is NULL with size 100");
	refused(tenon_delta_merge(&(struct tenon_delta_merge_args){NULL, d[1], d[2]}),
		"delta_merge: ", "first is NULL");
	refused(tenon_delta_merge(&(struct tenon_delta_merge_args){d[0], NULL, d[2]}),
		"delta_merge: ", "second is NULL");
	refused(tenon_delta_merge(&(struct tenon_delta_merge_args){d[0], d[1], NULL}),
		"delta_merge: ", "merged is NULL");
	refused(tenon_delta_merge(&(struct tenon_delta_merge_args){d[1], d[0], d[2]}),
		"delta_merge: ", "second->order 0 is before first->order 1");
	for (int i = 0; i < 3; i++) {
		d[i]->size = 99;
		refused(tenon_delta_merge(&(struct tenon_delta_merge_args){d[0], d[1], d[2]}),
			"delta_merge: ", "of one size");
		d[i]->size = 100;
	}
	assert_int_equal(d[2]->order, 2);
	assert_int_equal(tenon_delta_merge(&(struct tenon_delta_merge_args){d[0], d[0], d[2]}), TENON_OK);
}

/* ---- Self-tests -------------------------------------------------------------------------------------------------- */

static int forget_tail(const void *args, void *scratch)
{
	const struct tenon_delta_apply_args *a = args;
	struct tenon_delta d = *a->delta;
	d.size -= d.size % 64;
	return scalar_delta_apply(&(struct tenon_delta_apply_args){&d, a->page}, scratch);
}

static int copy_all(const void *args, void *scratch)
{
	const struct tenon_delta_apply_args *a = args;
	(void)scratch;
	memcpy(a->page, a->delta->payload, a->delta->size);
	return TENON_OK;
}

/* Where neither changes anything first's stale bytes stay. */
static int keep_stale(const void *args, void *scratch)
{
	const struct tenon_delta_merge_args *a = args;
	int status = scalar_delta_merge(args, scratch);
	for (size_t i = 0; i < a->first->size; i++)
		if (!(a->merged->mask[i / 64] >> i % 64 & 1))
			a->merged->payload[i] = STALE;
	return status;
}

static int prefer_first(const void *args, void *scratch)
{
	const struct tenon_delta_merge_args *a = args;
	uint64_t order = a->second->order;
	int status = scalar_delta_merge(&(struct tenon_delta_merge_args){a->second, a->first, a->merged}, scratch);
	a->merged->order = order;
	return status;
}

static int forget_order(const void *args, void *scratch)
{
	const struct tenon_delta_merge_args *a = args;
	uint64_t order = a->merged->order;
	int status = scalar_delta_merge(args, scratch);
	a->merged->order = order;
	return status;
}

/* Only where the buffers are first's: the mask is written before the bytes are looked at. */
static int wrong_in_place(const void *args, void *scratch)
{
	const struct tenon_delta_merge_args *a = args;
	if (a->merged->mask == a->first->mask)
		for (size_t w = 0; w < TENON_DELTA_WORDS(a->first->size); w++)
			a->merged->mask[w] |= a->second->mask[w];
	int status = scalar_delta_merge(args, scratch);
	for (size_t i = 0; a->merged->mask == a->first->mask && i < a->first->size; i += 97)
		a->merged->payload[i] ^= 1;
	return status;
}

static int keep_equal_bytes(const void *args, void *scratch)
{
	const struct tenon_delta_diff_args *a = args;
	int status = scalar_delta_diff(args, scratch);
	memcpy(a->delta->payload, a->after, a->delta->size);
	return status;
}

static int set_the_tail(const void *args, void *scratch)
{
	const struct tenon_delta_diff_args *a = args;
	int status = scalar_delta_diff(args, scratch);
	if (a->delta->size % 64)
		a->delta->mask[a->delta->size / 64] |= UINT64_C(1) << 63;
	return status;
}

static int see_the_low_half(const void *args, void *scratch)
{
	const struct tenon_delta_diff_args *a = args;
	int status = scalar_delta_diff(args, scratch);
	for (size_t i = 0; i < a->delta->size; i++)
		if (((a->before[i] ^ a->after[i]) & 15) == 0)
			a->delta->mask[i / 64] &= ~(UINT64_C(1) << i % 64);
	return status;
}

static void the_self_tests_refuse_wrong_bodies(void **state)
{
	(void)state;
	struct why why;
	static const struct {
		int (*test)(tenon_kernel_fn *function, struct why *why);
		tenon_kernel_fn *wrong;
		const char *words;
	} bodies[] = {
		{test_delta_apply, forget_tail, "delta_apply: self-test"},
		{test_delta_apply, copy_all, "delta_apply: self-test"},
		{test_delta_merge, keep_stale, "delta_merge: self-test"},
		{test_delta_merge, prefer_first, "delta_merge: self-test"},
		{test_delta_merge, forget_order, "delta_merge: self-test"},
		{test_delta_merge, wrong_in_place, "over first"},
		{test_delta_diff, keep_equal_bytes, "delta_diff: self-test"},
		{test_delta_diff, set_the_tail, "delta_diff: self-test"},
		{test_delta_diff, see_the_low_half, "delta_diff: self-test"},
	};
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		assert_int_equal(bodies[i].test(bodies[i].wrong, &why), TENON_EREFUSED);
		assert_non_null(strstr(why.text, bodies[i].words));
	}
	assert_int_equal(test_delta_apply(scalar_delta_apply, &why), 0);
	assert_int_equal(test_delta_merge(scalar_delta_merge, &why), 0);
	assert_int_equal(test_delta_diff(scalar_delta_diff, &why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_do_what_loops_over_bytes_do),
		cmocka_unit_test(merging_is_associative),
		cmocka_unit_test(merging_is_idempotent_and_takes_the_later_byte),
		cmocka_unit_test(applying_a_merged_delta_is_applying_both),
		cmocka_unit_test(applying_a_difference_makes_the_other_page),
		cmocka_unit_test(differences_merge_like_pages_follow),
		cmocka_unit_test(an_empty_page_takes_no_buffers),
		cmocka_unit_test(shares_of_a_merge_write_the_order),
		cmocka_unit_test(init_checks_what_it_is_given),
		cmocka_unit_test(bad_deltas_are_named),
		cmocka_unit_test(bad_arguments_are_named),
		cmocka_unit_test(the_self_tests_refuse_wrong_bodies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
