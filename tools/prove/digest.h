/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SHA-256 of files and texts, by libsodium. No state; any thread.
 */
#ifndef TOOLS_PROVE_DIGEST_H
#define TOOLS_PROVE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/why.h"

enum { DIGEST_SIZE = 65 }; /* 64 hexadecimal digits and the NUL */

/* Whether this build has libsodium; without it both functions fail. */
bool can_digest(void);

/* False, with why: the file cannot be read, or this program was built without libsodium. */
bool digest_file(const char *path, char hex[DIGEST_SIZE], struct why *why);

/* The same of bytes in memory. */
bool digest_bytes(const void *bytes, size_t size, char hex[DIGEST_SIZE], struct why *why);

#endif
