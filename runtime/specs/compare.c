/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Data and comparisons of the self-tests. Pure.
 */
#include "runtime/specs/compare.h"

#include <string.h>

void make_test_floats(float *out, size_t count, uint32_t seed)
{
	uint32_t first = seed * 2246822519u; /* so that another seed's numbers are not these, moved */
	for (size_t i = 0; i < count; i++) {
		uint32_t x = (first + (uint32_t)i) * 2654435769u; /* of its place, so that none waits for the last */
		x = (x ^ x >> 15) * 2246822519u;
		out[i] = (float)((int32_t)(x ^ x << 11) >> 8) * 0x1p-23f;
	}
}

static uint32_t bits_of(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	return x != x ? 0x7fc00000 : bits;
}

int compare_status(struct why *why, const char *kernel, const char *shape, int got, int want)
{
	if (got == want)
		return 0;
	return explain(why, TENON_EREFUSED, "%s: self-test %s: returned %d, scalar returns %d", kernel, shape, got,
		       want);
}

int compare_floats(struct why *why, const char *kernel, const char *shape, const float *got, const float *want,
		   size_t count)
{
	if (memcmp(got, want, count * sizeof *got) == 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (bits_of(got[i]) != bits_of(want[i]))
			return explain(why, TENON_EREFUSED, "%s: self-test %s: output %zu is %a, scalar's is %a",
				       kernel, shape, i, (double)got[i], (double)want[i]);
	return 0;
}

int compare_integers(struct why *why, const char *kernel, const char *shape, const uint32_t *got, const uint32_t *want,
		     size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (got[i] != want[i])
			return explain(why, TENON_EREFUSED, "%s: self-test %s: output %zu is %u, scalar's is %u",
				       kernel, shape, i, got[i], want[i]);
	return 0;
}

int compare_bytes(struct why *why, const char *kernel, const char *shape, const void *got, const void *want,
		  size_t size)
{
	const unsigned char *g = got, *w = want;
	if (memcmp(g, w, size) == 0)
		return 0;
	for (size_t i = 0; i < size; i++)
		if (g[i] != w[i])
			return explain(why, TENON_EREFUSED,
				       "%s: self-test %s: byte %zu of the output is %02x, scalar's is %02x", kernel,
				       shape, i, g[i], w[i]);
	return 0;
}
