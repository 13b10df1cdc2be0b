/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Stores of the demo: what goes in comes out, and no damaged, stale or foreign file is taken for a good one.
 */
#include <fcntl.h>
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

#include "tools/demo/store.h"

static char path[256], why[512];
static const uint32_t numbers[] = {1, 2, 3, 0xffffffff, 5};
static const char text[] = "sixty-five bytes of text, so that the section ends beyond a line.";
static const struct store_header like = {.kind = STORE_VECTORS, .count = 5, .dim = 7, .stamp = 42, .sections = 3};

static int make(void **state)
{
	const struct store_part parts[] = {{numbers, sizeof numbers}, {NULL, 0}, {text, sizeof text}};
	struct store store;
	bool kept;
	snprintf(path, sizeof path, "%s/tenon-store-%ld", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (long)getpid());
	(void)state;
	int status = make_store(&store, path, &like, parts, &kept, why, sizeof why);
	if (status == 0)
		close_store(&store);
	return status == 0 && kept ? 0 : -1;
}

static int drop(void **state)
{
	(void)state;
	return unlink(path);
}

static void what_went_in_comes_out(void **state)
{
	struct store store;
	size_t count;
	(void)state;
	assert_int_equal(open_store(&store, path, STORE_VECTORS, 42, why, sizeof why), 0);
	assert_int_equal(store.header->count, 5);
	assert_int_equal(store.header->dim, 7);
	const void *section = store_section(&store, 0, sizeof numbers[0], &count);
	assert_int_equal(count, 5);
	assert_int_equal((uintptr_t)section % STORE_ALIGN, 0);
	assert_memory_equal(section, numbers, sizeof numbers);
	store_section(&store, 1, 1, &count);
	assert_int_equal(count, 0);
	section = store_section(&store, 2, 1, &count);
	assert_int_equal(count, sizeof text);
	assert_string_equal(section, text);
	assert_null(store_section(&store, 3, 1, &count));
	assert_int_equal(count, 0);
	close_store(&store);
}

static void assert_refused(enum store_kind kind, uint64_t stamp, const char *says)
{
	struct store store = {0};
	assert_int_equal(open_store(&store, path, kind, stamp, why, sizeof why), -1);
	assert_null(store.header);
	if (strstr(why, says) == NULL || strstr(why, path) == NULL)
		fail_msg("\"%s\" does not say \"%s\" of %s", why, says, path);
}

static void the_wrong_kind_or_stamp_is_refused(void **state)
{
	(void)state;
	assert_refused(STORE_WORDNET, 42, "another kind");
	assert_refused(STORE_VECTORS, 43, "stale");
}

/* Every byte of the file matters, padding included. */
static void a_flipped_bit_is_refused(void **state)
{
	struct stat status;
	(void)state;
	assert_int_equal(stat(path, &status), 0);
	for (off_t at = 0; at < status.st_size; at++) {
		unsigned char byte;
		struct store store = {0};
		int fd = open(path, O_RDWR);
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= (unsigned char)(1 << at % 8);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		if (open_store(&store, path, STORE_VECTORS, 42, why, sizeof why) == 0)
			fail_msg("a changed bit in byte %ld went unseen", (long)at);
		byte ^= (unsigned char)(1 << at % 8);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		close(fd);
	}
}

static void a_cut_file_is_refused(void **state)
{
	struct stat status;
	(void)state;
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(truncate(path, status.st_size - STORE_ALIGN), 0);
	assert_refused(STORE_VECTORS, 42, "damaged header");
	assert_int_equal(truncate(path, 100), 0);
	assert_refused(STORE_VECTORS, 42, "not a store");
	assert_int_equal(truncate(path, 0), 0);
	assert_refused(STORE_VECTORS, 42, "not a store");
}

static void what_is_no_file_is_refused(void **state)
{
	struct store store = {0};
	(void)state;
	assert_int_equal(open_store(&store, "/nonexistent", STORE_VECTORS, 42, why, sizeof why), -1);
	assert_non_null(strstr(why, "No such file"));
	assert_int_equal(open_store(&store, "/", STORE_VECTORS, 42, why, sizeof why), -1);
	assert_non_null(strstr(why, "not a store"));
}

static void without_a_folder_it_lives_in_memory(void **state)
{
	const struct store_part part = {numbers, sizeof numbers};
	struct store_header header = like;
	struct store store;
	size_t count;
	bool kept = true;
	(void)state;
	header.sections = 1;
	assert_int_equal(make_store(&store, "/proc/nowhere/store", &header, &part, &kept, why, sizeof why), 0);
	assert_false(kept);
	assert_memory_equal(store_section(&store, 0, 1, &count), numbers, sizeof numbers);
	close_store(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_went_in_comes_out, make, drop),
		cmocka_unit_test_setup_teardown(the_wrong_kind_or_stamp_is_refused, make, drop),
		cmocka_unit_test_setup_teardown(a_flipped_bit_is_refused, make, drop),
		cmocka_unit_test_setup_teardown(a_cut_file_is_refused, make, drop),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(without_a_folder_it_lives_in_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
