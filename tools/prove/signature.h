/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Detached signatures in minisign's format: FILE.minisig beside FILE, the public keys *.pub in a directory that nobody but
 * root and we may write to. Each obstacle is refused in its own words. By libsodium; no state.
 */
#ifndef TOOLS_PROVE_SIGNATURE_H
#define TOOLS_PROVE_SIGNATURE_H

#include <stddef.h>

#include "runtime/why.h"

/* What is signed, where it comes from, and where the keys are. */
struct signed_file {
	const void *bytes;
	size_t size;
	const char *path; /* the signature is at path.minisig */
	const char *keys;
};

/*
 * TENON_OK if one of the keys signed the bytes, and the signature's trusted comment, too. Else TENON_EREFUSED:
 * no signature, not one, no keys, an unknown key, other bytes, another comment, or built without libsodium. why does not
 * start with the path.
 */
int check_signature(const struct signed_file *file, struct why *why);

#endif
