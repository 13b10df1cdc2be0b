/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Events to the host's callback, stderr or syslog, as configured; silent by default. Callable from any thread but not from
 * a kernel call or a signal handler.
 */
#ifndef RUNTIME_LOG_H
#define RUNTIME_LOG_H

#include "runtime/config.h"
#include "runtime/event.h"

/* Takes [log] level, target and format, and the label. */
void configure_log(const struct config *config);

/*
 * Also keeps the event for `tenon history` (history.h), whatever the level that is reported, unless it is for debugging.
 * What is more than its kind's allowance (limit.h) is not written but counted, and the count is told.
 */
__attribute__((cold, format(printf, 3, 4))) void log_event(enum tenon_log_level level, const struct facts *facts,
							   const char *format, ...);

/*
 * For who holds a lock, when a host's callback must not be called: keeps the event until tell_held_events(), which
 * unlock_runtime() calls. A few at a time; what is more is lost.
 */
__attribute__((cold, format(printf, 3, 4))) void hold_event(enum tenon_log_level level, const struct facts *facts,
							    const char *format, ...);
void tell_held_events(void);

/* Tells what was held back a while ago, or all of it. An event does it, too; this is for when there is none. */
void tell_suppressed(bool all);

/* In a forked child: the lock of the held events as new. */
void restart_log(void);

#endif
