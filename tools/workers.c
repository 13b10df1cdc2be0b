/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Worker threads that come and go. A place passes from one thread to the next through pthread_join() and
 * pthread_create(), so its data needs no lock.
 */
#include "build.h"

#include "tools/workers.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "tools/random.h"

#define STACK_SIZE ((size_t)512 << 10) /* kernels keep large data in the arena; sanitizers want more than the least */
#define WORKER_NICE 10

struct place {
	struct worker worker;
	struct workers *workers;
	pthread_t thread;
	uint64_t lives;
	bool taken; /* by a thread that must be joined */
	_Atomic bool ended;
};

struct workers {
	void (*step)(struct worker *worker);
	uint64_t seed, created;
	unsigned count, most_steps;
	_Atomic bool stopping;
	sem_t ended; /* posted once for each thread that ends */
	pthread_attr_t attributes;
	struct place place[];
};

/* This thread alone: with dozens of workers in line who swaps, and the library's own threads, would hardly run. */
static void give_way(void)
{
	setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + WORKER_NICE);
}

static void *live(void *argument)
{
	struct place *place = argument;
	struct workers *workers = place->workers;
	give_way();
	uint64_t steps =
		workers->most_steps ? 1 + next_random(&place->worker.random) % workers->most_steps : UINT64_MAX;
	for (; steps && !atomic_load_explicit(&workers->stopping, memory_order_relaxed); steps--)
		workers->step(&place->worker);
	atomic_store(&place->ended, true);
	sem_post(&workers->ended);
	return NULL;
}

/* A thread that cannot be had now is tried again when the next one ends, or at the next tend_workers(). */
static void fill_place(struct workers *workers, struct place *place)
{
	place->worker.random = workers->seed + ((uint64_t)place->worker.place << 32) + place->lives++;
	next_random(&place->worker.random);
	atomic_store(&place->ended, false);
	place->taken = pthread_create(&place->thread, &workers->attributes, live, place) == 0;
	workers->created += place->taken;
}

static void clear_place(struct place *place)
{
	if (place->taken)
		pthread_join(place->thread, NULL);
	place->taken = false;
}

static void replace_ended(struct workers *workers)
{
	for (struct place *place = workers->place; place < workers->place + workers->count; place++) {
		if (place->taken && !atomic_load(&place->ended))
			continue;
		clear_place(place);
		fill_place(workers, place);
	}
}

struct workers *start_workers(unsigned count, uint64_t seed, unsigned most_steps, void (*step)(struct worker *worker),
			      void *context)
{
	struct workers *workers = calloc(1, sizeof *workers + count * sizeof workers->place[0]);
	if (!workers)
		return NULL;
	*workers = (struct workers){.step = step, .seed = seed, .count = count, .most_steps = most_steps};
	sem_init(&workers->ended, 0, 0);
	pthread_attr_init(&workers->attributes);
	pthread_attr_setstacksize(&workers->attributes, STACK_SIZE);
	for (unsigned i = 0; i < count; i++) {
		struct place *place = &workers->place[i];
		place->workers = workers;
		place->worker = (struct worker){.place = i, .context = context};
		fill_place(workers, place);
	}
	return workers;
}

void tend_workers(struct workers *workers, unsigned ms)
{
	struct timespec end;
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += (long)(ms % 1000) * 1000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	do {
		while (sem_trywait(&workers->ended) == 0)
			;
		replace_ended(workers);
	} while (sem_clockwait(&workers->ended, CLOCK_MONOTONIC, &end) == 0);
}

uint64_t stop_workers(struct workers *workers)
{
	uint64_t created = workers->created;
	atomic_store(&workers->stopping, true);
	for (unsigned i = 0; i < workers->count; i++)
		clear_place(&workers->place[i]);
	pthread_attr_destroy(&workers->attributes);
	sem_destroy(&workers->ended);
	free(workers);
	return created;
}
