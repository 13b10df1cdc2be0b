/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The last events of this process, for `tenon history`: a ring, in memory alone. log.c is its only source, so that log
 * and history cannot differ. Any thread; no allocation; waiting for its lock is bounded, because in a forked child the
 * holder may not exist.
 */
#ifndef RUNTIME_HISTORY_H
#define RUNTIME_HISTORY_H

#include "runtime/event.h"

#define HISTORY_SIZE 256

/* Keeps an event; one with the text of the last is counted there. For log.c alone. */
void note_event(const struct event *event);

/* Copies the youngest events, at most count, oldest first; returns how many. */
size_t read_history(struct event *events, size_t count);

#endif
