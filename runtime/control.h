/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The control socket: its thread, its protocol. Acts only through the public API; off by default.
 */
#ifndef RUNTIME_CONTROL_H
#define RUNTIME_CONTROL_H

#include "runtime/config.h"
#include "runtime/why.h"

/* Binds the socket and starts the thread (all signals blocked). A failure leaves nothing behind. */
int start_control(const struct config *config, struct why *why);

/* Stops the thread and removes the socket. Safe when not started. */
void stop_control(void);

#endif
