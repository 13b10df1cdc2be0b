/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Spec of crc32c: which calls are legal, and the self-test. No state.
 */
#include <stdio.h>

#include "runtime/kernels.h"
#include "runtime/public.h"
#include "runtime/regions.h"
#include "runtime/share.h"
#include "runtime/specs/compare.h"

static __attribute__((cold, noinline)) int explain_crc32c(const struct tenon_crc32c_args *a, struct why *why)
{
	if (!a)
		return explain(why, TENON_EINVAL, "crc32c: args is NULL");
	if (!a->result)
		return explain(why, TENON_EINVAL, "crc32c: result is NULL; pass room for one checksum");
	if (!a->data)
		return explain(why, TENON_EINVAL, "crc32c: data is NULL with size %zu; pass the bytes, or size 0",
			       a->size);
	return explain(why, TENON_EINVAL, "crc32c: %zu bytes exceed the address space", a->size);
}

/* size 0 is no empty call: *result is to be set. */
int check_crc32c(const struct tenon_crc32c_args *a, struct why *why)
{
	int legal = a && a->result && (!a->size || a->data) && a->size <= PTRDIFF_MAX;
	return likely(legal) ? 0 : explain_crc32c(a, why);
}

int divide_crc32c(const struct tenon_crc32c_args *a, size_t part, size_t parts, struct share *share)
{
	(void)parts;
	return divide_not_at_all(&share->args.crc32c, a, sizeof *a, part);
}

void regions_crc32c(const struct tenon_crc32c_args *a, struct regions *r)
{
	add_region(r, REGION_ARG(a, data), REGION_IN, REGION_U8, a->size);
	add_region(r, REGION_ARG(a, result), REGION_OUT, REGION_U32, 1);
}

/* Sizes that take every way through the bodies, and not from the start, so that the alignment varies. */
int test_crc32c(tenon_kernel_fn *function, struct why *why)
{
	static const size_t sizes[] = {0, 1, 7, 8, 63, 200, 391, 768, 1013, 2700};
	unsigned char data[2800];
	uint32_t seed = 3, got, want;
	int status = 0;
	for (size_t i = 0; i < sizeof data; i++) {
		seed = seed * 1664525 + 1013904223;
		data[i] = (unsigned char)(seed >> 24);
	}
	for (size_t i = 0; !status && i < sizeof sizes / sizeof *sizes; i++) {
		struct tenon_crc32c_args a = {data + 7 * i, sizes[i], 0x9e3779b9u * (uint32_t)(i + 1), &got};
		got = 0;
		int got_status = function(&a, NULL);
		a.result = &want;
		int want_status = scalar_crc32c(&a, NULL);
		char shape[32];
		snprintf(shape, sizeof shape, "%zu", sizes[i]);
		status = compare_status(why, "crc32c", shape, got_status, want_status);
		if (!status)
			status = compare_integers(why, "crc32c", shape, &got, &want, 1);
	}
	return status;
}
