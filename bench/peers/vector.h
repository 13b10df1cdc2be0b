/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Libraries of vector functions (SLEEF, libmvec), whose functions take and return a register: the loops around them, at
 * the widths of AVX2, AVX-512 and NEON. The one place that passes vectors to a foreign function.
 */
#ifndef BENCH_PEERS_VECTOR_H
#define BENCH_PEERS_VECTOR_H

#include "bench/peers/peers.h"

/* run() of a peer whose function takes 16, 8 or 4 floats. */
#define VECTOR_LOOPS(width)                                            \
	void run_exp_##width(void *trial, size_t times);               \
	void run_decay_exponential_##width(void *trial, size_t times); \
	void run_decay_power_law_##width(void *trial, size_t times);   \
	void run_decay_two_component_##width(void *trial, size_t times)
VECTOR_LOOPS(16);
VECTOR_LOOPS(8);
VECTOR_LOOPS(4);

/* A width whose loops this build has not (configure --without-avx2) has no peers. */
#ifdef BENCH_VECTOR_8
#define IF_8(...) __VA_ARGS__,
#else
#define IF_8(...)
#endif
#ifdef BENCH_VECTOR_16
#define IF_16(...) __VA_ARGS__,
#else
#define IF_16(...)
#endif

/* An exp may be off by 4 ulp (libmvec), and the loop rounds twice. */
#define EXP_PEERS(title, isa, width, symbol)                                                       \
	{.kernel = "exp",                                                                          \
	 .name = title,                                                                            \
	 .needs = isa,                                                                             \
	 .function = &(symbol),                                                                    \
	 .run = run_exp_##width,                                                                   \
	 .relative = 6e-7},                                                                        \
	{                                                                                          \
		.kernel = "decay_exponential", .name = title, .needs = isa, .function = &(symbol), \
		.run = run_decay_exponential_##width, .relative = 1e-6                             \
	}

/* Ours raises to a power by log and exp, with up to some ulp more for large exponents. */
#define POW_PEERS(title, isa, width, symbol)                                                         \
	{.kernel = "decay_power_law",                                                                \
	 .name = title,                                                                              \
	 .needs = isa,                                                                               \
	 .function = &(symbol),                                                                      \
	 .run = run_decay_power_law_##width,                                                         \
	 .relative = 5e-6},                                                                          \
	{                                                                                            \
		.kernel = "decay_two_component", .name = title, .needs = isa, .function = &(symbol), \
		.run = run_decay_two_component_##width, .relative = 5e-6                             \
	}

#endif
