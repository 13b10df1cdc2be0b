/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The bench: opens the runtime, collects the kernels of every usable backend, pins itself and runs the topics. `make
 * bench` builds and runs it; `bench [--json] [TOPIC...]` runs some. One thread.
 */
#define _GNU_SOURCE
#include "bench/bench.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/tenon.h>

#include "runtime/config.h"
#include "runtime/cpu.h"
#include "runtime/find.h"
#include "runtime/table.h"

struct backend backends[BACKENDS_MAX];
size_t backend_count;

static const struct {
	const char *name;
	bool (*run)(void);
} topics[] = {
#define TOPIC(name) {#name, bench_##name},
#include "bench/topics.def"
#undef TOPIC
};
enum { TOPIC_COUNT = sizeof topics / sizeof topics[0] };

/* After a swap the active table holds this backend's functions; images stay warm, so they stay valid. */
static void add_backend(const char *name)
{
	if (backend_count == BACKENDS_MAX || tenon_swap(name, 0)) {
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

static struct cpu cpu;

static int collect_backends(void)
{
	static struct config config;
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

/* argv without the program and --json. Returns false for a topic that there is not. */
static bool choose_topics(int argc, char **argv, bool chosen[TOPIC_COUNT])
{
	for (size_t i = 0; i < TOPIC_COUNT; i++)
		chosen[i] = argc == 0;
	for (int a = 0; a < argc; a++) {
		size_t i = 0;
		while (i < TOPIC_COUNT && strcmp(topics[i].name, argv[a]) != 0)
			i++;
		if (i == TOPIC_COUNT)
			return false;
		chosen[i] = true;
	}
	return true;
}

static int print_usage(void)
{
	fputs("usage: bench [--json] [TOPIC...]; topics:", stderr);
	for (size_t i = 0; i < TOPIC_COUNT; i++)
		fprintf(stderr, " %s", topics[i].name);
	fputs("\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	bool json = argc > 1 && strcmp(argv[1], "--json") == 0, chosen[TOPIC_COUNT], conforms = true;
	if (!choose_topics(argc - 1 - json, argv + 1 + json, chosen))
		return print_usage();
	if (json && begin_json())
		return 2;
	if (tenon_open(NULL)) {
		fprintf(stderr, "bench: %s\n", tenon_error_detail());
		return 2;
	}
	pin_thread();
	if (collect_backends())
		return 2;
	for (size_t i = 0; i < TOPIC_COUNT; i++)
		if (chosen[i])
			conforms = topics[i].run() && conforms;
	tenon_close();
	if (json && end_json(cpu.model, cpu.level))
		return 2;
	return conforms ? 0 : 1;
}
