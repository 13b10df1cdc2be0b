/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * top_k for small k; only top_k_body.h includes it. What may be among the best is collected in a reservoir, and only
 * when that is full, all but the best k are dropped and the limit rises: so every order of scores takes about the same
 * time. A first look at a part of the scores finds a limit that few pass. Pure.
 */

enum {
	RESERVOIR = 2048,            /* keys, on the stack */
	RESERVOIR_K = RESERVOIR / 2, /* the largest k */
	FEW = 32,
	LOOK_FOR_FEW = 1 << 14, /* scores of a first look for a k up to FEW, and beyond */
	LOOK_FOR_MORE = 1 << 16,
	GROUP = 64, /* scores that are judged together; how far they are asked for ahead */
	AHEAD = 512
};

struct reservoir {
	float limit; /* a score below it, or a NaN, comes too late; a NaN itself: all scores do */
	size_t k, count;
	uint64_t key[RESERVOIR + GROUP];
};

/*
 * A number that exactly k of count keys reach, 0 < k < count: digit by digit, from the first bit in which keys differ.
 * Takes eight passes at most.
 */
static uint64_t find_bound(const uint64_t *key, size_t count, size_t k)
{
	uint64_t every = ~UINT64_C(0), any = 0;
	for (size_t i = 0; i < count; i++) {
		every &= key[i];
		any |= key[i];
	}
	int top = 64 - __builtin_clzll(every ^ any), shift = top > 8 ? top - 8 : 0;
	uint64_t fixed = top == 64 ? 0 : ~UINT64_C(0) << top, bound = any & fixed;
	for (;; fixed = ~UINT64_C(0) << shift, shift = shift > 8 ? shift - 8 : 0) {
		uint32_t having[256] = {0}, digit = 255;
		for (size_t i = 0; i < count; i++)
			having[key[i] >> shift & 255] += (key[i] & fixed) == bound;
		while (having[digit] < k)
			k -= having[digit--];
		bound |= (uint64_t)digit << shift;
		if (having[digit] == k)
			return bound;
	}
}

/* Drops all but the best k. What follows has a higher index, so it must be above the worst of them. */
static void drop_worst(struct reservoir *r)
{
	uint64_t bound = r->count > r->k ? find_bound(r->key, r->count, r->k) : 0, worst = ~UINT64_C(0);
	size_t kept = 0;
	for (size_t i = 0; i < r->count; i++) {
		uint64_t key = r->key[i];
		r->key[kept] = key;
		kept += key >= bound;
		worst = key >= bound && key < worst ? key : worst;
	}
	r->count = kept;
	r->limit = worst >> 32 ? at_place((uint32_t)(worst >> 32) + 1) : -INFINITY;
}

/* Fills keys with the maxima of rows * VEC_LANES sets of scores: one lane of `steps` vectors each. No NaN is one. */
static void find_maxima(const float *scores, size_t rows, size_t steps, uint64_t *key)
{
	float most[VEC_LANES];
	for (size_t row = 0; row < rows; row++) {
		vec maxima = vec_set(-INFINITY);
		for (size_t i = 0; i < steps; i++, scores += VEC_LANES)
			maxima = vec_max(vec_load(scores), maxima);
		vec_store(most, maxima);
		for (size_t j = 0; j < VEC_LANES; j++)
			key[row * VEC_LANES + j] = make_key(most[j], row * VEC_LANES + j);
	}
}

/*
 * Sets a limit that at least k of the first scores reach: what k of some 4*k maxima reach. False if there is none above
 * -infinity, or too little to look at.
 */
static bool look_first(struct reservoir *r, const float *scores, size_t n)
{
	size_t look = r->k <= FEW ? LOOK_FOR_FEW : LOOK_FOR_MORE, rows = (4 * r->k + VEC_LANES - 1) / VEC_LANES;
	size_t steps = (n < look ? n : look) / (rows * VEC_LANES);
	if (steps < 4 || rows * VEC_LANES > RESERVOIR)
		return false;
	find_maxima(scores, rows, steps, r->key);
	/* The bound lies between the k-th key and the next one, and so may its place. */
	uint32_t place = (uint32_t)(find_bound(r->key, rows * VEC_LANES, r->k) >> 32);
	if (place <= place_of(-INFINITY))
		return false;
	r->limit = at_place(place);
	return true;
}

/* Collects the lanes of scores[i...] that reach the limit. */
static inline void collect(struct reservoir *r, const float *scores, size_t i)
{
	uint32_t lanes = mask_bits(vec_less_equal(vec_set(r->limit), vec_load(scores + i)));
	for (; lanes; lanes &= lanes - 1) {
		size_t at = i + (size_t)__builtin_ctz(lanes);
		r->key[r->count++] = make_key(scores[at], at);
	}
}

/* Also true, but to no harm, where all are NaN and the limit is -infinity. */
static inline bool any_reaches(const float *scores, vec limit)
{
	vec most = vec_set(-INFINITY);
	for (size_t i = 0; i < GROUP; i += VEC_LANES)
		most = vec_max(vec_load(scores + i), most);
	return mask_any(vec_less_equal(limit, most));
}

static void collect_all(struct reservoir *r, const float *scores, size_t i, size_t n)
{
	for (; i + GROUP <= n; i += GROUP) {
		for (size_t line = 0; line < GROUP; line += 16)
			__builtin_prefetch(scores + i + AHEAD + line);
		if (__builtin_expect(!any_reaches(scores + i, vec_set(r->limit)), 1))
			continue;
		for (size_t j = 0; j < GROUP; j += VEC_LANES)
			collect(r, scores, i + j);
		if (r->count >= RESERVOIR)
			drop_worst(r);
	}
	for (; i < n; i++)
		if (scores[i] >= r->limit)
			r->key[r->count++] = make_key(scores[i], i);
}

static int put_sorted(const struct tenon_top_k_args *a, struct reservoir *r)
{
	const uint64_t *key = sort_keys(r->key, r->k, r->key + r->k);
	bool finite = true;
	for (size_t i = 0; i < r->k; i++) {
		a->indices[i] = (uint32_t)~key[i];
		a->values[i] = a->scores[a->indices[i]];
		finite &= fabsf(a->values[i]) <= FLT_MAX;
	}
	return finite ? TENON_OK : TENON_ENONFINITE;
}

static int collect_best(const struct tenon_top_k_args *a, size_t k)
{
	struct reservoir r;
	size_t i = 0;
	r.k = k;
	r.count = 0;
	if (!look_first(&r, a->scores, a->n)) {
		for (; i < a->n && i < RESERVOIR; i++)
			r.key[r.count++] = make_key(a->scores[i], i);
		drop_worst(&r);
	}
	collect_all(&r, a->scores, i, a->n);
	drop_worst(&r);
	return put_sorted(a, &r);
}
