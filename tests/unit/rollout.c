/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rollouts in this process, with backends that turn on it: every transition, what it does to pins and quarantine, and
 * that the thread is there only while it is needed. The shell test has the same under load, through the socket.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "runtime/change.h"
#include "runtime/history.h"
#include "runtime/quarantine.h"
#include "runtime/rollout.h"
#include "runtime/verbs.h"
#include "tests/leave.h"
#include "tests/live.h"

#define TWIN built("tests/plugins/.libs/twin.so")
#define LIAR built("tests/plugins/.libs/liar.so")

static char home[64];
static struct why why;
static struct change change;

static int open_runtime(const char *more)
{
	char text[512];
	snprintf(text, sizeof text, "[runtime]\nbackend = scalar\nlabel = unit\nstate_dir = %s\n%s", home, more);
	return open_with(text);
}

static int start(void **state)
{
	(void)state;
	strcpy(home, "/tmp/tenon-rollout-XXXXXX");
	return mkdtemp(home) ? 0 : -1;
}

static int stop(void **state)
{
	char command[128];
	unsigned count;
	(void)state;
	clear_quarantine("", "", &count, &why);
	while (tenon_close() == TENON_OK)
		;
	snprintf(command, sizeof command, "rm -rf '%s'", home);
	return system(command);
}

static int begin(const char *backend, uint64_t hold_ms, bool persist)
{
	struct change_order order = {
		.backend = backend,
		.persist = persist,
		.plan = {{2, {50, 100}}, hold_ms, .shadow = 1, .guard = false, .max_p99_increase = 10000}};
	return change_backend(&order, &change, &why);
}

static struct rollout_status report(void)
{
	struct rollout_status status;
	report_rollout(&status);
	return status;
}

/* Calls that turncoat.c turns on, compared with scalar. */
static bool betrayed_calls_work(int count)
{
	float query[100], rows[1600], scores[16], expected[16];
	for (int i = 0; i < 100; i++)
		query[i] = (float)(i % 7) / 3 - 1;
	for (int i = 0; i < 1600; i++)
		rows[i] = (float)(i % 11) / 5 - 1;
	const struct tenon_inner_product_args args = {query, rows, 16, 100, 100, scores};
	struct tenon_inner_product_args wanted = args;
	wanted.scores = expected;
	scalar_inner_product(&wanted, NULL);
	for (int i = 0; i < count; i++)
		if (tenon_inner_product(&args) != TENON_OK || memcmp(scores, expected, sizeof scores) != 0)
			return false;
	return true;
}

static bool has_thread(const char *name)
{
	char path[64], text[32];
	bool found = false;
	DIR *list = opendir("/proc/self/task");
	struct dirent *entry;
	while (list && (entry = readdir(list))) {
		snprintf(path, sizeof path, "/proc/self/task/%.20s/comm", entry->d_name);
		FILE *file = fopen(path, "r");
		if (file && fgets(text, sizeof text, file))
			found = found || strncmp(text, name, strlen(name)) == 0;
		if (file)
			fclose(file);
	}
	if (list)
		closedir(list);
	return found;
}

static bool has_event(const char *words)
{
	static struct event events[HISTORY_SIZE];
	size_t count = read_history(events, HISTORY_SIZE);
	for (size_t i = 0; i < count; i++)
		if (strstr(events[i].text, words))
			return true;
	return false;
}

static bool has_ended(void)
{
	betrayed_calls_work(10);
	return report().state == ROLLOUT_PROMOTED || report().state == ROLLOUT_ROLLED_BACK;
}

/* Something was read; does the rollout end before anything else is? */
static bool ends_meanwhile;

static void pause_reading(void)
{
	if (!ends_meanwhile)
		return;
	ends_meanwhile = false;
	assert_int_equal(promote_rollout(&why), TENON_OK);
}

int __real_tenon_status_get(struct tenon_status_info *info);
int __wrap_tenon_status_get(struct tenon_status_info *info);
int __wrap_tenon_status_get(struct tenon_status_info *info)
{
	int status = __real_tenon_status_get(info);
	pause_reading();
	return status;
}

void __real_report_rollout(struct rollout_status *status);
void __wrap_report_rollout(struct rollout_status *status);
void __wrap_report_rollout(struct rollout_status *status)
{
	__real_report_rollout(status);
	pause_reading();
}

/* ---- Ends ------------------------------------------------------------------------------------------------------- */

static void good_backend_is_promoted_and_the_thread_goes(void **state)
{
	(void)state;
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_false(has_thread("tenon-rollout"));
	assert_int_equal(begin(TWIN, 50, false), TENON_OK);
	assert_int_equal(change.outcome, CHANGE_ROLLOUT);
	assert_true(has_thread("tenon-rollout"));
	assert_string_equal(get_status().backend, "scalar"); /* what completed its rollout */
	assert_true(get_status().pinned);
	assert_true(wait_until(has_ended()));
	struct rollout_status status = report();
	assert_int_equal(status.state, ROLLOUT_PROMOTED);
	assert_int_equal(status.id, change.rollout);
	assert_int_equal(status.percent, 100);
	assert_true(status.calls > 0 && status.checks > 0 && status.divergences == 0);
	assert_true(serves("twin") && get_status().pinned && get_status().swaps >= 1);
	assert_true(wait_until(!has_thread("tenon-rollout")));
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	assert_true(serves("scalar")); /* not to the trial */
}

static void answer_tells_of_one_moment(const char *verb, const char *word, const char *text)
{
	char request[PATH_MAX + 32], bytes[16384];
	struct text answer;
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_int_equal(begin(TWIN, 60000, false), TENON_OK);
	ends_meanwhile = true;
	snprintf(request, sizeof request, "TENON/1 %s %s", verb, word);
	start_text(&answer, bytes, sizeof bytes);
	answer_request(request, &answer);
	assert_false(ends_meanwhile);
	assert_int_equal(report().state, ROLLOUT_PROMOTED);
	assert_non_null(strstr(bytes, text));
	assert_non_null(strstr(bytes, "\nbackend=scalar\n"));
	assert_non_null(strstr(bytes, "\nrollout=canary\n"));
}

static void nobody_is_told_of_an_end_before_it_serves(void **state)
{
	(void)state;
	answer_tells_of_one_moment("status", "", "TENON/1 0 status\n");
}

static void who_repeats_an_order_is_told_what_to_wait_for(void **state)
{
	(void)state;
	answer_tells_of_one_moment("swap", TWIN, "TENON/1 0 unchanged\n");
}

static void liar_is_taken_back(void **state)
{
	(void)state;
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_int_equal(begin(LIAR, 60000, true), TENON_OK);
	assert_true(wait_until(has_ended()));
	struct rollout_status status = report();
	assert_int_equal(status.state, ROLLOUT_ROLLED_BACK);
	assert_true(status.divergences > 0 && status.percent == 0);
	assert_non_null(strstr(status.reason, "inner_product"));
	assert_true(serves("scalar"));
	assert_false(get_status().pinned); /* as before */
	assert_true(wait_until(has_event("quarantined: inner_product of liar")));
	struct pin pin;
	assert_int_equal(find_saved_pin("unit", &pin, &why), TENON_OK);
	assert_string_equal(pin.backend, ""); /* only a promotion saves it */
	assert_int_equal(begin(LIAR, 60000, false), TENON_OK);
	assert_non_null(strstr(change.note, "inner_product of liar"));
	assert_true(change.is_quarantined[KERNEL_inner_product]);
	assert_true(betrayed_calls_work(200)); /* scalar has that kernel now */
	assert_int_equal(report().state, ROLLOUT_CANARY);
}

static void promotion_saves_the_pin(void **state)
{
	(void)state;
	struct pin pin;
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_int_equal(begin(TWIN, 60000, true), TENON_OK);
	find_saved_pin("unit", &pin, &why);
	assert_string_equal(pin.backend, "");
	assert_int_equal(promote_rollout(&why), TENON_OK);
	find_saved_pin("unit", &pin, &why);
	assert_string_equal(pin.backend, TWIN);
	assert_int_equal(promote_rollout(&why), TENON_EINVAL);
	tenon_close();
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_true(serves("twin") && get_status().pinned && !get_status().degraded);
	assert_int_equal(tenon_unpin(), TENON_OK);
	tenon_close();
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_true(serves("scalar") && !get_status().pinned);
}

static void pin_that_cannot_be_kept_degrades(void **state)
{
	(void)state;
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_int_equal(save_pin("unit", "/no/such.so", &why), TENON_OK);
	tenon_close();
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_true(get_status().degraded && get_status().pinned && serves("scalar"));
	assert_non_null(strstr(get_status().degraded_reason, "the pin to /no/such.so"));
}

static void persist_needs_a_place(void **state)
{
	(void)state;
	struct change_order order = {.backend = TWIN, .persist = true};
	char command[128];
	assert_int_equal(open_runtime(""), TENON_OK);
	snprintf(command, sizeof command, "chmod 777 '%s'", home);
	assert_int_equal(system(command), 0);
	tenon_close();
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_true(has_event("chmod o-w"));
	assert_int_equal(change_backend(&order, &change, &why), TENON_ENOENT);
	assert_non_null(strstr(why.text, "nowhere to save a pin"));
	assert_true(serves("scalar")); /* refused before anything changed */
	assert_int_equal(save_serving_pin(&why), TENON_ENOENT);
}

/* ---- By hand ---------------------------------------------------------------------------------------------------- */

static void pause_stops_the_clock(void **state)
{
	(void)state;
	assert_int_equal(pause_rollout(&why), TENON_EINVAL);
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_int_equal(begin(TWIN, 100, false), TENON_OK);
	betrayed_calls_work(100);
	assert_int_equal(pause_rollout(&why), TENON_OK);
	assert_int_equal(pause_rollout(&why), TENON_EINVAL);
	uint64_t held = report().held_ms;
	sleep_ms(300);
	assert_int_equal(report().state, ROLLOUT_PAUSED);
	assert_int_equal(report().held_ms, held);
	assert_int_equal(resume_rollout(&why), TENON_OK);
	assert_int_equal(resume_rollout(&why), TENON_EINVAL);
	assert_true(wait_until(has_ended()));
	assert_int_equal(report().state, ROLLOUT_PROMOTED);
}

static void liar_is_taken_back_while_paused(void **state)
{
	(void)state;
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_int_equal(begin(LIAR, 60000, false), TENON_OK);
	assert_int_equal(pause_rollout(&why), TENON_OK);
	assert_true(wait_until(has_ended()));
	assert_int_equal(report().state, ROLLOUT_ROLLED_BACK);
}

static void rollback_by_hand_ends_it_and_pins(void **state)
{
	(void)state;
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_int_equal(begin(TWIN, 60000, false), TENON_OK);
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	struct rollout_status status = report();
	assert_int_equal(status.state, ROLLOUT_ROLLED_BACK);
	assert_string_equal(status.reason, "by hand");
	assert_true(get_status().pinned && serves("scalar"));
	assert_int_equal(promote_rollout(&why), TENON_EINVAL);
	assert_non_null(strstr(why.text, "rolled-back"));
}

static void swap_and_rollout_take_its_place(void **state)
{
	(void)state;
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_int_equal(begin(TWIN, 60000, false), TENON_OK);
	uint64_t first = report().id;
	assert_int_equal(begin(LIAR, 60000, false), TENON_OK);
	assert_int_equal(report().id, first + 1);
	assert_int_equal(report().state, ROLLOUT_CANARY);
	assert_true(has_event("liar.so took its place"));
	assert_int_equal(begin("/no/such.so", 1, false), TENON_ENOENT);
	assert_int_equal(report().state, ROLLOUT_CANARY); /* a failure changes nothing */
	assert_int_equal(tenon_swap(TWIN, 0), TENON_OK);
	assert_int_equal(report().state, ROLLOUT_ROLLED_BACK);
	assert_true(serves("twin"));
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	assert_true(serves("scalar"));
}

static void swap_to_what_served_ends_it(void **state)
{
	(void)state;
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_int_equal(begin(TWIN, 60000, false), TENON_OK);
	assert_int_equal(tenon_swap("scalar", 0), TENON_OK);
	assert_int_equal(report().state, ROLLOUT_ROLLED_BACK);
	assert_string_equal(report().reason, "scalar took its place");
}

static void what_differs_in_nothing_is_no_rollout(void **state)
{
	(void)state;
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_int_equal(begin("scalar", 60000, false), TENON_OK);
	assert_int_equal(change.outcome, CHANGE_AT_ONCE);
	assert_true(!change.differs && get_status().pinned);
}

static void dry_run_leaves_nothing(void **state)
{
	(void)state;
	const struct change_order order = {
		.backend = TWIN, .plan = {.steps = {1, {100}}, .hold_ms = 1}, .dry_run = true};
	assert_int_equal(open_runtime(""), TENON_OK);
	uint64_t generation = get_status().generation;
	assert_int_equal(change_backend(&order, &change, &why), TENON_OK);
	assert_true(change.differs && change.loaded && change.outcome == CHANGE_ROLLOUT && change.rollout == 0);
	assert_string_equal(change.source[KERNEL_inner_product], "twin");
	assert_string_equal(change.source[KERNEL_top_k], "scalar");
	assert_int_equal(get_status().generation, generation);
	assert_false(get_status().pinned);
	assert_true(wait_until(get_status().images_loaded == 0));
}

static void quarantine_by_others_ends_it(void **state)
{
	(void)state;
	struct quarantined record;
	struct cpu cpu;
	const struct config config = {.label = ""};
	probe_cpu(&cpu);
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_int_equal(begin(TWIN, 100, false), TENON_OK);
	assert_int_equal(name_quarantined(&config, &cpu, TWIN, "squared_distance", "elsewhere", &record, &why),
			 TENON_OK);
	assert_int_equal(write_quarantined(home, &record, &why), TENON_OK);
	assert_true(wait_until(has_ended()));
	assert_int_equal(report().state, ROLLOUT_ROLLED_BACK);
	assert_non_null(strstr(report().reason, "squared_distance of twin was put into quarantine meanwhile"));
}

static void quarantined_by_hand_stops_serving(void **state)
{
	(void)state;
	bool changed;
	struct quarantined record;
	struct cpu cpu;
	const struct config config = {.label = ""};
	probe_cpu(&cpu);
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_int_equal(tenon_swap(TWIN, 0), TENON_OK);
	assert_int_equal(name_quarantined(&config, &cpu, TWIN, "inner_product", "by hand", &record, &why), TENON_OK);
	assert_int_equal(add_quarantine(record.build_id, "twin", "inner_product", "by hand", &why), TENON_OK);
	assert_int_equal(leave_quarantined(&changed, &why), TENON_OK);
	assert_true(changed && serves("scalar"));
	assert_string_equal(get_status().backend, "twin");
	assert_int_equal(leave_quarantined(&changed, &why), TENON_OK);
	assert_false(changed);
	assert_int_equal(add_quarantine(record.build_id, "twin", "all", "by hand", &why), TENON_OK);
	assert_int_equal(leave_quarantined(&changed, &why), TENON_OK);
	assert_true(changed);
	assert_string_equal(get_status().backend, "scalar"); /* nothing is left of it */
}

/* ---- Steady shadow ---------------------------------------------------------------------------------------------- */

static void steady_shadow_takes_a_liar_back(void **state)
{
	(void)state;
	assert_int_equal(open_runtime("[rollout]\nshadow = 1/1\n"), TENON_OK);
	assert_true(has_thread("tenon-rollout"));
	assert_int_equal(tenon_swap(LIAR, 0), TENON_OK);
	assert_true(betrayed_calls_work(100)); /* scalar answers what was compared */
	assert_true(wait_until(serves("scalar")));
	assert_true(wait_until(get_status().degraded));
	assert_non_null(strstr(get_status().degraded_reason, "[rollout] shadow inner_product"));
	assert_true(wait_until(has_event("rolled back to what served before, because under")));
}

static void steady_shadow_goes_on_and_off(void **state)
{
	(void)state;
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_int_equal(tenon_swap(TWIN, 0), TENON_OK);
	assert_int_equal(change_shadow(1, &why), TENON_OK);
	assert_true(serves("twin") && has_thread("tenon-rollout"));
	assert_true(betrayed_calls_work(100));
	assert_int_equal(change_shadow(0, &why), TENON_OK);
	assert_true(serves("twin"));
	assert_true(wait_until(!has_thread("tenon-rollout")));
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	assert_true(serves("scalar")); /* the shadow was no step of its own */
	assert_int_equal(begin(TWIN, 60000, false), TENON_OK);
	assert_int_equal(change_shadow(1, &why), TENON_EAGAIN);
}

/* ---- Close and fork --------------------------------------------------------------------------------------------- */

static void close_ends_it(void **state)
{
	(void)state;
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_int_equal(begin(TWIN, 60000, false), TENON_OK);
	assert_int_equal(tenon_close(), TENON_OK);
	assert_false(has_thread("tenon-rollout"));
	assert_int_equal(report().state, ROLLOUT_ROLLED_BACK);
	assert_string_equal(report().reason, "Tenon was closed");
	assert_true(serves("scalar") && calls_work());
}

static void child_has_no_rollout(void **state)
{
	(void)state;
	assert_int_equal(open_runtime(""), TENON_OK);
	assert_int_equal(begin(TWIN, 60000, false), TENON_OK);
	pid_t child = fork();
	if (child == 0) {
		bool good = betrayed_calls_work(100) && tenon_after_fork() == TENON_OK && serves("scalar") &&
			    report().state == ROLLOUT_ROLLED_BACK && betrayed_calls_work(100);
		leave(!good);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(report().state, ROLLOUT_CANARY);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(good_backend_is_promoted_and_the_thread_goes),
		TEST(nobody_is_told_of_an_end_before_it_serves),
		TEST(who_repeats_an_order_is_told_what_to_wait_for),
		TEST(liar_is_taken_back),
		TEST(promotion_saves_the_pin),
		TEST(pin_that_cannot_be_kept_degrades),
		TEST(persist_needs_a_place),
		TEST(pause_stops_the_clock),
		TEST(liar_is_taken_back_while_paused),
		TEST(rollback_by_hand_ends_it_and_pins),
		TEST(swap_and_rollout_take_its_place),
		TEST(swap_to_what_served_ends_it),
		TEST(what_differs_in_nothing_is_no_rollout),
		TEST(dry_run_leaves_nothing),
		TEST(quarantine_by_others_ends_it),
		TEST(quarantined_by_hand_stops_serving),
		TEST(steady_shadow_takes_a_liar_back),
		TEST(steady_shadow_goes_on_and_off),
		TEST(close_ends_it),
		TEST(child_has_no_rollout),
	};
	return cmocka_run_group_tests_name("rollout", tests, NULL, NULL);
}
