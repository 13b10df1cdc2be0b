/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The control socket as a client meets it, over a runtime that the test plays (played.h).
 */
#include "build.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <tenon/tenon.h>

#include "runtime/change.h"
#include "runtime/control.h"
#include "runtime/find.h"
#include "runtime/history.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/prove.h"
#include "runtime/quarantine.h"
#include "runtime/reload.h"
#include "runtime/runtime.h"
#include "runtime/socket.h"
#include "runtime/trace.h"
#include "runtime/untold.h"
#include "runtime/verbs.h"
#include "tests/leave.h"
#include "tests/unit/played.h"

/* ---- A machine without a CPU for us ------------------------------------------------------------------------------- */

static atomic_bool poll_is_late;

/* Instead of libc's. */
int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	struct timespec limit = {timeout / 1000, timeout % 1000 * 1000000L};
	int ready = (int)syscall(SYS_ppoll, fds, count, timeout < 0 ? NULL : &limit, NULL, 0);
	if (atomic_load(&poll_is_late))
		nanosleep(&(struct timespec){.tv_sec = 2, .tv_nsec = 200000000}, NULL);
	return ready;
}

/* ---- A client ----------------------------------------------------------------------------------------------------- */

static char home[] = "/tmp/tenon-control-XXXXXX", path[SOCKET_PATH_SIZE];
static struct config config;
static char answer[1 << 18];

static int dial(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval limit = {.tv_sec = 5};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

/* The process may have answered and hung up before it got everything; what it says is in its answer. */
static void put(int fd, const void *bytes, size_t size)
{
	if (send(fd, bytes, size, MSG_NOSIGNAL) < 0)
		assert_int_equal(errno, EPIPE);
}

/* Reads to the end of the stream into answer and hangs up. */
static void take(int fd)
{
	size_t length = 0;
	ssize_t got;
	while ((got = recv(fd, answer + length, sizeof answer - 1 - length, 0)) > 0)
		length += (size_t)got;
	if (got < 0)
		assert_int_equal(errno, ECONNRESET); /* it did not read all that we sent */
	answer[length] = '\0';
	close(fd);
}

static void ask(const char *request)
{
	int fd = dial();
	put(fd, request, strlen(request));
	take(fd);
}

static void expect(const char *words)
{
	if (!strstr(answer, words))
		fail_msg("the answer does not hold \"%s\": %s", words, answer);
}

static int start(void **state)
{
	(void)state;
	struct why why = {0};
	sem_init(&swap_entered, 0, 0);
	sem_init(&swap_released, 0, 0);
	if (!mkdtemp(home))
		return -1;
	snprintf(path, sizeof path, "%s/c.sock", home);
	strcpy(config.socket, path);
	config.group = -1;
	int status = start_control(&config, &why);
	if (status)
		print_error("%s\n", why.text);
	return status;
}

static int stop(void **state)
{
	(void)state;
	stop_control();
	stop_control();
	return access(path, F_OK) == 0 || rmdir(home) != 0;
}

/* ---- Tests -------------------------------------------------------------------------------------------------------- */

static void answers_every_verb(void **state)
{
	(void)state;
	ask("TENON/1 hello\n");
	expect("TENON/1 0 hello\npid=");
	expect("\nlabel=\"a \\\"b\\\"\"\nversion=9.8.7\nprotocol=1\n");
	ask("TENON/1 status\n");
	expect("\nbackend=scalar\ngeneration=7\ndegraded=false\n");
	expect("\narena_size=1048576\n");
	expect("\nthreads_ended=5\n");
	expect("\nkernel=inner_product source=from2\n");
	ask("TENON/1 swap avx2\n");
	expect("TENON/1 0 swapped\n");
	expect("\nbackend=avx2\n");
	ask("TENON/1 swap avx2\n");
	expect("TENON/1 0 unchanged\n");
	assert_int_equal(atomic_load(&swaps), 1);
	ask("TENON/1 swap avx2 cold\n");
	expect("TENON/1 0 swapped\n");
	assert_int_equal(atomic_load(&swap_flags), TENON_SWAP_COLD);
	ask("TENON/1 swap \"/a b.so\"\n");
	expect("\nbackend=\"/a b.so\"\n");
	ask("TENON/1 swap nosuch\n");
	expect("TENON/1 -7 no backend \"nosuch\" there are scalar and avx2\n");
	ask("TENON/1 rollback\n");
	expect("TENON/1 0 rolled back\n");
	ask("TENON/1 rollback scalar\n");
	assert_int_equal(atomic_load(&rollbacks), 101);
	ask("TENON/1 unpin\n");
	expect("TENON/1 0 unpinned\n");
	assert_int_equal(atomic_load(&unpins), 1);
	ask("TENON/1 explain avx2\n");
	expect("TENON/1 0 explained\nrule=elf verdict=-8 text=\"is no \\\"ELF\\\"\"\n"
	       "rule=proof verdict=2 text=later\nname=avx2\npath=/lib/avx2.so\nstatus=-8\n");
	expect("\nversion=\"by name\"\n");
	expect("\nauto_may_choose=false\n");
	expect("\nkernel=inner_product source=from2 override=\"\" origin=\"\" quarantined=false\n");
	ask("TENON/1 explain /lib/avx2.so\n");
	expect("\nversion=\"by path\"\n");
	ask("TENON/1 explain nosuch\n");
	expect("TENON/1 -7 there is no backend nosuch\n");
	ask("TENON/1 reload\n");
	expect("TENON/1 0 2 keys changed\n");
	expect("\nconfig_reloads=1\nconfig_reload_failures=1\nconfig_last_reload_successful=false\n");
	expect("\nconfig_last_reload_error=\"x.ini:3: no\"\nconfig_pending=\"[control] socket\"\n");
	ask("TENON/1 reload\n");
	expect("TENON/1 -7 no backend \"nosuch\" there are scalar and avx2\n");
}

static void swap_takes_a_plan(void **state)
{
	(void)state;
	ask("TENON/1 swap neon canary=5,50,100 hold=2s shadow=1/64 persist cold\n");
	expect("TENON/1 0 rollout begun\n");
	assert_int_equal(ordered.plan.steps.count, 3);
	assert_int_equal(ordered.plan.steps.percent[1], 50);
	assert_int_equal(ordered.plan.hold_ms, 2000);
	assert_int_equal(ordered.plan.shadow, 64);
	assert_true(ordered.persist && !ordered.dry_run && ordered.flags == TENON_SWAP_COLD);
	ask("TENON/1 swap neon canary=100 dry-run\n");
	expect("TENON/1 0 would begin a rollout\n");
	expect("\nnote=\"a note\"\nwas_loaded=true\nwould_hold_ms=1000\n");
	expect("\nwould=inner_product source=\"\" quarantined=false\n");
	ask("TENON/1 swap neon canary=off dry-run\n");
	expect("TENON/1 0 would swap at once\n");
	const char *bad[] = {"canary=50", "canary=100,5", "hold=30", "shadow=2", "shadow", "hot=1", "canary", "wait"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char request[96];
		snprintf(request, sizeof request, "TENON/1 swap neon %s\n", bad[i]);
		ask(request);
		expect("TENON/1 -1 swap: ");
		expect("; expected ");
	}
	rollout = (struct rollout_status){
		.id = 3, .state = ROLLOUT_CANARY, .backend = "avx2", .percent = 5, .reason = "why"};
	ask("TENON/1 swap avx2\n");
	expect("TENON/1 0 unchanged\n");
	expect("\nrollout_id=3\nrollout=canary\nrollout_backend=avx2\nrollout_percent=5\n");
	rollout = (struct rollout_status){.id = 0};
}

static void rollouts_take_orders(void **state)
{
	(void)state;
	for (int failing = 0; failing < 2; failing++) {
		atomic_store(&fails, failing);
		ask("TENON/1 promote\n");
		expect(failing ? "TENON/1 -1 it failed\n" : "TENON/1 0 promoted\n");
		ask("TENON/1 pause\n");
		expect(failing ? "TENON/1 -1 it failed\n" : "TENON/1 0 paused\n");
		ask("TENON/1 resume\n");
		expect(failing ? "TENON/1 -1 it failed\n" : "TENON/1 0 resumed\n");
		ask("TENON/1 rollback scalar persist\n");
		expect(failing ? "TENON/1 -1 rolled back, but its pin is not saved: it failed\n"
			       : "TENON/1 0 rolled back\n");
		ask("TENON/1 quarantine add avx2 top_k\n");
		assert_string_equal(named, "ab avx2 top_k by hand");
		expect(failing ? "TENON/1 -1 it failed\n" : "TENON/1 0 quarantined; what served it is replaced\n");
		ask("TENON/1 quarantine clear all top_k\n");
		assert_string_equal(named, " top_k");
		expect(failing ? "TENON/1 -1 it failed\n" : "TENON/1 0 cleared 2; the next swap may use them\n");
	}
	atomic_store(&fails, false);
}

static void tells_what_was(void **state)
{
	(void)state;
	ask("TENON/1 history\n");
	expect("TENON/1 0 history\nevent=1 time_ms=1500 level=warn kind=step repeats=0 generation=0 rollout=0 "
	       "percent=0 "
	       "backend=b kernel=\"\" reason=\"\" text=\"it happened\"\nevent=2 ");
	ask("TENON/1 history 1\n");
	expect("TENON/1 0 history\nevent=3 time_ms");
	atomic_store(&history_is_long, true);
	ask("TENON/1 history\n");
	atomic_store(&history_is_long, false);
	expect("TENON/1 0 history\ncut=true\nevent=");
	expect("\nevent=256 ");
	assert_null(strstr(answer, "\nevent=1 "));
	ask("TENON/1 quarantine\n");
	expect("TENON/1 0 quarantine\nstate_dir=/state\n");
	expect("\nquarantined=avx2 build_id=ab kernel=top_k time=then saved=true reason=\"bad bits\"\n");
	expect(" saved=false ");
	expect("\ntrouble=\"line 3\"\n");
	ask("TENON/1 status\n");
	expect("\nquarantined=2\nstate_dir=/state\nstate_reason=\"a reason\"\n");
}

static void refuses_what_is_no_request(void **state)
{
	(void)state;
	int swapped = atomic_load(&swaps), rolled = atomic_load(&rollbacks);
	const char *bad[] = {
		"\n",
		"GET / HTTP/1.1\r\n",
		"TENON/1\n",
		"TENON/1 \n",
		"TENON/1 nosuch\n",
		"TENON/1 swap\n",
		"TENON/2 status\n",
		"TENON/1 swap a b\n",
		"TENON/1 swap a cold c\n",
		"TENON/1 swap \"open\n",
		"TENON/1 status now\n",
		"TENON/1 rollback nowhere\n",
		"TENON/1 swap=avx2\n",
		"TENON/1 rollback scalar scalar\n",
		"tenon/1 status\n",
		"TENON/1 rollback to=scalar\n",
		"TENON/1 history ten\n",
		"TENON/1 quarantine add\n",
		"TENON/1 quarantine list x\n",
		"TENON/1 rollback persist previous\n",
		"TENON/1 rollback persist persist\n",
		"TENON/1 swap a b c d e f g\n",
		"TENON/1 status\t\n",
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ask(bad[i]);
		expect("TENON/1 -1 ");
		assert_ptr_equal(strchr(answer, '\n'), answer + strlen(answer) - 1);
	}
	int fd = dial();
	put(fd, "TENON/1 rollback\0\n", 18);
	take(fd);
	expect("NUL");
	assert_int_equal(atomic_load(&swaps), swapped);
	assert_int_equal(atomic_load(&rollbacks), rolled);
}

static void refuses_a_request_without_end(void **state)
{
	(void)state;
	char *bytes = malloc(REQUEST_SIZE + 1);
	memset(bytes, 'x', REQUEST_SIZE + 1);
	int fd = dial();
	put(fd, bytes, REQUEST_SIZE);
	take(fd);
	expect("TENON/1 -1 the request is too long\n");
	free(bytes);
}

static void takes_a_request_byte_by_byte(void **state)
{
	(void)state;
	int fd = dial();
	for (const char *at = "TENON/1 hello\n"; *at; at++)
		put(fd, at, 1);
	take(fd);
	expect("TENON/1 0 hello\n");
}

static void tells_when_an_answer_was_cut(void **state)
{
	(void)state;
	ask("TENON/1 list\n");
	expect("TENON/1 0 backends\nbackend=b0 path=\"\"");
	expect("\ncut=true\n");
	assert_string_equal(answer + strlen(answer) - 10, "\ncut=true\n");
}

static void an_answer_may_be_large(void **state)
{
	(void)state;
	ask("TENON/1 metrics\n");
	expect("TENON/1 0 metrics\nline=\"tenon_some_metric{label=\\\"a value\\\"} 0\"\n");
	expect("\nline=\"tenon_some_metric{label=\\\"a value\\\"} 3999\"\n");
	assert_null(strstr(answer, "cut=true"));
}

static void survives_garbage(void **state)
{
	(void)state;
	uint64_t random = 42;
	for (int round = 0; round < 300; round++) {
		char bytes[64];
		for (size_t i = 0; i < sizeof bytes; i++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			bytes[i] = (char)(random >> 56);
		}
		if (round % 2)
			memcpy(bytes, "TENON/1 hello \"", 15);
		int fd = dial();
		put(fd, bytes, sizeof bytes);
		if (round % 3)
			put(fd, "\n", 1);
		close(fd); /* without reading: the host must not get SIGPIPE */
	}
	ask("TENON/1 hello\n");
	expect("TENON/1 0 hello\n");
}

/* More silent clients than there are places: the next one is served nevertheless, at once. */
static void is_not_held_up_by_the_silent(void **state)
{
	(void)state;
	int silent[20];
	for (int i = 0; i < 20; i++) {
		silent[i] = dial();
		put(silent[i], "TENON/1 st", 10);
	}
	ask("TENON/1 hello\n");
	expect("TENON/1 0 hello\n");
	for (int i = 0; i < 20; i++)
		close(silent[i]);
}

static void hangs_up_on_the_silent(void **state)
{
	(void)state;
	int fd = dial();
	take(fd); /* returns when the process hung up, and fails after 5 s */
	assert_string_equal(answer, "");
}

/* A connection whose swap is in the worker and stays there, until release_swap(). */
static int hold_swap(const char *order)
{
	atomic_store(&swap_hangs, true);
	int fd = dial();
	put(fd, order, strlen(order));
	sem_wait(&swap_entered);
	return fd;
}

static void release_swap(void)
{
	atomic_store(&swap_hangs, false);
	sem_post(&swap_released);
}

/* The poller gets no CPU for longer than a client has to take its answer. */
static void an_answer_survives_a_late_poller(void **state)
{
	(void)state;
	int fd = hold_swap("TENON/1 swap avx512\n");
	nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL); /* it sleeps in poll() */
	atomic_store(&poll_is_late, true);
	release_swap();
	take(fd);
	atomic_store(&poll_is_late, false);
	expect("TENON/1 0 swapped\n");
}

static void rollback_never_waits_for_a_swap(void **state)
{
	(void)state;
	int rolled = atomic_load(&rollbacks);
	int swap = hold_swap("TENON/1 swap avx512\n"), queued = dial();
	put(queued, "TENON/1 swap scalar\n", 20);
	ask("TENON/1 rollback\n");
	expect("TENON/1 0 rolled back\n");
	ask("TENON/1 status\n");
	expect("TENON/1 0 status\n");
	assert_int_equal(atomic_load(&rollbacks), rolled + 1);
	release_swap();
	take(swap);
	expect("\nbackend=avx512\n");
	take(queued);
	expect("\nbackend=scalar\n");
}

/* The client leaves during its swap: nothing is lost but the answer. */
static void outlives_an_impatient_client(void **state)
{
	(void)state;
	int fd = hold_swap("TENON/1 swap avx2\n");
	close(fd);
	release_swap();
	ask("TENON/1 list\n"); /* behind the swap in the worker's queue */
	ask("TENON/1 status\n");
	expect("\nbackend=avx2\n");
}

/* A child has the parent's descriptors and none of its threads: it must not touch the parent's socket. */
static void leaves_the_parents_socket_alone_in_a_child(void **state)
{
	(void)state;
	for (int hooked = 0; hooked < 2; hooked++) {
		pid_t child = fork();
		if (child == 0) {
			if (hooked)
				abandon_control();
			stop_control();
			struct why why;
			strcpy(config.socket, "off");
			leave(start_control(&config, &why) != 0);
		}
		int status = -1;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		ask("TENON/1 hello\n");
		expect("TENON/1 0 hello\n");
	}
}

static void refuses_other_users(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("another user needs root\n");
		skip();
	}
	assert_int_equal(chmod(home, 0755), 0);
	assert_int_equal(chmod(path, 0666), 0);
	pid_t child = fork();
	if (child == 0) {
		if (seteuid(65534) != 0)
			leave(2);
		ask("TENON/1 rollback\n");
		leave(strncmp(answer, "TENON/1 -8 only root", 20) != 0);
	}
	int status = -1;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void leaks_no_descriptor_into_other_programs(void **state)
{
	(void)state;
	for (int fd = 3; fd < 64; fd++) {
		struct stat info;
		if (fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode))
			assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
}

static void takes_no_signal_of_the_host(void **state)
{
	(void)state;
	/* Blocked by the host's own thread, a signal stays pending: no thread of ours takes it, which would kill us. */
	sigset_t set, before, pending;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, &before), 0);
	kill(getpid(), SIGUSR1);
	ask("TENON/1 hello\n");
	ask("TENON/1 list\n");
	sigpending(&pending);
	assert_true(sigismember(&pending, SIGUSR1));
	struct timespec none = {0};
	assert_int_equal(sigtimedwait(&set, NULL, &none), SIGUSR1);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_every_verb),
		cmocka_unit_test(swap_takes_a_plan),
		cmocka_unit_test(rollouts_take_orders),
		cmocka_unit_test(tells_what_was),
		cmocka_unit_test(refuses_what_is_no_request),
		cmocka_unit_test(refuses_a_request_without_end),
		cmocka_unit_test(takes_a_request_byte_by_byte),
		cmocka_unit_test(tells_when_an_answer_was_cut),
		cmocka_unit_test(an_answer_may_be_large),
		cmocka_unit_test(survives_garbage),
		cmocka_unit_test(is_not_held_up_by_the_silent),
		cmocka_unit_test(hangs_up_on_the_silent),
		cmocka_unit_test(an_answer_survives_a_late_poller),
		cmocka_unit_test(rollback_never_waits_for_a_swap),
		cmocka_unit_test(outlives_an_impatient_client),
		cmocka_unit_test(leaves_the_parents_socket_alone_in_a_child),
		cmocka_unit_test(refuses_other_users),
		cmocka_unit_test(leaks_no_descriptor_into_other_programs),
		cmocka_unit_test(takes_no_signal_of_the_host),
	};
	return cmocka_run_group_tests_name("control", tests, start, stop);
}
