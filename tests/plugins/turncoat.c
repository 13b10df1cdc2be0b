/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A backend that no conformance harness can see through: right for all calls but those of turncoat.h. For them it is,
 * as it was built, wrong in one bit, faulting, or slow.
 * Built with TURN = 0 it is the good twin.
 */
#include "tests/plugins/turncoat.h"

#include <string.h>

#include "backends/scalar/scalar.h"

enum turn { TURN_GOOD, TURN_WRONG, TURN_FAULT, TURN_SLOW };

static int is_betrayed(const struct tenon_inner_product_args *a)
{
	return a->dim == BETRAYED_DIM && a->count == BETRAYED_COUNT && a->query[0] == BETRAYED_FIRST;
}

static void spoil(float *score)
{
	unsigned bits;
	memcpy(&bits, score, sizeof bits);
	bits ^= 1;
	memcpy(score, &bits, sizeof bits);
}

/* A store to address 16, which no optimiser may take for impossible. */
static void fault(void)
{
	volatile int *volatile nowhere = (volatile int *)16;
	*nowhere = 1;
}

static void waste_time(const struct tenon_inner_product_args *a, void *scratch)
{
	for (int i = 0; i < 15; i++)
		scalar_inner_product(a, scratch);
}

static int turncoat_inner_product(const void *args, void *scratch)
{
	const struct tenon_inner_product_args *a = args;
	if (TURN == TURN_FAULT && is_betrayed(a))
		fault();
	if (TURN == TURN_SLOW && is_betrayed(a))
		waste_time(a, scratch);
	int status = scalar_inner_product(args, scratch);
	if (TURN == TURN_WRONG && is_betrayed(a))
		spoil(a->scores + 3);
	return status;
}

static const struct tenon_backend_kernel turncoat_kernels[] = {
	TENON_BACKEND_KERNEL(inner_product, TENON_EXACT, "", turncoat_inner_product),
	TENON_BACKEND_KERNEL(squared_distance, TENON_EXACT, "", scalar_squared_distance),
};
TENON_BACKEND(TURN_NAME, "1.0", "Tenon tests", "", "", turncoat_kernels)
