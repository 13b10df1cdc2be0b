/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Starts a helper program that the host cannot notice, waits for its answer with a deadline, and leaves nothing of it
 * behind, nor of what it started. Blocks the calling thread alone; any thread, not from a kernel call. No state.
 */
#ifndef RUNTIME_HELPER_H
#define RUNTIME_HELPER_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/why.h"

/* The helper's descriptors beyond 0, 1 and 2, which lead nowhere: where it answers, and the file that it may be given. */
enum { HELPER_ANSWER = 3, HELPER_FILE = 4, HELPER_FIRST_FREE = 5 };

struct helper {
	/* The caller's: words, the first of which is looked for in $PATH if it has no slash, and the environment. */
	const char *const *argv;
	const char *const *envp;
	int file; /* a descriptor that it gets as HELPER_FILE; -1 for none */
	int deadline_ms;
	/* The answer, terminated; cut to its size. */
	char answer[4096];
	size_t length;
	bool timed_out; /* killed at the deadline */
	int status;     /* as waitpid() has it */
};

/* TENON_OK with whatever it answered; TENON_ESYSTEM if it could not be started. */
int run_helper(struct helper *helper, struct why *why);

#endif
