/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Samples as lines: nothing is wider than the page, and what matters is not what is left out.
 */
#include "tools/top/page.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct page page;

static struct sample describe(pid_t pid, const char *label)
{
	struct sample sample = {.process.pid = pid, .taken_ms = 1, .generation = 2, .p50 = 5.57e-8, .p99 = 1.28e-7};
	snprintf(sample.program, sizeof sample.program, "host");
	snprintf(sample.label, sizeof sample.label, "%s", label);
	snprintf(sample.backend, sizeof sample.backend, "avx2");
	sample.has_rate = sample.is_counted = true;
	sample.calls_per_second = 2130000;
	sample.arena_size = 1 << 20;
	sample.arena_high_water = 1 << 19;
	return sample;
}

static void roll_out(struct sample *sample)
{
	snprintf(sample->rollout, sizeof sample->rollout, "canary");
	snprintf(sample->rollout_backend, sizeof sample->rollout_backend, "avx512");
	sample->rollout_percent = 25;
	sample->rollout_step = 2;
	sample->rollout_steps = 4;
	sample->rollout_held_ms = 1500;
	sample->rollout_hold_ms = 30000;
}

static void add_events(struct sample *sample, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sample_event *event = &sample->event[sample->events++];
		snprintf(event->moment, sizeof event->moment, "2026-02-28T12:34:%02zu.000Z", i);
		snprintf(event->level, sizeof event->level, "info");
		snprintf(event->text, sizeof event->text, "event %zu of those that happened to this process", i);
	}
}

static bool has_line(const char *text)
{
	for (size_t i = 0; i < page.count; i++)
		if (strstr(page.line[i].text, text))
			return true;
	return false;
}

static const struct page_line *find_line(const char *text)
{
	for (size_t i = 0; i < page.count; i++)
		if (strstr(page.line[i].text, text))
			return &page.line[i];
	fail_msg("no line has '%s'", text);
	return NULL;
}

/* ---- Numbers ----------------------------------------------------------------------------------------------------- */

static void assert_rate(double value, const char *expected)
{
	char text[16];
	format_rate(value, text);
	assert_string_equal(text, expected);
}

static void assert_seconds(double value, const char *expected)
{
	char text[16];
	format_seconds(value, text);
	assert_string_equal(text, expected);
}

static void assert_bytes(uint64_t value, const char *expected)
{
	char text[16];
	format_bytes(value, text);
	assert_string_equal(text, expected);
}

static void numbers_have_three_digits_that_count(void **state)
{
	(void)state;
	assert_rate(-1, "-");
	assert_rate(0, "0");
	assert_rate(0.4, "0");
	assert_rate(99.6, "100");
	assert_rate(999.4, "999");
	assert_rate(999.6, "1.00k");
	assert_rate(12345, "12.3k");
	assert_rate(2130000, "2.13M");
	assert_rate(5e12, "5000G");
	assert_seconds(-1, "-");
	assert_seconds(5.57e-8, "55.7ns");
	assert_seconds(1.28e-7, "128ns");
	assert_seconds(2.5e-3, "2.50ms");
	assert_seconds(3, "3.00s");
	assert_bytes(0, "0B");
	assert_bytes(1023, "1023B");
	assert_bytes(1024, "1.00KiB");
	assert_bytes(3u << 20, "3.00MiB");
}

/* ---- Lines ------------------------------------------------------------------------------------------------------- */

static void a_line_is_cut_and_says_so(void **state)
{
	(void)state;
	start_page(&page, 10);
	add_page_line(&page, TONE_BAD, "%s", "0123456789");
	add_page_line(&page, TONE_BAD, "%s", "0123456789a");
	assert_string_equal(page.line[0].text, "0123456789");
	assert_string_equal(page.line[1].text, "01234567..");
	assert_int_equal(page.line[1].tone, TONE_BAD);
}

static void text_is_broken_between_words(void **state)
{
	(void)state;
	start_page(&page, 10);
	add_page_text(&page, TONE_PLAIN, "one two three four");
	assert_int_equal(page.count, 3);
	assert_string_equal(page.line[0].text, "one two");
	assert_string_equal(page.line[1].text, "  three");
	assert_string_equal(page.line[2].text, "  four");
	assert_false(page.line[0].goes_on);
	assert_true(page.line[1].goes_on);
}

static void a_word_that_is_too_long_is_broken_anywhere(void **state)
{
	(void)state;
	start_page(&page, 10);
	add_page_text(&page, TONE_PLAIN, "/a/very/long/path");
	assert_string_equal(page.line[0].text, "/a/very/lo");
	assert_string_equal(page.line[1].text, "  ng/path");
}

static void text_has_so_many_lines_and_no_more(void **state)
{
	(void)state;
	start_page(&page, 10);
	add_page_text(&page, TONE_PLAIN, "%0100d", 0);
	assert_int_equal(page.count, PAGE_WRAPS);
	assert_string_equal(page.line[PAGE_WRAPS - 1].text, "  000000..");
	start_page(&page, 10);
	add_page_text(&page, TONE_PLAIN, "%s", "");
	assert_int_equal(page.count, 1);
}

static void what_is_not_printable_becomes_a_mark(void **state)
{
	(void)state;
	start_page(&page, 20);
	add_page_line(&page, TONE_PLAIN, "a\x1b[31mb\xc3\xa4\x7f");
	assert_string_equal(page.line[0].text, "a?[31mb???");
}

static void a_page_has_an_end(void **state)
{
	(void)state;
	start_page(&page, 1000);
	assert_int_equal(page.width, PAGE_WIDTH);
	for (int i = 0; i < PAGE_LINES + 10; i++)
		add_page_text(&page, TONE_PLAIN, "line");
	assert_int_equal(page.count, PAGE_LINES);
}

/* ---- Processes --------------------------------------------------------------------------------------------------- */

static void a_wide_page_is_a_table(void **state)
{
	(void)state;
	struct sample samples[] = {describe(11, "web"), describe(4194304, "a label that is long")};
	roll_out(&samples[0]);
	start_page(&page, 80);
	add_processes(&page, samples, 2, 0);
	assert_int_equal(page.count, 3);
	assert_string_equal(page.line[0].text, "     PID NAME         BACKEND   CALLS/S     P50     P99 ARENA STATE");
	assert_string_equal(page.line[1].text,
			    ">     11 web          avx2        2.13M  55.7ns   128ns   50% canary 25% 2/4");
	assert_string_equal(page.line[2].text, " 4194304 a label that avx2        2.13M  55.7ns   128ns   50% -");
	assert_int_equal(page.line[0].tone, TONE_HEAD);
	assert_int_equal(page.line[1].tone, TONE_CHOSEN);
	assert_int_equal(page.line[2].tone, TONE_PLAIN);
}

static void a_narrow_page_has_two_lines_each(void **state)
{
	(void)state;
	struct sample samples[] = {describe(11, ""), describe(12, "db")};
	samples[1].is_counted = samples[1].has_rate = false;
	samples[1].p50 = samples[1].p99 = -1;
	samples[1].arena_size = 0;
	samples[1].pinned = true;
	start_page(&page, 40);
	add_processes(&page, samples, 2, 1);
	assert_int_equal(page.count, 4);
	assert_string_equal(page.line[0].text, " 11 host avx2");
	assert_string_equal(page.line[1].text, " 2.13M/s p50 55.7ns p99 128ns mem 50%");
	assert_string_equal(page.line[2].text, ">12 db avx2 pinned");
	assert_string_equal(page.line[3].text, " -/s p50 - p99 - mem -");
}

/* A label has up to 63 bytes. */
static void a_long_name_leaves_room_on_a_narrow_page(void **state)
{
	(void)state;
	struct sample sample = describe(11, "a label that is as long as the whole page");
	sample.degraded = true;
	struct sample samples[] = {sample, sample};
	snprintf(samples[1].error, sizeof samples[1].error, "no answer");
	start_page(&page, 40);
	add_processes(&page, samples, 2, 2);
	assert_string_equal(page.line[0].text, " 11 a label that avx2 degraded");
	assert_string_equal(page.line[2].text, " 11 a label that: no answer");
}

static void assert_state(const struct sample *sample, const char *expected)
{
	char text[64];
	describe_state(sample, text);
	assert_string_equal(text, expected);
}

static void a_state_is_a_word_or_two(void **state)
{
	(void)state;
	struct sample sample = describe(11, "web");
	assert_state(&sample, "-");
	sample.pinned = true;
	assert_state(&sample, "pinned");
	sample.quarantined = 2;
	assert_state(&sample, "pinned quarantine");
	sample.pinned = false;
	assert_state(&sample, "quarantine");
	sample.degraded = true;
	assert_state(&sample, "degraded quarantine");
	roll_out(&sample);
	assert_state(&sample, "canary 25% 2/4");
	snprintf(sample.rollout, sizeof sample.rollout, "paused");
	assert_state(&sample, "paused 25% 2/4");
}

static void trouble_is_marked(void **state)
{
	(void)state;
	struct sample samples[] = {describe(11, "web"), describe(12, "db"), describe(13, "mute")};
	samples[0].degraded = true;
	samples[1].arena_overflows = 1;
	snprintf(samples[2].error, sizeof samples[2].error, "no answer within 1 s");
	for (size_t width = 40; width <= 120; width += 40) {
		start_page(&page, width);
		add_processes(&page, samples, 3, 3);
		assert_int_equal(find_line("degraded")->tone, TONE_BAD);
		assert_true(has_line("50%!"));
		assert_int_equal(find_line("no answer")->tone, TONE_BAD);
		assert_true(has_line("mute"));
	}
}

/* ---- Details ----------------------------------------------------------------------------------------------------- */

static void details_say_what_is_wrong(void **state)
{
	(void)state;
	struct sample sample = describe(11, "web");
	sample.degraded = true;
	snprintf(sample.degraded_reason, sizeof sample.degraded_reason, "the port is taken");
	sample.quarantined = 1;
	sample.grace_age_ms = 2500;
	sample.grace_blocker = 4711;
	sample.is_counted = false;
	sample.arena_overflows = 3;
	start_page(&page, 120);
	add_details(&page, &sample, SAMPLE_EVENTS);
	assert_int_equal(find_line("degraded: the port is taken")->tone, TONE_BAD);
	assert_int_equal(find_line("quarantined: 1; tenon quarantine list 11")->tone, TONE_BAD);
	assert_int_equal(find_line("grace period: 2.5 s, waits for thread 4711")->tone, TONE_BAD);
	assert_int_equal(find_line("calls: not counted")->tone, TONE_FAINT);
	assert_int_equal(find_line("512KiB of 1.00MiB used, threads 0, overflows 3")->tone, TONE_BAD);
}

static void details_say_nothing_of_what_is_well(void **state)
{
	(void)state;
	struct sample sample = describe(11, "web");
	sample.arena_size = 0;
	sample.grace_age_ms = 999;
	snprintf(sample.rollout, sizeof sample.rollout, "none");
	start_page(&page, 120);
	add_details(&page, &sample, SAMPLE_EVENTS);
	assert_int_equal(page.count, 2);
	assert_string_equal(page.line[0].text, "process 11 host, label web");
	assert_string_equal(page.line[1].text, "backend: avx2, generation 2, swaps 0, rollbacks 0");
}

static void who_does_not_tell_his_metrics_may_count_all_the_same(void **state)
{
	(void)state;
	struct sample sample = describe(11, "web");
	sample.taken_ms = 0;
	sample.is_counted = false;
	start_page(&page, 120);
	add_details(&page, &sample, SAMPLE_EVENTS);
	assert_false(has_line("calls: not counted"));
}

static void details_tell_of_a_rollout_and_of_the_last(void **state)
{
	(void)state;
	struct sample sample = describe(11, "web");
	roll_out(&sample);
	start_page(&page, 120);
	add_details(&page, &sample, SAMPLE_EVENTS);
	assert_int_equal(find_line("rollout: canary, step 2/4, 25% of calls, held 1.5 of 30.0 s, to avx512")->tone,
			 TONE_GOOD);
	snprintf(sample.rollout, sizeof sample.rollout, "rolled-back");
	snprintf(sample.rollout_reason, sizeof sample.rollout_reason, "too slow");
	start_page(&page, 120);
	add_details(&page, &sample, SAMPLE_EVENTS);
	assert_true(has_line("last rollout: rolled-back: too slow (avx512)"));
}

static void details_of_who_is_silent_are_the_reason(void **state)
{
	(void)state;
	struct sample sample = describe(11, "web");
	snprintf(sample.error, sizeof sample.error, "no answer within 1 s");
	start_page(&page, 80);
	add_details(&page, &sample, SAMPLE_EVENTS);
	assert_int_equal(page.count, 2);
	assert_string_equal(page.line[1].text, "no answer within 1 s");
}

static void the_youngest_events_stay(void **state)
{
	(void)state;
	struct sample sample = describe(11, "web");
	add_events(&sample, 9);
	snprintf(sample.event[8].level, sizeof sample.event[8].level, "error");
	start_page(&page, 120);
	add_details(&page, &sample, 5);
	assert_false(has_line("event 3"));
	assert_int_equal(find_line("12:34:04 event 4")->tone, TONE_PLAIN);
	assert_int_equal(find_line("12:34:08 event 8")->tone, TONE_BAD);
}

/* ---- A screen ---------------------------------------------------------------------------------------------------- */

static void assert_fits(size_t width, size_t height)
{
	assert_true(page.count <= height);
	for (size_t i = 0; i < page.count; i++)
		assert_true(strlen(page.line[i].text) <= width);
}

/* Where only events can go, all else is there; and one that is left is left whole. */
static void events_go_first(void **state)
{
	(void)state;
	struct sample sample = describe(11, "web");
	add_events(&sample, SAMPLE_EVENTS);
	for (size_t height = 8; height < 40; height++) {
		start_page(&page, 40);
		add_body(&page, &sample, 1, 0, height);
		fit_page(&page, height);
		assert_fits(40, height);
		assert_true(has_line("arenas: at most"));
		if (page.tail < page.count)
			assert_false(page.line[page.tail].goes_on);
	}
	assert_true(has_line("12:34:11 event 11"));
}

static void a_page_that_fits_stays(void **state)
{
	(void)state;
	start_page(&page, 40);
	add_page_text(&page, TONE_PLAIN, "one");
	fit_page(&page, 1);
	assert_int_equal(page.count, 1);
	fit_page(&page, 0); /* no events: nothing may go */
	assert_int_equal(page.count, 1);
}

static void the_chosen_process_is_always_there(void **state)
{
	(void)state;
	static struct sample samples[20];
	for (int i = 0; i < 20; i++) {
		char label[8];
		snprintf(label, sizeof label, "p%d", i);
		samples[i] = describe(100 + i, label);
		add_events(&samples[i], 2);
	}
	for (size_t width = 20; width <= 120; width += 20)
		for (size_t chosen = 0; chosen < 20; chosen++)
			for (size_t height = 10; height < 40; height += 3) {
				char mark[16];
				start_page(&page, width);
				add_body(&page, samples, 20, chosen, height);
				fit_page(&page, height);
				snprintf(mark, sizeof mark, "%zu p%zu", 100 + chosen, chosen);
				assert_int_equal(find_line(mark)->text[0], '>');
				snprintf(mark, sizeof mark, "process %zu", 100 + chosen);
				assert_true(find_line(mark) - page.line < (ptrdiff_t)height);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_three_digits_that_count),
		cmocka_unit_test(a_line_is_cut_and_says_so),
		cmocka_unit_test(text_is_broken_between_words),
		cmocka_unit_test(a_word_that_is_too_long_is_broken_anywhere),
		cmocka_unit_test(text_has_so_many_lines_and_no_more),
		cmocka_unit_test(what_is_not_printable_becomes_a_mark),
		cmocka_unit_test(a_page_has_an_end),
		cmocka_unit_test(a_wide_page_is_a_table),
		cmocka_unit_test(a_narrow_page_has_two_lines_each),
		cmocka_unit_test(a_long_name_leaves_room_on_a_narrow_page),
		cmocka_unit_test(a_state_is_a_word_or_two),
		cmocka_unit_test(trouble_is_marked),
		cmocka_unit_test(details_say_what_is_wrong),
		cmocka_unit_test(details_say_nothing_of_what_is_well),
		cmocka_unit_test(who_does_not_tell_his_metrics_may_count_all_the_same),
		cmocka_unit_test(details_tell_of_a_rollout_and_of_the_last),
		cmocka_unit_test(details_of_who_is_silent_are_the_reason),
		cmocka_unit_test(the_youngest_events_stay),
		cmocka_unit_test(events_go_first),
		cmocka_unit_test(a_page_that_fits_stays),
		cmocka_unit_test(the_chosen_process_is_always_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
