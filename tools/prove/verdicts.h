/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Kept verdicts: a file each in DIR/verdicts, named by a digest of what the verdict depends on (identity.h) and carrying it
 * whole. Believed only if nobody but root and we could have written it. Several processes may keep verdicts at once.
 */
#ifndef TOOLS_PROVE_VERDICTS_H
#define TOOLS_PROVE_VERDICTS_H

#include <stdbool.h>

#include "runtime/why.h"

/* More than this are not kept: the oldest go. */
enum { VERDICTS_MAX = 256 };

struct kept_verdict {
	bool passed;
	char reason[560]; /* of a refusal */
};

/* True, with the verdict, if the state directory has one for the identity that can be believed. */
bool recall_verdict(const char *state, const char *identity, struct kept_verdict *verdict);

/* Keeps one. False, with why, if that cannot be done; nothing half written stays. */
bool keep_verdict(const char *state, const char *identity, const struct kept_verdict *verdict, struct why *why);

/* Where the verdict is or would be: DIR/verdicts/NAME; false if that is longer than a path. */
bool name_verdict_file(const char *state, const char *identity, char *path, size_t size);

#endif
