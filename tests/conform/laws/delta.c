/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Laws of deltas: their algebra (docs/NUMERICS.md), and that what was encoded comes back. Whatever the kernel under
 * examination is not, is done here byte by byte, or by scalar. No state.
 */
#include <string.h>

#include "tests/conform/law.h"

enum { LAW_DELTA_STREAM = BUFFERS_MAX + 50 };

static bool is_set(const struct tenon_delta *d, size_t i)
{
	return d->mask[i / 64] >> i % 64 & 1;
}

static void apply_by_hand(const struct tenon_delta *d, unsigned char *page)
{
	for (size_t i = 0; i < d->size; i++)
		if (is_set(d, i))
			page[i] = d->payload[i];
}

static struct tenon_delta make_empty(struct inquiry *q, size_t size, uint64_t order)
{
	size_t words = TENON_DELTA_WORDS(size) * sizeof(uint64_t);
	struct tenon_delta d = {order, size, take_room(q->trial, words), take_room(q->trial, size)};
	memset(d.mask, 0, words);
	memset(d.payload, 0, size);
	return d;
}

static struct tenon_delta copy_delta(struct inquiry *q, const struct tenon_delta *from)
{
	return (struct tenon_delta){from->order, from->size,
				    copy_room(q, from->mask, TENON_DELTA_WORDS(from->size) * sizeof(uint64_t)),
				    copy_room(q, from->payload, from->size)};
}

/* A page of any bytes. */
static unsigned char *make_page(struct inquiry *q, size_t size)
{
	unsigned char *page = take_room(q->trial, size);
	uint64_t stream = stream_of(q->trial, LAW_DELTA_STREAM);
	for (size_t i = 0; i < size; i++)
		page[i] = (unsigned char)draw_bits(stream, i);
	return page;
}

static bool expect_delta(struct inquiry *q, const char *what, const struct tenon_delta *got,
			 const struct tenon_delta *due)
{
	if (got->order != due->order)
		return break_law(q, "%s has order %ju, %ju is due", what, (uintmax_t)got->order, (uintmax_t)due->order);
	return expect_bytes(q, what, got->mask, due->mask, TENON_DELTA_WORDS(due->size) * sizeof(uint64_t)) &&
	       expect_bytes(q, what, got->payload, due->payload, due->size);
}

/* ---- delta_apply ------------------------------------------------------------------------------------------------- */

static bool applying_twice_is_once(struct inquiry *q)
{
	const struct tenon_delta_apply_args *a = q->args;
	unsigned char *page = copy_room(q, a->page, a->delta->size);
	call_again(q, &(struct tenon_delta_apply_args){a->delta, page});
	return expect_bytes(q, "the page when the delta is applied once more", page, a->page, a->delta->size);
}

static bool nothing_changes_nothing(struct inquiry *q)
{
	const struct tenon_delta_apply_args *a = q->args;
	struct tenon_delta nothing = copy_delta(q, a->delta);
	unsigned char *page = copy_room(q, a->page, nothing.size);
	memset(nothing.mask, 0, TENON_DELTA_WORDS(nothing.size) * sizeof(uint64_t));
	call_again(q, &(struct tenon_delta_apply_args){&nothing, page});
	return expect_bytes(q, "the page without a change", page, a->page, nothing.size);
}

const struct law laws_of_apply[] = {
	{CHECK_LAW_ALGEBRA, true, applying_twice_is_once},
	{CHECK_LAW_IDENTITY, true, nothing_changes_nothing},
	{CHECK_NONE, false, NULL},
};

/* ---- delta_merge ------------------------------------------------------------------------------------------------- */

/* What the first call was given, as the kernel may have written its result over first. */
struct pair {
	struct tenon_delta first, second;
};

static struct pair get_pair(struct inquiry *q)
{
	const struct tenon_delta_merge_args *a = q->args;
	const struct buffer *buffer = q->trial->buffer;
	struct tenon_delta first = {1, a->second->size, buffer[1].content, buffer[2].content};
	return (struct pair){copy_delta(q, &first), copy_delta(q, a->second)};
}

static struct tenon_delta merge(struct inquiry *q, const struct tenon_delta *first, const struct tenon_delta *second)
{
	struct tenon_delta merged = make_empty(q, first->size, 0);
	call_again(q, &(struct tenon_delta_merge_args){first, second, &merged});
	return merged;
}

/* (A;B);C = A;(B;C). C has B's bytes where A has its own, a word further. */
static bool merging_is_associative(struct inquiry *q)
{
	struct pair p = get_pair(q);
	struct tenon_delta third = copy_delta(q, &p.second);
	size_t words = TENON_DELTA_WORDS(third.size);
	third.order++;
	for (size_t i = 0; i + 1 < words; i++) /* the last word keeps its clear bits */
		third.mask[i] = p.first.mask[i] ^ p.second.mask[words - 2 - i];
	struct tenon_delta left = merge(q, &p.first, &p.second), right = merge(q, &p.second, &third);
	left = merge(q, &left, &third);
	right = merge(q, &p.first, &right);
	return expect_delta(q, "(A;B);C and A;(B;C)", &left, &right);
}

/* A;A = A, but for zeros in the payload; (A;B);B = A;B. */
static bool the_later_wins(struct inquiry *q)
{
	struct pair p = get_pair(q);
	struct tenon_delta once = merge(q, &p.first, &p.second), again = merge(q, &once, &p.second);
	struct tenon_delta itself = merge(q, &p.second, &p.second);
	for (size_t i = 0; i < p.second.size; i++)
		p.second.payload[i] = is_set(&p.second, i) ? p.second.payload[i] : 0;
	return expect_delta(q, "(A;B);B and A;B", &again, &once) && expect_delta(q, "A;A and A", &itself, &p.second);
}

static bool merging_is_applying_both(struct inquiry *q)
{
	struct pair p = get_pair(q);
	struct tenon_delta merged = merge(q, &p.first, &p.second);
	unsigned char *at_once = make_page(q, merged.size), *in_turn = copy_room(q, at_once, merged.size);
	apply_by_hand(&merged, at_once);
	apply_by_hand(&p.first, in_turn);
	apply_by_hand(&p.second, in_turn);
	return expect_bytes(q, "the page after A;B, and after A and B", at_once, in_turn, merged.size);
}

const struct law laws_of_merge[] = {
	{CHECK_LAW_ALGEBRA, true, merging_is_associative},
	{CHECK_LAW_ALGEBRA, true, the_later_wins},
	{CHECK_LAW_ALGEBRA, true, merging_is_applying_both},
	{CHECK_NONE, false, NULL},
};

/* ---- delta_diff -------------------------------------------------------------------------------------------------- */

static bool differences_lead_there(struct inquiry *q)
{
	const struct tenon_delta_diff_args *a = q->args;
	unsigned char *page = copy_room(q, a->before, a->delta->size);
	apply_by_hand(a->delta, page);
	return expect_bytes(q, "the page after its difference", page, a->after, a->delta->size);
}

static bool equal_pages_have_none(struct inquiry *q)
{
	const struct tenon_delta_diff_args *a = q->args;
	struct tenon_delta none = make_empty(q, a->delta->size, 3), got = copy_delta(q, &none);
	memset(got.payload, 0x55, got.size);
	call_again(q, &(struct tenon_delta_diff_args){a->before, a->before, &got});
	return expect_delta(q, "the difference of a page and itself", &got, &none);
}

const struct law laws_of_diff[] = {
	{CHECK_LAW_ROUND_TRIP, true, differences_lead_there},
	{CHECK_LAW_IDENTITY, true, equal_pages_have_none},
	{CHECK_NONE, false, NULL},
};

/* ---- delta_encode, delta_decode ---------------------------------------------------------------------------------- */

/* What scalar reads is what was written, clean. */
static bool scalar_reads_it(struct inquiry *q)
{
	const struct tenon_delta_encode_args *a = q->args;
	struct tenon_delta got = make_empty(q, a->delta->size, 0), due = copy_delta(q, a->delta);
	for (size_t i = 0; i < due.size; i++)
		due.payload[i] = is_set(&due, i) ? due.payload[i] : 0;
	if (q->status != TENON_OK ||
	    scalar_delta_decode(&(struct tenon_delta_decode_args){a->encoded, *a->length, &got}, NULL))
		return break_law(q, "scalar does not read what was encoded");
	return expect_delta(q, "the delta after encoding and decoding", &got, &due);
}

const struct law laws_of_encode[] = {
	{CHECK_LAW_ROUND_TRIP, true, scalar_reads_it},
	{CHECK_NONE, false, NULL},
};

/* What was read, written by scalar, is read again. */
static bool reads_what_scalar_writes(struct inquiry *q)
{
	const struct tenon_delta_decode_args *a = q->args;
	size_t length = 0, capacity = TENON_DELTA_BOUND(a->delta->size);
	struct tenon_delta got = make_empty(q, a->delta->size, 0);
	unsigned char *encoded = take_room(q->trial, capacity);
	if (q->status != TENON_OK)
		return true;
	scalar_delta_encode(&(struct tenon_delta_encode_args){a->delta, encoded, capacity, &length}, NULL);
	if (call_again(q, &(struct tenon_delta_decode_args){encoded, length, &got}))
		return break_law(q, "does not read what scalar encodes");
	return expect_delta(q, "the delta after encoding and decoding", &got, a->delta);
}

const struct law laws_of_decode[] = {
	{CHECK_LAW_ROUND_TRIP, true, reads_what_scalar_writes},
	{CHECK_NONE, false, NULL},
};
