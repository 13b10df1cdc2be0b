/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SHA-256; see digest.h. A file is read as a backend is: once, bounded, never blocking on what is no regular file.
 */
#include "build.h"

#include "tools/prove/digest.h"

#include <stdlib.h>
#include <tenon/tenon.h>

#include "runtime/file.h"

#ifdef HAVE_SODIUM
#include <sodium.h>

bool can_digest(void)
{
	return true;
}

bool digest_bytes(const void *bytes, size_t size, char hex[DIGEST_SIZE], struct why *why)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	(void)why;
	crypto_hash_sha256(hash, bytes, size);
	sodium_bin2hex(hex, DIGEST_SIZE, hash, sizeof hash);
	return true;
}
#else
bool can_digest(void)
{
	return false;
}

bool digest_bytes(const void *bytes, size_t size, char hex[DIGEST_SIZE], struct why *why)
{
	(void)bytes;
	(void)size;
	hex[0] = '\0';
	return explain(why, TENON_EUNSUPPORTED,
		       "no SHA-256: built without libsodium; install libsodium-dev and build again"),
	       false;
}
#endif

bool digest_file(const char *path, char hex[DIGEST_SIZE], struct why *why)
{
	struct file file;
	hex[0] = '\0';
	if (read_file(path, BACKEND_FILE_MAX, TENON_EREFUSED, &file, why))
		return false;
	bool done = digest_bytes(file.bytes, file.size, hex, why);
	free(file.bytes);
	return done;
}
