/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Growing arrays. See buffer.h.
 */
#include "tools/demo/buffer.h"

#include <stdlib.h>
#include <string.h>

void append(struct buffer *buffer, const void *data, size_t size)
{
	if (buffer->failed || size == 0)
		return;
	if (size > buffer->room - buffer->size) {
		size_t room = (buffer->size + size) * 2;
		char *grown = realloc(buffer->data, room);
		if (!grown) {
			buffer->failed = true;
			return;
		}
		buffer->data = grown;
		buffer->room = room;
	}
	memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
}
