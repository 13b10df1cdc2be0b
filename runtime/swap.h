/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A swap: find, load, compose, publish; all kernels or nothing. Callers hold the runtime's lock.
 */
#ifndef RUNTIME_SWAP_H
#define RUNTIME_SWAP_H

#include <stdint.h>

#include "runtime/runtime.h"

/*
 * Makes name (a name, a path or "auto") serve. flags are enum tenon_swap_flags. On failure the serving backend stays.
 */
int swap_backend(const struct runtime *runtime, const char *name, unsigned flags, struct why *why);

/* Swaps that completed since the process started. */
uint64_t count_swaps(void);

#endif
