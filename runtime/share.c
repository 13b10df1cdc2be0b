/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The arithmetic of dividing a call among threads. Pure; any thread.
 */
#include "runtime/share.h"

#include <string.h>

#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args)                                                       \
	static int divide_any_##name(const void *a, size_t part, size_t parts, struct share *share) \
	{                                                                                           \
		return divide_##name(a, part, parts, share);                                        \
	}
#include <tenon/kernels.def>
#undef TENON_KERNEL

#define TENON_KERNEL(id, name, scratch, args) divide_any_##name,
divide_fn *const dividers[KERNEL_COUNT] = {
#include <tenon/kernels.def>
};
#undef TENON_KERNEL
#undef TENON_ARG

/* The first border of part among `units` units: the remainder goes to the first parts. */
static size_t find_border(size_t units, size_t part, size_t parts)
{
	size_t extra = units % parts;
	return units / parts * part + (part < extra ? part : extra);
}

struct range divide_range(size_t n, size_t grain, size_t part, size_t parts)
{
	size_t units = n / grain + (n % grain != 0);
	size_t begin = find_border(units, part, parts), end = find_border(units, part + 1, parts);
	return (struct range){begin == units ? n : begin * grain, end == units ? n : end * grain};
}

int share_status(struct range range, size_t n)
{
	return range.begin == range.end && n ? CALL_IS_EMPTY : 0;
}

int divide_not_at_all(void *to, const void *args, size_t size, size_t part)
{
	if (part)
		return CALL_IS_EMPTY;
	memcpy(to, args, size);
	return 0;
}
