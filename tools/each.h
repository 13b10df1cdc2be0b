/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The same for each of several processes, at the same time: one that hangs must not keep the others waiting. And the one
 * loop of every command that asks processes and shows what they say. No state.
 */
#ifndef TOOLS_EACH_H
#define TOOLS_EACH_H

#include "tools/processes.h"

/* Calls one(i, user) for every i below count, many at a time, on threads of its own; returns when all have returned. */
void do_each(size_t count, void (*one)(size_t i, void *user), void *user);

/* What one process said. */
struct reply {
	struct process process;
	struct answer answer, more; /* more is empty unless the view asks twice, and the process answered twice */
	char error[512];            /* "" unless code says that there is no answer */
	int code;
};

/* What a command asks, and how it shows one reply; tool->json has as_json(). */
struct view {
	const char *request, *more; /* more may fail; NULL for one question */
	void (*print)(FILE *out, const struct reply *reply);
	/* Where several replies make one text: those that have an answer; failures go to stderr. NULL: print() one by one. */
	void (*print_together)(FILE *out, const struct reply *replies, size_t count);
#ifdef HAVE_JANSSON
	json_t *(*as_json)(const struct reply *reply);
#endif
	bool always_list; /* `processes` also where one process was named */
};

/*
 * Asks the selected processes, then shows them in their order. Of one named process the failure is fail()'s and the JSON one
 * object; of several a failure is a line among the others, and the code is the worst. Returns the exit code of the command.
 */
int show_processes(struct tool *tool, const struct targets *targets, const struct view *view);

/* Several subjects: 2, then 1, 3, 4. */
int worse_code(int a, int b);

#endif
