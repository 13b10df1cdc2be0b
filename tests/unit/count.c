/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Counted tables: every call is counted for its backend, by threads that ended and by signal handlers, too; what was counted
 * outlives the slot; counts begin at zero in a forked child; slots run out with a word, and none is lost by that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <tenon/tenon.h>

#include "runtime/counted.h"
#include "runtime/load.h"
#include "runtime/publish.h"

#define KERNEL KERNEL_crc32c

static struct image images[COUNT_SLOTS + 1];
static struct table counted;
static struct why why;

static int do_nothing(const void *args, void *scratch)
{
	(void)args;
	(void)scratch;
	return TENON_OK;
}

static void make_table(struct image *image, const char *name)
{
	snprintf(image->name, sizeof image->name, "%s", name);
	for (int i = 0; i < KERNEL_COUNT; i++) {
		image->function[i] = counted.function[i] = do_nothing;
		counted.image[i] = image;
	}
}

static void call(size_t times)
{
	for (size_t i = 0; i < times; i++)
		counted.function[KERNEL](NULL, NULL);
}

struct sum {
	const char *backend;
	uint64_t calls, samples;
};

static void add(const struct counted *found, void *user)
{
	struct sum *sum = user;
	if (strcmp(found->backend, sum->backend) != 0)
		return;
	sum->calls += found->calls;
	for (int i = 0; i < DURATION_BUCKETS; i++)
		sum->samples += found->durations.bucket[i];
}

static struct sum count(const char *backend)
{
	struct sum sum = {.backend = backend};
	visit_counts(add, &sum);
	return sum;
}

static int turn_on(void **state)
{
	(void)state;
	return set_counting(true, &why);
}

static int turn_off(void **state)
{
	(void)state;
	return set_counting(false, &why);
}

static void counts_every_call(void **state)
{
	(void)state;
	make_table(&images[0], "first");
	assert_int_equal(count_table(&counted, &why), TENON_OK);
	assert_ptr_not_equal(counted.function[KERNEL], do_nothing);
	call(100000);
	assert_int_equal(count("first").calls, 100000);
	assert_in_range(count("first").samples, 100000 / 512 / 2, 100000 / 512 * 2);
}

static void *call_from_thread(void *unused)
{
	call(1000);
	return unused;
}

static void keeps_what_ended_threads_did(void **state)
{
	(void)state;
	uint64_t before = count("first").calls;
	for (int i = 0; i < 20; i++) {
		pthread_t thread[2];
		for (int j = 0; j < 2; j++)
			assert_int_equal(pthread_create(&thread[j], NULL, call_from_thread, NULL), 0);
		for (int j = 0; j < 2; j++)
			pthread_join(thread[j], NULL);
	}
	assert_int_equal(count("first").calls, before + 40000);
}

static volatile uint64_t handled;

static void call_from_handler(int signal_number)
{
	(void)signal_number;
	counted.function[KERNEL](NULL, NULL);
	handled++;
}

static void loses_no_call_of_a_signal_handler(void **state)
{
	(void)state;
	const struct itimerval often = {{0, 100}, {0, 100}}, never = {{0, 0}, {0, 0}};
	uint64_t before = count("first").calls, calls = 0;
	signal(SIGALRM, call_from_handler);
	setitimer(ITIMER_REAL, &often, NULL);
	for (; handled < 200; calls += 1000)
		call(1000);
	setitimer(ITIMER_REAL, &never, NULL);
	assert_int_equal(count("first").calls, before + calls + handled);
}

static void totals_outlive_the_slot(void **state)
{
	(void)state;
	struct sum before = count("first"), after;
	end_counting(&images[0]);
	after = count("first");
	assert_int_equal(after.calls, before.calls);
	assert_int_equal(after.samples, before.samples);
	make_table(&images[1], "second");
	assert_int_equal(count_table(&counted, &why), TENON_OK);
	assert_int_equal(count("second").calls, 0);
	call(10);
	assert_int_equal(count("second").calls, 10);
	make_table(&images[0], "first");
	assert_int_equal(count_table(&counted, &why), TENON_OK);
	call(10);
	assert_int_equal(count("first").calls, before.calls + 10);
}

static void a_table_is_what_it_was_without(void **state)
{
	(void)state;
	uncount_table(&counted);
	for (int i = 0; i < KERNEL_COUNT; i++)
		assert_ptr_equal(counted.function[i], do_nothing);
}

static void says_when_there_is_no_slot(void **state)
{
	(void)state;
	int status = TENON_OK, taken = 0;
	for (int i = 0; i <= COUNT_SLOTS && status == TENON_OK; i++, taken++) {
		make_table(&images[i], "many");
		status = count_table(&counted, &why);
	}
	assert_int_equal(status, TENON_EAGAIN);
	assert_int_equal(taken, COUNT_SLOTS); /* scalar has one */
	assert_non_null(strstr(why.text, "[metrics] calls = off"));
	for (int i = 0; i <= COUNT_SLOTS; i++)
		end_counting(&images[i]);
	assert_int_equal(count_table(&counted, &why), TENON_OK);
}

static void scalar_is_counted_wherever_it_serves(void **state)
{
	(void)state;
	uint32_t crc;
	const struct tenon_crc32c_args args = {"123456789", 9, 0, &crc};
	uint64_t before = count("scalar").calls;
	tenon_crc32c(&args);
	assert_int_equal(count("scalar").calls, before + 1);
	roll_back(TENON_ROLLBACK_SCALAR);
	tenon_crc32c(&args);
	assert_int_equal(count("scalar").calls, before + 2);
	assert_int_equal(set_counting(false, &why), TENON_OK);
	tenon_crc32c(&args);
	assert_int_equal(count("scalar").calls, before + 2);
	assert_int_equal(set_counting(true, &why), TENON_OK);
}

static void durations_fall_into_their_bucket(void **state)
{
	(void)state;
	assert_int_equal(find_duration_bucket(0), 0);
	for (unsigned i = 0; i + 1 < DURATION_BUCKETS; i++) {
		assert_int_equal(find_duration_bucket((uint64_t)DURATION_FIRST << i), i);
		assert_int_equal(find_duration_bucket(((uint64_t)DURATION_FIRST << i) + 1), i + 1);
	}
	assert_int_equal(find_duration_bucket(UINT64_MAX), DURATION_BUCKETS - 1);
	assert_in_range(convert_ticks(UINT64_MAX), 1, UINT64_MAX);
}

static void a_child_begins_at_zero(void **state)
{
	(void)state;
	restart_counting();
	assert_int_equal(count("first").calls, 0);
	assert_int_equal(count("first").samples, 0);
	make_table(&images[0], "first");
	assert_int_equal(count_table(&counted, &why), TENON_OK);
	call(7);
	assert_int_equal(count("first").calls, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_every_call),
		cmocka_unit_test(keeps_what_ended_threads_did),
		cmocka_unit_test(loses_no_call_of_a_signal_handler),
		cmocka_unit_test(totals_outlive_the_slot),
		cmocka_unit_test(a_table_is_what_it_was_without),
		cmocka_unit_test(says_when_there_is_no_slot),
		cmocka_unit_test(scalar_is_counted_wherever_it_serves),
		cmocka_unit_test(durations_fall_into_their_bucket),
		cmocka_unit_test(a_child_begins_at_zero),
	};
	return cmocka_run_group_tests_name("count", tests, turn_on, turn_off);
}
