/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A process under load, for hazards that need one.
 */
#include "build.h"

#include "tests/hazards/hazards.h"

#define CALLERS 3

static atomic_bool stopping;
static pthread_t threads[CALLERS + 2];

static void *call(void *unused)
{
	(void)unused;
	while (!atomic_load(&stopping))
		CHECK(calls_work());
	return NULL;
}

static void *swap(void *unused)
{
	(void)unused;
	for (unsigned i = 0; !atomic_load(&stopping); i++) {
		const char *names[] = {HOOKED_PLUGIN, "scalar", ODD_PLUGIN};
		int status = tenon_swap(names[i % 3], i % 4 ? 0 : TENON_SWAP_COLD);
		CHECK(status == TENON_OK || status == TENON_EROLLEDBACK || status == TENON_EAGAIN);
	}
	return NULL;
}

static void *roll_back(void *unused)
{
	(void)unused;
	for (unsigned i = 0; !atomic_load(&stopping); i++) {
		tenon_rollback(i % 3 ? TENON_ROLLBACK_PREVIOUS : TENON_ROLLBACK_SCALAR);
		sleep_ms(1);
	}
	return NULL;
}

void start_load(void)
{
	atomic_store(&stopping, false);
	for (int i = 0; i < CALLERS + 2; i++) {
		void *(*run)(void *) = i < CALLERS ? call : i == CALLERS ? swap : roll_back;
		CHECK(pthread_create(&threads[i], NULL, run, NULL) == 0);
	}
	sleep_ms(20);
}

void stop_load(void)
{
	atomic_store(&stopping, true);
	for (int i = 0; i < CALLERS + 2; i++)
		pthread_join(threads[i], NULL);
}

void check_everything_unloads(void)
{
	CHECK(wait_until(get_status().images_pending == 0 && get_status().grace_period_age_ms == 0));
	CHECK(get_status().images_resident == 0);
	CHECK(tenon_close() == TENON_OK);
	CHECK(wait_until(get_status().images_loaded == 0));
	CHECK(count_mappings("tenon-stage-") == 0);
}
