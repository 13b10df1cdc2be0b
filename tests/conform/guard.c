/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Guarded memory; guard.h says what it promises. State: the two mappings of this process.
 */
#include "build.h"

#include "tests/conform/guard.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Wide, so that a stride too many still lands in it. */
#define GUARD_SIZE ((size_t)1 << 20)
#define PITCH (GUARD_SIZE + GUARD_CAPACITY)

static struct {
	unsigned char *writable, *readable; /* GUARD_PLACES pitches and a last guard each */
} guards;

/* Accessible parts in a sea of inaccessible pages; place i is at i*PITCH + GUARD_SIZE. */
static unsigned char *map_view(int file, int protection)
{
	unsigned char *view = mmap(NULL, GUARD_PLACES * PITCH + GUARD_SIZE, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (view == MAP_FAILED)
		return NULL;
	for (size_t i = 0; i < GUARD_PLACES; i++)
		if (mmap(view + i * PITCH + GUARD_SIZE, GUARD_CAPACITY, protection,
			 MAP_SHARED | MAP_FIXED | MAP_NORESERVE, file, (off_t)(i * GUARD_CAPACITY)) == MAP_FAILED)
			return NULL;
	return view;
}

bool make_guards(void)
{
	if (guards.readable)
		return true;
	int file = memfd_create("tenon-conform", MFD_CLOEXEC);
	if (file < 0)
		return false;
	if (ftruncate(file, (off_t)(GUARD_PLACES * GUARD_CAPACITY)) == 0) {
		guards.writable = map_view(file, PROT_READ | PROT_WRITE);
		guards.readable = guards.writable ? map_view(file, PROT_READ) : NULL;
	}
	close(file);
	return guards.readable != NULL;
}

static unsigned char *begin_of(unsigned char *view, int place)
{
	return view + (size_t)place * PITCH + GUARD_SIZE;
}

struct guarded place_guarded(int place, enum side side, size_t offset, size_t size, size_t align, bool is_input)
{
	size_t at = side == SIDE_LEFT ? offset * align : (GUARD_CAPACITY - size) / align * align;
	return (struct guarded){begin_of(is_input ? guards.readable : guards.writable, place) + at,
				begin_of(guards.writable, place) + at, size};
}

/* The accessible bytes before and behind a buffer, at most GUARD_MARGIN of each. */
static void measure_margins(const struct guarded *buffer, int place, size_t *before, size_t *behind)
{
	const unsigned char *begin = begin_of(guards.writable, place);
	size_t head = (size_t)(buffer->ours - begin), tail = GUARD_CAPACITY - head - buffer->size;
	*before = head < GUARD_MARGIN ? head : GUARD_MARGIN;
	*behind = tail < GUARD_MARGIN ? tail : GUARD_MARGIN;
}

void poison_margins(const struct guarded *buffer, int place, unsigned char poison)
{
	size_t before, behind;
	measure_margins(buffer, place, &before, &behind);
	memset(buffer->ours - before, poison, before);
	memset(buffer->ours + buffer->size, poison, behind);
}

static bool is_all(const unsigned char *bytes, size_t count, unsigned char value)
{
	return count == 0 || (bytes[0] == value && memcmp(bytes, bytes + 1, count - 1) == 0);
}

bool find_margin_write(const struct guarded *buffer, int place, unsigned char poison, ptrdiff_t *at)
{
	size_t before, behind;
	measure_margins(buffer, place, &before, &behind);
	if (is_all(buffer->ours - before, before, poison) && is_all(buffer->ours + buffer->size, behind, poison))
		return false;
	for (size_t i = behind; i-- > 0;)
		if (buffer->ours[buffer->size + i] != poison)
			return *at = (ptrdiff_t)(buffer->size + i), true;
	for (size_t i = before; i > 0; i--)
		if (*(buffer->ours - i) != poison)
			return *at = -(ptrdiff_t)i, true;
	return false;
}

static struct guard_hit find_in(unsigned char *view, const void *address)
{
	uintptr_t offset = (uintptr_t)address - (uintptr_t)view;
	if (!view || offset >= GUARD_PLACES * PITCH + GUARD_SIZE)
		return (struct guard_hit){.place = -1};
	size_t place = offset / PITCH, within = offset % PITCH;
	if (within >= GUARD_SIZE)
		return (struct guard_hit){.place = (int)place, .is_inside = true};
	/* In a guard between two places: it belongs to the nearer one. */
	if (place == GUARD_PLACES || (place > 0 && within < GUARD_SIZE / 2))
		return (struct guard_hit){.place = (int)place - 1, .beyond = (ptrdiff_t)within};
	return (struct guard_hit){.place = (int)place, .is_before = true, .beyond = (ptrdiff_t)(GUARD_SIZE - within)};
}

struct guard_hit find_guard(const void *address)
{
	struct guard_hit hit = find_in(guards.readable, address);
	if (hit.place >= 0)
		return hit;
	hit = find_in(guards.writable, address);
	hit.is_writable = true;
	return hit;
}
