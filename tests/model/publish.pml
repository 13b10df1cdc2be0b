/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The protocol by which tables are published, read, rolled back and freed, for spin to explore exhaustively: swap and
 * roll_back() of runtime/publish.c step by step (S1..S7, R1..R7), mark_garbage() and free_garbage() of runtime/retire.c and
 * kept.c, and the read side and grace period of liburcu's bp flavour, which is where memory order matters.
 *
 * Memory: swaps and rollbacks use sequentially consistent operations, one step each here. A reader's stores go through a
 * FIFO buffer that drains at any moment (x86-TSO), since its section opens with a plain store and no fence; membarrier
 * drains it. With -DWEAK a reader may also load the active table before it opened its section, as arm64 may, unless a
 * membarrier falls between the two in program order: an interrupt undoes what was done too early.
 *
 * Promised, and asserted below:
 *   P1  no call runs on a freed table, and no rollback publishes one;
 *   P2  neither the active table nor previous is ever freed;
 *   P3  a rollback wins over every swap that it overlaps: when both are over, that swap's table is not active;
 *   P4  after a rollback, with no later swap, previous equals active, so that a second one is a no-op. Excepted are two
 *       at the same moment with different targets, and two that overlap the same swap: those may leave either's target.
 *   P5  neither previous nor what a rollback publishes is ever a trial;
 *   P6  a swap that no rollback overlapped, of the same backends or over a trial, leaves previous alone;
 *
 * -DBROKEN_<name> each take one step out; check-model.sh demands that spin finds every one of them.
 */
#ifndef SWAPS
#define SWAPS 2
#endif
#ifndef ROLLBACKS
#define ROLLBACKS 2
#endif
#ifndef READERS
#define READERS 1
#endif
#ifndef CALLS
#define CALLS 2 /* of each reader */
#endif
#ifndef RETIREMENTS
#define RETIREMENTS 2
#endif

#ifndef KINDS
#define KINDS 0 /* 1: a table may be a trial, and a swap may be of the same backends with or without a probe */
#endif

#define SCALAR 0
#define TABLES (SWAPS + 1)
#define NONE 15

/* ---- Shared memory ----------------------------------------------------------------------------------------------- */

byte serving = SCALAR, previous = SCALAR, restored = NONE, begun, done;
bool kept[TABLES], freed[TABLES], trial[TABLES];
bool locked; /* retire.c's lock */

#define LOCK atomic { !locked; locked = true }
#define UNLOCK locked = false

/* Each reader's word: 0 outside, 1 + phase inside; and the global phase. */
#define READERS_ROOM (READERS + 1) /* an array is never empty */
byte phase, word[READERS_ROOM];
chan buffer[READERS_ROOM] = [4] of { byte };
bool early[READERS_ROOM]; /* loaded the table already, and not yet opened its section */

/* ---- What the promises need to remember -------------------------------------------------------------------------- */

byte rolling;         /* rollbacks under way */
bool swapping;
byte last_swap;       /* its table; NONE before the first */
byte overlapped;      /* rollbacks that were under way at some moment of the last swap */
bool rolled_back;     /* a rollback has ended since the last swap began */
byte stays;           /* what previous was when the last swap began, and is to stay; NONE: it may change */
bool together;        /* two rollbacks were under way at once, perhaps with different targets */

inline judge()
{
	if
	:: !swapping && rolling == 0 ->
		assert(!(overlapped > 0 && serving == last_swap)); /* P3 */
		assert(!(rolled_back && !together && overlapped < 2 && previous != serving)); /* P4 */
		assert(!trial[previous]); /* P5 */
		assert(!(overlapped == 0 && !rolled_back && stays != NONE && previous != stays)) /* P6 */
	:: else
	fi
}

/* ---- A call ------------------------------------------------------------------------------------------------------ */

proctype flush(byte me)
{
end:
	do
	:: atomic { buffer[me]?word[me] }
	od
}

inline open_section()
{
#ifdef WEAK
	if
	:: true -> skip
	:: true -> atomic { table = serving; early[me] = true }
	fi;
#endif
	mine = phase;
	atomic { buffer[me]!(1 + mine); squashed = !early[me]; early[me] = false };
	if
	:: squashed -> table = serving
	:: else
	fi
}

proctype reader(byte me)
{
	byte table, mine, i;
	bool squashed;
	for (i : 1 .. CALLS) {
		open_section();
		assert(!freed[table]); /* P1: the call begins */
#ifdef BROKEN_EARLY_LEAVE
		buffer[me]!0;
		assert(!freed[table])
#else
		assert(!freed[table]); /* P1: and ends */
		buffer[me]!0
#endif
	}
}

/* ---- A grace period ---------------------------------------------------------------------------------------------- */

inline membarrier()
{
#ifdef BROKEN_NO_MEMBARRIER
	skip
#else
	for (r : 1 .. READERS) {
		atomic {
			do
			:: nempty(buffer[r]) -> buffer[r]?word[r]
			:: empty(buffer[r]) -> break
			od;
			early[r] = false
		}
	}
#endif
}

/* First until nobody is in a section of the other phase, noting who is in one of this; then until those are out. */
inline synchronize()
{
#if READERS
	membarrier();
	for (r : 1 .. READERS) {
		atomic { word[r] != 2 - phase; current[r] = word[r] != 0 }
	}
#ifndef BROKEN_ONE_WAIT
	phase = 1 - phase;
	for (r : 1 .. READERS) {
		!current[r] || word[r] != 2 - phase
	}
#endif
	membarrier()
#else
	skip
#endif
}

#if RETIREMENTS
proctype retire()
{
	byte r, t, i, ended, vetoes, now_active, now_previous;
	bool current[READERS_ROOM], garbage[TABLES], quiet;
	for (i : 1 .. RETIREMENTS) {
		LOCK;
		ended = done;
		vetoes = begun;
		now_active = serving;
		now_previous = previous;
		quiet = (ended == vetoes);
#ifdef BROKEN_MARK_UNQUIET
		quiet = true;
#endif
#ifndef BROKEN_MARK_TORN
		quiet = quiet && begun == vetoes;
#endif
		if
		:: quiet ->
			d_step {
				for (t : 1 .. TABLES - 1) {
					garbage[t] = kept[t] && t != now_active && t != now_previous
				}
			};
			UNLOCK;
#ifndef BROKEN_NO_GRACE
			synchronize();
#endif
			LOCK;
			d_step {
				for (t : 1 .. TABLES - 1) {
					if
					:: garbage[t] ->
						assert(t != serving && t != previous); /* P2 */
						freed[t] = true;
						kept[t] = false
					:: else
					fi
				}
			};
			UNLOCK
		:: else -> UNLOCK
		fi
	}
}
#endif

/* ---- A rollback -------------------------------------------------------------------------------------------------- */

proctype rollback()
{
	byte t;
	atomic { begun++; rolling++; together = together || rolling > 1; overlapped = overlapped + swapping }; /* R1 */
	if
	:: t = previous /* R2 */
	:: t = SCALAR
	fi;
#ifndef BROKEN_NO_RESTORED
	restored = t; /* R3 */
#endif
#ifndef BROKEN_NO_PREVIOUS
	previous = t; /* R4 */
#endif
	atomic { serving = t; assert(!freed[t] && !trial[t]) }; /* R5, P1, P5 */
	atomic { done++; rolling--; rolled_back = true; judge() } /* R7 */
}

/* ---- A swap ------------------------------------------------------------------------------------------------------ */

inline finish_swap()
{
	if
	:: begun != vetoes -> goto over /* S3 */
	:: else
	fi;
	base = serving;
	if
#ifndef BROKEN_TRIAL_IS_PREVIOUS
	:: trial[base] -> skip
#endif
#ifndef BROKEN_SAME_IS_A_STEP
	:: same -> skip
#endif
	:: else -> previous = base       /* S4 */
	fi;
	serving = table;                  /* S5 */
#ifndef BROKEN_NO_REREAD
	if
	:: begun == vetoes -> goto over  /* S6 */
	:: else
	fi;
	target = restored;               /* S7 */
	if
	:: target == NONE -> target = base
	:: else
	fi;
#ifdef BROKEN_PLAIN_STORE
	serving = target;
#else
	d_step { if :: serving == table -> serving = target :: else fi };
#endif
#ifndef BROKEN_PREVIOUS_STAYS
	d_step { if :: previous == base -> previous = target :: else fi };
#endif
#endif
over:	skip
}

proctype swap_one(byte table)
{
	byte vetoes, ended, base, target;
	bool same;
#if KINDS
	if
	:: true -> skip
	:: trial[table] = true
	:: same = true
	fi;
#endif
	restored = NONE; /* S1 */
	ended = done;    /* S2 */
	atomic { /* a rollback that is over by now came before this swap */
		vetoes = begun;
		swapping = true;
		last_swap = table;
		overlapped = rolling;
		rolled_back = false;
		stays = (same || trial[serving] -> previous : NONE)
	};
	if
#ifdef BROKEN_NO_QUIET
	:: true ->
#else
	:: ended == vetoes ->
#endif
		LOCK;
		kept[table] = true;
		finish_swap();
		UNLOCK
	:: else
	fi;
	atomic { swapping = false; judge() }
}

/* Swaps come one at a time, by the runtime's lock. */
proctype swaps()
{
	byte s;
	for (s : 1 .. SWAPS) {
		run swap_one(s);
		!swapping && last_swap == s
	}
}

init {
	byte i;
	last_swap = NONE;
	atomic {
#if READERS
		for (i : 1 .. READERS) {
			run flush(i);
			run reader(i)
		}
#endif
		for (i : 1 .. ROLLBACKS) {
			run rollback()
		}
#if RETIREMENTS
		run retire();
#endif
		run swaps()
	}
}
