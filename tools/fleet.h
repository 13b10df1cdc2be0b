/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One order over several processes, wave by wave: order.c makes a fleet of them, fleet.c steps through it and stops at the
 * first bad sign, outcome.c reports. No state but whether a signal came.
 */
#ifndef TOOLS_FLEET_H
#define TOOLS_FLEET_H

#include "runtime/config.h"
#include "tools/order.h"

/* What became of the order in one process. */
struct outcome {
	struct process process;
	struct answer before; /* its state before the first order; empty where nobody asked */
	struct answer answer;
	char error[512]; /* "" unless code says that it failed */
	char ended[512]; /* how the rollout that was waited for ended; then code is no failure */
	char since[512]; /* what came to light after it was done; "" for nothing */
	int code;
	unsigned wave; /* from 1 on; 0: not asked */
	bool stands;   /* it changed something, and that is still so */
};

struct fleet {
	struct outcome *outcomes;
	size_t count;
	struct rollout_steps waves; /* none: 1, 2, 4 ... */
	bool at_once;
	uint64_t settle_ms, look_ms;
	int code;
	char stopped[768];   /* the bad sign; "" if it went through */
	const char *why_not; /* the rest was not asked */
};

/* Takes the options of order; returns an exit code, fail() was called. */
int open_fleet(struct tool *tool, const struct order *order, struct fleet *fleet);

void order_fleet(struct fleet *fleet, const struct targets *targets, const struct order *order);
int report_fleet(struct tool *tool, const struct fleet *fleet, const struct order *order);

/* The order to one process, and the end of its rollout if order->wait. */
void give_order(const struct targets *targets, const struct order *order, struct outcome *outcome);

bool is_under_way(const struct answer *state);
bool is_done(const struct outcome *outcome);

/* A rollback of anything else would go further back than this order came from. */
bool can_be_taken_back(const struct outcome *outcome);

/* SIGINT or SIGTERM came while a fleet was ordered: nothing new is begun. */
bool is_interrupted(void);

#endif
