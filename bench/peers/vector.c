/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The loops of vector_loops.h, for each width; see vector.h. A function compiled for AVX ends with vzeroupper, so that
 * no peer leaves dirty upper halves behind.
 */
#include <string.h>

#include "bench/peers/vector.h"

enum { BLOCK = 512 }; /* floats */

#define RUN(name, width) \
	void run_##name##_##width(void *context, size_t times) \
	{ \
		const struct trial *trial = context; \
		for (size_t t = 0; t < times; t++) \
			name##_##width(trial->function, trial->args); \
	}
#if defined __x86_64__
#define WIDTH 16
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define LOOP(name) name##_16
#define JOIN(low, high) __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#include "bench/peers/vector_loops.h"
#undef WIDTH
#undef TARGET
#undef LOOP
#undef JOIN
RUN(exp, 16)
RUN(decay_exponential, 16)
RUN(decay_power_law, 16)
RUN(decay_two_component, 16)

#define WIDTH 8
#define TARGET __attribute__((target("avx2,fma")))
#define LOOP(name) name##_8
#define JOIN(low, high) __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7)
#include "bench/peers/vector_loops.h"
#undef WIDTH
#undef TARGET
#undef LOOP
#undef JOIN
RUN(exp, 8)
RUN(decay_exponential, 8)
RUN(decay_power_law, 8)
RUN(decay_two_component, 8)
#elif defined __aarch64__
#define WIDTH 4
#define TARGET
#define LOOP(name) name##_4
#define JOIN(low, high) __builtin_shufflevector(low, high, 0, 1, 2, 3)
#include "bench/peers/vector_loops.h"
RUN(exp, 4)
RUN(decay_exponential, 4)
RUN(decay_power_law, 4)
RUN(decay_two_component, 4)
#endif
