/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Proving a backend: vets it, starts children, watches them, and turns their deaths into verdicts. State: none but the
 * shared board of the proof in progress.
 */
#include "build.h"

#include "tests/conform/prove.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/conform/board.h"

enum { DEATHS_MAX = 60, HANGS_MAX = 2, SHRINK_DEADLINE_MS = 300, EMULATED_FACTOR = 20 };

/* By profile: how long one call may take. */
static const int deadlines_ms[] = {1000, 10000, 60000};

enum { WATCH_MS = 50 };

/* How long the harness itself may take between two calls, which no kernel is to blame for. */
enum { OWN_DEADLINE_MS = 120000 };

const char *name_verdict(enum verdict verdict)
{
	static const char *const names[] = {"open", "pass", "inherited", "skip", "fail"};
	return names[verdict];
}

static double get_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- Watching ---------------------------------------------------------------------------------------------------- */

/* True if it runs, or would if a CPU were free; false if it waits for something else, or is not known. Its CPU time so far. */
static bool is_running(pid_t pid, uint64_t *cpu_ms)
{
	char path[40], line[512] = "", state;
	unsigned long user, system;
	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	FILE *in = fopen(path, "re");
	bool known = in && fgets(line, sizeof line, in);
	if (in)
		fclose(in);
	const char *name = strrchr(line, ')'); /* which may have anything in it */
	known = known && name &&
		sscanf(name + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &state, &user, &system) == 3;
	if (known)
		*cpu_ms = (user + system) * 1000 / (unsigned long)sysconf(_SC_CLK_TCK);
	return known && state == 'R';
}

/*
 * Waits for the child's end; kills it when it makes no progress for so long, not counting what it waited for a CPU: a busy
 * machine is no fault of the plugin's. True if it hung.
 */
static bool watch_child(pid_t pid, int pipe, struct board *board, int deadline_ms, int *status)
{
	unsigned long long seen = atomic_load(&board->steps);
	uint64_t used = 0, before = 0, idle = 0; /* ms */
	for (;;) {
		struct pollfd end = {.fd = pipe, .events = POLLIN};
		poll(&end, 1, WATCH_MS);
		if (waitpid(pid, status, end.revents ? 0 : WNOHANG) == pid)
			return false;
		idle += is_running(pid, &used) ? used - before : WATCH_MS;
		before = used;
		if (atomic_load(&board->steps) != seen)
			idle = 0;
		seen = atomic_load(&board->steps);
		bool theirs = atomic_load(&board->is_calling) || board->phase == PHASE_LOADING;
		if (idle < (uint64_t)(theirs ? deadline_ms : OWN_DEADLINE_MS))
			continue;
		kill(pid, SIGKILL);
		waitpid(pid, status, 0);
		return true;
	}
}

static void describe_death(struct board *board, bool hung, int status)
{
	struct finding *fault = &board->fault;
	if (hung) {
		fault->check = CHECK_NONE;
		find(fault, CHECK_HANG, "made no progress until the deadline");
	}
	if (!fault->check && WIFEXITED(status))
		find(fault, CHECK_EXIT, "ended the process with status %d", WEXITSTATUS(status));
	if (!fault->check)
		find(fault, CHECK_CRASH, "died of signal %d", WTERMSIG(status));
}

/* Books what the dead child was doing as failed; the next child goes on. */
static void record_death(struct board *board, uint64_t seed, bool stops_early)
{
	struct proof_entry *entry = &board->entry[board->current];
	struct finding *fault = &board->fault;
	fault->kernel = entry->kernel;
	fault->point = board->point;
	fault->seed = seed;
	if (board->phase == PHASE_SWEEPING) {
		entry->finding = *fault;
		start_shrink(specs[entry->kernel], &board->point, &board->shrink);
		board->phase = PHASE_SHRINKING;
	} else if (fault->check == entry->finding.check) {
		entry->finding = *fault;
		accept_candidate(&board->shrink, &board->point);
	}
	board->deaths++;
	board->shrink.is_done |= stops_early || board->deaths >= (fault->check == CHECK_HANG ? HANGS_MAX : DEATHS_MAX);
}

/* One child, from its start to its end. False if there could be none. */
static bool run_one(struct board *board, const struct cpu *cpu, const struct proof_options *options,
		    const struct proof *proof)
{
	int pipes[2], status = 0, deadline = deadlines_ms[options->profile];
	if (board->phase == PHASE_SHRINKING)
		deadline = SHRINK_DEADLINE_MS;
	if (pipe(pipes))
		return false;
	board->fault = (struct finding){0};
	board->is_calling = false;
	pid_t pid = fork();
	if (pid == 0) {
		close(pipes[0]);
		run_child(board, &proof->candidate, cpu, options);
	}
	close(pipes[1]);
	bool hung = pid > 0 &&
		    watch_child(pid, pipes[0], board, deadline * (options->is_emulated ? EMULATED_FACTOR : 1), &status);
	close(pipes[0]);
	if (pid < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 99))
		return false;
	kill(-pid, SIGKILL); /* whatever it started */
	if (board->phase == PHASE_DONE || board->looks_again) {
		board->looks_again = false;
		return true;
	}
	describe_death(board, hung, status);
	if (board->phase != PHASE_LOADING)
		record_death(board, options->seed, options->stops_early);
	return true;
}

/* ---- Concluding -------------------------------------------------------------------------------------------------- */

static bool has_entry(const struct board *board, int kernel)
{
	for (size_t i = 0; i < board->entries; i++)
		if (board->entry[i].kernel == kernel)
			return true;
	return false;
}

/* Kernels without an entry are scalar's. */
static void add_inherited(struct board *board, const struct proof_options *options)
{
	for (int k = 0; k < KERNEL_COUNT; k++)
		if ((options->kernel < 0 || options->kernel == k) && !has_entry(board, k) &&
		    board->entries < ENTRIES_MAX)
			board->entry[board->entries++] =
				(struct proof_entry){.kernel = k, .verdict = VERDICT_INHERITED};
}

static void conclude(struct board *board, const struct proof_options *options, struct proof *proof)
{
	if (board->status) {
		proof->status = board->status;
		proof->why = board->why;
		proof->verdict = VERDICT_FAIL;
		return;
	}
	if (board->phase == PHASE_LOADING) {
		proof->finding = board->fault;
		proof->verdict = VERDICT_FAIL;
		proof->status = explain(&proof->why, TENON_EREFUSED, "%s: loading it %s", proof->candidate.path,
					board->fault.text);
		return;
	}
	add_inherited(board, options);
	proof->entries = board->entries;
	memcpy(proof->entry, board->entry, sizeof board->entry);
	proof->verdict = VERDICT_PASS;
	for (size_t i = 0; i < proof->entries; i++)
		if (proof->entry[i].verdict == VERDICT_FAIL || proof->entry[i].verdict == VERDICT_OPEN)
			proof->verdict = VERDICT_FAIL;
}

/* Entries that were not run are looked at, too: their needs are what this CPU lacks. */
static void lint_proof(const struct proof_options *options, struct proof *proof)
{
	static struct lint_entry entries[ENTRIES_MAX];
	const struct vetted *vetted = &proof->candidate.vetted;
	bool is_judged = !proof->status || proof->status == TENON_EUNSUPPORTED;
	if (!*proof->candidate.path || !is_judged || options->skips_lint || options->is_replay)
		return;
	for (size_t i = 0; i < proof->entries; i++)
		entries[i] = (struct lint_entry){proof->entry[i].kernel, proof->entry[i].needs, proof->entry[i].code};
	lint_file(proof->candidate.path, vetted->needs, vetted->uses, entries, proof->entries, &proof->lint);
	if (!proof->lint.findings)
		return;
	proof->status = 0;
	proof->verdict = VERDICT_FAIL;
}

bool prove_backend(const struct cpu *cpu, const struct proof_options *options, struct proof *proof, struct why *why)
{
	double start = get_seconds();
	proof->status = proof->candidate.status;
	proof->why = proof->candidate.why;
	if (proof->status) {
		proof->verdict = proof->status == TENON_EUNSUPPORTED ? VERDICT_SKIP : VERDICT_FAIL;
		lint_proof(options, proof);
		return true;
	}
	struct board *board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		return explain(why, TENON_ENOMEM, "no memory to share with the proving process"), false;
	bool ran = true;
	do
		ran = run_one(board, cpu, options, proof);
	while (ran && board->phase != PHASE_DONE && board->phase != PHASE_LOADING);
	if (ran)
		conclude(board, options, proof), lint_proof(options, proof);
	else
		explain(why, TENON_ESYSTEM, "cannot start the proving process: %s", strerror(errno));
	munmap(board, sizeof *board);
	proof->seconds = get_seconds() - start;
	return ran;
}
