/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Orders to processes (swap, rollback, unpin, pause ...): one request, sent to each process that is meant, one
 * report. No state.
 */
#ifndef TOOLS_ORDER_H
#define TOOLS_ORDER_H

#include "tools/processes.h"

struct order {
	const char *request;
	/*
	 * Several processes in waves, one at first, the next wave only when the last ended well, rollouts included; the report
	 * says which are done, which not, and what takes back the first. Otherwise each is asked, whatever the others answer.
	 */
	bool stepwise;
	const char *waves, *settle; /* as the options say, or NULL */
	const char *take_back;      /* the command that undoes it: "rollback"; NULL for none */
	bool of_rollout;            /* of several processes it is for those that have a rollout under way */
	/* For the end of the rollout that it begins, or finds, before the next process; --timeout is for that. */
	bool wait;
};

/* The options of a stepwise order, for a command's struct tool_option list. */
#define FLEET_OPTIONS(order)                                   \
	{"--waves", OPTION_TEXT, &(order).waves, 0, 0},        \
	{                                                      \
		"--settle", OPTION_TEXT, &(order).settle, 0, 0 \
	}

#define FLEET_HELP                                                                                             \
	"  --waves STEPS  of several processes: how many per cent of them are done after each wave, as\n"      \
	"                 5,25,50,100, at least one more each time; off: all at once (default: 1, 2, 4 ...)\n" \
	"  --settle T     of several processes: watch those that are done for so long before the next wave,\n" \
	"                 and after the last one (default: one look)\n"

#define FLEET_STORY                                                                                                  \
	"Several processes change wave by wave, one process first. What stops it: a refusal, no answer, a rollout\n" \
	"that is taken back, a process of an earlier wave that ended, degraded, was rolled back or got a kernel "    \
	"into\n"                                                                                                     \
	"quarantine. Then the report says which are done, which are not, and the command that takes the first back.\n"

/* Sends it to the selected processes and reports what each did. Returns the exit code of the command. */
int send_orders(struct tool *tool, const struct targets *targets, const struct order *order);

#endif
