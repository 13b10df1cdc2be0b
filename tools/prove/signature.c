/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Minisign's format: four lines, a comment, base64 of {algorithm, key id, signature}, a trusted comment, and base64 of the
 * signature of {signature, trusted comment}. The algorithm is "Ed" for the bytes, "ED" for their BLAKE2b-512. A public key
 * is a comment and base64 of {"Ed", key id, key}. No state.
 */
#include "build.h"

#include "tools/prove/signature.h"

#include <tenon/tenon.h>

#ifdef HAVE_SODIUM
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/file.h"
#include "runtime/trust.h"

enum { SIGNATURE_FILE_MAX = 16384, COMMENT_MAX = 8192 };

static const char trusted_prefix[] = "trusted comment: ";

struct key {
	unsigned char algorithm[2], id[8], key[crypto_sign_PUBLICKEYBYTES];
};

struct signature {
	unsigned char algorithm[2], id[8], bytes[crypto_sign_BYTES];
};

/* ---- Parsing ------------------------------------------------------------------------------------------------------ */

/* Exactly size bytes of base64. */
static bool decode(const char *text, void *bytes, size_t size)
{
	size_t length;
	const char *end;
	return text &&
	       sodium_base642bin(bytes, size, text, strlen(text), NULL, &length, &end,
				 sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       length == size && !*end;
}

/* The next line of *rest, without its end; NULL after the last. */
static char *next_line(char **rest)
{
	char *line = strsep(rest, "\n");
	if (line && *line && line[strlen(line) - 1] == '\r')
		line[strlen(line) - 1] = '\0';
	return line;
}

struct parsed {
	struct signature signature;
	unsigned char global[crypto_sign_BYTES];
	const char *comment; /* in the text */
};

/* NULL, or what is wrong with it. */
static const char *parse_signature(char *text, struct parsed *parsed)
{
	char *rest = text;
	const char *untrusted = next_line(&rest), *signature = next_line(&rest), *comment = next_line(&rest),
		   *global = next_line(&rest);
	if (!untrusted || strncmp(untrusted, "untrusted comment:", 18) != 0)
		return "its first line is no \"untrusted comment:\"";
	if (!decode(signature, &parsed->signature, sizeof parsed->signature))
		return "its second line is no signature";
	if (parsed->signature.algorithm[0] != 'E' || (parsed->signature.algorithm[1] | 0x20) != 'd')
		return "its algorithm is neither Ed nor ED";
	if (!comment || strncmp(comment, trusted_prefix, sizeof trusted_prefix - 1) != 0 ||
	    strlen(comment) > COMMENT_MAX)
		return "its third line is no \"trusted comment: \"";
	if (!decode(global, parsed->global, sizeof parsed->global))
		return "its fourth line is no signature";
	parsed->comment = comment + sizeof trusted_prefix - 1;
	return NULL;
}

/* The file as text; NULL with why. */
static char *read_text(const char *path, struct file *file, struct why *why)
{
	if (read_file(path, SIGNATURE_FILE_MAX, TENON_EREFUSED, file, why))
		return NULL;
	file->bytes[file->size] = '\0';
	return file->bytes;
}

/* ---- Keys --------------------------------------------------------------------------------------------------------- */

static bool parse_key(char *text, struct key *key)
{
	char *rest = text;
	next_line(&rest);
	return decode(next_line(&rest), key, sizeof *key) && memcmp(key->algorithm, "Ed", 2) == 0;
}

/* One that others could change is a refusal: who may write there may sign. */
static int read_key(const char *path, struct key *key, struct why *why)
{
	static const struct trusted_owners nobody_else = {0};
	struct file file;
	char *text = read_text(path, &file, why);
	if (!text)
		return why->status;
	int status = check_trust(path, file.owner, file.mode, &nobody_else, why);
	if (!status && !parse_key(text, key))
		status = explain(why, TENON_EREFUSED, "%s: is not a minisign public key; replace or remove it", path);
	free(text);
	return status;
}

static int is_key_name(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);
	return entry->d_name[0] != '.' && length > 4 && strcmp(entry->d_name + length - 4, ".pub") == 0;
}

/* TENON_OK with the key of that id; TENON_ENOENT if no file has it, *count of which there are. */
static int find_key(const char *folder, const unsigned char id[8], struct key *key, int *count, struct why *why)
{
	char path[PATH_MAX];
	struct dirent **list;
	int status = TENON_ENOENT;
	*count = scandir(folder, &list, is_key_name, alphasort);
	if (*count < 0)
		return explain(why, TENON_EREFUSED,
			       "[runtime] trusted_keys %s: %s; put the public keys (*.pub) of whom you trust "
			       "there",
			       folder, strerror(errno));
	for (int i = 0; i < *count; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, list[i]->d_name);
		if (status == TENON_ENOENT && (status = read_key(path, key, why)) == TENON_OK &&
		    memcmp(key->id, id, 8) != 0)
			status = TENON_ENOENT;
		free(list[i]);
	}
	free(list);
	return status;
}

/* ---- Checking ----------------------------------------------------------------------------------------------------- */

static bool is_signed(const struct signed_file *file, const struct signature *signature, const struct key *key)
{
	unsigned char hash[crypto_generichash_BYTES_MAX];
	if (signature->algorithm[1] == 'd')
		return crypto_sign_verify_detached(signature->bytes, file->bytes, file->size, key->key) == 0;
	crypto_generichash(hash, sizeof hash, file->bytes, file->size, NULL, 0);
	return crypto_sign_verify_detached(signature->bytes, hash, sizeof hash, key->key) == 0;
}

static bool is_comment_signed(const struct parsed *parsed, const struct key *key)
{
	unsigned char message[crypto_sign_BYTES + COMMENT_MAX];
	size_t length = strlen(parsed->comment);
	memcpy(message, parsed->signature.bytes, crypto_sign_BYTES);
	memcpy(message + crypto_sign_BYTES, parsed->comment, length);
	return crypto_sign_verify_detached(parsed->global, message, crypto_sign_BYTES + length, key->key) == 0;
}

/* As minisign prints it: the bytes from the last to the first. */
static void print_key_id(const unsigned char id[8], char text[17])
{
	for (int i = 0; i < 8; i++)
		snprintf(text + 2 * i, 3, "%02X", id[7 - i]);
}

static int check_by_key(const struct signed_file *file, const struct parsed *parsed, struct why *why)
{
	struct key key;
	int count;
	char id[17];
	print_key_id(parsed->signature.id, id);
	int status = find_key(file->keys, parsed->signature.id, &key, &count, why);
	if (status == TENON_ENOENT)
		return explain(why, TENON_EREFUSED,
			       "is signed with the key %s, which is none of the %d in [runtime] trusted_keys "
			       "%s; put its public key there if you trust it",
			       id, count, file->keys);
	if (status)
		return status;
	if (!is_signed(file, &parsed->signature, &key))
		return explain(why, TENON_EREFUSED,
			       "its signature by the key %s is of other bytes; get the file and its .minisig "
			       "again, together",
			       id);
	if (!is_comment_signed(parsed, &key))
		return explain(why, TENON_EREFUSED,
			       "the trusted comment in its .minisig is not what the key %s signed; get the "
			       "file and its .minisig again, together",
			       id);
	return TENON_OK;
}

int check_signature(const struct signed_file *file, struct why *why)
{
	char path[PATH_MAX + 16];
	struct file read;
	struct parsed parsed;
	snprintf(path, sizeof path, "%s.minisig", file->path);
	if (sodium_init() < 0)
		return explain(why, TENON_EREFUSED, "its signature cannot be checked: libsodium does not start here");
	char *text = read_text(path, &read, why);
	if (!text && why->status == TENON_ENOENT)
		return explain(why, TENON_EREFUSED,
			       "has no signature, which [runtime] trust = signature demands: there is no "
			       "%.300s; make one with minisign -Sm FILE",
			       path);
	if (!text)
		return why->status;
	const char *flaw = parse_signature(text, &parsed);
	int status = flaw ? explain(why, TENON_EREFUSED,
				    "its .minisig is not a minisign signature: %s; make one with minisign "
				    "-Sm FILE",
				    flaw)
			  : check_by_key(file, &parsed, why);
	free(text);
	return status;
}
#else
int check_signature(const struct signed_file *file, struct why *why)
{
	(void)file;
	return explain(why, TENON_EREFUSED,
		       "its signature, which [runtime] trust = signature demands, cannot be checked: built "
		       "without libsodium; install libsodium-dev and build again, or set trust = owner");
}
#endif
