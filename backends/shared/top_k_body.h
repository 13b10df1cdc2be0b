/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * top_k over vec.h, included by each ISA's top_k.c after its vec.h: a heap of the best, the worst on top, in the
 * outputs; vectors pass over what does not beat the worst. Pure.
 */
#include <float.h>
#include <math.h>
#include <tenon/backend.h>

struct entry {
	float value;
	uint32_t index;
};

static struct entry get(const struct tenon_top_k_args *a, size_t i)
{
	return (struct entry){a->values[i], a->indices[i]};
}

static void put(const struct tenon_top_k_args *a, size_t i, struct entry e)
{
	a->values[i] = e.value;
	a->indices[i] = e.index;
}

/* Is x to come after y? NaN last, then the lower score, then the higher index. */
static int is_worse(struct entry x, struct entry y)
{
	int x_nan = x.value != x.value, y_nan = y.value != y.value;
	if (x_nan != y_nan)
		return x_nan;
	if (x.value != y.value && !x_nan)
		return x.value < y.value;
	return x.index > y.index;
}

/* Puts e into the heap of size entries at place i or below; a parent is worse than its children. */
static void sift_down(const struct tenon_top_k_args *a, size_t i, size_t size, struct entry e)
{
	for (size_t child; (child = 2 * i + 1) < size; i = child) {
		if (child + 1 < size && is_worse(get(a, child + 1), get(a, child)))
			child++;
		struct entry c = get(a, child);
		if (!is_worse(c, e))
			break;
		put(a, i, c);
	}
	put(a, i, e);
}

static void make_heap(const struct tenon_top_k_args *a, size_t size)
{
	for (size_t i = 0; i < size; i++)
		put(a, i, (struct entry){a->scores[i], (uint32_t)i});
	for (size_t i = size / 2; i-- > 0;)
		sift_down(a, i, size, get(a, i));
}

/* Takes the worst to the end, again and again. */
static int sort_heap(const struct tenon_top_k_args *a, size_t size)
{
	int status = TENON_OK;
	for (size_t end = size; end-- > 0;) {
		struct entry worst = get(a, 0);
		sift_down(a, 0, end, get(a, end));
		put(a, end, worst);
		if (!(fabsf(worst.value) <= FLT_MAX))
			status = TENON_ENONFINITE;
	}
	return status;
}

/* Indices ascend, so a score that only ties with the worst is worse than it. */
static inline void offer(const struct tenon_top_k_args *a, size_t size, size_t i)
{
	float x = a->scores[i], worst = a->values[0];
	if (x > worst || (worst != worst && x == x))
		sift_down(a, 0, size, (struct entry){x, (uint32_t)i});
}

/* The lanes of scores[i...] that beat the worst, or that must be looked at because the worst is a NaN. */
static inline uint32_t find_better(const struct tenon_top_k_args *a, size_t i)
{
	vec worst = vec_set(a->values[0]);
	return mask_bits(vec_less(worst, vec_load(a->scores + i)));
}

static void offer_vec(const struct tenon_top_k_args *a, size_t size, size_t i)
{
	if (a->values[0] != a->values[0]) {
		for (size_t j = 0; j < VEC_LANES; j++)
			offer(a, size, i + j);
		return;
	}
	for (uint32_t better = find_better(a, i); better; better &= better - 1)
		offer(a, size, i + (size_t)__builtin_ctz(better));
}

#define GROUP (4 * VEC_LANES)

/* Is there anything in GROUP scores for offer_vec to look at? */
static inline int is_interesting(const float *scores, float worst)
{
	vec limit = vec_set(worst);
	vec_mask low = mask_or(vec_less(limit, vec_load(scores)), vec_less(limit, vec_load(scores + VEC_LANES)));
	vec_mask high = mask_or(vec_less(limit, vec_load(scores + 2 * VEC_LANES)),
		vec_less(limit, vec_load(scores + 3 * VEC_LANES)));
	return mask_any(mask_or(low, high)) || worst != worst;
}

static inline int top_k(const struct tenon_top_k_args *a)
{
	size_t size = a->k < a->n ? a->k : a->n, i = size;
	*a->count = size;
	if (size == 0)
		return TENON_OK;
	make_heap(a, size);
	for (; i + GROUP <= a->n; i += GROUP)
		if (__builtin_expect(is_interesting(a->scores + i, a->values[0]), 0))
			for (size_t j = 0; j < GROUP; j += VEC_LANES)
				offer_vec(a, size, i + j);
	for (; i < a->n; i++)
		offer(a, size, i);
	return sort_heap(a, size);
}
