/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The client's end of the control protocol, against processes that answer badly, endlessly or not at all.
 */
#include "tools/client.c"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

static char home[] = "/tmp/tenon-client-XXXXXX";
static struct process process;
static int listener;
static char error[512];

/* What the server says, and how often. */
struct speech {
	const char *bytes;
	size_t size, times;
	bool hangs; /* afterwards, until the client hangs up */
};

static int open_server(void **state)
{
	(void)state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (!mkdtemp(home))
		return -1;
	snprintf(process.socket, sizeof process.socket, "%s/s", home);
	snprintf(address.sun_path, sizeof address.sun_path, "%s/s", home);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4);
}

static int close_server(void **state)
{
	(void)state;
	close(listener);
	return unlink(process.socket) || rmdir(home);
}

static void *speak(void *argument)
{
	const struct speech *speech = argument;
	char byte;
	int fd = accept(listener, NULL, NULL);
	for (size_t i = 0; i < speech->times; i++)
		if (send(fd, speech->bytes, speech->size, MSG_NOSIGNAL) < 0)
			break;
	while (speech->hangs && recv(fd, &byte, 1, 0) > 0)
		;
	close(fd);
	return NULL;
}

static int ask(struct speech speech, uint64_t timeout_ms, struct answer *answer)
{
	pthread_t server;
	error[0] = '\0';
	assert_int_equal(pthread_create(&server, NULL, speak, &speech), 0);
	int code = ask_process(&process, "status", timeout_ms, answer, error, sizeof error);
	pthread_join(server, NULL);
	return code;
}

static int ask_text(const char *text, struct answer *answer)
{
	return ask((struct speech){text, strlen(text), 1, false}, 5000, answer);
}

static void expect_error(const char *words)
{
	if (!strstr(error, words))
		fail_msg("\"%s\" does not say \"%s\"", error, words);
}

static void reads_an_answer(void **state)
{
	(void)state;
	struct answer answer;
	assert_int_equal(ask_text("TENON/1 -7 no such thing\na=1 b=\"2 3\"\n\nc=\n", &answer), EXIT_DONE);
	assert_int_equal(answer.status, -7);
	assert_string_equal(answer.text, "no such thing");
	assert_int_equal(answer.pid, getpid());
	assert_int_equal(answer.count, 3);
	assert_string_equal(find_value(&answer, "b"), "2 3");
	assert_true(answer.pairs[0].first && !answer.pairs[1].first && answer.pairs[2].first);
	assert_string_equal(find_value(&answer, "absent"), "");
	free_answer(&answer);
}

/* Whatever another process says, a terminal gets no control characters and JSON no broken UTF-8. */
static void defuses_what_it_reads(void **state)
{
	(void)state;
	struct answer answer;
	assert_int_equal(ask_text("TENON/1 0 \x1b[2J\nlabel=\"\\x1b]0;x\\x07\" name=\xff\n", &answer), EXIT_DONE);
	assert_string_equal(answer.text, "?[2J");
	assert_string_equal(find_value(&answer, "label"), "?]0;x?");
#ifdef HAVE_JANSSON
	json_t *text = json_value_text(&answer, "name");
	assert_string_equal(json_string_value(text), "?");
	json_decref(text);
#endif
	free_answer(&answer);
}

static void refuses_what_is_no_answer(void **state)
{
	(void)state;
	const char *bad[] = {"\n",
			     "HTTP/1.1 400 Bad Request\r\n\r\n",
			     "TENON/1",
			     "TENON/1 0 ok",
			     "TENON/1 zero ok\n",
			     "TENON/2 0 ok\n",
			     "TENON/1 0 ok\na=\"open\n",
			     "TENON/1 0 ok\na=1"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct answer answer;
		assert_int_equal(ask_text(bad[i], &answer), EXIT_NO_PROCESS);
		expect_error("does not speak TENON/1");
		assert_null(answer.bytes);
	}
	struct answer answer;
	assert_int_equal(ask((struct speech){"TENON/1 0 ok\na=\0\n", 17, 1, false}, 5000, &answer), EXIT_NO_PROCESS);
	expect_error("does not speak TENON/1");
}

static void tells_when_nothing_came(void **state)
{
	(void)state;
	struct answer answer;
	assert_int_equal(ask_text("", &answer), EXIT_NO_PROCESS);
	expect_error("hung up");
}

/* The metrics of a process that has run many backends are the longest answer that there is. */
static void reads_a_long_answer_but_no_endless_one(void **state)
{
	(void)state;
	struct answer answer;
	static char line[1 << 16];
	size_t size = (size_t)snprintf(line, sizeof line, "TENON/1 0 ok %065000d\n", 0);
	size_t most = ANSWER_MOST / size;
	assert_int_equal(ask((struct speech){line, size, most, false}, 20000, &answer), EXIT_DONE);
	free_answer(&answer);
	assert_int_equal(ask((struct speech){line, size, most + 10, false}, 20000, &answer), EXIT_NO_PROCESS);
	expect_error("does not speak TENON/1");
}

static void gives_up_on_the_silent(void **state)
{
	(void)state;
	struct answer answer;
	uint64_t start = clock_ms();
	assert_int_equal(ask((struct speech){"TENON/1 0 o", 11, 1, true}, 150, &answer), EXIT_NO_PROCESS);
	expect_error("no answer within 0.15 s");
	assert_in_range(clock_ms() - start, 140, 5000);
	assert_true(is_mute(&answer));
	assert_int_equal(answer.pid, getpid());
}

/* The kernel connects for one who does not accept. */
static void only_orders_may_still_take_effect(void **state)
{
	(void)state;
	struct answer answer;
	assert_int_equal(order_process(&process, "rollback", 50, &answer, error, sizeof error), EXIT_NO_PROCESS);
	expect_error("; the order may still take effect: look with tenon status");
	assert_int_equal(ask_process(&process, "status", 50, &answer, error, sizeof error), EXIT_NO_PROCESS);
	assert_null(strstr(error, "order"));
	for (int i = 0; i < 2; i++)
		close(accept(listener, NULL, NULL));
}

/* A socket's name may lie about whose it is; the order must not even be sent. */
static void asks_nobody_else(void **state)
{
	(void)state;
	struct answer answer;
	process.pid = getppid();
	assert_int_equal(ask((struct speech){"TENON/1 0 ok\n", 13, 1, true}, 5000, &answer), EXIT_NO_PROCESS);
	process.pid = 0;
	expect_error("another process listens");
}

static void says_that_nobody_listens(void **state)
{
	(void)state;
	struct answer answer;
	struct process absent = {0, "/nonexistent/tenon-1.sock"};
	assert_int_equal(ask_process(&absent, "status", 1000, &answer, error, sizeof error), EXIT_NO_PROCESS);
	expect_error("nobody listens at /nonexistent/tenon-1.sock");
}

static void maps_status_to_exit_codes(void **state)
{
	(void)state;
	assert_int_equal(exit_of_status(TENON_OK), EXIT_DONE);
	assert_int_equal(exit_of_status(TENON_EROLLEDBACK), EXIT_DIFFERS);
	assert_int_equal(exit_of_status(TENON_EINVAL), EXIT_USAGE);
	assert_int_equal(exit_of_status(TENON_ECONFIG), EXIT_USAGE);
	assert_int_equal(exit_of_status(TENON_EREFUSED), EXIT_REFUSED);
	assert_int_equal(exit_of_status(-1000), EXIT_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_an_answer),
		cmocka_unit_test(defuses_what_it_reads),
		cmocka_unit_test(refuses_what_is_no_answer),
		cmocka_unit_test(tells_when_nothing_came),
		cmocka_unit_test(reads_a_long_answer_but_no_endless_one),
		cmocka_unit_test(gives_up_on_the_silent),
		cmocka_unit_test(only_orders_may_still_take_effect),
		cmocka_unit_test(asks_nobody_else),
		cmocka_unit_test(says_that_nobody_listens),
		cmocka_unit_test(maps_status_to_exit_codes),
	};
	return cmocka_run_group_tests_name("client", tests, open_server, close_server);
}
