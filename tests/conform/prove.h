/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Proving a backend: a child loads and runs it, this process watches. A crash, a hang or an exit is a verdict on the
 * kernel that was running; a new child goes on from there. Called from a process with one thread.
 */
#ifndef CONFORM_PROVE_H
#define CONFORM_PROVE_H

#include "runtime/find.h"
#include "tests/conform/finding.h"
#include "tests/conform/lint.h"

enum verdict { VERDICT_OPEN, VERDICT_PASS, VERDICT_INHERITED, VERDICT_SKIP, VERDICT_FAIL };
const char *name_verdict(enum verdict verdict);

struct proof_options {
	enum profile profile;
	uint64_t seed;
	double seconds; /* nightly: how long, all kernels together */
	int kernel;     /* index; -1: all */
	bool is_replay; /* one point of that kernel */
	struct point replay;
	bool is_emulated;   /* deadlines are longer */
	const char *mutant; /* TENON_MUTANT of the child; NULL: none */
	bool stops_early;   /* at a kernel's first failure, which is not shrunk */
	bool skips_lint;
	bool is_brief;       /* a verdict is enough: the first failing kernel ends it */
	void (*enter)(void); /* first in each child, before anything of the backend runs; NULL: nothing */
};

/* One kernel entry of a backend: there may be several for one kernel, each with its own needs. */
struct proof_entry {
	int kernel; /* index */
	uint32_t numeric_class;
	char needs[128];
	uint64_t cases;
	uint64_t outputs; /* hash of what it wrote, NaNs made one: the same from every right backend */
	uint64_t code;    /* where the function is in the file; 0: unknown */
	double worst;     /* largest share of the oracle's bound, where the oracle judges */
	double seconds;   /* of processor time, for its cases, by the child that ended them */
	enum verdict verdict;
	char reason[200];       /* of a skip */
	struct finding finding; /* of a failure */
};

enum { ENTRIES_MAX = 128 };

struct proof {
	struct candidate candidate;
	enum verdict verdict; /* PASS or FAIL; SKIP if only this CPU is in the way */
	int status;           /* of vetting and loading */
	struct why why;
	struct finding finding; /* where loading itself failed with a crash or a hang */
	struct lint lint;       /* a finding of it alone makes the verdict FAIL */
	size_t entries;
	struct proof_entry entry[ENTRIES_MAX];
	double seconds;
};

/* Fills the proof of proof->candidate, which find.c filled. False if the harness itself could not run. */
bool prove_backend(const struct cpu *cpu, const struct proof_options *options, struct proof *proof, struct why *why);

#endif
