/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The timed calls of one thread while it is traced: the last of them, in a ring that its thread writes and the tracer
 * reads without a lock. A thread that is faster than the tracer overwrites, and the tracer counts what it lost. A signal
 * handler's call may come in the middle of writing; both words of an event carry its round, so that a mixture is seen.
 */
#ifndef RUNTIME_RING_H
#define RUNTIME_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define RING_SIZE 256

/* The low byte of each word is its round through the ring, from 1; 0 for a place that was never written. */
struct traced {
	_Atomic uint64_t start; /* ticks, without their upper byte */
	_Atomic uint64_t rest;  /* 40 bits of duration, kernel, backend */
};

struct ring {
	_Atomic int tid;       /* of the record's thread */
	_Atomic uint64_t head; /* events written so far */
	struct traced event[RING_SIZE];
};

struct ring_event {
	uint64_t start, ticks;
	unsigned kernel, backend; /* backend: a total's id (counted.h); 0 for none */
};

#define RING_TICKS_MAX ((UINT64_C(1) << 40) - 1)

static inline uint64_t round_of(uint64_t number)
{
	return number / RING_SIZE % 255 + 1;
}

/* By the thread alone, its signal handlers included. */
static inline void write_ring(struct ring *ring, unsigned kernel, unsigned backend, uint64_t start, uint64_t ticks)
{
	uint64_t number = atomic_fetch_add_explicit(&ring->head, 1, memory_order_relaxed);
	struct traced *event = &ring->event[number % RING_SIZE];
	uint64_t duration = ticks < RING_TICKS_MAX ? ticks : RING_TICKS_MAX;
	atomic_store_explicit(&event->start, start << 8 | round_of(number), memory_order_relaxed);
	atomic_store_explicit(&event->rest,
			      duration << 24 | (uint64_t)(kernel & 0xff) << 16 | (uint64_t)(backend & 0xff) << 8 |
				      round_of(number),
			      memory_order_release);
}

/* By anyone: event number, which must be below head. False: it was overwritten, or is being written. */
static inline bool read_ring(const struct ring *ring, uint64_t number, struct ring_event *event)
{
	const struct traced *traced = &ring->event[number % RING_SIZE];
	uint64_t rest = atomic_load_explicit(&traced->rest, memory_order_acquire);
	uint64_t start = atomic_load_explicit(&traced->start, memory_order_relaxed);
	*event = (struct ring_event){start >> 8, rest >> 24, rest >> 16 & 0xff, rest >> 8 & 0xff};
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	return (rest & 0xff) == round_of(number) && (start & 0xff) == round_of(number) && head - number <= RING_SIZE;
}

#endif
