/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Laws of the decay kernels over values and ages, by way of what their argument structs have in common. No state.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conform/law.h"

enum { MONOTONE_MAX = 300 };

/* What a law changes of a call; stabilities is NULL but for decay_two_component. */
struct fading {
	const float *values;
	const uint64_t *ages;
	const float *stabilities;
	size_t n;
	float *out;
};

static struct fading read_fading(const struct inquiry *q, const void *args)
{
	const struct tenon_decay_exponential_args *e = args; /* the others begin alike */
	const struct tenon_decay_power_law_args *p = args;
	const struct tenon_decay_two_component_args *c = args;
	if (q->kernel == KERNEL_decay_two_component)
		return (struct fading){c->values, c->ages, c->stabilities, c->n, c->out};
	return (struct fading){e->values, e->ages, NULL, e->n, q->kernel == KERNEL_decay_power_law ? p->out : e->out};
}

/* Calls with these arrays, the parameters being those of the first call; out is new. */
static void fade_again(struct inquiry *q, struct fading *f)
{
	union {
		struct tenon_decay_exponential_args e;
		struct tenon_decay_power_law_args p;
		struct tenon_decay_two_component_args c;
	} args;
	memcpy(&args, q->args, get_args_size(q->kernel));
	f->out = room_for_floats(q, f->n);
	if (q->kernel == KERNEL_decay_two_component) {
		args.c.values = f->values, args.c.ages = f->ages, args.c.stabilities = f->stabilities,
		args.c.out = f->out;
	} else {
		args.e.values = f->values, args.e.ages = f->ages;
		*(q->kernel == KERNEL_decay_power_law ? &args.p.out : &args.e.out) = f->out;
	}
	call_again(q, &args);
}

/* At age 0 a value comes back with all its bits, whatever the floor; an impossible stability has a NaN. */
static bool fresh_values_stay(struct inquiry *q)
{
	struct fading f = read_fading(q, q->args);
	uint64_t *ages = take_room(q->trial, f.n * sizeof *ages);
	float *due = room_for_floats(q, f.n);
	memset(ages, 0, f.n * sizeof *ages);
	for (size_t i = 0; i < f.n; i++)
		due[i] = f.stabilities && !(f.stabilities[i] > 0) ? NAN : f.values[i];
	f.ages = ages;
	fade_again(q, &f);
	return expect_floats(q, "values at age 0", f.out, due, f.n);
}

static int compare_ages(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* What is older is not stronger. */
static bool age_weakens(struct inquiry *q)
{
	struct fading f = read_fading(q, q->args);
	if (f.n > MONOTONE_MAX)
		return true;
	uint64_t *ages = copy_room(q, f.ages, f.n * sizeof *ages);
	float *values = room_for_floats(q, f.n), *stabilities = room_for_floats(q, f.n);
	qsort(ages, f.n, sizeof *ages, compare_ages);
	for (size_t i = 0; i < f.n; i++) {
		values[i] = 0.7f;
		stabilities[i] = f.stabilities && f.stabilities[0] > 0 ? f.stabilities[0] : 1;
	}
	f = (struct fading){values, ages, f.stabilities ? stabilities : NULL, f.n, NULL};
	fade_again(q, &f);
	for (size_t i = 1; i < f.n; i++)
		if (!(f.out[i] <= f.out[i - 1]))
			return break_law(q, "0.7 is %a at age %ju, and %a at age %ju", (double)f.out[i - 1],
					 (uintmax_t)ages[i - 1], (double)f.out[i], (uintmax_t)ages[i]);
	return true;
}

static bool elements_permute(struct inquiry *q)
{
	struct fading first = read_fading(q, q->args), f = first;
	float *values = room_for_floats(q, f.n), *stabilities = room_for_floats(q, f.n), *due = room_for_floats(q, f.n);
	uint64_t *ages = take_room(q->trial, f.n * sizeof *ages);
	for (size_t i = 0; i < f.n; i++) {
		values[i] = f.values[f.n - 1 - i];
		ages[i] = f.ages[f.n - 1 - i];
		stabilities[i] = f.stabilities ? f.stabilities[f.n - 1 - i] : 0;
		due[i] = first.out[f.n - 1 - i];
	}
	f = (struct fading){values, ages, f.stabilities ? stabilities : NULL, f.n, NULL};
	fade_again(q, &f);
	return expect_floats(q, "values in reverse", f.out, due, f.n);
}

const struct law laws_of_decay[] = {
	{CHECK_LAW_IDENTITY, true, fresh_values_stay},
	{CHECK_LAW_MONOTONY, false, age_weakens},
	{CHECK_LAW_PERMUTATION, false, elements_permute},
	{CHECK_NONE, false, NULL},
};
