/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Memory for copies, which copies.h describes. A signal handler that takes some while its thread is taking some sees
 * `used` before or after the change and gives back all of it before the thread goes on. Async-signal-safe.
 */
#include "runtime/copies.h"

#include <errno.h>
#include <sys/mman.h>

static unsigned char *map_copies(struct copies *copies)
{
	int saved = errno; /* the host's: this is a kernel call */
	unsigned char *none = NULL;
	unsigned char *base =
		mmap(NULL, COPIES_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	errno = saved;
	if (base == MAP_FAILED)
		return NULL;
	if (atomic_compare_exchange_strong(&copies->base, &none, base))
		return base;
	munmap(base, COPIES_MAX);
	return none;
}

void *take_copies(struct copies *copies, size_t size)
{
	size_t used = atomic_load_explicit(&copies->used, memory_order_relaxed);
	if (size > COPIES_MAX - used)
		return NULL;
	unsigned char *base = atomic_load_explicit(&copies->base, memory_order_relaxed);
	if (!base)
		base = map_copies(copies);
	if (!base)
		return NULL;
	atomic_store_explicit(&copies->used, used + ((size + 63) & ~(size_t)63), memory_order_relaxed);
	return base + used;
}

void give_back_copies(struct copies *copies, const void *memory)
{
	const unsigned char *base = atomic_load_explicit(&copies->base, memory_order_relaxed);
	atomic_store_explicit(&copies->used, (size_t)((const unsigned char *)memory - base), memory_order_relaxed);
}

void release_copies(struct copies *copies)
{
	unsigned char *base = atomic_exchange(&copies->base, NULL);
	if (base)
		munmap(base, COPIES_MAX);
	atomic_store_explicit(&copies->used, 0, memory_order_relaxed);
}
