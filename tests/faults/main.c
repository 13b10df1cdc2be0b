/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lets each call of each kind fail in turn, until a whole scenario has no such call left, and prints TAP.
 *
 *     faults [--all] [KIND [NTH]]
 *
 * Without --all some calls are left out: the first ones are tried, then ever fewer. One call alone is traced on stderr.
 */
#include "build.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults/faults.h"

#define DEADLINE_SECONDS 60
#define FINDINGS_MAX 5 /* of a kind that are shown */

#ifdef TENON_SANITIZED
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

#ifdef SYS_open
#define OLD(name) SYS_##name
#else
#define OLD(name) -1
#endif

#define CALLS(...) .calls = {__VA_ARGS__}, .count = sizeof((long[]){__VA_ARGS__}) / sizeof(long)
static const struct kind kinds[] = {
#include "tests/faults/kinds.def"
};
#define KINDS (sizeof kinds / sizeof *kinds)

#define FOLDER "/tmp/tenon-faults-XXXXXX"
static char folder[] = FOLDER;
static bool all, traced;

/* ---- The folder of all runs ---------------------------------------------------------------------------------------- */

static bool write_config(const char *name, const char *text)
{
	char path[sizeof folder + 32];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *out = fopen(path, "we");
	if (!out)
		return false;
	fprintf(out, text, folder, folder);
	return fclose(out) == 0;
}

static bool make_state(void)
{
	char path[sizeof folder + 8];
	snprintf(path, sizeof path, "%s/state", folder);
	return mkdir(path, 0700) == 0;
}

static bool make_folder(void)
{
	memcpy(folder, FOLDER, sizeof folder);
	return mkdtemp(folder) && make_state() &&
	       write_config("directory.ini",
			    "[runtime]\nbackend = scalar\nstage = directory\n"
			    "state_dir = %s/state\n[control]\nsocket = %s/control.sock\n[log]\nlevel = info\n") &&
	       write_config("memory.ini",
			    "[runtime]\nbackend = scalar\nstage = memfd\nstate_dir = %s/state\n[log]\nlevel = info\n");
}

static void remove_folder(void)
{
	char command[sizeof folder + 16];
	snprintf(command, sizeof command, "rm -rf %s", folder);
	if (system(command))
		fprintf(stderr, "faults: cannot remove %s\n", folder);
}

/* A run that was killed may have left files. */
static void renew_folder(void)
{
	remove_folder();
	if (!make_folder())
		fprintf(stderr, "faults: cannot make %s\n", folder);
}

/* ---- A run ------------------------------------------------------------------------------------------------------- */

static void play(int parent)
{
	char byte = 0;
	if (run->kind->place == IN_KERNEL && !start_watch())
		snprintf(run->verdict, sizeof run->verdict, "seccomp: %s", strerror(errno));
	call_unwatched(SYS_write, parent, (long)&byte, 1, 0, 0, 0);
	call_unwatched(SYS_read, parent, (long)&byte, 1, 0, 0, 0); /* until the parent has the listener */
	close(parent);
	if (run->listener >= 0)
		close(run->listener);
	if (!run->verdict[0] && !learn_scenario())
		snprintf(run->verdict, sizeof run->verdict, "no memory for the calls");
	if (!run->verdict[0])
		play_scenarios(folder);
	_exit(run->verdict[0] != '\0');
}

static int await(pid_t child, int end)
{
	char byte;
	int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	if (pidfd < 0 || read(end, &byte, 1) < 0)
		return -1;
	int status = watch_child(child, pidfd, end, DEADLINE_SECONDS);
	close(pidfd);
	return status;
}

static void judge(int status)
{
	if (run->verdict[0])
		return;
	if (WIFSIGNALED(status))
		snprintf(run->verdict, sizeof run->verdict, WTERMSIG(status) == SIGKILL ? "hangs" : "dies by signal %d",
			 WTERMSIG(status));
	else if (status)
		snprintf(run->verdict, sizeof run->verdict, "exits with %d", WEXITSTATUS(status));
}

/* So that the helper proves once more, and not recalls. */
static void forget_verdicts(void)
{
	char path[sizeof folder + 32];
	snprintf(path, sizeof path, "%s/state/verdicts", folder);
	DIR *list = opendir(path);
	for (const struct dirent *entry; list && (entry = readdir(list));)
		unlinkat(dirfd(list), entry->d_name, 0);
	if (list)
		closedir(list);
}

/* Plays the scenario in a child, whose nth call of the kind fails. */
static void run_once(const struct kind *kind, unsigned nth, const struct run *good)
{
	int ends[2];
	memset(run, 0, sizeof *run);
	run->kind = kind;
	run->nth = nth;
	run->is_traced = traced;
	run->listener = -1;
	run->live_blocks_expected = good ? atomic_load(&good->live_blocks) : 0;
	run->files_expected = good ? good->files : 0;
	if (kind->is_of_helper)
		forget_verdicts();
	fflush(stdout);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) {
		snprintf(run->verdict, sizeof run->verdict, "socketpair: %s", strerror(errno));
		return;
	}
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		play(ends[1]);
	}
	close(ends[1]);
	judge(child < 0 ? -1 : await(child, ends[0]));
	close(ends[0]);
	if (run->verdict[0])
		renew_folder();
}

/* ---- Kinds ------------------------------------------------------------------------------------------------------- */

struct tally {
	unsigned tried, reported, absorbed, findings;
};

static void count_run(struct tally *tally, const struct kind *kind, unsigned nth)
{
	tally->tried++;
	if (run->verdict[0]) {
		if (tally->findings++ < FINDINGS_MAX || all)
			printf("# faults %s %u: %s\n", kind->name, nth, run->verdict);
	} else if (run->was_reported) {
		tally->reported++;
	} else {
		tally->absorbed++;
	}
}

static unsigned next_call(unsigned nth)
{
	return all || nth < 8 ? nth + 1 : nth + nth / 3;
}

/* The calls that a scenario makes, and what it leaves, when nothing fails. */
static bool try_nothing(const struct kind *kind, struct run *good)
{
	run_once(kind, 0, NULL);
	if (run->verdict[0])
		printf("# faults %s, no failure: %s\n", kind->name, run->verdict);
	*good = *run;
	return !run->verdict[0];
}

static bool try_kind(size_t number, const struct kind *kind)
{
	struct tally tally = {0};
	struct run first;
	bool good = try_nothing(kind, &first);
	unsigned calls = atomic_load(&first.calls);
	for (unsigned nth = 1; good; nth = next_call(nth)) {
		run_once(kind, nth, &first);
		bool failed = atomic_load(&run->failures) > 0;
		if (failed || run->verdict[0])
			count_run(&tally, kind, nth);
		if (!failed || nth > 4 * calls + 100)
			break;
	}
	good = good && tally.findings == 0 && tally.tried > 0;
	printf("%sok %zu - %s: of %u calls %u failed in turn, one a run: %u reported, %u without effect, %u findings\n",
	       good ? "" : "not ", number, kind->name, calls, tally.tried, tally.reported, tally.absorbed,
	       tally.findings);
	return good;
}

static int try_one(const struct kind *kind, unsigned nth)
{
	struct run first;
	if (!try_nothing(kind, &first))
		return 1;
	traced = true;
	run_once(kind, nth, &first);
	printf("%s %u of %u: %s%s\n", kind->name, nth, atomic_load(&first.calls), run->verdict,
	       run->verdict[0]     ? ""
	       : run->was_reported ? "reported"
				   : "without effect");
	return run->verdict[0] != '\0';
}

/* ---- All --------------------------------------------------------------------------------------------------------- */

static const char *cannot_try(const struct kind *kind)
{
	(void)kind;
	if (IS_SANITIZED)
		return "a sanitizer has its own heap, and does not survive calls that fail";
	const char *emulator = getenv("EMULATOR");
	return emulator && emulator[0] ? "an emulator has its own system calls and its own heap" : NULL;
}

static bool try_all(const char *only)
{
	bool good = true;
	for (size_t i = 0; i < KINDS; i++) {
		const char *reason = cannot_try(&kinds[i]);
		if (only && strcmp(only, kinds[i].name) != 0)
			continue;
		if (reason)
			printf("ok %zu - %s # SKIP %s\n", i + 1, kinds[i].name, reason);
		else
			good = try_kind(i + 1, &kinds[i]) && good;
	}
	printf("1..%zu\n", KINDS);
	return good;
}

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

int main(int argc, char **argv)
{
	all = argc > 1 && strcmp(argv[1], "--all") == 0;
	const char *name = argc > 1 + all ? argv[1 + all] : NULL, *nth = argc > 2 + all ? argv[2 + all] : NULL;
	run = mmap(NULL, sizeof *run, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run == MAP_FAILED || (name && !find_kind(name)) || !make_folder())
		return 2;
	prepare_heap();
	int code = nth ? try_one(find_kind(name), (unsigned)atoi(nth)) : !try_all(name);
	remove_folder();
	return code;
}
