/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owns the way of flight records to the state directory; flight_store.h says who calls it. State: what was told.
 */
#include "build.h"

#include "runtime/flight_store.h"

#include <limits.h>

#include "runtime/cpu.h"
#include "runtime/flights.h"
#include "runtime/log.h"
#include "runtime/quarantine.h"

static uint64_t told; /* so many records; the thread's own */

void prepare_flight_store(void)
{
	struct cpu cpu;
	struct why why;
	probe_cpu(&cpu);
	if (prepare_flights(FLIGHT_ROOM, cpu.model, &why))
		hold_event(TENON_LOG_WARN, FACTS(EVENT_trouble, .reason = why.text), "%s; what goes wrong leaves none",
			   why.text);
}

static void tell_written(void *user, const char *path)
{
	(void)user;
	hold_event(TENON_LOG_WARN, FACTS(EVENT_recorded), "flight record: %s; tenon verify --replay %s calls it again",
		   path, path);
}

static void write_to(const char *folder)
{
	struct why why = {0};
	if (write_flights(folder, tell_written, NULL, &why) && count_recorded_flights() != told)
		hold_event(TENON_LOG_WARN, FACTS(EVENT_trouble, .reason = why.text), "%s", why.text);
}

void store_flights(void)
{
	char folder[PATH_MAX], reason[300];
	report_state(folder, sizeof folder, reason, sizeof reason);
	if (folder[0])
		write_to(folder);
	else if (count_recorded_flights() != told)
		hold_event(TENON_LOG_WARN, FACTS(EVENT_recorded, .reason = reason),
			   "a flight record stays in memory, since there is no state directory: %s", reason);
	told = count_recorded_flights();
	tell_held_events();
}

void restart_flight_store(void)
{
	restart_flights();
}
