/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bit identity: each kernel has bits_<name>(), which runs a kernel body over thousands of shapes and hashes every
 * output bit. Equal hashes for every backend, compiler and machine are the promise; golden.txt stores them. Data is
 * stateless: element i of buffer b of case c is a hash of (kernel id, c, b, i). NaNs are canonicalised before hashing.
 */
#ifndef TESTS_BITS_H
#define TESTS_BITS_H

#include <tenon/backend.h>

struct bits {
	uint64_t hash;
	uint64_t cases;
};

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) void bits_##name(tenon_kernel_fn *function, struct bits *bits);
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

/* 64 random bits that depend on the arguments alone. */
uint64_t bits_random(uint64_t kernel, uint64_t number, uint64_t buffer, uint64_t index);

/* Values as kernels meet them: mostly normal in [-1, 1), now and then +-0, subnormal, huge, Inf, NaN when special. */
float bits_float(uint64_t random, int special);
void bits_fill(float *out, size_t count, uint64_t kernel, uint64_t number, uint64_t buffer, int special);

/* Adds outputs and status codes to the hash; one bits_case() per call of the kernel. */
void bits_case(struct bits *bits, int status);
void bits_add_floats(struct bits *bits, const float *values, size_t count);
void bits_add_bytes(struct bits *bits, const void *bytes, size_t size);

#endif
