/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Guarded memory: places for buffers between inaccessible pages. The same memory is mapped twice, once writable and once
 * not, so that inputs are read-only to a kernel while we fill them, at no cost a call. One set a process, made once by
 * the process that calls kernels.
 */
#ifndef CONFORM_GUARD_H
#define CONFORM_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GUARD_PLACES = 26, GUARD_MARGIN = 128 };
#define GUARD_CAPACITY ((size_t)32 << 20)

/* Flush with the inaccessible page behind the buffer, or `offset` elements behind the one before it. */
enum side { SIDE_RIGHT, SIDE_LEFT, SIDES };

struct guarded {
	unsigned char *seen; /* the kernel's address: not writable for an input */
	unsigned char *ours; /* where we may write */
	size_t size;
};

/* False if the system refuses the memory. */
bool make_guards(void);

struct guarded place_guarded(int place, enum side side, size_t offset, size_t size, size_t align, bool is_input);

/*
 * Poisons the bytes around a buffer that is not an input, as far as they are accessible. Are they still so? Else *at is
 * the farthest one that is not, from the buffer's begin.
 */
void poison_margins(const struct guarded *buffer, int place, unsigned char poison);
bool find_margin_write(const struct guarded *buffer, int place, unsigned char poison, ptrdiff_t *at);

/* Whose memory an address is in or beside. */
struct guard_hit {
	int place;        /* -1: nobody's */
	bool is_writable; /* in the kernel's writable mapping */
	bool is_before;   /* of the accessible part */
	bool is_inside;   /* within the accessible part */
	ptrdiff_t beyond; /* bytes before its first, or from its last on */
};
struct guard_hit find_guard(const void *address);

#endif
