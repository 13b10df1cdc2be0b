/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The places where flight records wait: a call that went wrong puts one there without blocking, a thread of policy writes
 * them to files. Where nobody writes them the last FLIGHT_PLACES stay in memory.
 *
 * Thread rule: record_flight() is async-signal-safe and for any thread; the rest is for policy, under the runtime's lock.
 */
#ifndef RUNTIME_FLIGHTS_H
#define RUNTIME_FLIGHTS_H

#include "runtime/flight.h"

enum { FLIGHT_PLACES = 16 };

/*
 * Makes the places, of `room` bytes each (FLIGHT_ROOM), whose memory is taken when it is touched; again: 0 at once. Before it
 * record_flight() records nothing. cpu, the model, is copied. TENON_ENOMEM.
 */
int prepare_flights(size_t room, const char *cpu, struct why *why);

/*
 * To be called before the call's kernel trips: who is woken by that then waits for its record. record_flight() or
 * forget_flight() must follow. Async-signal-safe.
 */
void announce_flight(void);
void forget_flight(void);

/*
 * Records the call, which was announced; facts: backend, version, build_id, path, statuses and signal are the caller's, the rest is filled in.
 * False: there is no place. The oldest record that waits makes room.
 */
bool record_flight(const struct flight_facts *facts, const struct flight_call *call);

/* Records that wait; all that were ever made; those that were lost for want of a place. */
unsigned count_flights(void);
uint64_t count_recorded_flights(void);
uint64_t count_lost_flights(void);

/* Copies record `number` of those that wait, oldest first; its size, 0 if there are not so many. */
size_t copy_flight(unsigned number, void *to, size_t room);

typedef void flight_written_fn(void *user, const char *path);

/*
 * Writes all that wait, or are announced and come within a second, to folder/flight-PID-N.tenon, mode 0600, each appearing
 * whole or not at all, and tells each of them, oldest first; the oldest files beyond FLIGHT_PLACES go. Returns 0, or
 * TENON_ESYSTEM with why; those that could not be written wait on.
 */
int write_flights(const char *folder, flight_written_fn *tell, void *user, struct why *why);

/* In a forked child: what waits is the parent's. */
void restart_flights(void);

#endif
