/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * SHA-256 against the published vectors of FIPS 180-2, of memory and of files; what cannot be read is said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "tools/prove/digest.h"

static const struct {
	const char *text, *hex;
} vectors[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

/* A build without libsodium says so, instead of a digest that is none. */
static void check_refusal(void)
{
	struct why why;
	char hex[DIGEST_SIZE];
	assert_false(digest_bytes("abc", 3, hex, &why));
	assert_non_null(strstr(why.text, "libsodium"));
}

static void bytes_have_the_published_digests(void **state)
{
	(void)state;
	if (!can_digest())
		check_refusal();
	for (size_t i = 0; can_digest() && i < sizeof vectors / sizeof *vectors; i++) {
		char hex[DIGEST_SIZE];
		assert_true(digest_bytes(vectors[i].text, strlen(vectors[i].text), hex, NULL));
		assert_string_equal(hex, vectors[i].hex);
	}
}

static void files_have_the_digests_of_their_bytes(void **state)
{
	(void)state;
	char path[] = "/tmp/tenon-test-XXXXXX", hex[DIGEST_SIZE];
	int file = mkstemp(path);
	assert_int_equal(write(file, vectors[1].text, 3), 3);
	close(file);
	assert_int_equal(digest_file(path, hex, NULL), can_digest());
	unlink(path);
	assert_string_equal(hex, can_digest() ? vectors[1].hex : "");
}

static void what_cannot_be_read_is_said(void **state)
{
	(void)state;
	struct why why;
	char hex[DIGEST_SIZE];
	assert_false(digest_file("/no/such/file", hex, &why));
	assert_int_equal(why.status, TENON_ENOENT);
	assert_string_equal(hex, "");
	assert_false(digest_file("/dev/null", hex, &why));
	assert_non_null(strstr(why.text, "not a regular file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_have_the_published_digests),
		cmocka_unit_test(files_have_the_digests_of_their_bytes),
		cmocka_unit_test(what_cannot_be_read_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
