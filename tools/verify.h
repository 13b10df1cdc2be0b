/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of tenon verify, whose command line is cmd_verify.c. Each returns an exit code, that of fail() included.
 */
#ifndef TOOLS_VERIFY_H
#define TOOLS_VERIFY_H

#include "tests/conform/report.h"
#include "tools/tool.h"

/* self_test.c: prints the harness's score, or only measures it. */
int test_harness(struct tool *tool, const struct cpu *cpu, bool is_tap);
int measure_harness(struct tool *tool, const struct cpu *cpu, struct score *score);

/* reproducer.c: the first failure of the report as a C file; says so where there is none, or none can be written. */
int reproduce(struct tool *tool, const struct report *report, const char *path);

#endif
