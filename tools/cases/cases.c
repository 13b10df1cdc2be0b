/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Sets of kernel calls on fixed inputs, and the comparison of their outputs, bit for bit. A set belongs to one thread at
 * a time.
 */
#include "tools/cases/cases.h"

#include <stdlib.h>
#include <string.h>

#include "tools/random.h"

#define POISON 0xa5

struct held {
	struct held *next;
	void *object;
	void (*release)(void *object);
};

struct case_set {
	struct kernel_case *list;
	size_t count;
	struct held *held;
	bool borrowed; /* the expected answers are another set's */
};

/* ---- Making ------------------------------------------------------------------------------------------------------ */

bool hold_object(struct case_set *set, void *object, void (*release)(void *object))
{
	struct held *held = object ? malloc(sizeof *held) : NULL;
	if (!held) {
		if (object)
			release(object);
		return false;
	}
	*held = (struct held){set->held, object, release};
	set->held = held;
	return true;
}

void *take_memory(struct case_set *set, size_t size)
{
	void *memory = aligned_alloc(64, (size + 63) / 64 * 64);
	return hold_object(set, memory, free) ? memory : NULL;
}

bool add_case(struct case_set *set, uint32_t kernel, const void *args, size_t args_size, void *output, size_t size)
{
	void *copy = take_memory(set, args_size);
	struct kernel_case *larger = copy ? realloc(set->list, (set->count + 1) * sizeof *larger) : NULL;
	if (!larger)
		return false;
	memcpy(copy, args, args_size);
	set->list = larger;
	larger[set->count++] = (struct kernel_case){.kernel = kernel, .args = copy, .output = output, .size = size};
	return true;
}

uint64_t mix_bits(uint64_t stream, uint64_t index)
{
	uint64_t state = (stream << 40) + index;
	return next_random(&state);
}

float *take_floats(struct case_set *set, size_t count, uint64_t stream)
{
	float *values = take_memory(set, count * sizeof *values);
	for (size_t i = 0; values && i < count; i++)
		values[i] = (float)(int32_t)(mix_bits(stream, i) >> 32) * 0x1p-31f;
	return values;
}

struct case_set *make_cases(void)
{
	struct case_set *set = calloc(1, sizeof *set);
	bool good = set != NULL;
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, members) good = good && make_##name##_cases(set);
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG
	if (good)
		return set;
	free_cases(set);
	return NULL;
}

void free_cases(struct case_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count && !set->borrowed; i++)
		free(set->list[i].expected);
	while (set->held) { /* newest first: what came later may use what came before */
		struct held *held = set->held;
		set->held = held->next;
		held->release(held->object);
		free(held);
	}
	free(set->list);
	free(set);
}

size_t count_cases(const struct case_set *set)
{
	return set->count;
}

struct kernel_case *get_case(struct case_set *set, size_t number)
{
	return &set->list[number];
}

/* ---- Calling ----------------------------------------------------------------------------------------------------- */

void reset_case(struct kernel_case *c)
{
	if (c->initial)
		memcpy(c->output, c->initial, c->size);
	else
		memset(c->output, POISON, c->size);
}

int call_case(const struct kernel_case *c)
{
	switch (c->kernel) {
#define TENON_ARG(type, member)
#define TENON_KERNEL(id, name, scratch, members) \
	case id:                                 \
		return tenon_##name(c->args);
#include <tenon/kernels.def>
#undef TENON_KERNEL
#undef TENON_ARG
	}
	return TENON_EINVAL;
}

size_t find_difference(const struct kernel_case *c)
{
	size_t at = 0;
	if (memcmp(c->output, c->expected, c->size) == 0)
		return c->size;
	while (c->output[at] == c->expected[at])
		at++;
	return at;
}

bool learn_cases(struct case_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		struct kernel_case *c = &set->list[i];
		c->expected = malloc(c->size);
		if (!c->expected)
			return false;
		reset_case(c);
		c->status = call_case(c);
		memcpy(c->expected, c->output, c->size);
	}
	return true;
}

void share_answers(struct case_set *set, const struct case_set *learned)
{
	set->borrowed = true;
	for (size_t i = 0; i < set->count; i++) {
		set->list[i].expected = learned->list[i].expected;
		set->list[i].status = learned->list[i].status;
	}
}
