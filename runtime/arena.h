/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A bump allocator of one thread. Every function but configure_arena() and read_arena() is called by the owner alone;
 * thread.c keeps one arena a thread. The counters are written by the owner only, with relaxed stores, so that others
 * may read them at any time without a lock; they outlive release_arena() and go on with the next owner.
 */
#ifndef RUNTIME_ARENA_H
#define RUNTIME_ARENA_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/tenon.h>

#include "runtime/config.h"
#include "runtime/public.h"
#include "runtime/why.h"

#define ARENA_ALIGNMENT ((size_t)64)

/* Before tenon_open() has read a configuration; the same as its default. */
#define ARENA_SIZE_DEFAULT ((size_t)1 << 20)

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_WATCHED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_WATCHED
#endif

/* Under AddressSanitizer an access to memory that nobody took, or that was given back, is reported. */
#ifdef ARENA_WATCHED
#include <sanitizer/asan_interface.h>
#define OPEN_MEMORY(memory, size) __asan_unpoison_memory_region(memory, size)
#define CLOSE_MEMORY(memory, size) __asan_poison_memory_region(memory, size)
#else
#define OPEN_MEMORY(memory, size) ((void)(memory), (void)(size))
#define CLOSE_MEMORY(memory, size) ((void)(memory), (void)(size))
#endif

struct arena_block; /* of the heap, for overflow = fallback */

struct arena {
	char *base; /* NULL before the owner's first use */
	struct arena_block *blocks;
	_Atomic size_t size; /* bytes mapped at base */
	_Atomic size_t used;
	_Atomic size_t high_water;
	_Atomic size_t fallback_bytes;
	_Atomic uint64_t resets, overflows;        /* of this and all earlier owners */
	uint64_t resets_before, overflows_before;  /* of all earlier owners */
	_Atomic size_t past_size, past_high_water; /* maxima over earlier owners */
};

/* A state to return to. */
struct arena_mark {
	size_t used;
	struct arena_block *blocks;
};

/* What arenas made from now on are like; what happens when one is full changes for all. From any thread. */
void configure_arena(size_t size, enum arena_overflow overflow);

/* The cold half of take_memory(): maps the arena, or deals with one that is full. */
__attribute__((cold)) int take_memory_slowly(struct arena *arena, size_t size, void **memory, struct why *why);

/* 64-byte aligned memory until the arena is reset. TENON_EARENA: full; TENON_ENOMEM; *memory is then untouched. */
static inline int take_memory(struct arena *arena, size_t size, void **memory, struct why *why)
{
	size_t used = atomic_load_explicit(&arena->used, memory_order_relaxed);
	size_t space = atomic_load_explicit(&arena->size, memory_order_relaxed) - used;
	if (unlikely(size > space || !arena->base))
		return take_memory_slowly(arena, size, memory, why);
	char *start = arena->base + used;
	used += (size + ARENA_ALIGNMENT - 1) & ~(ARENA_ALIGNMENT - 1); /* no overflow: size and space are multiples */
	atomic_store_explicit(&arena->used, used, memory_order_relaxed);
	if (used > atomic_load_explicit(&arena->high_water, memory_order_relaxed))
		atomic_store_explicit(&arena->high_water, used, memory_order_relaxed);
	OPEN_MEMORY(start, size);
	*memory = start;
	return TENON_OK;
}

/* The state now; give_back_memory() returns to it. */
static inline struct arena_mark mark_arena(const struct arena *arena)
{
	return (struct arena_mark){atomic_load_explicit(&arena->used, memory_order_relaxed), arena->blocks};
}

/* Frees the fallback blocks that are newer than last. */
__attribute__((cold)) void free_blocks(struct arena *arena, const struct arena_block *last);

static inline void give_back_memory(struct arena *arena, struct arena_mark mark)
{
	if (unlikely(arena->blocks != mark.blocks))
		free_blocks(arena, mark.blocks);
	atomic_store_explicit(&arena->used, mark.used, memory_order_relaxed);
	size_t size = atomic_load_explicit(&arena->size, memory_order_relaxed);
	if (arena->base)
		CLOSE_MEMORY(arena->base + mark.used, size - mark.used);
}

/* Gives everything back and counts it; nothing happens to an arena that was never used. */
void reset_arena(struct arena *arena);

/* Unmaps the arena, at the end of its owner. */
void release_arena(struct arena *arena);

/* The present owner's figures. */
void read_arena(const struct arena *arena, struct tenon_arena_stats *stats);

/* Adds the figures of this and all earlier owners: sums, but maxima of size and high_water. */
void add_arena(const struct arena *arena, struct tenon_arena_stats *stats);

#endif
