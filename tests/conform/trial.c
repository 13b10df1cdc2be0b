/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Building trials. State: the arena of this process.
 */
#include "tests/conform/trial.h"

#include <string.h>
#include <sys/mman.h>

#define ROOM_SIZE ((size_t)1 << 30) /* addresses; memory is taken as it is touched */

static struct {
	unsigned char *memory;
	size_t used;
} room;

bool make_room(void)
{
	if (room.memory)
		return true;
	void *memory =
		mmap(NULL, ROOM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	room.memory = memory == MAP_FAILED ? NULL : memory;
	return room.memory != NULL;
}

/* Axes are bounded so that a trial fits; running out would be a spec's mistake, and faults at once. */
void *take_room(struct trial *trial, size_t bytes)
{
	(void)trial;
	size_t size = (bytes + 63) / 64 * 64 + 64;
	if (size > ROOM_SIZE - room.used)
		__builtin_trap();
	void *memory = room.memory + room.used;
	room.used += size;
	return memory;
}

#define QUIET_NAN 0x7fc00000

uint64_t load_element(enum element element, const void *memory, size_t index)
{
	const unsigned char *at = (const unsigned char *)memory + index * size_of_element(element);
	uint32_t word;
	uint64_t wide;
	switch (element) {
	case ELEMENT_U8: return *at;
	case ELEMENT_U64: return memcpy(&wide, at, sizeof wide), wide;
	default: memcpy(&word, at, sizeof word);
	}
	return element == ELEMENT_F32 && (word & 0x7fffffff) > 0x7f800000 ? QUIET_NAN : word;
}

void *add_buffer(struct trial *trial, const char *name, enum role role, enum element element, size_t count)
{
	if (trial->buffers == BUFFERS_MAX)
		__builtin_trap();
	struct buffer *buffer = &trial->buffer[trial->buffers++];
	*buffer = (struct buffer){name, role, element, count, size_of_element(element), NULL};
	if (role != ROLE_OUT)
		buffer->content = take_room(trial, size_of_buffer(buffer));
	return buffer->content;
}

uint64_t stream_of(const struct trial *trial, unsigned buffer)
{
	return make_stream(trial->seed, trial->kernel, (uint64_t)trial->point.at[AXIS_DATA], buffer);
}

void build_trial(struct trial *trial, const struct spec *spec, uint64_t seed, const struct point *point)
{
	room.used = 0;
	if (trial->spec != spec)
		trial->kernel = kernels[find_kernel_name(spec->kernel)].id;
	trial->spec = spec;
	trial->point = *point;
	trial->seed = seed;
	trial->buffers = 0;
	trial->own = NULL;
	spec->make(trial);
}
