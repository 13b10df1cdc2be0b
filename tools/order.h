/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Orders to processes (swap, rollback, unpin): one request, sent to each process that is meant, one report. No state.
 */
#ifndef TOOLS_ORDER_H
#define TOOLS_ORDER_H

#include "tools/processes.h"

/*
 * Sends request to the selected processes one by one and reports what each did. stop: the first failure ends it, and the
 * report says which processes were not reached. Returns the exit code of the command.
 */
int send_orders(struct tool *tool, const struct targets *targets, const char *request, bool stop);

#endif
