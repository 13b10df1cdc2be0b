/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Kernel calls on fixed inputs: what soak repeats, and compares with the bits that scalar gave. Each kernel has
 * make_<name>_cases() in tools/cases/; a missing one is a link error. A set belongs to one thread at a time; equal
 * numbers mean equal inputs, so all sets have the same answers.
 */
#ifndef TOOLS_CASES_H
#define TOOLS_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <tenon/tenon.h>

struct kernel_case {
	uint32_t kernel;
	const void *args;
	unsigned char *output;
	size_t size;             /* of output, in bytes */
	int status;              /* what the call returned on scalar, */
	unsigned char *expected; /* and what it wrote; NULL before learn_cases() */
	const void *initial;     /* what output holds before a call (inout kernels); NULL: poison */
};

struct case_set;

/* All kernels. NULL when memory is short. */
struct case_set *make_cases(void);
void free_cases(struct case_set *set);

size_t count_cases(const struct case_set *set);
struct kernel_case *get_case(struct case_set *set, size_t number);

/*
 * Calls every case and keeps its answers as the expected ones: scalar's, as long as the runtime is not open. False when
 * memory is short.
 */
bool learn_cases(struct case_set *set);

/* Gives set the expected answers of another one, which must live as long. */
void share_answers(struct case_set *set, const struct case_set *learned);

/* Puts poison, or the initial bytes, into the output. */
void reset_case(struct kernel_case *c);

/* Calls the kernel through its own entry point; returns its status. */
int call_case(const struct kernel_case *c);

/* The first byte of the output that is not as expected; size if all are. */
size_t find_difference(const struct kernel_case *c);

/* ---- For tools/cases/ ---- */

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, members) bool make_##name##_cases(struct case_set *set);
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

/* 64-byte aligned memory, or an object with its own release function, that lives as long as the set; NULL: no memory. */
void *take_memory(struct case_set *set, size_t size);
bool hold_object(struct case_set *set, void *object, void (*release)(void *object));

/* Adds a case; args is copied. */
bool add_case(struct case_set *set, uint32_t kernel, const void *args, size_t args_size, void *output, size_t size);

/* Deterministic data: stream distinguishes buffers. Values in [-1, 1). */
uint64_t mix_bits(uint64_t stream, uint64_t index);
float *take_floats(struct case_set *set, size_t count, uint64_t stream);

#endif
