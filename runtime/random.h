/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Chance for a thread's sampling, xorshift64*: it needs to be fair, not secret. The state is the caller's own.
 */
#ifndef RUNTIME_RANDOM_H
#define RUNTIME_RANDOM_H

#include <stdint.h>

#include "runtime/public.h"
#include "runtime/ticks.h"

/* *state is 0 before the first time. The high bits are the better ones. */
static inline uint64_t draw_random(uint64_t *state)
{
	uint64_t x = *state;
	if (unlikely(!x))
		x = (read_ticks() ^ (uint64_t)(uintptr_t)state) * 0x9e3779b97f4a7c15u | 1;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return x * 0x2545f4914f6cdd1du;
}

#endif
