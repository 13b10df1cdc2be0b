/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Specs of delta_apply, delta_merge and delta_diff: which calls are legal, and the self-tests. No state.
 */
#include "runtime/specs/delta.h"

#include <stdio.h>
#include <string.h>

#include "runtime/kernels.h"
#include "runtime/public.h"
#include "runtime/regions.h"
#include "runtime/share.h"
#include "runtime/specs/compare.h"

/* ---- Deltas ------------------------------------------------------------------------------------------------------ */

int explain_delta_buffers(struct why *why, const char *what, const char *delta, const struct tenon_delta *d)
{
	if (!d)
		return explain(why, TENON_EINVAL, "%s: %s is NULL", what, delta);
	if (d->size > TENON_DELTA_LIMIT)
		return explain(why, TENON_EINVAL, "%s: %s->size is %zu, but TENON_DELTA_LIMIT is %u; split the page",
			       what, delta, d->size, TENON_DELTA_LIMIT);
	if (!has_delta_buffers(d))
		return explain(why, TENON_EINVAL, "%s: %s->%s is NULL with size %zu", what, delta,
			       d->mask ? "payload" : "mask", d->size);
	return 0;
}

int explain_delta_tail(struct why *why, const char *what, const char *delta, const struct tenon_delta *d)
{
	uint64_t tail = get_delta_tail(d);
	if (!tail)
		return 0;
	return explain(why, TENON_EINVAL,
		       "%s: bit %zu of %s->mask is set, but the page has %zu bytes; clear the bits behind", what,
		       d->size + (size_t)__builtin_ctzll(tail), delta, d->size);
}

/* ---- Legal calls ------------------------------------------------------------------------------------------------- */

static __attribute__((cold, noinline)) int explain_apply(const struct tenon_delta_apply_args *a, struct why *why)
{
	if (!a)
		return explain(why, TENON_EINVAL, "delta_apply: args is NULL");
	int status = explain_delta_buffers(why, "delta_apply", "delta", a->delta);
	if (!status)
		status = explain_delta_tail(why, "delta_apply", "delta", a->delta);
	return status ? status : explain(why, TENON_EINVAL, "delta_apply: page is NULL with size %zu", a->delta->size);
}

int check_delta_apply(const struct tenon_delta_apply_args *a, struct why *why)
{
	if (unlikely(!a || !has_delta_buffers(a->delta) || (a->delta->size && (!a->page || get_delta_tail(a->delta)))))
		return explain_apply(a, why);
	return a->delta->size ? 0 : CALL_IS_EMPTY;
}

/* The words for two deltas that do not go together. */
static int explain_pair(const struct tenon_delta_merge_args *a, struct why *why)
{
	if (a->first->size != a->second->size || a->first->size != a->merged->size)
		return explain(why, TENON_EINVAL,
			       "delta_merge: first, second and merged have %zu, %zu and %zu bytes; merge deltas "
			       "of pages of one size",
			       a->first->size, a->second->size, a->merged->size);
	return explain(why, TENON_EINVAL, "delta_merge: second->order %llu is before first->order %llu; exchange them",
		       (unsigned long long)a->second->order, (unsigned long long)a->first->order);
}

static __attribute__((cold, noinline)) int explain_merge(const struct tenon_delta_merge_args *a, struct why *why)
{
	if (!a)
		return explain(why, TENON_EINVAL, "delta_merge: args is NULL");
	int status = explain_delta_buffers(why, "delta_merge", "first", a->first);
	if (!status)
		status = explain_delta_buffers(why, "delta_merge", "second", a->second);
	if (!status)
		status = explain_delta_buffers(why, "delta_merge", "merged", a->merged);
	if (!status)
		status = explain_delta_tail(why, "delta_merge", "first", a->first);
	if (!status)
		status = explain_delta_tail(why, "delta_merge", "second", a->second);
	return status ? status : explain_pair(a, why);
}

/* A size of 0 is no empty call: merged->order is to be set. */
int check_delta_merge(const struct tenon_delta_merge_args *a, struct why *why)
{
	int legal = a && has_delta_buffers(a->first) && has_delta_buffers(a->second) && has_delta_buffers(a->merged) &&
		    a->first->size == a->second->size && a->first->size == a->merged->size &&
		    !get_delta_tail(a->first) && !get_delta_tail(a->second) && a->second->order >= a->first->order;
	return likely(legal) ? 0 : explain_merge(a, why);
}

static __attribute__((cold, noinline)) int explain_diff(const struct tenon_delta_diff_args *a, struct why *why)
{
	if (!a)
		return explain(why, TENON_EINVAL, "delta_diff: args is NULL");
	int status = explain_delta_buffers(why, "delta_diff", "delta", a->delta);
	return status ? status
		      : explain(why, TENON_EINVAL, "delta_diff: %s is NULL with size %zu",
				a->before ? "after" : "before", a->delta->size);
}

int check_delta_diff(const struct tenon_delta_diff_args *a, struct why *why)
{
	if (unlikely(!a || !has_delta_buffers(a->delta) || (a->delta->size && (!a->before || !a->after))))
		return explain_diff(a, why);
	return a->delta->size ? 0 : CALL_IS_EMPTY;
}

/* ---- Sharing ----------------------------------------------------------------------------------------------------- */

/*
 * The part of a delta; borders are those of the words of the mask. from's own order is not read: of a result it may be
 * written by another part.
 */
static struct tenon_delta *cut_delta(struct tenon_delta *to, const struct tenon_delta *from, uint64_t order,
				     struct range range)
{
	*to = (struct tenon_delta){order, range.end - range.begin, from->mask, from->payload};
	if (from->size) {
		to->mask += range.begin / 64;
		to->payload += range.begin;
	}
	return to;
}

int divide_delta_apply(const struct tenon_delta_apply_args *a, size_t part, size_t parts, struct share *share)
{
	struct range range = divide_range(a->delta->size, SHARE_GRAIN, part, parts);
	share->args.delta_apply = (struct tenon_delta_apply_args){
		cut_delta(&share->delta[0], a->delta, a->delta->order, range), a->page + range.begin};
	return share_status(range, a->delta->size);
}

/* merged's order is part 0's to write, and when merged is first itself, all parts would read it meanwhile: not divided. */
int divide_delta_merge(const struct tenon_delta_merge_args *a, size_t part, size_t parts, struct share *share)
{
	if (a->merged == a->first || a->merged == a->second)
		return divide_not_at_all(&share->args.delta_merge, a, sizeof *a, part);
	struct range range = divide_range(a->first->size, SHARE_GRAIN, part, parts);
	share->args.delta_merge =
		(struct tenon_delta_merge_args){cut_delta(&share->delta[0], a->first, a->first->order, range),
						cut_delta(&share->delta[1], a->second, a->second->order, range),
						cut_delta(&share->delta[2], a->merged, a->second->order, range)};
	if (part == 0)
		a->merged->order = a->second->order;
	return share_status(range, a->first->size);
}

int divide_delta_diff(const struct tenon_delta_diff_args *a, size_t part, size_t parts, struct share *share)
{
	struct range range = divide_range(a->delta->size, SHARE_GRAIN, part, parts);
	share->args.delta_diff =
		(struct tenon_delta_diff_args){a->before + range.begin, a->after + range.begin,
					       cut_delta(&share->delta[0], a->delta, a->delta->order, range)};
	return share_status(range, a->delta->size);
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

/* A delta that is read, or whose buffers are written. Returns the index of the struct. */
int list_delta(struct regions *r, struct field field, const struct tenon_delta *delta, enum region_role role)
{
	int at = add_region(r, field, REGION_IN, REGION_STRUCT, sizeof *delta);
	if (at < 0)
		return at;
	add_region(r, REGION_FIELD(at, delta, mask), role, REGION_U64, TENON_DELTA_WORDS(delta->size));
	add_region(r, REGION_FIELD(at, delta, payload), role, REGION_U8, delta->size);
	return at;
}

void regions_delta_apply(const struct tenon_delta_apply_args *a, struct regions *r)
{
	if (list_delta(r, REGION_ARG(a, delta), a->delta, REGION_IN) >= 0)
		add_region(r, REGION_ARG(a, page), REGION_INOUT, REGION_U8, a->delta->size);
}

/* The order may be first's, too. */
void regions_delta_merge(const struct tenon_delta_merge_args *a, struct regions *r)
{
	const struct tenon_delta *merged = a->merged;
	int first = list_delta(r, REGION_ARG(a, first), a->first, REGION_IN);
	list_delta(r, REGION_ARG(a, second), a->second, REGION_IN);
	int at = list_delta(r, REGION_ARG(a, merged), merged, REGION_OUT);
	if (at < 0)
		return;
	for (int i = at; i < r->count; i++)
		r->list[i].in_place = (signed char)(first + i - at);
	add_member(r, REGION_MEMBER(at, merged, order), REGION_INOUT, REGION_U64);
}

/* The order stays, which is part of the answer. */
void regions_delta_diff(const struct tenon_delta_diff_args *a, struct regions *r)
{
	const struct tenon_delta *delta = a->delta;
	int at = list_delta(r, REGION_ARG(a, delta), delta, REGION_OUT);
	if (at < 0)
		return;
	add_member(r, REGION_MEMBER(at, delta, order), REGION_INOUT, REGION_U64);
	add_region(r, REGION_ARG(a, before), REGION_IN, REGION_U8, delta->size);
	add_region(r, REGION_ARG(a, after), REGION_IN, REGION_U8, delta->size);
}

/* ---- Self-tests -------------------------------------------------------------------------------------------------- */

enum { TEST_SIZE = 64 * 17 + 5, TEST_WORDS = TENON_DELTA_WORDS(TEST_SIZE) };

/* Less than a word, whole words, eight words at once and more, and bytes behind them. */
static const size_t test_sizes[] = {1, 63, 64, 200, 515, TEST_SIZE};

struct test_delta {
	uint64_t mask[TEST_WORDS];
	unsigned char payload[TEST_SIZE];
};

/* Eight bytes at a time: a swap waits for the self-tests. */
static uint32_t make_test_bytes(unsigned char *out, size_t count, uint32_t seed)
{
	uint64_t state = seed;
	for (size_t i = 0; i < count; i += 8) {
		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		uint64_t bytes = state ^ state >> 29; /* the low bits alone have a short period */
		memcpy(out + i, &bytes, count - i < 8 ? count - i : 8);
	}
	return (uint32_t)(state >> 32);
}

/* Words of all kinds: none, all, and some of the bytes; whatever in the payload. */
static struct tenon_delta make_test_delta(struct test_delta *t, size_t size, uint32_t seed)
{
	seed = make_test_bytes(t->payload, TEST_SIZE, seed);
	make_test_bytes((unsigned char *)t->mask, sizeof t->mask, seed);
	for (size_t w = 0; w < TEST_WORDS; w++)
		t->mask[w] = (seed + w) % 5 == 1 ? 0 : (seed + w) % 5 == 3 ? UINT64_MAX : t->mask[w];
	if (size % 64)
		t->mask[size / 64] &= (UINT64_C(1) << size % 64) - 1;
	return (struct tenon_delta){seed, size, t->mask, t->payload};
}

/* Outputs of both begin alike, and all of them is compared: what should stay, too. */
int test_delta_apply(tenon_kernel_fn *function, struct why *why)
{
	struct test_delta buffers;
	unsigned char got[TEST_SIZE], want[TEST_SIZE];
	int status = 0;
	for (size_t i = 0; !status && i < sizeof test_sizes / sizeof *test_sizes; i++) {
		struct tenon_delta delta = make_test_delta(&buffers, test_sizes[i], 21 + (uint32_t)i);
		char shape[32];
		snprintf(shape, sizeof shape, "%zu", delta.size);
		make_test_bytes(want, TEST_SIZE, 5);
		memcpy(got, want, TEST_SIZE);
		int got_status = function(&(struct tenon_delta_apply_args){&delta, got}, NULL);
		int want_status = scalar_delta_apply(&(struct tenon_delta_apply_args){&delta, want}, NULL);
		status = compare_status(why, "delta_apply", shape, got_status, want_status);
		if (!status)
			status = compare_bytes(why, "delta_apply", shape, got, want, TEST_SIZE);
	}
	return status;
}

/* Order, mask and payload of a result, all of the buffers. */
static int compare_deltas(struct why *why, const char *kernel, const char *shape, const struct tenon_delta *got,
			  const struct tenon_delta *want)
{
	if (got->order != want->order)
		return explain(why, TENON_EREFUSED, "%s: self-test %s: order is %llu, scalar's is %llu", kernel, shape,
			       (unsigned long long)got->order, (unsigned long long)want->order);
	int status = compare_bytes(why, kernel, shape, got->mask, want->mask, TEST_WORDS * sizeof *got->mask);
	return status ? status : compare_bytes(why, kernel, shape, got->payload, want->payload, TEST_SIZE);
}

/* Into buffers that are full of something else, or over first. */
static int test_merge(tenon_kernel_fn *function, size_t size, bool over, struct why *why)
{
	struct test_delta first_buffers, second_buffers, got_buffers, want_buffers;
	struct tenon_delta first = make_test_delta(&first_buffers, size, 31 + (uint32_t)size);
	struct tenon_delta second = make_test_delta(&second_buffers, size, 32 + (uint32_t)size);
	struct tenon_delta got = make_test_delta(&got_buffers, size, 33),
			   want = make_test_delta(&want_buffers, size, 33);
	char shape[32];
	snprintf(shape, sizeof shape, "%zu%s", size, over ? ", over first" : "");
	if (over)
		got_buffers = want_buffers = first_buffers;
	second.order = 7;
	struct tenon_delta_merge_args a = {over ? &want : &first, &second, &want};
	int want_status = scalar_delta_merge(&a, NULL);
	a.first = over ? &got : &first;
	a.merged = &got;
	int status = compare_status(why, "delta_merge", shape, function(&a, NULL), want_status);
	return status ? status : compare_deltas(why, "delta_merge", shape, &got, &want);
}

int test_delta_merge(tenon_kernel_fn *function, struct why *why)
{
	int status = 0;
	for (size_t i = 0; !status && i < sizeof test_sizes / sizeof *test_sizes; i++)
		status = test_merge(function, test_sizes[i], false, why);
	for (size_t i = 0; !status && i < sizeof test_sizes / sizeof *test_sizes; i++)
		status = test_merge(function, test_sizes[i], true, why);
	return status ? status : test_merge(function, 0, false, why);
}

int test_delta_diff(tenon_kernel_fn *function, struct why *why)
{
	struct test_delta change, got_buffers, want_buffers;
	unsigned char before[TEST_SIZE], after[TEST_SIZE];
	int status = 0;
	for (size_t i = 0; !status && i < sizeof test_sizes / sizeof *test_sizes; i++) {
		size_t size = test_sizes[i];
		struct tenon_delta got = make_test_delta(&got_buffers, size, 41),
				   want = make_test_delta(&want_buffers, size, 41);
		struct tenon_delta delta = make_test_delta(&change, size, 42 + (uint32_t)i);
		make_test_bytes(before, TEST_SIZE, 6);
		make_test_bytes(after, TEST_SIZE, 6);
		scalar_delta_apply(&(struct tenon_delta_apply_args){&delta, after}, NULL);
		char shape[32];
		snprintf(shape, sizeof shape, "%zu", size);
		int got_status = function(&(struct tenon_delta_diff_args){before, after, &got}, NULL);
		int want_status = scalar_delta_diff(&(struct tenon_delta_diff_args){before, after, &want}, NULL);
		status = compare_status(why, "delta_diff", shape, got_status, want_status);
		if (!status)
			status = compare_deltas(why, "delta_diff", shape, &got, &want);
	}
	return status;
}
