/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How many events may be written: each kind has an allowance, so that a flood of one neither fills a disk nor hides the
 * others. What is held back is counted, and told later. Any thread; no allocation; waiting for its lock is bounded,
 * because in a forked child the holder may not exist. For log.c; the history has every event.
 */
#ifndef RUNTIME_LIMIT_H
#define RUNTIME_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/event.h"

/* So many of a kind at once, then one a second; the same line again within so many milliseconds is held back at once. */
enum { LIMIT_BURST = 20, LIMIT_REPEAT_MS = 10000 };

/* May this line be written now, on the monotonic clock? If not, it is counted. */
bool allow_event(enum event_kind kind, const char *line, int64_t now_ms);

/*
 * Takes the count of a kind that has not been held back for a while, or, before a line of *kind is written, of that
 * one; of any, if all. False when there is none to tell.
 */
bool take_suppressed(enum event_kind *kind, bool all, int64_t now_ms, uint64_t *count);

/* All that were ever held back. */
uint64_t count_suppressed(void);

#endif
