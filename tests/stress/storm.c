/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The smallest storm that a race detector needs: threads that call, one that swaps, one that rolls back, all answers
 * checked. storm_no_grace.c is the same without grace periods, which the thread sanitizer must notice.
 */
#include "build.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tests/live.h"

#define CALLERS 3
#define SWAPS 300

static atomic_bool stopping;
static atomic_int wrong;

static void *call(void *unused)
{
	while (!atomic_load(&stopping)) {
		float one = 1, score;
		const struct tenon_inner_product_args args = {&one, &one, 1, 1, 1, &score};
		struct tenon_call calls[] = {{TENON_ID_inner_product, 0, &args}};
		struct tenon_served served;
		bool ok = calls_work() && tenon_batch(calls, 1, &served) == TENON_OK && score == 1;
		atomic_fetch_add(&wrong, !ok);
	}
	return unused;
}

static void *roll_back(void *unused)
{
	while (!atomic_load(&stopping)) {
		tenon_rollback(TENON_ROLLBACK_PREVIOUS);
		get_status();
		sleep_ms(3);
	}
	return unused;
}

static bool swap_often(void)
{
	int completed = 0, status = TENON_OK;
	for (int tries = 0; completed < SWAPS && tries < 20 * SWAPS; tries++) {
		const char *names[] = {HOOKED_PLUGIN, "scalar", ODD_PLUGIN};
		status = tenon_swap(names[tries % 3], tries % 4 ? 0 : TENON_SWAP_COLD);
		completed += status == TENON_OK;
		if (status == TENON_EAGAIN)
			sleep_ms(1);
		else if (status != TENON_OK && status != TENON_EROLLEDBACK)
			break;
	}
	if (completed < SWAPS)
		printf("# %d swaps completed, then %s\n", completed, tenon_error_detail());
	return completed == SWAPS;
}

int main(void)
{
	pthread_t threads[CALLERS + 1];
	printf("1..1\n");
	bool ok = open_quietly() == TENON_OK;
	for (int i = 0; i <= CALLERS; i++)
		pthread_create(&threads[i], NULL, i < CALLERS ? call : roll_back, NULL);
	ok = swap_often() && ok;
	atomic_store(&stopping, true);
	for (int i = 0; i <= CALLERS; i++)
		pthread_join(threads[i], NULL);
	ok = tenon_close() == TENON_OK && atomic_load(&wrong) == 0 && ok;
	printf("%sok 1 - %d swaps among calls and rollbacks, %d wrong answers\n", ok ? "" : "not ", SWAPS,
	       atomic_load(&wrong));
	return ok ? 0 : 1;
}
