/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Two backends against each other, each time from a fresh mapping; bench.h says why. Main thread of the tool.
 */
#include <alloca.h>
#include <math.h>
#include <sys/mman.h>

#include "runtime/load.h"
#include "tools/bench/bench.h"

#define RUN_NS 60e3

tenon_kernel_fn *function_of(const struct backend *backend, int kernel)
{
	return backend->function[kernel] ? backend->function[kernel] : kernels[kernel].scalar;
}

/* What is linked in stays where it is. */
static bool map_one(const struct cpu *cpu, const struct backend *backend, struct backend *mapped)
{
	struct why why;
	*mapped = (struct backend){.candidate = backend->candidate, .function = backend->function};
	return !backend->image || load_backend(cpu, backend->candidate.path, mapped, &why);
}

/* Whoever is mapped first, and after how much address space, differs from sample to sample. */
static bool map_two(const struct cpu *cpu, const struct backend *pair[2], struct backend mapped[2], size_t sample,
		    void **padding, size_t *size)
{
	static uint64_t state = 1;
	*size = (1 + next_random(&state) % 1024) * 4096;
	*padding = mmap(NULL, *size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	bool good = true;
	for (size_t k = 0; k < 2; k++) {
		size_t i = (k + sample) % 2;
		good = map_one(cpu, pair[i], &mapped[i]) && good;
	}
	return good;
}

static void unmap_two(struct backend mapped[2], void *padding, size_t size)
{
	for (int i = 0; i < 2; i++)
		if (mapped[i].image)
			unload_image(mapped[i].image, NULL);
	if (padding != MAP_FAILED)
		munmap(padding, size);
}

/*
 * Where the stack lies, which a process keeps, decides how a kernel's spilled registers collide with its data: by some
 * percent, for one of two plugins. So each sample has its own depth.
 */
static void time_at_depth(const struct contender *new, const struct contender *old, size_t rounds, double *ratios)
{
	static uint64_t state = 2;
	/* cppcheck-suppress allocaCalled ; 4 KiB at most, and released where it must be */
	char *padding = alloca(16 * (1 + next_random(&state) % 256));
	__asm__ volatile("" : : "r"(padding) : "memory");
	time_pair(new, old, RUN_NS, rounds, ratios);
}

double sample_pair(const struct cpu *cpu, const struct race *race, const struct backend *pair[2], int kernel,
		   size_t sample, size_t rounds)
{
	struct backend mapped[2];
	double ratios[PAIR_ROUNDS_MAX] = {NAN};
	void *padding;
	size_t size;
	if (rounds > PAIR_ROUNDS_MAX)
		rounds = PAIR_ROUNDS_MAX;
	if (map_two(cpu, pair, mapped, sample, &padding, &size)) {
		struct call calls[2] = {{function_of(&mapped[0], kernel), race},
					{function_of(&mapped[1], kernel), race}};
		const struct contender new = call_contender("new", &calls[0]), old = call_contender("old", &calls[1]);
		time_at_depth(&new, &old, rounds, ratios);
		sort_values(ratios, rounds);
	}
	unmap_two(mapped, padding, size);
	return find_median(ratios, rounds);
}
