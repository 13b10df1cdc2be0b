/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the two oracles of spreading_activation share: the list of edges, and what the oracle without an order
 * (spread_bounds.c) says. The other one, in spread.c, computes in floats, in the canonical order. Pure.
 */
#ifndef CONFORM_SPREAD_H
#define CONFORM_SPREAD_H

#include "tests/conform/spec.h"

struct edges {
	size_t nodes, count;
	uint32_t *source, *destination;
	float *weight;
};

/* A number, and how far a computed one may be from it: INFINITY if no bound holds. */
struct bounded {
	long double value, error;
};

/*
 * Activation after all steps, in long double, and the bounds of docs/NUMERICS.md: of each step those of its roundings and
 * of what it was given; a node that may be on either side of the threshold counts with all that it sends. is_exact: no sum
 * of the call rounds in any order, so that errors are 0. squares: of the terms of each row, of the last step.
 */
struct spread_bounds {
	struct bounded *node;
	long double *squares;
	uint32_t *terms; /* how many they are */
	bool is_exact;
};

/* quantum: all terms of all sums are known to be multiples of it; 0: they are not. */
void bound_spreading(struct trial *trial, const struct edges *edges, const struct tenon_spreading_activation_args *args,
		     const float *initial, long double quantum, struct spread_bounds *bounds);

#endif
