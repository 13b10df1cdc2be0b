/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `[control] watch = on`: a thread of ours, all signals blocked, that reloads the configuration when its files change. By
 * inotify; where that cannot be had by looking every two seconds, and an event says so. Acts only through tenon_reload().
 *
 * Call these without holding any lock that tenon_reload() takes.
 */
#ifndef RUNTIME_WATCH_H
#define RUNTIME_WATCH_H

#include "runtime/config.h"

#define WATCH_QUIET_MS 50      /* a change is believed when so long nothing else happened, */
#define WATCH_PATIENCE_MS 1000 /* but no later than this */
#define WATCH_GONE_MS 500      /* a file that vanished may be about to come back */
#define WATCH_POLL_MS 2000

/* Starts the thread; a no-op with `watch = off`. A failure leaves nothing behind. */
int start_watch(const struct config *config, struct why *why);

/* Ends the thread; waits for a reload of its own. Safe when not started. */
void stop_watch(void);

/* For the fork hook, in the child: closes our copies of the parent's descriptors. Async-signal-safe. */
void abandon_watch(void);

#endif
