/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A growing array of bytes. Zero-initialise it, append, free data. Running out of memory sets failed, which a user
 * checks once at the end: later appends do nothing. One thread at a time.
 */
#ifndef TOOLS_DEMO_BUFFER_H
#define TOOLS_DEMO_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
	char *data;
	size_t size, room;
	bool failed;
};

void append(struct buffer *buffer, const void *data, size_t size);

#endif
