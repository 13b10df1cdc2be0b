/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What happens to a child at the fork itself: as little as possible, async-signal-safe, no lock. A child made without
 * hooks (clone, vfork) is recognised by its process id, where it matters. tenon_after_fork() (open.c) does the rest.
 */
#include "build.h"

#include "runtime/fork.h"

#include <pthread.h>
#include <stdatomic.h>

#include "runtime/control.h"
#include "runtime/publish.h"
#include "runtime/scrape.h"
#include "runtime/watch.h"

static atomic_bool starts_scalar;

static void enter_child(void)
{
	abandon_control();
	abandon_scrape();
	abandon_watch();
	if (atomic_load(&starts_scalar))
		reset_publication();
}

static void install_hook(void)
{
	pthread_atfork(NULL, NULL, enter_child);
}

void watch_forks(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, install_hook);
}

void set_fork_policy(bool scalar)
{
	atomic_store(&starts_scalar, scalar);
}
