/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A host under load, for the tests of the operator path: threads call kernels without a pause and compare every bit.
 *
 *     host CONFIG [THREADS [SECONDS]]
 *
 * Prints "ready PID", then "serving BACKEND generation N" whenever a batch was served by another table than the last one
 * printed, until SIGTERM or SECONDS (120) are over; then "calls N wrong N failed N". At SIGUSR1, if the hooked plugin serves,
 * a thread goes into a kernel, prints "stalled TID" and stays there until SIGUSR2. At the first SIGHUP it takes 95 % of its
 * main thread's arena, at the second as much again, which is not there. At SIGWINCH its threads end,
 * it prints "paused calls N", and the runtime stays open.
 */
#include "build.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>
#include <time.h>
#include <unistd.h>

#include "tests/plugins/hooked.h"

#define DIM 100
#define COUNT 16
#define THREADS_MAX 64

static float query[DIM], rows[COUNT * DIM], expected[COUNT];
static volatile sig_atomic_t told_to_stop, told_to_stall, told_to_fill, told_to_pause;
static atomic_bool stopping, released;
static _Atomic uint64_t calls, wrong, failed, latest = UINT64_MAX;
static pthread_mutex_t printing = PTHREAD_MUTEX_INITIALIZER;

static void take_order(int signal_number)
{
	if (signal_number == SIGTERM)
		told_to_stop = 1;
	if (signal_number == SIGUSR1)
		told_to_stall = 1;
	if (signal_number == SIGHUP)
		told_to_fill = 1;
	if (signal_number == SIGWINCH)
		told_to_pause = 1;
	if (signal_number == SIGUSR2 || signal_number == SIGTERM)
		atomic_store(&released, true);
}

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

static void stay(void *argument)
{
	(void)argument;
	printf("stalled %d\n", (int)gettid());
	fflush(stdout);
	while (!atomic_load(&released))
		nap();
}

static void *stall(void *argument)
{
	call_hooked(stay, argument);
	return NULL;
}

static void print_log(enum tenon_log_level level, const char *line, void *user)
{
	(void)user;
	fprintf(stderr, "log %d %s\n", (int)level, line);
}

static struct tenon_inner_product_args describe(float *scores)
{
	return (struct tenon_inner_product_args){
		.query = query, .rows = rows, .count = COUNT, .dim = DIM, .stride = DIM, .scores = scores};
}

static void announce(const struct tenon_served *served)
{
	pthread_mutex_lock(&printing);
	if (served->generation != atomic_load(&latest)) {
		atomic_store(&latest, served->generation);
		printf("serving %s generation %" PRIu64 "\n", served->backend, served->generation);
		fflush(stdout);
	}
	pthread_mutex_unlock(&printing);
}

static void *serve(void *argument)
{
	(void)argument;
	while (!atomic_load_explicit(&stopping, memory_order_relaxed)) {
		float scores[COUNT] = {0};
		struct tenon_served served;
		struct tenon_inner_product_args args = describe(scores);
		struct tenon_call call = {.kernel = TENON_ID_inner_product, .args = &args};
		if (tenon_batch(&call, 1, &served) != TENON_OK)
			atomic_fetch_add(&failed, 1);
		else if (memcmp(scores, expected, sizeof scores) != 0)
			atomic_fetch_add(&wrong, 1);
		atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
		if (served.generation != atomic_load_explicit(&latest, memory_order_relaxed))
			announce(&served);
	}
	return NULL;
}

static void fill(void)
{
	for (int i = 0; i < DIM; i++)
		query[i] = (float)(i % 7) / 3 - 1;
	for (int i = 0; i < COUNT * DIM; i++)
		rows[i] = (float)(i % 11) / 5 - 1;
	struct tenon_inner_product_args args = describe(expected);
	tenon_inner_product(&args); /* by scalar: the runtime is not open yet */
}

static void fill_arena(void)
{
	struct tenon_arena_stats stats = {0};
	void *memory;
	told_to_fill = 0;
	tenon_arena_alloc(1, &memory);
	tenon_arena_stats_get(&stats);
	int status = tenon_arena_alloc(stats.size / 100 * 95, &memory);
	printf("filled %d\n", status);
	fflush(stdout);
}

static void pause_threads(pthread_t *thread, int threads)
{
	atomic_store(&stopping, true);
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	printf("paused calls %" PRIu64 "\n", atomic_load(&calls));
	fflush(stdout);
}

static int run(int threads, int seconds)
{
	pthread_t thread[THREADS_MAX], stalled;
	bool has_stalled = false;
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, serve, NULL))
			return 1;
	for (int naps = 0; !told_to_stop && naps < seconds * 50; naps++) { /* a forgotten host ends by itself */
		if (told_to_stall && !has_stalled)
			has_stalled = pthread_create(&stalled, NULL, stall, NULL) == 0;
		if (told_to_fill)
			fill_arena();
		if (told_to_pause && threads) {
			pause_threads(thread, threads);
			threads = 0;
		}
		nap();
	}
	atomic_store(&stopping, true);
	atomic_store(&released, true);
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	if (has_stalled)
		pthread_join(stalled, NULL);
	return 0;
}

int main(int argc, char **argv)
{
	int threads = argc > 2 ? atoi(argv[2]) : 2;
	if (argc < 2 || threads < 0 || threads > THREADS_MAX)
		return 2;
	struct sigaction action = {.sa_handler = take_order};
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGWINCH, &action, NULL);
	fill();
	tenon_log_set(print_log, NULL);
	if (tenon_open(argv[1]) != TENON_OK) {
		fprintf(stderr, "%s\n", tenon_error_detail());
		return 1;
	}
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	int code = run(threads, argc > 3 ? atoi(argv[3]) : 120);
	tenon_close();
	printf("calls %" PRIu64 " wrong %" PRIu64 " failed %" PRIu64 "\n", atomic_load(&calls), atomic_load(&wrong),
	       atomic_load(&failed));
	return code;
}
