/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The lines of a trace's answer; see tracing.h. Reads the rings and cells that threads write, without a lock.
 */
#include "build.h"

#include "runtime/tracing.h"

#include <inttypes.h>
#include <string.h>
#include <tenon/tenon.h>
#include <time.h>

#include "runtime/counted.h"
#include "runtime/retire.h"
#include "runtime/rollout.h"
#include "runtime/swap.h"
#include "runtime/tally.h"
#include "runtime/thread.h"
#include "runtime/ticks.h"
#include "runtime/verb.h"

enum { EVENT_LINE = 96, FIXED_LINES = 12288 }; /* the longest of an event; what all else may take */

/* Records are pushed at the front and never go, so a record's place from the end stays. */
static size_t count_threads(void)
{
	size_t count = 0;
	for (struct thread *thread = first_thread(); thread; thread = thread->next)
		count++;
	return count;
}

void start_progress(struct tracing *progress)
{
	memset(progress, 0, sizeof *progress);
	size_t place = count_threads();
	for (struct thread *thread = first_thread(); thread && place > 0; thread = thread->next)
		if (--place < TRACED_THREADS_MAX)
			progress->tail[place] = atomic_load_explicit(&thread->ring.head, memory_order_relaxed);
}

/* ---- A thread ---------------------------------------------------------------------------------------------------- */

static uint64_t count_calls(const struct thread *thread, int kernel)
{
	uint64_t calls = 0;
	for (int i = 0; i < COUNT_SLOTS; i++)
		calls += read_tally(&thread->cells.cell[i][kernel].calls);
	for (int i = 0; i < PROBE_SLOTS; i++)
		for (int side = 0; side < 2; side++)
			calls += read_tally(&thread->probing.burst[i][kernel].calls[side]);
	return calls;
}

static void add_thread(const struct thread *thread, size_t place, struct text *answer)
{
	struct tenon_arena_stats stats = {0};
	read_arena(&thread->arena, &stats);
	add_pair(answer, "thread", "%zu", place);
	add_pair(answer, "tid", "%d", atomic_load_explicit(&thread->ring.tid, memory_order_relaxed));
	add_pair(answer, "live", "%s",
		 atomic_load_explicit(&thread->state, memory_order_relaxed) == THREAD_LIVE ? "true" : "false");
	add_pair(answer, "arena", "%zu", stats.current);
	add_pair(answer, "high_water", "%zu", stats.high_water);
	for (int i = 0; i < KERNEL_COUNT; i++) {
		uint64_t calls = count_calls(thread, i);
		if (calls)
			add_pair(answer, kernels[i].name, "%" PRIu64, calls);
	}
	add_text(answer, "\n");
}

/* ---- Events ------------------------------------------------------------------------------------------------------ */

/* Ring and clock keep 56 bits of ticks. From now backwards, so that an error of the scale does not add up. */
static uint64_t date_event(const struct moment *now, uint64_t start)
{
	uint64_t age = (now->ticks - start) << 8 >> 8, round = UINT64_C(1) << 56;
	if (age > round / 2) /* younger than now: it was called while the ring was read */
		return now->nanoseconds + convert_ticks(round - age);
	uint64_t ago = convert_ticks(age);
	return ago < now->nanoseconds ? now->nanoseconds - ago : 0;
}

static bool has_room(const struct text *answer, size_t bytes)
{
	return answer->length + bytes < answer->size;
}

/* False: there is no room for more. */
static bool add_events(struct tracing *progress, size_t place, const struct thread *thread, const struct moment *now,
		       struct text *answer)
{
	uint64_t *tail = &progress->tail[place], head = atomic_load_explicit(&thread->ring.head, memory_order_acquire);
	struct ring_event event;
	if (head - *tail > RING_SIZE) {
		progress->dropped += head - *tail - RING_SIZE;
		*tail = head - RING_SIZE;
	}
	for (; *tail < head; ++*tail) {
		if (!has_room(answer, EVENT_LINE))
			return false;
		if (!read_ring(&thread->ring, *tail, &event) || event.kernel >= KERNEL_COUNT) {
			progress->dropped++;
			continue;
		}
		add_text(answer, "call=%u thread=%zu backend=%u start=%" PRIu64 " ns=%" PRIu64 "\n", event.kernel,
			 place, event.backend, date_event(now, event.start), convert_ticks(event.ticks));
	}
	return true;
}

/* ---- The process ------------------------------------------------------------------------------------------------- */

static void add_state(struct text *answer, const struct moment *now)
{
	struct tenon_status_info info;
	struct rollout_status rollout;
	struct timespec wall;
	report_serving(&info, &rollout);
	clock_gettime(CLOCK_REALTIME, &wall);
	add_count(answer, "now", now->nanoseconds);
	add_count(answer, "wall_ms", (uint64_t)wall.tv_sec * 1000 + (uint64_t)wall.tv_nsec / 1000000);
	add_line(answer, "serving", info.backend);
	add_count(answer, "generation", info.generation);
	add_count(answer, "swaps", info.swaps);
	add_count(answer, "published", last_hand_over());
	add_count(answer, "rollbacks", info.rollbacks);
	add_line(answer, "rollout", name_rollout_state(rollout.state));
	add_line(answer, "rollout_backend", rollout.backend);
	add_count(answer, "rollout_id", rollout.id);
	add_count(answer, "rollout_percent", rollout.percent);
}

void write_progress(struct tracing *progress, struct text *answer)
{
	struct moment now = read_moment();
	size_t count = count_threads(), place = count;
	bool more = false;
	add_state(answer, &now);
	add_backend_names(answer);
	for (struct thread *thread = first_thread(); thread && place > 0; thread = thread->next)
		if (--place < TRACED_THREADS_MAX && has_room(answer, FIXED_LINES))
			add_thread(thread, place, answer);
	now = read_moment();
	place = count;
	for (struct thread *thread = first_thread(); thread && place > 0; thread = thread->next)
		if (--place < TRACED_THREADS_MAX && !more)
			more = !add_events(progress, place, thread, &now, answer);
	add_count(answer, "dropped", progress->dropped);
	add_count(answer, "threads_untold", count > TRACED_THREADS_MAX ? count - TRACED_THREADS_MAX : 0);
	add_flag(answer, "more", more);
}
