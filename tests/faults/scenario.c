/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What must survive a failing call: the life of a runtime, from open to close, with kernel calls between all steps whose
 * answers are known. A step may fail, with words that name the cause; a wrong answer, a leftover, or a process that does
 * not work as before once calls succeed again is a finding. One thread, but for those that it starts and joins.
 */
#include "build.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults/faults.h"
#include "tests/live.h"
#include "tools/cases/cases.h"
#include "tools/footprint.h"

#define ANSWER_MS 10000

static struct case_set *cases;
static const char *folder;
static struct {
	char text[32768]; /* all that the process said in this scenario, log included */
	size_t length;
	unsigned failures;
	char first[512];
} said;

__attribute__((format(printf, 1, 2))) static void blame(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	if (!run->verdict[0])
		vsnprintf(run->verdict, sizeof run->verdict, format, list);
	va_end(list);
}

/* ---- What is said ------------------------------------------------------------------------------------------------ */

static pthread_mutex_t saying = PTHREAD_MUTEX_INITIALIZER;

static void hear(const char *text)
{
	size_t length = strlen(text);
	pthread_mutex_lock(&saying);
	if (said.length + length + 2 < sizeof said.text) {
		memcpy(said.text + said.length, text, length);
		memcpy(said.text + said.length + length, "\n", 2);
		said.length += length + 1;
	}
	pthread_mutex_unlock(&saying);
}

static void hear_log(enum tenon_log_level level, const char *line, void *user)
{
	(void)level, (void)user;
	hear(line);
}

static void note_failure(const char *step, const char *text)
{
	if (!text[0])
		blame("%s failed and said nothing", step);
	if (!said.failures++)
		snprintf(said.first, sizeof said.first, "%s: %s", step, text);
	hear(text);
}

static bool note_step(const char *step, int status)
{
	if (status)
		note_failure(step, tenon_error_detail());
	return !status;
}

/* Does what was said name the failed call? */
static bool is_named(const char *words)
{
	char list[256], *rest = list;
	snprintf(list, sizeof list, "%s", words);
	for (char *word; (word = strsep(&rest, "|"));)
		if (strstr(said.text, word))
			return true;
	return false;
}

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

bool learn_scenario(void)
{
	cases = make_cases();
	return cases && learn_cases(cases);
}

static void check_answer(const struct kernel_case *c, int status)
{
	const char *name = tenon_kernel_name(c->kernel);
	if (status != c->status)
		note_failure(name, tenon_error_detail());
	else if (find_difference(c) < c->size)
		blame("%s gave a wrong answer", name);
}

static void call_each(void)
{
	for (size_t i = 0; i < count_cases(cases); i++) {
		struct kernel_case *c = get_case(cases, i);
		reset_case(c);
		check_answer(c, call_case(c));
	}
}

static void call_batch(void)
{
	static struct tenon_call batch[256];
	struct tenon_served served = {0};
	size_t count = count_cases(cases);
	if (count > sizeof batch / sizeof *batch)
		count = sizeof batch / sizeof *batch;
	for (size_t i = 0; i < count; i++) {
		struct kernel_case *c = get_case(cases, i);
		reset_case(c);
		batch[i] = (struct tenon_call){.kernel = c->kernel, .args = c->args, .status = TENON_EINVAL};
	}
	tenon_batch(batch, count, &served);
	for (size_t i = 0; i < count; i++)
		check_answer(get_case(cases, i), batch[i].status);
}

static void *call_in_thread(void *unused)
{
	call_each();
	return unused;
}

/* The host's own thread, which is not what is to fail here. */
static void call_elsewhere(void)
{
	pthread_t thread;
	bool armed = atomic_exchange(&run->armed, false);
	int error = pthread_create(&thread, NULL, call_in_thread, NULL);
	atomic_store(&run->armed, armed);
	if (!error)
		pthread_join(thread, NULL);
}

static void call_kernels(void)
{
	call_each();
	call_batch();
}

/* ---- Orders ------------------------------------------------------------------------------------------------------ */

static long wait_readable(int fd)
{
	struct pollfd polled = {fd, POLLIN, 0};
	struct timespec limit = {ANSWER_MS / 1000, 0};
	return call_unwatched(SYS_ppoll, (long)&polled, 1, (long)&limit, 0, 0, 0);
}

/* As an operator's tool would, by calls of its own that do not fail. False without a socket. */
static bool send_order(const char *verb, char *answer, size_t size)
{
	char request[256];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	long got = 0;
	size_t length = 0;
	snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock", folder);
	snprintf(request, sizeof request, "TENON/1 %s\n", verb);
	long fd = call_unwatched(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, 0, 0, 0);
	answer[0] = '\0';
	if (fd < 0)
		return false;
	bool good = call_unwatched(SYS_connect, fd, (long)&address, sizeof address, 0, 0, 0) == 0 &&
		    call_unwatched(SYS_write, fd, (long)request, (long)strlen(request), 0, 0, 0) > 0;
	while (good && length + 1 < size && wait_readable((int)fd) == 1 &&
	       (got = call_unwatched(SYS_read, fd, (long)answer + (long)length, (long)(size - length - 1), 0, 0, 0)) >
		       0)
		length += (size_t)got;
	answer[length] = '\0';
	call_unwatched(SYS_close, fd, 0, 0, 0, 0, 0);
	return good;
}

/* Carries out an order; whether it was answered with success. */
static bool order(const char *verb)
{
	static char answer[40000];
	char text[600];
	if (!send_order(verb, answer, sizeof answer))
		return false;
	bool good = strncmp(answer, "TENON/1 0 ", 10) == 0;
	snprintf(text, sizeof text, "%.*s", (int)strcspn(answer, "\n"), answer);
	if (!good)
		note_failure(verb, text);
	return good;
}

/* The value of a key in the answer to an order, as it stands there. */
static const char *find_word(const char *answer, const char *key, char *value, size_t size)
{
	char start[64];
	snprintf(start, sizeof start, "\n%s=", key);
	const char *at = strstr(answer, start);
	at = at ? at + strlen(start) : "";
	snprintf(value, size, "%.*s", (int)strcspn(at, "\n"), at);
	return value;
}

/* Calls kernels until the rollout has come to its end. */
static void await_rollout(void)
{
	static char answer[40000];
	char state[32] = "canary", reason[600];
	for (int i = 0; i < 1000 && strcmp(state, "canary") == 0; i++) {
		call_each();
		if (!send_order("status", answer, sizeof answer))
			return;
		find_word(answer, "rollout", state, sizeof state);
		sleep_ms(2);
	}
	if (strcmp(state, "promoted") != 0)
		note_failure(state[0] ? state : "rollout", find_word(answer, "rollout_reason", reason, sizeof reason));
}

static void play_orders(void)
{
	char verb[PATH_MAX + 64];
	if (!order("status"))
		return;
	order("list");
	snprintf(verb, sizeof verb, "swap %s canary=50,100 hold=10ms shadow=1/2 persist", HOOKED_PLUGIN);
	if (order(verb))
		await_rollout();
	order("unpin");
	order("reload");
	order("rollback previous");
	call_kernels();
	order("history");
}

/* ---- The scenario ------------------------------------------------------------------------------------------------ */

static void note_state(const char *step)
{
	struct tenon_status_info info = get_status();
	if (info.degraded)
		note_failure(step, info.degraded_reason);
	/* Once a grace period was refused, nothing is unloaded any more: that is as it should be. */
	if (info.unload_reason[0] && (!run->kind->is_final || atomic_load(&run->armed)))
		note_failure(step, info.unload_reason);
}

static void swap_and_call(const char *backend, unsigned flags)
{
	char step[128];
	snprintf(step, sizeof step, "swap to %.100s", strrchr(backend, '/') ? strrchr(backend, '/') + 1 : backend);
	note_step(step, tenon_swap(backend, flags));
	call_kernels();
}

static void play_life(const char *config, bool has_socket)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/%s", folder, config);
	bool open = note_step("open", tenon_open(path));
	note_state("open");
	call_kernels();
	if (!open)
		return;
	swap_and_call(ODD_PLUGIN, 0);
	call_elsewhere();
	if (has_socket)
		play_orders();
	swap_and_call(HOOKED_PLUGIN, TENON_SWAP_COLD);
	tenon_rollback(TENON_ROLLBACK_PREVIOUS);
	call_kernels();
	tenon_rollback(TENON_ROLLBACK_SCALAR);
	call_kernels();
	note_state("life");
	note_step("close", tenon_close());
}

static void play_scenario(void)
{
	said.length = said.failures = 0;
	said.text[0] = said.first[0] = '\0';
	play_life("directory.ini", true);
	play_life("memory.ini", false);
}

/* ---- Before and after -------------------------------------------------------------------------------------------- */

static int count_files(void)
{
	char state[PATH_MAX];
	snprintf(state, sizeof state, "%s/state", folder);
	return count_entries(folder) + count_entries(state);
}

static void check_leftovers(const struct footprint *before)
{
	struct footprint after;
	const char *first;
	if (!wait_until(get_status().images_loaded == 0))
		blame("%ju images are still loaded", (uintmax_t)get_status().images_loaded);
	if (get_status().images_resident)
		blame("%ju images are resident", (uintmax_t)get_status().images_resident);
	if (!wait_until(count_entries("/proc/self/task") == 3))
		blame("%d threads are left", count_entries("/proc/self/task") - 2);
	if (waitpid(-1, NULL, WNOHANG | __WALL) != -1)
		blame("a process is left");
	run->files = count_files();
	if (run->nth && run->files > run->files_expected)
		blame("%d files are left in %s", run->files - run->files_expected, folder);
	if (!take_footprint(&after)) {
		blame("cannot read /proc/self");
		return;
	}
	if (count_new(&before->mappings, &after.mappings, &first))
		blame("still mapped: %s", first);
	if (count_new(&before->descriptors, &after.descriptors, &first))
		blame("still open: %s", first);
	free_footprint(&after);
}

static void judge_failure(void)
{
	run->was_reported = said.failures > 0 || (atomic_load(&run->failures) && is_named(run->kind->says));
	if (said.failures && !atomic_load(&run->failures))
		blame("without a failing call, %s", said.first);
	else if (said.failures && !is_named(run->kind->says))
		blame("nothing said names the failed call (%s): %s", run->kind->says, said.first);
}

void play_scenarios(const char *private_folder)
{
	struct footprint before;
	folder = private_folder;
	setenv("XDG_RUNTIME_DIR", folder, 1);
	tenon_log_set(hear_log, NULL);
	if (!take_footprint(&before)) {
		blame("cannot read /proc/self");
		return;
	}
	atomic_store(&run->live_blocks, 0);
	atomic_store(&run->armed, true);
	play_scenario();
	atomic_store(&run->armed, false);
	judge_failure();
	play_scenario();
	if (said.failures)
		blame("afterwards, %s", said.first);
	dlerror();
	dlerror(); /* keeps the text of the last failure until it is asked again */
	if (run->kind->is_final) {
		free_footprint(&before);
		return;
	}
	check_leftovers(&before);
	free_footprint(&before);
	long live = atomic_load(&run->live_blocks);
	if (run->nth && live > run->live_blocks_expected + run->kind->slack)
		blame("%ld blocks of the heap are left", live - run->live_blocks_expected);
}
