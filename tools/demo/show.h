/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The show: a crowd keeps recalling while the backend under it changes, step by step. Main thread only.
 */
#ifndef TOOLS_DEMO_SHOW_H
#define TOOLS_DEMO_SHOW_H

#include "tools/demo/crowd.h"
#include "tools/tool.h"

enum { REFUSALS = 4 };

/* One row of the table, for one phase of the crowd. */
struct step {
	char backend[32];    /* what served */
	char event[96];      /* "swapped in 0.3 ms" */
	double began, ended; /* 0: not yet */
	bool counts;         /* its rate stands for the backend: no event disturbed it */
};

struct show {
	struct tool *tool;
	struct crowd *crowd;
	double seconds; /* how long all steps take together */
	bool terminal;  /* redraw in place */
	unsigned lines; /* drawn last, on a terminal */
	struct step steps[PHASES];
	unsigned count, planned;
	struct refusal {
		char name[64], reason[512];
	} refusals[REFUSALS];
	unsigned refused;
	uint64_t swaps, rollbacks;
	bool wrong_accepted; /* the broken backend got in */
};

/* Runs all steps on the open runtime with a gathered crowd. Returns 0, or -1 with the reason in why. */
int run_show(struct show *show, char *why, size_t size);

/* show_table.c: the table while it grows and when it is done, the verdict in words, and all of it as JSON. */
void draw_table(struct show *show);
void finish_table(struct show *show);
void tell_verdict(const struct show *show);
double rate_of_step(const struct show *show, unsigned step);
#ifdef HAVE_JANSSON
json_t *show_as_json(const struct show *show);
#endif

#endif
