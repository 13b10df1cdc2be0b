/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the probes: slots, references, what is read of them, and the count of events. trampoline.c is what calls do with
 * them. The slots' lock is held for microseconds, by policy and by the retire thread, never in a call.
 *
 * RCU rule: the table's reference goes a grace period after the table did, so when the last reference goes no call is in
 * a trampoline of the slot, and what threads remember of it can be cleared.
 */
#include "build.h"

#include "runtime/probe.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <tenon/tenon.h>
#include <unistd.h>

#include "runtime/counted.h"
#include "runtime/load.h"
#include "runtime/probed.h"
#include "runtime/tally.h"
#include "runtime/thread.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* who has which slot */

/* ---- Making ------------------------------------------------------------------------------------------------------ */

static int take_slot(struct probe *probe, struct why *why)
{
	pthread_mutex_lock(&lock);
	unsigned i = 0;
	while (i < PROBE_SLOTS && slots[i].probe)
		i++;
	if (i < PROBE_SLOTS) {
		slots[i].probe = probe;
		probe->slot = i;
	}
	pthread_mutex_unlock(&lock);
	if (i < PROBE_SLOTS)
		return TENON_OK;
	return explain(why, TENON_EAGAIN,
		       "probation: all %d places are taken by earlier ones, which wait for calls to end or "
		       "are what a rollback would bring back; try again",
		       PROBE_SLOTS);
}

/* Scalar's own code on both sides needs nobody to watch it. */
static bool needs_watch(const struct probe *probe, int kernel)
{
	return probe->plain.function[kernel] != kernels[kernel].scalar ||
	       probe->candidate.function[kernel] != kernels[kernel].scalar;
}

static void set_routes(struct probe *probe, int kernel)
{
	struct slot *slot = &slots[probe->slot];
	struct watch *watch = &probe->watch[kernel];
	tenon_kernel_fn *plain = probe->plain.function[kernel];
	watch->probe = probe;
	watch->kernel = (unsigned)kernel;
	watch->in_place = kernel_works_in_place(kernel);
	watch->candidate = probe->candidate.function[kernel];
	watch->fallback = plain == watch->candidate ? kernels[kernel].scalar : plain;
	watch->is_bounded = probe->candidate.image[kernel]->numeric_class[kernel] == TENON_BOUNDED;
	atomic_store(&slot->route[kernel][SIDE_PLAIN], plain);
	/* Scalar's own faults are the caller's, and nobody could answer for it. */
	bool guarded = probe->guard && watch->candidate != kernels[kernel].scalar;
	watch->code = guarded ? find_code(watch->candidate) : (struct code){0, 0};
	guarded = watch->code.end != 0;
	atomic_store(&slot->route[kernel][SIDE_CANDIDATE],
		     guarded ? trampolines[kernel][probe->slot].guarded : watch->candidate);
}

/* Resolved now, because a probe may outlive the images. */
static void find_totals(struct probe *probe)
{
	for (int i = 0; i < KERNEL_COUNT; i++) {
		probe->watch[i].total[SIDE_PLAIN] = find_total(probe->plain.image[i]->name);
		probe->watch[i].total[SIDE_CANDIDATE] = find_total(probe->candidate.image[i]->name);
	}
}

static void compose(struct probe *probe, struct table *table)
{
	*table = probe->plain;
	table->probe = probe;
	table->is_trial = memcmp(probe->plain.function, probe->candidate.function, sizeof probe->plain.function) != 0;
	for (int i = 0; i < KERNEL_COUNT; i++) {
		set_routes(probe, i);
		table->function[i] = needs_watch(probe, i) ? trampolines[i][probe->slot].entry : counted_scalar(i);
	}
}

int make_probe(const struct table *plain, const struct table *candidate, const struct probe_plan *plan,
	       struct table *table, struct why *why)
{
	struct probe *probe = calloc(1, sizeof *probe);
	if (!probe)
		return explain(why, TENON_ENOMEM, "probation: no memory for its %zu bytes", sizeof *probe);
	atomic_store(&probe->references, 1);
	atomic_store(&probe->shadow, plan->shadow);
	probe->guard = plan->guard && HAS_GUARD;
	probe->counted = is_counting();
	probe->timing = plan->timing || probe->counted;
	probe->plain = *plain_of(plain);
	probe->candidate = *plain_of(candidate);
	find_totals(probe);
	int status = take_slot(probe, why);
	if (status) {
		free(probe);
		return status;
	}
	probe->born = read_moment();
	compose(probe, table);
	if (probe->guard)
		hold_guard();
	return TENON_OK;
}

const struct table *plain_of(const struct table *table)
{
	return table->probe ? &table->probe->candidate : table;
}

void set_probe_share(struct probe *probe, unsigned percent)
{
	atomic_store_explicit(&probe->share, percent < 100 ? percent : 100, memory_order_relaxed);
}

unsigned probe_share(const struct probe *probe)
{
	return atomic_load_explicit(&probe->share, memory_order_relaxed);
}

void set_probe_shadow(struct probe *probe, uint32_t interval)
{
	atomic_store_explicit(&probe->shadow, interval, memory_order_relaxed);
}

/* ---- Counts ------------------------------------------------------------------------------------------------------ */

static uint64_t ended_checks[KERNEL_COUNT]; /* of probes that are gone; under the lock */
static _Atomic uint64_t faults[NSIG];

void count_fault(int signal)
{
	atomic_fetch_add_explicit(&faults[signal], 1, memory_order_relaxed);
}

static void add_bursts(const struct probe *probe, int kernel, uint64_t calls[2])
{
	for (struct thread *thread = first_thread(); thread; thread = thread->next)
		for (int i = 0; i < 2; i++)
			calls[i] += read_tally(&thread->probing.burst[probe->slot][kernel].calls[i]);
}

/* The ticks at which the next bucket begins. */
static double bucket_end(unsigned bucket)
{
	if (bucket < 4)
		return bucket + 1;
	unsigned octave = (bucket + 4) / 4;
	return (double)((uint64_t)(4 + bucket % 4 + 1) << (octave - 2));
}

static void add_watch(const struct probe *probe, int kernel, enum probe_side side, uint64_t calls, bool ended)
{
	const struct watch *watch = &probe->watch[kernel];
	struct total *total = watch->total[side];
	if (!total)
		return;
	struct counted *counted = ended ? &total->ended[kernel] : &total->now[kernel];
	if (side == SIDE_CANDIDATE)
		counted->divergences += read_tally(&watch->divergences);
	if (!probe->counted)
		return;
	counted->calls += calls;
	for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
		uint64_t samples = read_tally(&watch->ticks[side][i]);
		if (samples)
			add_ticks(counted, (uint64_t)(bucket_end(i) * 0.92), samples); /* its middle */
	}
}

/* Kernels that need no watch are counted by the table's own trampolines. */
static void add_probe(const struct probe *probe, bool ended)
{
	for (int i = 0; i < KERNEL_COUNT; i++) {
		uint64_t calls[2] = {0, 0};
		add_bursts(probe, i, calls);
		add_watch(probe, i, SIDE_PLAIN, calls[SIDE_PLAIN], ended);
		add_watch(probe, i, SIDE_CANDIDATE, calls[SIDE_CANDIDATE], ended);
	}
}

void lock_probes(void)
{
	pthread_mutex_lock(&lock);
}

void unlock_probes(void)
{
	pthread_mutex_unlock(&lock);
}

void add_probes(void)
{
	for (int i = 0; i < PROBE_SLOTS; i++)
		if (slots[i].probe)
			add_probe(slots[i].probe, false);
}

/* A probe's last moment; under the lock. */
static void end_counts(const struct probe *probe)
{
	lock_totals();
	add_probe(probe, true);
	unlock_totals();
	for (int i = 0; i < KERNEL_COUNT; i++)
		ended_checks[i] += read_tally(&probe->watch[i].shadow_checks);
}

void read_probe_totals(struct probe_totals *totals)
{
	*totals = (struct probe_totals){.ill = read_tally(&faults[SIGILL]),
					.segv = read_tally(&faults[SIGSEGV]),
					.bus = read_tally(&faults[SIGBUS]),
					.fpe = read_tally(&faults[SIGFPE])};
	lock_probes();
	memcpy(totals->shadow_checks, ended_checks, sizeof ended_checks);
	for (int i = 0; i < PROBE_SLOTS; i++)
		for (int j = 0; slots[i].probe && j < KERNEL_COUNT; j++)
			totals->shadow_checks[j] += read_tally(&slots[i].probe->watch[j].shadow_checks);
	unlock_probes();
}

/* ---- References -------------------------------------------------------------------------------------------------- */

void keep_probe(struct probe *probe)
{
	atomic_fetch_add_explicit(&probe->references, 1, memory_order_relaxed);
}

static void clear_bursts(unsigned slot)
{
	for (struct thread *thread = first_thread(); thread; thread = thread->next)
		for (int i = 0; i < KERNEL_COUNT; i++) {
			struct burst *burst = &thread->probing.burst[slot][i];
			atomic_store_explicit(&burst->due, 0, memory_order_relaxed);
			atomic_store_explicit(&burst->calls[SIDE_PLAIN], 0, memory_order_relaxed);
			atomic_store_explicit(&burst->calls[SIDE_CANDIDATE], 0, memory_order_relaxed);
		}
}

/* With the last probe go the copies that threads keep: no call can be using them, and none can begin under the lock. */
static void give_slot_back(unsigned slot)
{
	bool in_use = false;
	pthread_mutex_lock(&lock);
	end_counts(slots[slot].probe);
	clear_bursts(slot);
	slots[slot].probe = NULL;
	for (int i = 0; i < PROBE_SLOTS; i++)
		in_use = in_use || slots[i].probe;
	for (struct thread *thread = first_thread(); thread && !in_use; thread = thread->next)
		release_copies(&thread->copies);
	pthread_mutex_unlock(&lock);
}

void release_probe(struct probe *probe)
{
	if (atomic_fetch_sub(&probe->references, 1) != 1)
		return;
	if (probe->guard)
		let_guard_go();
	give_slot_back(probe->slot);
	free(probe);
}

void restart_probes(void)
{
	struct probe_totals parents;
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	read_probe_totals(&parents);
	for (int i = 0; i < KERNEL_COUNT; i++)
		ended_checks[i] -= parents.shadow_checks[i];
	memset(faults, 0, sizeof faults);
	restart_guard();
}

/* ---- Tripping ---------------------------------------------------------------------------------------------------- */

void trip_kernel(struct probe *probe, int kernel)
{
	struct slot *slot = &slots[probe->slot];
	struct watch *watch = &probe->watch[kernel];
	atomic_store_explicit(&slot->route[kernel][SIDE_CANDIDATE], watch->fallback, memory_order_relaxed);
	if (probe->plain.function[kernel] == watch->candidate)
		atomic_store_explicit(&slot->route[kernel][SIDE_PLAIN], watch->fallback, memory_order_relaxed);
	atomic_store(&watch->tripped, true);
	raise_probe_event();
}

void trip_probe(struct probe *probe, int kernel)
{
	trip_kernel(probe, kernel);
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

void read_probe(const struct probe *probe, int kernel, struct probe_counts *counts)
{
	const struct watch *watch = &probe->watch[kernel];
	*counts = (struct probe_counts){
		.watched = needs_watch(probe, kernel),
		.tripped = atomic_load(&watch->tripped),
		.shadow_checks = read_tally(&watch->shadow_checks),
		.divergences = read_tally(&watch->divergences),
		.shadow_skipped = read_tally(&watch->shadow_skipped),
		.faults = read_tally(&watch->faults),
		.caller_faults = read_tally(&watch->caller_faults),
		.unguarded = read_tally(&watch->unguarded),
	};
	add_bursts(probe, kernel, counts->calls);
}

void sum_probe(const struct probe *probe, struct probe_counts *sum)
{
	*sum = (struct probe_counts){.watched = true};
	for (int i = 0; i < KERNEL_COUNT; i++) {
		struct probe_counts counts;
		read_probe(probe, i, &counts);
		for (int side = 0; side < 2; side++)
			sum->calls[side] += counts.calls[side];
		sum->shadow_checks += counts.shadow_checks;
		sum->divergences += counts.divergences;
		sum->faults += counts.faults;
	}
}

/* Ticks and time since the probe was made; right to a percent after a tenth of a millisecond, so that long is waited. */
static double measure_tick(const struct probe *probe)
{
	struct moment now;
	do
		now = read_moment();
	while (now.nanoseconds - probe->born.nanoseconds < 100000);
	uint64_t ticks = now.ticks - probe->born.ticks;
	return ticks ? (double)(now.nanoseconds - probe->born.nanoseconds) / (double)ticks : 1;
}

void read_latencies(const struct probe *probe, int kernel, enum probe_side side, struct latencies *latencies)
{
	latencies->count = 0;
	for (int i = 0; i < LATENCY_BUCKETS; i++) {
		latencies->bucket[i] = read_tally(&probe->watch[kernel].ticks[side][i]);
		latencies->count += latencies->bucket[i];
	}
	latencies->nanoseconds = measure_tick(probe);
}

double find_quantile(const struct latencies *latencies, double share)
{
	double wanted = share * (double)latencies->count;
	uint64_t seen = 0;
	for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
		seen += latencies->bucket[i];
		if (seen && (double)seen >= wanted)
			return bucket_end(i) * latencies->nanoseconds;
	}
	return 0;
}

static void describe_fault(const struct cause *cause, char *text, size_t size)
{
	snprintf(text, size, "%s: %s at address %#jx, on CPU %d; scalar answered the call", kernels[cause->kernel].name,
		 sigabbrev_np(cause->signal), (uintmax_t)cause->address, cause->cpu);
}

static void describe_divergence(const struct cause *cause, char *text, size_t size)
{
	int digits = (int)size_of_kind(cause->kind) * 2;
	snprintf(text, size, "%s: %s[%zu] is 0x%0*jx, scalar says 0x%0*jx, on CPU %d", kernels[cause->kernel].name,
		 cause->region, cause->index, digits, (uintmax_t)cause->got, digits, (uintmax_t)cause->want,
		 cause->cpu);
}

int read_first_cause(const struct probe *probe, int *signal, char *text, size_t size)
{
	*signal = 0;
	text[0] = '\0';
	if (atomic_load(&probe->cause_state) != CAUSE_KNOWN)
		return -1;
	const struct cause *cause = &probe->cause;
	*signal = cause->signal;
	if (cause->signal)
		describe_fault(cause, text, size);
	else if (cause->region)
		describe_divergence(cause, text, size);
	else
		snprintf(text, size, "%s: returned %d (%s), scalar %d (%s), on CPU %d", kernels[cause->kernel].name,
			 cause->got_status, tenon_strerror(cause->got_status), cause->want_status,
			 tenon_strerror(cause->want_status), cause->cpu);
	return cause->kernel;
}

/* ---- Events ------------------------------------------------------------------------------------------------------ */

static _Atomic uint32_t events;

uint32_t count_probe_events(void)
{
	return atomic_load(&events);
}

void wait_probe_event(uint32_t seen, uint64_t milliseconds)
{
	struct timespec time = {(time_t)(milliseconds / 1000), (long)(milliseconds % 1000) * 1000000};
	if (atomic_load(&events) == seen)
		syscall(SYS_futex, &events, FUTEX_WAIT_PRIVATE, seen, &time, NULL, 0);
}

void raise_probe_event(void)
{
	int saved = errno; /* the host's: this may be a kernel call */
	atomic_fetch_add(&events, 1);
	syscall(SYS_futex, &events, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
	errno = saved;
}
