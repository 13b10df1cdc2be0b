/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Running topics, and what comes of it: for the tool, and for the parts of the bench that look at results. One thread;
 * the state is that of the one bench of this process.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include <stdio.h>

#include "bench/bench.h"
#include "runtime/config.h"
#include "runtime/cpu.h"
#include "runtime/find.h"

#define BACKENDS_MAX 8

/* ---- Backends ---------------------------------------------------------------------------------------------------- */

/* NULL where the backend inherits scalar's function; scalar itself has all. */
struct backend {
	struct candidate candidate;
	struct image *image; /* NULL: scalar, linked in */
	tenon_kernel_fn *const *function;
};

/* scalar first, then every usable plugin by rising ISA level; without those that the selection leaves out. */
extern struct backend backends[BACKENDS_MAX];
extern size_t backend_count;

/*
 * Under config (NULL: the system's, which is read). False, with why, if it cannot be read. Backends that cannot be loaded
 * are said on stderr.
 */
bool collect_backends(const struct config *given, const struct cpu *cpu, struct why *why);
void release_backends(void);

/* Any other file, for the gate. */
bool load_backend(const struct cpu *cpu, const char *path, struct backend *backend, struct why *why);

/* ---- The plan ---------------------------------------------------------------------------------------------------- */

/* A NULL list means all; else names separated by commas. */
struct plan {
	const char *command; /* in whose name messages are; NULL: "bench" */
	const char *topics, *kernels, *backends;
	bool figures;                          /* only races that figures.def names */
	FILE *out;                             /* for tables; NULL: none */
	bool (*race)(const struct race *race); /* instead of timing it for the report; NULL: do */
};
extern struct plan plan;

/* Whether a list of names separated by commas (NULL: yes) has this one. */
bool is_listed(const char *list, const char *name);

/* The first name in the list that is in none of names[count], in word[size]; false if all are. */
bool find_stranger(const char *list, const char *const *names, size_t count, char *word, size_t size);

/* Runs the plan's topics. False: something did not conform, and was not timed. */
bool run_topics(void);
extern size_t race_count; /* that were run, timed or not */
extern const char *const topic_names[];
extern const size_t topic_count;

/* One call of a backend's function on the race's arguments leaves scalar's bits and status. */
bool race_conforms(const struct race *race, tenon_kernel_fn *function);

/* A contender that calls function; call must last as long. */
struct call {
	tenon_kernel_fn *function;
	const struct race *race;
};
struct contender call_contender(const char *name, struct call *call);

/* ---- Results ----------------------------------------------------------------------------------------------------- */

enum role { ROLE_BACKEND, ROLE_LOOP, ROLE_LIMIT, ROLE_PEER };

/* Another contender of the same race. */
struct rival {
	char name[40];
	enum role role;
	struct comparison speed; /* how many times as fast we are */
};

struct result {
	char kernel[40], shape[80], name[40];
	enum role role;
	struct timing timing;
	struct latency latency; /* of backends only: calls 0 for others */
	struct counts counts;
	double gb_per_s, ratio_scalar, ratio_limit; /* NAN where it does not apply */
	struct rival rivals[CONTENDERS_MAX];        /* of backends only */
	size_t rival_count;
};

/* Copies. */
void record_result(const struct result *result);
const struct result *list_results(size_t *count);

/* NULL if there is none. */
const struct result *find_result(const char *kernel, const char *shape, const char *name);
const struct rival *find_rival(const struct result *result, const char *name, enum role role);

/* ---- The machine ------------------------------------------------------------------------------------------------- */

struct environment {
	char cpu[72], level[16], arch[16], kernel[136], governor[32];
	const char *compiler;
	const char *flags, *cflags; /* of the scalar backend, and of those only what the builder chose */
	double load[3];             /* averages, before the first race */
	long processors;
	int pinned;           /* to this one */
	const char *counters; /* "" or why there are none */
};
void read_environment(const struct cpu *cpu, struct environment *environment);

/* ---- Pictures and figures ---------------------------------------------------------------------------------------- */

/* One page of bars. False: it cannot be written, errno says why. */
bool draw_results(FILE *out, const struct environment *environment);

enum outcome { FIGURE_REACHED, FIGURE_NOT_REACHED, FIGURE_NO_BACKEND, FIGURE_NO_PEER, FIGURE_NOT_MEASURED };

/* A row of figures.def, which explains the members. */
struct goal {
	const char *kernel, *shape, *backend, *against;
	double bound;
	const char *note;
};
extern const struct goal goals[];
extern const size_t goal_count;

/* What the results say of it; *seen and *interval only with the first two verdicts. */
enum outcome judge_goal(const struct goal *goal, double *seen, struct interval *interval);
bool is_at_most(const struct goal *goal); /* the bound is the most, not the least, that is good */
const char *name_outcome(enum outcome outcome);

#endif
