/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Specs of delta_apply, delta_merge and delta_diff. The oracles take one byte at a time. No state.
 */
#include "tests/conform/law.h"
#include "tests/conform/specs/deltas.h"

static bool is_set(const void *mask, size_t i)
{
	return ((const uint64_t *)mask)[i / 64] >> i % 64 & 1;
}

static const struct axis axes[] = {DELTA_AXES, {NULL, 0, 0, NULL}};

static void *add_struct(struct trial *t, const char *name, enum role role)
{
	void *content = add_buffer(t, name, role, ELEMENT_U64, sizeof(struct tenon_delta) / 8);
	memset(content, 0, sizeof(struct tenon_delta));
	return content;
}

static void put_struct(const struct trial *t, const struct placed *p, size_t at, uint64_t order, size_t mask,
		       size_t payload)
{
	*(struct tenon_delta *)p->ours[at] =
		(struct tenon_delta){order, (size_t)t->point.at[SIZE], p->seen[mask], p->seen[payload]};
}

/* Of a descriptor order and size count; its pointers differ by place. */
static size_t count_fields(const struct trial *t, size_t buffer, size_t descriptor)
{
	return buffer == descriptor ? 2 : t->buffer[buffer].count;
}

/* ---- delta_apply ------------------------------------------------------------------------------------------------- */

enum { APPLY_DELTA, APPLY_MASK, APPLY_PAYLOAD, APPLY_PAGE };

static void make_apply(struct trial *t)
{
	size_t size = (size_t)t->point.at[SIZE];
	uint64_t stream = stream_of(t, STREAM_DELTA_END);
	add_struct(t, "delta", ROLE_IN);
	uint64_t *mask = add_buffer(t, "mask", ROLE_IN, ELEMENT_U64, TENON_DELTA_WORDS(size));
	unsigned char *payload = add_buffer(t, "payload", ROLE_IN, ELEMENT_U8, size);
	unsigned char *page = add_buffer(t, "page", ROLE_INOUT, ELEMENT_U8, size);
	fill_delta(t, STREAM_DELTA, mask, payload);
	for (size_t i = 0; i < size; i++)
		page[i] = (unsigned char)draw_bits(stream, i);
}

static void bind_apply(const struct trial *t, const struct placed *p, void *args)
{
	put_struct(t, p, APPLY_DELTA, 5, APPLY_MASK, APPLY_PAYLOAD);
	*(struct tenon_delta_apply_args *)args =
		(struct tenon_delta_apply_args){p->seen[APPLY_DELTA], p->seen[APPLY_PAGE]};
}

static void judge_apply(const struct trial *t, const struct placed *p, size_t buffer, size_t index,
			struct answer *answer)
{
	size_t from = is_set(t->buffer[APPLY_MASK].content, index) ? APPLY_PAYLOAD : APPLY_PAGE;
	(void)p;
	(void)buffer;
	answer->bits = ((const unsigned char *)t->buffer[from].content)[index];
}

static void sweep(struct sweep *s)
{
	sweep_deltas(s, visit);
	for (int64_t size = 201; size <= (get_profile(s) == PROFILE_QUICK ? 330 : 1100); size++)
		visit(s, at(size, shares[size % SHARES], size % 3, 0, 0));
}

const struct spec spec_delta_apply = {.kernel = "delta_apply",
				      .axes = axes,
				      .sweep = sweep,
				      .make = make_apply,
				      .bind = bind_apply,
				      .judge = judge_apply,
				      .laws = laws_of_apply};

/* ---- delta_merge ------------------------------------------------------------------------------------------------- */

enum { FIRST, FIRST_MASK, FIRST_PAYLOAD, SECOND, SECOND_MASK, SECOND_PAYLOAD, MERGED, MERGED_MASK, MERGED_PAYLOAD };

/* merged's buffers are its own, or first's, or merged is first. */
enum { ALIAS = AXIS_DELTA_OWN, ORDERS };
enum { APART, IN_BUFFERS, IN_FIRST };
static const char *const aliases[] = {"apart", "buffers", "first"};
static const struct axis merge_axes[] = {
	DELTA_AXES, {"alias", 0, 2, aliases}, {"order", 0, 3, NULL}, {NULL, 0, 0, NULL}};

static void make_merge(struct trial *t)
{
	size_t size = (size_t)t->point.at[SIZE], words = TENON_DELTA_WORDS(size);
	int64_t alias = t->point.at[ALIAS];
	enum role first = alias == APART ? ROLE_IN : ROLE_INOUT;
	add_struct(t, "first", alias == IN_FIRST ? ROLE_INOUT : ROLE_IN);
	uint64_t *mask = add_buffer(t, "first->mask", first, ELEMENT_U64, words);
	unsigned char *payload = add_buffer(t, "first->payload", first, ELEMENT_U8, size);
	fill_delta(t, STREAM_DELTA, mask, payload);
	add_struct(t, "second", ROLE_IN);
	mask = add_buffer(t, "second->mask", ROLE_IN, ELEMENT_U64, words);
	payload = add_buffer(t, "second->payload", ROLE_IN, ELEMENT_U8, size);
	fill_delta(t, STREAM_SECOND, mask, payload);
	add_struct(t, "merged", ROLE_INOUT);
	add_buffer(t, "merged->mask", ROLE_OUT, ELEMENT_U64, alias == APART ? words : 0);
	add_buffer(t, "merged->payload", ROLE_OUT, ELEMENT_U8, alias == APART ? size : 0);
}

static uint64_t get_first_order(const struct trial *t)
{
	return t->point.at[ORDERS] < 2 ? 3 : (uint64_t)1 << 63;
}

static uint64_t get_second_order(const struct trial *t)
{
	return get_first_order(t) + (uint64_t)(t->point.at[ORDERS] % 2) * 7;
}

static void bind_merge(const struct trial *t, const struct placed *p, void *args)
{
	int64_t alias = t->point.at[ALIAS];
	put_struct(t, p, FIRST, get_first_order(t), FIRST_MASK, FIRST_PAYLOAD);
	put_struct(t, p, SECOND, get_second_order(t), SECOND_MASK, SECOND_PAYLOAD);
	put_struct(t, p, MERGED, 1, alias ? FIRST_MASK : MERGED_MASK, alias ? FIRST_PAYLOAD : MERGED_PAYLOAD);
	*(struct tenon_delta_merge_args *)args = (struct tenon_delta_merge_args){
		p->seen[FIRST], p->seen[SECOND], p->seen[alias == IN_FIRST ? FIRST : MERGED]};
}

static size_t trim_merge(const struct trial *t, const struct placed *p, size_t buffer)
{
	(void)p;
	return buffer == FIRST ? 2 : count_fields(t, buffer, MERGED);
}

static unsigned char merge_byte(const struct trial *t, size_t i)
{
	if (is_set(t->buffer[SECOND_MASK].content, i))
		return ((const unsigned char *)t->buffer[SECOND_PAYLOAD].content)[i];
	return is_set(t->buffer[FIRST_MASK].content, i) ? ((const unsigned char *)t->buffer[FIRST_PAYLOAD].content)[i]
							: 0;
}

static void judge_merge(const struct trial *t, const struct placed *p, size_t buffer, size_t index,
			struct answer *answer)
{
	const uint64_t *first = t->buffer[FIRST_MASK].content, *second = t->buffer[SECOND_MASK].content;
	(void)p;
	if (buffer == FIRST || buffer == MERGED)
		answer->bits = index ? (uint64_t)t->point.at[SIZE] : get_second_order(t);
	else if (buffer == FIRST_MASK || buffer == MERGED_MASK)
		answer->bits = first[index] | second[index];
	else
		answer->bits = merge_byte(t, index);
	if (buffer == MERGED && t->point.at[ALIAS] == IN_FIRST)
		answer->bits = index ? (uint64_t)t->point.at[SIZE] : 1; /* not part of the call */
}

static void visit_merge(struct sweep *s, struct point point)
{
	for (int64_t alias = APART; alias <= IN_FIRST; alias++) {
		point.at[ALIAS] = alias;
		point.at[ORDERS] = (point.at[SIZE] + alias) % 4;
		visit(s, point);
	}
}

static void sweep_merge(struct sweep *s)
{
	sweep_deltas(s, visit_merge);
}

const struct spec spec_delta_merge = {.kernel = "delta_merge",
				      .axes = merge_axes,
				      .sweep = sweep_merge,
				      .make = make_merge,
				      .bind = bind_merge,
				      .judge = judge_merge,
				      .trim = trim_merge,
				      .laws = laws_of_merge};

/* ---- delta_diff -------------------------------------------------------------------------------------------------- */

enum { BEFORE, AFTER, DIFF, DIFF_MASK, DIFF_PAYLOAD };

static void make_diff(struct trial *t)
{
	size_t size = (size_t)t->point.at[SIZE];
	uint64_t stream = stream_of(t, STREAM_DELTA_END), *mask = take_room(t, 8 * TENON_DELTA_WORDS(size));
	unsigned char *before = add_buffer(t, "before", ROLE_IN, ELEMENT_U8, size);
	unsigned char *after = add_buffer(t, "after", ROLE_IN, ELEMENT_U8, size);
	add_struct(t, "delta", ROLE_INOUT);
	add_buffer(t, "mask", ROLE_OUT, ELEMENT_U64, TENON_DELTA_WORDS(size));
	add_buffer(t, "payload", ROLE_OUT, ELEMENT_U8, size);
	fill_delta(t, STREAM_DELTA, mask, after);
	for (size_t i = 0; i < size; i++) {
		before[i] = after[i];
		if (is_set(mask, i)) /* by one bit, or by any */
			before[i] ^= (unsigned char)(i % 3 ? 1u << i % 8 : draw_bits(stream, i) | 1);
	}
}

static void bind_diff(const struct trial *t, const struct placed *p, void *args)
{
	put_struct(t, p, DIFF, 77, DIFF_MASK, DIFF_PAYLOAD);
	*(struct tenon_delta_diff_args *)args =
		(struct tenon_delta_diff_args){p->seen[BEFORE], p->seen[AFTER], p->seen[DIFF]};
}

static size_t trim_diff(const struct trial *t, const struct placed *p, size_t buffer)
{
	(void)p;
	return count_fields(t, buffer, DIFF);
}

static void judge_diff(const struct trial *t, const struct placed *p, size_t buffer, size_t index,
		       struct answer *answer)
{
	const unsigned char *before = t->buffer[BEFORE].content, *after = t->buffer[AFTER].content;
	size_t size = (size_t)t->point.at[SIZE];
	(void)p;
	*answer = (struct answer){.bits = index ? size : 77};
	if (buffer == DIFF_PAYLOAD)
		answer->bits = before[index] == after[index] ? 0 : after[index];
	if (buffer != DIFF_MASK)
		return;
	answer->bits = 0;
	for (size_t i = 64 * index; i < size && i < 64 * index + 64; i++)
		answer->bits |= (uint64_t)(before[i] != after[i]) << i % 64;
}

const struct spec spec_delta_diff = {.kernel = "delta_diff",
				     .axes = axes,
				     .sweep = sweep,
				     .make = make_diff,
				     .bind = bind_diff,
				     .judge = judge_diff,
				     .trim = trim_diff,
				     .laws = laws_of_diff};
