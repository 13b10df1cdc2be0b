/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A timeline in the making: what one process told while it was traced, and the Trace Event document that comes of it. No
 * thread but the caller's; the caller frees it.
 */
#ifndef TOOLS_TIMELINE_H
#define TOOLS_TIMELINE_H

#include "tools/client.h"

/* Beyond this a timeline takes no more; what it did not take is counted in the file. */
enum { SLICES_MAX = 4000000, NOTES_MAX = 1000000 };

struct slice {
	uint64_t start, ns; /* of the process's monotonic clock */
	int tid;
	uint8_t kernel, backend;
};

/* Any other event, as JSON without time and process. */
struct note {
	uint64_t at;
	unsigned order; /* in which they came, for those of the same time */
	char *text;
};

struct track; /* of a thread of the process */

struct timeline {
	pid_t pid;
	uint64_t begin, end; /* of the first and last answer */
	int64_t wall_offset; /* of the wall clock in ms over the other one in ns: ms - ns / 1e6 */
	struct slice *slices;
	struct note *notes;
	size_t slice_count, slice_room, note_count, note_room;
	struct track *tracks;
	size_t track_count;
	char (*kernel)[40];
	size_t kernels;
	char backend[256][32];
	char serving[64], rollout[128]; /* names of the spans that are open; "" for none */
	uint64_t swaps, rollbacks, last_event;
	uint64_t dropped, untaken; /* there, here */
	bool started;
};

/* Names of kernels, from the answer that began the trace. */
void take_names(struct timeline *timeline, const struct answer *answer);

/* What one answer to "trace read" tells; false without memory. */
bool take_answer(struct timeline *timeline, const struct answer *answer);

/* What one answer to "history" tells that is newer than what was taken before. */
void take_history(struct timeline *timeline, const struct answer *answer);

/* The document. */
void write_timeline(struct timeline *timeline, const char *version, FILE *out);

void free_timeline(struct timeline *timeline);

#endif
