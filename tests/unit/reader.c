/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rounds of tenon top, of processes that this file plays: who is asked, who it was that does not answer, and what is left
 * of an order.
 */
#include "tools/top/reader.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* ---- The processes ----------------------------------------------------------------------------------------------- */

enum { MANY = 100 };

/* What the process at a socket does: its index is the name of the socket. */
static struct play {
	pid_t pid;
	int code, status; /* of status; of metrics: */
	bool refuses_metrics;
	const char *text, *label;
} play[MANY];

static size_t present, searches;

static struct process at(size_t i)
{
	struct process process = {0};
	snprintf(process.socket, sizeof process.socket, "%zu", i);
	return process;
}

static const struct play *find_play(const struct process *process)
{
	return &play[strtoul(process->socket, NULL, 10)];
}

int ask_process(const struct process *process, const char *request, uint64_t timeout_ms, struct answer *answer,
		char *error, size_t size)
{
	const struct play *that = find_play(process);
	bool metrics = strcmp(request, "metrics") == 0;
	(void)timeout_ms;
	*answer = (struct answer){.pid = that->pid, .text = that->text ? that->text : "", .bytes = (char *)that->label};
	answer->status = metrics ? that->refuses_metrics : that->status;
	if (that->code)
		snprintf(error, size, "no answer");
	return that->code;
}

int order_process(const struct process *process, const char *request, uint64_t timeout_ms, struct answer *answer,
		  char *error, size_t size)
{
	return ask_process(process, request, timeout_ms, answer, error, size);
}

void free_answer(struct answer *answer)
{
	*answer = (struct answer){0};
}

bool find_processes(uint64_t timeout_ms, struct process **list, size_t *count)
{
	(void)timeout_ms;
	searches++;
	*list = calloc(present + 1, sizeof **list);
	for (*count = 0; *count < present; ++*count)
		(*list)[*count] = at(*count);
	return *list;
}

void do_each(size_t count, void (*one)(size_t i, void *user), void *user)
{
	for (size_t i = 0; i < count; i++)
		one(i, user);
}

void take_status(struct sample *sample, const struct answer *answer)
{
	snprintf(sample->label, sizeof sample->label, "%s", answer->bytes ? answer->bytes : "");
}

void take_events(struct sample *sample, const struct answer *answer)
{
	(void)answer;
	sample->events = 1;
}

void take_metrics(struct sample *sample, const struct answer *answer)
{
	(void)answer;
	sample->is_counted = true;
}

void compare_samples(struct sample *now, const struct sample *before)
{
	now->has_rate = before;
}

/* ---- Rounds ------------------------------------------------------------------------------------------------------ */

static struct targets targets;
static struct watching watching = {.targets = &targets};
static struct reading reading;

static int begin(void **state)
{
	(void)state;
	free(reading.sample);
	reading = (struct reading){0};
	watching = (struct watching){.targets = &targets};
	targets = (struct targets){0};
	searches = present = 0;
	for (size_t i = 0; i < MANY; i++)
		play[i] = (struct play){.pid = (pid_t)(1000 - i), .label = i % 2 ? "odd" : "even"};
	return 0;
}

static void all_that_are_found_are_read(void **state)
{
	(void)state;
	present = MANY;
	assert_true(read_round(&watching, &reading));
	assert_int_equal(reading.count, MANY);
	assert_int_equal(reading.sample[0].process.pid, 1000 - (MANY - 1)); /* by PID */
	assert_true(reading.sample[0].taken_ms && reading.sample[0].events && !reading.sample[0].has_rate);
	present = 1;
	assert_true(read_round(&watching, &reading));
	assert_int_equal(reading.count, 1);
	assert_true(reading.sample[0].has_rate);
	assert_int_equal(reading.rounds, 2);
}

static void of_those_found_the_label_counts(void **state)
{
	(void)state;
	present = MANY;
	targets.label = "odd";
	assert_true(read_round(&watching, &reading));
	assert_int_equal(reading.count, MANY / 2);
}

/* Who was chosen by his label and is silent now is not left out. */
static void those_named_are_read_and_nobody_is_looked_for(void **state)
{
	(void)state;
	struct process named[MANY];
	for (size_t i = 0; i < MANY; i++)
		named[i] = at(i);
	watching.named = named;
	watching.count = MANY;
	targets.label = "odd";
	play[1].code = EXIT_NO_PROCESS;
	assert_true(read_round(&watching, &reading));
	assert_int_equal(reading.count, MANY);
	assert_int_equal(searches, 0);
}

static const struct sample *read_one(void)
{
	static struct process named;
	named = at(0);
	watching.named = &named;
	watching.count = 1;
	assert_true(read_round(&watching, &reading));
	assert_int_equal(reading.count, 1);
	return reading.sample;
}

static void who_hangs_is_still_who_he_was(void **state)
{
	(void)state;
	play[0].code = EXIT_NO_PROCESS;
	assert_int_equal(read_one()->process.pid, 1000); /* by the kernel's word */
	play[0].code = EXIT_DONE;
	assert_string_equal(read_one()->label, "even");
	play[0].code = EXIT_NO_PROCESS;
	play[0].pid = 0; /* not even reached */
	const struct sample *sample = read_one();
	assert_int_equal(sample->process.pid, 1000);
	assert_string_equal(sample->label, "even");
	assert_string_equal(sample->error, "no answer");
}

static void a_refusal_is_an_error_whatever_it_says(void **state)
{
	(void)state;
	play[0].status = TENON_EREFUSED;
	assert_string_equal(read_one()->error, "refused, without a reason");
	play[0].text = "not you";
	assert_string_equal(read_one()->error, "not you");
	assert_int_equal(reading.sample[0].events, 0);
}

static void metrics_that_are_refused_were_not_taken(void **state)
{
	(void)state;
	play[0].refuses_metrics = true;
	assert_int_equal(read_one()->taken_ms, 0);
	assert_string_equal(reading.sample[0].error, "");
}

/* ---- The thread's rounds ----------------------------------------------------------------------------------------- */

static void a_reading_is_taken_once(void **state)
{
	(void)state;
	struct reading seen = {0};
	present = 2;
	take_reading(&seen);
	assert_int_equal(seen.rounds, 0);
	assert_true(read_round(&watching, &reading));
	hand_over(reading);
	assert_true(read_round(&watching, &reading));
	hand_over(reading);
	for (int i = 0; i < 2; i++) {
		take_reading(&seen);
		assert_int_equal(seen.rounds, 2);
		assert_int_equal(seen.count, 2);
		assert_int_equal(seen.sample[1].process.pid, 1000);
	}
	free(seen.sample);
}

/* ---- Orders ------------------------------------------------------------------------------------------------------ */

static void wait_for_order(char text[ORDER_TEXT_SIZE])
{
	do {
		poll(NULL, 0, 1);
		copy_order(text);
	} while (strstr(text, "under way"));
}

static void an_outcome_stays_until_it_was_seen(void **state)
{
	(void)state;
	char text[ORDER_TEXT_SIZE];
	struct process process = at(0);
	play[0].text = "paused";
	process.pid = 1000;
	assert_true(send_order(&process, "pause", 1000));
	wait_for_order(text);
	assert_string_equal(text, "process 1000: paused");
	forget_order("pause 1000: under way"); /* what was on the screen when a key was pressed */
	copy_order(text);
	assert_string_equal(text, "process 1000: paused");
	forget_order(text);
	copy_order(text);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_that_are_found_are_read, begin),
		cmocka_unit_test_setup(of_those_found_the_label_counts, begin),
		cmocka_unit_test_setup(those_named_are_read_and_nobody_is_looked_for, begin),
		cmocka_unit_test_setup(who_hangs_is_still_who_he_was, begin),
		cmocka_unit_test_setup(a_refusal_is_an_error_whatever_it_says, begin),
		cmocka_unit_test_setup(metrics_that_are_refused_were_not_taken, begin),
		cmocka_unit_test_setup(a_reading_is_taken_once, begin),
		cmocka_unit_test_setup(an_outcome_stays_until_it_was_seen, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
