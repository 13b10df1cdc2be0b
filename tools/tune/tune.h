/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of tenon tune: who competes, who is faster, what is written and said. Main thread of the tool; the state is that of
 * the one tuning of this process.
 */
#ifndef TOOLS_TUNE_H
#define TOOLS_TUNE_H

#include "bench/run.h"
#include "tools/tool.h"

/* Beside tenon.ini; the folder is read in the order of names, so that an operator's 60-mine.ini has the last word. */
#define TUNED_FOLDER "tenon.ini.d"
#define TUNED_FILE "50-tuned.ini"

/* Ratios nearer to 1 than this are a tie: nobody should have another backend for them. */
#define TUNE_MARGIN 1.02

/* ---- Who competes ------------------------------------------------------------------------------------------------ */

/* In auto's order: what the configuration takes first, then by rank and name, scalar last. */
struct competitor {
	const struct backend *backend;
	bool conforms[KERNEL_COUNT]; /* has the kernel, and it was proven */
	bool fails;                  /* something of it was not */
	char reason[512];            /* of what does not conform, or why it does not compete at all; "" */
};

struct field {
	struct competitor list[BACKENDS_MAX];
	size_t count;
};

/* Takes those that auto may choose and those on plan.backends, and proves them; an exit code. */
int enter_competitors(struct tool *tool, const struct config *config, const struct cpu *cpu, struct field *field);

/* The competitor that serves the kernel untuned; -1: what the configuration takes does not conform. */
int find_incumbent(const struct field *field, int kernel);

/* ---- Who is faster ----------------------------------------------------------------------------------------------- */

enum duel_verdict { DUEL_FASTER, DUEL_SLOWER, DUEL_TIE, DUEL_UNDECIDED };
const char *name_duel(enum duel_verdict verdict);

/* One competitor against another of the same kernel at one shape. */
struct duel {
	int kernel;
	char shape[80];
	size_t one, other;        /* competitors, one behind other in auto's order */
	double ratio;             /* time of other over time of one: above 1, one is faster */
	struct interval interval; /* of its median, 95 % */
	size_t samples;
	enum duel_verdict verdict;
};

/* Duels each pair at each shape that the bench has, at most so long each. False: there is no memory. */
bool run_duels(const struct field *field, const struct cpu *cpu, uint64_t milliseconds, FILE *out);
const struct duel *list_duels(size_t *count);

/* Pure. Verdict of sorted ratios; UNDECIDED where there are too few, or chance could have made them. */
enum duel_verdict judge_duel(const double *sorted, size_t count, struct interval *interval);

/* Does one beat other: faster at some shape, with confidence, and slower at none? */
bool beats(int kernel, size_t one, size_t other);

/* ---- What comes of it -------------------------------------------------------------------------------------------- */

struct choice {
	int incumbent;       /* -1: none conforms */
	int winner;          /* -1: left alone */
	char elsewhere[160]; /* the line that chooses already; "" for none */
	bool measured;
};
void choose_winners(const struct field *field, const struct config *config, struct choice choices[KERNEL_COUNT]);

/* The file; the caller frees it. NULL without memory. */
char *compose_tuned_file(const struct field *field, const struct config *config,
			 const struct choice choices[KERNEL_COUNT]);

void print_choices(FILE *out, const struct field *field, const struct choice choices[KERNEL_COUNT]);
#ifdef HAVE_JANSSON
json_t *tuning_as_json(const struct field *field, const struct choice choices[KERNEL_COUNT]);
#endif

#endif
