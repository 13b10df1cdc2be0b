/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lines of events: every field in logfmt and JSON, whatever bytes they hold, and allowances second by second.
 */
#include "build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#ifdef HAVE_JANSSON
#include <jansson.h>
#endif

#include "runtime/limit.h"

static struct event event;
static char line[EVENT_LINE_SIZE], wanted[EVENT_LINE_SIZE];

static int start(void **state)
{
	(void)state;
	memset(&event, 0, sizeof event);
	fill_event(&event, TENON_LOG_WARN,
		   FACTS(EVENT_rolled_back, .backend = "avx512", .kernel = "top_k", .rollout = 3, .percent = 25,
			 .reason = "lane 3: got \"1\"\n"));
	event.time_ms = 1767225599123;
	event.generation = 12;
	strcpy(event.text, "rolled back: \\ caf\xc3\xa9 \xff");
	return 0;
}

static void logfmt_has_every_field(void **state)
{
	(void)state;
	format_event(&event, "web", FORMAT_LOGFMT, line);
	snprintf(wanted, sizeof wanted,
		 "time=2025-12-31T23:59:59.123Z level=warn event=rolled_back pid=%d label=web backend=avx512 "
		 "kernel=top_k "
		 "generation=12 rollout=3 percent=25 reason=\"lane 3: got \\\"1\\\"\\x0a\" "
		 "text=\"rolled back: \\\\ caf\xc3\xa9 \xff\"",
		 (int)getpid());
	assert_string_equal(line, wanted);
}

static void json_has_every_field(void **state)
{
	(void)state;
	format_event(&event, "web", FORMAT_JSON, line);
	snprintf(wanted, sizeof wanted,
		 "{\"time\":\"2025-12-31T23:59:59.123Z\",\"level\":\"warn\",\"event\":\"rolled_back\",\"pid\":%d,"
		 "\"label\":\"web\",\"backend\":\"avx512\",\"kernel\":\"top_k\",\"generation\":12,\"rollout\":3,"
		 "\"percent\":25,\"reason\":\"lane 3: got \\\"1\\\"\\u000a\","
		 "\"text\":\"rolled back: \\\\ caf\xc3\xa9 \\ufffd\"}",
		 (int)getpid());
	assert_string_equal(line, wanted);
}

static void what_does_not_apply_is_left_out(void **state)
{
	(void)state;
	fill_event(&event, TENON_LOG_INFO, FACTS(EVENT_control));
	event.generation = 0;
	format_event(&event, "", FORMAT_LOGFMT, line);
	assert_null(strstr(line, "backend="));
	assert_null(strstr(line, "label="));
	assert_null(strstr(line, "rollout="));
	assert_non_null(strstr(line, " generation=0 ")); /* of scalar, before the first swap */
	format_event(&event, "", FORMAT_TEXT, line);
	assert_string_equal(line, event.text);
}

#ifdef HAVE_JANSSON
/* Any bytes at all, as long as they can be, make JSON. */
static void json_is_always_json(void **state)
{
	(void)state;
	uint32_t seed = 1;
	for (int round = 0; round < 2000; round++) {
		char *fields[] = {event.backend, event.kernel, event.reason, event.text};
		const size_t sizes[] = {sizeof event.backend, sizeof event.kernel, sizeof event.reason,
					sizeof event.text};
		for (int i = 0; i < 4; i++) {
			for (size_t at = 0; at + 1 < sizes[i]; at++) {
				seed = seed * 1664525 + 1013904223;
				fields[i][at] = (char)(round == 0 ? 1 : seed >> 24 ? seed >> 24 : 1);
			}
			fields[i][sizes[i] - 1] = '\0';
		}
		format_event(&event, "a label", FORMAT_JSON, line);
		json_error_t error;
		json_t *object = json_loads(line, 0, &error);
		if (!object)
			fail_msg("round %d: %s: %s", round, error.text, line);
		assert_string_equal(json_string_value(json_object_get(object, "event")), "rolled_back");
		assert_non_null(json_object_get(object, "text"));
		json_decref(object);
	}
}
#endif

static int count_allowed(enum event_kind kind, int events, int64_t now_ms, const char *format)
{
	int allowed = 0;
	for (int i = 0; i < events; i++) {
		char text[64];
		snprintf(text, sizeof text, format, i);
		allowed += allow_event(kind, text, now_ms);
	}
	return allowed;
}

static void an_allowance_comes_back_second_by_second(void **state)
{
	(void)state;
	enum event_kind kind = EVENT_found;
	uint64_t count;
	assert_int_equal(count_allowed(EVENT_found, 50, 5000, "a %d"), LIMIT_BURST);
	assert_int_equal(count_allowed(EVENT_found, 50, 5999, "b %d"), 0);
	assert_int_equal(count_allowed(EVENT_found, 50, 7000, "c %d"), 2);
	assert_int_equal(count_allowed(EVENT_vetted, 50, 7000, "d %d"), LIMIT_BURST);
	assert_true(take_suppressed(&kind, false, 7000, &count));
	assert_int_equal(kind, EVENT_found);
	assert_int_equal(count, 50 - LIMIT_BURST + 50 + 48);
	assert_false(take_suppressed(&kind, false, 7000, &count));
	assert_true(take_suppressed(&kind, false, 7000 + LIMIT_REPEAT_MS, &count));
	assert_int_equal(kind, EVENT_vetted);
	assert_int_equal(count, 50 - LIMIT_BURST);
	assert_int_equal(count_allowed(EVENT_found, 50, 1000000, "e %d"), LIMIT_BURST);
}

static void the_same_line_waits(void **state)
{
	(void)state;
	assert_int_equal(count_allowed(EVENT_proven, 5, 1000, "same"), 1);
	assert_int_equal(count_allowed(EVENT_proven, 5, 1000 + LIMIT_REPEAT_MS, "same"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(logfmt_has_every_field, start),
		cmocka_unit_test_setup(json_has_every_field, start),
		cmocka_unit_test_setup(what_does_not_apply_is_left_out, start),
#ifdef HAVE_JANSSON
		cmocka_unit_test_setup(json_is_always_json, start),
#endif
		cmocka_unit_test(an_allowance_comes_back_second_by_second),
		cmocka_unit_test(the_same_line_waits),
	};
	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
