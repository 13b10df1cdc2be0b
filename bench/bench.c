/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The bench: opens the runtime, collects the kernels of every usable backend, pins itself and runs the topics. The timer
 * lives here too. `make bench` builds and runs it; `bench TOPIC...` runs some. One thread.
 */
#define _GNU_SOURCE
#include "bench/bench.h"

#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>
#include <time.h>

#include "runtime/config.h"
#include "runtime/cpu.h"
#include "runtime/find.h"
#include "runtime/table.h"

struct backend backends[CONTENDERS_MAX];
size_t backend_count;

/* swap stays last: its cold swaps unload the images that backends[] points into. */
static const struct {
	const char *name;
	bool (*run)(void);
} topics[] = {
	{"decay", bench_decay},
	{"dispatch", bench_dispatch},
	{"similarity", bench_similarity},
	{"spread", bench_spread},
	{"swap", bench_swap},
};

/* ---- Timer ------------------------------------------------------------------------------------------------------- */

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static double median(double values[ROUNDS])
{
	qsort(values, ROUNDS, sizeof *values, by_value);
	return values[ROUNDS / 2];
}

static double time_run(const struct contender *contender, size_t times)
{
	double start = now();
	contender->run(contender->context, times);
	return now() - start;
}

static size_t calibrate(const struct contender *contender, double nanoseconds)
{
	size_t times = 1;
	while (time_run(contender, times) < nanoseconds && times < (size_t)1 << 40)
		times *= 2;
	return times;
}

void time_contenders(struct contender *list, size_t count, double nanoseconds)
{
	static double rounds[CONTENDERS_MAX][ROUNDS];
	size_t times[CONTENDERS_MAX];
	for (size_t i = 0; i < count; i++)
		times[i] = calibrate(&list[i], nanoseconds);
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < count; i++)
			rounds[i][round] = time_run(&list[i], times[i]) / (double)times[i];
	for (size_t i = 0; i < count; i++) {
		list[i].median = median(rounds[i]);
		for (int round = 0; round < ROUNDS; round++)
			rounds[i][round] = fabs(rounds[i][round] - list[i].median);
		list[i].deviation = median(rounds[i]);
	}
}

/* ---- What is timed ----------------------------------------------------------------------------------------------- */

void run_call(void *context, size_t times)
{
	const struct call *call = context;
	for (size_t i = 0; i < times; i++)
		call->function(call->args, call->scratch);
}

/* After a swap the active table holds this backend's functions; images stay warm, so they stay valid. */
static void add_backend(const char *name)
{
	if (backend_count == CONTENDERS_MAX || tenon_swap(name, 0)) {
		fprintf(stderr, "bench: without %s: %s\n", name, tenon_error_detail());
		return;
	}
	const struct table *table = atomic_load(&active_table);
	struct backend *backend = &backends[backend_count++];
	snprintf(backend->name, sizeof backend->name, "%s", name);
	memcpy(backend->function, table->function, sizeof table->function);
}

static int by_rank(const void *a, const void *b)
{
	return ((const struct candidate *)a)->rank - ((const struct candidate *)b)->rank;
}

static int collect_backends(void)
{
	static struct config config;
	struct cpu cpu;
	struct candidate *list;
	size_t count;
	struct why why;
	probe_cpu(&cpu);
	if (load_config(&config, NULL, &why) || find_backends(&config, &cpu, &list, &count, &why)) {
		fprintf(stderr, "bench: %s\n", why.text);
		return -1;
	}
	qsort(list, count, sizeof *list, by_rank);
	add_backend("scalar");
	for (size_t i = 0; i < count; i++)
		if (list[i].status == TENON_OK && strcmp(list[i].name, "scalar") != 0)
			add_backend(list[i].name);
		else if (list[i].status)
			fprintf(stderr, "bench: without %s\n", list[i].why.text);
	printf("%s %s\n", cpu.model, cpu.level);
	free(list);
	return 0;
}

static void pin_thread(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof set, &set);
}

static bool is_asked_for(const char *name, int argc, char **argv)
{
	bool asked = argc < 2;
	for (int i = 1; i < argc; i++)
		asked = asked || strcmp(argv[i], name) == 0;
	return asked;
}

int main(int argc, char **argv)
{
	bool conforms = true;
	if (tenon_open(NULL)) {
		fprintf(stderr, "bench: %s\n", tenon_error_detail());
		return 2;
	}
	pin_thread();
	if (collect_backends())
		return 2;
	for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
		if (is_asked_for(topics[i].name, argc, argv))
			conforms = topics[i].run() && conforms;
	tenon_close();
	return conforms ? 0 : 1;
}
