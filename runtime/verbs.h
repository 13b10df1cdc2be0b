/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The control protocol, version 1, apart from its transport (docs/ARCHITECTURE.md describes it). Request:
 * "TENON/1 VERB WORD...", answer: "TENON/1 STATUS TEXT" and lines of key=value words. Called by the threads of control.c.
 */
#ifndef RUNTIME_VERBS_H
#define RUNTIME_VERBS_H

#include <stdbool.h>

#include "runtime/logfmt.h"

#define PROTOCOL_VERSION 1
#define REQUEST_SIZE 5120 /* a path, quoted, and some words */

/*
 * May answering take long (loading a backend, reading files)? Then it must not hold up status and rollback. Leaves
 * request as it is.
 */
bool is_slow_request(const char *request);

/* Does what request, one line without its newline, asks for, and writes the answer. Cuts request up. */
void answer_request(char *request, struct text *answer);

/* An answer that is only a status and a text. */
void answer_status(struct text *answer, int status, const char *text);

#endif
