/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Building trials from points, and points as text. A trial's memory is one arena of this process, reused by the next.
 */
#ifndef CONFORM_TRIAL_H
#define CONFORM_TRIAL_H

#include "tests/conform/spec.h"

/* False if the system refuses the memory; once a process. */
bool make_room(void);

/* Builds the case at point. Everything built before is gone. */
void build_trial(struct trial *trial, const struct spec *spec, uint64_t seed, const struct point *point);

/* An element as bits, NaNs made one. */
uint64_t load_element(enum element element, const void *memory, size_t index);

/* "dim=13 count=2 fill=wild": the axes that are not at rest, and the first of its own in any case. */
void describe_point(const struct spec *spec, const struct point *point, char *text, size_t size);

/*
 * The replay token, "inner_product:seed=1,data=5,dim=13": the kernel, the seed, the axes that are not at rest.
 * It replays the case anywhere. read_token() returns the kernel's index, or -1 with why.
 */
void write_token(const struct spec *spec, uint64_t seed, const struct point *point, char *text, size_t size);
int read_token(const char *token, uint64_t *seed, struct point *point, struct why *why);

/* All axes at rest. */
struct point point_at_rest(const struct spec *spec);

#endif
