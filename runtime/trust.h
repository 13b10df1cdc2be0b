/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whom a file can be blamed on: a backend runs with all rights of its host, so only root, we, and the owners that the
 * operator named may be able to change it. Judges what fstat() said; a check by path would leave a gap. No state.
 */
#ifndef RUNTIME_TRUST_H
#define RUNTIME_TRUST_H

#include <sys/types.h>

#include "runtime/why.h"

#define TRUSTED_OWNERS_MAX 16

/* [runtime] trusted_owners, as user ids; root and our own effective one are trusted without being named. */
struct trusted_owners {
	uid_t uid[TRUSTED_OWNERS_MAX];
	unsigned count;
};

/*
 * TENON_OK; or TENON_EREFUSED, and why has the command that mends it: somebody else owns the file or its directory, or
 * its group or everybody may write to one of them (a sticky directory of root's excepted, where only owners can replace
 * what is theirs). path names the file, of which owner and mode are what fstat() said.
 */
int check_trust(const char *path, uid_t owner, mode_t mode, const struct trusted_owners *trusted, struct why *why);

/* The same for path alone, whatever directory it is in. */
int check_owner(const char *path, uid_t owner, mode_t mode, const struct trusted_owners *trusted, struct why *why);

#endif
