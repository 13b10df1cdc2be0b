/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the per-thread records and the public functions over them. Records are mapped once, never unmapped, and form a
 * list that only grows, so that it is pushed to and read without a lock; a record is used by one thread at a time and
 * handed on through its state. Any thread, late thread-specific destructors included.
 */
#include "build.h"

#include "runtime/thread.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <tenon/tenon.h>

__thread struct thread *this_thread;

static _Atomic(struct thread *) threads;
static _Atomic int free_threads;       /* a hint that saves looking through a list of busy records */
static _Atomic uint64_t threads_ended; /* those that had an arena */
static _Atomic bool details_lost;      /* a thread failed that had no record to say so in */

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool key_made;

/* ---- Records ----------------------------------------------------------------------------------------------------- */

/* acquire: a record that is found is found filled. */
struct thread *first_thread(void)
{
	return atomic_load_explicit(&threads, memory_order_acquire);
}

static void free_record(struct thread *thread)
{
	atomic_store_explicit(&thread->state, THREAD_FREE, memory_order_release);
	atomic_fetch_add_explicit(&free_threads, 1, memory_order_relaxed);
}

/* The key's destructor. A destructor that runs later and calls us again gets a new record, and this is called again. */
static void end_thread(void *record)
{
	struct thread *thread = record;
	this_thread = NULL;
	if (thread->arena.base)
		atomic_fetch_add_explicit(&threads_ended, 1, memory_order_relaxed);
	release_arena(&thread->arena);
	release_copies(&thread->copies);
	atomic_store_explicit(&thread->guard, NULL, memory_order_relaxed); /* a call that was left by pthread_exit() */
	free_record(thread);
}

/* In the child of a fork: the other threads are gone. Async-signal-safe. */
static void keep_this_thread_only(void)
{
	if (this_thread)
		atomic_store_explicit(&this_thread->ring.tid, gettid(), memory_order_relaxed);
	for (struct thread *thread = first_thread(); thread; thread = thread->next) {
		if (thread == this_thread || atomic_load(&thread->state) != THREAD_LIVE)
			continue;
		if (atomic_load(&thread->arena.size))
			atomic_fetch_add(&threads_ended, 1);
		atomic_store(&thread->arena.used, 0);
		atomic_store(&thread->arena.fallback_bytes, 0);
		atomic_store(&thread->state, THREAD_LOST);
	}
}

static void make_key(void)
{
	key_made = pthread_key_create(&key, end_thread) == 0;
	if (key_made)
		pthread_atfork(NULL, NULL, keep_this_thread_only);
}

static struct thread *reuse_record(void)
{
	if (atomic_load_explicit(&free_threads, memory_order_relaxed) <= 0)
		return NULL;
	for (struct thread *thread = first_thread(); thread; thread = thread->next) {
		int state = THREAD_FREE;
		/* acquire: what the last owner wrote, it wrote before it let go */
		if (atomic_compare_exchange_strong_explicit(&thread->state, &state, THREAD_LIVE, memory_order_acquire,
							    memory_order_relaxed)) {
			atomic_fetch_sub_explicit(&free_threads, 1, memory_order_relaxed);
			return thread;
		}
	}
	return NULL;
}

/* mmap, because a thread's first call may come from a signal handler. */
static struct thread *map_record(void)
{
	struct thread *thread = mmap(NULL, sizeof *thread, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (thread == MAP_FAILED)
		return NULL;
	atomic_store_explicit(&thread->state, THREAD_LIVE, memory_order_relaxed);
	thread->next = atomic_load_explicit(&threads, memory_order_relaxed);
	/* release: a reader that finds the record finds it filled */
	while (!atomic_compare_exchange_weak_explicit(&threads, &thread->next, thread, memory_order_release,
						      memory_order_relaxed))
		;
	return thread;
}

struct thread *make_thread(void)
{
	pthread_once(&key_once, make_key);
	if (!key_made)
		return NULL;
	struct thread *thread = reuse_record();
	if (!thread)
		thread = map_record();
	if (!thread)
		return NULL;
	if (pthread_setspecific(key, thread) != 0) {
		free_record(thread);
		return NULL;
	}
	thread->detail[0] = '\0';
	atomic_store_explicit(&thread->ring.tid, gettid(), memory_order_relaxed);
	return this_thread = thread;
}

/* ---- Failures ---------------------------------------------------------------------------------------------------- */

int report_failure(const struct why *why)
{
	struct thread *thread = get_thread();
	if (thread)
		memcpy(thread->detail, why->text, sizeof thread->detail);
	else
		atomic_store_explicit(&details_lost, true, memory_order_relaxed);
	return why->status;
}

TENON_PUBLIC const char *tenon_error_detail(void)
{
	if (this_thread)
		return this_thread->detail;
	return atomic_load_explicit(&details_lost, memory_order_relaxed)
		       ? "no memory for this thread's record, which has the text of its last failure"
		       : "";
}

/* ---- Arenas ------------------------------------------------------------------------------------------------------ */

static int report(int status, const char *text)
{
	struct why why;
	explain(&why, status, "%s", text);
	return report_failure(&why);
}

TENON_PUBLIC int tenon_arena_alloc(size_t size, void **memory)
{
	struct why why;
	struct thread *thread = get_thread();
	if (unlikely(!thread))
		return TENON_ENOMEM;
	if (unlikely(!memory))
		return report(TENON_EINVAL, "tenon_arena_alloc: memory is NULL");
	int status = take_memory(&thread->arena, size, memory, &why);
	return likely(!status) ? TENON_OK : report_failure(&why);
}

TENON_PUBLIC void tenon_arena_reset(void)
{
	if (this_thread)
		reset_arena(&this_thread->arena);
}

TENON_PUBLIC int tenon_arena_stats_get(struct tenon_arena_stats *stats)
{
	if (!stats)
		return report(TENON_EINVAL, "tenon_arena_stats_get: stats is NULL");
	memset(stats, 0, sizeof *stats);
	if (this_thread)
		read_arena(&this_thread->arena, stats);
	return TENON_OK;
}

TENON_PUBLIC int tenon_arena_stats_all(struct tenon_arena_stats *stats, uint64_t *threads_live, uint64_t *threads_gone)
{
	if (!stats || !threads_live || !threads_gone)
		return report(TENON_EINVAL, "tenon_arena_stats_all: an argument is NULL");
	memset(stats, 0, sizeof *stats);
	*threads_live = 0;
	for (struct thread *thread = first_thread(); thread; thread = thread->next) {
		add_arena(&thread->arena, stats);
		*threads_live += atomic_load_explicit(&thread->state, memory_order_relaxed) == THREAD_LIVE &&
				 atomic_load_explicit(&thread->arena.size, memory_order_relaxed) != 0;
	}
	*threads_gone = atomic_load_explicit(&threads_ended, memory_order_relaxed);
	return TENON_OK;
}
