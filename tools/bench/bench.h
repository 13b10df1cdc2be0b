/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of tenon bench: what it was asked for, its reports, the baseline and the gate. Main thread of the tool.
 */
#ifndef TOOLS_BENCH_H
#define TOOLS_BENCH_H

#include "bench/run.h"
#include "tools/tool.h"

struct wishes {
	const struct cpu *cpu;
	struct environment environment;
	bool quick;
	const char *svg, *baseline, *record;
	double max_regression; /* percent */
};

/* report.c. Nothing without a stream. */
void print_environment(FILE *out, const struct environment *environment);
void print_figures(FILE *out, const struct environment *environment);
#ifdef HAVE_JANSSON
json_t *environment_as_json(const struct environment *environment);
json_t *report_as_json(const struct wishes *wishes);
#endif

/*
 * baseline.c. A baseline is a JSON file and, beside it, FILE.d with copies of the plugins. Its key is CPU, compiler and
 * flags: figures of another machine or build say nothing about this one.
 */
int record_baseline(struct tool *tool, const struct wishes *wishes);
bool has_baseline(const struct wishes *wishes); /* there is one, and it has our key */

/* The plugins of the baseline, loaded: EXIT_DONE, or the code of fail(), with the remedy. */
int open_baseline(struct tool *tool, const struct wishes *wishes, struct backend old[BACKENDS_MAX], size_t *count);

/*
 * pair.c: what a call of pair[0] takes over what one of pair[1] takes, on the race's data: the median of some rounds, all
 * of one fresh mapping of both at another place than that of the sample before, because where a plugin lies in memory alone
 * can make a few percent. NAN if it could not be mapped.
 */
enum { PAIR_ROUNDS_MAX = 7 };
double sample_pair(const struct cpu *cpu, const struct race *race, const struct backend *pair[2], int kernel,
		   size_t sample, size_t rounds);

/* A kernel that a backend lacks is scalar's. */
tenon_kernel_fn *function_of(const struct backend *backend, int kernel);

/* gate.c: races today's plugins against those of the baseline. */
int run_gate(struct tool *tool, const struct wishes *wishes);

#endif
