/* SPDX-License-Identifier: 0BSD
 *
 * live PLUGIN NAME: a host under load. One thread calls inner_product without a pause and compares every bit with what
 * the reference gave; meanwhile the plugin is swapped in and taken back. Exit status: 0, 1, or 77 if only this CPU is
 * in the way.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tenon/tenon.h>

enum { DIM = 100, ROWS = 16, SWAPS = 20, CALLS = 200 };

static float query[DIM], rows[ROWS * DIM], expected[ROWS];
static atomic_ulong calls, wrong;
static atomic_int stopping;

static int call(float *scores)
{
	struct tenon_inner_product_args args = {query, rows, ROWS, DIM, DIM, scores};
	return tenon_inner_product(&args);
}

static void *serve(void *unused)
{
	while (!atomic_load(&stopping)) {
		float scores[ROWS] = {0};
		if (call(scores) != TENON_OK || memcmp(scores, expected, sizeof scores) != 0)
			atomic_fetch_add(&wrong, 1);
		atomic_fetch_add(&calls, 1);
	}
	return unused;
}

/* Until the thread has made a few calls on what serves now. */
static void wait_for_calls(void)
{
	unsigned long begin = atomic_load(&calls);
	while (atomic_load(&calls) - begin < CALLS)
		;
}

static int swap_all(const char *plugin, const char *name)
{
	for (int i = 0; i < SWAPS; i++) {
		char serving[32];
		int status = tenon_swap(plugin, i % 2 ? TENON_SWAP_COLD : 0);
		if (status != TENON_OK) {
			printf("%s\n", tenon_error_detail());
			return status == TENON_EUNSUPPORTED ? 77 : 1;
		}
		tenon_kernel_backend(TENON_ID_inner_product, serving, sizeof serving);
		if (strcmp(serving, name) != 0) {
			printf("inner_product is served by %s, not by %s\n", serving, name);
			return 1;
		}
		wait_for_calls();
		tenon_rollback(TENON_ROLLBACK_SCALAR);
		wait_for_calls();
	}
	return 0;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	if (argc != 3)
		return fprintf(stderr, "usage: live PLUGIN NAME\n"), 2;
	for (int i = 0; i < DIM; i++)
		query[i] = (float)(i % 7) / 3 - 1;
	for (int i = 0; i < ROWS * DIM; i++)
		rows[i] = (float)(i % 11) / 5 - 1;
	call(expected); /* by the reference: the runtime is not open yet */
	if (setenv("TENON_BACKEND", "scalar", 1) || tenon_open(NULL) != TENON_OK ||
	    pthread_create(&thread, NULL, serve, NULL))
		return printf("cannot begin: %s\n", tenon_error_detail()), 1;
	int code = swap_all(argv[1], argv[2]);
	atomic_store(&stopping, 1);
	pthread_join(thread, NULL);
	tenon_close();
	printf("%lu calls, %lu wrong\n", atomic_load(&calls), atomic_load(&wrong));
	return atomic_load(&wrong) ? 1 : code;
}
