/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Memory in which a thread keeps copies of what calls on probation change: mapped at its first need, because a kernel may
 * be called in a signal handler, bounded, and taken in the manner of a stack. Its thread alone takes and gives back;
 * releasing is for its end, or for when no call can be using it.
 */
#ifndef RUNTIME_COPIES_H
#define RUNTIME_COPIES_H

#include <stdatomic.h>
#include <stddef.h>

#define COPIES_MAX ((size_t)16 << 20)

struct copies {
	_Atomic(unsigned char *) base; /* NULL: not mapped */
	atomic_size_t used;            /* an end and a release may both write 0 */
};

/* 64-byte aligned; NULL when it does not fit, or cannot be mapped. */
void *take_copies(struct copies *copies, size_t size);

/* Gives back memory, and all that was taken after it. */
void give_back_copies(struct copies *copies, const void *memory);

void release_copies(struct copies *copies);

#endif
