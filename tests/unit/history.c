/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The history: what log_event() keeps of what happened, whatever it reports; and events that wait for a lock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/history.h"
#include "runtime/log.h"

static struct event events[HISTORY_SIZE + 1];

static void keeps_what_is_not_reported(void **state)
{
	(void)state;
	const struct config config = {.log_level = TENON_LOG_ERROR, .log_target = "none"};
	configure_log(&config);
	log_event(TENON_LOG_INFO, FACTS(EVENT_active), "event %d", 1);
	log_event(TENON_LOG_DEBUG, FACTS(EVENT_found), "event %d", 2);
	log_event(TENON_LOG_WARN, FACTS(EVENT_trouble), "event %d", 3);
	assert_int_equal(read_history(events, HISTORY_SIZE), 2);
	assert_string_equal(events[0].text, "event 1");
	assert_int_equal(events[0].level, TENON_LOG_INFO);
	assert_int_equal(events[0].sequence, 1);
	assert_true(events[0].time_ms > 1700000000000);
	assert_string_equal(events[1].text, "event 3");
	assert_int_equal(events[1].sequence, 2);
}

static void counts_repeats(void **state)
{
	(void)state;
	log_event(TENON_LOG_WARN, FACTS(EVENT_trouble), "again");
	log_event(TENON_LOG_WARN, FACTS(EVENT_trouble), "again");
	log_event(TENON_LOG_WARN, FACTS(EVENT_trouble), "again");
	assert_int_equal(read_history(events, 1), 1);
	assert_string_equal(events[0].text, "again");
	assert_int_equal(events[0].repeats, 2);
	log_event(TENON_LOG_WARN, FACTS(EVENT_control), "again");
	read_history(events, 1);
	assert_int_equal(events[0].repeats, 0);
}

static void forgets_the_oldest(void **state)
{
	(void)state;
	for (int i = 0; i < HISTORY_SIZE + 10; i++)
		log_event(TENON_LOG_INFO, FACTS(EVENT_active), "number %d", i);
	assert_int_equal(read_history(events, HISTORY_SIZE + 1), HISTORY_SIZE);
	assert_string_equal(events[0].text, "number 10");
	char last[32];
	snprintf(last, sizeof last, "number %d", HISTORY_SIZE + 9);
	assert_string_equal(events[HISTORY_SIZE - 1].text, last);
	assert_int_equal(events[HISTORY_SIZE - 1].sequence - events[0].sequence, HISTORY_SIZE - 1);
}

static void held_events_wait(void **state)
{
	(void)state;
	hold_event(TENON_LOG_WARN, FACTS(EVENT_trouble), "held %d", 1);
	hold_event(TENON_LOG_ERROR,
		   FACTS(EVENT_rolled_back, .backend = "b", .kernel = "k", .reason = "r", .rollout = 3, .percent = 25),
		   "held %d", 2);
	read_history(events, 1);
	assert_string_not_equal(events[0].text, "held 2");
	tell_held_events();
	assert_int_equal(read_history(events, 2), 2);
	assert_string_equal(events[0].text, "held 1");
	assert_string_equal(events[1].text, "held 2");
	assert_int_equal(events[1].level, TENON_LOG_ERROR);
	assert_int_equal(events[1].kind, EVENT_rolled_back);
	assert_string_equal(events[1].backend, "b");
	assert_string_equal(events[1].kernel, "k");
	assert_string_equal(events[1].reason, "r");
	assert_int_equal(events[1].rollout, 3);
	assert_int_equal(events[1].percent, 25);
	assert_true(events[1].time_ms >= events[0].time_ms);
	hold_event(TENON_LOG_WARN, FACTS(EVENT_trouble), "lost at a fork");
	restart_log();
	tell_held_events();
	read_history(events, 1);
	assert_string_equal(events[0].text, "held 2");
}

static void long_texts_are_cut(void **state)
{
	(void)state;
	char text[700];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	log_event(TENON_LOG_WARN, FACTS(EVENT_trouble), "%s", text);
	read_history(events, 1);
	assert_int_equal(strlen(events[0].text), sizeof events[0].text - 1);
	assert_string_equal(events[0].text + sizeof events[0].text - 4, "...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_is_not_reported), cmocka_unit_test(counts_repeats),
		cmocka_unit_test(forgets_the_oldest),         cmocka_unit_test(held_events_wait),
		cmocka_unit_test(long_texts_are_cut),
	};
	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
