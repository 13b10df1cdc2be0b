/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Loops over arrays that call a vector function of WIDTH floats, as one would write them with SLEEF or libmvec:
 * included by the file of each width, with WIDTH, LOOP(name) and JOIN(low, high). The last vector
 * overlaps the one before it where n is no multiple of WIDTH; n is at least WIDTH.
 */
enum { BLOCK = 512 }; /* floats */

typedef float LOOP(floats) __attribute__((vector_size(WIDTH * sizeof(float))));
typedef float LOOP(half) __attribute__((vector_size(WIDTH / 2 * sizeof(float))));
typedef uint64_t LOOP(words) __attribute__((vector_size(WIDTH / 2 * sizeof(uint64_t))));
typedef LOOP(floats) LOOP(one_fn)(LOOP(floats));
typedef LOOP(floats) LOOP(two_fn)(LOOP(floats), LOOP(floats));

static inline LOOP(floats) LOOP(load)(const float *from)
{
	LOOP(floats) v;
	__builtin_memcpy(&v, from, sizeof v);
	return v;
}

static inline void LOOP(store)(float *to, LOOP(floats) v)
{
	__builtin_memcpy(to, &v, sizeof v);
}

static inline LOOP(floats) LOOP(load_ages)(const uint64_t *from)
{
	LOOP(words) low, high;
	__builtin_memcpy(&low, from, sizeof low);
	__builtin_memcpy(&high, from + WIDTH / 2, sizeof high);
	return JOIN(__builtin_convertvector(low, LOOP(half)), __builtin_convertvector(high, LOOP(half)));
}

static void LOOP(exp)(any_fn *function, const void *args)
{
	const struct tenon_exp_args a = *(const struct tenon_exp_args *)args;
	LOOP(one_fn) *f = (LOOP(one_fn) *)function;
	for (size_t i = 0; i < a.n; i += WIDTH) {
		size_t at = i + WIDTH <= a.n ? i : a.n - WIDTH;
		LOOP(store)(a.e + at, f(-LOOP(load)(a.x + at)));
	}
}

/*
 * out[i] = values[i] * RESULT, where RESULT calls the function with `x`, the ARGUMENT at `at`: a block of arguments
 * first, since a division before each call would make every call wait for it (a third slower).
 */
#define BLOCKWISE(ARGUMENT, RESULT)                                                  \
	float block[BLOCK];                                                          \
	size_t whole = a.n / WIDTH * WIDTH;                                          \
	for (size_t start = 0; start < whole; start += BLOCK) {                      \
		size_t end = start + BLOCK < whole ? start + BLOCK : whole;          \
		for (size_t at = start; at < end; at += WIDTH)                       \
			LOOP(store)(block + at - start, ARGUMENT);                   \
		for (size_t at = start; at < end; at += WIDTH) {                     \
			LOOP(floats) x = LOOP(load)(block + at - start), y = RESULT; \
			LOOP(store)(a.out + at, LOOP(load)(a.values + at) * y);      \
		}                                                                    \
	}                                                                            \
	if (whole < a.n) {                                                           \
		size_t at = a.n - WIDTH;                                             \
		LOOP(floats) x = ARGUMENT, y = RESULT;                               \
		LOOP(store)(a.out + at, LOOP(load)(a.values + at) * y);              \
	}

static void LOOP(decay_exponential)(any_fn *function, const void *args)
{
	const struct tenon_decay_exponential_args a = *(const struct tenon_decay_exponential_args *)args;
	LOOP(one_fn) *f = (LOOP(one_fn) *)function;
	BLOCKWISE(-LOOP(load_ages)(a.ages + at) / a.tau, f(x))
}

static void LOOP(decay_power_law)(any_fn *function, const void *args)
{
	const struct tenon_decay_power_law_args a = *(const struct tenon_decay_power_law_args *)args;
	LOOP(two_fn) *f = (LOOP(two_fn) *)function;
	LOOP(floats) exponent = (LOOP(floats)){0} - a.beta;
	BLOCKWISE(1 + LOOP(load_ages)(a.ages + at) / a.t0, f(x, exponent))
}

static void LOOP(decay_two_component)(any_fn *function, const void *args)
{
	const struct tenon_decay_two_component_args a = *(const struct tenon_decay_two_component_args *)args;
	LOOP(two_fn) *f = (LOOP(two_fn) *)function;
	LOOP(floats) base = (LOOP(floats)){0} + a.base;
	BLOCKWISE(LOOP(load_ages)(a.ages + at) / LOOP(load)(a.stabilities + at), f(base, x))
}
#undef BLOCKWISE

#define RUN(name)                                                 \
	void LOOP(run_##name)(void *context, size_t times)        \
	{                                                         \
		const struct trial *trial = context;              \
		for (size_t t = 0; t < times; t++)                \
			LOOP(name)(trial->function, trial->args); \
	}
RUN(exp)
RUN(decay_exponential)
RUN(decay_power_law)
RUN(decay_two_component)
