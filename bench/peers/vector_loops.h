/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Loops over arrays that call a vector function of WIDTH floats, as one would write them with SLEEF or libmvec: included
 * by vector.c once for each width that exists, with TARGET, LOOP(name) and JOIN(low, high). What does not fill a vector
 * goes through padded copies.
 */
typedef float LOOP(floats) __attribute__((vector_size(WIDTH * sizeof(float))));
typedef float LOOP(half) __attribute__((vector_size(WIDTH / 2 * sizeof(float))));
typedef uint64_t LOOP(words) __attribute__((vector_size(WIDTH / 2 * sizeof(uint64_t))));
typedef LOOP(floats) LOOP(one_fn)(LOOP(floats));
typedef LOOP(floats) LOOP(two_fn)(LOOP(floats), LOOP(floats));

TARGET static inline LOOP(floats) LOOP(load)(const float *from)
{
	LOOP(floats) v;
	__builtin_memcpy(&v, from, sizeof v);
	return v;
}

TARGET static inline void LOOP(store)(float *to, LOOP(floats) v)
{
	__builtin_memcpy(to, &v, sizeof v);
}

TARGET static inline LOOP(floats) LOOP(load_ages)(const uint64_t *from)
{
	LOOP(words) low, high;
	__builtin_memcpy(&low, from, sizeof low);
	__builtin_memcpy(&high, from + WIDTH / 2, sizeof high);
	return JOIN(__builtin_convertvector(low, LOOP(half)), __builtin_convertvector(high, LOOP(half)));
}

TARGET static void LOOP(exp)(any_fn *function, const void *args)
{
	const struct tenon_exp_args a = *(const struct tenon_exp_args *)args;
	LOOP(one_fn) *f = (LOOP(one_fn) *)function;
	size_t i = 0;
	for (; i + WIDTH <= a.n; i += WIDTH)
		LOOP(store)(a.e + i, f(-LOOP(load)(a.x + i)));
	if (i < a.n) {
		float x[WIDTH] = {0}, e[WIDTH];
		memcpy(x, a.x + i, (a.n - i) * sizeof *x);
		LOOP(exp)(function, &(struct tenon_exp_args){x, WIDTH, e});
		memcpy(a.e + i, e, (a.n - i) * sizeof *e);
	}
}

TARGET static void LOOP(decay_exponential)(any_fn *function, const void *args)
{
	const struct tenon_decay_exponential_args a = *(const struct tenon_decay_exponential_args *)args;
	LOOP(one_fn) *f = (LOOP(one_fn) *)function;
	size_t i = 0;
	for (; i + WIDTH <= a.n; i += WIDTH) {
		LOOP(floats) e = f(-LOOP(load_ages)(a.ages + i) / a.tau);
		LOOP(store)(a.out + i, LOOP(load)(a.values + i) * e);
	}
	if (i < a.n) {
		float values[WIDTH] = {0}, out[WIDTH];
		uint64_t ages[WIDTH] = {0};
		memcpy(values, a.values + i, (a.n - i) * sizeof *values);
		memcpy(ages, a.ages + i, (a.n - i) * sizeof *ages);
		LOOP(decay_exponential)(function, &(struct tenon_decay_exponential_args){values, ages, WIDTH, a.tau, a.floor, out});
		memcpy(a.out + i, out, (a.n - i) * sizeof *out);
	}
}
