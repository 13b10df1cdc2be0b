/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cases of the decay family: fresh and ancient ages among ordinary ones, with and without a floor.
 */
#include <math.h>

#include "tools/cases/cases.h"

static const struct shape {
	size_t n;
	float tau, floor;
} shapes[] = {{1000, 86400, -INFINITY}, {37, 3600, 0.05f}};

static uint64_t *take_ages(struct case_set *set, size_t n, uint64_t stream)
{
	static const uint64_t special[] = {0, 1, ((uint64_t)1 << 24) + 1, UINT64_MAX};
	uint64_t *ages = take_memory(set, n * sizeof *ages);
	for (size_t i = 0; ages && i < n; i++)
		ages[i] = i % 9 ? mix_bits(stream, i) % 1000000 : special[i / 9 % 4];
	return ages;
}

bool make_decay_exponential_cases(struct case_set *set)
{
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		const struct shape *shape = &shapes[i];
		size_t size = shape->n * sizeof(float);
		struct tenon_decay_exponential_args args = {
			.values = take_floats(set, shape->n, 80 + i),
			.ages = take_ages(set, shape->n, 90 + i),
			.n = shape->n,
			.tau = shape->tau,
			.floor = shape->floor,
			.out = take_memory(set, size),
		};
		if (!args.values || !args.ages || !args.out ||
		    !add_case(set, TENON_ID_decay_exponential, &args, sizeof args, args.out, size))
			return false;
	}
	return true;
}

bool make_decay_power_law_cases(struct case_set *set)
{
	static const struct law {
		size_t n;
		float t0, beta, floor;
	} laws[] = {{1000, 3600, 0.5f, -INFINITY}, {37, 1, 1.4f, 0.05f}};
	for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
		size_t size = laws[i].n * sizeof(float);
		struct tenon_decay_power_law_args args = {
			.values = take_floats(set, laws[i].n, 82 + i),
			.ages = take_ages(set, laws[i].n, 92 + i),
			.n = laws[i].n,
			.t0 = laws[i].t0,
			.beta = laws[i].beta,
			.floor = laws[i].floor,
			.out = take_memory(set, size),
		};
		if (!args.values || !args.ages || !args.out ||
		    !add_case(set, TENON_ID_decay_power_law, &args, sizeof args, args.out, size))
			return false;
	}
	return true;
}

/* From a minute to ten days. */
static float *take_stabilities(struct case_set *set, size_t n, uint64_t stream)
{
	float *stabilities = take_memory(set, n * sizeof *stabilities);
	for (size_t i = 0; stabilities && i < n; i++)
		stabilities[i] = 60.0f + (float)(mix_bits(stream, i) % 864000);
	return stabilities;
}

bool make_decay_two_component_cases(struct case_set *set)
{
	static const size_t sizes[] = {1000, 37};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		size_t n = sizes[i], size = n * sizeof(float);
		struct tenon_decay_two_component_args args = {
			.values = take_floats(set, n, 84 + i),
			.ages = take_ages(set, n, 94 + i),
			.stabilities = take_stabilities(set, n, 96 + i),
			.n = n,
			.base = 0.9f,
			.floor = i ? 0.05f : -INFINITY,
			.out = take_memory(set, size),
		};
		if (!args.values || !args.ages || !args.stabilities || !args.out ||
		    !add_case(set, TENON_ID_decay_two_component, &args, sizeof args, args.out, size))
			return false;
	}
	return true;
}
