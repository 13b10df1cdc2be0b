/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Duels: each pair of competitors for a kernel, at each shape of the bench, interleaved in one thread, from fresh mappings,
 * until the confidence interval of the median ratio decides or the time is over; see tune.h.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/load.h"
#include "tools/bench/bench.h"
#include "tools/tune/tune.h"

enum { FEWEST = 6, TO_WIN = 12, MOST = 240 };
#define CONFIDENCE 0.95
#define TO_WIN_CONFIDENCE 0.99 /* of one look: there is one after each sample, and any of them may err */

static struct {
	const struct field *field;
	const struct cpu *cpu;
	double nanoseconds;
	FILE *out;
	struct duel *list;
	size_t count, room;
	bool failed;
} duels;

const char *name_duel(enum duel_verdict verdict)
{
	static const char *const names[] = {"faster", "slower", "tie", "undecided"};
	return names[verdict];
}

const struct duel *list_duels(size_t *count)
{
	*count = duels.count;
	return duels.list;
}

enum duel_verdict judge_duel(const double *sorted, size_t count, struct interval *interval)
{
	*interval = find_interval(sorted, count, CONFIDENCE);
	if (interval->low > TUNE_MARGIN)
		return count < TO_WIN || find_interval(sorted, count, TO_WIN_CONFIDENCE).low <= TUNE_MARGIN
			       ? DUEL_UNDECIDED
			       : DUEL_FASTER;
	if (interval->high < 1 / TUNE_MARGIN)
		return DUEL_SLOWER;
	return interval->low > 1 / TUNE_MARGIN && interval->high < TUNE_MARGIN ? DUEL_TIE : DUEL_UNDECIDED;
}

bool beats(int kernel, size_t one, size_t other)
{
	bool faster = false, slower = false, reversed = one < other;
	size_t later = reversed ? other : one, earlier = reversed ? one : other;
	for (size_t i = 0; i < duels.count; i++) {
		const struct duel *d = &duels.list[i];
		if (d->kernel != kernel || d->one != later || d->other != earlier)
			continue;
		faster = faster || d->verdict == (reversed ? DUEL_SLOWER : DUEL_FASTER);
		slower = slower || d->verdict == (reversed ? DUEL_FASTER : DUEL_SLOWER);
	}
	return faster && !slower;
}

/* ---- One duel ---------------------------------------------------------------------------------------------------- */

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time); /* a busy machine is no reason to look less */
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Slow calls have few rounds from each mapping; what takes far longer than it was given ends without a verdict. */
static void fight(struct duel *d, const struct race *race, const struct backend *pair[2])
{
	double sorted[MOST], begin = now(), spent = 0;
	static double ratios[MOST];
	size_t rounds = PAIR_ROUNDS_MAX;
	while (d->samples < MOST &&
	       (spent < duels.nanoseconds || (d->samples < TO_WIN && spent < 4 * duels.nanoseconds))) {
		ratios[d->samples] = sample_pair(duels.cpu, race, pair, d->kernel, d->samples, rounds);
		if (!isfinite(ratios[d->samples]))
			return;
		d->samples++;
		spent = now() - begin;
		if (spent / (double)d->samples > duels.nanoseconds / (2 * TO_WIN))
			rounds = 1;
		memcpy(sorted, ratios, d->samples * sizeof *sorted);
		sort_values(sorted, d->samples);
		d->ratio = find_median(sorted, d->samples);
		d->verdict = judge_duel(sorted, d->samples, &d->interval);
		if (d->samples >= FEWEST && d->verdict != DUEL_UNDECIDED)
			return;
	}
}

static void print_duel(const struct duel *d)
{
	if (!duels.out)
		return;
	fprintf(duels.out, "%-21s %-48s %-10s %7.3f of %-10s %s\n", kernels[d->kernel].name, d->shape,
		duels.field->list[d->one].backend->candidate.name, d->ratio,
		duels.field->list[d->other].backend->candidate.name, name_duel(d->verdict));
	fflush(duels.out);
}

static struct duel *add_duel(void)
{
	if (duels.count == duels.room) {
		size_t room = duels.room ? 2 * duels.room : 128;
		struct duel *list = realloc(duels.list, room * sizeof *list);
		duels.failed = duels.failed || !list;
		if (!list)
			return NULL;
		duels.list = list;
		duels.room = room;
	}
	return &duels.list[duels.count++];
}

static void duel_two(const struct race *race, int kernel, size_t one, size_t other)
{
	struct duel *d = add_duel();
	if (!d)
		return;
	*d = (struct duel){.kernel = kernel,
			   .one = one,
			   .other = other,
			   .ratio = NAN,
			   .interval = {NAN, NAN},
			   .verdict = DUEL_UNDECIDED};
	snprintf(d->shape, sizeof d->shape, "%s", race->shape);
	const struct backend *pair[2] = {duels.field->list[other].backend, duels.field->list[one].backend};
	fight(d, race, pair); /* the first of a pair is the numerator */
	print_duel(d);
}

/* Those that conform, and whose answer on this very data is scalar's, too. */
static size_t find_fighters(const struct race *race, int kernel, size_t fighters[BACKENDS_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < duels.field->count; i++) {
		const struct competitor *c = &duels.field->list[i];
		bool bounded = c->backend->image && c->backend->image->numeric_class[kernel] == TENON_BOUNDED;
		if (c->conforms[kernel] && (bounded || race_conforms(race, function_of(c->backend, kernel))))
			fighters[count++] = i;
	}
	return count;
}

static bool duel_all(const struct race *race)
{
	size_t fighters[BACKENDS_MAX];
	int kernel = find_kernel_name(race->kernel);
	size_t count = find_fighters(race, kernel, fighters);
	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++)
			duel_two(race, kernel, fighters[j], fighters[i]);
	return true;
}

bool run_duels(const struct field *field, const struct cpu *cpu, uint64_t milliseconds, FILE *out)
{
	duels.field = field;
	duels.cpu = cpu;
	duels.nanoseconds = (double)milliseconds * 1e6;
	duels.out = out;
	plan.race = duel_all;
	run_topics();
	return !duels.failed;
}
