/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Threads that end or leave a kernel in ways that no library likes, and signal handlers.
 */
#include "build.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "tests/hazards/hazards.h"

static atomic_bool is_inside;
static _Atomic long inside_tid;

static void enter(void)
{
	atomic_store(&inside_tid, syscall(SYS_gettid));
	atomic_store(&is_inside, true);
}

static void open_hooked(void)
{
	CHECK(open_quietly() == TENON_OK);
	CHECK(tenon_swap(HOOKED_PLUGIN, TENON_SWAP_COLD) == TENON_OK);
}

/* On a machine that does more the thread that unloads may be behind; a swap says so, and is tried again. */
static int swap_patiently(const char *plugin)
{
	int status = tenon_swap(plugin, TENON_SWAP_COLD);
	for (int i = 0; status == TENON_EAGAIN && i < 1000; i++) {
		sleep_ms(5);
		status = tenon_swap(plugin, TENON_SWAP_COLD);
	}
	return status;
}

/* Replaces images until some must wait or be gone. */
static void swap_cold(int times)
{
	for (int i = 0; i < times; i++)
		CHECK(swap_patiently(i % 2 ? HOOKED_PLUGIN : ODD_PLUGIN) == TENON_OK);
}

/* ---- Ends inside a kernel ---------------------------------------------------------------------------------------- */

static void spin(void *unused)
{
	(void)unused;
	enter();
	for (volatile unsigned long i = 0;; i++)
		;
}

static void *call_and_spin(void *unused)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	call_hooked(spin, unused);
	return NULL;
}

void hazard_cancel(void)
{
	void *result;
	pthread_t thread;
	need_no_asan("the address sanitizer takes the frames that it leaves behind for live ones");
	open_hooked();
	for (int i = 0; i < 5; i++) {
		atomic_store(&is_inside, false);
		CHECK(tenon_swap(HOOKED_PLUGIN, 0) == TENON_OK);
		CHECK(pthread_create(&thread, NULL, call_and_spin, NULL) == 0);
		CHECK(wait_until(atomic_load(&is_inside)));
		swap_cold(2);
		CHECK(pthread_cancel(thread) == 0);
		CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
	}
	check_everything_unloads();
}

static void vanish(void *unused)
{
	(void)unused;
	enter();
	syscall(SYS_exit, 0);
}

static void *call_and_vanish(void *unused)
{
	call_hooked(vanish, unused);
	return NULL;
}

void hazard_raw_thread_exit(void)
{
	pthread_t thread;
	open_hooked();
	CHECK(pthread_create(&thread, NULL, call_and_vanish, NULL) == 0);
	CHECK(wait_until(atomic_load(&is_inside)));
	uint64_t unloaded = get_status().images_unloaded;
	swap_cold(10);
	CHECK(wait_until(get_status().grace_period_age_ms > 50));
	CHECK(wait_until(get_status().grace_blocker_tid == atomic_load(&inside_tid)));
	CHECK(get_status().images_unloaded == unloaded && get_status().images_pending > 0);
	for (int i = 0; i < 3000; i++)
		CHECK(tenon_swap(i % 2 ? "scalar" : HOOKED_PLUGIN, 0) == TENON_OK);
	CHECK(calls_work());
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	CHECK(calls_work());
	CHECK(tenon_close() == TENON_OK); /* bounded: the runner's deadline watches */
	CHECK(serves("scalar") && calls_work());
}

static __thread jmp_buf outside;

static void jump_out(void *unused)
{
	(void)unused;
	enter();
	longjmp(outside, 1);
}

static atomic_bool may_end;

static void *call_and_jump(void *unused)
{
	if (!setjmp(outside))
		call_hooked(jump_out, unused);
	while (!atomic_load(&may_end)) {
		CHECK(calls_work());
		sleep_ms(1);
	}
	return NULL;
}

void hazard_longjmp(void)
{
	pthread_t thread;
	open_hooked();
	CHECK(pthread_create(&thread, NULL, call_and_jump, NULL) == 0);
	CHECK(wait_until(atomic_load(&is_inside)));
	swap_cold(6);
	CHECK(wait_until(get_status().grace_period_age_ms > 50));
	CHECK(wait_until(get_status().grace_blocker_tid == atomic_load(&inside_tid)));
	CHECK(get_status().images_pending > 0);
	atomic_store(&may_end, true);
	CHECK(pthread_join(thread, NULL) == 0);
	check_everything_unloads();
}

/* ---- Late destructors -------------------------------------------------------------------------------------------- */

static pthread_key_t late_key;
static atomic_int late_calls;

/* Asks to run again in each round, the last one included, when the destructors of liburcu and Tenon have run before. */
static void call_late(void *round)
{
	CHECK(calls_work());
	atomic_fetch_add(&late_calls, 1);
	uintptr_t next = (uintptr_t)round + 1;
	if (next < 4)
		pthread_setspecific(late_key, (void *)next);
}

static void *end_late(void *unused)
{
	CHECK(calls_work());
	CHECK(pthread_setspecific(late_key, (void *)1) == 0);
	return unused;
}

void hazard_late_destructor(void)
{
	pthread_t thread;
	need_no_tsan();
	open_hooked();
	CHECK(calls_work()); /* liburcu's and our keys come first, so that their destructors do */
	CHECK(pthread_key_create(&late_key, call_late) == 0);
	for (int i = 0; i < 50; i++) {
		CHECK(pthread_create(&thread, NULL, end_late, NULL) == 0);
		swap_cold(2);
		CHECK(pthread_join(thread, NULL) == 0);
	}
	CHECK(atomic_load(&late_calls) == 150);
	check_everything_unloads();
}

/* ---- Signal handlers --------------------------------------------------------------------------------------------- */

static atomic_int handled;

static void roll_back_on_signal(int number)
{
	(void)number;
	tenon_rollback(handled % 3 ? TENON_ROLLBACK_PREVIOUS : TENON_ROLLBACK_SCALAR);
	handled++;
}

static void call_on_signal(int number)
{
	(void)number;
	CHECK(calls_work());
	handled++;
}

static void raise_often(void (*handler)(int), long microseconds)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
	CHECK(sigaction(SIGALRM, &action, NULL) == 0);
	const struct itimerval timer = {{0, microseconds}, {0, microseconds}};
	CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

static void stop_raising(void)
{
	const struct itimerval never = {{0, 0}, {0, 0}};
	CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
}

/* Between two signals a swap must be able to finish, and a sanitizer's plugins are large. */
#ifdef TENON_SANITIZED
#define ROLLBACK_MICROSECONDS 8000
#else
#define ROLLBACK_MICROSECONDS 500
#endif

void hazard_rollback_in_handler(void)
{
	int swapped = 0, yielded = 0;
	CHECK(open_quietly() == TENON_OK);
	raise_often(roll_back_on_signal, ROLLBACK_MICROSECONDS);
	for (int i = 0; i < 100000 && (handled < 400 || swapped < 200); i++) {
		const char *name = i % 2 ? HOOKED_PLUGIN : ODD_PLUGIN;
		int status = tenon_swap(name, i % 8 ? 0 : TENON_SWAP_COLD);
		CHECK(status == TENON_OK || status == TENON_EROLLEDBACK || status == TENON_EAGAIN);
		swapped += status == TENON_OK;
		yielded += status == TENON_EROLLEDBACK;
		CHECK(calls_work());
	}
	stop_raising();
	CHECK(swapped && yielded);
	CHECK(get_status().rollbacks == (uint64_t)handled);
	check_everything_unloads();
}

static void *only_roll_back(void *unused)
{
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	return unused;
}

void hazard_rollback_unregistered(void)
{
	pthread_t thread;
	open_hooked();
	CHECK(pthread_create(&thread, NULL, only_roll_back, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(serves("scalar"));
	CHECK(get_status().pinned);
	CHECK(tenon_swap(ODD_PLUGIN, 0) == TENON_OK);
	check_everything_unloads();
}

static void *churn(void *unused)
{
	for (int i = 0; i < 20; i++) {
		free(malloc(100000));
		CHECK(calls_work());
	}
	return unused;
}

/* The handler's call may be a thread's first, inside malloc, registration, a swap or a status query. */
void hazard_kernel_in_handler(void)
{
	pthread_t thread;
	CHECK(open_quietly() == TENON_OK);
	raise_often(call_on_signal, 300);
	for (int i = 0; i < 20000 && handled < 300; i++) {
		CHECK(pthread_create(&thread, NULL, churn, NULL) == 0);
		int status = tenon_swap(i % 2 ? HOOKED_PLUGIN : ODD_PLUGIN, i % 5 ? 0 : TENON_SWAP_COLD);
		CHECK(status == TENON_OK || status == TENON_EAGAIN);
		get_status();
		CHECK(pthread_join(thread, NULL) == 0);
	}
	stop_raising();
	CHECK(handled >= 300);
	check_everything_unloads();
}
