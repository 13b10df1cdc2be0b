/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The opcode lint: instructions in a backend file that need more than it declares, which no test sees on a CPU that has
 * them. Code that is reached from a kernel's entry by direct jumps and calls, and is not behind a call that never
 * returns (endings.h), may use what the file and that entry need; other code what the file and any of its entries need.
 * Reads the file; runs nothing of it. No state.
 */
#ifndef CONFORM_LINT_H
#define CONFORM_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINT_KEPT = 8 };

struct lint_finding {
	uint64_t address;
	int kernel;     /* index of the kernel whose entry reaches it; -1: found by sweeping over the file */
	char needs[32]; /* the feature that nobody declared */
	char what[32];  /* the instruction: its name, or its bits */
};

struct lint_range {
	uint64_t begin, end;
};

struct lint {
	bool is_done;
	char why_not[160];                  /* nothing was looked at */
	uint64_t instructions;              /* that were decoded */
	uint64_t unscanned;                 /* bytes of code that could not be */
	struct lint_range range[LINT_KEPT]; /* the first of them */
	size_t ranges;                      /* how many there are, kept or not */
	struct lint_finding finding[LINT_KEPT];
	size_t findings, kept;
};

/* An entry of the backend's table; address is its function's in the file, 0 where nobody knows. */
struct lint_entry {
	int kernel;
	const char *needs;
	uint64_t address;
};

/* Why this build cannot look at plugins of its own machine, or NULL. */
const char *why_no_lint(void);

/* Whatever goes wrong is in lint->why_not. needs and uses are the file's. */
void lint_file(const char *path, const char *needs, const char *uses, const struct lint_entry *entries, size_t count,
	       struct lint *lint);

/* "vpxord at 0x1130 needs avx512f, which inner_product does not declare" */
void describe_lint_finding(const struct lint_finding *finding, char *text, size_t size);

/* The outcome in one line, for people: "opcodes: 20134 instructions, none beyond what is declared". */
void describe_lint(const struct lint *lint, char *text, size_t size);

#endif
