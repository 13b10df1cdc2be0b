/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * top_k for k that no reservoir holds, up to sorting everything; only top_k_body.h includes it. There is no memory but
 * the outputs and the stack: the worst score that is taken is found digit by digit, then the outputs are filled in one
 * pass, and sorted in place. Time is linear in n. Pure.
 */

/* The place of the k-th best score, and how many scores of that place are among the best. */
struct cut {
	uint32_t place;
	size_t ties;
};

static struct cut find_cut(const float *scores, size_t n, size_t k)
{
	static const int shifts[] = {21, 10, 0};
	struct cut cut = {0, k};
	uint32_t fixed = 0;
	for (int s = 0; s < 3; fixed = ~0u << shifts[s++]) {
		size_t having[2048] = {0};
		uint32_t digit = 2047;
		for (size_t i = 0; i < n; i++) {
			uint32_t place = place_of(scores[i]);
			having[place >> shifts[s] & 2047] += (place & fixed) == cut.place;
		}
		while (having[digit] < cut.ties)
			cut.ties -= having[digit--];
		cut.place |= digit << shifts[s];
	}
	return cut;
}

/* The best, in the order of their indices. */
static void take_best(const struct tenon_top_k_args *a, size_t size, struct cut cut)
{
	size_t taken = 0;
	for (size_t i = 0; taken < size; i++) {
		uint32_t place = place_of(a->scores[i]);
		bool tie = place == cut.place && cut.ties > 0;
		a->values[taken] = a->scores[i];
		a->indices[taken] = (uint32_t)i;
		cut.ties -= tie;
		taken += tie || place > cut.place;
	}
}

static inline uint64_t key_at(const struct tenon_top_k_args *a, size_t i)
{
	return make_key(a->values[i], a->indices[i]);
}

/* How far to shift keys from begin to end, two at least, so that the first bit in which they differ tops a digit. */
static int find_shift(const struct tenon_top_k_args *a, size_t begin, size_t end)
{
	uint64_t every = ~UINT64_C(0), any = 0;
	for (size_t i = begin; i < end; i++) {
		every &= key_at(a, i);
		any |= key_at(a, i);
	}
	int top = 64 - __builtin_clzll(every ^ any);
	return top > 8 ? top - 8 : 0;
}

static __attribute__((noinline)) void sort_few(const struct tenon_top_k_args *a, size_t begin, size_t end)
{
	uint64_t memory[RESERVOIR];
	for (size_t i = begin; i < end; i++)
		memory[i - begin] = key_at(a, i);
	const uint64_t *key = sort_keys(memory, end - begin, memory + RESERVOIR_K);
	for (size_t i = begin; i < end; i++) {
		a->indices[i] = (uint32_t)~key[i - begin];
		a->values[i] = a->scores[a->indices[i]];
	}
}

/* Moves each result to the bucket of its digit, best first; bucket[d] becomes the end of bucket 255 - d. */
static void fill_buckets(const struct tenon_top_k_args *a, size_t begin, size_t end, int shift, size_t *bucket)
{
	size_t next[256];
	memset(bucket, 0, 256 * sizeof *bucket);
	for (size_t i = begin; i < end; i++)
		bucket[~(key_at(a, i) >> shift) & 255]++;
	for (size_t d = 0, at = begin; d < 256; d++) {
		next[d] = at;
		bucket[d] = at += bucket[d];
	}
	for (size_t d = 0; d < 256; d++)
		while (next[d] < bucket[d]) {
			size_t i = next[d], j = next[~(key_at(a, i) >> shift) & 255]++;
			float value = a->values[i];
			uint32_t index = a->indices[i];
			a->values[i] = a->values[j];
			a->indices[i] = a->indices[j];
			a->values[j] = value;
			a->indices[j] = index;
		}
}

/* At most eight deep: each time a digit is done. */
static void sort_best(const struct tenon_top_k_args *a, size_t begin, size_t end)
{
	size_t bucket[256];
	if (end - begin <= RESERVOIR_K) {
		sort_few(a, begin, end);
		return;
	}
	fill_buckets(a, begin, end, find_shift(a, begin, end), bucket);
	for (size_t d = 0; d < 256; begin = bucket[d++])
		sort_best(a, begin, bucket[d]);
}

static int take_many(const struct tenon_top_k_args *a, size_t size)
{
	bool finite = true;
	take_best(a, size, find_cut(a->scores, a->n, size));
	sort_best(a, 0, size);
	for (size_t i = 0; i < size; i++)
		finite &= fabsf(a->values[i]) <= FLT_MAX;
	return finite ? TENON_OK : TENON_ENONFINITE;
}
