/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a kernel must leave alone beyond its buffers: the plugin's own memory (kernels keep no state) and the process:
 * signals, descriptors, threads, environment, mappings, folder, limits, timers, umask. One thread.
 */
#ifndef CONFORM_SENTRY_H
#define CONFORM_SENTRY_H

#include "tests/conform/finding.h"

/* Sanitizers keep accounts of their own: in every object that they instrument, and in more memory than there is. */
#ifdef TENON_SANITIZED
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

/*
 * Makes the variables of the loaded file read-only, by its name in the link map; NULL: there are none. So a write shows even
 * if it is taken back before the call ends.
 */
void protect_own_memory(const char *path);

/* Why that is not done in this build, or NULL: for the list of what is not checked. */
const char *why_no_own_memory(void);

/* For the fault handler: if the fault is a write to such a variable, notes and allows it; the call may go on. */
bool allow_own_write(const void *address);

/* Cheap, after every call. False with a finding if there was such a write. */
bool check_own_memory(struct finding *finding);

/* Remembers the process, or compares it with what is remembered; some 200 us each. */
void watch_process(void);
bool check_process(struct finding *finding);

#endif
