/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Flight records as the runtime keeps them: the state directory, and the events that say so. For the thread of rollout.c,
 * which waits for files so that no call does; without the runtime's lock.
 */
#ifndef RUNTIME_FLIGHT_STORE_H
#define RUNTIME_FLIGHT_STORE_H

/* Before calls are compared or guarded. Records are help, not more: without memory for them there are none. */
void prepare_flight_store(void);

/* Writes the records of calls that went wrong, if there are any, and tells where they are. */
void store_flights(void);

/* In a forked child. */
void restart_flight_store(void);

#endif
