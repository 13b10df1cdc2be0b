/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Spec of top_k. No state.
 */
#include <math.h>
#include <string.h>

#include "tests/conform/law.h"

enum { KIND = AXIS_OWN, SIZE, K, PLACE, VALUE };
enum kind { PLAIN, WILD, TIES, ZEROS, NANS, ASCENDING, DESCENDING, EQUAL, LONE, KINDS };
enum { SCORES, INDICES, VALUES, COUNT };

static const char *const kinds[] = {"plain",     "wild",       "ties",  "zeros", "nans",
				    "ascending", "descending", "equal", "lone"};

/* lone: one special value (VALUE) at PLACE among plain scores. */
static const struct axis axes[] = {
	COMMON_AXES,          {"kind", 0, KINDS - 1, kinds}, {"n", 0, 1 << 21, NULL},
	{"k", 0, 3000, NULL}, {"place", 0, 1 << 21, NULL},   {"value", 0, LONE_VALUES - 1, NULL},
	{NULL, 0, 0, NULL},
};

static float make_score(int64_t kind, uint64_t random, size_t i)
{
	switch (kind) {
	case WILD: return make_float(random, FILL_WILD);
	case TIES: return (float)(random % 5);
	case ZEROS: return random % 3 == 0 ? 0.0f : random % 3 == 1 ? -0.0f : -1.0f;
	case NANS: return random % 16 ? NAN : make_float(random, FILL_EDGE);
	case ASCENDING: return (float)i;
	case DESCENDING: return -(float)i;
	case EQUAL: return 0.5f;
	default: return make_float(random, FILL_PLAIN);
	}
}

/* What the oracle needs: the best scores in order, once. */
struct ranking {
	struct ranked {
		float score;
		uint32_t index;
	} * ranked;
	bool is_done;
};

static size_t count_results(const struct trial *t)
{
	int64_t n = t->point.at[SIZE], k = t->point.at[K];
	return (size_t)(k < n ? k : n);
}

static void make(struct trial *t)
{
	size_t n = (size_t)t->point.at[SIZE];
	uint64_t stream = stream_of(t, SCORES);
	float *scores = add_buffer(t, "scores", ROLE_IN, ELEMENT_F32, n);
	add_buffer(t, "indices", ROLE_OUT, ELEMENT_U32, count_results(t));
	add_buffer(t, "values", ROLE_OUT, ELEMENT_F32, count_results(t));
	add_buffer(t, "count", ROLE_OUT, ELEMENT_U64, 1);
	for (size_t i = 0; i < n; i++)
		scores[i] = make_score(t->point.at[KIND], draw_bits(stream, i), i);
	if (n && t->point.at[KIND] == LONE)
		scores[(size_t)t->point.at[PLACE] % n] = get_lone_value(t->point.at[VALUE]);
	t->own = take_room(t, sizeof(struct ranking));
	*(struct ranking *)t->own = (struct ranking){0};
}

static void bind(const struct trial *t, const struct placed *p, void *args)
{
	*(struct tenon_top_k_args *)args =
		(struct tenon_top_k_args){p->seen[SCORES],  (size_t)t->point.at[SIZE], (size_t)t->point.at[K],
					  p->seen[INDICES], p->seen[VALUES],           p->seen[COUNT]};
}

/* ---- Schedule ---------------------------------------------------------------------------------------------------- */

static struct point at(int64_t kind, int64_t n, int64_t k, int64_t place, int64_t value)
{
	return (struct point){.at = {[KIND] = kind, [SIZE] = n, [K] = k, [PLACE] = place, [VALUE] = value}};
}

static void sweep_quickly(struct sweep *s)
{
	static const int64_t ks[] = {1, 10, 2, 64, 3, 100, 8, 31, 0, 1000};
	for (int64_t n = 0; n <= 4 * 32 + 3; n++)
		for (int64_t i = 0; i < 4; i++)
			visit(s, at((n + i) % LONE, n, ks[(n + 3 * i) % 10], 0, 0));
	for (int64_t kind = PLAIN; kind < LONE; kind++)
		for (int64_t i = 0; i < 4; i++)
			visit(s, at(kind, 255 + 77 * i, ks[i + kind % 4], 0, 0));
	for (int64_t place = 0; place < 100; place++)
		for (int64_t value = place % 5; value < LONE_VALUES; value += 5)
			visit(s, at(LONE, 100, 1 + place % 20, place, value));
	visit(s, at(PLAIN, 70001, 300, 0, 0));
}

static void sweep(struct sweep *s)
{
	static const int64_t ks[] = {0, 1, 2, 3, 8, 10, 31, 64, 100, 1000};
	sweep_quickly(s);
	if (get_profile(s) == PROFILE_QUICK)
		return;
	for (int64_t kind = PLAIN; kind < LONE; kind++)
		for (size_t i = 0; i < sizeof ks / sizeof *ks; i++) {
			for (int64_t n = 0; n <= 4 * 32 + 3; n++)
				visit(s, at(kind, n, ks[i], 0, 0));
			visit_lengths(s, at(kind, 0, ks[i], 0, 0), SIZE, 132, 1 << 15);
		}
	visit_lengths(s, at(PLAIN, 0, 100, 0, 0), SIZE, 1 << 15, 1 << 21);
}

/* ---- Oracle ------------------------------------------------------------------------------------------------------ */

/* NaN last, higher score first, lower index first: x comes later than y by index. */
static bool is_better(const struct ranked *x, const struct ranked *y)
{
	return isnan(x->score) ? false : isnan(y->score) || x->score > y->score;
}

/* Each score goes to its place among the best ones so far. */
static const struct ranked *rank_all(const struct trial *t)
{
	struct ranking *ranking = t->own;
	size_t n = t->buffer[SCORES].count, most = count_results(t), count = 0;
	if (ranking->is_done)
		return ranking->ranked;
	ranking->is_done = true;
	ranking->ranked = take_room((struct trial *)(uintptr_t)t, (most + 1) * sizeof *ranking->ranked);
	for (size_t i = 0; i < n; i++) {
		struct ranked next = {((const float *)t->buffer[SCORES].content)[i], (uint32_t)i};
		size_t at = count;
		while (at > 0 && is_better(&next, &ranking->ranked[at - 1]))
			at--;
		memmove(&ranking->ranked[at + 1], &ranking->ranked[at], (count - at) * sizeof next);
		ranking->ranked[at] = next;
		count += count < most;
	}
	return ranking->ranked;
}

static void judge(const struct trial *t, const struct placed *p, size_t buffer, size_t index, struct answer *answer)
{
	(void)p;
	*answer = (struct answer){.bits = count_results(t)};
	if (buffer == COUNT)
		return;
	const struct ranked *due = rank_all(t) + index;
	answer->value = (double)due->score;
	answer->bits = due->index;
}

const struct spec spec_top_k = {.kernel = "top_k",
				.axes = axes,
				.sweep = sweep,
				.make = make,
				.bind = bind,
				.judge = judge,
				.laws = laws_of_ranks};
