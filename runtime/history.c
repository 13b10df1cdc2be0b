/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The ring of events; see history.h. The lock is held for one copy.
 */
#include "build.h"

#include "runtime/history.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "runtime/brief.h"

static struct brief lock;

/*
 * Both under the lock. Sequence s is at s % RING_SIZE; there is one place more than is kept, so that an event counts once it
 * is whole, and a child forked meanwhile has only whole ones.
 */
#define RING_SIZE (HISTORY_SIZE + 1)
static struct event ring[RING_SIZE];
static _Atomic uint64_t latest;

static struct event *event_at(uint64_t sequence)
{
	return &ring[sequence % RING_SIZE];
}

void note_event(const struct event *event)
{
	if (!take_briefly(&lock))
		return;
	struct event *last = latest ? event_at(latest) : NULL;
	if (last && last->kind == event->kind && strcmp(last->text, event->text) == 0) {
		last->repeats++;
		last->time_ms = event->time_ms;
	} else {
		struct event *next = event_at(latest + 1);
		*next = *event;
		next->sequence = latest + 1;
		latest++;
	}
	let_go(&lock);
}

size_t read_history(struct event *events, size_t count)
{
	if (!take_briefly(&lock))
		return 0;
	uint64_t kept = latest < HISTORY_SIZE ? latest : HISTORY_SIZE;
	uint64_t first = latest - (count < kept ? count : kept) + 1;
	size_t copied = 0;
	for (uint64_t sequence = first; sequence <= latest; sequence++)
		events[copied++] = *event_at(sequence);
	let_go(&lock);
	return copied;
}
