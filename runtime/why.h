/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One failure in words: a status and one line that says what, where, why and the remedy. The caller owns it, usually on
 * its stack; the same text goes to the log, `tenon explain`, JSON and tenon_error_detail(). Knows nothing of threads.
 */
#ifndef RUNTIME_WHY_H
#define RUNTIME_WHY_H

#include <tenon/backend.h>

struct why {
	int status;
	char text[512];
};

/* Formats why (NULL is allowed, and drops the text) and returns status, so that `return explain(...)` reads well. */
__attribute__((cold, format(printf, 3, 4))) int explain(struct why *why, int status, const char *format, ...);

#endif
