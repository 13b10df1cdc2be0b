/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One failure in words: a status and one line that says what, where, why and the remedy. The caller owns it, usually on
 * its stack; the same text goes to the log, `tenon explain`, JSON and tenon_error_detail(). Knows nothing of threads.
 */
#ifndef RUNTIME_WHY_H
#define RUNTIME_WHY_H

#include <stddef.h>
#include <tenon/backend.h>

struct why {
	int status;
	char text[512];
};

/* Formats why (NULL is allowed, and drops the text) and returns status, so that `return explain(...)` reads well. */
__attribute__((cold, format(printf, 3, 4))) int explain(struct why *why, int status, const char *format, ...);
#ifdef __clang_analyzer__ /* which sees one file at a time, and would take a failure that was explained for a success */
#define explain(why, status, ...) (explain(why, status, __VA_ARGS__), (status))
#endif

/* Copies value to text[size], which ends in "..." if value was longer. */
void copy_text(char *text, size_t size, const char *value);

#endif
