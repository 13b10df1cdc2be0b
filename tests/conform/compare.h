/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Comparing one output: by bits for EXACT (any NaN equals any NaN, -0 differs from +0), by the oracle's bound for
 * BOUNDED and for scalar itself. Pure.
 */
#ifndef CONFORM_COMPARE_H
#define CONFORM_COMPARE_H

#include "tests/conform/finding.h"

/* One output buffer of a call: what it holds, and what the reference has. */
struct outcome {
	const struct trial *trial;
	const struct placed *placed; /* of the call */
	size_t buffer, count;        /* its number, and how many elements count */
	const void *got, *want;      /* want: NULL for the oracle, which needs none */
	unsigned char poison;        /* what an output held before */
	double *worst;               /* raised to the largest share of the oracle's bound */
};

/* True if all bits agree; else fills the finding: the first bad element, in words, and the lanes around it. */
bool compare_bits(const struct outcome *outcome, struct finding *finding);

/* True if the oracle agrees with every element. */
bool compare_oracle(const struct outcome *outcome, struct finding *finding);

#endif
