/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The control socket of this process: two threads of ours, all signals blocked; off by default. Acts through the public API,
 * change.h and rollout.h alone, and looks at files through find.h and quarantine.h.
 *
 * Call these without holding any lock that the public API takes: the worker may be waiting for it.
 */
#ifndef RUNTIME_CONTROL_H
#define RUNTIME_CONTROL_H

#include <stdint.h>

#include "runtime/config.h"
#include "runtime/why.h"

/* Binds the socket and starts the threads; a no-op with `socket = off`. A failure leaves nothing behind. */
int start_control(const struct config *config, struct why *why);

/*
 * Stops the threads and removes the socket; waits for a swap that came through it. Safe when not started; in a forked
 * child it leaves the parent's socket alone.
 */
void stop_control(void);

/* [control] group, now and from now on; a no-op without a socket. A group that cannot be let in is a warning in the log. */
void set_control_group(int64_t group);

/* For the fork hook, in the child: closes our copies of the parent's descriptors. Async-signal-safe. */
void abandon_control(void);

#endif
