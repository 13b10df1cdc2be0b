/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is legal of a delta, for the specs of its kernels and for tenon_delta_init(). Pure.
 */
#ifndef RUNTIME_SPECS_DELTA_H
#define RUNTIME_SPECS_DELTA_H

#include <stdbool.h>
#include <tenon/backend.h>

#include "runtime/regions.h"
#include "runtime/why.h"

static inline bool has_delta_buffers(const struct tenon_delta *d)
{
	return d && d->size <= TENON_DELTA_LIMIT && (d->size == 0 || (d->mask && d->payload));
}

/* The bits of the last word of the mask that stand for no byte, lowest first: to be 0. */
static inline uint64_t get_delta_tail(const struct tenon_delta *d)
{
	return d->size % 64 ? d->mask[d->size / 64] >> d->size % 64 : 0;
}

/* The words for what one of the two found, as `what: delta->...`; 0 if it found nothing. */
int explain_delta_buffers(struct why *why, const char *what, const char *delta, const struct tenon_delta *d);
int explain_delta_tail(struct why *why, const char *what, const char *delta, const struct tenon_delta *d);

/*
 * Lists the memory of a delta: the struct is read, its buffers have the role. Returns the struct's index, or -1 where it
 * must not be read.
 */
int list_delta(struct regions *r, struct field field, const struct tenon_delta *delta, enum region_role role);

#endif
