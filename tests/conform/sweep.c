/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The schedule of a profile; sweep.h says what it is. No state but the caller's.
 */
#include "tests/conform/sweep.h"

#include <time.h>

enum { RANDOM_FULL = 2000, RANDOM_STREAM = 0x72616e64 };

enum profile get_profile(const struct sweep *sweep)
{
	return sweep->profile;
}

static void visit_exactly(struct sweep *sweep, const struct point *point)
{
	if (!sweep->is_stopped)
		sweep->is_stopped = !sweep->visitor(sweep->user, point);
}

/* Half of the cases stand at a 64-byte boundary on the left, so that what is read before a buffer faults. */
void visit(struct sweep *sweep, struct point point)
{
	int64_t number = sweep->number++;
	point.at[AXIS_DATA] = number;
	if (!point.at[AXIS_OFFSET])
		point.at[AXIS_OFFSET] = number % 2 ? number / 2 % 16 : 0;
	visit_exactly(sweep, &point);
}

void visit_lengths(struct sweep *sweep, struct point point, int axis, int64_t from, int64_t most)
{
	static const int64_t primes[] = {10007, 65537, 1048583, 1299709};
	for (int64_t power = 2; power <= most; power *= 2)
		for (int64_t n = power - 1; n <= power + 1 && n <= most; n++)
			if (n >= from)
				point.at[axis] = n, visit(sweep, point);
	for (size_t i = 0; i < sizeof primes / sizeof *primes; i++)
		if (primes[i] >= from && primes[i] <= most)
			point.at[axis] = primes[i], visit(sweep, point);
}

/* ---- Random points ----------------------------------------------------------------------------------------------- */

/* Small values are frequent, and so is the least. */
static int64_t draw_value(const struct axis *axis, uint64_t random)
{
	uint64_t range = (uint64_t)(axis->most - axis->least) + 1;
	if (axis->words || range <= 16)
		return axis->least + (int64_t)((random >> 8) % range);
	uint64_t most = range;
	for (uint64_t halvings = random % 24; halvings && most > 8; halvings--)
		most /= 2;
	return axis->least + (int64_t)((random >> 8) % most);
}

static void visit_random(struct sweep *sweep, uint64_t number)
{
	struct point point = {{0}};
	uint64_t stream = make_stream(sweep->seed, RANDOM_STREAM, number, 0);
	for (int i = 0; sweep->spec->axes[i].name; i++)
		point.at[i] = draw_value(&sweep->spec->axes[i], draw_bits(stream, (uint64_t)i));
	point.at[AXIS_DATA] = sweep->number++;
	visit_exactly(sweep, &point);
}

static double get_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

bool run_sweep(struct sweep *sweep)
{
	double end = get_seconds() + sweep->seconds;
	sweep->number = 0;
	sweep->is_stopped = false;
	sweep->spec->sweep(sweep);
	for (uint64_t i = 0; sweep->profile != PROFILE_QUICK && !sweep->is_stopped; i++) {
		if (i >= RANDOM_FULL && (sweep->profile == PROFILE_FULL || get_seconds() >= end))
			break;
		visit_random(sweep, i);
	}
	return !sweep->is_stopped;
}
