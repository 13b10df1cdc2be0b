/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the arenas' memory: the mapping, the heap blocks of overflow = fallback, the settings. A function works on the
 * arena of the calling thread, but for configure_arena() and the readers of counters; nothing here knows of threads.
 *
 * overflow = abort is the one place in libtenon that prints and aborts, because the operator asked for it.
 */
#include "runtime/arena.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct arena_block {
	_Alignas(ARENA_ALIGNMENT) struct arena_block *next;
	size_t size;
};

static _Atomic size_t configured_size = ARENA_SIZE_DEFAULT;
static _Atomic int configured_overflow = ARENA_ERROR;

void configure_arena(size_t size, enum arena_overflow overflow)
{
	atomic_store_explicit(&configured_size, size & ~(ARENA_ALIGNMENT - 1), memory_order_relaxed);
	atomic_store_explicit(&configured_overflow, overflow, memory_order_relaxed);
}

static size_t load_size(const _Atomic size_t *size)
{
	return atomic_load_explicit(size, memory_order_relaxed);
}

static void add_size(_Atomic size_t *size, size_t more)
{
	atomic_store_explicit(size, load_size(size) + more, memory_order_relaxed);
}

static void count_event(_Atomic uint64_t *count)
{
	atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1, memory_order_relaxed);
}

static int map_arena(struct arena *arena, struct why *why)
{
	size_t size = load_size(&configured_size);
	void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return explain(why, TENON_ENOMEM, "thread arena: cannot map %zu bytes: %s; lower [arena] size", size,
			       strerror(errno));
	CLOSE_MEMORY(base, size);
	arena->base = base;
	atomic_store_explicit(&arena->size, size, memory_order_relaxed);
	return TENON_OK;
}

static int take_block(struct arena *arena, size_t size, void **memory, struct why *why)
{
	struct arena_block *block = NULL;
	size_t rounded = (size + ARENA_ALIGNMENT - 1) & ~(ARENA_ALIGNMENT - 1);
	if (rounded >= size && rounded <= SIZE_MAX / 2)
		block = aligned_alloc(ARENA_ALIGNMENT, sizeof *block + rounded);
	if (!block)
		return explain(why, TENON_ENOMEM, "thread arena: no memory for a fallback block of %zu bytes", size);
	block->next = arena->blocks;
	block->size = rounded;
	arena->blocks = block;
	add_size(&arena->fallback_bytes, rounded);
	*memory = block + 1;
	return TENON_OK;
}

static int overflow_arena(struct arena *arena, size_t size, void **memory, struct why *why)
{
	struct why text;
	count_event(&arena->overflows);
	enum arena_overflow overflow = atomic_load_explicit(&configured_overflow, memory_order_relaxed);
	if (overflow == ARENA_FALLBACK)
		return take_block(arena, size, memory, why);
	explain(&text, TENON_EARENA,
		"thread arena: %zu bytes asked, %zu of %zu free; raise [arena] size (TENON_ARENA_SIZE), "
		"reset more often, or set [arena] overflow = fallback",
		size, load_size(&arena->size) - load_size(&arena->used), load_size(&arena->size));
	if (overflow == ARENA_ABORT) {
		fprintf(stderr, "tenon: %s; aborting because of [arena] overflow = abort\n", text.text);
		abort();
	}
	return explain(why, TENON_EARENA, "%s", text.text);
}

int take_memory_slowly(struct arena *arena, size_t size, void **memory, struct why *why)
{
	int status = arena->base ? TENON_OK : map_arena(arena, why);
	if (status)
		return status;
	if (size > load_size(&arena->size) - load_size(&arena->used))
		return overflow_arena(arena, size, memory, why);
	return take_memory(arena, size, memory, why);
}

void free_blocks(struct arena *arena, const struct arena_block *last)
{
	while (arena->blocks != last) {
		struct arena_block *block = arena->blocks;
		arena->blocks = block->next;
		add_size(&arena->fallback_bytes, -block->size);
		free(block);
	}
}

void reset_arena(struct arena *arena)
{
	if (!arena->base)
		return;
	give_back_memory(arena, (struct arena_mark){0, NULL});
	count_event(&arena->resets);
}

static void raise_size(_Atomic size_t *most, size_t value)
{
	if (value > load_size(most))
		atomic_store_explicit(most, value, memory_order_relaxed);
}

void release_arena(struct arena *arena)
{
	if (!arena->base)
		return;
	free_blocks(arena, NULL);
	OPEN_MEMORY(arena->base, load_size(&arena->size));
	munmap(arena->base, load_size(&arena->size));
	arena->base = NULL;
	raise_size(&arena->past_size, load_size(&arena->size));
	raise_size(&arena->past_high_water, load_size(&arena->high_water));
	arena->resets_before = atomic_load_explicit(&arena->resets, memory_order_relaxed);
	arena->overflows_before = atomic_load_explicit(&arena->overflows, memory_order_relaxed);
	/* release: who sees a zero sees the maximum that took its place */
	atomic_store_explicit(&arena->size, 0, memory_order_release);
	atomic_store_explicit(&arena->high_water, 0, memory_order_release);
	atomic_store_explicit(&arena->used, 0, memory_order_relaxed);
}

void read_arena(const struct arena *arena, struct tenon_arena_stats *stats)
{
	*stats = (struct tenon_arena_stats){
		.size = load_size(&arena->size),
		.current = load_size(&arena->used),
		.high_water = load_size(&arena->high_water),
		.resets = atomic_load_explicit(&arena->resets, memory_order_relaxed) - arena->resets_before,
		.overflows = atomic_load_explicit(&arena->overflows, memory_order_relaxed) - arena->overflows_before,
		.fallback_bytes = load_size(&arena->fallback_bytes),
	};
}

static void keep_larger(size_t *most, size_t value)
{
	if (value > *most)
		*most = value;
}

void add_arena(const struct arena *arena, struct tenon_arena_stats *stats)
{
	keep_larger(&stats->size, atomic_load_explicit(&arena->size, memory_order_acquire));
	keep_larger(&stats->size, load_size(&arena->past_size));
	keep_larger(&stats->high_water, atomic_load_explicit(&arena->high_water, memory_order_acquire));
	keep_larger(&stats->high_water, load_size(&arena->past_high_water));
	stats->current += load_size(&arena->used);
	stats->resets += atomic_load_explicit(&arena->resets, memory_order_relaxed);
	stats->overflows += atomic_load_explicit(&arena->overflows, memory_order_relaxed);
	stats->fallback_bytes += load_size(&arena->fallback_bytes);
}
