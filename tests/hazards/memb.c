/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A host with another flavour of liburcu; in a file of its own, because the headers of two flavours do not mix.
 */
#include "build.h"

#define URCU_API_MAP
#include <urcu/urcu-memb.h>

#include "tests/hazards/hazards.h"

static void *use_memb(void *unused)
{
	urcu_memb_register_thread();
	for (int i = 0; i < 200; i++) {
		urcu_memb_read_lock();
		CHECK(calls_work());
		urcu_memb_read_unlock();
	}
	urcu_memb_unregister_thread();
	return unused;
}

void hazard_host_uses_memb(void)
{
	pthread_t thread;
	urcu_memb_register_thread(); /* before us */
	CHECK(open_quietly() == TENON_OK);
	for (int i = 0; i < 20; i++) {
		CHECK(pthread_create(&thread, NULL, use_memb, NULL) == 0);
		CHECK(tenon_swap(i % 2 ? HOOKED_PLUGIN : ODD_PLUGIN, TENON_SWAP_COLD) == TENON_OK);
		urcu_memb_synchronize_rcu();
		CHECK(pthread_join(thread, NULL) == 0);
	}
	check_everything_unloads();
	urcu_memb_unregister_thread();
}
