/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The results of the races of this process, in the order in which they were run. One thread.
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/run.h"

static struct result *results;
static size_t result_count, capacity;

void record_result(const struct result *result)
{
	if (result_count == capacity) {
		capacity = capacity ? 2 * capacity : 64;
		struct result *larger = realloc(results, capacity * sizeof *results);
		if (!larger) {
			fprintf(stderr, "tenon bench: out of memory for results\n");
			exit(3);
		}
		results = larger;
	}
	results[result_count++] = *result;
}

const struct result *list_results(size_t *count)
{
	*count = result_count;
	return results;
}

const struct result *find_result(const char *kernel, const char *shape, const char *name)
{
	for (size_t i = 0; i < result_count; i++)
		if (strcmp(results[i].kernel, kernel) == 0 && strcmp(results[i].shape, shape) == 0 &&
		    strcmp(results[i].name, name) == 0)
			return &results[i];
	return NULL;
}

const struct rival *find_rival(const struct result *result, const char *name, enum role role)
{
	for (size_t i = 0; i < result->rival_count; i++)
		if (name ? strcmp(result->rivals[i].name, name) == 0 : result->rivals[i].role == role)
			return &result->rivals[i];
	return NULL;
}

void say(const char *format, ...)
{
	va_list list;
	if (!plan.out)
		return;
	va_start(list, format);
	vfprintf(plan.out, format, list);
	va_end(list);
}

void record_time(const char *kernel, const char *shape, const char *what, double median, double deviation)
{
	struct result result = {.role = ROLE_BACKEND,
				.timing = {median, deviation, {NAN, NAN}, 1},
				.counts = {NAN, NAN, NAN},
				.gb_per_s = NAN,
				.ratio_scalar = NAN,
				.ratio_limit = NAN};
	snprintf(result.kernel, sizeof result.kernel, "%s", kernel);
	snprintf(result.shape, sizeof result.shape, "%s", shape);
	snprintf(result.name, sizeof result.name, "%s", what);
	const struct result *last = result_count ? &results[result_count - 1] : &result;
	if (strcmp(last->kernel, kernel) != 0 || strcmp(last->shape, shape) != 0 || !result_count)
		say("\n%s %s\n", kernel, shape);
	say("  %-22s %13.*f\n", what, median < 100 ? 2 : 1, median);
	record_result(&result);
}
