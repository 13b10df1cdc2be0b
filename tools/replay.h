/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * tenon verify --replay FILE: a flight record, called again. The rest of verify is cmd_verify.c's.
 */
#ifndef TOOLS_REPLAY_H
#define TOOLS_REPLAY_H

#include "tools/offline.h"

/* A file, by its slash or its suffix; else the word is a token. */
bool is_flight_file(const char *word);

/*
 * Calls the record again on the backend of that name or path; NULL: the recorded one. Prints what it is, then and now.
 * EXIT_DIFFERS if it diverges, EXIT_DONE if not, EXIT_REFUSED if the backend cannot be had, EXIT_USAGE if the file is no
 * record, EXIT_NOTHING_RUN if it cannot be called again.
 */
int replay_file(struct tool *tool, const struct machine *machine, const char *path, const char *backend);

#endif
