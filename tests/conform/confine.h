/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * System calls that no backend has a reason for, which in the child end in SIGSYS and are findings, and a limit of memory.
 * Containment of faults, not a sandbox.
 */
#ifndef CONFORM_CONFINE_H
#define CONFORM_CONFINE_H

#include "tests/conform/finding.h"

/*
 * From now on, until this process ends: no new process, no other program, no signal to or memory of another process. Threads
 * are allowed (the harness looks for those separately). Does nothing where the kernel or an emulator has no filters.
 */
void refuse_calls(void);

/* From now on the process may map so many bytes more; not under a sanitizer, whose accounts are larger than any limit. */
void limit_memory(size_t bytes);

/* Whether most of those are taken: a finding. False without a limit. Async-signal-safe. */
bool find_memory_taken(struct finding *finding);

/* In the handler of SIGSYS. */
void describe_refused_call(int number, struct finding *finding);

#endif
