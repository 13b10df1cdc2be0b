/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The plugin's memory and the process, before and after; sentry.h says what is watched. State: what is remembered.
 */
#include "build.h"

#include "tests/conform/sentry.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

/* ---- The plugin's memory ----------------------------------------------------------------------------------------- */

enum { SEGMENTS_MAX = 8 };

static struct {
	const char *path;
	struct {
		unsigned char *memory;
		size_t size;
	} segment[SEGMENTS_MAX];
	size_t segments;
	const void *volatile written; /* the first address that a kernel wrote to since the last look */
} own;

static uintptr_t page_of(uintptr_t address)
{
	return address & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
}

static void protect_segment(uintptr_t begin, uintptr_t end)
{
	begin = page_of(begin);
	end = page_of(end + (uintptr_t)sysconf(_SC_PAGESIZE) - 1);
	if (own.segments == SEGMENTS_MAX || mprotect((void *)begin, end - begin, PROT_READ))
		return;
	own.segment[own.segments].memory = (unsigned char *)begin;
	own.segment[own.segments++].size = end - begin;
}

static int protect_object(struct dl_phdr_info *object, size_t size, void *data)
{
	(void)size;
	(void)data;
	if (strcmp(object->dlpi_name, own.path) != 0)
		return 0;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t begin = object->dlpi_addr + segment->p_vaddr;
		if (segment->p_type == PT_LOAD && segment->p_flags & PF_W)
			protect_segment(begin, begin + segment->p_memsz);
	}
	return 1;
}

/* A sanitizer keeps accounts in every object that it instruments. */
void protect_own_memory(const char *path)
{
	own.path = path;
	if (path && !IS_SANITIZED)
		dl_iterate_phdr(protect_object, NULL);
}

const char *why_no_own_memory(void)
{
	return IS_SANITIZED ? "a sanitizer keeps accounts in the plugin's memory" : NULL;
}

bool allow_own_write(const void *address)
{
	uintptr_t page = page_of((uintptr_t)address);
	for (size_t i = 0; i < own.segments; i++) {
		if (page - (uintptr_t)own.segment[i].memory >= own.segment[i].size)
			continue;
		if (!own.written)
			own.written = address;
		return mprotect((void *)page, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE) == 0;
	}
	return false;
}

bool check_own_memory(struct finding *finding)
{
	if (!own.written)
		return true;
	own.written = NULL;
	for (size_t i = 0; i < own.segments; i++)
		mprotect(own.segment[i].memory, own.segment[i].size, PROT_READ);
	return find(finding, CHECK_STATE,
		    "wrote to a variable of the plugin: kernels keep no state, and threads share it");
}

/* ---- The process ------------------------------------------------------------------------------------------------- */

enum { PROC_TEXT = 65536, LIMITS = RLIM_NLIMITS };

struct process {
	size_t descriptors, threads;
	uint64_t environment, mappings, status, timers;
	char folder[PATH_MAX];
	struct rlimit limit[LIMITS];
	struct itimerval alarm[3];
	sigset_t mask;
	stack_t stack;
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

/* A sum of those lines of a file of /proc/self that count; without the allocator, whose mappings are watched. */
static uint64_t hash_lines(const char *path, bool (*counts)(const char *line))
{
	static char text[PROC_TEXT];
	uint64_t hash = 0;
	size_t size = 0;
	int file = open(path, O_RDONLY | O_CLOEXEC);
	for (ssize_t got = 1; file >= 0 && got > 0 && size<sizeof text - 1; size += got> 0 ? (size_t)got : 0)
		got = read(file, text + size, sizeof text - 1 - size);
	if (file >= 0)
		close(file);
	text[size] = '\0';
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		for (const char *c = counts(line) ? line : ""; *c; c++)
			hash = (hash ^ (unsigned char)*c) * 0x9e3779b97f4a7c15u;
	}
	return hash;
}

/* The stack may grow, and heap and arenas of the allocator, whose calls are counted elsewhere. */
static bool is_mapping(const char *line)
{
	return !strstr(line, "[stack]") && !strstr(line, "[heap]");
}

static bool is_status(const char *line)
{
	static const char *const names[] = {"Umask:", "Uid:", "Gid:", "Groups:", "CapEff:", "NoNewPrivs:", "Seccomp:"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strncmp(line, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static bool is_any(const char *line)
{
	(void)line;
	return true;
}

static uint64_t hash_mappings(void)
{
	return IS_SANITIZED ? 0 : hash_lines("/proc/self/maps", is_mapping);
}

/* An interval that runs has less left every time. */
static void read_timers(struct process *process)
{
	static const int which[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};
	for (size_t i = 0; i < 3; i++) {
		getitimer(which[i], &process->alarm[i]);
		process->alarm[i].it_value.tv_sec =
			process->alarm[i].it_value.tv_sec || process->alarm[i].it_value.tv_usec;
		process->alarm[i].it_value.tv_usec = 0;
	}
	process->timers = hash_lines("/proc/self/timers", is_any);
}

static void read_process(struct process *process)
{
	memset(process, 0, sizeof *process);
	process->descriptors = sum_entries("/proc/self/fd");
	process->threads = sum_entries("/proc/self/task");
	process->environment = hash_environment();
	process->status = hash_lines("/proc/self/status", is_status);
	if (!getcwd(process->folder, sizeof process->folder))
		process->folder[0] = '\0';
	for (int i = 0; i < LIMITS; i++)
		getrlimit(i, &process->limit[i]);
	read_timers(process);
	sigprocmask(SIG_BLOCK, NULL, &process->mask);
	sigaltstack(NULL, &process->stack);
	read_actions(process);
}

/* The mappings last, and first in check_process(): between them only a kernel could have made one. */
void watch_process(void)
{
	read_process(&remembered);
	remembered.mappings = hash_mappings();
}

static bool are_equal(const struct process *a, const struct process *b, struct finding *finding)
{
	if (a->mappings != b->mappings)
		find(finding, CHECK_HEAP, "mapped or unmapped memory");
	if (a->descriptors != b->descriptors)
		find(finding, CHECK_DESCRIPTORS, "left other file descriptors open");
	if (a->threads != b->threads)
		find(finding, CHECK_THREADS, "started or ended a thread");
	if (a->environment != b->environment)
		find(finding, CHECK_ENVIRONMENT, "changed the environment");
	if (memcmp(a->action, b->action, sizeof a->action) || memcmp(&a->mask, &b->mask, sizeof a->mask))
		find(finding, CHECK_SIGNALS, "changed a signal handler or the signal mask");
	if (a->stack.ss_sp != b->stack.ss_sp || a->stack.ss_flags != b->stack.ss_flags)
		find(finding, CHECK_SIGNALS, "changed the alternate signal stack");
	if (strcmp(a->folder, b->folder) != 0)
		find(finding, CHECK_PROCESS, "changed the current folder");
	if (memcmp(a->limit, b->limit, sizeof a->limit))
		find(finding, CHECK_PROCESS, "changed a resource limit");
	if (a->timers != b->timers || memcmp(a->alarm, b->alarm, sizeof a->alarm))
		find(finding, CHECK_PROCESS, "set a timer");
	if (a->status != b->status)
		find(finding, CHECK_PROCESS, "changed the umask, the user or what the process may do");
	return !finding->check;
}

bool check_process(struct finding *finding)
{
	static struct process now;
	uint64_t mappings = hash_mappings();
	read_process(&now);
	now.mappings = mappings;
	bool good = are_equal(&now, &remembered, finding);
	remembered = now;
	return good;
}
