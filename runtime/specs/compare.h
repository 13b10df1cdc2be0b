/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the self-tests of runtime/specs/ share: repeatable data, and comparing a backend's answer with scalar's bit by
 * bit (any NaN equals any NaN). Pure.
 */
#ifndef RUNTIME_SPECS_COMPARE_H
#define RUNTIME_SPECS_COMPARE_H

#include "runtime/why.h"

/* Fills out with values in [-1, 1) that depend on seed alone. */
void make_test_floats(float *out, size_t count, uint32_t seed);

/* 0, or TENON_EREFUSED with why naming kernel, shape, index, got and want. */
int compare_status(struct why *why, const char *kernel, const char *shape, int got, int want);
int compare_floats(struct why *why, const char *kernel, const char *shape, const float *got, const float *want,
		   size_t count);
int compare_integers(struct why *why, const char *kernel, const char *shape, const uint32_t *got, const uint32_t *want,
		     size_t count);
int compare_bytes(struct why *why, const char *kernel, const char *shape, const void *got, const void *want,
		  size_t size);

#endif
