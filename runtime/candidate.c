/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calls of a candidate that are guarded or compared, and what becomes of those that go wrong: scalar answers them, the
 * cause is kept, the kernel trips. Any thread, signal handlers included: no lock, no allocation but the thread's copies.
 */
#include "build.h"

#include <sched.h>

#include "runtime/flights.h"
#include "runtime/load.h"
#include "runtime/probed.h"
#include "runtime/thread.h"
#include "runtime/ticks.h"

/* A call under way. */
struct errand {
	struct watch *watch;
	const void *args;
	void *scratch;
	uint64_t *ticks;             /* NULL: nobody asked */
	const struct regions *saved; /* whose INOUT memory is in `before`; NULL: nothing was kept */
	void *before;
	bool has_faulted;
};

static void count_one(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* ---- The cause --------------------------------------------------------------------------------------------------- */

static void keep_cause(struct probe *probe, struct cause cause)
{
	int expected = CAUSE_NONE;
	if (!atomic_compare_exchange_strong(&probe->cause_state, &expected, CAUSE_WRITING))
		return;
	probe->cause = cause;
	probe->cause.cpu = sched_getcpu();
	atomic_store(&probe->cause_state, CAUSE_KNOWN);
}

/* What tenon verify --replay calls again; lost where nobody has prepared a place for it. */
static void record_call(const struct errand *e, const struct cause *cause, const struct regions *got,
			const struct regions *want)
{
	const struct image *image = e->watch->probe->candidate.image[e->watch->kernel];
	const struct flight_facts facts = {.backend = image->name,
					   .version = image->version,
					   .build_id = image->build_id,
					   .path = image->path,
					   .got_status = cause->got_status,
					   .want_status = cause->want_status,
					   .signal = cause->signal};
	const struct flight_call call = {got, want, e->saved ? REGION_INOUT : 0, e->before};
	record_flight(&facts, &call);
}

/* ---- Faults ------------------------------------------------------------------------------------------------------ */

/*
 * Scalar answers. Should it fault as well then the host's own handler has the word, as it would have without us, and the
 * candidate is not to blame.
 */
static int answer_fault(struct errand *e, const struct guard *fault)
{
	struct guard guard;
	struct watch *watch = e->watch;
	struct regions regions;
	if (e->saved)
		restore_regions(e->saved, REGION_INOUT, e->before);
	find_regions((int)watch->kernel, e->args, &regions);
	if (regions.at_rest)
		*regions.at_rest = 0;
	e->has_faulted = true;
	push_guard(&this_thread->guard, &guard, (struct code){0, 0});
	int status = kernels[watch->kernel].scalar(e->args, e->scratch);
	if (!guard.has_faulted)
		pop_guard(&this_thread->guard, &guard);
	if (guard.has_faulted) {
		count_one(&watch->caller_faults);
		return status;
	}
	const struct cause cause = {.kernel = (int)watch->kernel,
				    .signal = fault->signal,
				    .address = (uintptr_t)fault->address,
				    .want_status = status};
	count_one(&watch->faults);
	count_fault(fault->signal);
	keep_cause(watch->probe, cause);
	announce_flight();
	trip_kernel(watch->probe, (int)watch->kernel);
	record_call(e, &cause, &regions, &regions);
	return status;
}

/* Those of the fast way have no errand yet. */
static __attribute__((cold, noinline, unused)) int answer_guarded(struct watch *watch, const void *args, void *scratch,
								  struct errand *errand, const struct guard *fault)
{
	struct errand fresh = {.watch = watch, .args = args, .scratch = scratch};
	return answer_fault(errand ? errand : &fresh, fault);
}

static int call_in_place(struct errand *e);

static __attribute__((noinline)) int run_in_place(struct watch *watch, const void *args, void *scratch)
{
	struct errand e = {.watch = watch, .args = args, .scratch = scratch};
	return call_in_place(&e);
}

/*
 * The handler comes back here with stack and frame pointer alone, so the compiler saves all other registers that a function
 * must keep in this one's frame: it may not be inlined.
 */
__attribute__((noinline)) int run_guarded(struct watch *watch, const void *args, void *scratch, struct errand *errand)
{
	struct guard guard;
	_Atomic(struct guard *) *innermost = &this_thread->guard;
	if (!errand && watch->in_place)
		return run_in_place(watch, args, scratch);
#if HAS_GUARD
	if (__builtin_setjmp(guard.resume) != 0) {
		pop_guard(innermost, &guard);
		return answer_guarded(watch, args, scratch, errand, &guard);
	}
#endif
	push_guard(innermost, &guard, watch->code);
	int status = watch->candidate(args, scratch);
	pop_guard(innermost, &guard);
	return status;
}

static int run_candidate(struct errand *e)
{
	struct watch *watch = e->watch;
	uint64_t start = e->ticks ? read_ticks() : 0;
	int status =
		watch->code.end ? run_guarded(watch, e->args, e->scratch, e) : watch->candidate(e->args, e->scratch);
	if (e->ticks && !e->has_faulted)
		*e->ticks = read_ticks() - start;
	return status;
}

/* ---- What is changed in place ------------------------------------------------------------------------------------ */

/*
 * The kernels that may read what they write: after half a call nothing but a copy brings back what was there. The others'
 * calls can be done again. tests/unit/shadow.c holds this against the regions of every kernel's calls.
 */
static const bool works_in_place[KERNEL_COUNT] = {
	[KERNEL_binding_decay] = true, [KERNEL_fan_effect] = true, [KERNEL_delta_apply] = true,
	[KERNEL_delta_merge] = true,   [KERNEL_delta_diff] = true, [KERNEL_delta_encode] = true,
	[KERNEL_delta_decode] = true,
};

bool kernel_works_in_place(int kernel)
{
	return works_in_place[kernel];
}

static bool keep_before(struct errand *e, const struct regions *regions)
{
	void *before = take_copies(&this_thread->copies, measure_regions(regions, REGION_INOUT));
	if (!before || regions->has_failed)
		return false;
	save_regions(regions, REGION_INOUT, before);
	e->saved = regions;
	e->before = before;
	return true;
}

/* What was copied from `first` on, and what *e says of it. */
static void drop_copies(struct errand *e, void *first)
{
	give_back_copies(&this_thread->copies, first);
	e->saved = NULL;
	e->before = NULL;
}

/* Larger than a thread may copy: plain serves it, since nobody could take back what half a call leaves. */
static int decline(const struct errand *e)
{
	const struct slot *slot = &slots[e->watch->probe->slot];
	count_one(&e->watch->unguarded);
	return atomic_load_explicit(&slot->route[e->watch->kernel][SIDE_PLAIN], memory_order_relaxed)(e->args,
												      e->scratch);
}

static int call_in_place(struct errand *e)
{
	struct regions regions;
	find_regions((int)e->watch->kernel, e->args, &regions);
	if (!keep_before(e, &regions))
		return decline(e);
	int status = run_candidate(e);
	drop_copies(e, e->before);
	return status;
}

/* ---- Shadow ------------------------------------------------------------------------------------------------------ */

static void describe_difference(struct cause *cause, const struct region_difference *difference,
				const struct regions *got, const struct regions *want)
{
	const struct region *region = &got->list[difference->region];
	cause->region = region->name;
	cause->index = difference->index;
	cause->kind = (enum region_kind)region->kind;
	cause->got = read_element(cause->kind, region->base, difference->index);
	cause->want = read_element(cause->kind, want->list[difference->region].base, difference->index);
}

/* The candidate has answered; scalar answers beside, and its answer counts. */
static int compare_with_scalar(struct errand *e, int got, const struct regions *mine, const void *args,
			       const struct regions *twin)
{
	struct region_difference difference;
	struct watch *watch = e->watch;
	if (mine->at_rest)
		*mine->at_rest = 0;
	int want = kernels[watch->kernel].scalar(args, e->scratch);
	count_one(&watch->shadow_checks);
	bool same = compare_answers(mine, twin, &difference);
	if (likely(same && got == want))
		return got;
	struct cause cause = {.kernel = (int)watch->kernel, .got_status = got, .want_status = want};
	if (!same)
		describe_difference(&cause, &difference, mine, twin);
	count_one(&watch->divergences);
	keep_cause(watch->probe, cause);
	announce_flight();
	trip_kernel(watch->probe, (int)watch->kernel);
	record_call(e, &cause, mine, twin);
	give_answers(twin, mine);
	return want;
}

static int call_plainly(struct errand *e)
{
	return e->watch->code.end && e->watch->in_place ? call_in_place(e) : run_candidate(e);
}

/* Room for scalar's answers beside the candidate's, and for what is changed in place; NULL: this call goes without. */
static void *prepare_twin(struct errand *e, const struct regions *regions, struct regions *twin, const void **args)
{
	struct copies *copies = &this_thread->copies;
	if (e->watch->is_bounded || regions->has_failed || are_tangled(regions))
		return NULL;
	void *memory = take_copies(copies, measure_copy(regions, REGION_ANSWERS));
	if (!memory)
		return NULL;
	if (e->watch->in_place && !keep_before(e, regions)) {
		give_back_copies(copies, memory);
		return NULL;
	}
	*args = copy_regions(regions, REGION_ANSWERS, memory, twin);
	return memory;
}

static int call_shadowed(struct errand *e)
{
	struct regions regions, twin;
	const void *args;
	find_regions((int)e->watch->kernel, e->args, &regions);
	void *memory = prepare_twin(e, &regions, &twin, &args);
	if (!memory) {
		count_one(&e->watch->shadow_skipped);
		return call_plainly(e);
	}
	int status = run_candidate(e);
	if (!e->has_faulted)
		status = compare_with_scalar(e, status, &regions, args, &twin);
	drop_copies(e, memory);
	return status;
}

int call_candidate(struct probe *probe, unsigned kernel, const void *args, void *scratch, bool shadow, uint64_t *ticks)
{
	struct errand e = {.watch = &probe->watch[kernel], .args = args, .scratch = scratch, .ticks = ticks};
	return shadow ? call_shadowed(&e) : call_plainly(&e);
}
