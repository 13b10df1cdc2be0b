/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Events: who gets them, which are dropped, and that several threads may log while the callback changes.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/limit.h"
#include "runtime/log.h"

static struct {
	int count;
	enum tenon_log_level level;
	char line[1024], before[1024];
	uint64_t told; /* as not written */
} heard;

static void hear(enum tenon_log_level level, const char *line, void *user)
{
	assert_ptr_equal(user, &heard);
	heard.count++;
	heard.level = level;
	memcpy(heard.before, heard.line, sizeof heard.before);
	if (strstr(line, "were not written"))
		heard.told += strtoull(line, NULL, 10);
	snprintf(heard.line, sizeof heard.line, "%s", line);
}

static void configure(int level, const char *target)
{
	struct config config = {.log_level = level};
	snprintf(config.log_target, sizeof config.log_target, "%s", target);
	configure_log(&config);
}

static int start(void **state)
{
	(void)state;
	memset(&heard, 0, sizeof heard);
	configure(TENON_LOG_WARN, "callback");
	tenon_log_set(hear, &heard);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	tenon_log_set(NULL, NULL);
	return 0;
}

/* What log_event() writes to stderr. */
static ssize_t listen_to_stderr(char *text, size_t size, enum tenon_log_level level, const char *line)
{
	int fds[2], saved = dup(STDERR_FILENO);
	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	log_event(level, FACTS(EVENT_trouble), "%s", line);
	dup2(saved, STDERR_FILENO);
	close(saved);
	ssize_t length = read(fds[0], text, size - 1);
	close(fds[0]);
	text[length > 0 ? length : 0] = '\0';
	return length;
}

static void the_callback_gets_level_and_line(void **state)
{
	(void)state;
	log_event(TENON_LOG_ERROR, FACTS(EVENT_trouble), "backend %s: %d", "a", 1);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.level, TENON_LOG_ERROR);
	assert_string_equal(heard.line, "backend a: 1");
}

static void lower_levels_are_dropped(void **state)
{
	(void)state;
	log_event(TENON_LOG_INFO, FACTS(EVENT_trouble), "info is dropped");
	assert_int_equal(heard.count, 0);
	configure(TENON_LOG_DEBUG, "callback");
	log_event(TENON_LOG_DEBUG, FACTS(EVENT_trouble), "debug is heard");
	assert_int_equal(heard.count, 1);
}

static void silence_is_the_default(void **state)
{
	(void)state;
	char text[200];
	tenon_log_set(NULL, NULL);
	assert_int_equal(listen_to_stderr(text, sizeof text, TENON_LOG_ERROR, "nobody listens"), 0);
	assert_int_equal(heard.count, 0);
}

static void stderr_gets_one_line(void **state)
{
	(void)state;
	char text[400];
	configure(TENON_LOG_WARN, "stderr");
	listen_to_stderr(text, sizeof text, TENON_LOG_WARN, "to stderr");
	assert_non_null(strstr(text, " level=warn event=trouble pid="));
	assert_non_null(strstr(text, " text=\"to stderr\"\n"));
	assert_int_equal(heard.count, 0);
}

static void none_means_nobody(void **state)
{
	(void)state;
	char text[200];
	configure(TENON_LOG_DEBUG, "none");
	assert_int_equal(listen_to_stderr(text, sizeof text, TENON_LOG_ERROR, "to nobody"), 0);
	assert_int_equal(heard.count, 0);
}

static void syslog_is_not_the_callback(void **state)
{
	(void)state;
	configure(TENON_LOG_WARN, "syslog");
	log_event(TENON_LOG_ERROR, FACTS(EVENT_trouble), "test of target = syslog");
	assert_int_equal(heard.count, 0);
}

/* Which allowance is left is another test's doing: each has kinds of its own. */
static void a_repeated_line_is_counted(void **state)
{
	(void)state;
	uint64_t before = count_suppressed();
	for (int i = 0; i < 5; i++)
		log_event(TENON_LOG_WARN, FACTS(EVENT_paused), "again and again");
	assert_int_equal(heard.count, 1);
	assert_string_equal(heard.line, "again and again");
	assert_int_equal(count_suppressed() - before, 4);
	log_event(TENON_LOG_WARN, FACTS(EVENT_resumed), "something else");
	assert_int_equal(heard.count, 2);
	log_event(TENON_LOG_WARN, FACTS(EVENT_paused), "not the same");
	assert_int_equal(heard.count, 4);
	assert_string_equal(heard.line, "not the same");
	assert_non_null(strstr(heard.before, "4 more of the events 'paused' were not written"));
}

static void a_flood_of_one_kind_leaves_room_for_others(void **state)
{
	(void)state;
	uint64_t before = count_suppressed();
	for (int i = 0; i < 1000; i++)
		log_event(TENON_LOG_WARN, FACTS(EVENT_step), "step %d", i);
	uint64_t held = count_suppressed() - before;
	assert_in_range(held, 1, 1000 - LIMIT_BURST);
	log_event(TENON_LOG_WARN, FACTS(EVENT_promoted), "the flood does not reach this");
	assert_string_equal(heard.line, "the flood does not reach this");
	assert_int_equal(heard.told + held, count_suppressed() - before);
	tell_suppressed(true);
	assert_int_equal(heard.told, held);
	heard.count = 0;
	tell_suppressed(true);
	assert_int_equal(heard.count, 0);
}

static void fields_go_where_the_format_says(void **state)
{
	(void)state;
	struct config config = {.log_level = TENON_LOG_WARN, .log_format = FORMAT_LOGFMT, .label = "web one"};
	strcpy(config.log_target, "callback");
	configure_log(&config);
	log_event(TENON_LOG_WARN, FACTS(EVENT_rolled_back, .backend = "avx2", .reason = "it lied"), "back");
	assert_non_null(strstr(heard.line, " event=rolled_back pid="));
	assert_non_null(strstr(heard.line, " label=\"web one\" backend=avx2 "));
	assert_non_null(strstr(heard.line, " reason=\"it lied\" text=back"));
	config.log_format = FORMAT_JSON;
	configure_log(&config);
	log_event(TENON_LOG_WARN, FACTS(EVENT_rolled_back, .kernel = "top_k", .percent = 5), "again");
	assert_non_null(strstr(heard.line, "\"label\":\"web one\",\"kernel\":\"top_k\","));
	assert_non_null(strstr(heard.line, "\"percent\":5,\"text\":\"again\"}"));
	config.log_format = FORMAT_TEXT;
	strcpy(config.log_target, "stderr");
	config.label[0] = '\0';
	configure_log(&config);
	char text[200];
	listen_to_stderr(text, sizeof text, TENON_LOG_WARN, "the text alone");
	assert_string_equal(text, "the text alone\n");
}

static void a_long_line_is_cut(void **state)
{
	(void)state;
	char line[5000];
	memset(line, 'y', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	log_event(TENON_LOG_WARN, FACTS(EVENT_trouble), "%s", line);
	assert_int_equal(heard.count, 1);
	assert_in_range(strlen(heard.line), 500, sizeof heard.line - 1);
}

static void errno_is_kept(void **state)
{
	(void)state;
	errno = E2BIG;
	log_event(TENON_LOG_WARN, FACTS(EVENT_trouble), "errno %s", "kept");
	assert_int_equal(errno, E2BIG);
}

static _Atomic int lines_heard, wrong_users;
static int one, two;

static void hear_one(enum tenon_log_level level, const char *line, void *user)
{
	(void)level;
	atomic_fetch_add(&lines_heard, !strstr(line, "were not written"));
	atomic_fetch_add(&wrong_users, user != &one);
}

static void hear_two(enum tenon_log_level level, const char *line, void *user)
{
	(void)level;
	atomic_fetch_add(&lines_heard, !strstr(line, "were not written"));
	atomic_fetch_add(&wrong_users, user != &two);
}

static void *log_much(void *number)
{
	for (int i = 0; i < 2000; i++)
		log_event(TENON_LOG_WARN, FACTS(EVENT_draining), "thread %d line %d", *(int *)number, i);
	return NULL;
}

static void callback_and_user_change_together(void **state)
{
	(void)state;
	pthread_t threads[4];
	int numbers[4] = {0, 1, 2, 3};
	uint64_t held_before = count_suppressed();
	tenon_log_set(hear_one, &one);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_much, &numbers[i]), 0);
	for (int i = 0; i < 2000; i++) {
		tenon_log_set(hear_two, &two);
		tenon_log_set(hear_one, &one);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(wrong_users, 0);
	assert_int_equal(lines_heard + (count_suppressed() - held_before), 4 * 2000);
	assert_true(lines_heard > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_callback_gets_level_and_line, start, stop),
		cmocka_unit_test_setup_teardown(lower_levels_are_dropped, start, stop),
		cmocka_unit_test_setup_teardown(silence_is_the_default, start, stop),
		cmocka_unit_test_setup_teardown(stderr_gets_one_line, start, stop),
		cmocka_unit_test_setup_teardown(none_means_nobody, start, stop),
		cmocka_unit_test_setup_teardown(syslog_is_not_the_callback, start, stop),
		cmocka_unit_test_setup_teardown(a_repeated_line_is_counted, start, stop),
		cmocka_unit_test_setup_teardown(a_flood_of_one_kind_leaves_room_for_others, start, stop),
		cmocka_unit_test_setup_teardown(fields_go_where_the_format_says, start, stop),
		cmocka_unit_test_setup_teardown(a_long_line_is_cut, start, stop),
		cmocka_unit_test_setup_teardown(errno_is_kept, start, stop),
		cmocka_unit_test_setup_teardown(callback_and_user_change_together, start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
