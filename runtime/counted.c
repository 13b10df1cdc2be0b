/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The calls of a table that is counted. Every kernel has a trampoline for each slot, expanded from kernels.def: it adds
 * one to the thread's cell and goes on to the backend; about one call in 512 is timed, in call_timed(). Any thread,
 * signal handlers included: no lock, no allocation.
 */
#include "build.h"

#include "runtime/counted.h"
#include "runtime/load.h"
#include "runtime/random.h"
#include "runtime/tally.h"
#include "runtime/thread.h"
#include "runtime/ticks.h"
#include "runtime/trace.h"

#define TIMED_EVERY 512

struct count_slot count_slots[COUNT_SLOTS] = {
	{.route =
		 {
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) [KERNEL_##name] = scalar_##name,
#include <tenon/kernels.def>
#undef TENON_KERNEL
		 }},
};

/* ---- Once in a while --------------------------------------------------------------------------------------------- */

static void keep_duration(const struct count_slot *slot, unsigned kernel, const struct thread *thread, uint64_t ticks)
{
	struct shared_counts *shared = atomic_load_explicit(&slot->shared, memory_order_relaxed);
	struct stripe *stripe = &shared[kernel].stripe[(uintptr_t)thread / 4096 * 0x9e3779b9u >> 7 & (STRIPES - 1)];
	uint64_t nanoseconds = convert_ticks(ticks);
	atomic_fetch_add_explicit(&stripe->nanoseconds, nanoseconds, memory_order_relaxed);
	atomic_fetch_add_explicit(&stripe->bucket[find_duration_bucket(nanoseconds)], 1, memory_order_relaxed);
}

/*
 * The first one falls on every call of a thread alike, however few it makes; later distances vary, so that no rhythm of
 * the host's calls keeps step with them.
 */
static uint64_t choose_distance(uint64_t random, bool is_first)
{
	return is_first ? random % TIMED_EVERY : TIMED_EVERY * 3 / 4 + random % (TIMED_EVERY / 2 + 1);
}

static __attribute__((noinline)) int call_due(const struct count_slot *slot, unsigned kernel, const void *args,
					      void *scratch)
{
	struct thread *thread = this_thread;
	struct cell *cell = &thread->cells.cell[slot - count_slots][kernel];
	tenon_kernel_fn *function = atomic_load_explicit(&slot->route[kernel], memory_order_relaxed);
	uint64_t calls = read_tally(&cell->calls);
	bool is_first = !read_tally(&cell->due);
	uint64_t due = calls + 1 + choose_distance(draw_random(&thread->cells.random) >> 32, is_first);
	atomic_store_explicit(&cell->due, due, memory_order_relaxed);
	add_one(&cell->calls);
	if (is_first)
		return function(args, scratch);
	uint64_t start = read_ticks();
	int status = function(args, scratch);
	uint64_t ticks = read_ticks() - start;
	keep_duration(slot, kernel, thread, ticks);
	note_call(thread, kernel, slot->total->id, start, ticks);
	return status;
}

/* A thread's first need: once more with a record. Without memory for one the call is counted where all threads may. */
static __attribute__((cold, noinline)) int call_first(unsigned index, unsigned kernel, const void *args, void *scratch)
{
	const struct count_slot *slot = &count_slots[index];
	if (get_thread())
		return count_entries[kernel][index](args, scratch);
	struct shared_counts *shared = atomic_load_explicit(&slot->shared, memory_order_relaxed);
	atomic_fetch_add_explicit(&shared[kernel].strays, 1, memory_order_relaxed);
	return atomic_load_explicit(&slot->route[kernel], memory_order_relaxed)(args, scratch);
}

/* ---- Every call -------------------------------------------------------------------------------------------------- */

static __attribute__((always_inline)) inline int call_counted(unsigned index, unsigned kernel, const void *args,
							      void *scratch)
{
	struct thread *thread = this_thread;
	if (unlikely(!thread))
		return call_first(index, kernel, args, scratch);
	struct cell *cell = &thread->cells.cell[index][kernel];
	if (unlikely(read_tally(&cell->calls) >= read_tally(&cell->due)))
		return call_due(&count_slots[index], kernel, args, scratch);
	add_one(&cell->calls);
	return atomic_load_explicit(&count_slots[index].route[kernel], memory_order_relaxed)(args, scratch);
}

#define COUNTED(name, index)                                               \
	static int count_##name##_##index(const void *args, void *scratch) \
	{                                                                  \
		return call_counted(index, KERNEL_##name, args, scratch);  \
	}
#define EIGHT(macro, name, tens)                                                                                 \
	macro(name, tens##0) macro(name, tens##1) macro(name, tens##2) macro(name, tens##3) macro(name, tens##4) \
		macro(name, tens##5) macro(name, tens##6) macro(name, tens##7)
#define EACH_SLOT(macro, name) \
	EIGHT(macro, name, 0) EIGHT(macro, name, 01) EIGHT(macro, name, 02) EIGHT(macro, name, 03)
_Static_assert(COUNT_SLOTS == 040, "a trampoline for each slot, counted in octal");

#define TENON_KERNEL(id, name, scratch, args) EACH_SLOT(COUNTED, name)
#include <tenon/kernels.def>
#undef TENON_KERNEL

#define ENTRY(name, index) count_##name##_##index,
#define TENON_KERNEL(id, name, scratch, args) {EACH_SLOT(ENTRY, name)},
tenon_kernel_fn *const count_entries[KERNEL_COUNT][COUNT_SLOTS] = {
#include <tenon/kernels.def>
};
#undef TENON_KERNEL

const struct table counted_scalar_table = {
	.function =
		{
#define TENON_KERNEL(id, name, scratch, args) [KERNEL_##name] = count_##name##_00,
#include <tenon/kernels.def>
#undef TENON_KERNEL
		},
	.image =
		{
#define TENON_KERNEL(id, name, scratch, args) [KERNEL_##name] = &scalar_image,
#include <tenon/kernels.def>
#undef TENON_KERNEL
		},
	.selected = &scalar_image,
};
#undef TENON_ARG
