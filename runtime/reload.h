/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Live reload: the configuration is read again from where it was loaded, validated whole, and applied as one change or
 * not at all. Any thread but not a kernel call; takes the runtime's lock. tenon_reload() is its public name.
 */
#ifndef RUNTIME_RELOAD_H
#define RUNTIME_RELOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/config.h"
#include "runtime/why.h"

/* Turns on what a configuration says beside the backend: log, arenas, forks, label. Under the runtime's lock. */
void apply_settings(const struct config *config);

/* [metrics] calls, where auto means what http says. */
bool wants_counting(const struct config *config);

/* The reloads of the runtime as it is open now. */
struct reload_report {
	uint64_t reloads, failures;
	double read_at;                            /* when the configuration in force was read, in seconds since 1970 */
	char error[sizeof((struct why *)0)->text]; /* of the last one; "" when it succeeded, or none was tried */
	char pending[256]; /* keys whose new value waits for the process to start again, separated by ", " */
};

/* From any thread, without the runtime's lock. */
void report_reload(struct reload_report *report);

/* When the runtime opens: nothing was reloaded yet. */
void reset_reload(void);

/* In a forked child: the lock may have been held. */
void restart_reload(void);

/* What the last reload did, in words, for whoever asked for it: "3 keys changed; backend avx2 stays: pinned". */
void describe_reload(char *text, size_t size);

#endif
