/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Asks the processes that are watched, round after round, on a thread of its own, so that one that hangs or vanishes never
 * holds up who looks. One reader a program. No screen here.
 */
#ifndef TOOLS_TOP_READER_H
#define TOOLS_TOP_READER_H

#include "tools/processes.h"
#include "tools/top/sample.h"

struct reading {
	struct sample *sample; /* by PID; free() */
	size_t count;
	uint64_t rounds;
};

/* Who is watched: these for good, or, where there are none, all that are found, round by round. */
struct watching {
	const struct targets *targets;
	struct process *named;
	size_t count;
	uint64_t interval_ms, timeout_ms; /* of a question */
};

/* One round, here and now, compared with the one before, in whose place it comes. False, and it stays: out of memory. */
bool read_round(const struct watching *watching, struct reading *reading);

/* Rounds from now on, until the program ends; watching must live on. False: no thread can be had. */
bool start_reader(const struct watching *watching);

/* The last whole round, in the place of an earlier one; nothing where there is no later. Never waits for a process. */
void take_reading(struct reading *reading);

/*
 * Sends an order on a thread of its own; false while one is under way. copy_order() has how the last one went, until that
 * text is forgotten; what is under way is not, and neither is what came after the text was copied.
 */
enum { ORDER_TEXT_SIZE = 600 };
bool send_order(const struct process *process, const char *verb, uint64_t timeout_ms);
void copy_order(char text[ORDER_TEXT_SIZE]);
void forget_order(const char *text);

#endif
