/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a thread remembers of probes: for each slot and kernel the calls of each side, which of them the present burst
 * goes to, and when that is over. Written by its thread alone, with relaxed stores, so that others may count; a record that passes to
 * another thread goes on where it was. probe.c clears a slot's when no call can use them any more.
 */
#ifndef RUNTIME_BURST_H
#define RUNTIME_BURST_H

#include <stdatomic.h>
#include <stdint.h>

#include "runtime/kernels.h"

/* Probes that may exist at once: one that serves, one that `previous` leads to, and those that calls have not left yet. */
#define PROBE_SLOTS 4

#define BURST_MAX 64

/* Four an octave; up to 2^40 ticks. */
#define LATENCY_BUCKETS 160

enum probe_side { SIDE_PLAIN, SIDE_CANDIDATE };

struct burst {
	_Atomic uint64_t calls[2]; /* by side */
	_Atomic uint64_t due;      /* the number of calls of the side at which the burst is over; 0: none began yet */
	_Atomic uint8_t side;
};

struct probing {
	struct burst burst[PROBE_SLOTS][KERNEL_COUNT];
	uint64_t random; /* 0: not seeded yet */
};

#endif
