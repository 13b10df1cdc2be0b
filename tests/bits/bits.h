/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bit identity: each kernel has bits_<name>(), which runs a kernel body over thousands of shapes and hashes every
 * output bit. Equal hashes for every backend, compiler and machine are the promise; golden.txt stores them. Data is
 * stateless: element i of buffer b of case c is a hash of (kernel id, c, b, i), and made with exact operations only.
 * NaNs are canonicalised before hashing.
 */
#ifndef TESTS_BITS_H
#define TESTS_BITS_H

#include <tenon/backend.h>

struct bits {
	uint64_t hash;
	uint64_t cases;
	/* The running hash after each case: of the reference run, growing, or to compare with. */
	uint64_t *trace;
	uint64_t trace_cases;
	int compare;
	uint64_t first_bad; /* 1 + the first case whose hash differs; 0 for none */
};

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) void bits_##name(tenon_kernel_fn *function, struct bits *bits);
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

/* 64 random bits that depend on the arguments alone. */
uint64_t bits_random(uint64_t kernel, uint64_t number, uint64_t buffer, uint64_t index);

/*
 * Values as kernels meet them. BITS_PLAIN: [-1, 1). BITS_EDGE: one in eight is +-0, subnormal, tiny or huge.
 * BITS_WILD: or +-1, +-FLT_MAX, an infinity or a NaN.
 */
enum { BITS_PLAIN = 0, BITS_EDGE = 1, BITS_WILD = 2 };
float bits_float(uint64_t random, int special);
void bits_fill(float *out, size_t count, uint64_t kernel, uint64_t number, uint64_t buffer, int special);

/* count floats at offset floats behind a 64-byte boundary, with nothing behind the last; exits when out of memory. */
float *bits_alloc(size_t count, size_t offset);
void bits_free(float *floats, size_t offset);

/* Adds outputs to the hash; bits_case() ends each call of the kernel, after its outputs, with its status. */
void bits_add_floats(struct bits *bits, const float *values, size_t count);
void bits_add_bytes(struct bits *bits, const void *bytes, size_t size);
void bits_case(struct bits *bits, int status);

#endif
