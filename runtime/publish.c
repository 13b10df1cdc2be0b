/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns what a rollback needs: the table before the last swap, and the count of rollbacks begun and done. Swaps come one
 * at a time (the runtime's lock); rollbacks come from anywhere, also while a swap is between any two of its steps.
 *
 *     rollback                                  swap
 *     R1  begun++                               S1  restored = NULL
 *     R2  t = previous, or scalar               S2  vetoes = begun; refuse unless done == begun
 *     R3  restored = t                          ..  prepare: milliseconds
 *     R4  previous = t                          S3  give up if begun != vetoes
 *     R5  active = t                            S4  base = active; previous = base, unless it is to stay
 *     R6  pinned = true                         S5  active = table
 *     R7  done++                                S6  finished if begun == vetoes
 *                                               S7  x = restored, or base if NULL
 *                                                   active: table -> x, previous: base -> x (compare and swap)
 *
 * previous is to stay where base is a trial, whose rollout is not over, or where table is base's backends again, with a
 * probe or without: so previous is always the last table that completed its rollout before the one that serves.
 *
 * All of it is sequentially consistent, so some total order of the steps explains every outcome:
 *
 * 1. A rollback wins over every swap that it overlaps. If R1 comes after S2 and before S6, the swap sees begun move
 *    and goes to S7. If R5 comes after S7, it stands by itself. If R5 came before S5, S5 hid it; then R3 came before
 *    S7, so x is what that rollback chose, and S7 puts it back. If R5 came between S5 and S7 the compare and swap
 *    fails, and the rollback's store stays. If R1 came after S6, the swap was finished first and previous is its base.
 * 2. A rollback that began before S2 and is not done stops the swap at S2, before anything changed. So a finished swap
 *    never has a rollback with an older idea of `previous` behind it.
 * 3. A second rollback is a no-op: after R4, R5 or S7 previous equals active. (R4 may be hidden by S4; S7 repairs that
 *    as it repairs active.) Two rollbacks with different targets at the same moment leave either target's table, and of
 *    two that overlap the same swap the second may find its base in previous, and bring that: not the swap's table.
 * 4. No freed table is published. A rollback loads a table (R2) and stores it later (R5) without a read-side section.
 *    So retire.c looks, under its lock, at active and previous while done == begun, and at begun again: if it did not
 *    move, both were of one moment without a rollback, and what is neither of them is garbage. Every rollback that ever
 *    saw such a table is over, and later ones load previous or scalar: garbage cannot become reachable again, and after
 *    one grace period nobody reads it. A swap in its S2 or S3 does not disturb that, it has touched neither pointer; S4
 *    to S7 run under the same lock, so base, and what previous was before S4, are still there at S7, and x is one of
 *    them or scalar.
 *
 * 5. None of this needs S4 to store: where it does not, it hides no R4, and base is not what previous leads to unless a
 *    rollback put it there, in which case S7 changes it to what that rollback, or a later one, chose.
 *
 * Between S5 and S7 calls may take the new table although a rollback has returned: a few instructions.
 *
 * tests/model/publish.pml is this protocol for spin: `make check-model` explores all of its interleavings.
 */
#include "build.h"

#include "runtime/publish.h"

#include <time.h>

#ifdef TENON_TEST_HOOKS
void (*publish_hook)(const char *step);
#define STEP(name) (publish_hook ? publish_hook(name) : (void)0)
#else
#define STEP(name) ((void)0)
#endif

static _Atomic(const struct table *) standby = &scalar_table; /* scalar; one of two tables that are never freed */
static _Atomic(const struct table *) previous = &scalar_table;
static _Atomic(const struct table *) restored;
static _Atomic uint64_t begun, done, ordered;
static _Atomic uint64_t causes[ROLLBACK_CAUSE_COUNT];
static atomic_bool pinned, adrift;

/* done first: if an older done equals a younger begun, both held at the moment begun was read. */
static bool is_quiet(uint64_t *vetoes)
{
	uint64_t ended = atomic_load(&done);
	*vetoes = atomic_load(&begun);
	return ended == *vetoes;
}

int begin_swap(uint64_t *vetoes, struct why *why)
{
	atomic_store(&restored, NULL);
	/* A rollback takes nanoseconds, unless its thread lost the processor in the middle. */
	for (int i = 0; i < 20; i++) {
		if (is_quiet(vetoes))
			return TENON_OK;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return explain(why, TENON_EROLLEDBACK, "swap: a rollback has begun and not ended; it wins; try again");
}

static int yield_to_rollback(struct why *why)
{
	return explain(why, TENON_EROLLEDBACK,
		       "swap: a rollback came while the swap was under way, and it wins; check "
		       "why it was ordered, then swap again");
}

int finish_swap(uint64_t vetoes, const struct table *table, enum publication publication, struct why *why)
{
	STEP("prepared");
	if (atomic_load(&begun) != vetoes)
		return yield_to_rollback(why);
	STEP("checked");
	const struct table *base = atomic_load(&active_table);
	if (base == table)
		return TENON_OK;
	STEP("based");
	if (publication == PUBLISH_STEP && !base->is_trial)
		atomic_store(&previous, base);
	STEP("prior");
	atomic_store(&active_table, table);
	STEP("published");
	if (atomic_load(&begun) == vetoes)
		return TENON_OK;
	const struct table *target = atomic_load(&restored);
	if (!target)
		target = base;
	STEP("yielding");
	const struct table *expected = table;
	atomic_compare_exchange_strong(&active_table, &expected, target);
	expected = base;
	atomic_compare_exchange_strong(&previous, &expected, target);
	return yield_to_rollback(why);
}

bool reset_publication(void)
{
	uint64_t vetoes;
	atomic_store(&restored, NULL);
	const struct table *table = atomic_load(&standby);
	atomic_store(&previous, table);
	atomic_store(&active_table, table);
	/* A rollback under way may still store what it loaded before. */
	return is_quiet(&vetoes) && atomic_load(&previous) == table && atomic_load(&active_table) == table;
}

static void replace(_Atomic(const struct table *) *place, const struct table *before, const struct table *after)
{
	atomic_compare_exchange_strong(place, &before, after);
}

void set_standby(const struct table *table)
{
	const struct table *before = atomic_exchange(&standby, table);
	replace(&previous, before, table);
	replace(&active_table, before, table);
}

void replace_previous(const struct table *before, const struct table *after)
{
	replace(&previous, before, after);
}

static void restore(enum tenon_rollback_target target, bool pin, enum rollback_cause cause)
{
	atomic_fetch_add(&begun, 1);
	STEP("begun");
	const struct table *table = target == TENON_ROLLBACK_SCALAR ? atomic_load(&standby) : atomic_load(&previous);
	STEP("loaded");
	atomic_store(&restored, table);
	STEP("restored");
	atomic_store(&previous, table);
	STEP("previous");
	atomic_store(&active_table, table);
	STEP("active");
	if (pin) {
		atomic_store(&pinned, true);
		atomic_fetch_add(&ordered, 1);
	}
	atomic_fetch_add(&causes[cause], 1);
	atomic_fetch_add(&done, 1);
}

void roll_back(enum tenon_rollback_target target)
{
	restore(target, true, ROLLBACK_manual);
}

void roll_back_unpinned(enum tenon_rollback_target target, enum rollback_cause cause)
{
	restore(target, false, cause);
}

uint64_t count_rollbacks_for(enum rollback_cause cause)
{
	return atomic_load(&causes[cause]);
}

const struct table *previous_table(void)
{
	return atomic_load(&previous);
}

bool find_reachable(const struct table *reachable[2])
{
	uint64_t vetoes;
	bool quiet = is_quiet(&vetoes);
	reachable[0] = atomic_load(&active_table);
	STEP("half seen");
	reachable[1] = atomic_load(&previous);
	return quiet && atomic_load(&begun) == vetoes;
}

void forget_rollbacks_under_way(void)
{
	atomic_store(&done, atomic_load(&begun));
}

uint64_t count_rollbacks(void)
{
	return atomic_load(&done);
}

uint64_t count_ordered_rollbacks(void)
{
	return atomic_load(&ordered);
}

bool is_pinned(void)
{
	return atomic_load(&pinned);
}

void set_pinned(bool value)
{
	atomic_store(&pinned, value);
}

bool is_adrift(void)
{
	return atomic_load(&adrift);
}

void set_adrift(bool value)
{
	atomic_store(&adrift, value);
}
