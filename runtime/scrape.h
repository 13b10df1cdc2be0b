/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * [metrics] http: one thread of ours, all signals blocked, that serves /metrics, /health and /status through the HTTP
 * module; off by default. Takes a lock of its own before the runtime's: call these without holding the latter.
 */
#ifndef RUNTIME_SCRAPE_H
#define RUNTIME_SCRAPE_H

#include "runtime/config.h"
#include "runtime/why.h"

/* A no-op with `http = off`. A failure leaves nothing behind. */
int start_scrape(const struct config *config, struct why *why);

/* Safe when not started; in a forked child it leaves the parent's alone. */
void stop_scrape(void);

/* After a reload: as the configuration in force says. */
int renew_scrape(struct why *why);

/* For the fork hook, in the child: closes our copies of the parent's descriptors. Async-signal-safe. */
void abandon_scrape(void);

/* In a forked child, from tenon_after_fork(): the lock may have been held. */
void restart_scrape(void);

#endif
