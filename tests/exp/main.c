/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The error of the canonical exp(-x) over its whole domain: scalar against exp() in double, in units of the last place
 * of the exact result, and every ISA against scalar by bits. Takes every 4099th float; with --all (make check-exp)
 * every one. A thread a CPU; they share a counter, and what they found is added up at the end.
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
#define LAST_BITS 0x7fffffffu /* from 0 on: all numbers, +Inf, and NaNs */
#define LIMIT 1.0

/* What one thread found; the worst is the first of its kind. */
struct findings {
	double worst;
	float worst_x;
	uint64_t floats, wrong[EXP_ISAS]; /* [0]: not +0 behind the end of the domain, or not NaN for a NaN */
	float wrong_x[EXP_ISAS];
};

static struct {
	uint64_t stride;
	_Atomic uint64_t next; /* chunk */
	int usable[EXP_ISAS];
	struct findings findings[THREADS_MAX];
} run;

static float from_bits(uint32_t bits)
{
	float x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* The distance of e from exp(-x) in units of the last place of that; infinite where e has to be exact and is not. */
static double measure_error(float x, float e)
{
	double want = exp(-(double)x);
	if (x != x)
		return e != e ? 0 : INFINITY;
	if (want < 0x1p-126)
		return e == 0 && !signbit(e) ? 0 : INFINITY;
	return fabs((double)e - want) * ldexp(1, 23 - ilogb(want));
}

static void note_error(struct findings *f, float x, float e)
{
	double error = measure_error(x, e);
	if (error > f->worst) {
		f->worst = error;
		f->worst_x = x;
	}
}

static void note_difference(struct findings *f, int isa, float x, float e, float want)
{
	if (memcmp(&e, &want, sizeof e) != 0 && !(e != e && want != want) && !f->wrong[isa]++)
		f->wrong_x[isa] = x;
}

static void check_chunk(struct findings *f, const float *x, size_t n)
{
	float want[CHUNK], e[CHUNK];
	exp_scalar(x, want, CHUNK);
	for (size_t i = 0; i < n; i++)
		note_error(f, x[i], want[i]);
	for (int k = 1; k < EXP_ISAS; k++) {
		if (!run.usable[k])
			continue;
		exp_isas[k].function(x, e, CHUNK);
		for (size_t i = 0; i < n; i++)
			note_difference(f, k, x[i], e[i], want[i]);
	}
	f->floats += n;
}

static void *work(void *findings)
{
	float x[CHUNK];
	for (;;) {
		uint64_t bits = (run.next++ * CHUNK) * run.stride;
		size_t n = 0;
		for (; n < CHUNK && bits <= LAST_BITS; n++, bits += run.stride)
			x[n] = from_bits((uint32_t)bits);
		if (n == 0)
			return NULL;
		for (size_t i = n; i < CHUNK; i++)
			x[i] = 0;
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
	int failed = !(sum->worst <= LIMIT), test = 1;
	printf("%sok 1 - scalar: at most %.6f ulp, at x = %a; %" PRIu64 " floats\n", failed ? "not " : "", sum->worst,
		(double)sum->worst_x, sum->floats);
	for (int k = 1; k < EXP_ISAS; k++) {
		if (!run.usable[k]) {
			printf("ok %d - %s # SKIP %s\n", ++test, exp_isas[k].name, whys[k].text);
			continue;
		}
		printf("%sok %d - %s: the bits of scalar\n", sum->wrong[k] ? "not " : "", ++test, exp_isas[k].name);
		if (sum->wrong[k])
			printf("# %" PRIu64 " differ, the first at x = %a\n", sum->wrong[k], (double)sum->wrong_x[k]);
		failed += sum->wrong[k] > 0;
	}
	printf("1..%d\n", test);
	return failed;
}

int main(int argc, char **argv)
{
	struct cpu cpu;
	struct why whys[EXP_ISAS];
	run.stride = argc > 1 && strcmp(argv[1], "--all") == 0 ? 1 : 4099;
	probe_cpu(&cpu);
	for (int k = 0; k < EXP_ISAS; k++)
		run.usable[k] = check_needs(&cpu, exp_isas[k].needs, &whys[k]) == 0;
	struct findings sum = run_threads();
	return report(&sum, whys) != 0;
}
