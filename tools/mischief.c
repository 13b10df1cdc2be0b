/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The thread that makes trouble. It owns its cases, its folder and its counters; what the signal handler counts is
 * atomic. Everything goes through the public API.
 */
#include "build.h"

#include "tools/mischief.h"

#include <elf.h>
#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/file.h"
#include "tools/pause.h"
#include "tools/random.h"

#define SIGNAL SIGUSR1
#define CHILD_SECONDS 120
#define HEADERS_SIZE 4096 /* of a plugin, at most: without more of it, it is none */
#define PLUGIN_MAX ((size_t)64 << 20)

struct mischief {
	struct mischief_plan plan;
	struct mischief_result result;
	struct case_set *cases;
	struct file plugin;
	uint64_t random;
	char folder[32];
	char socket[48], state[48], base[320]; /* what is in the folder, and what every configuration begins with */
	char *state_before;                    /* $STATE_DIRECTORY as it was; NULL: not set */
	glob_t crashing;
	bool has_config, has_state; /* $TENON_CONFIG, $STATE_DIRECTORY are ours */
	atomic_bool stopping;
	_Atomic uint64_t least;
	pthread_t thread;
	struct sigaction before;
};

__attribute__((format(printf, 3, 4))) static void note_problem(struct mischief *m, uint64_t *count, const char *format,
							       ...)
{
	va_list list;
	va_start(list, format);
	if (!m->result.problem[0])
		vsnprintf(m->result.problem, sizeof m->result.problem, format, list);
	va_end(list);
	atomic_store(m->plan.found, true);
	++*count;
}

/* ---- Children ---------------------------------------------------------------------------------------------------- */

/* The number of the first case that is wrong, from 1; 0 if none is. */
static int call_in_child(struct mischief *m)
{
	for (size_t i = 0; i < count_cases(m->cases); i++) {
		struct kernel_case *c = get_case(m->cases, i);
		reset_case(c);
		if (call_case(c) != c->status || find_difference(c) < c->size)
			return 1 + (int)i % 200;
	}
	return 0;
}

/* Some take the runtime over, all call kernels, none runs what the host registered for its end. */
static _Noreturn void live_as_child(struct mischief *m, uint64_t random)
{
	int code = call_in_child(m);
	if (!code && random % 4 == 0)
		code = tenon_after_fork() ? 201 : call_in_child(m);
	_exit(code);
}

static void await_child(struct mischief *m, pid_t child)
{
	int status = 0;
	pid_t ended = 0;
	for (int waited = 0; ended != child && waited < CHILD_SECONDS * 500; waited++)
		if ((ended = waitpid(child, &status, WNOHANG)) != child)
			sleep_ns(2000000);
	if (ended != child) {
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		note_problem(m, &m->result.failed, "a forked child hung");
	} else if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		m->result.forks++;
	} else if (WIFEXITED(status) && WEXITSTATUS(status) <= 200) {
		note_problem(m, &m->result.wrong, "a forked child got a wrong answer in case %d",
			     WEXITSTATUS(status) - 1);
	} else {
		note_problem(m, &m->result.failed, "a forked child ended with status %#x", status);
	}
}

static void fork_once(struct mischief *m)
{
	uint64_t random = next_random(&m->random);
	pid_t child = fork();
	if (child == 0)
		live_as_child(m, random);
	if (child > 0)
		await_child(m, child);
	else
		note_problem(m, &m->result.failed, "fork: %s", strerror(errno));
}

/* ---- Signals ----------------------------------------------------------------------------------------------------- */

static _Atomic uint64_t signals_good, signals_bad;

/* On whichever thread the kernel chose, in the middle of whatever it did. */
static void handle_signal(int number)
{
	static const float row[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	float score = 0;
	int error = errno;
	(void)number;
	struct tenon_inner_product_args args = {
		.query = row, .rows = row, .count = 1, .dim = 8, .stride = 8, .scores = &score};
	bool good = tenon_inner_product(&args) == TENON_OK && score == 204.0f && errno == error;
	atomic_fetch_add(good ? &signals_good : &signals_bad, 1);
	errno = error;
}

/* Without SA_RESTART: what waits or reads returns early. */
static void install_handler(struct mischief *m)
{
	struct sigaction action = {.sa_handler = handle_signal};
	atomic_store(&signals_good, 0);
	atomic_store(&signals_bad, 0);
	sigaction(SIGNAL, &action, &m->before);
}

static void signal_once(struct mischief *m)
{
	(void)m;
	kill(getpid(), SIGNAL);
}

/* ---- Bad backends ------------------------------------------------------------------------------------------------ */

static bool write_file(const char *path, const void *bytes, size_t size, mode_t mode)
{
	unlink(path);
	FILE *out = fopen(path, "we");
	bool good = out && fwrite(bytes, 1, size, out) == size;
	good = out && fchmod(fileno(out), mode) == 0 && good;
	return out && fclose(out) == 0 && good;
}

/* Leaves at path what must be refused; what says how it was made. */
static bool make_bad_backend(struct mischief *m, const char *path, char *what, size_t size)
{
	uint64_t random = next_random(&m->random), kind = random % 5;
	size_t cut = (random >> 8) % HEADERS_SIZE;
	if (!m->plugin.size && kind > 1)
		kind %= 2;
	switch (kind) {
	case 0: snprintf(what, size, "a file that is not there"); return unlink(path) == 0 || errno == ENOENT;
	case 1: snprintf(what, size, "a text"); return write_file(path, what, strlen(what), 0600);
	case 2:
		snprintf(what, size, "a plugin cut after %zu of %zu bytes", cut, m->plugin.size);
		return write_file(path, m->plugin.bytes, cut, 0600);
	case 3:
		snprintf(what, size, "a plugin that all may write to");
		return write_file(path, m->plugin.bytes, m->plugin.size, 0666);
	default:
		snprintf(what, size, "a plugin for another machine");
		m->plugin.bytes[offsetof(Elf64_Ehdr, e_machine)] ^= 0x55;
		bool good = write_file(path, m->plugin.bytes, m->plugin.size, 0600);
		m->plugin.bytes[offsetof(Elf64_Ehdr, e_machine)] ^= 0x55;
		return good;
	}
}

static void judge_refusal(struct mischief *m, int status, const char *what, uint64_t *count)
{
	if (status == TENON_OK)
		note_problem(m, &m->result.failed, "%s was accepted as a backend", what);
	else if (!tenon_error_detail()[0])
		note_problem(m, &m->result.failed, "%s was refused without a reason", what);
	else
		++*count;
}

/* Its file is sound; what its code does, only the helper finds out. */
static void crash_once(struct mischief *m)
{
	const char *path = m->crashing.gl_pathv[next_random(&m->random) % m->crashing.gl_pathc];
	judge_refusal(m, tenon_swap(path, 0), path, &m->result.disproven);
}

static void fail_once(struct mischief *m)
{
	if (m->crashing.gl_pathc && next_random(&m->random) % 16 == 0) {
		crash_once(m);
		return;
	}
	char path[sizeof m->folder + 16], what[128];
	snprintf(path, sizeof path, "%s/bad.so", m->folder);
	if (!make_bad_backend(m, path, what, sizeof what)) {
		note_problem(m, &m->result.failed, "cannot write %s: %s", path, strerror(errno));
		return;
	}
	judge_refusal(m, tenon_swap(path, 0), what, &m->result.refused);
}

/* ---- Configurations ---------------------------------------------------------------------------------------------- */

/* Renamed into place, as editors do it. */
static bool write_config(struct mischief *m, const char *text)
{
	char path[sizeof m->folder + 16], fresh[sizeof path];
	snprintf(path, sizeof path, "%s/soak.ini", m->folder);
	snprintf(fresh, sizeof fresh, "%s/new.ini", m->folder);
	return write_file(fresh, text, strlen(text), 0600) && rename(fresh, path) == 0;
}

static void reload_once(struct mischief *m)
{
	char text[sizeof m->base + 128];
	uint64_t random = next_random(&m->random);
	bool valid = random % 4 != 0;
	snprintf(text, sizeof text,
		 valid ? "%s[runtime]\nlabel = soak-%ju\n[arena]\nsize = %juMiB\n"
		       : "%s[runtime]\nlabel = soak-%ju\n[arena]\nsize = %ju bananas\n",
		 m->base, (uintmax_t)(random >> 8 & 0xff), (uintmax_t)(1 + (random >> 16) % 4));
	if (!write_config(m, text)) {
		note_problem(m, &m->result.failed, "cannot write a configuration in %s: %s", m->folder,
			     strerror(errno));
		return;
	}
	if (random >> 32 & 1)
		tenon_unpin(); /* so that the backend follows the file, too */
	int status = tenon_reload();
	bool busy = status == TENON_EROLLEDBACK || status == TENON_EAGAIN;
	if (busy || status == (valid ? TENON_OK : TENON_ECONFIG))
		m->result.reloads++;
	else
		note_problem(m, &m->result.failed, "reload of %s configuration: %s: %s",
			     valid ? "a valid" : "an invalid", tenon_strerror(status), tenon_error_detail());
}

/* ---- The thread -------------------------------------------------------------------------------------------------- */

/* Does what is due, and returns when the next of its kind is; a thread that is late does not make up for it. */
static uint64_t do_if_due(struct mischief *m, uint64_t rate, uint64_t due, uint64_t now,
			  void (*act)(struct mischief *m))
{
	if (!rate)
		return UINT64_MAX;
	if (due > now)
		return due;
	act(m);
	due += 1000000000 / rate;
	return due > now ? due : now + 1000000000 / rate;
}

static void count_all(struct mischief *m)
{
	uint64_t refused = m->result.refused;
	if (m->crashing.gl_pathc && m->result.disproven < refused)
		refused = m->result.disproven;
	const uint64_t rate[] = {m->plan.forks, m->plan.signals, m->plan.faults, m->has_config ? m->plan.reloads : 0};
	const uint64_t done[] = {m->result.forks, atomic_load(&signals_good), refused, m->result.reloads};
	uint64_t least = UINT64_MAX;
	for (size_t i = 0; i < sizeof rate / sizeof *rate; i++)
		if (rate[i] && done[i] < least)
			least = done[i];
	atomic_store(&m->least, least);
	if (atomic_load(&signals_bad))
		atomic_store(m->plan.found, true);
}

uint64_t count_mischief(const struct mischief *m)
{
	return atomic_load(&m->least);
}

static void *make_mischief(void *argument)
{
	struct mischief *m = argument;
	uint64_t now = now_ns(), due[4] = {now, now, now, now};
	while (!atomic_load(&m->stopping)) {
		now = now_ns();
		due[0] = do_if_due(m, m->plan.forks, due[0], now, fork_once);
		due[1] = do_if_due(m, m->plan.signals, due[1], now, signal_once);
		due[2] = do_if_due(m, m->plan.faults, due[2], now, fail_once);
		due[3] = do_if_due(m, m->has_config ? m->plan.reloads : 0, due[3], now, reload_once);
		count_all(m);
		uint64_t next = now + 100000000; /* so that it can be told to stop */
		for (int i = 0; i < 4; i++)
			next = due[i] < next ? due[i] : next;
		now = now_ns();
		if (next > now)
			sleep_ns(next - now);
	}
	return NULL;
}

/* Speed on a machine under a soak says nothing of a backend: that limit of a rollout is as far away as it can be. */
static bool set_config(struct mischief *m)
{
	char path[sizeof m->folder + 16];
	if (getenv("TENON_CONFIG"))
		return true;
	snprintf(path, sizeof path, "%s/soak.ini", m->folder);
	snprintf(m->socket, sizeof m->socket, "%s/socket", m->folder);
	snprintf(m->base, sizeof m->base,
		 "[runtime]\nstate_dir = %s\n[control]\nsocket = %s\n[rollout]\nmax_p99_increase = 10000%%\n"
		 "[metrics]\nhttp = %.64s\n",
		 m->state, m->socket, m->plan.metrics ? m->plan.metrics : "off");
	m->has_config = true;
	return write_config(m, m->base) && setenv("TENON_CONFIG", path, 1) == 0;
}

static bool set_state(struct mischief *m)
{
	const char *before = getenv("STATE_DIRECTORY");
	snprintf(m->state, sizeof m->state, "%s/state", m->folder);
	if (before && !(m->state_before = strdup(before)))
		return false;
	m->has_state = mkdir(m->state, 0700) == 0 && setenv("STATE_DIRECTORY", m->state, 1) == 0;
	return m->has_state;
}

static void restore_state(struct mischief *m)
{
	if (m->has_state && m->state_before)
		setenv("STATE_DIRECTORY", m->state_before, 1);
	else if (m->has_state)
		unsetenv("STATE_DIRECTORY");
	free(m->state_before);
}

bool find_plugins(const char *folder, glob_t *found)
{
	char whole[PATH_MAX], pattern[PATH_MAX + 8];
	if (!realpath(folder, whole))
		return false;
	snprintf(pattern, sizeof pattern, "%s/*.so", whole);
	bool some = glob(pattern, 0, NULL, found) == 0;
	errno = some ? 0 : ENOENT;
	return some;
}

static bool prepare(struct mischief *m)
{
	struct why why;
	const struct mischief_plan *plan = &m->plan;
	m->cases = make_cases();
	if (!m->cases || !mkdtemp(m->folder) || !set_state(m) || !set_config(m))
		return false;
	if (plan->plugin[0] && read_file(plan->plugin, PLUGIN_MAX, TENON_EREFUSED, &m->plugin, &why))
		return false;
	return !plan->crashing || find_plugins(plan->crashing, &m->crashing);
}

struct mischief *prepare_mischief(const struct mischief_plan *plan, const struct case_set *learned)
{
	struct mischief *m = calloc(1, sizeof *m);
	if (!m)
		return NULL;
	m->plan = *plan;
	m->random = plan->seed ^ 0x6d69736368696566; /* not the driver's */
	snprintf(m->folder, sizeof m->folder, "/tmp/tenon-soak-XXXXXX");
	if (prepare(m)) {
		share_answers(m->cases, learned);
		return m;
	}
	struct mischief_result unused;
	int error = errno;
	end_mischief(m, &unused);
	errno = error;
	return NULL;
}

int start_mischief(struct mischief *m)
{
	install_handler(m);
	int error = pthread_create(&m->thread, NULL, make_mischief, m);
	if (error)
		sigaction(SIGNAL, &m->before, NULL);
	return error;
}

void stop_mischief(struct mischief *m)
{
	atomic_store(&m->stopping, true);
	pthread_join(m->thread, NULL);
	signal(SIGNAL, SIG_IGN); /* what is under way yet */
	sigaction(SIGNAL, &m->before, NULL);
	m->result.signals = atomic_load(&signals_good);
	if (atomic_load(&signals_bad))
		note_problem(m, &m->result.wrong, "a signal handler got a wrong answer");
}

const char *mischief_socket(const struct mischief *m)
{
	return m->socket;
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *place)
{
	(void)st, (void)flag, (void)place;
	return remove(path);
}

void end_mischief(struct mischief *m, struct mischief_result *result)
{
	*result = (struct mischief_result){0};
	if (!m)
		return;
	*result = m->result;
	nftw(m->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	if (m->has_config)
		unsetenv("TENON_CONFIG");
	restore_state(m);
	globfree(&m->crashing);
	free_cases(m->cases);
	free(m->plugin.bytes);
	free(m);
}
