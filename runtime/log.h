/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One-line events to the host's callback, stderr or syslog, as configured; silent by default. Callable from any thread
 * but not from a kernel call or a signal handler.
 */
#ifndef RUNTIME_LOG_H
#define RUNTIME_LOG_H

#include <tenon/tenon.h>

#include "runtime/config.h"

/* Takes [log] level and target. */
void configure_log(const struct config *config);

/*
 * The same line again within ten seconds is counted, not written; the next line that differs is preceded by the count.
 */
__attribute__((cold, format(printf, 2, 3))) void log_event(enum tenon_log_level level, const char *format, ...);

#endif
