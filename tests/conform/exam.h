/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Examining a kernel at one point: build the trial, ask scalar, call the kernel with every buffer flush right and flush
 * left and with two poisons, and look at all that it did. Runs in the child; one thread.
 */
#ifndef CONFORM_EXAM_H
#define CONFORM_EXAM_H

#include <stdatomic.h>

#include "tests/conform/finding.h"

struct exam {
	int kernel;
	tenon_kernel_fn *function;
	bool by_oracle;   /* judged by the oracle: a BOUNDED kernel, or scalar itself */
	bool any_order;   /* it is BOUNDED: its sums may be in any order */
	bool is_thorough; /* look at the whole process after every call */
	uint64_t seed;
	atomic_bool *is_calling; /* true while the kernel runs: the deadline is for it, not for the harness */
	uint64_t *outputs;       /* hash, continued with what each call wrote */
	double *worst;           /* raised to the largest share of the oracle's bound */
};

/* Once in the process that calls kernels; false if it cannot have the memory. */
bool prepare_exams(void);

/* True if nothing was wrong; else the finding is complete. */
bool examine_point(const struct exam *exam, const struct point *point, struct finding *finding);

/*
 * What a memory fault at an address means for the call in progress ("read 4 bytes past `rows`"). Safe in a signal
 * handler. is_write: -1 where the machine does not say.
 */
void describe_fault(const void *address, int is_write, struct finding *finding);

#endif
