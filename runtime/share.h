/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Dividing a call among threads: share `part` of `parts` of a validated call is a smaller call of the same kernel, such
 * that the parts together write the bits of the whole. Each kernel's spec provides divide_<name>. Pure.
 */
#ifndef RUNTIME_SHARE_H
#define RUNTIME_SHARE_H

#include "runtime/kernels.h"

/* The arguments of a share, and what they may point to. */
struct share {
	union {
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) struct tenon_##name##_args name;
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG
	} args;
	struct tenon_delta delta[3];
};

/* [begin, end) of a range. */
struct range {
	size_t begin, end;
};

/*
 * divide_<name>: fills share->args.<name> with share `part` of `parts`, part < parts. Returns 0, or CALL_IS_EMPTY when
 * nothing is left for it. A kernel whose outputs cannot be written apart goes whole to part 0: divide_not_at_all().
 */
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) \
	int divide_##name(const struct tenon_##name##_args *a, size_t part, size_t parts, struct share *share);
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG

/* The same by kernel index. */
typedef int divide_fn(const void *args, size_t part, size_t parts, struct share *share);
extern divide_fn *const dividers[KERNEL_COUNT];

/* 64 bytes of mask bits, cache lines of floats: parts on such borders do not write to each other's lines. */
#define SHARE_GRAIN 64

/*
 * The part of n elements, on borders that are multiples of grain; as even as those allow. The ranges of all parts follow
 * on each other and cover n.
 */
struct range divide_range(size_t n, size_t grain, size_t part, size_t parts);

/* What divide_<name> returns for a range: nothing to do, unless it is all there is. */
int share_status(struct range range, size_t n);

/* The whole call is part 0's, and the others have nothing: `return divide_not_at_all(&share->args.NAME, a, sizeof *a, part)`. */
int divide_not_at_all(void *to, const void *args, size_t size, size_t part);

#endif
