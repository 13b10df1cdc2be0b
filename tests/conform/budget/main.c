/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The quick profile, which proves a backend before it is loaded, stays within its 100 ms: the processor time of the
 * proving processes. A busy machine does not count: each kernel's part is the least of several runs, because a
 * hypervisor that gives the processor to others leaves some milliseconds alone more often than a whole run; and where
 * others take a part of the core itself for a second, as a neighbour on its other thread does, there are more runs
 * later. A slower machine counts by pieces of work of known cost, as short, and made in between. TAP.
 *
 *     budget [-v]      -v: each kernel's part, on scalar
 */
#include "build.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "tests/conform/prove.h"

enum { RUNS = 9, LATER_RUNS = 100, LATER_US = 200000, STEPS = 1000000, PAGES = 512 };

/* On the processors that the limit is said of. The kernel's share is that of a proof: memory that is touched first. */
#define LIMIT_MS 100.0
#define STEPS_MS 3.2
#define PAGES_MS 0.9
#define KERNEL_SHARE 0.13

static struct proof proof;

struct cost {
	double entry[ENTRIES_MAX], rest; /* ms, the least so far */
	size_t entries;
};

static double get_children_ms(void)
{
	struct rusage usage;
	getrusage(RUSAGE_CHILDREN, &usage);
	return 1e3 * (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       1e-3 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static double get_own_ms(void)
{
	struct timespec used;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return 1e3 * (double)used.tv_sec + 1e-6 * (double)used.tv_nsec;
}

static void keep_least(double *least, double value)
{
	if (*least == 0 || value < *least)
		*least = value;
}

/* ---- How slow this machine is ------------------------------------------------------------------------------------- */

static struct {
	double steps, pages; /* ms, the least so far */
} known;

static void make_steps(void)
{
	uint64_t sum = 0;
	for (uint64_t i = 0; i < STEPS; i++)
		sum = draw_bits(sum, i); /* each waits for the one before */
	*(volatile uint64_t *)&sum = sum;
}

static void touch_pages(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	volatile unsigned char *memory =
		mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return;
	for (size_t i = 0; i < PAGES; i++)
		memory[i * page] = 1;
	munmap((void *)memory, PAGES * page);
}

static void measure_machine(void)
{
	double begin = get_own_ms();
	make_steps();
	double middle = get_own_ms();
	touch_pages();
	keep_least(&known.steps, middle - begin);
	keep_least(&known.pages, get_own_ms() - middle);
}

/* How many times slower it is, as far as it is. */
static double get_slowness(void)
{
	double slowness = (1 - KERNEL_SHARE) * known.steps / STEPS_MS + KERNEL_SHARE * known.pages / PAGES_MS;
	return slowness > 1 ? slowness : 1;
}

/* ---- What a proof costs ------------------------------------------------------------------------------------------- */

static bool time_once(const struct cpu *cpu, const struct candidate *candidate, struct cost *cost)
{
	const struct proof_options options = {.profile = PROFILE_QUICK, .seed = 1, .kernel = -1};
	struct why why;
	memset(&proof, 0, sizeof proof);
	proof.candidate = *candidate;
	double begin = get_children_ms();
	if (!prove_backend(cpu, &options, &proof, &why) || proof.verdict == VERDICT_FAIL)
		return false;
	double rest = get_children_ms() - begin;
	cost->entries = proof.entries;
	for (size_t i = 0; i < proof.entries; i++) {
		keep_least(&cost->entry[i], 1e3 * proof.entry[i].seconds);
		rest -= 1e3 * proof.entry[i].seconds;
	}
	keep_least(&cost->rest, rest);
	return true;
}

static double add_up(const struct cost *cost)
{
	double sum = cost->rest;
	for (size_t i = 0; i < cost->entries; i++)
		sum += cost->entry[i];
	return sum;
}

static double get_limit(void)
{
	return LIMIT_MS * get_slowness();
}

static bool time_proof(const struct cpu *cpu, const struct candidate *candidate, struct cost *cost)
{
	for (int run = 0; run < RUNS + LATER_RUNS; run++) {
		if (run >= RUNS && add_up(cost) <= get_limit())
			return true;
		if (run >= RUNS)
			usleep(LATER_US);
		measure_machine();
		if (!time_once(cpu, candidate, cost))
			return false;
	}
	return true;
}

static void report_parts(const struct cost *cost)
{
	for (size_t i = 0; i < cost->entries; i++)
		printf("# %-22s %5.1f ms\n", kernels[proof.entry[i].kernel].name, cost->entry[i]);
	printf("# %-22s %5.1f ms\n", "starting and ending", cost->rest);
	printf("# %d steps took %.2f ms, %d pages %.2f ms: %.2f times as slow a machine\n", STEPS, known.steps, PAGES,
	       known.pages, get_slowness());
}

/* ---- Tests -------------------------------------------------------------------------------------------------------- */

/* Of this build; those that are not for this machine are not there. */
static size_t list_backends(const struct config *config, const struct cpu *cpu, struct candidate *list)
{
	static const char *const names[] = {"avx2", "avx512", "neon"};
	const char *top = getenv("top_builddir");
	size_t count = 1;
	snprintf(list[0].name, sizeof list[0].name, "scalar");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[PATH_MAX];
		snprintf(path, sizeof path, "%s/backends/.libs/%s.so", top ? top : ".", names[i]);
		if (access(path, R_OK) == 0 && examine_backend(config, cpu, path, &list[count]) != TENON_ENOENT)
			count++;
	}
	return count;
}

static bool report(size_t number, const struct cpu *cpu, const struct candidate *candidate, bool is_wordy)
{
	struct cost cost = {.entries = 0};
	if (candidate->status) {
		printf("ok %zu - %s # SKIP %s\n", number, candidate->name, candidate->why.text);
		return true;
	}
	bool passes = time_proof(cpu, candidate, &cost);
	double took = add_up(&cost), limit = get_limit();
	bool good = passes && took <= limit;
	printf("%sok %zu - %s is proven in %.0f of %.0f ms\n", good ? "" : "not ", number, candidate->name, took,
	       limit);
	if (!passes)
		puts("# it does not pass: tenon verify says why");
	else if (!good)
		puts("# visit fewer points, or better ones");
	if (!good || is_wordy)
		report_parts(&cost);
	fflush(stdout);
	return good;
}

static const char *why_not(void)
{
#ifdef TENON_SANITIZED
	return "instrumented code takes its time";
#else
	const char *emulator = getenv("EMULATOR");
	return emulator && *emulator ? "an emulator takes its time" : NULL;
#endif
}

int main(int argc, char **argv)
{
	static struct config config;
	static struct candidate list[4];
	struct cpu cpu;
	size_t failures = 0;
	const char *reason = why_not();
	(void)argv;
	if (reason) {
		printf("1..0 # SKIP %s\n", reason);
		return 0;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	probe_cpu(&cpu);
	default_config(&config);
	size_t count = list_backends(&config, &cpu, list);
	for (size_t i = 0; i < count; i++)
		failures += !report(i + 1, &cpu, &list[i], argc > 1);
	printf("1..%zu\n", count);
	return failures != 0;
}
