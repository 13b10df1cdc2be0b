/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What timeline.c knows of a thread, and what it shares with document.c.
 */
#ifndef TOOLS_TRACK_H
#define TOOLS_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRACK_KERNELS_MAX = 64 };

struct track {
	uint64_t place, at;
	int tid;
	bool told;
	uint64_t arena, high_water;
	uint64_t calls[TRACK_KERNELS_MAX];
	double rate[TRACK_KERNELS_MAX];
};

/* Tracks that are no thread's: numbers that no thread has. */
#define TRACK_SERVING 1000000001u
#define TRACK_ROLLOUT 1000000002u
#define TRACK_EVENTS 1000000003u

/* Quotes and backslashes with a backslash; what is not printable ASCII as '?'. */
void quote_json(const char *text, char *quoted, size_t size);

#endif
