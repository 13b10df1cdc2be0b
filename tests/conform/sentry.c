/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The plugin's memory and the process, before and after; sentry.h says what is watched. State: what is remembered.
 */
#include "build.h"

#include "tests/conform/sentry.h"

#include <dirent.h>
#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The plugin's memory ----------------------------------------------------------------------------------------- */

#ifdef TENON_SANITIZED
#define IS_SANITIZED true
#else
#define IS_SANITIZED false
#endif

enum { SEGMENTS_MAX = 8 };
#define SEGMENT_LIMIT ((size_t)1 << 20) /* more is compared up to here */

static struct {
	const char *path;
	struct {
		const unsigned char *memory;
		unsigned char *copy;
		size_t size;
	} segment[SEGMENTS_MAX];
	size_t segments;
} own;

static void watch_segment(const void *memory, size_t size)
{
	unsigned char *copy = own.segments < SEGMENTS_MAX ? malloc(size + 1) : NULL;
	if (!copy)
		return;
	memcpy(copy, memory, size);
	own.segment[own.segments].memory = memory;
	own.segment[own.segments].copy = copy;
	own.segment[own.segments++].size = size;
}

static int watch_object(struct dl_phdr_info *object, size_t size, void *data)
{
	(void)size;
	(void)data;
	if (strcmp(object->dlpi_name, own.path) != 0)
		return 0;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		if (segment->p_type == PT_LOAD && segment->p_flags & PF_W)
			watch_segment((const void *)(object->dlpi_addr + segment->p_vaddr),
				segment->p_memsz < SEGMENT_LIMIT ? segment->p_memsz : SEGMENT_LIMIT);
	}
	return 1;
}

/* A sanitizer keeps accounts in every object that it instruments. */
void watch_own_memory(const char *path)
{
	own.path = path;
	if (path && !IS_SANITIZED)
		dl_iterate_phdr(watch_object, NULL);
}

bool check_own_memory(struct finding *finding)
{
	for (size_t i = 0; i < own.segments; i++) {
		if (memcmp(own.segment[i].memory, own.segment[i].copy, own.segment[i].size) == 0)
			continue;
		memcpy(own.segment[i].copy, own.segment[i].memory, own.segment[i].size);
		return find(finding, CHECK_STATE, "changed a variable of the plugin: kernels keep no state");
	}
	return true;
}

/* ---- The process ------------------------------------------------------------------------------------------------- */

struct process {
	size_t descriptors, threads;
	uint64_t environment;
	sigset_t mask;
	struct {
		void *handler;
		int flags;
	} action[64];
};

static struct process remembered;

/* The entries of a folder of /proc/self, as a sum that tells sets apart. */
static size_t sum_entries(const char *folder)
{
	size_t sum = 0;
	DIR *list = opendir(folder);
	for (const struct dirent *entry; list && (entry = readdir(list));)
		sum += (size_t)strtoull(entry->d_name, NULL, 10) * 2654435761u + 1;
	if (list)
		closedir(list);
	return sum;
}

static uint64_t hash_environment(void)
{
	uint64_t hash = 0;
	for (char **entry = environ; entry && *entry; entry++)
		for (const char *c = *entry; *c; c++)
			hash = (hash ^ (unsigned char)*c) * 0x9e3779b97f4a7c15u;
	return hash;
}

static void read_actions(struct process *process)
{
	for (int i = 1; i < 64; i++) {
		struct sigaction action;
		if (sigaction(i, NULL, &action))
			continue;
		process->action[i].handler = (void *)action.sa_handler;
		process->action[i].flags = action.sa_flags;
	}
}

static void read_process(struct process *process)
{
	memset(process, 0, sizeof *process);
	process->descriptors = sum_entries("/proc/self/fd");
	process->threads = sum_entries("/proc/self/task");
	process->environment = hash_environment();
	sigprocmask(SIG_BLOCK, NULL, &process->mask);
	read_actions(process);
}

void watch_process(void)
{
	read_process(&remembered);
}

bool check_process(struct finding *finding)
{
	static struct process now;
	read_process(&now);
	if (now.descriptors != remembered.descriptors)
		find(finding, CHECK_DESCRIPTORS, "left other file descriptors open");
	if (now.threads != remembered.threads)
		find(finding, CHECK_THREADS, "started or ended a thread");
	if (now.environment != remembered.environment)
		find(finding, CHECK_ENVIRONMENT, "changed the environment");
	if (memcmp(now.action, remembered.action, sizeof now.action) || memcmp(&now.mask, &remembered.mask, sizeof now.mask))
		find(finding, CHECK_SIGNALS, "changed a signal handler or the signal mask");
	remembered = now;
	return !finding->check;
}
