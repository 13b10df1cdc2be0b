/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rollbacks by hand that no event tells of yet; see untold.h. State: how many were told.
 */
#include "build.h"

#include "runtime/untold.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "runtime/load.h"
#include "runtime/log.h"
#include "runtime/publish.h"

static _Atomic uint64_t told;

static void name_serving(char name[BACKEND_NAME_SIZE])
{
	bool section;
	const struct table *table = enter_table(&section);
	snprintf(name, BACKEND_NAME_SIZE, "%s", table->selected ? table->selected->name : "mixed");
	leave_table(section);
}

void tell_rollbacks(void)
{
	char name[BACKEND_NAME_SIZE];
	uint64_t ordered = count_ordered_rollbacks(), before = atomic_load(&told);
	if (before == ordered || !atomic_compare_exchange_strong(&told, &before, ordered))
		return;
	name_serving(name);
	const struct facts *facts = FACTS(EVENT_rolled_back, .backend = name, .reason = "by hand");
	if (ordered - before == 1)
		log_event(TENON_LOG_WARN, facts, "rolled back by hand; %s serves now", name);
	else
		log_event(TENON_LOG_WARN, facts, "rolled back by hand %" PRIu64 " times; %s serves now",
			  ordered - before, name);
}
