/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of tenon doctor: one function an area, which adds what it found to one list. They look and change nothing: no
 * file is made, no backend is loaded, no process is told anything. Main thread of the tool. One doctor a process.
 */
#ifndef TOOLS_DOCTOR_H
#define TOOLS_DOCTOR_H

#include "runtime/config.h"
#include "runtime/cpu.h"
#include "tools/tool.h"

enum finding_verdict { FINDING_OK, FINDING_NOTE, FINDING_WARNING, FINDING_FAILURE };

struct finding {
	const char *area;
	char check[64];
	enum finding_verdict verdict;
	int code; /* the exit code that a failure stands for */
	char text[768];
	char remedy[512]; /* "" only where nothing is wrong */
};

struct doctor {
	/* What the command was told. */
	const char *directory; /* of the configuration; NULL for the system's */
	const char *program, *baseline;
	uint64_t timeout_ms;
	/* What is known by now; the defaults, where the configuration cannot be read, and then why it cannot. */
	struct config config;
	struct why trouble;
	struct cpu cpu;
	/* What was found. */
	const char *area; /* that is being looked at */
	struct finding *list;
	size_t count;
	bool short_of_memory;
};

void examine_machine(struct doctor *doctor);
void examine_install(struct doctor *doctor);
void examine_config(struct doctor *doctor);
void examine_permissions(struct doctor *doctor);
void examine_kernel(struct doctor *doctor);
void examine_processes(struct doctor *doctor);
void examine_arenas(struct doctor *doctor);
void examine_performance(struct doctor *doctor);

/* ---- What they add; finding.c ------------------------------------------------------------------------------------ */

/* All is well, or there is something worth knowing. */
__attribute__((format(printf, 3, 4))) void add_ok(struct doctor *doctor, const char *check, const char *format, ...);
__attribute__((format(printf, 4, 5))) void add_note(struct doctor *doctor, const char *check, const char *remedy,
						    const char *format, ...);

/* Something that does no harm yet, and something that does: code is what the command exits with. */
__attribute__((format(printf, 4, 5))) void add_warning(struct doctor *doctor, const char *check, const char *remedy,
						       const char *format, ...);
__attribute__((format(printf, 5, 6))) void add_failure(struct doctor *doctor, int code, const char *check,
						       const char *remedy, const char *format, ...);

/*
 * A line of explain(): what, where, the value; the remedy is what stands behind its last semicolon, else remedy. A code of 0
 * makes it a warning.
 */
void add_refusal(struct doctor *doctor, int code, const char *check, const char *line, const char *remedy);

#endif
