/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the slots of counted images and the totals, under one lock that is held for microseconds, by publication, by the
 * retire thread and by whoever reads; never in a call. Totals are sums that wrap, so that a forked child can begin at
 * zero by subtracting what its parent had.
 */
#include "build.h"

#include "runtime/count.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>

#include "runtime/counted.h"
#include "runtime/load.h"
#include "runtime/logfmt.h"
#include "runtime/probed.h"
#include "runtime/publish.h"
#include "runtime/tally.h"
#include "runtime/thread.h"
#include "runtime/ticks.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool counting;
static _Atomic uint64_t nanoseconds_per_tick; /* times 2^20 */

static struct total *totals; /* in the order in which they came */

void lock_totals(void)
{
	pthread_mutex_lock(&lock);
}

void unlock_totals(void)
{
	pthread_mutex_unlock(&lock);
}

/* ---- The clock --------------------------------------------------------------------------------------------------- */

#define TICKS_MAX (UINT64_C(1) << 40) /* minutes; the product below does not overflow */

uint64_t convert_ticks(uint64_t ticks)
{
	uint64_t scale = atomic_load_explicit(&nanoseconds_per_tick, memory_order_relaxed);
	return (ticks < TICKS_MAX ? ticks : TICKS_MAX) * scale >> 20;
}

/* Once a process, so that what a tick is worth never changes: 0.3 ms, for a clock that is read to 50 ns. */
static void measure_clock(void)
{
	if (atomic_load(&nanoseconds_per_tick))
		return;
	struct moment start = read_moment(), now;
	do
		now = read_moment();
	while (now.nanoseconds - start.nanoseconds < 300000);
	uint64_t ticks = now.ticks - start.ticks;
	double scale = ticks ? (double)(now.nanoseconds - start.nanoseconds) / (double)ticks * (1 << 20) : 1 << 20;
	atomic_store(&nanoseconds_per_tick, (uint64_t)(scale < 1 << 23 ? scale : 1 << 23));
}

/* ---- Totals ------------------------------------------------------------------------------------------------------ */

static struct total *find_or_make_total(const char *backend)
{
	struct total **link = &totals;
	unsigned id = 1;
	for (; *link && strcmp((*link)->backend, backend) != 0; id++)
		link = &(*link)->next;
	if (!*link && (*link = calloc(1, sizeof **link))) {
		(*link)->id = id < 256 ? id : 0;
		memcpy((*link)->backend, backend, strnlen(backend, BACKEND_NAME_SIZE - 1));
		for (int i = 0; i < KERNEL_COUNT; i++)
			(*link)->ended[i] = (struct counted){.backend = (*link)->backend, .kernel = i};
	}
	return *link;
}

struct total *find_total(const char *backend)
{
	lock_totals();
	struct total *total = find_or_make_total(backend);
	unlock_totals();
	return total;
}

void add_ticks(struct counted *counted, uint64_t ticks, uint64_t samples)
{
	uint64_t nanoseconds = convert_ticks(ticks);
	counted->durations.bucket[find_duration_bucket(nanoseconds)] += samples;
	counted->durations.nanoseconds += nanoseconds * samples;
}

/* ---- Slots ------------------------------------------------------------------------------------------------------- */

static void add_stripe(struct counted *counted, const struct stripe *stripe)
{
	for (int i = 0; i < DURATION_BUCKETS; i++)
		counted->durations.bucket[i] += read_tally(&stripe->bucket[i]);
	counted->durations.nanoseconds += read_tally(&stripe->nanoseconds);
}

static void add_slot(const struct count_slot *slot, struct counted counted[KERNEL_COUNT])
{
	const struct shared_counts *shared = atomic_load_explicit(&slot->shared, memory_order_relaxed);
	for (int i = 0; i < KERNEL_COUNT; i++) {
		counted[i].calls += read_tally(&shared[i].strays);
		for (int j = 0; j < STRIPES; j++)
			add_stripe(&counted[i], &shared[i].stripe[j]);
	}
	for (struct thread *thread = first_thread(); thread; thread = thread->next)
		for (int i = 0; i < KERNEL_COUNT; i++)
			counted[i].calls += read_tally(&thread->cells.cell[slot - count_slots][i].calls);
}

/* No call is in it. */
static void clear_slot(struct count_slot *slot)
{
	memset(atomic_load_explicit(&slot->shared, memory_order_relaxed), 0,
	       KERNEL_COUNT * sizeof(struct shared_counts));
	for (struct thread *thread = first_thread(); thread; thread = thread->next)
		for (int i = 0; i < KERNEL_COUNT; i++) {
			struct cell *cell = &thread->cells.cell[slot - count_slots][i];
			atomic_store_explicit(&cell->calls, 0, memory_order_relaxed);
			atomic_store_explicit(&cell->due, 0, memory_order_relaxed);
		}
}

static struct count_slot *find_slot(const struct image *image)
{
	for (struct count_slot *slot = count_slots; slot < count_slots + COUNT_SLOTS; slot++)
		if (slot->image == image)
			return slot;
	return NULL;
}

static bool fill_slot(struct count_slot *slot, const struct image *image)
{
	size_t size = KERNEL_COUNT * sizeof(struct shared_counts);
	struct shared_counts *shared = atomic_load_explicit(&slot->shared, memory_order_relaxed);
	struct total *total = find_or_make_total(image->name);
	if (total && !shared && (shared = aligned_alloc(64, size)))
		memset(shared, 0, size);
	if (!total || !shared)
		return false;
	atomic_store_explicit(&slot->shared, shared, memory_order_relaxed);
	for (int i = 0; i < KERNEL_COUNT; i++)
		atomic_store_explicit(&slot->route[i], image->function[i], memory_order_relaxed);
	slot->total = total;
	slot->image = image;
	return true;
}

static int take_slot(const struct image *image, struct count_slot **slot, struct why *why)
{
	lock_totals();
	bool filled = (*slot = find_slot(image)) != NULL;
	if (!filled && (*slot = find_slot(NULL)))
		filled = fill_slot(*slot, image);
	unlock_totals();
	if (!*slot)
		return explain(why, TENON_EAGAIN,
			       "swap: the calls of %d backends are counted, and no more can be until calls of "
			       "replaced ones end; try again, or set [metrics] calls = off",
			       COUNT_SLOTS);
	return filled ? TENON_OK : explain(why, TENON_ENOMEM, "no memory to count the calls of %s", image->name);
}

void end_counting(const struct image *image)
{
	lock_totals();
	struct count_slot *slot = image == &scalar_image ? NULL : find_slot(image);
	if (slot) {
		add_slot(slot, slot->total->ended);
		clear_slot(slot);
		slot->image = NULL;
	}
	unlock_totals();
}

/* ---- Tables ------------------------------------------------------------------------------------------------------ */

bool is_counting(void)
{
	return atomic_load_explicit(&counting, memory_order_relaxed);
}

int set_counting(bool on, struct why *why)
{
	struct count_slot *slot;
	int status = on ? take_slot(&scalar_image, &slot, why) : TENON_OK;
	if (status)
		return status;
	if (on)
		measure_clock();
	atomic_store(&counting, on);
	set_standby(on ? &counted_scalar_table : &scalar_table);
	return TENON_OK;
}

tenon_kernel_fn *counted_scalar(int kernel)
{
	return is_counting() ? count_entries[kernel][0] : kernels[kernel].scalar;
}

int count_table(struct table *table, struct why *why)
{
	struct count_slot *slot;
	for (int i = 0; i < KERNEL_COUNT; i++) {
		int status = take_slot(table->image[i], &slot, why);
		if (status)
			return status;
		table->function[i] = count_entries[i][slot - count_slots];
	}
	return TENON_OK;
}

void uncount_table(struct table *table)
{
	for (int i = 0; i < KERNEL_COUNT; i++)
		for (int j = 0; j < COUNT_SLOTS; j++)
			if (table->function[i] == count_entries[i][j])
				table->function[i] = table->image[i]->function[i];
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

/* Under both locks: all that there is, in total->now. */
static void sum_up(void)
{
	for (struct total *total = totals; total; total = total->next)
		memcpy(total->now, total->ended, sizeof total->now);
	for (struct count_slot *slot = count_slots; slot < count_slots + COUNT_SLOTS; slot++)
		if (slot->image)
			add_slot(slot, slot->total->now);
	add_probes();
}

void visit_counts(visit_counted_fn *visit, void *user)
{
	lock_probes();
	lock_totals();
	sum_up();
	for (struct total *total = totals; total; total = total->next)
		for (int i = 0; i < KERNEL_COUNT; i++)
			visit(&total->now[i], user);
	unlock_totals();
	unlock_probes();
}

void add_backend_names(struct text *answer)
{
	lock_totals();
	for (struct total *total = totals; total; total = total->next) {
		add_pair(answer, "name", "%s", total->backend);
		add_pair(answer, "id", "%u", total->id);
		add_text(answer, "\n");
	}
	unlock_totals();
}

static void subtract(struct counted *from, const struct counted *what)
{
	from->calls -= what->calls;
	from->divergences -= what->divergences;
	from->durations.nanoseconds -= what->durations.nanoseconds;
	for (int i = 0; i < DURATION_BUCKETS; i++)
		from->durations.bucket[i] -= what->durations.bucket[i];
}

void restart_counting(void)
{
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	sum_up();
	for (struct total *total = totals; total; total = total->next)
		for (int i = 0; i < KERNEL_COUNT; i++)
			subtract(&total->ended[i], &total->now[i]);
}
