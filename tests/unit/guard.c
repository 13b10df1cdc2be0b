/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The crash guard and its host: what is the caller's fault stays so, the host's own handlers are served as if ours were not
 * there, and guarded calls nest, fork and run out of stack.
 */
#include "tests/unit/probation.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "tests/leave.h"

/* ---- Bad callers ------------------------------------------------------------------------------------------------- */

static sigjmp_buf back;
static volatile int handled;
static float *unreadable;

static void jump_back(int signal)
{
	handled = signal;
	siglongjmp(back, 1);
}

static void map_memory(int signal, siginfo_t *info, void *context)
{
	(void)context;
	handled = signal;
	if (info->si_addr == unreadable)
		mprotect(unreadable, 4096, PROT_READ | PROT_WRITE);
}

static struct sigaction host_action(void (*plainly)(int), void (*with_info)(int, siginfo_t *, void *))
{
	struct sigaction action = {.sa_handler = plainly};
	if (with_info) {
		action.sa_sigaction = with_info;
		action.sa_flags = SA_SIGINFO;
	}
	sigemptyset(&action.sa_mask);
	return action;
}

/* Scalar faults, too: the host hears of it as if nobody had been between, and nobody is blamed. */
static void a_bad_pointer_is_the_callers(void **state)
{
	(void)state;
	need_guard();
	struct sigaction before, action = host_action(NULL, map_memory);
	struct tenon_inner_product_args args = product;
	query[0] = 0;
	unreadable = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(unreadable != MAP_FAILED);
	args.rows = unreadable;
	sigaction(SIGSEGV, &action, &before);
	begin(0, true);
	handled = 0;
	scores[0] = -1;
	assert_int_equal(tenon_inner_product(&args), TENON_OK);
	assert_int_equal(handled, SIGSEGV);
	assert_true(scores[0] == 0);
	struct probe_counts counts = counts_of(KERNEL_inner_product);
	assert_int_equal(counts.caller_faults, 1);
	assert_int_equal(counts.faults, 0);
	assert_false(counts.tripped);
	end();
	sigaction(SIGSEGV, &before, NULL);
	munmap(unreadable, 4096);
}

/* ---- The host's handlers ----------------------------------------------------------------------------------------- */

static sigset_t mask_seen;
static volatile int code_seen;

static void look_around(int signal, siginfo_t *info, void *context)
{
	(void)context;
	code_seen = info->si_code;
	pthread_sigmask(SIG_SETMASK, NULL, &mask_seen);
	handled = signal;
	siglongjmp(back, 1);
}

static void fault_here(void)
{
	volatile float *volatile nowhere = NULL;
	if (sigsetjmp(back, 1) == 0) {
		*nowhere = 1;
		fail_msg("nothing faulted");
	}
}

static void a_hosts_handler_works_as_before(void **state)
{
	(void)state;
	need_guard();
	for (int kind = 0; kind < 2; kind++) {
		struct sigaction before, now,
			action = kind ? host_action(NULL, look_around) : host_action(jump_back, NULL);
		sigaddset(&action.sa_mask, SIGUSR1);
		sigaction(SIGSEGV, &action, &before);
		begin(0, true);
		sigaction(SIGSEGV, NULL, &now);
		assert_true(now.sa_handler != action.sa_handler);
		handled = 0;
		fault_here();
		assert_int_equal(handled, SIGSEGV);
		if (kind) {
			assert_int_equal(code_seen, SEGV_MAPERR);
			assert_true(sigismember(&mask_seen, SIGUSR1) && sigismember(&mask_seen, SIGSEGV));
		}
		ASSERT_ASKED(DEED_READ_NULL);
		end();
		sigaction(SIGSEGV, NULL, &now);
		assert_true(now.sa_handler == action.sa_handler);
		sigaction(SIGSEGV, &before, NULL);
	}
}

static struct sigaction below;

/* As a debugging aid does it: looks, and passes on to what it found. */
static void pass_down(int signal, siginfo_t *info, void *context)
{
	handled++;
	if (below.sa_flags & SA_SIGINFO)
		below.sa_sigaction(signal, info, context);
	else if (below.sa_handler != SIG_DFL)
		below.sa_handler(signal);
}

/* The host's comes on top while ours is there, stays when ours goes, and is below it when ours comes again. */
static void a_handler_above_ours_may_pass_on(void **state)
{
	(void)state;
	need_guard();
	struct sigaction before, action = host_action(jump_back, NULL), above = host_action(NULL, pass_down), now;
	sigaction(SIGSEGV, &action, &before);
	begin(0, true);
	sigaction(SIGSEGV, &above, &below);
	handled = 0;
	ASSERT_ASKED(DEED_READ_NULL);
	assert_int_equal(handled, 1);
	end();
	sigaction(SIGSEGV, NULL, &now);
	assert_true(now.sa_sigaction == pass_down);
	begin(0, true);
	handled = 0;
	ASSERT_ASKED(DEED_READ_NULL);
	assert_int_equal(handled, 0);
	fault_here();
	assert_int_equal(handled, SIGSEGV);
	end();
	sigaction(SIGSEGV, &before, NULL);
}

/* How a child ends that does this under a guard. */
static int end_of_child(void (*deed)(void))
{
	int status = 0;
	begin(0, true);
	pid_t pid = fork();
	if (pid == 0) {
		signal(SIGALRM, SIG_DFL);
		alarm(20);
		deed();
		leave(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	end();
	return status;
}

static void read_nowhere(void)
{
	volatile float *volatile nowhere = NULL;
	*nowhere = 1;
}

static void ignore_and_read_nowhere(void)
{
	read_nowhere();
}

static void be_told(void)
{
	kill(getpid(), SIGSEGV);
	sleep_ms(1000);
}

static void ask_for_a_fault(void)
{
	leave(ask(DEED_SPOIL) == TENON_OK && is_answered() && ask(DEED_SPOIL) == TENON_OK ? 42 : 43);
}

/*
 * A host that leaves a kernel by a jump leaves the guard behind as well. In a child, because it leaves the read-side
 * section, too, and nothing would be freed any more.
 */
static void jump_out(void)
{
	struct tenon_inner_product_args args = product;
	query[0] = 0;
	args.rows = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (sigsetjmp(back, 1) == 0)
		tenon_inner_product(&args);
	else if (handled == SIGSEGV && !counts_of(KERNEL_inner_product).tripped)
		leave(ask(DEED_READ_NULL) == TENON_OK && is_answered() ? 42 : 43);
}

static void without_a_handler_a_fault_kills(void **state)
{
	(void)state;
	need_guard();
	struct sigaction before, none = host_action(SIG_DFL, NULL), ignored = host_action(SIG_IGN, NULL);
	sigaction(SIGSEGV, &none, &before);
	int status = end_of_child(read_nowhere);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	status = end_of_child(be_told);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	sigaction(SIGSEGV, &ignored, NULL);
	status = end_of_child(ignore_and_read_nowhere);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	status = end_of_child(be_told);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	sigaction(SIGSEGV, &before, NULL);
}

static void a_host_that_jumps_out_is_not_followed(void **state)
{
	(void)state;
	need_guard();
	struct sigaction before, action = host_action(jump_back, NULL);
	sigaction(SIGSEGV, &action, &before);
	int status = end_of_child(jump_out);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	sigaction(SIGSEGV, &before, NULL);
}

static void a_forked_child_is_guarded(void **state)
{
	(void)state;
	need_guard();
	int status = end_of_child(ask_for_a_fault);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

static volatile int handler_calls;

static void call_in_handler(int signal)
{
	(void)signal;
	float mine[3] = {-1, -1, -1}, bad[DEED_DIM] = {DEED_BASE + DEED_SPOIL, 1, 2, 3, 4, 5, 6};
	struct tenon_inner_product_args args = product;
	args.query = bad;
	args.scores = mine;
	handler_calls += tenon_inner_product(&args) == TENON_OK && mine[0] == 1 && mine[1] == 2 && mine[2] == 6;
}

/* The host's handler of a fault of its own calls a kernel, which faults. */
static void call_and_map(int signal, siginfo_t *info, void *context)
{
	call_in_handler(signal);
	map_memory(signal, info, context);
}

static void guarded_calls_nest(void **state)
{
	(void)state;
	need_guard();
	struct tenon_inner_product_args args = product;
	struct sigaction before, action = host_action(NULL, call_and_map);
	action.sa_flags |= SA_NODEFER;
	unreadable = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	args.rows = unreadable;
	query[0] = 0;
	sigaction(SIGSEGV, &action, &before);
	begin(0, true);
	handler_calls = 0;
	assert_int_equal(tenon_inner_product(&args), TENON_OK);
	assert_int_equal(handler_calls, 1);
	assert_int_equal(counts_of(KERNEL_inner_product).faults, 1);
	assert_int_equal(counts_of(KERNEL_inner_product).caller_faults, 1);
	end();
	sigaction(SIGSEGV, &before, NULL);
	munmap(unreadable, 4096);
}

/* With a stack of its own for signals a thread survives that its kernel used up the other. */
static void *recurse_with_two_stacks(void *unused)
{
	static char memory[1 << 16];
	stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory};
	(void)unused;
	if (sigaltstack(&stack, NULL) != 0)
		return NULL;
	bool good = ask(DEED_RECURSE) == TENON_OK && is_answered();
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, NULL);
	return good ? (void *)1 : NULL;
}

static void a_stack_may_end(void **state)
{
	(void)state;
	need_guard();
	pthread_t thread;
	void *good;
	struct sigaction before, none = host_action(SIG_DFL, NULL);
	sigaction(SIGSEGV, &none, &before);
	begin(0, true);
	assert_int_equal(pthread_create(&thread, NULL, recurse_with_two_stacks, NULL), 0);
	pthread_join(thread, &good);
	assert_non_null(good);
	assert_int_equal(counts_of(KERNEL_inner_product).faults, 1);
	end();
	sigaction(SIGSEGV, &before, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_bad_pointer_is_the_callers),
		TEST(a_host_that_jumps_out_is_not_followed),
		TEST(a_hosts_handler_works_as_before),
		TEST(a_handler_above_ours_may_pass_on),
		TEST(without_a_handler_a_fault_kills),
		TEST(a_forked_child_is_guarded),
		TEST(guarded_calls_nest),
		TEST(a_stack_may_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
