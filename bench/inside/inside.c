/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The module of inside.h. It uses the runtime's own inline functions, not copies of them. One thread, and a watcher on
 * another core while time_sight() runs.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "runtime/count.h"
#include "runtime/load.h"
#include "runtime/probe.h"
#include "runtime/publish.h"
#include "runtime/public.h"
#include "runtime/table.h"

#include "bench/inside.h"

/* ---- Calls of nothing -------------------------------------------------------------------------------------------- */

static int do_nothing(const void *args, void *scratch)
{
	(void)args;
	(void)scratch;
	return TENON_OK;
}

static const struct table empty = {.function = {[KERNEL_vector_similarity] = do_nothing}};
static const struct table twin = {.generation = 1, .function = {[KERNEL_vector_similarity] = do_nothing}};
static tenon_kernel_fn *volatile plain = do_nothing;

/* Eight calls a turn: a loop around one empty call is mostly loop, and can come out dearer than the loop around more. */
#define EIGHT_TIMES(call) call, call, call, call, call, call, call, call

static void run_plain(void *context, size_t times)
{
	for (size_t i = 0; i < times; i += 8)
		EIGHT_TIMES(plain(context, NULL));
}

static __attribute__((always_inline)) inline void dispatch(const void *args)
{
	bool section;
	const struct table *table = enter_table(&section);
	table->function[KERNEL_vector_similarity](args, NULL);
	leave_table(section);
}

static void run_dispatch(void *context, size_t times)
{
	atomic_store(&active_table, &empty);
	for (size_t i = 0; i < times; i += 8)
		EIGHT_TIMES(dispatch(context));
}

/* As a published table has it: count_table() knows the functions by their image. */
static struct table counted;

static bool make_counted(void)
{
	static struct image image = {.name = "bench"};
	struct why why;
	for (int i = 0; i < KERNEL_COUNT; i++) {
		image.function[i] = counted.function[i] = do_nothing;
		counted.image[i] = &image;
	}
	if (set_counting(true, &why) == TENON_OK && count_table(&counted, &why) == TENON_OK)
		return true;
	fprintf(stderr, "tenon bench: %s\n", why.text);
	return false;
}

static void run_counted(void *context, size_t times)
{
	atomic_store(&active_table, &counted);
	for (size_t i = 0; i < times; i += 8)
		EIGHT_TIMES(dispatch(context));
}

/* ---- On probation ------------------------------------------------------------------------------------------------ */

struct pair {
	struct table table;
	const void *args;
};

/* Counted, sampled, half of it canary, one of 1024 calls compared with scalar. */
static bool make_pair(tenon_kernel_fn *function, const void *args, enum inside_table kind, void **pair)
{
	static struct pair pairs[TABLE_KINDS];
	struct table composition = scalar_table, probed;
	struct why why;
	const struct probe_plan plan = {.shadow = 1024, .timing = true, .guard = kind == TABLE_GUARDED};
	composition.function[KERNEL_vector_similarity] = function;
	pairs[kind] = (struct pair){composition, args};
	*pair = &pairs[kind];
	if (kind == TABLE_PLAIN)
		return true;
	if (make_probe(&composition, &composition, &plan, &probed, &why)) {
		fprintf(stderr, "tenon bench: %s\n", why.text);
		return false;
	}
	set_probe_share(probed.probe, 50);
	pairs[kind].table = kind == TABLE_PROMOTED ? *plain_of(&probed) : probed;
	return true;
}

static void run_pair(void *any, size_t times)
{
	const struct pair *pair = any;
	atomic_store(&active_table, &pair->table);
	for (size_t i = 0; i < times; i += 8)
		EIGHT_TIMES(dispatch(pair->args));
}

/* ---- Changes of tables ------------------------------------------------------------------------------------------- */

static void run_publish(void *context, size_t times)
{
	uint64_t vetoes;
	struct why why;
	(void)context;
	if (begin_swap(&vetoes, &why))
		return;
	for (size_t i = 0; i < times; i++)
		finish_swap(vetoes, i % 2 ? &empty : &twin, PUBLISH_STEP, &why);
}

static void run_rollback(void *context, size_t times)
{
	(void)context;
	for (size_t i = 0; i < times; i++)
		roll_back(TENON_ROLLBACK_PREVIOUS);
}

/* ---- Seen by another core ---------------------------------------------------------------------------------------- */

static _Atomic double seen_at;
static atomic_bool watching, seen;

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void *watch(void *unused)
{
	while (atomic_load(&watching)) {
		bool section;
		const struct table *table = enter_table(&section);
		leave_table(section);
		if (table != &twin || atomic_load(&seen))
			continue;
		atomic_store(&seen_at, now());
		atomic_store(&seen, true);
	}
	return unused;
}

static bool start_watcher(pthread_t *thread)
{
	pthread_attr_t attributes;
	cpu_set_t set;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	CPU_ZERO(&set);
	CPU_SET((sched_getcpu() + 1) % (int)cpus, &set);
	pthread_attr_init(&attributes);
	pthread_attr_setaffinity_np(&attributes, sizeof set, &set);
	atomic_store(&watching, true);
	bool good = cpus > 1 && pthread_create(thread, &attributes, watch, NULL) == 0;
	pthread_attr_destroy(&attributes);
	return good;
}

static bool time_sight(double *delays, size_t count)
{
	pthread_t thread;
	uint64_t vetoes;
	struct why why;
	roll_back(TENON_ROLLBACK_SCALAR);
	if (!start_watcher(&thread))
		return false;
	for (size_t i = 0; i < count; i++) {
		atomic_store(&seen, false);
		begin_swap(&vetoes, &why); /* cannot fail: no other thread rolls back */
		double start = now();
		finish_swap(vetoes, &twin, PUBLISH_STEP, &why);
		while (!atomic_load(&seen))
			;
		delays[i] = atomic_load(&seen_at) - start;
		roll_back(TENON_ROLLBACK_SCALAR);
	}
	atomic_store(&watching, false);
	pthread_join(thread, NULL);
	return true;
}

TENON_PUBLIC const struct inside tenon_bench_inside = {
	run_plain, run_dispatch, make_counted, run_counted, run_publish, run_rollback, make_pair, run_pair, time_sight};
