/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a kernel must leave alone beyond its buffers: the plugin's own memory (kernels keep no state) and the process:
 * signals, descriptors, threads, environment. One thread.
 */
#ifndef CONFORM_SENTRY_H
#define CONFORM_SENTRY_H

#include "tests/conform/finding.h"

/* Remembers the writable memory of the loaded file, by its name in the link map; NULL: nothing to watch. */
void watch_own_memory(const char *path);

/* Cheap, after every call. False with a finding; what changed is then remembered as it is. */
bool check_own_memory(struct finding *finding);

/* Remembers the process, or compares it with what is remembered; some 100 us each. */
void watch_process(void);
bool check_process(struct finding *finding);

#endif
