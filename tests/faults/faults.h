/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Fault injection: a kind of call, and which of its calls fails. heap.c fails what a library calls by name, watch.c what
 * reaches the kernel, the dynamic linker's and libc's own calls included; scenario.c is what must survive it. A run is a
 * child of its own; what it shares with its parent is struct run.
 */
#ifndef TESTS_FAULTS_FAULTS_H
#define TESTS_FAULTS_FAULTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CALLS_MAX 6 /* of one kind */

enum kind_place {
	IN_HEAP,   /* malloc() and its family, wherever it is called from */
	IN_LINKER, /* dlopen() */
	IN_KERNEL, /* system calls */
};

struct kind {
	const char *name;
	const char *says; /* words of which one must be in what the process says about a failure, separated by | */
	enum kind_place place;
	int error;  /* errno of the failed call */
	bool lasts; /* all later calls of the scenario fail, too */
	long calls[CALLS_MAX];
	int count;
	long slack;    /* blocks of the heap that libc may keep */
	bool is_final; /* nothing is unloaded after it, as it should be */
	enum { ANY_CLONE, THREAD_CLONE, PROCESS_CLONE } clones;
	bool is_of_helper; /* calls of the processes that start the helper, until it is another program; no verdict is kept */
};

struct run {
	const struct kind *kind;
	unsigned nth;      /* the call that fails, from 1; 0: none */
	bool is_traced;    /* says on stderr where it failed */
	atomic_bool armed; /* calls are counted, and fail, only while it is */
	atomic_uint calls; /* of the kind, while armed */
	atomic_uint failures;
	atomic_long live_blocks; /* of the heap */
	int files;               /* of ours, at the end */
	long live_blocks_expected;
	int files_expected; /* as they were when nothing failed */
	int listener;       /* the descriptor of the watch, as the child numbers it; -1: none */
	bool was_reported;  /* somebody was told about the failure */
	char verdict[1024]; /* what is wrong; "" if nothing */
};

/* The run of this process. */
extern struct run *run;

/* Is it this call, by its number, that fails? */
bool is_chosen(unsigned call);

/* Counts a call of a kind that is not the kernel's; true when it is to fail. */
bool fails_now(enum kind_place place);

/* Finds the calls that are exempt; before anything is armed. */
void prepare_heap(void);

/* A system call that no watch sees: the scenario's own, and those after which liburcu would abort. -1 and errno. */
long call_unwatched(long number, long a, long b, long c, long d, long e, long f);
extern const char unwatched_end[]; /* the instruction behind it */

/* In the child: from now on a parent decides about the system calls of run->kind. False with errno. */
bool start_watch(void);

/* In the parent: tells child by channel that it may go on, and decides for it until it ends, or until the time is over and it
 * is killed. Its wait status. */
int watch_child(pid_t child, int pidfd, int channel, unsigned seconds);

/* In the child, because who has called a kernel cannot give its readers to a child: the calls, and scalar's answers. */
bool learn_scenario(void);

/* In the child: a scenario in which a call fails, then one in which none does. Fills run->verdict. */
void play_scenarios(const char *folder);

#endif
