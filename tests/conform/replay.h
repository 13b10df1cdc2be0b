/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calling a flight record again, in a child: scalar first, then the backend with every region flush with an inaccessible
 * page, as far as its recorded distance from a 64-byte boundary allows. For the tools; one thread.
 */
#ifndef CONFORM_REPLAY_H
#define CONFORM_REPLAY_H

#include "runtime/find.h"
#include "runtime/flight.h"

/* BAD_RECORD: nobody can call that. NOT_COMPARED: the kernel is BOUNDED there, which has bits of its own. */
enum replay_verdict { REPLAY_AGREES, REPLAY_DIVERGES, REPLAY_REFUSED, REPLAY_BAD_RECORD, REPLAY_NOT_COMPARED };
const char *name_replay(enum replay_verdict verdict);

/* An element around the first difference, as bits. */
struct replay_lane {
	size_t index;
	uint64_t recorded, got, want;
	bool has_recorded, has_now; /* the record has it; the call got so far */
};

enum { REPLAY_LANES = 8 };

struct replay {
	enum replay_verdict verdict;
	bool has_returned; /* the backend's call did; got_status and the lanes' got are its */
	bool inherits;     /* the backend leaves the kernel to scalar */
	int got_status, want_status;
	char text[320]; /* what differs, or why not */
	int region;     /* of the lanes; -1: none */
	size_t lanes;
	struct replay_lane lane[REPLAY_LANES];
};

/* candidate is usable. False: no child could be had, with why. */
bool replay_flight(const struct flight *flight, const struct candidate *candidate, const struct cpu *cpu,
		   struct replay *replay, struct why *why);

/* The lanes that the record has, for one that cannot be called again; want in both. */
void list_recorded(const struct flight *flight, struct replay *replay);

/* "count=7 dim=13 stride=13": the arguments that are no pointers. */
void describe_args(const struct flight *flight, char *text, size_t size);

#endif
