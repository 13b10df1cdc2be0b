/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The error of the canonical exp(-x) and ln(x) over their whole domains: scalar against exp() and log() in double, in
 * units of the last place of the exact result, that a larger x never gives a result on the wrong side of its neighbour's,
 * and every ISA against scalar by bits. Takes every 4099th float; with --all (make check-exp) every one. A thread a CPU;
 * they share a counter, and what they found is added up at the end.
 */
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/cpu.h"
#include "tests/exp/exp.h"

enum { CHUNK = 8 * EXP_MULTIPLE, THREADS_MAX = 64 };
#define LAST_BITS 0x7fffffffu /* all numbers above 0, +Inf, and NaNs */
#define LIMIT 1.0

struct function {
	const char *name;
	uint32_t first_bits;
	int falls;
	double (*measure_error)(float x, float y);
	exp_fn *body[EXP_ISAS];
};

/* What one thread found; the worst is the first of its kind. */
struct findings {
	double worst;
	float worst_x;
	uint64_t floats, wrong[EXP_ISAS]; /* [0]: results out of order */
	float wrong_x[EXP_ISAS];
};

static struct {
	const struct function *function;
	uint64_t stride;
	_Atomic uint64_t next; /* chunk */
	int usable[EXP_ISAS], tests;
	struct findings findings[THREADS_MAX];
} run;

static float from_bits(uint32_t bits)
{
	float x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* The distance of y from the exact result in units of the last place of that; infinite where y has to be exact and is not. */
static double measure_distance(float y, double want)
{
	return fabs((double)y - want) * ldexp(1, 23 - ilogb(want));
}

static double measure_exp(float x, float y)
{
	double want = exp(-(double)x);
	if (x != x)
		return y != y ? 0 : INFINITY;
	if (want < 0x1p-126)
		return y == 0 && !signbit(y) ? 0 : INFINITY;
	return measure_distance(y, want);
}

static double measure_log(float x, float y)
{
	if (x != x)
		return y != y ? 0 : INFINITY;
	if (isinf(x))
		return y == x ? 0 : INFINITY;
	if (x == 1)
		return y == 0 && !signbit(y) ? 0 : INFINITY;
	return measure_distance(y, log((double)x));
}

static void note_error(struct findings *f, float x, float y)
{
	double error = run.function->measure_error(x, y);
	if (error > f->worst) {
		f->worst = error;
		f->worst_x = x;
	}
}

static void note_wrong(struct findings *f, int isa, float x)
{
	if (!f->wrong[isa]++)
		f->wrong_x[isa] = x;
}

static void check_scalar(struct findings *f, const float *x, const float *y, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		note_error(f, x[i], y[i]);
		if (i > 0 && (run.function->falls ? y[i] > y[i - 1] : y[i] < y[i - 1]))
			note_wrong(f, 0, x[i]);
	}
}

static void check_chunk(struct findings *f, const float *x, size_t n)
{
	float want[CHUNK], y[CHUNK];
	run.function->body[0](x, want, CHUNK);
	check_scalar(f, x, want, n);
	for (int k = 1; k < EXP_ISAS; k++) {
		if (!run.usable[k])
			continue;
		run.function->body[k](x, y, CHUNK);
		for (size_t i = 0; i < n; i++)
			if (memcmp(&y[i], &want[i], sizeof *y) != 0 && !(y[i] != y[i] && want[i] != want[i]))
				note_wrong(f, k, x[i]);
	}
	f->floats += x[0] == from_bits(run.function->first_bits) ? n : n - 1;
}

/* A chunk begins with the last float of the one before, so that all neighbours are compared. */
static void *work(void *findings)
{
	float x[CHUNK];
	for (;;) {
		uint64_t bits = run.function->first_bits + (run.next++ * (CHUNK - 1)) * run.stride;
		size_t n = 0;
		for (; n < CHUNK && bits <= LAST_BITS; n++, bits += run.stride)
			x[n] = from_bits((uint32_t)bits);
		if (n == 0)
			return NULL;
		for (size_t i = n; i < CHUNK; i++)
			x[i] = 1;
		check_chunk(findings, x, n);
	}
}

/* Of two floats that tie, the smaller: so the answer does not depend on the threads. */
static void add_findings(struct findings *sum, const struct findings *f)
{
	if (f->worst > sum->worst || (f->worst == sum->worst && f->worst_x < sum->worst_x)) {
		sum->worst = f->worst;
		sum->worst_x = f->worst_x;
	}
	sum->floats += f->floats;
	for (int k = 0; k < EXP_ISAS; k++) {
		if (f->wrong[k] && (!sum->wrong[k] || f->wrong_x[k] < sum->wrong_x[k]))
			sum->wrong_x[k] = f->wrong_x[k];
		sum->wrong[k] += f->wrong[k];
	}
}

static struct findings run_threads(void)
{
	pthread_t threads[THREADS_MAX];
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int count = cpus < 1 ? 1 : cpus > THREADS_MAX ? THREADS_MAX : (int)cpus;
	int started = 0;
	while (started + 1 < count && !pthread_create(&threads[started], NULL, work, &run.findings[started + 1]))
		started++;
	work(&run.findings[0]);
	struct findings sum = run.findings[0];
	for (int i = 0; i < started; i++) {
		pthread_join(threads[i], NULL);
		add_findings(&sum, &run.findings[i + 1]);
	}
	return sum;
}

/* One line of TAP for each ISA; returns how many failed. */
static int report(const struct findings *sum, const struct why *whys)
{
	const char *name = run.function->name;
	int failed = !(sum->worst <= LIMIT && sum->wrong[0] == 0);
	printf("%sok %d - %s, scalar: at most %.6f ulp, at x = %a; monotone; %" PRIu64 " floats\n",
	       failed ? "not " : "", ++run.tests, name, sum->worst, (double)sum->worst_x, sum->floats);
	if (sum->wrong[0])
		printf("# %" PRIu64 " are out of order, the first at x = %a\n", sum->wrong[0], (double)sum->wrong_x[0]);
	for (int k = 1; k < EXP_ISAS; k++) {
		if (!run.usable[k]) {
			printf("ok %d - %s, %s # SKIP %s\n", ++run.tests, name, exp_isas[k].name, whys[k].text);
			continue;
		}
		printf("%sok %d - %s, %s: the bits of scalar\n", sum->wrong[k] ? "not " : "", ++run.tests, name,
		       exp_isas[k].name);
		if (sum->wrong[k])
			printf("# %" PRIu64 " differ, the first at x = %a\n", sum->wrong[k], (double)sum->wrong_x[k]);
		failed += sum->wrong[k] > 0;
	}
	return failed;
}

static int check_function(const struct function *function, const struct why *whys)
{
	run.function = function;
	run.next = 0;
	memset(run.findings, 0, sizeof run.findings);
	struct findings sum = run_threads();
	return report(&sum, whys);
}

int main(int argc, char **argv)
{
	struct cpu cpu;
	struct why whys[EXP_ISAS];
	struct function exps = {.name = "exp", .falls = 1, .measure_error = measure_exp};
	struct function logs = {.name = "log", .first_bits = 1, .measure_error = measure_log};
	run.stride = argc > 1 && strcmp(argv[1], "--all") == 0 ? 1 : 4099;
	probe_cpu(&cpu);
	for (int k = 0; k < EXP_ISAS; k++) {
		run.usable[k] = check_needs(&cpu, exp_isas[k].needs, &whys[k]) == 0;
		exps.body[k] = exp_isas[k].exp;
		logs.body[k] = exp_isas[k].log;
	}
	int failed = check_function(&exps, whys) + check_function(&logs, whys);
	printf("1..%d\n", run.tests);
	return failed != 0;
}
