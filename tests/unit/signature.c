/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Signatures in minisign's format, made here with libsodium: both algorithms pass, every bit of file, signature and comment
 * counts, and each obstacle is refused in its own words.
 */
#include "build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "tools/prove/signature.h"

#ifdef HAVE_SODIUM
#include <sodium.h>

static char base[] = "/tmp/tenon-test-XXXXXX";
static char path[64], keys[64], signature_path[80], key_path[80];
static unsigned char bytes[] = "the bytes of a plugin";
static unsigned char public_key[crypto_sign_PUBLICKEYBYTES], secret_key[crypto_sign_SECRETKEYBYTES];
static const unsigned char key_id[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static void write_text(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void encode(const void *data, size_t size, char text[300])
{
	sodium_bin2base64(text, 300, data, size, sodium_base64_VARIANT_ORIGINAL);
}

static void write_key(const unsigned char id[8])
{
	unsigned char key[2 + 8 + sizeof public_key] = "Ed";
	char text[300], line[400];
	memcpy(key + 2, id, 8);
	memcpy(key + 10, public_key, sizeof public_key);
	encode(key, sizeof key, text);
	snprintf(line, sizeof line, "untrusted comment: a key\n%s\n", text);
	write_text(key_path, line);
}

/* What is to be wrong with a signature; the bytes are signed as they are. */
struct flaw {
	char algorithm;            /* 'd' or 'D' */
	const char *first, *third; /* instead of those lines' words */
	int flip_signature, flip_global;
};

static void sign(const struct flaw *flaw)
{
	unsigned char record[2 + 8 + crypto_sign_BYTES] = {'E', (unsigned char)flaw->algorithm},
				     global[crypto_sign_BYTES];
	unsigned char message[200], hash[64];
	char first[300], second[300], text[1000];
	const char *comment = "timestamp:1 file:x.so";
	memcpy(record + 2, key_id, 8);
	crypto_generichash(hash, sizeof hash, bytes, sizeof bytes, NULL, 0);
	if (flaw->algorithm == 'D')
		crypto_sign_detached(record + 10, NULL, hash, sizeof hash, secret_key);
	else
		crypto_sign_detached(record + 10, NULL, bytes, sizeof bytes, secret_key);
	memcpy(message, record + 10, crypto_sign_BYTES);
	memcpy(message + crypto_sign_BYTES, comment, strlen(comment));
	crypto_sign_detached(global, NULL, message, crypto_sign_BYTES + strlen(comment), secret_key);
	record[10 + flaw->flip_signature / 8] ^= flaw->flip_signature ? 1 << flaw->flip_signature % 8 : 0;
	global[flaw->flip_global / 8] ^= flaw->flip_global ? 1 << flaw->flip_global % 8 : 0;
	encode(record, sizeof record, first);
	encode(global, sizeof global, second);
	snprintf(text, sizeof text, "%s\n%s\n%s\n%s\n", flaw->first ? flaw->first : "untrusted comment: signature",
		 first, flaw->third ? flaw->third : "trusted comment: timestamp:1 file:x.so", second);
	write_text(signature_path, text);
}

static const struct flaw none = {.algorithm = 'D'};

static int make_world(void **state)
{
	(void)state;
	memcpy(base + sizeof base - 7, "XXXXXX", 6);
	if (!mkdtemp(base) || sodium_init() < 0)
		return -1;
	snprintf(path, sizeof path, "%s/x.so", base);
	snprintf(keys, sizeof keys, "%s/keys", base);
	snprintf(signature_path, sizeof signature_path, "%s.minisig", path);
	snprintf(key_path, sizeof key_path, "%s/vendor.pub", keys);
	mkdir(keys, 0755);
	umask(022);
	crypto_sign_keypair(public_key, secret_key);
	write_key(key_id);
	sign(&none);
	return 0;
}

static int remove_world(void **state)
{
	(void)state;
	char command[64];
	snprintf(command, sizeof command, "rm -rf %s", base);
	return system(command);
}

static int check(struct why *why)
{
	const struct signed_file file = {bytes, sizeof bytes, path, keys};
	return check_signature(&file, why);
}

static void refused(const char *words)
{
	struct why why;
	assert_int_equal(check(&why), TENON_EREFUSED);
	if (!strstr(why.text, words))
		fail_msg("'%s' does not say '%s'", why.text, words);
}

static void both_algorithms_pass(void **state)
{
	(void)state;
	struct why why;
	for (const char *algorithm = "dD"; *algorithm; algorithm++) {
		sign(&(struct flaw){.algorithm = *algorithm});
		if (check(&why))
			fail_msg("%c: %s", *algorithm, why.text);
	}
}

static void every_bit_of_the_file_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8 * sizeof bytes; i++) {
		bytes[i / 8] ^= 1 << i % 8;
		refused("is of other bytes");
		bytes[i / 8] ^= 1 << i % 8;
	}
	assert_int_equal(check(NULL), TENON_OK);
}

static void bits_of_the_signatures_count(void **state)
{
	(void)state;
	for (int bit = 1; bit < 8 * (int)crypto_sign_BYTES; bit += 13) {
		sign(&(struct flaw){.algorithm = 'D', .flip_signature = bit});
		refused("is of other bytes");
		sign(&(struct flaw){.algorithm = 'D', .flip_global = bit});
		refused("the trusted comment in its .minisig");
	}
}

static void the_trusted_comment_is_signed(void **state)
{
	(void)state;
	sign(&(struct flaw){.algorithm = 'D', .third = "trusted comment: timestamp:2 file:x.so"});
	refused("the trusted comment in its .minisig");
}

static void a_missing_signature_is_refused(void **state)
{
	(void)state;
	unlink(signature_path);
	refused("has no signature");
	refused(signature_path);
	mkdir(signature_path, 0755);
	refused("a directory");
}

static void an_unknown_key_is_refused(void **state)
{
	(void)state;
	static const unsigned char other[8] = {9};
	write_key(other);
	refused("is signed with the key 0807060504030201, which is none of the 1");
	unlink(key_path);
	refused("none of the 0");
	rmdir(keys);
	refused("put the public keys");
}

/* The same id, another key: what was signed by somebody who only says so. */
static void a_key_of_the_same_name_does_not_do(void **state)
{
	(void)state;
	crypto_sign_keypair(public_key, secret_key);
	sign(&none);
	refused("is of other bytes");
}

static void keys_that_others_may_write_are_refused(void **state)
{
	(void)state;
	chmod(key_path, 0666);
	refused("anyone may write to it");
	chmod(key_path, 0644);
	chmod(keys, 0777);
	refused("anyone may write to its directory");
}

static void what_is_no_key_is_refused(void **state)
{
	(void)state;
	write_text(key_path, "untrusted comment: a key\nRWQ\n");
	refused("is not a minisign public key");
	write_text(key_path, "");
	refused("is not a minisign public key");
}

static void what_is_no_signature_is_refused(void **state)
{
	(void)state;
	sign(&(struct flaw){.algorithm = 'D', .first = "comment"});
	refused("its first line");
	sign(&(struct flaw){.algorithm = 'D', .third = "trusted"});
	refused("its third line");
	sign(&(struct flaw){.algorithm = 'X'});
	refused("neither Ed nor ED");
	write_text(signature_path, "untrusted comment: x\nRWQ=\ntrusted comment: x\nAAAA\n");
	refused("its second line");
	sign(&none);
	struct stat status;
	stat(signature_path, &status);
	for (off_t size = status.st_size - 2; size >= 0; size--) {
		assert_int_equal(truncate(signature_path, size), 0);
		refused("is not a minisign signature");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(both_algorithms_pass, make_world, remove_world),
		cmocka_unit_test_setup_teardown(every_bit_of_the_file_counts, make_world, remove_world),
		cmocka_unit_test_setup_teardown(bits_of_the_signatures_count, make_world, remove_world),
		cmocka_unit_test_setup_teardown(the_trusted_comment_is_signed, make_world, remove_world),
		cmocka_unit_test_setup_teardown(a_missing_signature_is_refused, make_world, remove_world),
		cmocka_unit_test_setup_teardown(an_unknown_key_is_refused, make_world, remove_world),
		cmocka_unit_test_setup_teardown(a_key_of_the_same_name_does_not_do, make_world, remove_world),
		cmocka_unit_test_setup_teardown(keys_that_others_may_write_are_refused, make_world, remove_world),
		cmocka_unit_test_setup_teardown(what_is_no_key_is_refused, make_world, remove_world),
		cmocka_unit_test_setup_teardown(what_is_no_signature_is_refused, make_world, remove_world),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
static void a_build_without_libsodium_says_so(void **state)
{
	(void)state;
	struct why why;
	const struct signed_file file = {"x", 1, "/x.so", "/keys"};
	assert_int_equal(check_signature(&file, &why), TENON_EREFUSED);
	assert_non_null(strstr(why.text, "built without libsodium"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_build_without_libsodium_says_so)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
