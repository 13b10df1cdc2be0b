/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The topics, the plan, and the backends that they time. One thread.
 */
#include "bench/run.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/load.h"

struct backend backends[BACKENDS_MAX];
size_t backend_count;
struct plan plan;

/* ---- The plan ---------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	bool (*run)(void);
} topics[] = {
#define TOPIC(name) {#name, bench_##name},
#include "bench/topics.def"
#undef TOPIC
};

const char *const topic_names[] = {
#define TOPIC(name) #name,
#include "bench/topics.def"
#undef TOPIC
};
const size_t topic_count = sizeof topics / sizeof topics[0];

bool is_listed(const char *list, const char *name)
{
	size_t length = strlen(name);
	for (const char *word = list; word && *word; word += strcspn(word, ","), word += *word == ',')
		if (strcspn(word, ",") == length && strncmp(word, name, length) == 0)
			return true;
	return !list;
}

bool find_stranger(const char *list, const char *const *names, size_t count, char *word, size_t size)
{
	for (const char *at = list; at && *at; at += strcspn(at, ","), at += *at == ',') {
		size_t i = 0;
		snprintf(word, size, "%.*s", (int)strcspn(at, ","), at);
		while (i < count && strcmp(names[i], word) != 0)
			i++;
		if (i == count)
			return true;
	}
	return false;
}

static bool is_goal(const char *kernel, const char *shape)
{
	for (size_t i = 0; i < goal_count; i++)
		if (strcmp(goals[i].kernel, kernel) == 0 && strcmp(goals[i].shape, shape) == 0)
			return true;
	return false;
}

bool is_wanted(const char *kernel, const char *shape)
{
	if (plan.race && find_kernel_name(kernel) < 0)
		return false;
	return is_listed(plan.kernels, kernel) && (!plan.figures || is_goal(kernel, shape));
}

bool run_topics(void)
{
	bool good = true;
	for (size_t i = 0; i < topic_count; i++)
		if (is_listed(plan.topics, topics[i].name))
			good = topics[i].run() && good;
	return good;
}

/* ---- Backends ---------------------------------------------------------------------------------------------------- */

static struct config config;

static int by_rank(const void *a, const void *b)
{
	return ((const struct candidate *)a)->rank - ((const struct candidate *)b)->rank;
}

static bool map_backend(const struct cpu *cpu, struct backend *backend, struct why *why)
{
	if (load_image(&config, cpu, &backend->candidate, PROVE_NOT, &backend->image, why))
		return false;
	backend->function = backend->image->function;
	return true;
}

bool load_backend(const struct cpu *cpu, const char *path, struct backend *backend, struct why *why)
{
	*backend = (struct backend){0};
	return resolve_backend(&config, cpu, path, &backend->candidate, why) == 0 && map_backend(cpu, backend, why);
}

static void add_backend(const struct cpu *cpu, const struct candidate *candidate)
{
	struct backend *backend = &backends[backend_count];
	struct why why = candidate->why;
	if (strcmp(candidate->name, "scalar") == 0 || !is_listed(plan.backends, candidate->name))
		return;
	*backend = (struct backend){.candidate = *candidate};
	if (backend_count < BACKENDS_MAX && candidate->status == 0 && map_backend(cpu, backend, &why))
		backend_count++;
	else
		fprintf(stderr, "tenon %s: without %s: %s\n", plan.command ? plan.command : "bench", candidate->name,
			backend_count < BACKENDS_MAX ? why.text : "too many backends; choose some with --backend");
}

bool collect_backends(const struct config *given, const struct cpu *cpu, struct why *why)
{
	struct candidate *list;
	size_t count;
	if (given)
		config = *given;
	if ((!given && load_config(&config, NULL, why)) || find_backends(&config, cpu, &list, &count, why))
		return false;
	qsort(list, count, sizeof *list, by_rank);
	backends[0] = (struct backend){.candidate = {.name = "scalar"}, .function = scalar_image.function};
	backend_count = 1;
	for (size_t i = 0; i < count; i++)
		add_backend(cpu, &list[i]);
	free(list);
	return true;
}

void release_backends(void)
{
	while (backend_count > 0)
		if (backends[--backend_count].image)
			unload_image(backends[backend_count].image, NULL);
	close_stage();
}
