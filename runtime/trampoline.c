/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The calls of a table that is on probation. Every kernel has a trampoline for each slot, expanded from kernels.def. It
 * counts the call for the side that the thread's burst was given and goes on there; all else (choosing, sampling) happens
 * once a burst, in call_at_burst(). Any thread, signal handlers included: no lock, no allocation.
 */
#include "build.h"

#include "runtime/counted.h"
#include "runtime/probed.h"
#include "runtime/random.h"
#include "runtime/tally.h"
#include "runtime/thread.h"
#include "runtime/ticks.h"
#include "runtime/trace.h"

struct slot slots[PROBE_SLOTS];

/* ---- Once a burst ------------------------------------------------------------------------------------------------ */

/* One number serves a whole burst, cut into chances. */
struct chances {
	uint32_t shadow;
	uint16_t side, length;
};

static struct chances draw(struct probing *probing)
{
	uint64_t x = draw_random(&probing->random);
	return (struct chances){(uint32_t)(x >> 32), (uint16_t)(x >> 16), (uint16_t)x};
}

static unsigned find_bucket(uint64_t ticks)
{
	if (ticks < 4)
		return (unsigned)ticks;
	unsigned octave = 63u - (unsigned)__builtin_clzll(ticks);
	unsigned bucket = octave * 4 + (unsigned)(ticks >> (octave - 2) & 3) - 4;
	return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

static void keep_sample(struct watch *watch, enum probe_side side, uint64_t ticks)
{
	atomic_fetch_add_explicit(&watch->ticks[side][find_bucket(ticks)], 1, memory_order_relaxed);
}

/*
 * A thread's first burst ends anywhere, so that the sampled call, which is a burst's first, falls on every call of a thread
 * alike, however few it makes. Later ones vary, so that no rhythm of the host's calls keeps step with them.
 */
static unsigned choose_length(uint32_t chance, uint32_t interval, bool is_first)
{
	uint32_t max = interval && interval < BURST_MAX ? interval : BURST_MAX,
		 range = is_first ? max : (max + 2) / 8 + 1;
	return max - (chance * range >> 16);
}

static enum probe_side choose_side(uint32_t chance, const struct probe *probe, const struct watch *watch)
{
	bool candidate = (chance * 100 >> 16) < atomic_load_explicit(&probe->share, memory_order_relaxed);
	return candidate && !atomic_load_explicit(&watch->tripped, memory_order_relaxed) ? SIDE_CANDIDATE : SIDE_PLAIN;
}

/* With its first call. */
static void open_burst(struct burst *burst, unsigned length, enum probe_side side)
{
	atomic_store_explicit(&burst->due, read_tally(&burst->calls[side]) + length, memory_order_relaxed);
	atomic_store_explicit(&burst->side, (uint8_t)side, memory_order_relaxed);
	add_one(&burst->calls[side]);
}

/* The first call of a burst stands for all of it, a thread's first call of all for itself alone. */
static bool is_chosen(uint32_t chance, uint32_t interval, unsigned weight)
{
	return (uint64_t)chance * interval >> 32 < weight && interval;
}

static int call_timed(tenon_kernel_fn *function, const void *args, void *scratch, uint64_t *ticks)
{
	uint64_t start = read_ticks();
	int status = function(args, scratch);
	*ticks = read_ticks() - start;
	return status;
}

static int call_sampled(struct probe *probe, unsigned kernel, enum probe_side side, bool shadow, const void *args,
			void *scratch)
{
	struct watch *watch = &probe->watch[kernel];
	tenon_kernel_fn *function = atomic_load_explicit(&slots[probe->slot].route[kernel][side], memory_order_relaxed);
	uint64_t ticks = UINT64_MAX; /* not measured: the call went wrong */
	bool simply = side == SIDE_PLAIN || (!shadow && !watch->code.end);
	uint64_t start = read_ticks();
	int status = simply ? call_timed(function, args, scratch, &ticks)
			    : call_candidate(probe, kernel, args, scratch, shadow, &ticks);
	/* A compared call comes after copying, which leaves other things in the caches than a host's call finds. */
	if (probe->timing && !shadow && ticks != UINT64_MAX)
		keep_sample(watch, side, ticks);
	if (ticks != UINT64_MAX)
		note_call(this_thread, kernel, watch->total[side] ? watch->total[side]->id : 0, start, ticks);
	return status;
}

/* Ends the burst that is over and begins the next with this call. */
static __attribute__((noinline)) int call_at_burst(const struct slot *slot, unsigned kernel, const void *args,
						   void *scratch)
{
	struct probe *probe = slot->probe;
	struct watch *watch = &probe->watch[kernel];
	struct probing *probing = &this_thread->probing;
	struct burst *burst = &probing->burst[probe->slot][kernel];
	struct chances chances = draw(probing);
	bool is_first = !read_tally(&burst->due);
	enum probe_side side = choose_side(chances.side, probe, watch);
	uint32_t interval = atomic_load_explicit(&probe->shadow, memory_order_relaxed);
	unsigned length = choose_length(chances.length, interval, is_first), weight = is_first ? 1 : length;
	open_burst(burst, length, side);
	bool shadow = side == SIDE_CANDIDATE && is_chosen(chances.shadow, interval, weight);
	if (shadow || is_chosen(chances.shadow, BURST_MAX, is_first ? 1 : BURST_MAX))
		return call_sampled(probe, kernel, side, shadow, args, scratch);
	return atomic_load_explicit(&slot->route[kernel][side], memory_order_relaxed)(args, scratch);
}

/* A thread's first need: once more with a record. Without memory for one plain serves, and nobody counts. */
static __attribute__((cold, noinline)) int call_first(unsigned index, unsigned kernel, const void *args, void *scratch)
{
	if (get_thread())
		return trampolines[kernel][index].entry(args, scratch);
	return atomic_load_explicit(&slots[index].route[kernel][SIDE_PLAIN], memory_order_relaxed)(args, scratch);
}

/* ---- Every call -------------------------------------------------------------------------------------------------- */

static __attribute__((always_inline)) inline int call_probed(unsigned index, unsigned kernel, const void *args,
							     void *scratch)
{
	const struct slot *slot = &slots[index];
	struct thread *thread = this_thread;
	if (unlikely(!thread))
		return call_first(index, kernel, args, scratch);
	struct burst *burst = &thread->probing.burst[index][kernel];
	unsigned side = atomic_load_explicit(&burst->side, memory_order_relaxed);
	if (unlikely(read_tally(&burst->calls[side]) >= read_tally(&burst->due)))
		return call_at_burst(slot, kernel, args, scratch);
	add_one(&burst->calls[side]);
	return atomic_load_explicit(&slot->route[kernel][side], memory_order_relaxed)(args, scratch);
}

#define TRAMPOLINE(name, index)                                                                     \
	static int probe_##name##_##index(const void *args, void *scratch)                          \
	{                                                                                           \
		return call_probed(index, KERNEL_##name, args, scratch);                            \
	}                                                                                           \
	static int guard_##name##_##index(const void *args, void *scratch)                          \
	{                                                                                           \
		return run_guarded(&slots[index].probe->watch[KERNEL_##name], args, scratch, NULL); \
	}
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, args) \
	TRAMPOLINE(name, 0) TRAMPOLINE(name, 1) TRAMPOLINE(name, 2) TRAMPOLINE(name, 3)
#include <tenon/kernels.def>
#undef TENON_KERNEL

_Static_assert(PROBE_SLOTS == 4, "a trampoline for each slot");
#define BOTH(name, index)                                      \
	{                                                      \
		probe_##name##_##index, guard_##name##_##index \
	}
#define TENON_KERNEL(id, name, scratch, args) {BOTH(name, 0), BOTH(name, 1), BOTH(name, 2), BOTH(name, 3)},
const struct trampoline trampolines[KERNEL_COUNT][PROBE_SLOTS] = {
#include <tenon/kernels.def>
};
#undef TENON_KERNEL
#undef TENON_ARG
